"""A small generative grammar: weighted, recursive productions over structured facts, realised with agreement.

Productions are data (YAML), one file a language. A template may hold

    {rule}          the expansion of another rule, which may be the same one
    {rule?}         the same while something is left on the agenda, else nothing
    {next}          the next message of the agenda, by the rule that the message names
    {slot}          a thing, or several as a list: "fever, cough and pallor"
    {or slot}       the same with the other conjunction
    {full slot}     the same by a name, never `again` (see below)
    {is slot}       a verb agreeing with the slot in number (English): "is" or "are"
    (this|that|)    one of several, each as likely
    a/an            the article that the next word asks for

and an alternative of weight 3 is written `- 3: "..."`. One without a weight weighs the more the more ways there are to
say it (the square root of their number), so that no fixed phrase takes a large share; one that was used in a text is
less likely to be used in it again. A rule that a slot without things is named in says nothing.

What a message is about may be called what the grammar lists (`again`: the disease, it) while the text stays with it.
The rule `sentence` marks what is traced: which edges each sentence of the text claims.
"""

import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from synthesis.english import article, plural_phrase, plural_verb

OPEN, CLOSE = "\ue000", "\ue001"
"""Enclose what the rule `sentence` says, until the text is finished."""
MARK = f"[{OPEN}{CLOSE}]"
REUSE = 0.15
"""How likely an alternative is to be used again in a text, against one not yet used."""
ANAPHORA = 0.75
"""How likely something named before is called otherwise while the text stays with it."""
FULL = "full"
DEPTH = 60


class GrammarError(ValueError):
    """A grammar file that can't be used; the message says which rule and why."""


@dataclass(frozen=True)
class Thing:
    """Something with names (the preferred one first) and the edges whose claim is made where it is named."""

    names: tuple[str, ...]
    keys: tuple[str, ...] = ()


Slot = Thing | tuple[Thing, ...]


@dataclass(frozen=True)
class Message:
    """One thing to say: the rule that says it and what its slots hold."""

    rule: str
    slots: Mapping[str, Slot]
    anaphora: bool = True
    """Whether its topic may be called `again`."""
    framed: bool = False
    """It brings its own opening and stands in a sentence by itself."""


@dataclass(frozen=True)
class Sentence:
    """What a part of a text claims: character offsets and the keys of the edges it realises."""

    start: int
    end: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class _Node:
    """A piece of a template: `kind` is text, ref or choice."""

    kind: str
    text: str = ""
    mode: str = ""
    options: tuple[tuple["_Node", ...], ...] = ()


@dataclass(frozen=True)
class _Alternative:
    weight: float | None
    nodes: tuple[_Node, ...]
    refs: tuple[str, ...]
    messages: int
    full: bool


@dataclass(frozen=True)
class _Conjunction:
    between: str
    last: tuple[str, ...]


class Grammar:
    """The productions of one language. Raises GrammarError for a file that names what is neither rule nor slot."""

    def __init__(self, path: Path, slots: frozenset[str]):
        data = yaml.safe_load(path.read_text("utf-8"))
        self.language: str = data["language"]
        self.english = self.language == "en"
        self.orders: list[list[str]] = data["orders"]
        self.again: tuple[str, ...] = tuple(data["again"])
        self.subject: tuple[str, ...] = tuple(data["subject"])
        self.lists = {k: _Conjunction(v["between"], tuple(v["last"])) for k, v in data["lists"].items()}
        self.rules = {name: _alternatives(path, name, body) for name, body in data["rules"].items()}
        for name, alternatives in self.rules.items():
            for ref in (ref for alternative in alternatives for ref in alternative.refs):
                if ref not in self.rules and ref not in slots and ref != "next":
                    raise GrammarError(f"{path.name}: {name}: {{{ref}}} is neither a rule nor a slot")
        ways: dict[str, float] = {}
        self.weights = {
            id(a): math.sqrt(self._ways(a.nodes, ways)) if a.weight is None else a.weight
            for alternatives in self.rules.values()
            for a in alternatives
        }

    def _ways(self, nodes: tuple["_Node", ...], known: dict[str, float]) -> float:
        """In how many ways something can be said, slots aside. Recursion counts once."""
        product = 1.0
        for node in nodes:
            if node.kind == "choice":
                product *= sum(self._ways(option, known) for option in node.options)
            elif node.kind == "ref" and node.text in self.rules:
                if node.text not in known:
                    known[node.text] = 1.0
                    known[node.text] = sum(self._ways(a.nodes, known) for a in self.rules[node.text])
                product *= known[node.text]
        return product

    def realise(
        self, rule: str, slots: Mapping[str, Slot], agenda: Sequence[Message], rng: random.Random
    ) -> tuple[str, list[Sentence]]:
        """A text by a rule, and what its sentences claim. Raises GrammarError where a slot is missing or recursion
        doesn't end."""
        derivation = _Derivation(self, rng, list(agenda))
        text = derivation.expand(rule, dict(slots), 0)
        if derivation.agenda:
            raise GrammarError(f"{self.language}: {rule} left {len(derivation.agenda)} messages unsaid")
        return _finish(text, derivation.keys, self.english)


@dataclass
class _Derivation:
    grammar: Grammar
    rng: random.Random
    agenda: list[Message]
    used: dict[int, int] = field(default_factory=dict)
    named: set[tuple[str, ...]] = field(default_factory=set)
    words: dict[tuple[str, ...], str] = field(default_factory=dict)
    keys: list[list[str]] = field(default_factory=list)
    about: Slot | None = None
    same: bool = False
    leads: bool = False

    def expand(self, rule: str, slots: dict[str, Slot], depth: int) -> str:
        if depth > DEPTH:
            raise GrammarError(f"{self.grammar.language}: {rule} doesn't come to an end")
        fitting = [a for a in self.grammar.rules[rule] if a.messages <= len(self.agenda)]
        if rule == "sentence":
            fitting = [
                a for a in fitting if a.refs == ("next",) or not any(m.framed for m in self.agenda[: a.messages])
            ]
        if not fitting:
            raise GrammarError(f"{self.grammar.language}: {rule} needs more messages than are left")
        weights = [self.grammar.weights[id(a)] * REUSE ** self.used.get(id(a), 0) for a in fitting]
        chosen = self.rng.choices(fitting, weights)[0]
        self.used[id(chosen)] = self.used.get(id(chosen), 0) + 1
        if any(slots.get(name) == () for name in chosen.refs):
            return ""
        self.same = self.same and not chosen.full
        self.leads = chosen.nodes[:1] != () and chosen.nodes[0].text == "topic"
        if rule != "sentence":
            return self.say(chosen.nodes, slots, depth)
        self.keys.append([])
        return f"{OPEN}{self.say(chosen.nodes, slots, depth)}{CLOSE}"

    def say(self, nodes: tuple[_Node, ...], slots: dict[str, Slot], depth: int) -> str:
        return "".join(self._node(node, slots, depth + 1) for node in nodes)

    def _node(self, node: _Node, slots: dict[str, Slot], depth: int) -> str:
        if node.kind == "text":
            return node.text
        if node.kind == "choice":
            return self.say(self.rng.choice(node.options), slots, depth)
        if node.text == "next":
            message = self.agenda.pop(0)
            self.words.clear()
            about = message.slots.get("topic", message.slots.get("rival"))
            self.same = message.anaphora and about is not None and about == self.about
            self.about = about
            return self.expand(message.rule, {**slots, **message.slots}, depth)
        if node.text in self.grammar.rules:
            return "" if node.mode == "?" and not self.agenda else self.expand(node.text, slots, depth)
        if node.text not in slots:
            raise GrammarError(f"{self.grammar.language}: nothing fills {{{node.text}}}")
        return self._slot(slots[node.text], node.mode)

    def _slot(self, slot: Slot, mode: str) -> str:
        things = slot if isinstance(slot, tuple) else (slot,)
        if mode not in ("", FULL, *self.grammar.lists):
            plural = len(things) > 1 or plural_phrase(self._name(things[0]))
            return plural_verb(mode) if plural else mode
        if self.keys:
            self.keys[-1] += [key for thing in things for key in thing.keys]
        names = [self._name(thing) for thing in things]
        style = self.grammar.lists.get(mode, self.grammar.lists["and"])
        if len(names) == 1:
            return names[0]
        return style.between.join(names[:-1]) + self.rng.choice(style.last) + names[-1]

    def _name(self, thing: Thing) -> str:
        """The preferred name at first mention, any name or an anaphor afterwards, but one name within a message."""
        if thing.names not in self.words:
            known = thing.names in self.named
            if known and self.same and thing == self.about and self.rng.random() < ANAPHORA:
                self.words[thing.names] = self.rng.choice(self.grammar.again + self.grammar.subject * self.leads)
            else:
                self.words[thing.names] = self.rng.choice(thing.names) if known else thing.names[0]
            self.named.add(thing.names)
        return self.words[thing.names]


def _finish(text: str, keys: list[list[str]], english: bool) -> tuple[str, list[Sentence]]:
    if english:
        text = re.sub(f"\\ba/an (?=({MARK}*)(\\S+))", lambda m: article(m[2]) + " ", re.sub(" +", " ", text))
        start = f"((?:^|[.!?]{MARK}*\\s|\\n){MARK}*)([a-z])(?=[a-z]*\\b)"
        text = re.sub(start, lambda m: m[1] + m[2].upper(), text)
    sentences, clean, started = [], "", 0
    for piece in re.split(f"({MARK})", text.strip()):
        if piece == OPEN:
            started = len(clean)
        elif piece == CLOSE:
            sentences.append(Sentence(started, len(clean), tuple(keys[len(sentences)])))
        else:
            clean += piece
    return clean, sentences


def _alternatives(path: Path, name: str, body: Any) -> tuple[_Alternative, ...]:
    if not isinstance(body, list) or not body:
        raise GrammarError(f"{path.name}: {name} must be a list of alternatives")
    found = []
    for entry in body:
        weight, template = next(iter(entry.items())) if isinstance(entry, dict) else (None, entry)
        try:
            nodes, _ = _parse(template, 0, nested=False)
        except (IndexError, ValueError):
            raise GrammarError(f"{path.name}: {name}: unbalanced bracket in {template!r}") from None
        found_refs = tuple(_refs(nodes))
        refs = tuple(node.text for node in found_refs)
        full = any(node.mode == FULL for node in found_refs)
        found.append(_Alternative(weight, nodes, refs, refs.count("next"), full))
    return tuple(found)


def _refs(nodes: tuple[_Node, ...]) -> list[_Node]:
    found = []
    for node in nodes:
        if node.kind == "ref":
            found.append(node)
        for option in node.options:
            found += _refs(option)
    return found


def _parse(template: str, at: int, nested: bool) -> tuple[tuple[_Node, ...], int]:
    """Nodes from `at` to the end, or to the bar or bracket that ends an option; raises IndexError past the end."""
    nodes: list[_Node] = []
    while nested or at < len(template):
        char = template[at]
        if char == "{":
            *mode, name = template[at + 1 : template.index("}", at)].split(" ")
            mark = "?" if name.endswith("?") else " ".join(mode)
            nodes.append(_Node("ref", name.removesuffix("?"), mark))
            at = template.index("}", at) + 1
        elif char == "(":
            options = []
            while template[at] != ")":
                option, at = _parse(template, at + 1, nested=True)
                options.append(option)
            nodes.append(_Node("choice", options=tuple(options)))
            at += 1
        elif char in "|)":
            if not nested:
                raise ValueError(char)
            break
        else:
            end = at
            while end < len(template) and template[end] not in "{(|)":
                end += 1
            nodes.append(_Node("text", template[at:end]))
            at = end
    return tuple(nodes), at
