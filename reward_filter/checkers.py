"""Whether a response is right, where that can be checked: choices, numbers, entities, instructions.

Each checker takes what the answer is (JSON) and a response. What can't be read as an answer is wrong, never an error.
"""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from knowledge_graph import Graph, Linker
from reward_filter.checkers_code import code

CONCLUSION = re.compile(
    r"(?:final answer|answer|diagnosis|conclusion|答案|诊断|结论)\s*(?:is|是|为)?\s*[:：=]?\s*(?:is|是|为)?\s*",
    re.I,
)
BOXED = re.compile(r"\\boxed\{([^{}]*)\}")
LETTER = re.compile(r"(?<![A-Za-z])([A-H])(?![A-Za-z'’])")
NUMBER = re.compile(
    r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:\s*[x×]\s*10\s*\^?\s*([-+]?\d+)|[eE]([-+]?\d+))?(?:\s*/\s*(\d+))?"
)
MOST_LETTERS = 100_000


def conclusion(response: str) -> str:
    """The part of a response that gives its answer: what is boxed, or follows the last "answer:" and the like; else the
    whole."""
    response = unicodedata.normalize("NFKC", response[-MOST_LETTERS:]).replace("\u2212", "-")
    boxed = BOXED.findall(response)
    if boxed:
        return boxed[-1]
    starts = [match.end() for match in CONCLUSION.finditer(response)]
    return response[starts[-1] :] if starts else response


def choice(answer: str, response: str) -> bool:
    """Whether the one letter that a response settles for is the right one. A response that settles for two is wrong."""
    found = LETTER.findall(conclusion(response).splitlines()[0] if conclusion(response).strip() else "")
    return bool(found) and set(found) == {answer.upper()}


def number(answer: Mapping[str, float], response: str) -> bool:
    """Whether the last number of the conclusion's first line that has one is `value`, within `relative` (0.01) of it or
    `absolute` (0); percentages count as written."""
    value = float(answer["value"])
    for line in conclusion(response).splitlines():
        found = [n for n in map(_value, NUMBER.finditer(line)) if n is not None]
        if found:
            room = max(abs(value) * answer.get("relative", 0.01), answer.get("absolute", 0.0))
            return any(math.isclose(n, value, rel_tol=0, abs_tol=room + 1e-12) for n in (found[0], found[-1]))
    return False


def _value(match: re.Match) -> float | None:
    text = re.match(r"[-+]?[\d,]+(?:\.\d+)?", match[0])
    try:
        value = Fraction(text[0].replace(",", ""))
        exponent = int(match[1] or match[2] or 0)
        if abs(exponent) > 300:
            return None
        return float(value / int(match[3] or 1)) * 10.0**exponent
    except (ValueError, ZeroDivisionError, OverflowError):
        return None


def check(checker: str, answer: str, response: str, entities: "Entities | None" = None) -> bool | None:
    """Whether a response is right by a checker (choice, number, entity, instruction, code) and the answer that it
    takes: JSON, of a choice the letter. None for a checker that isn't there, an answer that it can't take, or an entity
    without a graph to look it up in."""
    try:
        wanted = answer if checker == "choice" else json.loads(answer)
        if checker == "entity":
            known = entities is not None and wanted["id"] in entities.graph
            return entities.entity(wanted, response) if known else None
        return CHECKERS[checker](wanted, response)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


class Entities:
    """Checks answers that name a node of the graph."""

    def __init__(self, graph: Graph, linker: Linker):
        self.graph, self.linker = graph, linker

    def entity(self, answer: Mapping[str, Any], response: str) -> bool:
        """Whether the conclusion names the node `id` by any of its names, or one up to `up` (0) levels above it by
        is_a, and affirms no other of the same type."""
        right = self._accepted(answer["id"], int(answer.get("up", 0)))
        kind = self.graph.type_of(answer["id"])
        said = [m for m in self.linker.link(_first_statement(conclusion(response))) if m.type == kind and not m.negated]
        return bool(said) and all(right & {m.node, *m.candidates} for m in said)

    def _accepted(self, node: str, up: int) -> set[str]:
        found = level = {node}
        for _ in range(up):
            level = {edge.object for n in level for edge in self.graph.edges_of(n, "is_a", 1)}
            found = found | level
        return found


def _first_statement(text: str) -> str:
    return next((line for line in re.split(r"[\n。.!!;;]", text) if line.strip()), "")


def instruction(answer: Mapping[str, Any], response: str) -> bool:
    """Whether a response keeps to every constraint: `most_words`, `least_words`, `most_sentences`, `includes`,
    `excludes` (lists), `language` (en, zh), `json`, `bullets` (a number), `starts`, `ends`. Others are broken."""
    return all(name in RULES and RULES[name](value, response) for name, value in answer.items())


def _words(text: str) -> int:
    return len(re.findall(r"[A-Za-z0-9]+(?:[-'][A-Za-z0-9]+)*|[\u3400-\u9fff]", text))


def _is_json(wanted: bool, response: str) -> bool:
    try:
        json.loads(response)
    except (ValueError, RecursionError):
        return not wanted
    return bool(wanted)


def _language(wanted: str, response: str) -> bool:
    han = len(re.findall("[\u3400-\u9fff]", response))
    return (2 * han > len(re.findall("[A-Za-z]+", response))) == (wanted == "zh")


RULES: dict[str, Callable[[Any, str], bool]] = {
    "most_words": lambda most, text: _words(text) <= most,
    "least_words": lambda least, text: _words(text) >= least,
    "most_sentences": lambda most, text: len(re.findall(r"[^.!?。!?]+[.!?。!?]+|[^.!?。!?]+$", text.strip())) <= most,
    "includes": lambda words, text: all(word.lower() in text.lower() for word in words),
    "excludes": lambda words, text: not any(word.lower() in text.lower() for word in words),
    "language": _language,
    "json": _is_json,
    "bullets": lambda wanted, text: len(re.findall(r"(?m)^\s*(?:[-*•]|\d+[.)、])\s*\S", text)) == wanted,
    "starts": lambda words, text: text.lstrip().startswith(words),
    "ends": lambda words, text: text.rstrip().endswith(words),
}
CHECKERS: dict[str, Callable[[Any, str], bool]] = {
    "choice": choice,
    "number": number,
    "instruction": instruction,
    "code": code,
}
