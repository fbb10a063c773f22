"""What the published quality rules measure in a text (Gopher, C4, FineWeb, The Stack), counted as datatrove does."""

import re
from array import array
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import yaml

from classifiers.repetition import COUNTS, DUPLICATED, TOP, measure, sentences
from classifiers.words import Words, is_terminal

CODE = "code"
"""Stands for the language of source code."""
SHORT_LINE = 30
LONGEST_WORD = 1000
LEAST_WORDS = 3
_PARAGRAPHS, _LINES = re.compile(r"\n{2,}"), re.compile(r"\n+")
_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
_C4_ENDS = (".", "?", "!", '"', "'")
_POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


@dataclass(frozen=True)
class Rules:
    """Families of rules with their names in order, limits by language and name, stop words by language."""

    families: dict[str, tuple[str, ...]]
    limits: dict[str, dict[str, tuple[float | None, float | None]]]
    stop_words: dict[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for names in self.families.values() for name in names)


@cache
def load_rules() -> Rules:
    data = yaml.safe_load((files("classifiers") / "rules.yaml").read_text("utf-8"))
    limits: dict[str, dict] = {}
    for rules in data["rules"].values():
        for name, by_language in rules.items():
            for language, (least, most) in by_language.items():
                limits.setdefault(language, {})[name] = (least, most)
    return Rules(
        families={family: tuple(rules) for family, rules in data["rules"].items()},
        limits=limits,
        stop_words={language: tuple(words) for language, words in data["stop_words"].items()},
    )


class Measures:
    """Measures texts of one language; keeps the words it has met."""

    def __init__(self, language: str):
        self._english = language == "en"
        self._words = Words(language, load_rules().stop_words[language])

    def __call__(self, text: str) -> dict[str, float]:
        """Every measure of the text by name; those of code and, outside English, of C4 are left out."""
        self._words.forget()
        lines = text.splitlines()
        chunks, bounds = array("i"), [0]
        for line in lines:
            chunks.extend(self._words.chunks(line))
            bounds.append(len(chunks))
        kept, spoilt = _c4(lines, chunks, bounds, self._words) if self._english else ([], {})
        out = np.zeros(COUNTS + len(TOP) + len(DUPLICATED))
        numbers = np.array(chunks, np.int32)
        pieces, ends, lengths, flags = self._words.tables
        measure(numbers[: bounds[-1]], pieces, ends, lengths, flags, out)
        found = spoilt
        if self._english:
            spans = np.array(kept, np.int64).reshape(-1, 2)
            found = {"c4_sentences": float(sentences(numbers, spans, pieces, ends, flags)), **spoilt}
        counts = out.tolist()
        return found | _gopher(text, lines, counts) | _repetition(text, counts) | _fineweb(text, counts[0])


def code_measures(text: str) -> dict[str, float]:
    lines = text.split("\n")
    size = max(len(text), 1)
    return {
        "code_mean_line": len(text) / len(lines),
        "code_longest_line": float(max(map(len, lines))),
        "code_alphanumeric": sum(map(str.isalnum, text)) / size,
        "code_alphabetic": sum(map(str.isalpha, text)) / size,
    }


def _gopher(text: str, lines: list[str], counts: list[float]) -> dict[str, float]:
    words, plain, characters, alphabetic, stops = counts[:COUNTS]
    per_word, per_line = 1 / max(words, 1), 1 / max(len(lines), 1)
    ellipses = text.count("...") + text.count("…")
    return {
        "gopher_words": plain,
        "gopher_mean_word": characters / max(plain, 1),
        "gopher_hashes_per_word": text.count("#") * per_word,
        "gopher_ellipses_per_word": ellipses * per_word,
        "gopher_bullet_lines": sum(line.lstrip().startswith(("•", "-")) for line in lines) * per_line,
        "gopher_ellipsis_lines": sum(line.rstrip().endswith(("...", "…")) for line in lines) * per_line
        if ellipses
        else 0.0,
        "gopher_alphabetic_words": alphabetic * per_word,
        "gopher_stop_words": stops,
    }


def _repetition(text: str, counts: list[float]) -> dict[str, float]:
    size = max(len(text), 1)
    paragraphs, lines = _PARAGRAPHS.split(text.strip()), _LINES.split(text)
    again, characters = _repeated(paragraphs)
    line_again, line_characters = _repeated(lines)
    found = {
        "repetition_paragraphs": again / len(paragraphs),
        "repetition_paragraph_characters": characters / size,
        "repetition_lines": line_again / len(lines),
        "repetition_line_characters": line_characters / size,
    }
    for number, length in enumerate(TOP):
        found[f"repetition_top_{length}"] = counts[COUNTS + number] / size
    for number, length in enumerate(DUPLICATED):
        found[f"repetition_{length}"] = counts[COUNTS + len(TOP) + number] / size
    return found


def _fineweb(text: str, words: float) -> dict[str, float]:
    lines = [line for line in text.split("\n") if line and not line.isspace()]
    if not lines:
        return {name: 0.0 for name in load_rules().families["fineweb"]}
    breaks = text.count("\n")
    return {
        "fineweb_ended_lines": sum(is_terminal(line[-1]) for line in lines) / len(lines),
        "fineweb_short_lines": sum(len(line) <= SHORT_LINE for line in lines) / len(lines),
        "fineweb_repeated_characters": _repeated(lines)[1] / (len(text) - breaks),
        "fineweb_lines_per_word": breaks / max(words, 1),
    }


def _c4(
    lines: list[str], chunks: array, bounds: list[int], words: Words
) -> tuple[list[tuple[int, int]], dict[str, float]]:
    """Spans of chunks of the lines worth keeping, and whether one of them spoils the whole text. Chunks of lines that
    lose a citation are added behind the text's own."""
    spoilt, kept = {"c4_lorem_ipsum": 0.0, "c4_curly_bracket": 0.0}, []
    for number, line in enumerate(lines):
        start, end = bounds[number], bounds[number + 1]
        line = line.strip()
        if len(line) > LONGEST_WORD and any(len(word) > LONGEST_WORD for word in line.split()):
            continue
        if "[" in line and _CITATION.search(line):
            line = _CITATION.sub("", line)
            chunks.extend(words.chunks(line))
            span = len(chunks) - len(line.split()), len(chunks)
        else:
            span = start, end
        if not line.endswith(_C4_ENDS) or line.endswith("...") or end - start < LEAST_WORDS:
            continue
        lower = line.lower()
        if "lorem ipsum" in lower:
            spoilt["c4_lorem_ipsum"] = 1.0
        if "javascript" in lower:
            continue
        if "{" in line:
            spoilt["c4_curly_bracket"] = 1.0
        if not any(phrase in lower for phrase in _POLICY):
            kept.append(span)
    return kept, spoilt


def _repeated(texts: list[str]) -> tuple[int, int]:
    """How many were there before, and the characters in them."""
    if len(set(texts)) == len(texts):
        return 0, 0
    seen: set[str] = set()
    again = characters = 0
    for text in texts:
        if text in seen:
            again += 1
            characters += len(text)
        seen.add(text)
    return again, characters
