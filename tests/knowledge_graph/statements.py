"""Statements with known truth, verbalised from a graph: what a verifier is tested against."""

import random
from dataclasses import dataclass

from knowledge_graph import Graph

TEMPLATES = {
    "has_symptom": {
        1: (
            "{s} often causes {o}.",
            "Symptoms of {s} include {o}.",
            "{o} is commonly seen in {s}.",
            "In patients with {s}, {o} is typical.",
            "{s}常表现为{o}。",
            "{o}多见于{s}。",
            "{s}患者可出现{o}。",
        ),
        -1: (
            "{s} does not cause {o}.",
            "{o} is not seen in {s}.",
            "{s} typically presents without {o}.",
            "{o} argues against {s}.",
            "{s}一般不伴{o}。",
            "{o}不见于{s}。",
            "{s}患者通常无{o}。",
        ),
    },
    "diagnosed_by": {
        1: ("{s} is diagnosed by {o}.", "{o} confirms {s}.", "诊断{s}可依靠{o}。", "{s}可通过{o}确诊。"),
    },
    "treated_by": {
        1: ("{s} is treated with {o}.", "{o} is used to treat {s}.", "{o}可用于治疗{s}。", "{s}可采用{o}治疗。"),
    },
    "located_in": {1: ("{s} affects the {o}.", "{s}主要累及{o}。")},
    "belongs_to_department": {1: ("{s} is managed by {o}.", "{s}患者应到{o}就诊。")},
}


@dataclass(frozen=True)
class Statement:
    """A sentence, and what is true of it: `subject relation object` with this polarity, stated by the graph or not."""

    text: str
    subject: str
    relation: str
    object: str
    polarity: int
    true: bool
    error: str | None


def statements(graph: Graph, seed: int, count: int) -> list[Statement]:
    """Half of them true; the others with the object swapped, the subject swapped, or the polarity turned round.

    A swapped fact is one that the graph doesn't state of any node above or below either.
    """
    draw = random.Random(seed)
    edges = [edge for d in graph.of_type("disease") for edge in graph.edges_of(d) if edge.relation in TEMPLATES]
    known = {(e.subject, e.relation, e.object) for e in edges}
    made = []
    while len(made) < count:
        edge = draw.choice(edges)
        subject, object_, polarity, error = edge.subject, edge.object, edge.polarity, None
        if draw.random() < 0.5:
            error = draw.choice(["object", "subject", "polarity"])
            if error == "polarity" and -1 not in TEMPLATES[edge.relation]:
                continue
            polarity = -polarity if error == "polarity" else polarity
            if error == "object":
                object_ = draw.choice([e.object for e in edges if e.relation == edge.relation])
            if error == "subject":
                subject = draw.choice(edges).subject
            near = {object_} | graph.ancestors(object_) | graph.descendants(object_)
            if error != "polarity" and any((subject, edge.relation, o) in known for o in near):
                continue
        if polarity not in TEMPLATES[edge.relation]:
            continue
        template = draw.choice(TEMPLATES[edge.relation][polarity])
        language = "en" if template.isascii() else "zh"
        s, o = (draw.choice(graph.node(node).names(language)) for node in (subject, object_))
        text = template.format(s=s, o=o)
        made.append(Statement(text, subject, edge.relation, object_, polarity, error is None, error))
    return made
