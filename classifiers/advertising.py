"""Advertisements: texts whose acts, close together, are those of a seller."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from math import inf, log2, sqrt
from operator import itemgetter

import yaml

from knowledge_graph.kernels import ANY
from knowledge_graph.matcher import Matcher

NEAR = 400
"""Characters that the parts of an advertisement are apart at most."""
LEAST = 0.2
"""Where phrases sell no more than this, nothing is sold."""
MOST = 3
"""Different signs of an act, near each other, that count for it. All that speaks against it counts."""
USUAL = 500
"""Characters of an advertisement."""
ORDER = "order"
CALLS = (ORDER, "contact")
"""Acts that make one sell who else only praises: how to get it, and where."""
PRAISE = ("offer", "price", "scarcity", "guarantee", "claim", "testimony", "seller", "product", "pitch")
MOST_PRAISE = 4
SIGNS = {
    "price": re.compile(
        r"[$¥￥€£₹](?= ?\d)|\d(?=[元块折]|[百千万][元块])|[一二三四五六七八九十百千两半](?=元|块钱|块\b|百块|千块|折)"
    ),
    "offer": re.compile(
        r"\d ?%(?= ?off| discount)|(?<=\d) off\b|(?i:\b(?:save|only|just|now) (?=[$£€]\d))|[减降省补送返免满]\d{2,}"
        r"|\b[Ff]ree (?:\d+[- ]day|supply|trial|sample|gift|month|week|bottle|box|kit|shipping|delivery)"
    ),
    "scarcity": re.compile(
        r"[前限仅剩][\d一二三四五六七八九十百]+[名位个单人席份盒]|\b(?:only|just|first|last) \d+ (?!year|week|day)"
    ),
    "contact": re.compile(
        r"[一二三四五六七八九零〇幺]{7}|(?<!\d)1[3-9]\d[\d ]{8}|(?<=\d)-\d{3}-\d{4}|400-\d{3}|\.com|@"
        r"|[vVＶ薇威徽微卫]\s?[信xX❤➕]|➕|\bcodes? [\"']?[A-Z][A-Z0-9]{3,}|[输报]入?[\"“「]?[A-Z0-9]{3,}"
    ),
    "product": re.compile(
        r"\b[A-Z][a-z]{2,}(?:[A-Z][a-z]{2,}\w*|-?(?:Max|Pro)\b|-(?:Plus|Rx|X)\b)|\bDr\. [A-Z][a-z]+'s\b"
        r"|[\"“「][^\"“”「」，。,.\n ]{2,9}[\"”」](?=\S{0,4}(?:[膏贴茶丸散液片粉酒油仪]|胶囊|套餐|疗法|方案|凝胶|训练))"
    ),
    "effect": re.compile(
        r"[\d一二三四五六七八九十两半几]个?多?(?:[天日周月次盒瓶贴晚]|星期|分钟|小时|疗程)(?:[后内就左右]|\S{0,6}[好瘦消退降])"
        r"|\b(?:in|within|after) (?:just |only )?\w+ (?:day|week|hour|minute|night|month|session)s?\b"
        r"|从[\d.]+\S{0,3}[降掉涨升减长恢瘦]|\bfrom [\d.,]+ to [\d.,]+|\b\d+ ?(?:lbs?|pounds|kg|kilos|斤|公斤)\b"
    ),
    "reckoning": re.compile(
        r"(?<![\d.,])\d[\d.,]{0,14}%?\)? ?[*x×+/÷–-] ?\(?[$¥]?\.?\d[\d.,]{0,14}%?\)? ?="
        r"|\b[Hh]ow (?:many|much)\b(?:(?!\b[Yy]ou)[^?!]){3,150}\?"
        r"|(?:^|[。？！?!\n])[^你您。？！?!\n]{2,80}(?:多少|几)[元块钱个本支件斤]{1,2}[?？]"
    ),
}
"""Signs that are no phrases: sums of money, numbers to ring, made-up names, how soon it helped; and against it sums
worked out, and questions after a number that the reader is no part of: nobody sells who only asks what it comes to."""
HAN = re.compile("[\u4e00-\u9fff]")


def salesmanship(text: str) -> float:
    """How much a text sells: its acts close together, weighed; from 2 on it is an advertisement.

    Acts are to call, to name a channel, to offer, to promise, to testify and so on (advertising.yaml). Far apart they
    are no pitch, and a long text must sell more: honest ones have one here and one there. Words that warn of such
    offers, or ask about them, and sums about prices count against, each time.
    """
    data = _data()
    bias = data["bias"]["zh" if HAN.search(text) else "en"] + data["doubling"] * log2(max(len(text) / USUAL, 1))
    found = list(phrases(text))
    everywhere = Counter(act for act, _ in {(act, sign) for _, act, sign in found if data["weights"][act] > 0})
    if bias + _weight(everywhere) <= LEAST:
        return 0.0
    found = sorted([*found, *signs(text)], key=itemgetter(0))
    near: dict[str, Counter[str | int]] = {act: Counter() for act in data["weights"]}
    most, first = 0.0, 0
    for at, act, sign in [*found, (inf, CALLS[0], 0)]:
        if at - found[first][0] > NEAR:
            most = max(most, bias + _weight({name: len(signs) for name, signs in near.items()}))
        while first < len(found) and at - found[first][0] > NEAR:
            _, old, gone = found[first]
            near[old][gone] -= 1
            if not near[old][gone]:
                del near[old][gone]
            first += 1
        near[act][sign] += 1
    return most


def _weight(counts: dict[str, int]) -> float:
    """What different signs of acts weigh, by their number."""
    data = _data()
    weights = ((data["weights"][act], count) for act, count in counts.items())
    weight = sum(weight * (sqrt(min(count, MOST)) if weight > 0 else count) for weight, count in weights)
    if any(counts.get(act) for act in CALLS):
        weight += data["beside"] * min(sum(bool(counts.get(act)) for act in PRAISE), MOST_PRAISE)
    return weight


def phrases(text: str) -> Iterator[tuple[int, str, int]]:
    """Where in a text what act shows, and by which phrase. Who orders or buys one is told of, not called to."""
    matcher, known = _matcher()
    for start, _, state in zip(*matcher.find(text), strict=True):
        act, verb = known[state >> 1]
        if act != ORDER or text[start + verb : start + verb + 1] != "s":
            yield start, act, state >> 1


def signs(text: str) -> Iterator[tuple[int, str, str]]:
    """Where in a text what act shows, and by which characters (SIGNS)."""
    for act, pattern in SIGNS.items():
        for found in pattern.finditer(text):
            yield found.start(), act, found[0]


@cache
def _data() -> dict:
    return yaml.safe_load((files("classifiers") / "advertising.yaml").read_text("utf-8"))


@cache
def _matcher() -> tuple[Matcher, dict[int, tuple[str, int]]]:
    """The phrases; and by the state of each its act and how long its first word is."""
    words: dict[str, str] = {}
    for act, by_language in _data()["words"].items():
        for own in by_language.values():
            words |= dict.fromkeys((word.strip() for word in own.split(",")), act)
    matcher = Matcher(list(words), [ANY] * len(words))
    known = ((act, len(word.split(" ")[0])) for word, act in words.items())
    return matcher, dict(zip(matcher.states.tolist(), known, strict=True))
