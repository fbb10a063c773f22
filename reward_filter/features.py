"""What the scorer sees of an answer: what the graph says about its claims, its form, and its words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numba
import numpy as np
import yaml

from knowledge_graph import Graph, Linker
from reward_filter.background import FEATURES as BACKGROUND
from reward_filter.background import RISING, Background
from reward_filter.facts import ASKED, REMEMBERED, VERIFIER, Facts
from reward_filter.wording import SENTENCE
from reward_filter.words import HAN, Reading, read

TONE: dict[str, dict[str, str]] = yaml.safe_load((Path(__file__).parent / "tone.yaml").read_text("utf-8"))
KINDS = ("text", "choice", "truth", "answer")
TONES = ("caution", "reckless", "absolute", "hedge")
SURFACE = (*TONES, "finished", "distinct", "repeated_sentences", "language_match", "echo", "copied", "sentence_length")
HASHED = 1 << 14
DENSE = 1 + len(VERIFIER) + len(KINDS) + len(BACKGROUND) + len(SURFACE)
WIDTH = DENSE + HASHED
OF_GRAPH = range(1, 1 + len(VERIFIER))
EVIDENCE = range(1 + len(VERIFIER) + len(KINDS), 1 + len(VERIFIER) + len(KINDS) + len(RISING))
"""Columns of which more is never worse."""
FAMILIES = {"length": range(1), "text": range(1 + len(VERIFIER), WIDTH), "all": range(1, WIDTH)}
"""Columns that a scorer may use: `length` and `text` are there to show what the graph adds. The scorer itself never
sees length, which would be rewarded for its own sake."""
END = re.compile(r"[.!?。\uff01\uff1f][\"')\]”’\uff09]*\s*$")
REASONS = (
    "reward",
    "reward_contradicted",
    "reward_risk",
    "reward_number",
    "reward_another_disease",
    "reward_truncated",
    "reward_repeated",
    "reward_language",
    "reward_unknown",
    "reward_incoherent",
)
"""What a gate gives as reason: `reward` where nothing stands out."""
OPTION = re.compile(r"^[A-H]\. ", re.MULTILINE)
TRUTH = re.compile(
    r"\b(?:true or false|right or wrong|correct or incorrect)\b|对还是错|正确还是错误|是否正确|判断", re.I
)
ECHOED = 0.3
"""Share of a question's words that an answer says again, from which more of them mean nothing."""
SPREAD = 0x9E3779B1


@dataclass(frozen=True)
class Sparse:
    """Rows of features, compressed: row i has `values[indptr[i]:indptr[i+1]]` in columns `indices[...]`.

    indptr int64[rows + 1], indices int32[nonzero], values float32[nonzero].
    """

    indptr: np.ndarray
    indices: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @staticmethod
    def of(rows: Sequence[tuple[np.ndarray, np.ndarray]]) -> "Sparse":
        """From (indices, values) of each row."""
        sizes = [len(indices) for indices, _ in rows]
        none = np.zeros(0)
        return Sparse(
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.concatenate([none, *(i for i, _ in rows)]).astype(np.int32),
            np.concatenate([none, *(v for _, v in rows)]).astype(np.float32),
        )

    def take(self, rows: np.ndarray) -> "Sparse":
        """These rows, in this order."""
        sizes = np.diff(self.indptr)[rows]
        indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        places = np.repeat(self.indptr[rows] - indptr[:-1], sizes) + np.arange(indptr[-1])
        return Sparse(indptr, self.indices[places], self.values[places])

    def row_of(self) -> np.ndarray:
        """The row of each value: int64[nonzero]."""
        return np.repeat(np.arange(len(self)), np.diff(self.indptr))


def kind_of(prompt: str) -> str:
    """Scores are calibrated by kind: plain `text`, multiple `choice`, `truth` of a statement, or the `answer` to a
    question."""
    if not prompt:
        return "text"
    if len(OPTION.findall(prompt)) > 2:
        return "choice"
    return "truth" if TRUTH.search(prompt[-ASKED:]) else "answer"


class Featurizer:
    """Features of answers, against one graph and what real text says."""

    def __init__(self, graph: Graph, linker: Linker, background: Background):
        self.facts, self.background = Facts(graph, linker), background
        self._reading = lru_cache(REMEMBERED)(read)
        self._row = lru_cache(REMEMBERED)(self._row_of)  # a good answer comes once for each of its damaged copies

    def features(self, prompts: Sequence[str], responses: Sequence[str]) -> Sparse:
        """One row of WIDTH columns for each answer: length (log of bytes), VERIFIER, KINDS, BACKGROUND, SURFACE, then
        HASHED words."""
        return Sparse.of([self._row(p, r) for p, r in zip(prompts, responses, strict=True)])

    def reason(self, prompt: str, response: str) -> str:
        """What speaks most against an answer: one of REASONS."""
        asked, said = read(prompt), read(response)
        seen = dict(zip(VERIFIER, self.facts.of(prompt, response), strict=True))
        form = dict(zip(SURFACE, surface(asked, said), strict=True))
        known = dict(zip(BACKGROUND, self.background.features(asked, said), strict=True))
        speaks = {
            "contradicted": seen["any_contradicted"],
            "risk": seen["flagged"],
            "number": seen["number_contradicted"],
            "another_disease": seen["names_another"],
            "truncated": not form["finished"],
            "repeated": form["repeated_sentences"] > 0.3,
            "language": form["language_match"] < 0.5,
            "unknown": seen["unknown"] > 0.3,
            "incoherent": known["worst_run"] < 0,
        }
        return next((f"reward_{name}" for name, found in speaks.items() if found), REASONS[0])

    def _row_of(self, prompt: str, response: str) -> tuple[np.ndarray, np.ndarray]:
        kind = kind_of(prompt)
        kinds = [float(kind == name) for name in KINDS]
        asked, said = self._reading(prompt[-ASKED:]), read(response)
        known = self.background.features(asked, said)
        size = np.log1p(len(response.encode("utf-8", "replace"))) / 10
        dense = np.array([size, *self.facts.of(prompt, response), *kinds, *known, *surface(asked, said)])
        columns, values = hashed_words(said)
        shown = np.flatnonzero(dense)
        return np.concatenate([shown, columns + DENSE]), np.concatenate([dense[shown], values])


def surface(asked: Reading, said: Reading) -> list[float]:
    """Form alone, each about 0 to 1."""
    sentences = [s for s in SENTENCE.split(said.text) if s]
    words, wanted = said.words.tolist(), set(asked.words.tolist())
    distinct = set(words)
    return [
        *(min(1.0, times / max(2, len(sentences))) for times in _tones(said)),
        float(bool(END.search(said.text))),
        len(distinct) / max(1, len(words)),
        1 - len(set(sentences)) / max(1, len(sentences)),
        1 - abs(asked.chinese - said.chinese) if asked.text else 1.0,
        # Level from ECHOED on, or the longer answer would be the better one.
        min(1.0, len(wanted & distinct) / max(1.0, ECHOED * len(wanted))),
        _copied(asked.words.tolist(), words),
        min(1.0, len(said.text.encode("utf-8", "replace")) / max(1, len(sentences)) / 400),
    ]


def _copied(asked: list[int], said: list[int]) -> float:
    """Share of an answer's runs of three words that stand in the question."""
    known = set(zip(asked, asked[1:], asked[2:], strict=False))
    runs = list(zip(said, said[1:], said[2:], strict=False))
    return sum(run in known for run in runs) / max(1, len(runs))


def _tones(said: Reading) -> list[int]:
    """How often an answer strikes each of TONES."""
    text, found = said.text.lower(), dict.fromkeys(TONES, 0)
    for language, there in (("en", said.chinese < 1), ("zh", said.chinese > 0)):
        for name, pattern in _toned(language).items() if there else ():
            found[name] += len(pattern.findall(text))
    return list(found.values())


@cache
def _toned(language: str) -> dict[str, re.Pattern[str]]:
    edge = r"\b" if language == "en" else ""
    return {name: re.compile(f"{edge}(?:{TONE[name][language]}){edge}") for name in TONES}


def hashed_words(said: Reading) -> tuple[np.ndarray, np.ndarray]:
    """Words, Chinese characters and pairs of either hashed to HASHED columns: indices, and values of length 1
    together."""
    return _hashed(np.where(said.ids % 4 == HAN, 0, said.ids), said.characters)


@numba.njit(cache=True)
def _hashed(words, characters):
    places, made = np.empty(2 * (len(words) + len(characters)), np.int64), 0
    for ids in (words, characters):
        for i in range(len(ids)):
            if ids[i] > 0:
                places[made] = ((ids[i] * SPREAD) >> 20) % HASHED
                made += 1
                if i + 1 < len(ids) and ids[i + 1] > 0:
                    places[made] = (((ids[i] * 31 + ids[i + 1]) * SPREAD) >> 20) % HASHED
                    made += 1
    places = np.sort(places[:made])
    columns, values, found = np.empty(made, np.int64), np.empty(made), 0
    for i in range(made):
        if i and places[i] == places[i - 1]:
            values[found - 1] += 1
        else:
            columns[found], values[found] = places[i], 1.0
            found += 1
    values = np.log1p(values[:found])
    return columns[:found], values / max(1e-9, np.sqrt(np.sum(values * values)))
