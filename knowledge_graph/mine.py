"""The stage `knowledge_graph.mine`: what the corpus claims, and what it names together more often than chance would."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from datagen.answers import Answers, Meter
from datagen.generator import Generator, generator_names, make_generator
from datagen.licence import inherited
from datagen.stage import Artefact, Phase, Stage
from knowledge_graph.ask import ask, asked
from knowledge_graph.claims import SENTENCE
from knowledge_graph.extract import extract
from knowledge_graph.link import Mention
from knowledge_graph.model import Graph, load
from knowledge_graph.schema import EDGES, TEXTS, edge_key

if TYPE_CHECKING:
    from datagen.task import Task

RELATION, TIER = "co_occurs_with", "C"
TYPES = ("disease", "phenotype", "symptom", "finding", "drug", "treatment", "test", "procedure", "gene", "pathogen")
CITED = 3
"""Records that an edge names as its evidence."""
MOST_NAMED = 40
"""Nodes in one sentence: more are a list of names, not a statement."""
READ = ["id", "text", "split", "access", "license", "phi_status", "source_id", "entities"]
ONE = pa.schema([pa.field("node", pa.string(), False), pa.field("sentences", pa.int64(), False)])
SAID = pa.schema(
    [
        pa.field("subject", pa.string(), False),
        pa.field("relation", pa.string(), False),
        pa.field("object", pa.string(), False),
        pa.field("polarity", pa.int8(), False),
        pa.field("sentences", pa.int64(), False),
        pa.field("records", TEXTS, False),
        pa.field("licenses", TEXTS, False),
    ]
)

Fact = tuple[str, str, str, int]
"""Subject, relation, object, polarity; of `co_occurs_with`, the two nodes in order."""


@dataclass
class Seen:
    """How often a fact was met: sentences, the first of the records (with the words, where a generator quoted them, as
    `ID#start-end`), their licences."""

    sentences: int = 0
    records: set[str] = field(default_factory=set)
    licenses: set[str] = field(default_factory=set)

    def add(self, sentences: int, records: Iterable[str], licenses: Iterable[str]) -> None:
        self.sentences += sentences
        self.records = set(sorted({*self.records, *records})[:CITED])
        self.licenses.update(licenses)


class Mine(Stage):
    """Adds edges (tier C) to a graph where it has none of their kind between two nodes yet: what sentences of linked
    records claim, affirmed or denied, and `co_occurs_with` where sentences affirm two nodes together more often than
    chance would.

    Only open records of the train split are read. Claims are those of `extract`, without what is left open;
    significance is that of a G-test over sentences, with the false discovery rate of Benjamini and Hochberg (1995).
    Evidence are the records, licence is theirs.

    A language model, where one is named, is asked too what each sentence claims, and believed where it quotes words of
    the sentence that name both nodes; its edges cite them as `RECORD:ID#start-end`, and their licence is its terms'
    too. What became of its claims is in the manifest (`results`).
    """

    version: ClassVar[str] = "4"
    reads: ClassVar[tuple[str, ...]] = ("entities",)
    publishes: ClassVar[str] = "graph"

    graph: Annotated[str, Artefact("graph")] = Field(description="name of the stage that built the graph")
    types: tuple[str, ...] = Field(TYPES, description="types of nodes that edges may join")
    least: int = Field(3, ge=2, description="sentences that must say it")
    generator: str | None = Field(None, description="a language model that reads claims too, sentence by sentence")
    generator_options: dict[str, Any] = Field({}, description="its options")
    fdr: float = Field(0.01, gt=0, lt=1, description="share of the edges that may be there by chance")

    @model_validator(mode="after")
    def _prose(self) -> "Mine":
        if self.generator in generator_names() and generator_names()[self.generator].load().reads == "facts":
            raise ValueError(f"the generator {self.generator} reads facts, not prose: name a language model's")
        return self

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("count", lambda job: job.part_keys(), self._count),
            Phase("graph", lambda job: [0], self._graph, publishes=True),
        )

    def _count(self, task: "Task") -> dict[str, Any]:
        """Sentences that name each node, and each fact; the number of sentences that name any."""
        one: Counter[str] = Counter()
        said: dict[Fact, Seen] = {}
        outcomes: Counter[str] = Counter()
        generator = self._asked(task)
        whole = 0
        for batch in task.read(task.part, READ):
            rows = batch.filter(
                pc.and_(pc.equal(batch["split"], "train"), pc.equal(batch["access"], "open"))
            ).to_pylist()
            read = _read_by(generator, rows, outcomes) if generator else {}
            for row in rows:
                facts: Counter[Fact] = Counter(_claimed(row["text"], row["entities"] or []))
                for fact, places in read.get(row["id"], {}).items():
                    times = len(places) if fact not in facts else 0  # both read the same sentence
                    said.setdefault(fact, Seen()).add(times, places, [row["license"], generator.license])
                for named in _sentences(row["text"], row["entities"] or [], self.types):
                    whole += 1
                    one.update(named)
                    facts.update((a, RELATION, b, 1) for a, b in combinations(sorted(named), 2))
                for fact, count in facts.items():
                    said.setdefault(fact, Seen()).add(count, [row["id"]], [row["license"]])
        task.write("stats-one", pa.table([list(one), list(one.values())], schema=ONE))
        rows = [
            dict(zip(SAID.names, (*fact, seen.sentences, sorted(seen.records), sorted(seen.licenses)), strict=True))
            for fact, seen in sorted(said.items())
        ]
        task.write("stats-said", pa.Table.from_pylist(rows, SAID))
        return {"sentences": whole, "asked": dict(sorted(outcomes.items()))}

    def _asked(self, task: "Task") -> Generator | None:
        if self.generator is None:
            return None
        generator = make_generator(self.generator, **self.generator_options)
        generator.setup()
        generator.remember(Answers(task.job.store), Meter(task.job.store))
        return generator

    def _graph(self, task: "Task") -> dict[str, int]:
        graph = load(task.artefact("graph"))
        commits = task.commits("count")
        one: Counter[str] = Counter()
        said: dict[Fact, Seen] = {}
        for commit in commits:
            for path in commit.paths("stats-one"):
                rows = task.job.store.parquet(path).read()
                one.update(dict(zip(rows["node"].to_pylist(), rows["sentences"].to_pylist(), strict=True)))
            for path in commit.paths("stats-said"):
                for row in task.job.store.parquet(path).read().to_pylist():
                    *fact, sentences, records, licenses = row.values()
                    said.setdefault(tuple(fact), Seen()).add(sentences, records, licenses)
        whole = sum(commit.result["sentences"] for commit in commits)
        outcomes = sum((Counter(commit.result["asked"]) for commit in commits), Counter())
        edges = [*self._together(graph, one, said, whole, task.job.name), *self._claims(graph, said, task.job.name)]
        task.write("nodes", graph.nodes)
        task.write("edges", pa.concat_tables([graph.edges, pa.Table.from_pylist(edges, EDGES)]))
        edges_of = dict(sorted(Counter(edge["relation"] for edge in edges).items()))
        return {"facts": len(said), "edges": edges_of, "asked": dict(sorted(outcomes.items()))}

    def _together(self, graph: Graph, one: Counter, said: dict[Fact, Seen], whole: int, origin: str) -> Iterator[dict]:
        """Edges of the pairs that are named together too often, each at its disease, else at the first in order."""
        pairs = [f for f in sorted(said) if f[1] == RELATION and f[0] in graph and f[2] in graph]
        chances = np.array([chance(said[f].sentences, one[f[0]], one[f[2]], whole) for f in pairs])
        for place in np.flatnonzero(significant(chances, self.fdr)).tolist():
            fact = pairs[place]
            ends = sorted((fact[0], fact[2]), key=lambda node: (graph.type_of(node) != "disease", node))
            if said[fact].sentences >= self.least and not _joined(graph, *ends):
                yield _edge((ends[0], RELATION, ends[1], 1), said[fact], origin)

    def _claims(self, graph: Graph, said: dict[Fact, Seen], origin: str) -> Iterator[dict]:
        """Edges of what is claimed, unless the same is denied as often or the graph speaks of it."""
        for fact, seen in sorted(said.items()):
            subject, relation, object_, polarity = fact
            against = said.get((subject, relation, object_, -polarity), Seen()).sentences
            known = relation == RELATION or subject not in graph or object_ not in graph
            if not known and seen.sentences >= max(self.least, against + 1):
                there = graph.edges_of(subject, relation)
                if all(edge.object != object_ for edge in there):
                    yield _edge(fact, seen, origin)


def _edge(fact: Fact, seen: Seen, origin: str) -> dict[str, Any]:
    return (
        dict.fromkeys(EDGES.names)
        | dict(zip(("subject", "relation", "object", "polarity"), fact, strict=True))
        | {"n": seen.sentences, "evidence": [f"RECORD:{i}" for i in sorted(seen.records)]}
        | {"tier": TIER, "license": inherited(seen.licenses), "origin": origin, "key": edge_key(*fact)}
    )


def _mentions(entities: list[dict]) -> list[Mention]:
    return [
        Mention(e["start"], e["end"], e["node"], e["type"], e["negated"], (e["node"],), e["uncertain"])
        for e in entities
    ]


def _claimed(text: str, entities: list[dict]) -> Iterator[Fact]:
    """What a text claims for certain."""
    types = {e["node"]: e["type"] for e in entities}
    for claim in extract(text, _mentions(entities), types.__getitem__):
        if not claim.uncertain:
            (subject,), (object_,) = claim.subjects, claim.objects
            if subject != object_:
                yield subject, claim.family.relation_to(types[object_]), object_, claim.polarity


def _read_by(generator: Generator, rows: list[dict], outcomes: Counter[str]) -> dict[str, dict[Fact, list[str]]]:
    """What a generator reads in each record: facts, and where it says so."""
    questions = [question for row in rows for question in asked(row, _mentions(row["entities"] or []))]
    found: dict[str, dict[Fact, list[str]]] = {}
    for question, claim in ask(generator, questions, outcomes):
        record = question.record
        fact = (claim.subject, claim.relation, claim.object, claim.polarity)
        found.setdefault(record, {}).setdefault(fact, []).append(f"{record}#{claim.start}-{claim.end}")
    return found


def chance(both: int, one: int, other: int, whole: int) -> float:
    """How likely it is that two things named in `one` and `other` of `whole` sentences share at least `both`, were they
    named independently: G-test (Dunning 1993) with one degree of freedom; 1 where they share fewer than expected."""
    if not whole or both * whole <= one * other:
        return 1.0
    seen = (both, one - both, other - both, whole - one - other + both)
    lines, columns = (one, one, whole - one, whole - one), (other, whole - other, other, whole - other)
    g = 2 * sum(o * math.log(o * whole / (r * c)) for o, r, c in zip(seen, lines, columns, strict=True) if o > 0)
    return math.erfc(math.sqrt(max(g, 0.0) / 2)) / 2


def significant(chances: np.ndarray, fdr: float) -> np.ndarray:
    """Which of many chances are significant at a false discovery rate (Benjamini and Hochberg 1995): bool[n]."""
    order = np.argsort(chances, kind="stable")
    passed = np.flatnonzero(chances[order] <= fdr * np.arange(1, len(chances) + 1) / max(1, len(chances)))
    found = np.zeros(len(chances), bool)
    found[order[: passed[-1] + 1 if len(passed) else 0]] = True
    return found


def _sentences(text: str, entities: list[dict], types: tuple[str, ...]) -> Iterator[set[str]]:
    """Nodes that each sentence affirms for certain."""
    named = [e for e in entities if e["type"] in types and not e["negated"] and not e["uncertain"]]
    at = 0
    for match in SENTENCE.finditer(text):
        found = set()
        while at < len(named) and named[at]["start"] < match.end():
            found.add(named[at]["node"])
            at += 1
        if 0 < len(found) <= MOST_NAMED:
            yield found
        if at == len(named):
            break


def _joined(graph: Graph, one: str, other: str) -> bool:
    """Whether the graph has an edge between two nodes, or one is above the other."""
    a, b = graph.index(one), graph.index(other)
    if a in graph.closure(b) or b in graph.closure(a):
        return True
    return bool((graph.object[graph.rows_of(a)] == b).any() or (graph.object[graph.rows_of(b)] == a).any())
