"""Sentences whose claims people wrote down, in either form of claims.md, and whether a claim of ours says the same."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from knowledge_graph.claims import Stated

MEANT = {
    "finding": ("has_symptom", "complication", "causes", "adverse_effect"),
    "test": ("diagnosed_by",),
    "treatment": ("treated_by",),
    "site": ("located_in",),
    "kind": ("is_a",),
    "inheritance": ("inheritance",),
}
"""Our families by the annotators' relations, same way round; a sequel and a sign are told apart by them alone."""
TURNED = {"contraindication": ("contraindicated",), "gene": ("causes", "risk_factor")}
"""The other way round: what they call the subject is our object."""
KNOWN = frozenset(name for names in (*MEANT.values(), *TURNED.values()) for name in names)
SECOND_FORM = {
    "has_finding": ("has_symptom", False),
    "affects": ("located_in", False),
    "caused_by": ("causes", True),
    "associated_gene": ("causes", True),
    "risk_factor": ("risk_factor", True),
    "contraindicated": ("contraindicated", True),
    "prevented_by": ("prevents", True),
}
"""Relations of the second form by those of the first, and whether their ends change places."""
INHERITED = re.compile(r"inherit|recessive|dominant|linked|遗传", re.I)
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|％|per ?cent)")

Span = tuple[int, int]


@dataclass(frozen=True)
class Noted:
    """A claim as a person noted it: `readings` are (relation, subject, object) in words of the text, equally right.

    `counts` is False for what a pronoun stands for and for borderline claims: neither right nor wrong to find.
    """

    readings: tuple[tuple[str, str, str], ...]
    polarity: str
    number: str | None
    counts: bool

    @property
    def known(self) -> bool:
        """Whether the extractor knows its relation."""
        return self.readings[0][0] in KNOWN

    def said_by(self, text: str, claim: Stated, hedged: bool = True) -> bool:
        """Whether a claim of ours agrees: both ends overlap, relation and polarity are the same, and the share of
        patients where both give one; without `hedged`, what is left open may be affirmed."""
        polarity = "negated" if claim.polarity < 0 else "uncertain" if claim.uncertain else "affirmed"
        if polarity != self.polarity and (hedged or "negated" in (polarity, self.polarity)):
            return False
        share = PERCENT.fullmatch(self.number or "")
        if share and claim.number is not None and abs(claim.number - float(share[1]) / 100) > 0.01:
            return False
        by, at = (claim.at, claim.by) if claim.turned else (claim.by, claim.at)
        for relation, subject, object_ in self.readings:
            if relation in MEANT.get(claim.family.name, ()) and _names(text, subject, by) and _names(text, object_, at):
                return True
            if (
                relation in TURNED.get(claim.family.name, ())
                and _names(text, object_, by)
                and _names(text, subject, at)
            ):
                return True
        return False


@dataclass(frozen=True)
class Case:
    """A sentence, its language (en, zh) and what was noted of it; `held_out` is decided by its id alone."""

    id: str
    text: str
    language: str
    claims: tuple[Noted, ...]

    @property
    def held_out(self) -> bool:
        return hashlib.sha256(self.id.encode()).digest()[-1] % 2 == 1


def cases(path: Path) -> list[Case]:
    """The sentences of a file, one a line."""
    rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]
    return [_second(row) if "sentence" in row else _first(row) for row in rows]


def _first(row: dict) -> Case:
    claims = [
        Noted(
            ((c["relation"], c["subject"], c["object"]),), c["polarity"], c.get("number"), not c.get("anaphoric", False)
        )
        for c in row["claims"]
    ]
    return Case(row["id"], row["text"], row["lang"], tuple(claims))


def _second(row: dict) -> Case:
    noted = []
    for part, counts in (("claims", True), ("optional_claims", False)):
        for c in row[part]:
            relations = (c["relation"], *c.get("alt_relations", ()))
            readings = tuple(_reading(relation, c["subject"], c["object"]) for relation in relations)
            noted.append(Noted(readings, c["polarity"], None, counts and not c.get("anaphoric", False)))
    return Case(row["id"], row["sentence"], row["language"], tuple(noted))


def _reading(relation: str, subject: str, object_: str) -> tuple[str, str, str]:
    if relation == "other" and INHERITED.search(object_):
        relation = "inheritance"
    name, turned = SECOND_FORM.get(relation, (relation, False))
    return (name, object_, subject) if turned else (name, subject, object_)


def _names(text: str, words: str, span: Span | None) -> bool:
    """Whether these words stand at a place that overlaps the span."""
    return span is not None and any(
        m.start() < span[1] and span[0] < m.end() for m in re.finditer(re.escape(words), text)
    )
