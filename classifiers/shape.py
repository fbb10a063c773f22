"""The shape of a text: what tells a dialogue from a paper and an exam item from a note, whatever they are about."""

import re

_TRAITS = {
    name: re.compile(pattern, re.MULTILINE)
    for name, pattern in (
        ("question", r"[?？]"),
        ("options", r"^[ \t]*[(（]?[A-E][)）.、．:：][ \t]*\S"),
        ("turn", r"^[ \t]*[^\W\d][^\n:：]{0,24}[:：]"),
        (
            "heading",
            r"^(?:#+ |\d+(?:\.\d+)*\.? +[A-Z\u4e00-\u9fff]|[A-Z][A-Z ,/&()-]{3,60}:?$|[一二三四五六七八九十]+、)",
        ),
        ("bullet", r"^[ \t]*(?:[-*•·●]|\d+[.)、）])[ \t]*\S"),
        (
            "citation",
            r"\[\d+(?:[,–-] ?\d+)*\]|\bet al\b|\(\w+,? (?:19|20)\d\d\)|doi|参考文献|^\d+\. .{10,200}(?:19|20)\d\d;",
        ),
        ("dose", r"\d ?(?:mg|mcg|µg|μg|g|ml|mL|IU|U|mmol|毫克|微克|克|毫升|单位)\b"),
        ("percent", r"\d ?[%％]|\bP ?[<=>]|95 ?% ?CI"),
        ("code", r"[{};]$|^\s*(?:def|class|return|import|function|var|const)\b|</\w+>"),
        ("first", r"\b(?:I|my|me)\b|我|本人"),
        ("you", r"\b(?:you|your)\b|[你您]"),
    )
}
TRAITS = tuple(_TRAITS)
_STEPS = (0, 1, 3, 8, 20)
SHAPES = (
    *(f"{name}:{bits}" for name in ("length", "line") for bits in range(16)),
    *(f"{name}:{step}" for name in _TRAITS for step in range(len(_STEPS) + 1)),
)
"""Every mark there is."""


def traits(text: str) -> dict[str, int]:
    """How often each trait occurs."""
    return {name: len(pattern.findall(text)) for name, pattern in _TRAITS.items()}


def shape(text: str, counts: dict[str, int]) -> list[str]:
    """Marks such as `length:9` (powers of two of characters), `line:6`, `turn:2` (how often, in steps)."""
    lines = text.count("\n") + 1
    marks = [f"length:{len(text).bit_length()}", f"line:{(len(text) // lines).bit_length()}"]
    return marks + [f"{name}:{sum(count > step for step in _STEPS)}" for name, count in counts.items()]
