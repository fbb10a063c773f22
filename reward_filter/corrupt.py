"""Damage done to good answers on purpose, one known error each: what the reward model learns to tell apart."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow.compute as pc

from datagen.errors import UsageError
from knowledge_graph import Graph, Linker, Mention, sample_bundle
from knowledge_graph.model import FINDINGS, IS_A
from reward_filter import wording
from reward_filter.wording import REWORDINGS, SENTENCE, Rules

DISEASE = "disease"
DRUGS = ("drug", "treatment")
SIGNS = ("phenotype", "symptom", "finding")
SWAPPED = ("gene", "pathogen", "test", "procedure", "anatomy", "risk_factor", *DRUGS)
"""Types of things that an answer is wrong about as a whole where it gives another one."""
OBJECTS = {"diagnosed_by": "treated_by", "treated_by": "diagnosed_by"}
MATCHED = 0.4
"""How far from its own length, as a share, an answer that breaks off may be held against a whole one."""
CONTRAINDICATED = ("contraindicated", "contraindicated_with")
FAR, KIN, NEAR = 1, 2, 3
"""How hard an error is to see: anything of the type, something of the same kind, something that resembles it."""
Damage = str | tuple[str, int] | tuple[str, str] | None
"""A wrong answer; with how hard it is to see (default: NEAR); or with another right one that it is held against."""


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
    """The same answer right and wrong, at about one length; `error_class` names what is wrong with `rejected`,
    `difficulty` (1 to 3) how hard that is to see."""

    id: str
    prompt: str
    chosen: str
    rejected: str
    error_class: str
    language: str
    group: str
    split: str
    difficulty: int


class Corruptor:
    """Makes wrong answers out of right ones, English or Chinese. Wrong entities and findings are near misses where the
    graph has some: they belong to diseases that resemble the right one, and the graph doesn't affirm them of it."""

    def __init__(self, graph: Graph, linker: Linker):
        self.graph, self.linker = graph, linker
        self._names = cache(lambda node, language: next(iter(graph.node(node).names(language)), ""))
        self._objects = cache(self._objects_of)
        self._called = cache(self._called_of)

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
                pair = _pair(item, name, CLASSES[name](self, item, rng, pool))
                if pair:
                    used[name] += 1
                    made += 1
                    yield pair

    # Facts

    def wrong_entity(self, item: Item, rng: random.Random, pool: "_Pool") -> Damage:
        """Every mention of the disease becomes another disease; where only the question names one, something else that
        the answer names becomes another thing of its type."""
        mentions = self.linker.link(item.response)
        main = main_disease(mentions)
        others = [m for m in mentions if m.type in SWAPPED and not m.negated]
        asked = item.prompt and main_disease(self.linker.link(item.prompt))
        if others and (main is None or (asked == main and rng.random() < 0.5)):
            return self._another(item, mentions, rng.choice(others), rng)
        if main is None:
            return None
        node, difficulty = self._rival(main, item.language, rng)
        name = self._names(node, item.language) if node else ""
        return (replaced(item.response, [m for m in mentions if m.node == main], name), difficulty) if name else None

    def wrong_finding(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """A finding becomes one of a disease that resembles the right one."""
        mentions = self.linker.link(item.response)
        main = main_disease(mentions)
        rival, _ = self._rival(main, item.language, rng) if main else (None, 0)
        own = self._findings(main) if main else set()
        known = [m for m in mentions if m.node in own and not m.negated]
        theirs = sorted(self._findings(rival) - own) if rival else []
        if not known or not theirs:
            return None
        return self._swap(item, rng.choice(known), rng.choice(theirs))

    def wrong_drug(self, item: Item, rng: random.Random, pool: "_Pool") -> Damage:
        """A drug or treatment becomes another one that the graph doesn't give for the disease."""
        mentions = self.linker.link(item.response)
        drugs = [m for m in mentions if m.type in DRUGS and not m.negated]
        return self._another(item, mentions, rng.choice(drugs), rng) if drugs else None

    def contraindicated(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """What must not be given is: one that the graph forbids instead of a treatment, or a warning turned round."""
        mentions = self.linker.link(item.response)
        main = main_disease(mentions)
        forbidden = [o for r in CONTRAINDICATED for o in self._objects(main, r)] if main else []
        drugs = [m for m in mentions if m.type in DRUGS and not m.negated]
        if forbidden and drugs:
            return self._swap(item, rng.choice(drugs), rng.choice(forbidden))
        return self._reworded(item, rng, lambda denial: "contraindicated", anywhere=True)

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

    def causality(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """What is a cause becomes the consequence."""
        return self._reworded(item, rng, lambda denial: "causality", anywhere=True)

    def overclaim(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """What is often so is always so."""
        return self._reworded(item, rng, lambda denial: "overclaim", anywhere=True)

    def number(self, item: Item, rng: random.Random, pool: "_Pool") -> Damage:
        """A percentage, count or span of time is another."""
        return wording.number(item.response, rng)

    def dose(self, item: Item, rng: random.Random, pool: "_Pool") -> Damage:
        """An amount is ten times what it was, a fifth of it, or in another unit."""
        return wording.dose(item.response, rng)

    def age_sex(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """Said of those whom it doesn't befall: the other sex, another age."""
        return wording.opposite("age_sex", item.response, item.language, rng)

    def order(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """What comes first comes last."""
        return wording.opposite("order", item.response, item.language, rng)

    def anatomy(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """The other side, the other end, another organ."""
        return wording.opposite("anatomy", item.response, item.language, rng)

    def omitted_caution(self, item: Item, rng: random.Random, pool: "_Pool") -> Damage:
        """Where a warning belongs, something harmless is said."""
        return self._ended("omitted_caution", item, rng)

    # Form and conduct

    def unsafe(self, item: Item, rng: random.Random, pool: "_Pool") -> Damage:
        """Dangerous advice instead of the safe one of the same matter."""
        return self._ended("unsafe", item, rng)

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

    def incoherent(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """The words of a sentence in an order that makes no sense."""
        return wording.shuffled(item.response, item.language, rng)

    def copied(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """The question again, as often as makes an answer of the length."""
        if not item.prompt:
            return None
        return whole_sentences(
            " ".join([item.prompt] * (1 + len(item.response) // len(item.prompt))), len(item.response)
        )

    def padded(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """Empty phrases in the place of a sentence."""
        return wording.padded(item.response, item.language, item.split, rng)

    def wrong_language(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """The answer to another question, about the same disease if there is one, in the other language."""
        others = [language for language in pool.languages if language != item.language]
        return pool.draw(item, rng.choice(others), rng, same=True) if others else None

    def irrelevant(self, item: Item, rng: random.Random, pool: "_Pool") -> str | None:
        """A right answer to a question about something else, of about the same length where there is one."""
        return pool.draw(item, item.language, rng, same=False)

    # The graph

    def _rival(self, disease: str, language: str, rng: random.Random) -> tuple[str | None, int]:
        """A disease that isn't this one, with a name in the language, and how near it is."""
        try:
            near = sample_bundle(self.graph, disease, rng.randrange(8)).distractors
        except UsageError:
            near = ()
        for level, found in ((NEAR, near), (KIN, self._kin(disease)), (FAR, self._called(DISEASE, language))):
            named = found if level == FAR else [n for n in found if n != disease and self._names(n, language)]
            if named:
                return rng.choice(named), level
        return None, FAR

    def _another(self, item: Item, mentions: Sequence[Mention], mention: Mention, rng: random.Random) -> Damage:
        """Every mention of a node becomes another node of its type that the graph doesn't link to the disease."""
        main = main_disease([*self.linker.link(item.prompt), *mentions] if item.prompt else mentions)
        own = {e.object for e in self.graph.edges_of(main)} if main else set()
        taken = {*mention.candidates, *own}
        kin = [n for n in self._kin(mention.node) if n not in taken and self._names(n, item.language)]
        others = self._called(mention.type, item.language)
        node, level = (rng.choice(kin), KIN) if kin and rng.random() < 0.5 else (rng.choice(others or [None]), FAR)
        if node is None or node in taken:
            return None
        here = [m for m in mentions if m.node == mention.node]
        return replaced(item.response, here, self._names(node, item.language)), level

    def _kin(self, node: str) -> list[str]:
        """Nodes under the same parents."""
        above = self._objects(node, IS_A)
        return sorted({e.subject for p in above for e in self.graph.edges_of(p, IS_A, 1, inverse=True)} - {node})

    def _called_of(self, kind: str, language: str) -> list[str]:
        """Nodes of a type that have a name in a language."""
        names = self.graph.nodes[f"name_{language}"]
        wanted = pc.and_(pc.equal(self.graph.nodes["type"], kind), pc.is_valid(names))
        return self.graph.nodes["id"].filter(wanted).to_pylist()

    def _findings(self, disease: str) -> set[str]:
        return {o for relation in FINDINGS for o in self._objects(disease, relation)}

    def _objects_of(self, node: str, relation: str) -> tuple[str, ...]:
        return tuple(e.object for e in self.graph.edges_of(node, relation, 1))

    def _swap(self, item: Item, mention: Mention, node: str) -> str | None:
        name = self._names(node, item.language)
        return replaced(item.response, [mention], name) if name else None

    def _reworded(
        self, item: Item, rng: random.Random, how: Callable[[bool], str], anywhere: bool = False
    ) -> str | None:
        """The answer with one of its statements reworded; `how` is told whether it denies something. Statements say
        something of a disease, unless `anywhere`, or the answer is to a question."""
        changed = []
        for sentence in SENTENCE.split(item.response):
            mentions = self.linker.link(sentence)
            if anywhere or item.prompt or {m.type == DISEASE for m in mentions} == {True, False}:
                rules = REWORDINGS[how(any(m.negated for m in mentions))][item.language]
                new = _first_rule(rules, sentence, mentions)
                changed += [(sentence, new)] if new else []
        return item.response.replace(*rng.choice(changed), 1) if changed else None

    def _ended(self, kind: str, item: Item, rng: random.Random) -> tuple[str, str] | None:
        finished = re.search(r"[.!?。\uff01\uff1f]$", item.response)
        return wording.ended(kind, item.response, item.language, item.split, rng) if finished else None


FACTS = (
    "wrong_entity",
    "wrong_finding",
    "wrong_drug",
    "contraindicated",
    "negation",
    "dose",
    "number",
    "anatomy",
    "age_sex",
    "causality",
    "order",
    "omitted_caution",
    "swapped_test_treatment",
    "wrong_relation",
    "overclaim",
)
FORM = ("unsafe", "truncated", "repeated", "incoherent", "copied", "padded", "wrong_language", "irrelevant")
CLASSES: dict[str, Callable] = {name: getattr(Corruptor, name) for name in (*FACTS, *FORM)}


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


def whole_sentences(text: str, length: int) -> str:
    """As many whole sentences from the start as come nearest to a length in characters, one at least; the text where
    it is no longer."""
    if len(text) <= length:
        return text
    ends = [m.start() for m in SENTENCE.finditer(text) if m.start()] + [len(text)]
    return text[: min(ends, key=lambda end: abs(end - length))].rstrip()


def _pair(item: Item, name: str, damage: Damage) -> Pair | None:
    """None where nothing was damaged. What the damage made shorter is held against whole sentences of its length."""
    if damage is None or isinstance(damage, str):
        damage = (damage or "", NEAR)
    chosen, rejected, difficulty = (
        (*damage, NEAR) if isinstance(damage[1], str) else (item.response, damage[0], damage[1])
    )
    if name == "truncated" and rejected:
        chosen = whole_sentences(chosen, len(rejected))
        if abs(len(chosen) - len(rejected)) > MATCHED * len(rejected):
            return None
    if not rejected.strip() or chosen == rejected:
        return None
    about = (item.language, item.group, item.split)
    return Pair(item.id, item.prompt, chosen, rejected, name, *about, difficulty)


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
        """An answer in a language, of the item's own family or (same=False) of another; None for plain text. Of eight
        drawn, the one that is nearest in length."""
        family = self._family.get((language, item.group), [])
        others = family if same and family else self._all[language]
        if not item.prompt or not others:
            return None
        drawn = [found for found in (rng.choice(others) for _ in range(8)) if same or found.group != item.group]
        if not drawn:
            return None
        return min(drawn, key=lambda found: abs(len(found.response) - len(item.response))).response
