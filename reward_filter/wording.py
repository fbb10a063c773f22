"""Damage that needs no graph: words, numbers and sentences of an answer made wrong by rules of both languages."""

import random
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Rules = Sequence[Sequence[str]]
"""Pattern and replacement, the first that applies outside a name counts."""
REWORDINGS: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "rewordings.yaml").read_text("utf-8"))
"""What is done to a text -> language -> rules (or pairs of words, or pairs of sentences)."""
SENTENCE = re.compile(r"(?<=[.!?;])\s+|(?<=[。\uff01\uff1f\uff1b])\s*")
HELD_OUT = 3
"""One in so many phrasings is kept for the splits that nothing is learned from."""
PERCENT = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d+)?)(\s*(?:%|\uff05|per ?cent))")
AMOUNT = re.compile(
    r"(?<![\d./^×])(\d+(?:\.\d+)?)((?:\s*(?:-|–|~|\uff5e|to|至|到)\s*)\d+(?:\.\d+)?)?(\s*)"
    r"(mg|mcg|µg|μg|g|kg|ml|mL|L|IU|units?|mmol|mmHg|cm|mm|毫克|微克|克|千克|公斤|毫升|升|单位|厘米|毫米|片|粒)(?![A-Za-z])"
)
SPAN = re.compile(
    r"(?<![\d.])(\d+)((?:\s*(?:-|–|~|\uff5e|to|至|到)\s*)\d+)?(\s*)"
    r"(minutes?|hours?|days?|weeks?|months?|years?|times|分钟|小时|天|周|个月|月|年|岁|次)(?![A-Za-z])"
)
UNITS = {
    "mg": "g", "g": "mg", "mcg": "mg", "µg": "mg", "μg": "mg", "ml": "L", "mL": "L", "L": "mL", "cm": "mm", "mm": "cm",
    "毫克": "克", "克": "毫克", "微克": "毫克", "毫升": "升", "升": "毫升", "厘米": "毫米", "毫米": "厘米",
    "minutes": "days", "hours": "days", "days": "months", "weeks": "hours", "months": "hours", "years": "days",
    "分钟": "天", "小时": "天", "天": "个月", "周": "小时", "个月": "小时", "年": "天",
}  # fmt: skip
FACTORS = (10, 0.1, 5, 0.2, 3, 0.33)
"""How far off a number is, from a slip of the decimal point to what only knowledge can tell."""


def number(text: str, rng: random.Random) -> tuple[str, int] | None:
    """A percentage, a count or a span of time is another, and how hard that is to see (1 to 3)."""
    found = [*PERCENT.finditer(text), *SPAN.finditer(text)]
    if not found:
        return None
    match = rng.choice(found)
    if match.re is PERCENT:
        value = float(match[1])
        far = [v for v in (value - 60, value - 40, value - 25, value + 25, value + 40, value + 60) if 1 <= v <= 99]
        new = rng.choice(far or [99 if value < 50 else 1])
        return _put(text, match, f"{new:g}{match[2]}"), 3 if abs(new - value) < 30 else 2
    return _amount(text, match, rng)


def dose(text: str, rng: random.Random) -> tuple[str, int] | None:
    """An amount is off by a factor, or its unit is another."""
    found = list(AMOUNT.finditer(text))
    return _amount(text, rng.choice(found), rng) if found else None


def _amount(text: str, match: re.Match[str], rng: random.Random) -> tuple[str, int]:
    if match[4] in UNITS and rng.random() < 0.3:
        return _put(text, match, f"{match[1]}{match[2] or ''}{match[3]}{UNITS[match[4]]}"), 2
    place = rng.randrange(len(FACTORS))
    scaled = re.sub(r"\d+(?:\.\d+)?", lambda n: _scaled(n[0], FACTORS[place]), match[1] + (match[2] or ""))
    return _put(text, match, f"{scaled}{match[3]}{match[4]}"), 1 + place // 2


def _scaled(value: str, factor: float) -> str:
    scaled = float(value) * factor
    if "." not in value and scaled >= 1:
        scaled = round(scaled)
    return f"{scaled:.3g}" if scaled < 1000 else f"{scaled:.0f}"


def _put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def opposite(kind: str, text: str, language: str, rng: random.Random) -> str | None:
    """One sentence with words of `kind` (age_sex, order, anatomy) in the places of their opposites."""
    words = _opposites(kind, language)
    sentences = [s for s in SENTENCE.split(text) if s]
    candidates = [s for s in sentences if words[0].search(s)]
    if not candidates:
        return None
    old = rng.choice(candidates)
    return text.replace(old, words[0].sub(lambda m: _as_written(m[0], words[1][m[0].lower()]), old), 1)


@cache
def _opposites(kind: str, language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    pairs = REWORDINGS[f"opposites_{kind}"][language]
    other: dict[str, str] = {}
    for a, b in pairs:
        other.setdefault(a, b)
        other.setdefault(b, a)
    alternatives = "|".join(re.escape(word) for word in sorted(other, key=len, reverse=True))
    return re.compile(rf"\b(?:{alternatives})\b" if language == "en" else alternatives, re.I), other


def _as_written(old: str, new: str) -> str:
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def shuffled(text: str, language: str, rng: random.Random) -> str | None:
    """The words of one sentence in another order, or of short texts those of all."""
    sentences = [s for s in SENTENCE.split(text) if len(s) > (8 if language == "zh" else 25)]
    if not sentences:
        return None
    old = rng.choice(sentences)
    body = re.sub(r"[。.!?;\uff01\uff1f\uff1b]+$", "", old)
    pieces = _pieces(body, language)
    if len(pieces) < 5:
        return None
    makes = rng.choice((_rotated, _mixed))
    new = next((made for made in (makes(pieces, rng) for _ in range(8)) if made != pieces), pieces[::-1])
    gap = " " if language == "en" else ""
    return text.replace(old, gap.join(new) + old[len(body) :], 1)


def _pieces(text: str, language: str) -> list[str]:
    if language == "en":
        return text.split()
    import rjieba

    return [piece for piece in rjieba.cut(text) if piece.strip()]


def _mixed(pieces: list[str], rng: random.Random) -> list[str]:
    return rng.sample(pieces, len(pieces))


def _rotated(pieces: list[str], rng: random.Random) -> list[str]:
    """Runs of two to four words, in another order: harder to see than single words."""
    runs, at = [], 0
    while at < len(pieces):
        size = rng.randint(2, 4)
        runs.append(pieces[at : at + size])
        at += size
    rng.shuffle(runs)
    return [word for run in runs for word in run]


def padded(text: str, language: str, split: str, rng: random.Random) -> str | None:
    """The text with empty phrases in the place of one of its sentences, the first aside, about as long as that; or
    behind it, half as long again."""
    sentences = [s for s in SENTENCE.split(text) if s]
    phrasings = REWORDINGS["padding"][language]
    kept = max(1, len(phrasings) // HELD_OUT)
    found = phrasings[kept:] if split == "train" else phrasings[:kept]
    gap = " " if language == "en" else ""
    old = rng.choice(sentences[1:]) if len(sentences) > 1 and rng.random() < 0.5 else None
    said = rng.choice(found)
    while len(said) < (len(old) if old else len(text) // 2):
        said += gap + rng.choice(found)
    return text.replace(old, said, 1) if old else f"{text}{gap}{said}"


def ended(kind: str, text: str, language: str, split: str, rng: random.Random) -> tuple[str, str]:
    """The text with a right sentence at its end, and with a wrong one of the same matter in its place."""
    phrasings = REWORDINGS[kind][language]
    kept = max(1, len(phrasings) // HELD_OUT)
    right, wrong = rng.choice(phrasings[kept:] if split == "train" else phrasings[:kept])
    gap = " " if language == "en" else ""
    return f"{text}{gap}{right}", f"{text}{gap}{wrong}"
