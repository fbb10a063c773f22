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
less likely to be used in it again. A rule that a slot without things is named in says nothing. Where there is a rule
`often.rare`, it stands for `often` in a message of the rate `rare`.

What a message is about may be called what the grammar lists (`again`: the disease, it) while the text stays with it; an
alternative written `- again: "..."` doesn't name it at all, and is for then only.
The rule `sentence` marks what is traced: which edges each sentence of the text claims.
"""

import math
import random
import re
from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml

from synthesis.english import article, plural_phrase, plural_verb

OPEN, CLOSE = "\ue000", "\ue001"
"""Enclose what the rule `sentence` says, until the text is finished."""
MARK = f"[{OPEN}{CLOSE}]"
REUSE = 0.15
"""How likely an alternative is to be used again in a text, against one not yet used."""
ANAPHORA = 0.85
"""How likely something named before is called otherwise while the text stays with it."""
AGAIN = 3.0
"""How much likelier a way is that doesn't name it, where it needn't be named."""
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
    """It stands in a sentence by itself, with no opening but its own."""
    rate: str = ""
    """How often it holds, for rules with a form for each (`often.rare`)."""


@dataclass(frozen=True)
class Sentence:
    """What a part of a text claims: character offsets and the keys of the edges it realises."""

    start: int
    end: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class _Ref:
    """A rule or slot named in a template."""

    name: str
    mode: str


@dataclass(frozen=True)
class _Choice:
    """`words`: the options, where each is nothing but words."""

    options: tuple["_Parts", ...]
    words: tuple[str, ...] = ()


_Parts = tuple["str | _Ref | _Choice", ...]


@dataclass(frozen=True)
class _Alternative:
    weight: float | None
    parts: _Parts
    refs: tuple[str, ...]
    messages: int
    full: bool
    again: bool


@dataclass(frozen=True)
class _Conjunction:
    between: str
    last: tuple[str, ...]


@dataclass(frozen=True)
class _Rule:
    """Alternatives and their weights. `agenda`: whether they fit depends on what is left to say; `again`: which of them
    don't name what the text is about, if any; `words`: the alternatives, where each is nothing but words."""

    name: str
    alternatives: tuple[_Alternative, ...]
    weights: tuple[float, ...]
    agenda: bool
    again: tuple[bool, ...]
    words: tuple[str, ...]


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
        found = {name: _alternatives(path, name, body) for name, body in data["rules"].items()}
        for name, alternatives in found.items():
            for ref in (ref for alternative in alternatives for ref in alternative.refs):
                if ref not in found and ref not in slots and ref != "next":
                    raise GrammarError(f"{path.name}: {name}: {{{ref}}} is neither a rule nor a slot")
        ways: dict[str, float] = {}
        self.rules = {name: _rule(name, alternatives, found, ways) for name, alternatives in found.items()}
        self.rates: dict[str, dict[str, _Rule]] = {}
        for name, rule in self.rules.items():
            base, _, rate = name.rpartition(".")
            if base in self.rules:
                self.rates.setdefault(base, {})[rate] = rule

    def realise(
        self,
        rule: str,
        slots: Mapping[str, Slot],
        agenda: Sequence[Message],
        rng: random.Random,
        named: set[tuple[str, ...]] | None = None,
        about: Slot | None = None,
    ) -> tuple[str, list[Sentence]]:
        """A text by a rule, and what its sentences claim. `named` are the names of things that were named before, where
        the reader knows them by now; those named here are added. `about` is what the words before were about. Raises
        GrammarError where a slot is missing or recursion doesn't end."""
        empty = frozenset([name for name, slot in slots.items() if slot == ()])
        derivation = _Derivation(self, rng.random, list(agenda), set() if named is None else named, about, empty)
        text = derivation.expand(rule, dict(slots), 0)
        if derivation.agenda:
            raise GrammarError(f"{self.language}: {rule} left {len(derivation.agenda)} messages unsaid")
        return _finish(text, derivation.keys, self.english)


def _rule(name: str, alternatives: tuple[_Alternative, ...], rules: dict, ways: dict[str, float]) -> _Rule:
    weights = [
        a.weight if a.weight is not None else math.sqrt(_ways(a.parts, rules, ways)) * (AGAIN if a.again else 1)
        for a in alternatives
    ]
    agenda = name == "sentence" or any(a.messages for a in alternatives)
    again = tuple(a.again for a in alternatives) if any(a.again for a in alternatives) else ()
    words = _words([a.parts for a in alternatives])
    return _Rule(name, alternatives, tuple(weights), agenda, again, words)


def _ways(parts: _Parts, rules: Mapping[str, tuple[_Alternative, ...]], known: dict[str, float]) -> float:
    """In how many ways something can be said, slots aside. Recursion counts once."""
    product = 1.0
    for part in parts:
        if isinstance(part, _Choice):
            product *= sum(_ways(option, rules, known) for option in part.options)
        elif isinstance(part, _Ref) and part.name in rules:
            if part.name not in known:
                known[part.name] = 1.0
                known[part.name] = sum(_ways(a.parts, rules, known) for a in rules[part.name])
            product *= known[part.name]
    return product


@dataclass
class _Derivation:
    grammar: Grammar
    random: Callable[[], float]
    agenda: list[Message]
    named: set[tuple[str, ...]]
    about: Slot | None = None
    empty: frozenset[str] = frozenset()
    """Slots without things."""
    left: dict[str, list[float]] = field(default_factory=dict)
    """By rule, the weights of its alternatives after those that were used."""
    words: dict[tuple[str, ...], str] = field(default_factory=dict)
    keys: list[list[str]] = field(default_factory=list)
    same: bool = False
    leads: bool = False
    rate: str = ""

    def expand(self, name: str, slots: dict[str, Slot], depth: int) -> str:
        if depth > DEPTH:
            raise GrammarError(f"{self.grammar.language}: {name} doesn't come to an end")
        rule = self.grammar.rules[name]
        if self.rate and name in self.grammar.rates:
            rule = self.grammar.rates[name].get(self.rate, rule)
        place = self._drawn(rule)
        if rule.words:
            self.leads = False
            return rule.words[place]
        chosen = rule.alternatives[place]
        if self.empty and not self.empty.isdisjoint(chosen.refs):
            return ""
        self.same = self.same and not chosen.full
        first = chosen.parts[0] if chosen.parts else None
        self.leads = first.__class__ is _Ref and first.name == "topic"
        if name != "sentence":
            return self.say(chosen.parts, slots, depth)
        self.keys.append([])
        return f"{OPEN}{self.say(chosen.parts, slots, depth)}{CLOSE}"

    def _drawn(self, rule: _Rule) -> int:
        """The place of an alternative, by weight; one used in this text counts the less the more often it was."""
        weights = fitting = self.left.get(rule.name) or self.left.setdefault(rule.name, [*rule.weights])
        if rule.agenda:
            fits = [self._fits(rule, alternative) for alternative in rule.alternatives]
            fitting = [w if fit else 0.0 for w, fit in zip(weights, fits, strict=True)]
        elif rule.again and not self.same:
            fitting = [0.0 if again else w for w, again in zip(weights, rule.again, strict=True)]
        sums = list(accumulate(fitting))
        if not sums[-1]:
            raise GrammarError(f"{self.grammar.language}: {rule.name} needs more messages than are left")
        place = bisect(sums, self.random() * sums[-1], hi=len(sums) - 1)
        weights[place] *= REUSE
        return place

    def _fits(self, rule: _Rule, alternative: _Alternative) -> bool:
        if alternative.again and not self.same:
            return False
        if not alternative.messages:
            return True
        if alternative.messages > len(self.agenda):
            return False
        alone = rule.name != "sentence" or alternative.refs == ("next",)
        return alone or not any([message.framed for message in self.agenda[: alternative.messages]])

    def say(self, parts: _Parts, slots: dict[str, Slot], depth: int) -> str:
        said = []
        for part in parts:
            kind = part.__class__
            if kind is str:
                said.append(part)
            elif kind is _Choice:
                said.append(self._one(part.words) if part.words else self.say(self._one(part.options), slots, depth))
            else:
                said.append(self._ref(part, slots, depth + 1))
        return "".join(said)

    def _one(self, options: Sequence[Any]) -> Any:
        return options[int(self.random() * len(options))]

    def _ref(self, ref: _Ref, slots: dict[str, Slot], depth: int) -> str:
        if ref.name == "next":
            message = self.agenda.pop(0)
            self.words.clear()
            about = message.slots.get("topic", message.slots.get("rival"))
            self.same = message.anaphora and about is not None and about == self.about
            self.about, self.rate = about, message.rate
            return self.expand(message.rule, {**slots, **message.slots}, depth)
        if ref.name in self.grammar.rules:
            return "" if ref.mode == "?" and not self.agenda else self.expand(ref.name, slots, depth)
        if ref.name not in slots:
            raise GrammarError(f"{self.grammar.language}: nothing fills {{{ref.name}}}")
        return self._slot(slots[ref.name], ref.mode)

    def _slot(self, slot: Slot, mode: str) -> str:
        things = slot if slot.__class__ is tuple else (slot,)
        if mode and mode != FULL and mode not in self.grammar.lists:
            plural = len(things) > 1 or plural_phrase(self._name(things[0]))
            return plural_verb(mode) if plural else mode
        if self.keys:
            self.keys[-1] += [key for thing in things for key in thing.keys]
        if len(things) == 1:
            return self._name(things[0])
        names = [self._name(thing) for thing in things]
        style = self.grammar.lists.get(mode, self.grammar.lists["and"])
        return style.between.join(names[:-1]) + self._one(style.last) + names[-1]

    def _name(self, thing: Thing) -> str:
        """The preferred name at first mention, any name or an anaphor afterwards, but one name within a message."""
        if thing.names not in self.words:
            known = thing.names in self.named
            if known and self.same and thing == self.about and self.random() < ANAPHORA:
                self.words[thing.names] = self._one(self.grammar.again + self.grammar.subject * self.leads)
            else:
                self.words[thing.names] = self._one(thing.names) if known else thing.names[0]
            self.named.add(thing.names)
        return self.words[thing.names]


_ARTICLE = re.compile(f"\\ba/an (?=({MARK}*)(\\S+))")
_START = re.compile(f"((?:^|[.!?]{MARK}*\\s|\n){MARK}*)([a-z])(?=[a-z]*\\b)")
_MARKS = re.compile(f"({MARK})")
_TWICE = re.compile(f"治疗(?:进行|来)?治疗(?=[，；。]|{MARK}|$)")
"""A name may end with the word that ends the clause: 用手术治疗 + 治疗."""


def _finish(text: str, keys: list[list[str]], english: bool) -> tuple[str, list[Sentence]]:
    if english:
        text = _ARTICLE.sub(lambda m: article(m[2]) + " ", re.sub(" +", " ", text))
        text = _START.sub(lambda m: m[1] + m[2].upper(), text)
    else:
        text = _TWICE.sub("治疗", text)
    sentences, clean, started = [], "", 0
    for piece in _MARKS.split(text.strip()):
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
            parts, _ = _parse(template, 0, nested=False)
        except (IndexError, ValueError):
            raise GrammarError(f"{path.name}: {name}: unbalanced bracket in {template!r}") from None
        found_refs = tuple(_refs(parts))
        refs = tuple(ref.name for ref in found_refs)
        full = any(ref.mode == FULL for ref in found_refs)
        again = weight == "again"
        found.append(_Alternative(None if again else weight, parts, refs, refs.count("next"), full, again))
    return tuple(found)


def _words(options: Sequence[_Parts]) -> tuple[str, ...]:
    """The options as text, or nothing where one is more than that."""
    plain = all(isinstance(part, str) for option in options for part in option)
    return tuple("".join(option) for option in options) if plain else ()


def _refs(parts: _Parts) -> list[_Ref]:
    found = [part for part in parts if isinstance(part, _Ref)]
    for choice in (part for part in parts if isinstance(part, _Choice)):
        for option in choice.options:
            found += _refs(option)
    return found


def _parse(template: str, at: int, nested: bool) -> tuple[_Parts, int]:
    """Parts from `at` to the end, or to the bar or bracket that ends an option; raises IndexError past the end."""
    parts: list[str | _Ref | _Choice] = []
    while nested or at < len(template):
        char = template[at]
        if char == "{":
            *mode, name = template[at + 1 : template.index("}", at)].split(" ")
            mark = "?" if name.endswith("?") else " ".join(mode)
            parts.append(_Ref(name.removesuffix("?"), mark))
            at = template.index("}", at) + 1
        elif char == "(":
            options = []
            while template[at] != ")":
                option, at = _parse(template, at + 1, nested=True)
                options.append(option)
            parts.append(_Choice(tuple(options), _words(options)))
            at += 1
        elif char in "|)":
            if not nested:
                raise ValueError(char)
            break
        else:
            end = at
            while end < len(template) and template[end] not in "{(|)":
                end += 1
            parts.append(template[at:end])
            at = end
    return tuple(parts), at
