"""Claims in text, held against a bundle or the graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal, get_args

import numpy as np

from knowledge_graph.arithmetic import results
from knowledge_graph.bundle import Bundle
from knowledge_graph.claims import Reader, Sentence, Stated, risks, sentences
from knowledge_graph.doses import compared, doses
from knowledge_graph.families import DIAGNOSIS, DOSAGE, OPPOSED, Family
from knowledge_graph.link import Linker
from knowledge_graph.model import Graph

Verdict = Literal["supported", "contradicted", "unknown", "unchecked"]
Flag = Literal["dose", "contraindication", "treatment"]
SUPPORTED, CONTRADICTED, UNKNOWN, UNCHECKED = get_args(Verdict)
RANK = {SUPPORTED: 0, CONTRADICTED: 1, UNKNOWN: 2}
FLAGGED = ("contraindication", "treatment")
TOLERANCE = 0.10
"""How far a stated percentage may be from the edge's frequency."""


@dataclass(frozen=True)
class Claim:
    """What one sentence says about two nodes, or (`unchecked`) a sentence that says nothing that can be looked up.

    Attributes:
        subject, relation, object: CURIE, relation name, CURIE; None in an unchecked sentence.
        polarity: +1 affirmed, -1 denied, 0 in an unchecked sentence.
        verdict: supported, contradicted, unknown or unchecked.
        edge: key of the edge that decided, None where none did.
        start, end: offsets of the sentence in the text.
        sentence: number of the sentence, from 0; questions claim nothing and have no entry.
        number: percentage the claim states, as a share (0..1); of a dose the lower end in mg, mL or IU.
        flag: the sentence gives a dose, a contraindication or a treatment that nothing bears out: it must not be used.
    """

    subject: str | None
    relation: str | None
    object: str | None
    polarity: int
    verdict: Verdict
    edge: str | None
    start: int
    end: int
    sentence: int
    number: float | None = None
    flag: Flag | None = None


def verify(text: str, graph: Graph, bundle: Bundle | None = None, linker: Linker | None = None) -> list[Claim]:
    """Claims of a text in order, at least one entry for every sentence that isn't a question.

    With a bundle the world is closed: only what the bundle states (and what follows from it by is_a) is `supported`;
    what the bundle or the graph states the opposite of is `contradicted`; everything else is `unknown`, true or not.
    Faithful text has supported claims only. Sentences without a subject of their own are about the anchor, and a
    diagnosis (relation `diagnosis`) other than the anchor is contradicted.

    Without one the world is open: the graph's edges support or contradict, what it doesn't say is `unknown`. Sentences
    about a patient claim nothing.

    A dose counts where the graph has one for the drug (`has_dose` to a node whose name is a dose). Sums whose result
    the text states are worked out again (relation `equals`). `linker`, where given, is one of this graph: callers that
    have one save making another.
    """
    reader = Reader(text, graph.type_of, bundle.anchor if bundle else None)
    of_graph = partial(_of_graph, graph)
    world, beyond = (_of_bundle(graph, bundle), of_graph) if bundle else (of_graph, None)
    claims: list[Claim] = []
    number = 0
    for sentence in sentences(text, (linker or _linker(graph)).link(text)):
        stated = reader.read(sentence)
        if sentence.question:
            continue  # it only says what the text is about
        found = [c for s in stated for c in [_claim(graph, world, beyond, s, sentence, number)] if c is not None]
        found += _sums(text, sentence, number)
        families = {s.family.name for s in stated if s.dose is None}
        families |= {DOSAGE.name for claim in found if claim.relation in DOSAGE.relations}
        bare = [_unchecked(sentence, number, flag) for flag in risks(text[sentence.start : sentence.end], families)]
        claims += [*found, *bare] or [_unchecked(sentence, number, None)]
        number += 1
    return claims


def omitted(claims: Sequence[Claim], bundle: Bundle) -> tuple[str, ...]:
    """Keys of the bundle's statements that no supported claim of a text bears out: what it leaves unsaid."""
    said = {claim.edge for claim in claims if claim.verdict == SUPPORTED}
    return tuple(key for key in bundle.keys if key not in said)


def _sums(text: str, sentence: Sentence, number: int) -> list[Claim]:
    return [
        Claim(None, "equals", None, 1, SUPPORTED if right else CONTRADICTED, None, sentence.start, sentence.end, number)
        for _, _, right in results(text[sentence.start : sentence.end])
    ]


def _unchecked(sentence: Sentence, number: int, flag: Flag | None) -> Claim:
    return Claim(None, None, None, 0, UNCHECKED, None, sentence.start, sentence.end, number, flag=flag)


@dataclass(frozen=True)
class _Known:
    """An edge from a subject, as far as a claim cares: `object` is a row of the graph's nodes."""

    object: int
    relation: str
    polarity: int
    frequency: float | None
    key: str


StatedBy = Callable[[str, Family], list[_Known]]


def _claim(
    graph: Graph, world: StatedBy, beyond: StatedBy | None, claim: Stated, sentence: Sentence, number: int
) -> Claim | None:
    """Held against every reading of its words; the best verdict counts. What lies `beyond` a closed world can only
    contradict. None for a dose of a drug of which none is known."""
    if claim.dose is not None:
        return _dose(graph, world, claim, sentence, number)
    best = (UNKNOWN, claim.subjects[0], claim.objects[0], None)
    for subject in claim.subjects:
        known = world(subject, claim.family)
        for object_ in claim.objects:
            if claim.turned:
                verdict, edge = _turned(graph, known, object_, closed=beyond is not None)
            else:
                verdict, edge = _verdict(graph, known, object_, claim)
            if verdict == UNKNOWN and (bar := _opposed(graph, world, beyond, subject, object_, claim)):
                verdict, edge = CONTRADICTED, bar
            if verdict == UNKNOWN and not claim.turned and beyond:
                opposite = _verdict(graph, beyond(subject, claim.family), object_, claim)
                verdict, edge = opposite if opposite[0] == CONTRADICTED else (verdict, edge)
            if RANK[verdict] < RANK[best[0]]:
                best = (verdict, subject, object_, edge)
    verdict, subject, object_, edge = best
    risky = claim.family.name in FLAGGED and verdict == UNKNOWN
    return Claim(
        subject=subject,
        relation=edge.relation if edge else claim.family.relation_to(graph.type_of(object_)),
        object=object_,
        polarity=claim.polarity,
        verdict=verdict,
        edge=edge.key if edge else None,
        start=sentence.start,
        end=sentence.end,
        sentence=number,
        number=claim.number,
        flag=claim.family.name if risky else None,
    )


def _verdict(graph: Graph, known: list[_Known], object: str, claim: Stated) -> tuple[Verdict, _Known | None]:
    """What edges of one subject say to a claim. An affirmed edge holds for everything above its object by is_a, an
    excluded one for everything below."""
    row = graph.index(object)
    if claim.family is DIAGNOSIS:
        right = row in graph.closure(graph.index(claim.subjects[0]))
        return (SUPPORTED if right == (claim.polarity > 0) else CONTRADICTED), None
    yes = [e for e in known if e.polarity > 0 and row in graph.closure(e.object)]
    no = [e for e in known if e.polarity < 0 and e.object in graph.closure(row)]
    exact = [e for e in yes if e.object == row] or yes
    if claim.polarity < 0:
        return (SUPPORTED, no[0]) if no else (CONTRADICTED, exact[0]) if yes else (UNKNOWN, None)
    if not yes:
        return (CONTRADICTED, no[0]) if no else (UNKNOWN, None)
    if claim.number is None:
        return SUPPORTED, exact[0]
    counted = [e for e in exact if e.frequency is not None and e.object == row]
    if not counted:
        return UNKNOWN, None
    near = abs(counted[0].frequency - claim.number) <= TOLERANCE + 1e-6
    return (SUPPORTED if near else CONTRADICTED), counted[0]


def _turned(graph: Graph, known: list[_Known], object: str, closed: bool) -> tuple[Verdict, _Known | None]:
    """What edges say to the claim that a finding brings about the disease that shows it: in a closed world it is the
    wrong way round, in an open one (a risk factor may be a sign too) nobody knows."""
    row = graph.index(object)
    shown = next((e for e in known if e.polarity > 0 and row in graph.closure(e.object)), None)
    return (CONTRADICTED, shown) if closed and shown else (UNKNOWN, None)


def _opposed(
    graph: Graph, world: StatedBy, beyond: StatedBy | None, subject: str, object: str, claim: Stated
) -> _Known | None:
    """The edge that excludes what is affirmed: a contraindication of what is said to treat, or the other way round."""
    family = OPPOSED.get(claim.family.name)
    if family is None or claim.polarity < 0:
        return None
    row = graph.index(object)
    known = world(subject, family) + (beyond(subject, family) if beyond else [])
    return next((e for e in known if e.polarity > 0 and row in graph.closure(e.object)), None)


def _dose(graph: Graph, world: StatedBy, claim: Stated, sentence: Sentence, number: int) -> Claim | None:
    """A dose held against those that the world knows of the drug."""
    for subject in claim.subjects:
        found = []
        for edge in world(subject, DOSAGE):
            names = graph.node(graph.ids[edge.object])
            for known in (d for name in (*names.names("en"), *names.names("zh")) for d in doses(name)):
                if (fit := compared(claim.dose, known)) is not None:
                    found.append((fit, edge))
        if found:
            fit, edge = max(found, key=lambda pair: pair[0])
            verdict = {1: SUPPORTED, 0: UNKNOWN, -1: CONTRADICTED}[fit]
            key = edge.key if fit else None
            flag = None if fit == 1 else "dose"
            place = (sentence.start, sentence.end, number)
            return Claim(subject, "has_dose", graph.ids[edge.object], 1, verdict, key, *place, claim.dose.low, flag)
    return None


def _of_graph(graph: Graph, subject: str, family: Family) -> list[_Known]:
    """Edges of one family at a subject."""
    row = graph.index(subject)
    found = []
    for inverse, relations in ((False, family.relations), (True, family.turned)):
        rows = graph.rows_of(row, inverse) if relations else ()
        for at in rows[_among(graph, relations)[graph.relation[rows]]].tolist() if len(rows) else ():
            frequency = float(graph.frequency[at])
            found.append(
                _Known(
                    int((graph.subject if inverse else graph.object)[at]),
                    graph.relations[graph.relation[at]],
                    int(graph.polarity[at]),
                    None if np.isnan(frequency) else frequency,
                    graph.stated.key_at(at),
                )
            )
    return found


@lru_cache(maxsize=64)
def _among(graph: Graph, relations: tuple[str, ...]) -> np.ndarray:
    """Which of a graph's relations are among these: bool[relations]."""
    return np.array([name in relations for name in graph.relations])


def _of_bundle(graph: Graph, bundle: Bundle) -> StatedBy:
    facts = (*bundle.facts, *bundle.negatives)

    def stated_by(subject: str, family: Family) -> list[_Known]:
        found = []
        for fact in facts:
            turned = fact.relation in family.turned and fact.object == subject
            if turned or (fact.relation in family.relations and fact.subject == subject):
                other = graph.index(fact.subject if turned else fact.object)
                found.append(_Known(other, fact.relation, fact.polarity, fact.frequency, fact.key))
        return found

    return stated_by


@lru_cache(maxsize=2)
def _linker(graph: Graph) -> Linker:
    return Linker(graph)
