"""De-identification by pattern and checksum, English and Chinese, one document at a time."""

import re
from collections.abc import Iterable
from typing import Literal

from collectors.identifiers import COMMON_SURNAMES, FULL, LIGHT, Rule, has_number, written_in_ascii

Level = Literal["none", "light", "full"]
_RULES = {"none": ((), ()), "light": (LIGHT, ()), "full": (LIGHT, FULL)}
_ASCII_RULES = {level: tuple(map(written_in_ascii, parts)) for level, parts in _RULES.items()}
_DIGIT_OR_AT = re.compile(r"[\d@]")


class Deidentifier:
    """Replaces identifiers in the texts of one document by surrogates.

    Equal values get the same surrogate (`[PHONE-1]`) throughout the document, numbered as they are found, so that a
    surrogate says nothing about what it stands for; an age over 89 becomes `90+`. A person's name that was found
    by a cue in one place is replaced in all others.

    `light` finds e-mail addresses, telephone, identity, card, record, messenger and number-plate numbers; `full` adds
    names and addresses with their cues, dates finer than a year, ages over 89, web and IP addresses. What has neither a
    form of its own nor a cue beside it is not found: this is a filter, not a guarantee.

    >>> clean = Deidentifier("light")
    >>> clean("Write to ann@example.org.", "请联系 ann@example.org"), clean.status
    (['Write to [EMAIL-1].', '请联系 [EMAIL-1]'], 'redacted')
    """

    def __init__(self, level: Level, known: Iterable[str] = ()):
        """`known` are names from the family's other documents, to be replaced here too, cue or not."""
        self._level = level
        self._known = sorted(known)
        self._numbers: dict[str, dict[str, int]] = {}

    @property
    def status(self) -> str:
        """The `phi_status` of what was seen so far. Without rules it is unknown: only a person can call it exempt."""
        if self._level == "none":
            return "unknown"
        return "redacted" if self._numbers else "clean"

    @property
    def names(self) -> set[str]:
        """Names of persons that mean nothing else, of those found so far."""
        return set(self._distinctive_names())

    def __call__(self, *texts: str) -> list[str]:
        if self._level == "none":
            return list(texts)
        cleaned = [self._apply_rules(text) for text in texts]
        names = self._distinctive_names()
        if wanted := {*names, *self._known}:
            anywhere = re.compile("|".join(sorted(map(_bounded, wanted), key=lambda name: (-len(name), name))))
            cleaned = [
                anywhere.sub(lambda match: names.get(match[0]) or self._known_name(match[0]), t) for t in cleaned
            ]
        return cleaned

    def _known_name(self, name: str) -> str:
        seen = self._numbers.setdefault("NAME", {})
        return f"[NAME-{seen.setdefault(name, len(seen) + 1)}]"

    def _apply_rules(self, text: str) -> str:
        light, full = (_ASCII_RULES if text.isascii() else _RULES)[self._level]
        rules = light + full if _DIGIT_OR_AT.search(text) else full  # what is light has a digit or an @
        if not rules:
            return text
        lowered, number = text.lower(), has_number(text)
        for rule in rules:
            if number if rule.cues is None else _holds(lowered, rule.cues):
                text = rule.pattern.sub(lambda match, rule=rule: self._replace(rule, match), text)
        return text

    def _replace(self, rule: Rule, match: re.Match) -> str:
        value = match["value"]
        if rule.check and not rule.check(value):
            return match[0]
        seen = self._numbers.setdefault(rule.kind, {})
        surrogate = "90+" if rule.kind == "AGE" else f"[{rule.kind}-{seen.setdefault(value, len(seen) + 1)}]"
        start, end = match.start("value") - match.start(), match.end("value") - match.start()
        return match[0][:start] + surrogate + match[0][end:]

    def _distinctive_names(self) -> dict[str, str]:
        """Names found so far that mean nothing else, and their family names, with their surrogates."""
        names: dict[str, str] = {}
        for value, number in self._numbers.get("NAME", {}).items():
            for name in (value, value.rpartition(" ")[2]):
                if len(name) > (4 if name.isascii() else 2) and name not in COMMON_SURNAMES:
                    names.setdefault(name, f"[NAME-{number}]")
        return names


def _bounded(name: str) -> str:
    return rf"\b{re.escape(name)}\b" if name.isascii() else re.escape(name)


def _holds(text: str, cues: tuple[str, ...]) -> bool:
    for cue in cues:  # noqa: SIM110 (three times as fast as any())
        if cue in text:
            return True
    return False
