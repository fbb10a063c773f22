"""Advertisements: texts that show several kinds of salesmanship close together."""

import re
from collections import Counter
from functools import cache
from importlib.resources import files

import yaml

KINDS = ("claims", "authority", "guarantees", "testimony", "price", "urgency", "ordering")
NEAR = 300
"""Characters that the parts of an advertisement are apart at most."""
AROUND = 150
"""Characters before and after them that are searched for criticism."""
CHINESE_DOUBT = 0.5
"""What any suspicion must overcome in Chinese, where honest health texts share more of the words."""
_HAN = re.compile("[\u4e00-\u9fff]")


def salesmanship(text: str) -> float:
    """Kinds of salesmanship close together in a text, of seven: claims, authority, guarantees, testimony, price,
    urgency, ordering; from 2 on it is an advertisement. Kinds far apart are none: a long honest text has one here and
    one there. In Chinese words that criticise such offers count against."""
    chinese = _HAN.search(text) is not None
    kinds, criticism = _patterns("zh" if chinese else "en")
    found = sorted((match.start(), number) for number, kind in enumerate(kinds) for match in kind.finditer(text))
    most, first, near = 0.0, 0, Counter()
    for at, number in found:
        near[number] += 1
        while at - found[first][0] > NEAR:
            near[found[first][1]] -= 1
            first += 1
        strength = float(sum(count > 0 for count in near.values()))
        if chinese:
            start = found[first][0]
            against = len(criticism.findall(text, max(0, start - AROUND), at + AROUND))
            strength -= min(against, 2) + CHINESE_DOUBT
        most = max(most, strength)
    return most


@cache
def _patterns(language: str) -> tuple[list[re.Pattern], re.Pattern]:
    data = yaml.safe_load((files("classifiers") / "advertising.yaml").read_text("utf-8"))
    kinds = [re.compile("|".join(data[kind][language]), re.IGNORECASE) for kind in KINDS]
    return kinds, re.compile("|".join(data["criticism"][language]) or r"(?!)")
