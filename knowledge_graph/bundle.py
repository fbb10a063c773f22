"""An evidence bundle: what a synthetic text may say, each statement with its edge key."""

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Fact:
    """One edge of a bundle, as it stands in the graph (`subject relation object`, polarity +1 or -1)."""

    key: str
    subject: str
    relation: str
    object: str
    polarity: int
    frequency: float | None
    n: int | None
    license: str


@dataclass(frozen=True)
class Entity:
    """A node named in a bundle, with the words for it."""

    id: str
    type: str
    name_en: str | None
    name_zh: str | None
    synonyms: tuple[str, ...] = ()
    synonyms_zh: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bundle:
    """Evidence about one anchor.

    Attributes:
        anchor: CURIE of the node that the text is about.
        facts: 3-8 affirmed edges of the anchor.
        negatives: 1-4 excluded edges of the anchor; empty only where the graph excludes nothing about it.
        distractors: 2-5 nodes of the anchor's type that resemble it, none of which fits all the facts.
        entities: every node named above, anchor first.
        departments: the anchor's department codes.
        tail: quartile of the anchor's number of edges among all anchors, 0 the rarest.
        seed, number: which draw this is; the same ones give the same bundle.
    """

    anchor: str
    facts: tuple[Fact, ...]
    negatives: tuple[Fact, ...]
    distractors: tuple[str, ...]
    entities: tuple[Entity, ...]
    departments: tuple[str, ...]
    tail: int
    seed: int
    number: int

    @property
    def keys(self) -> tuple[str, ...]:
        """Edge keys of all statements: the `evidence` of a record made from this bundle."""
        return tuple(fact.key for fact in (*self.facts, *self.negatives))

    @cached_property
    def _entities(self) -> dict[str, Entity]:
        return {entity.id: entity for entity in self.entities}

    def entity(self, node: str) -> Entity:
        """The entity of an id. Raises KeyError."""
        return self._entities[node]
