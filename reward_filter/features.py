"""What the scorer sees of an answer: what the graph says about its claims, its form, and its words."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from knowledge_graph import Graph, Linker, Mention, verify
from knowledge_graph.model import FINDINGS
from reward_filter.corrupt import DISEASE, SENTENCE, main_disease

VERIFIER = (
    "supported",
    "contradicted",
    "unknown",
    "unchecked",
    "any_contradicted",
    "any_unknown",
    "flagged",
    "claims",
    "stray",
    "clues_explained",
    "clues_against",
    "names_answer",
)
SURFACE = ("finished", "distinct", "repeated_sentences", "language_match", "echo", "sentence_length", "length")
HASHED = 1 << 12
WIDTH = len(VERIFIER) + len(SURFACE) + HASHED
FAMILIES = {
    "length": range(WIDTH - HASHED - 1, WIDTH - HASHED),
    "text": range(len(VERIFIER), WIDTH),
    "all": range(WIDTH),
}
"""Columns that a scorer may use: `length` and `text` are there to show what the graph adds."""
HAN = re.compile("[\u3400-\u9fff]")
WORD = re.compile(r"[a-z0-9]+(?:[-'][a-z0-9]+)*|[\u3400-\u9fff]")
END = re.compile(r"[.!?。!?][\"')\]”’)]*\s*$")
OPTION = re.compile(r"^[A-H]\. ", re.MULTILINE)
KINDS = ("text", "choice", "answer")


@dataclass(frozen=True)
class Sparse:
    """Rows of features, compressed: row i has `values[indptr[i]:indptr[i+1]]` in columns `indices[...]`.

    indptr int64[rows + 1], indices int32[nonzero], values float64[nonzero].
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
            np.concatenate([none, *(v for _, v in rows)]),
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
    """Scores are calibrated by kind: plain `text`, multiple `choice`, or the `answer` to a question."""
    if not prompt:
        return "text"
    return "choice" if len(OPTION.findall(prompt)) > 2 else "answer"


class Featurizer:
    """Features of answers, against one graph, open world: what the graph doesn't say is unknown, not false."""

    def __init__(self, graph: Graph, linker: Linker):
        self.graph, self.linker = graph, linker
        self._signs = cache(self._signs_of)

    def features(self, prompts: Sequence[str], responses: Sequence[str]) -> Sparse:
        """One row of WIDTH columns for each answer: VERIFIER, SURFACE, then HASHED words."""
        return Sparse.of([self._row(p, r) for p, r in zip(prompts, responses, strict=True)])

    def _row(self, prompt: str, response: str) -> tuple[np.ndarray, np.ndarray]:
        dense = np.array([*self._verifier(prompt, response), *surface(prompt, response)])
        columns, values = hashed_words(response)
        shown = np.flatnonzero(dense)
        return np.concatenate([shown, columns + len(dense)]), np.concatenate([dense[shown], values])

    def _verifier(self, prompt: str, response: str) -> list[float]:
        claims = verify(response, self.graph)
        checked = [c for c in claims if c.verdict != "unchecked"]
        counts = {v: sum(c.verdict == v for c in claims) for v in ("supported", "contradicted", "unknown")}
        sentences = len({c.sentence for c in claims}) or 1
        unchecked = len({c.sentence for c in claims if c.verdict == "unchecked"})
        mentions = self.linker.link(response)
        return [
            *(counts[v] / max(1, len(checked)) for v in ("supported", "contradicted", "unknown")),
            unchecked / sentences,
            float(counts["contradicted"] > 0),
            float(counts["unknown"] > 0),
            float(any(c.flag for c in claims)),
            np.log1p(len(checked)),
            _stray(mentions, {c.object for c in checked}),
            *self._clues(prompt, main_disease(mentions)),
        ]

    def _clues(self, prompt: str, main: str | None) -> tuple[float, float, float]:
        """Shares of the prompt's findings that the answer's disease shows, and that speak against it; and whether the
        answer names a disease at all. 0 without a prompt."""
        if not prompt or main is None:
            return 0.0, 0.0, 0.0
        clues = [m for m in self.linker.link(prompt) if m.type != DISEASE]
        if not clues:
            return 0.0, 0.0, 1.0
        signs = self._signs(main)
        found = [next((signs[n] for n in (m.node, *m.candidates) if n in signs), 0) for m in clues]
        said = [-sign if m.negated else sign for sign, m in zip(found, clues, strict=True)]
        return sum(s > 0 for s in said) / len(said), sum(s < 0 for s in said) / len(said), 1.0

    def _signs_of(self, disease: str) -> dict[str, int]:
        """Its findings: +1 where the graph affirms, -1 where it excludes."""
        return {e.object: e.polarity for e in self.graph.edges_of(disease) if e.relation in FINDINGS}


def _stray(mentions: Sequence[Mention], objects: set[str | None]) -> float:
    """Share of the names in an answer, diseases aside, that no claim is about."""
    named = [m for m in mentions if m.type != DISEASE]
    return sum(objects.isdisjoint((m.node, *m.candidates)) for m in named) / max(1, len(named))


def surface(prompt: str, response: str) -> list[float]:
    """Form alone, each about 0 to 1, the length last (log of characters, Han ones counting four)."""
    words = WORD.findall(response.lower())
    sentences = [s for s in SENTENCE.split(response) if s]
    length = len(response) + 3 * len(HAN.findall(response))
    asked = set(WORD.findall(prompt.lower()))
    return [
        float(bool(END.search(response))),
        len(set(words)) / max(1, len(words)),
        1 - len(set(sentences)) / max(1, len(sentences)),
        1 - abs(_han(prompt) - _han(response)) if prompt else 1.0,
        len(asked & set(words)) / max(1, len(asked)),
        min(1.0, length / max(1, len(sentences)) / 400),
        np.log1p(length) / 10,
    ]


def hashed_words(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Words and pairs of words (Han: characters) hashed to HASHED columns: indices, and values of length 1 together."""
    words = WORD.findall(text.lower())
    grams = words + [f"{a} {b}" for a, b in pairwise(words)]
    hashes = np.array([zlib.crc32(gram.encode()) % HASHED for gram in grams], np.int64)
    columns, counts = np.unique(hashes, return_counts=True)
    values = np.log1p(counts)
    return columns, values / max(1e-9, np.sqrt(np.sum(values * values)))


def _han(text: str) -> float:
    return len(HAN.findall(text)) / max(1, len(re.sub(r"[\s\W\d]", "", text)))
