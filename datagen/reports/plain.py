"""The report in a few lines of text, for terminals and notebooks that show no HTML."""

import unicodedata
from typing import TYPE_CHECKING

import pandas as pd

from datagen.reports.numbers import count, percent, points
from datagen.reports.words import say

if TYPE_CHECKING:
    from datagen.reports.result import Report

WORST = 10


def plain(report: "Report") -> str:
    """Verdict, alerts, and the departments with the widest gaps."""
    of = f" · {report.facts.stage}" if report.facts.stage else ""
    lines = [f"{report.facts.where}{of}", ""]
    for tile in report.tiles:
        sign = {"good": "ok", "look": "look", "bad": "BAD", "none": ""}[tile.light]
        lines.append(f"{say(f'tile.{tile.name}').en:<38}{tile.value:>14}  {sign}")
    if report.alerts:
        lines += ["", *(f"{'!!' if a.level == 'bad' else ' !'} {a.what.en}" for a in report.alerts)]
    frame = report._tables["departments"]
    balanced = frame[frame["gap"].notna()].head(WORST)
    if not len(balanced):
        return "\n".join(lines)
    lines += ["", f"{'Widest gaps':<44}{'records':>12}{'share':>9}{'target':>9}{'gap':>8}"]
    for row in balanced.to_dict("records"):
        rows = row["withheld"] if pd.isna(row["rows"]) else count(row["rows"]) + ("+" if row["withheld"] else "")
        name = _cut(f"{row['name_en']} {row['name_zh']}", 44)
        lines.append(f"{name}{rows:>12}{percent(row['share']):>9}{percent(row['target']):>9}{points(row['gap']):>8}")
    return "\n".join(lines)


def _cut(text: str, width: int) -> str:
    """Exactly `width` terminal columns; Chinese characters take two."""
    out, used = "", 0
    for character in text:
        size = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used + size > width - 1:
            break
        out, used = out + character, used + size
    return out + " " * (width - used)
