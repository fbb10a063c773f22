"""A small generative grammar: weighted, recursive productions over structured facts, realised with agreement.

Productions are data (YAML), one file a language. A template may hold

    {rule}          the expansion of another rule, which may be the same one
    {rule?}         the same while something is left on the agenda, else nothing
    {next}          the next message of the agenda, by the rule that the message names
    {slot}          a thing, or several as a list: "fever, cough and pallor"
    {or slot}       the same with the other conjunction
    {is slot}       a verb agreeing with the slot in number (English): "is" or "are"
    (this|that|)    one of several, each as likely
    a/an            the article that the next word asks for

and an alternative of weight 3 is written `- 3: "..."`. An alternative that was used in a text is less likely to be
used in it again. A rule that a slot without things is named in says nothing.
The rule `sentence` marks what is traced: which edges each sentence of the text claims.
"""

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
    weight: float
    nodes: tuple[_Node, ...]
    refs: tuple[str, ...]
    messages: int


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
        self.lists = {k: _Conjunction(v["between"], tuple(v["last"])) for k, v in data["lists"].items()}
        self.rules = {name: _alternatives(path, name, body) for name, body in data["rules"].items()}
        for name, alternatives in self.rules.items():
            for ref in (ref for alternative in alternatives for ref in alternative.refs):
                if ref not in self.rules and ref not in slots and ref != "next":
                    raise GrammarError(f"{path.name}: {name}: {{{ref}}} is neither a rule nor a slot")

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

    def expand(self, rule: str, slots: dict[str, Slot], depth: int) -> str:
        if depth > DEPTH:
            raise GrammarError(f"{self.grammar.language}: {rule} doesn't come to an end")
        fitting = [a for a in self.grammar.rules[rule] if a.messages <= len(self.agenda)]
        if not fitting:
            raise GrammarError(f"{self.grammar.language}: {rule} needs more messages than are left")
        weights = [a.weight * REUSE ** self.used.get(id(a), 0) for a in fitting]
        chosen = self.rng.choices(fitting, weights)[0]
        self.used[id(chosen)] = self.used.get(id(chosen), 0) + 1
        if any(slots.get(name) == () for name in chosen.refs):
            return ""
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
            return self.expand(message.rule, {**slots, **message.slots}, depth)
        if node.text in self.grammar.rules:
            return "" if node.mode == "?" and not self.agenda else self.expand(node.text, slots, depth)
        if node.text not in slots:
            raise GrammarError(f"{self.grammar.language}: nothing fills {{{node.text}}}")
        return self._slot(slots[node.text], node.mode)

    def _slot(self, slot: Slot, mode: str) -> str:
        things = slot if isinstance(slot, tuple) else (slot,)
        if mode not in ("", *self.grammar.lists):
            plural = len(things) > 1 or plural_phrase(self._name(things[0]))
            return plural_verb(mode) if plural else mode
        if self.keys:
            self.keys[-1] += [key for thing in things for key in thing.keys]
        names = [self._name(thing) for thing in things]
        style = self.grammar.lists[mode or "and"]
        if len(names) == 1:
            return names[0]
        return style.between.join(names[:-1]) + self.rng.choice(style.last) + names[-1]

    def _name(self, thing: Thing) -> str:
        """The preferred name at first mention, any name afterwards, but one name within a message."""
        if thing.names not in self.words:
            again = thing.names in self.named and len(thing.names) > 1
            self.words[thing.names] = self.rng.choice(thing.names) if again else thing.names[0]
            self.named.add(thing.names)
        return self.words[thing.names]


def _finish(text: str, keys: list[list[str]], english: bool) -> tuple[str, list[Sentence]]:
    if english:
        text = re.sub(f"\\ba/an (?=({MARK}*)(\\S+))", lambda m: article(m[2]) + " ", text)
        start = f"((?:^|[.!?]{MARK}*\\s|\\n){MARK}*)([a-z])(?=[a-z]*\\b)"
        text = re.sub(start, lambda m: m[1] + m[2].upper(), re.sub(" +", " ", text))
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
        weight, template = next(iter(entry.items())) if isinstance(entry, dict) else (1, entry)
        try:
            nodes, _ = _parse(template, 0, nested=False)
        except (IndexError, ValueError):
            raise GrammarError(f"{path.name}: {name}: unbalanced bracket in {template!r}") from None
        refs = tuple(_refs(nodes))
        found.append(_Alternative(float(weight), nodes, refs, refs.count("next")))
    return tuple(found)


def _refs(nodes: tuple[_Node, ...]) -> list[str]:
    found = []
    for node in nodes:
        if node.kind == "ref":
            found.append(node.text)
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
