"""Facts from one source, a scorer that knows another: patients' phenopackets against HPO and Disease Ontology.

Answers state findings of real patients; errors are made by the phenopackets' own graph. The scorer, what it learned
from and the texts that bear it out know no phenopacket. Few diseases are in both sources at once: the first row says
how many.
"""

import random
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.reward_parts._world import EACH, background, graph, interval, row, synthetic
from knowledge_graph import Graph, Linker
from knowledge_graph.model import FINDINGS
from reward_filter.bradley_terry import fit, scores
from reward_filter.corrupt import Corruptor, Item
from reward_filter.features import FAMILIES, Featurizer
from reward_filter.train import make_pairs, margins, sides

SOURCE = "phenopackets"
FEWEST, STATED, EACH_DISEASE = 3, 3, 40
CLASSES = ("wrong_entity", "wrong_finding", "negation")
WORDS = {
    "en": ("Which findings are typical of {d}?", "{d} presents with {a}, {b} and {c}."),
    "zh": ("{d}有哪些典型表现?", "{d}表现为{a}、{b}和{c}。"),
}


def measure(data: Path) -> None:
    del data
    theirs = of_source(lambda origins: origins)
    ours = of_source(pc.invert)
    facts = {d: found for d in theirs.of_type("disease") if len(found := findings(theirs, d)) >= FEWEST}
    both = sorted(d for d in facts if len(findings(ours, d)) >= FEWEST)
    items = [item for disease in both for item in stated(theirs, disease, facts[disease])]
    corruptor = Corruptor(theirs, Linker(theirs))
    featurizer = Featurizer(ours, Linker(ours), background(without=SOURCE))
    learned = [item for item in synthetic() if item.group not in both]
    known = make_pairs(learned, Corruptor(ours, Linker(ours)), featurizer, 0, EACH)
    tested = make_pairs(items, Only(corruptor), featurizer, 0, len(CLASSES))
    right = {}
    for name, columns in FAMILIES.items():
        weights = fit(*sides(known), columns, margins(known))
        apart = np.subtract(*(scores(side, weights) for side in sides(tested)))
        right[name] = np.where(apart == 0, 0.5, apart > 0)
    classes = np.array(tested["error_class"].to_pylist())
    print(f"{len(both)} diseases have {FEWEST} findings or more in both sources, of {len(facts)} with patients.\n")
    print("| pairs | n | graph + text | text only | length only | target |\n|---|---|---|---|---|---|")
    for name in ("all", *sorted(set(classes))):
        here = (classes == name) | (name == "all")
        target = ">= 0.90" if name == "all" else ""
        row(name, here.sum(), *(interval(right[f][here]) for f in ("all", "text", "length")), target)


def of_source(chosen) -> Graph:
    """The graph's nodes and hierarchy, with the findings of the source or of all others."""
    whole = graph()
    from_source = pc.match_substring(whole.edges["origin"], SOURCE)
    found = pc.is_in(whole.edges["relation"], pa.array(FINDINGS))
    return Graph(whole.nodes, whole.edges.filter(pc.or_(pc.invert(found), chosen(from_source))))


def findings(known: Graph, disease: str) -> list[str]:
    return sorted({e.object for relation in FINDINGS for e in known.edges_of(disease, relation, 1)})


def stated(known: Graph, disease: str, facts: list[str]):
    """Answers that state three findings each, in each language that has names for all of them."""
    rng = random.Random(disease)
    for language, (question, answer) in WORDS.items():
        name = partial(lambda language, node: next(iter(known.node(node).names(language)), ""), language)
        named = [node for node in facts if name(node)]
        if not name(disease) or len(named) < STATED:
            continue
        for number in range(EACH_DISEASE):
            a, b, c = (name(node) for node in rng.sample(named, STATED))
            text = answer.format(d=name(disease), a=a, b=b, c=c)
            yield Item(
                f"{disease}/{language}/{number}", question.format(d=name(disease)), text, language, disease, "test"
            )


class Only:
    """A corruptor that makes errors of fact alone."""

    def __init__(self, corruptor: Corruptor):
        self.corruptor = corruptor

    def pairs(self, items, seed, each):
        for pair in self.corruptor.pairs(items, seed, 99):
            if pair.error_class in CLASSES:
                yield pair
