"""Advertisements: texts that show several kinds of salesmanship close together."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from math import inf, log2

import yaml

from knowledge_graph.kernels import ANY
from knowledge_graph.matcher import Matcher

NEAR = 300
"""Characters that the parts of an advertisement are apart at most."""
MOST = 2
"""Different words of a kind, near each other, that count."""
USUAL = 500
"""Characters of an advertisement."""
DOUBT = "doubt"
"""The kind that counts against."""
SIGNS = (
    (
        "price",
        re.compile(
            r"[$¥￥€£₹元块折%](?:(?<=[$¥￥€£₹])(?= ?\d)|(?<=\d%)(?= off)|(?<=[\d一二三四五六七八九十百千][元块折]))"
        ),
    ),
    ("ordering", re.compile(r"[一二三四五六七八九零〇]{7}")),
)
"""Sums of money, and telephone numbers spelt out to hide them, with their kinds."""


def salesmanship(text: str) -> float:
    """How much a text sells: its kinds of salesmanship close together, weighed; from 2 on it is an advertisement.

    Kinds far apart are none, and a long text must sell more: honest ones have one here and one there. Words that warn
    of such offers, or ask about them, count against.
    """
    data = _data()
    weights = data["weights"]
    bias = data["bias"] + data["doubling"] * log2(max(len(text) / USUAL, 1))
    found = sorted(signs(text))
    everywhere = Counter(kind for kind, _ in {(kind, word) for _, kind, word in found})
    if bias + sum(weights[kind] * min(count, MOST) for kind, count in everywhere.items() if kind != DOUBT) <= 0:
        return 0.0
    near: dict[str, Counter[int]] = {kind: Counter() for kind in weights}
    most, first = 0.0, 0
    for at, kind, word in [*found, (inf, DOUBT, 0)]:
        if at - found[first][0] > NEAR:
            most = max(most, bias + sum(weight * min(len(near[name]), MOST) for name, weight in weights.items()))
        while first < len(found) and at - found[first][0] > NEAR:
            _, old, gone = found[first]
            near[old][gone] -= 1
            if not near[old][gone]:
                del near[old][gone]
            first += 1
        near[kind][word] += 1
    return most


def signs(text: str) -> Iterator[tuple[int, str, int]]:
    """Where in a text what kind of salesmanship shows, and by which word."""
    matcher, kinds = _matcher()
    for start, _, state in zip(*matcher.find(text), strict=True):
        yield start, kinds[state >> 1], state >> 1
    for number, (kind, pattern) in enumerate(SIGNS, 1):
        for found in pattern.finditer(text):
            yield found.start(), kind, -number


@cache
def _data() -> dict:
    return yaml.safe_load((files("classifiers") / "advertising.yaml").read_text("utf-8"))


@cache
def _matcher() -> tuple[Matcher, dict[int, str]]:
    words: dict[str, str] = {}
    for kind, by_language in _data()["words"].items():
        for own in by_language.values():
            words |= dict.fromkeys(filter(None, (word.strip() for word in own.split(","))), kind)
    matcher = Matcher(list(words), [ANY] * len(words))
    return matcher, dict(zip(matcher.states.tolist(), words.values(), strict=True))
