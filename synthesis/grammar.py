"""The generator `grammar`: text from structured facts by a weighted grammar. No network, no weights, no invention."""

import json
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from datagen.generator import Generator, Request, Response, Usage
from synthesis.english import plural_phrase
from synthesis.rules import Grammar, Message, Sentence, Slot, Thing
from synthesis.tasks import LETTERS, TASKS, VERDICTS

FOLDER = Path(__file__).parent / "grammars"
SLOTS = frozenset(
    ("topic", "objects", "other", "rival", "present", "absent", "asking", "odds", "share", "count", "total")
)
SAYS = {
    "has_symptom": "symptom",
    "has_phenotype": "symptom",
    "diagnosed_by": "test",
    "treated_by": "treatment",
    "located_in": "site",
    "belongs_to_department": "department",
    "is_a": "kind",
}
"""Relation of the graph -> the rule that says it; `no_` before it says that it doesn't hold."""
TOGETHER = {"symptom": 3, "no_symptom": 2, "test": 2, "treatment": 2}
"""How many objects one sentence names at most."""
MERGED = {
    ("symptom", "no_symptom"): "symptom_but",
    ("test", "treatment"): "test_treatment",
    ("kind", "symptom"): "kind_symptom",
    ("kind_noun", "symptom"): "kind_symptom",
}
"""What two messages about one disease become when one sentence says both."""
MERGING, COUNTING = 0.4, 0.5
"""How often messages that can be merged are; how often a finding counted in patients is given by number."""
COUNTABLE = re.compile(
    r"(?:disease|disorder|syndrome|tumou?r|cancer|carcinoma|sarcoma|neoplasm|infection|deficiency|dystrophy|anomaly"
    r"|malformation|defect|injury|lesion|condition|cyst|fracture|neuropathy|myopathy|cardiomyopathy)$"
)
"""English names that an article can stand before."""
KINDS = 2
"""What kinds of disease one text says that a disease is, at most: those above it in an ontology are many."""
FEWEST = 5
"""Patients among whom a finding was counted, for its frequency to be said."""
RATES = ((0.5, "common"), (0.15, "some"), (0.0, "rare"))
"""Least frequency -> what the grammar calls it."""

STATED, RARE, EXCLUDED = 0.6, 0.05, 0.01
"""Chance of a finding in a disease that the graph says shows it (without a frequency), says nothing of, excludes it."""
SENTENCES_BESIDE = 4


class NothingToSay(Exception):
    """The facts of a request don't carry its task."""


class GrammarGenerator(Generator):
    """Writes articles, questions, multiple choice and cases from an evidence bundle, in English and Chinese.

    Reads `Request.facts`: `task`, `language`, `register` and `bundle` (see synthesis.seeds). The same request gives
    the same text. `Response.trace` maps each field of the text to its sentences: character offsets and the keys of
    the graph edges that they realise.
    """

    license: ClassVar[str] = "CC0-1.0"
    reads: ClassVar[str] = "facts"

    def setup(self) -> None:
        for language in languages():
            grammar(language)

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        return [_response(request) for request in requests]


@cache
def grammar(language: str) -> Grammar:
    return Grammar(FOLDER / f"{language}.yaml", SLOTS)


@cache
def languages() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def _response(request: Request) -> Response:
    facts = request.facts
    if facts.get("language") not in languages():
        return Response(request.id, "", error="no_grammar_for_language", finish_reason="error")
    if facts.get("task") not in TASKS:
        return Response(request.id, "", error="no_such_task", finish_reason="error")
    try:
        fields = _Composer(request).fields()
    except NothingToSay:
        return Response(request.id, "", error="nothing_to_say", finish_reason="error")
    trace = {name: [list(_spans(s)) for s in sentences] for name, (_, sentences) in fields.items() if sentences}
    values = {name: value for name, (value, _) in fields.items()}
    text = values["text"] if TASKS[facts["task"]].schema is None else json.dumps(values, ensure_ascii=False)
    return Response(request.id, text, Usage(), trace=trace)


def _spans(sentence: Sentence) -> tuple[int, int, list[str]]:
    return sentence.start, sentence.end, list(sentence.keys)


class _Composer:
    """One request on its way to fields: plans what is said in which order, then lets the grammar say it."""

    def __init__(self, request: Request):
        self.facts = request.facts
        self.grammar = grammar(self.facts["language"])
        self.rng = random.Random(f"{request.seed}/{self.facts['task']}/{self.facts['language']}")
        bundle = self.facts["bundle"]
        self.anchor = Thing(tuple(bundle["anchor"]["names"]))
        kinds = [fact["key"] for fact in bundle["facts"] if SAYS.get(fact["relation"]) == "kind"]
        passed = set(self.rng.sample(kinds, max(0, len(kinds) - KINDS)))
        self.positive = [fact for fact in bundle["facts"] if fact["key"] not in passed]
        self.negative, self.rivals = bundle["negatives"], bundle["siblings"]
        self.named: set[tuple[str, ...]] = set()

    def fields(self) -> dict[str, tuple[Any, list[Sentence]]]:
        return getattr(self, f"_{self.facts['task']}")()

    def _article(self):
        agenda = self._messages(self.positive + self.negative, self.facts.get("register"))
        return {"text": self._say("article", {}, agenda)}

    def _qa(self):
        slots = self._clues()
        return {
            "question": self._say("question", slots),
            "answer": (self.anchor.names[0], []),
            "explanation": self._explanation(answered=True),
        }

    def _chain(self):
        """From findings to the disease (not named in the question), from the disease to what is asked about it."""
        slots = self._clues()
        target = self.facts["target"]
        asking = self._say(f"asked_{target['relation']}", {})[0]
        question = self._say("chain", slots | {"asking": Thing((asking[:1].lower() + asking[1:],))})
        agenda = self._messages(self.present + self.absent)
        agenda += self._messages([target])
        return {
            "question": question,
            "answer": (target["names"][0], []),
            "explanation": self._say("explanation", {}, agenda),
        }

    def _statement(self):
        fact, truth = self.facts["target"], self.facts["truth"]
        said = fact if truth else {**fact, "polarity": -fact["polarity"], "frequency": None, "n": None}
        (message,), right = self._messages([said]), self._messages([fact])
        rest = [f for f in self.positive if f["key"] != fact["key"] and f["relation"] in SAYS]
        more = self._messages(self._some(rest, 1, 2)) if rest else []
        return {
            "question": (self._say("statement", {}, [replace(message, framed=True)])[0], []),
            "answer": (VERDICTS[self.grammar.language][not truth], []),
            "explanation": self._say("explanation", {}, right + more, self.anchor),
        }

    def _mcq(self):
        if len(self.rivals) < 2:
            raise NothingToSay
        slots = self._clues()
        options = [self.anchor.names[0], *(r["names"][0] for r in self.rivals[:4])]
        self.rng.shuffle(options)
        return {
            "question": self._say("mcq", slots),
            "options": (options, []),
            "answer": (LETTERS[options.index(self.anchor.names[0])], []),
            "explanation": self._explanation(answered=True),
        }

    def _case(self):
        slots = self._clues()
        return {
            "case": self._say("case", slots),
            "question": self._say("case_question", {}),
            "explanation": self._weighed(self._explanation()),
            "answer": (self.anchor.names[0], []),
        }

    def _weighed(self, explanation: tuple[str, list[Sentence]]) -> tuple[str, list[Sentence]]:
        """An explanation, and behind it what comes of it: the probabilities of the disease and those that resemble it.
        Left out where the text is so short that a sentence without a claim would weigh too much."""
        text, sentences = explanation
        if len(sentences) < SENTENCES_BESIDE or not self.rivals:
            return explanation
        signs = {fact["id"]: fact for fact in (*self.present, *self.absent)}
        weights = {self.anchor.names[0]: _likelihood(signs, (*self.positive, *self.negative))}
        weights |= {rival["names"][0]: _likelihood(signs, rival["facts"]) for rival in self.rivals[:3]}
        total = sum(weights.values())
        named = sorted(weights, key=lambda name: -weights[name])
        odds = tuple(Thing((f"{name} {weights[name] / total:.1%}",)) for name in named)
        gap = " " if self.grammar.english else ""
        return f"{text}{gap}{self._say('chances', {'odds': odds})[0]}", sentences

    def _clues(self) -> dict[str, Slot]:
        """Findings that the question gives: those that are there, and those that are not."""
        clues = set(self.facts["clues"])
        found = [[f for f in said if f["id"] in clues] for said in (self.positive, self.negative)]
        self.present, self.absent = (self.rng.sample(said, len(said)) for said in found)
        if not self.present:
            raise NothingToSay
        return {"present": _things(self.present), "absent": _things(self.absent)}

    def _some(self, facts: list[dict], least: int, most: int) -> list[dict]:
        return self.rng.sample(facts, min(len(facts), self.rng.randint(least, most)))

    def _explanation(self, answered: bool = False) -> tuple[str, list[Sentence]]:
        """Every clue of the question again as a statement, then what tells the rivals apart, then a fact or two more.
        `answered`: right behind the answer, which names the disease."""
        agenda = self._messages(self.present + self.absent)
        excluded = {fact["id"] for fact in self.absent}
        for rival in self.rivals:
            shown = [fact for fact in rival["facts"] if fact["id"] in excluded]
            if shown:
                slots = {"rival": Thing(tuple(rival["names"])), "objects": _things(shown[:2])}
                agenda.append(Message("contrast", slots))
        rest = [f for f in self.positive if SAYS.get(f["relation"], "symptom") != "symptom"]
        if rest:
            agenda += self._messages(self._some(rest, 1, 2))
        if answered:
            self.named.add(self.anchor.names)
        return self._say("explanation", {}, agenda, self.anchor if answered else None)

    def _messages(self, facts: list[dict], register: str | None = None) -> list[Message]:
        """Facts grouped by what says them, in one of the grammar's orders; what a register has no words for is said as
        in a textbook."""
        groups: dict[str, list[dict]] = {}
        for fact in facts:
            rule = SAYS.get(fact["relation"])
            if rule:
                groups.setdefault(rule if fact["polarity"] > 0 else f"no_{rule}", []).append(fact)
        order = self.rng.choice(self.grammar.orders)
        messages: list[Message] = []
        for name in sorted((n for n in groups if n in order), key=order.index):
            alike: dict[str, list[dict]] = {}
            for fact in self.rng.sample(groups[name], len(groups[name])):
                if self._counts(fact):
                    messages.append(self._counted(fact))
                else:
                    alike.setdefault(_rate(fact), []).append(fact)
            special = f"{register}.{name}" in self.grammar.rules
            rule, most = f"{register}.{name}" if special else name, TOGETHER.get(name, 1)
            for rate in sorted(alike):
                left = alike[rate]
                while left:
                    size = self.rng.randint(1, most)
                    messages.append(self._message(rule, left[:size], rate, special))
                    left = left[size:]
        if not messages:
            raise NothingToSay
        return self._merged(messages)

    def _message(self, rule: str, facts: list[dict], rate: str, special: bool) -> Message:
        objects = _things(facts)
        if rule.endswith("kind"):
            # "It is a kind of ..." would be about the kind: a disease is named where another one is. And its article
            # has to go with each of its names.
            many = self.grammar.english and plural_phrase(objects[0].names[0])
            names = [n for n in objects[0].names if self.grammar.english and plural_phrase(n) == many]
            objects = (replace(objects[0], names=tuple(names) or objects[0].names),)
            countable = self.grammar.english and all(COUNTABLE.search(name) for name in objects[0].names)
            rule = "kinds" if many else "kind_noun" if countable and rule == "kind" else rule
            return Message(rule, {"topic": self.anchor, "objects": objects}, anaphora=False, framed=True)
        return Message(rule, {"topic": self.anchor, "objects": objects}, framed=special, rate=rate)

    def _counts(self, fact: dict) -> bool:
        """Whether a finding is given by its number: where it was counted in enough patients, and by chance."""
        share = fact["polarity"] > 0 and _counted(fact) and 0 < fact["frequency"] < 1
        return bool(share) and self.rng.random() < COUNTING

    def _counted(self, fact: dict) -> Message:
        had = round(fact["frequency"] * fact["n"])
        by_number = {"share": f"{fact['frequency']:.0%}", "count": f"{had} of {fact['n']}", "total": str(fact["n"])}
        slots = {name: Thing((words,)) for name, words in by_number.items()}
        return Message("counted", {"topic": self.anchor, "objects": _things([fact])} | slots)

    def _merged(self, messages: list[Message]) -> list[Message]:
        """Some messages that follow each other, as one."""
        found: list[Message] = []
        for message in messages:
            rule = MERGED.get((found[-1].rule, message.rule)) if found else None
            if rule and rule in self.grammar.rules and self.rng.random() < MERGING:
                first = found.pop()
                kind = first.rule.startswith("kind")
                objects, other = (message, first) if kind else (first, message)
                slots = {**objects.slots, "other": other.slots["objects"]}
                rate = "" if kind and message.rate == "rare" else objects.rate
                found.append(Message(rule, slots, anaphora=not kind, framed=kind, rate=rate))
            else:
                found.append(message)
        return found

    def _say(
        self, rule: str, slots: dict[str, Slot], agenda: Sequence[Message] = (), about: Thing | None = None
    ) -> tuple[str, list[Sentence]]:
        return self.grammar.realise(rule, slots, agenda, self.rng, self.named, about)


def _counted(fact: dict) -> bool:
    return fact["frequency"] is not None and (fact["n"] or 0) >= FEWEST


def _rate(fact: dict) -> str:
    """What the grammar calls the frequency of a finding; nothing where it isn't known, or from a few patients."""
    known = fact["frequency"] is not None and fact["polarity"] > 0 and (fact["n"] is None or fact["n"] >= FEWEST)
    return next(name for least, name in RATES if fact["frequency"] >= least) if known else ""


def _likelihood(signs: dict[str, dict], facts: Sequence[dict]) -> float:
    """How likely a disease is to give these findings, present and absent, each for itself (naive Bayes)."""
    known = {fact["id"]: fact for fact in facts}
    product = 1.0
    for node, sign in signs.items():
        fact = known.get(node)
        stated = fact and ((fact["frequency"] or STATED) if fact["polarity"] > 0 else EXCLUDED)
        shown = stated or RARE
        product *= min(1 - EXCLUDED, max(EXCLUDED, shown)) if sign["polarity"] > 0 else 1 - shown
    return product


def _things(facts: list[dict]) -> tuple[Thing, ...]:
    return tuple(Thing(tuple(fact["names"]), (fact["key"],)) for fact in facts)
