"""What the scorer sees of an answer: what the graph says about its claims, its form, and its words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import yaml

from knowledge_graph import Claim, Graph, Linker, Mention, verify
from knowledge_graph.model import FINDINGS
from reward_filter.background import FEATURES as BACKGROUND
from reward_filter.background import RISING, Background
from reward_filter.corrupt import DISEASE, main_disease
from reward_filter.wording import SENTENCE
from reward_filter.words import HAN, Reading, read

VERIFIER = (
    "supported",
    "contradicted",
    "unknown",
    "unchecked",
    "any_contradicted",
    "any_unknown",
    "flagged",
    "warned",
    "claims",
    "stray",
    "miscast",
    "bare",
    "clues_explained",
    "clues_against",
    "names_answer",
    "names_asked",
    "names_another",
    "number_supported",
    "number_contradicted",
)
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
WARNING = "contraindication"
ROLES = {"test": "test", "treatment": "treatment", "drug": "treatment"}
CUES = {
    "test": re.compile(
        r"\b(?:diagnos\w+|confirm\w*|detect\w*|identif\w+|establish\w*|investigat\w+|tests?|work-?up)\b|确诊|诊断|证实|明确|查出"
        r"|检查|检测",
        re.I,
    ),
    "treatment": re.compile(r"\b(?:treat\w*|therap\w+|manag\w+|reliev\w+)\b|治疗|疗法|用药|处理", re.I),
}
"""What tests and treatments are for, and the words that speak of it."""
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
BARE = re.compile(r"\s*[.。\n]")
OPTION = re.compile(r"^[A-H]\. ", re.MULTILINE)
TRUTH = re.compile(
    r"\b(?:true or false|right or wrong|correct or incorrect)\b|对还是错|正确还是错误|是否正确|判断", re.I
)
ECHOED = 0.3
"""Share of a question's words that an answer says again, from which more of them mean nothing."""
ASKED = 600
"""Characters of a prompt, from its end, that say what an answer is about."""
REMEMBERED = 1 << 13
"""Prompts and answers that are not looked at twice."""
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
    """Features of answers, against one graph, open world: what the graph doesn't say is unknown, not false; and against
    what real text says."""

    def __init__(self, graph: Graph, linker: Linker, background: Background):
        self.graph, self.background = graph, background
        self.linker = _Last(linker)
        self._signs, self._linked = cache(self._signs_of), cache(self._linked_of)
        self._asked = lru_cache(REMEMBERED)(self._asked_of)
        self._clued = lru_cache(REMEMBERED)(self._clued_of)
        self._reading = lru_cache(REMEMBERED)(read)
        self._row = lru_cache(REMEMBERED)(self._row_of)  # a good answer comes once for each of its damaged copies

    def features(self, prompts: Sequence[str], responses: Sequence[str]) -> Sparse:
        """One row of WIDTH columns for each answer: length (log of bytes), VERIFIER, KINDS, BACKGROUND, SURFACE, then
        HASHED words."""
        return Sparse.of([self._row(p, r) for p, r in zip(prompts, responses, strict=True)])

    def reason(self, prompt: str, response: str) -> str:
        """What speaks most against an answer: one of REASONS."""
        asked, said = read(prompt), read(response)
        seen = dict(zip(VERIFIER, self._verifier(prompt, response), strict=True))
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
        dense = np.array([size, *self._verifier(prompt, response), *kinds, *known, *surface(asked, said)])
        columns, values = hashed_words(said)
        shown = np.flatnonzero(dense)
        return np.concatenate([shown, columns + DENSE]), np.concatenate([dense[shown], values])

    def _verifier(self, prompt: str, response: str) -> list[float]:
        asked = self._asked(prompt[-ASKED:]) if prompt else ()
        # Where the question names one disease, an answer that names none is about that one.
        about = f"{asked[0][1]}?\n" if len(asked) == 1 else ""
        found = verify(about + response, self.graph, linker=self.linker)
        # A warning that the graph can't bear out is no error; what it doesn't know of doses and treatments may be.
        claims = [c for c in found if c.flag != WARNING]
        checked = [c for c in claims if c.verdict != "unchecked"]
        counts = {v: sum(c.verdict == v for c in claims) for v in ("supported", "contradicted", "unknown")}
        sentences = len({c.sentence for c in claims}) or 1
        unchecked = len({c.sentence for c in claims if c.verdict == "unchecked"})
        mentions = [m for m in self.linker.link(about + response) if m.start >= len(about)]
        main = main_disease(mentions)
        same = main is not None and any(main in candidates for candidates, _ in asked)
        return [
            *(counts[v] / max(1, len(checked)) for v in ("supported", "contradicted", "unknown")),
            unchecked / sentences,
            float(counts["contradicted"] > 0),
            float(counts["unknown"] > 0),
            float(any(c.flag for c in claims)),
            float(len(found) > len(claims)),
            float(len(checked) > 0),
            _stray(mentions, checked),
            self._miscast(mentions, claims, about + response, prompt),
            self._bare(mentions, main or (asked[0][0][0] if len(asked) == 1 else None), response, len(about)),
            *self._clues(prompt, main),
            float(same),
            float(bool(asked) and main is not None and not same),
            *(_numbers(checked, verdict) for verdict in ("supported", "contradicted")),
        ]

    def _asked_of(self, prompt: str) -> tuple[tuple[tuple[str, ...], str], ...]:
        """Diseases that a prompt names: what each name may mean, and the name."""
        found = [m for m in self.linker.link(prompt) if m.type == DISEASE]
        return tuple({m.node: (m.candidates, prompt[m.start : m.end]) for m in found}.values())

    def _miscast(self, mentions: Sequence[Mention], claims: Sequence[Claim], text: str, prompt: str) -> float:
        """Share of the tests and treatments in an answer that stand where the other is spoken of, or asked for."""
        cast = [m for m in mentions if m.type in ROLES]
        wrong = 0
        for m in cast:
            around = next((text[c.start : c.end] for c in claims if c.start <= m.start < c.end), "")
            if around.strip(" .。\n") == text[m.start : m.end]:
                around = prompt[-ASKED // 4 :]
            around = around.replace(text[m.start : m.end], " ")
            spoken = {role for role, cue in CUES.items() if cue.search(around)}
            wrong += bool(spoken) and ROLES[m.type] not in spoken
        return wrong / max(1, len(cast))

    def _bare(self, mentions: Sequence[Mention], disease: str | None, response: str, start: int) -> float:
        """Of an answer that begins with a bare name: 1 where the graph links it to the disease, -1 where not."""
        first = next(iter(mentions), None)
        if first is None or disease is None or first.type == DISEASE or first.start > start + 1:
            return 0.0
        if not BARE.match(response, first.end - start):
            return 0.0
        known = self._linked(disease)
        return 1.0 if known & {first.node, *first.candidates} else -1.0

    def _linked_of(self, disease: str) -> frozenset[str]:
        return frozenset(e.object for e in self.graph.edges_of(disease, polarity=1))

    def _clues(self, prompt: str, main: str | None) -> tuple[float, float, float]:
        """Shares of the prompt's findings that the answer's disease shows, and that speak against it; and whether the
        answer names a disease at all. 0 without a prompt."""
        if not prompt or main is None:
            return 0.0, 0.0, 0.0
        clues = self._clued(prompt)
        if not clues:
            return 0.0, 0.0, 1.0
        signs = self._signs(main)
        found = [next((signs[n] for n in nodes if n in signs), 0) for nodes, _ in clues]
        said = [-sign if denied else sign for sign, (_, denied) in zip(found, clues, strict=True)]
        return sum(s > 0 for s in said) / len(said), sum(s < 0 for s in said) / len(said), 1.0

    def _clued_of(self, prompt: str) -> tuple[tuple[tuple[str, ...], bool], ...]:
        """What a prompt names beside diseases: what each name may mean, and whether it is denied."""
        return tuple(((m.node, *m.candidates), m.negated) for m in self.linker.link(prompt) if m.type != DISEASE)

    def _signs_of(self, disease: str) -> dict[str, int]:
        """Its findings: +1 where the graph affirms, -1 where it excludes."""
        return {e.object: e.polarity for e in self.graph.edges_of(disease) if e.relation in FINDINGS}


class _Last:
    """A linker that remembers the last text: what verifies one links it too."""

    def __init__(self, linker: Linker):
        self._linker = linker
        self._text, self._mentions = "", []

    def link(self, text: str) -> list[Mention]:
        if text != self._text:
            self._text, self._mentions = text, self._linker.link(text)
        return self._mentions


def _numbers(claims: Sequence[Claim], verdict: str) -> float:
    return float(any(c.number is not None and c.verdict == verdict for c in claims))


def _stray(mentions: Sequence[Mention], claims: Sequence[Claim]) -> float:
    """Share of the names in an answer, diseases aside, that no claim of their own sentence is about: what is said to be
    a treatment but is a test makes no claim."""
    named = [m for m in mentions if m.type != DISEASE]
    loose = 0
    for m in named:
        objects = {c.object for c in claims if c.start <= m.start < c.end}
        loose += objects.isdisjoint((m.node, *m.candidates))
    return loose / max(1, len(named))


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
    grams = []
    for ids in (np.where(said.ids % 4 == HAN, 0, said.ids), said.characters):
        a, b = ids[:-1], ids[1:]
        grams += [ids[ids > 0], (a * 31 + b)[(a > 0) & (b > 0)]]
    columns, counts = np.unique(((np.concatenate(grams) * SPREAD) >> 20) % HASHED, return_counts=True)
    values = np.log1p(counts)
    return columns, values / max(1e-9, np.sqrt(np.sum(values * values)))
