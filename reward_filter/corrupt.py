"""Damage done to good answers on purpose, one known error each: what the reward model learns to tell apart."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from datagen.errors import UsageError
from knowledge_graph import Graph, Linker, Mention, sample_bundle
from knowledge_graph.model import FINDINGS

SENTENCE = re.compile(r"(?<=[.!?;])\s+|(?<=[。!?;])\s*")
DISEASE = "disease"
OBJECTS = {"diagnosed_by": "treated_by", "treated_by": "diagnosed_by"}
Rules = list[list[str]]
"""Pattern and replacement, the first that applies outside a name counts."""
REWORDINGS: dict[str, dict[str, Rules]] = yaml.safe_load((Path(__file__).parent / "rewordings.yaml").read_text("utf-8"))
"""What is done to a sentence -> language -> rules."""


@dataclass(frozen=True)
class Item:
    """A good answer: who asked what (`prompt`, empty for plain text), and what it is about (`group`)."""

    id: str
    prompt: str
    response: str
    language: str
    group: str
    split: str


@dataclass(frozen=True)
class Pair:
    """The same answer right and wrong; `error_class` names what is wrong with `rejected`."""

    id: str
    prompt: str
    chosen: str
    rejected: str
    error_class: str
    language: str
    group: str
    split: str


class Corruptor:
    """Makes wrong answers out of right ones. Wrong entities and findings are near misses from the graph: they belong to
    diseases that resemble the right one, and the graph doesn't affirm them of it."""

    def __init__(self, graph: Graph, linker: Linker):
        self.graph, self.linker = graph, linker
        self._names = cache(lambda node, language: next(iter(graph.node(node).names(language)), ""))
        self._objects = cache(self._objects_of)

    def pairs(self, items: Sequence[Item], seed: int, each: int) -> Iterator[Pair]:
        """Up to `each` pairs of different classes for every item, the classes used least so far first."""
        used: Counter[str] = Counter()
        pool = _Pool(items)
        for item in items:
            rng = random.Random(f"{seed}/{item.id}")
            made = 0
            order = sorted(rng.sample(sorted(CLASSES), len(CLASSES)), key=lambda name: used[name])
            for name in order:
                if made == each:
                    break
                wrong = CLASSES[name](self, item, rng, pool)
                if wrong and wrong.strip() and wrong != item.response:
                    used[name] += 1
                    made += 1
                    yield Pair(item.id, item.prompt, item.response, wrong, name, item.language, item.group, item.split)

    # Facts

    def wrong_entity(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """Every mention of the disease becomes a disease that resembles it."""
        mentions = self.linker.link(item.response)
        main = main_disease(mentions)
        name = self._names(self._rival(main, rng), item.language) if main else ""
        return replaced(item.response, [m for m in mentions if m.node == main], name) if name else None

    def wrong_finding(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """A finding becomes one of a disease that resembles the right one."""
        mentions = self.linker.link(item.response)
        main = main_disease(mentions)
        rival = self._rival(main, rng) if main else None
        own = {o for r in FINDINGS for o in self._objects(main, r)} if main else set()
        known = [m for m in mentions if m.node in own and not m.negated]
        theirs = [o for r in FINDINGS for o in self._objects(rival, r) if o not in own] if rival else []
        if not known or not theirs:
            return None
        return self._swap(item, rng.choice(known), rng.choice(theirs))

    def swapped_test_treatment(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """A test is named where a treatment belongs, or the other way round."""
        mentions = self.linker.link(item.response)
        main = main_disease(mentions)
        options = []
        for relation, other in OBJECTS.items() if main else ():
            instead = [o for o in self._objects(main, other) if o not in self._objects(main, relation)]
            options += [(m, o) for m in mentions if m.node in self._objects(main, relation) for o in instead]
        return self._swap(item, *rng.choice(options)) if options else None

    def negation(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """A statement is denied, or a denial becomes a statement."""
        return self._reworded(item, rng, lambda denial: "affirm" if denial else "deny")

    def wrong_relation(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """A test, treatment or finding is given another part to play."""
        return self._reworded(item, rng, lambda denial: "relation")

    # Form

    def truncated(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """The answer breaks off in the middle."""
        cut = int(len(item.response) * rng.uniform(0.4, 0.8))
        kept = item.response[:cut].rstrip()
        return kept if len(kept) > 10 else None

    def repeated(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """One sentence is said instead of all the others, at about the same length."""
        sentences = [s for s in SENTENCE.split(item.response) if len(s) > 8]
        if len(sentences) < 2:
            return None
        again = rng.choice(sentences)
        gap = " " if item.language == "en" else ""
        return gap.join([again] * max(2, round(len(item.response) / (len(again) + len(gap)))))

    def wrong_language(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """The answer to another question, about the same disease if there is one, in the other language."""
        others = [language for language in pool.languages if language != item.language]
        return pool.draw(item, rng.choice(others), rng, same=True) if others else None

    def irrelevant(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """A right answer to a question about another disease."""
        return pool.draw(item, item.language, rng, same=False)

    # The graph

    def _rival(self, disease: str, rng: random.Random) -> str | None:
        try:
            return rng.choice(sample_bundle(self.graph, disease, rng.randrange(8)).distractors)
        except (UsageError, IndexError):
            return None

    def _objects_of(self, node: str, relation: str) -> tuple[str, ...]:
        return tuple(e.object for e in self.graph.edges_of(node, relation, 1))

    def _swap(self, item: Item, mention: Mention, node: str) -> str | None:
        name = self._names(node, item.language)
        return replaced(item.response, [mention], name) if name else None

    def _reworded(self, item: Item, rng: random.Random, how: Callable[[bool], str]) -> str | None:
        """The answer with one of its statements reworded; `how` is told whether it denies something."""
        changed = []
        for sentence in SENTENCE.split(item.response):
            mentions = self.linker.link(sentence)
            if {m.type == DISEASE for m in mentions} == {True, False}:
                rules = REWORDINGS[how(any(m.negated for m in mentions))][item.language]
                new = _first_rule(rules, sentence, mentions)
                changed += [(sentence, new)] if new else []
        return item.response.replace(*rng.choice(changed), 1) if changed else None


CLASSES: dict[str, Callable] = {
    name: getattr(Corruptor, name)
    for name in (
        "wrong_entity",
        "wrong_finding",
        "swapped_test_treatment",
        "negation",
        "wrong_relation",
        "truncated",
        "repeated",
        "wrong_language",
        "irrelevant",
    )
}


def main_disease(mentions: Sequence[Mention]) -> str | None:
    """The disease that is named most often, the first of those named equally often."""
    counts = Counter(m.node for m in mentions if m.type == DISEASE)
    return counts.most_common(1)[0][0] if counts else None


def replaced(text: str, mentions: Sequence[Mention], name: str) -> str:
    """The text with other words at these places, capitalised where the old ones were."""
    for mention in sorted(mentions, key=lambda m: -m.start):
        old = text[mention.start : mention.end]
        new = name[:1].upper() + name[1:] if old[:1].isupper() and old[1:] == old[1:].lower() else name
        text = text[: mention.start] + new + text[mention.end :]
    return text


def _first_rule(rules: Rules, sentence: str, mentions: Sequence[Mention]) -> str | None:
    for pattern, new in rules:
        for found in re.finditer(pattern, sentence):
            if not any(m.start < found.end() and found.start() < m.end for m in mentions):
                return sentence[: found.start()] + found.expand(new) + sentence[found.end() :]
    return None


class _Pool:
    """Answers to borrow: those that answer a question, by language and family."""

    def __init__(self, items: Sequence[Item]):
        self.languages = sorted({item.language for item in items})
        self._all: dict[str, list[Item]] = {language: [] for language in self.languages}
        self._family: dict[tuple[str, str], list[Item]] = {}
        for item in items:
            if item.prompt:
                self._all[item.language].append(item)
                self._family.setdefault((item.language, item.group), []).append(item)

    def draw(self, item: Item, language: str, rng: random.Random, same: bool) -> str | None:
        """An answer in a language, of the item's own family or (same=False) of another; None for plain text."""
        family = self._family.get((language, item.group), [])
        others = family if same and family else self._all[language]
        if not item.prompt or not others:
            return None
        for _ in range(8):
            found = rng.choice(others)
            if same or found.group != item.group:
                return found.response
        return None
