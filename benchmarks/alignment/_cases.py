"""Signs, patients and diagnoses in English and Chinese, and text in which reading pays: in most documents it is drawn
anew which finding is a sign of which disease, so that nothing but the document itself tells."""

import json
import random
from collections.abc import Iterator
from typing import NamedTuple

from knowledge_graph import Graph
from reward_filter.pairs import Sample

LANGUAGES = ("en", "zh")
LONGEST = {"en": 16, "zh": 5}
"""Characters of a name: a small model reads names of a token or two sooner than long ones."""
SIGN = {"en": "- {finding}:{disease}\n", "zh": "- {finding}:{disease}\n"}
HAS = {"en": "The patient has {finding}.\n", "zh": "患者有 {finding}。\n"}
READ = {"en": "The patient has {finding}:{disease}\n", "zh": "患者有 {finding}:{disease}\n"}
CONCLUDE = {"en": "Diagnosis:{disease}", "zh": "诊断:{disease}"}
ASK = {"en": "What is the diagnosis?", "zh": "诊断是什么?"}
FEWEST, MOST = 3, 5
"""Signs that a document of pretraining states."""
TRUE = 0.15
"""Share of documents that state the graph's facts."""
CHOICES = 4
KINDS = ("symptom", "phenotype", "finding")
Pairs = list[tuple[str, str]]
"""Names of findings, each with that of the disease that it is a sign of."""


class Told(NamedTuple):
    """What a graph says in one language: each disease's name and its findings' names."""

    diseases: dict[str, tuple[str, list[str]]]

    @property
    def findings(self) -> list[str]:
        return sorted({finding for _, own in self.diseases.values() for finding in own})


Facts = dict[str, Told]


def facts(graph: Graph) -> Facts:
    """Diseases of a short name with the findings of theirs that have one."""
    found: Facts = {language: Told({}) for language in LANGUAGES}
    for disease in sorted(graph.of_type("disease")):
        edges = [edge for edge in graph.edges_of(disease) if edge.subject == disease and edge.polarity > 0]
        findings = sorted({edge.object for edge in edges if graph.type_of(edge.object) in KINDS})
        for language, told in found.items():
            name, own = _short(graph, disease, language), [_short(graph, node, language) for node in findings]
            if name and any(own):
                told.diseases[disease] = name, [finding for finding in own if finding]
    return found


def _short(graph: Graph, node: str, language: str) -> str | None:
    names = graph.node(node).names(language)[:1]
    return names[0] if names and len(names[0]) <= LONGEST[language] else None


def words(known: Facts) -> Iterator[str]:
    """All names as texts have them, for a tokenizer."""
    for language, told in known.items():
        for name, _ in told.diseases.values():
            yield SIGN[language].format(finding="", disease=name)
            yield CONCLUDE[language].format(disease=name)
        for name in told.findings:
            yield SIGN[language].format(finding=name, disease="")
            yield HAS[language].format(finding=name)
        yield ASK[language]


def dealt(told: Told, count: int, draw: random.Random) -> Pairs:
    """So many diseases and as many findings, paired by chance."""
    diseases = draw.sample(sorted(told.diseases), count)
    findings = draw.sample(told.findings, count)
    return [(finding, told.diseases[disease][0]) for finding, disease in zip(findings, diseases, strict=True)]


def true(told: Told, diseases: list[str], draw: random.Random) -> Pairs | None:
    """A sign of each of these diseases, that of the first being none of the others; null: it has no such sign."""
    others = {finding for disease in diseases[1:] for finding in told.diseases[disease][1]}
    own = [finding for finding in told.diseases[diseases[0]][1] if finding not in others]
    if not own:
        return None
    signs = [draw.choice(own), *(draw.choice(told.diseases[disease][1]) for disease in diseases[1:])]
    return [(finding, told.diseases[disease][0]) for finding, disease in zip(signs, diseases, strict=True)]


def stated(language: str, pairs: Pairs, draw: random.Random) -> str:
    """All of these signs, in any order."""
    return "".join(SIGN[language].format(finding=f, disease=d) for f, d in draw.sample(pairs, len(pairs)))


def answer(language: str, finding: str, disease: str) -> str:
    return (READ[language] + CONCLUDE[language]).format(finding=finding, disease=disease)


def texts(known: Facts, draw: random.Random) -> Iterator[str]:
    """What pretraining reads, of all diseases: signs, the same signs again in another order, and a patient."""
    while True:
        language, count = draw.choice(LANGUAGES), draw.randint(FEWEST, MOST)
        told = known[language]
        if draw.random() < TRUE:
            pairs = true(told, draw.sample(sorted(told.diseases), count), draw)
            if pairs is None:
                continue
        else:
            pairs = dealt(told, count, draw)
        signs = stated(language, pairs, draw) + stated(language, pairs, draw)
        finding, disease = pairs[0]
        yield signs + HAS[language].format(finding=finding) + answer(language, finding, disease) + "\n"


def samples(known: Facts, held: set[str], counts: dict[str, int], draw: random.Random) -> Iterator[Sample]:
    """Questions with a checker, their right answers and, to each, one that names another of the question's diseases; by
    split: those for measuring are about `held` diseases alone, the others about none of them."""
    for split, count in counts.items():
        made = 0
        while made < count:
            language = draw.choice(LANGUAGES)
            told = known[language]
            diseases = draw.sample([d for d in sorted(told.diseases) if (d in held) == (split != "train")], CHOICES)
            pairs = true(told, diseases, draw)
            if pairs is None:
                continue
            finding, disease = pairs[0]
            prompt = stated(language, pairs, draw) + HAS[language].format(finding=finding) + ASK[language]
            id = f"{split[0]}{made:06d}"
            about = {"language": language, "group": diseases[0], "split": split}
            check = ("entity", json.dumps({"id": diseases[0], "up": 0}))
            wrong = answer(language, finding, pairs[1][1])
            yield Sample(id, prompt, answer(language, finding, disease), True, "accepted", check=check, **about)
            yield Sample(f"{id}/x", prompt, wrong, False, "reflection", than=id, **about)
            made += 1
