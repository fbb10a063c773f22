"""What the graph says of an answer's claims, and of the names in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from knowledge_graph import Claim, Graph, Linker, Mention, verify
from knowledge_graph.claims import PERCENT
from knowledge_graph.cues import NEGATION, PSEUDO
from knowledge_graph.model import FINDINGS
from reward_filter.corrupt import DISEASE, main_disease
from reward_filter.wording import SENTENCE

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
    "summed",
    "denied",
)
WARNING = "contraindication"
ROLES = {"test": "test", "treatment": "treatment", "drug": "treatment"}
CUES = {
    "test": re.compile(
        r"\b(?:diagnos\w+|confirm\w*|detect\w*|identif\w+|establish\w*|investigat\w+|tests?|work-?up)\b|确诊|诊断|证实|明确|查出"
        r"|检查|检测",
        re.I,
    ),
    "treatment": re.compile(
        r"\b(?:treat\w*|therap\w+|manag\w+|reliev\w+|receiv\w+|benefit\w*)\b|治疗|疗法|用药|处理", re.I
    ),
}
"""What tests and treatments are for, and the words that speak of it."""
TURN = re.compile(r"[,;:\uff0c\uff1b\uff1a]|\b(?:and|then|once|after|before)\b|[后前并再则]")
APART = 30
"""What another clause begins with, and how many characters of distance that counts for."""
DENIAL = re.compile(r"\b(?:not?|never|cannot|neither|nor|without|lacks?)\b|n't\b|[不未无没]", re.I)
NO_DENIAL = re.compile("|".join(sorted(NEGATION[PSEUDO], key=len, reverse=True)), re.I)
BARE = re.compile(r"\s*[.。\n]")
WHOLE = 1.5
"""Percentage points by which shares of a whole may miss it."""
ASKED = 600
"""Characters of a prompt, from its end, that say what an answer is about."""
REMEMBERED = 1 << 13
"""Prompts and answers that are not looked at twice."""


@dataclass(frozen=True)
class Question:
    """What a prompt names: each disease as (what the name may mean, the name), each other thing as (what the name may
    mean, whether it is denied), and which of ROLES it asks for."""

    diseases: tuple[tuple[tuple[str, ...], str], ...] = ()
    clues: tuple[tuple[tuple[str, ...], bool], ...] = ()
    roles: frozenset[str] = frozenset()


class Facts:
    """Features of answers against one graph, open world: what the graph doesn't say is unknown, not false."""

    def __init__(self, graph: Graph, linker: Linker):
        self.graph = graph
        self._linker = _Last(linker)
        self._signs, self._linked = cache(self._signs_of), cache(self._linked_of)
        self._question = lru_cache(REMEMBERED)(self._question_of)

    def of(self, prompt: str, response: str) -> list[float]:
        """VERIFIER, each 0 to 1, or -1 to 1 where something can speak against an answer."""
        asked = self._question(prompt[-ASKED:]) if prompt else Question()
        # Where the question names one disease, an answer that names none is about that one.
        only = asked.diseases[0] if len(asked.diseases) == 1 else None
        about = f"{only[1]}?\n" if only else ""
        text = about + response
        found = verify(text, self.graph, linker=self._linker)
        # A warning that the graph can't bear out is no error; what it doesn't know of doses and treatments may be.
        claims = [c for c in found if c.flag != WARNING]
        checked = [c for c in claims if c.verdict != "unchecked"]
        counts = {v: sum(c.verdict == v for c in claims) for v in ("supported", "contradicted", "unknown")}
        sentences = len({c.sentence for c in claims}) or 1
        unchecked = len({c.sentence for c in claims if c.verdict == "unchecked"})
        mentions = [m for m in self._linker.link(text) if m.start >= len(about)]
        main = main_disease(mentions)
        same = main is not None and any(main in candidates for candidates, _ in asked.diseases)
        return [
            *(counts[v] / max(1, len(checked)) for v in ("supported", "contradicted", "unknown")),
            unchecked / sentences,
            float(counts["contradicted"] > 0),
            float(counts["unknown"] > 0),
            float(any(c.flag for c in claims)),
            float(len(found) > len(claims)),
            float(len(checked) > 0),
            _stray(mentions, checked),
            _miscast(mentions, claims, text, asked.roles),
            self._bare(mentions, main or (only[0][0] if only else None), text, len(about)),
            *self._clues(asked, main),
            float(main is not None),
            float(same),
            float(bool(asked.diseases) and main is not None and not same),
            *(_numbers(checked, verdict) for verdict in ("supported", "contradicted")),
            _summed(response),
            _denied(mentions, checked, text),
        ]

    def _question_of(self, prompt: str) -> Question:
        mentions = self._linker.link(prompt)
        diseases = {m.node: (m.candidates, prompt[m.start : m.end]) for m in mentions if m.type == DISEASE}
        clues = tuple(((m.node, *m.candidates), m.negated) for m in mentions if m.type != DISEASE)
        roles = frozenset(role for role, cue in CUES.items() if cue.search(prompt[-ASKED // 4 :]))
        return Question(tuple(diseases.values()), clues, roles)

    def _bare(self, mentions: Sequence[Mention], disease: str | None, text: str, start: int) -> float:
        """Of an answer that begins with a bare name: 1 where the graph links it to the disease, -1 where not."""
        first = next(iter(mentions), None)
        if first is None or disease is None or first.type == DISEASE or first.start > start + 1:
            return 0.0
        if not BARE.match(text, first.end):
            return 0.0
        return 1.0 if self._linked(disease) & {first.node, *first.candidates} else -1.0

    def _clues(self, asked: Question, main: str | None) -> tuple[float, float]:
        """Share of the prompt's findings that the answer's disease shows, less that of those it doesn't; and share that
        speaks against it."""
        if main is None or not asked.clues:
            return 0.0, 0.0
        signs = self._signs(main)
        found = [next((signs[n] for n in nodes if n in signs), 0) for nodes, _ in asked.clues]
        said = [-sign if denied else sign for sign, (_, denied) in zip(found, asked.clues, strict=True)]
        return 2 * sum(s > 0 for s in said) / len(said) - 1, sum(s < 0 for s in said) / len(said)

    def _linked_of(self, disease: str) -> frozenset[str]:
        return frozenset(e.object for e in self.graph.edges_of(disease, polarity=1))

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


def _miscast(mentions: Sequence[Mention], claims: Sequence[Claim], text: str, asked: frozenset[str]) -> float:
    """Share of the tests and treatments in an answer that stand where the other is spoken of, or asked for."""
    cast = [m for m in mentions if m.type in ROLES]
    for m in cast:  # what a name has in it says nothing of its part
        text = text[: m.start] + " " * (m.end - m.start) + text[m.end :]
    wrong = 0
    for m in cast:
        around = next((c for c in claims if c.start <= m.start < c.end), None)
        if around is None:
            continue
        bare = not text[around.start : around.end].strip(" .。\n")
        spoken = asked if bare else _spoken(text[around.start : m.start], text[m.end : around.end])
        wrong += bool(spoken) and ROLES[m.type] not in spoken
    return wrong / max(1, len(cast))


def _spoken(before: str, after: str) -> set[str]:
    """Which of ROLES the nearest cue gives a name, preferably one of its own clause."""
    found = {}
    for role, cue in CUES.items():
        gaps = [before[m.end() :] for m in cue.finditer(before)][-1:]
        gaps += [after[: m.start()] for m in cue.finditer(after)][:1]
        if gaps:
            found[role] = min(len(gap) + APART * len(TURN.findall(gap)) for gap in gaps)
    return {min(found, key=found.__getitem__)} if found else set()


def _summed(text: str) -> float:
    """1 where three shares or more in one sentence make a whole: probabilities of all that comes into question."""
    for sentence in SENTENCE.split(text) if text.count("%") + text.count("\uff05") > 2 else ():
        shares = [float(m[1]) for m in PERCENT.finditer(sentence)]
        if len(shares) > 2 and abs(sum(shares) - 100) <= WHOLE:
            return 1.0
    return 0.0


def _denied(mentions: Sequence[Mention], claims: Sequence[Claim], text: str) -> float:
    """Share of the claims that the graph bears out, but in a sentence that denies something and no name."""
    found = 0
    for claim in claims:
        if claim.verdict == "supported" and claim.polarity > 0 and DENIAL.search(text, claim.start, claim.end):
            here = [m for m in mentions if claim.start <= m.start < claim.end]
            edges = [claim.start, *(at for m in here for at in (m.start, m.end)), claim.end]
            between = " ".join(text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))
            found += not any(m.negated for m in here) and bool(DENIAL.search(NO_DENIAL.sub("", between)))
    return found / max(1, len(claims))
