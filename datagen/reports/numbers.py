"""How the report writes numbers: the same in both languages, with thin spaces that never break."""

import math

import pandas as pd

NARROW = "\u202f"
NOTHING = "–"


def _missing(value) -> bool:
    return bool(pd.isna(value))


def count(value) -> str:
    """12,345"""
    return NOTHING if _missing(value) else f"{int(value):,}"


def signed(value) -> str:
    """+12,345"""
    return NOTHING if _missing(value) else f"{int(value):+,}".replace("-", "−") if int(value) else "0"


def short(value) -> str:
    """Three digits at most before a unit: 12.3k, 4.56M."""
    if _missing(value):
        return NOTHING
    size = abs(float(value))
    for unit, scale in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if size >= scale * 0.9995:
            digits = max(0, 2 - int(math.log10(max(1, size / scale))))
            return f"{value / scale:.{digits}f}{unit}"
    return f"{int(value)}"


def percent(value, digits: int = 1) -> str:
    """12.3 %; something very small is never shown as nothing."""
    if _missing(value):
        return NOTHING
    least = 10**-digits
    if 0 < value * 100 < least / 2:
        return f"<{least:g}{NARROW}%"
    return f"{value * 100:.{digits}f}{NARROW}%"


def points(value, digits: int = 1) -> str:
    """A difference of shares in percentage points: +1.2, −0.3."""
    if _missing(value):
        return NOTHING
    text = f"{value * 100:+.{digits}f}".replace("-", "−")
    return text if float(text[1:]) else text[1:]


def decimal(value, digits: int = 1) -> str:
    return NOTHING if _missing(value) else f"{value:.{digits}f}"
