"""Correcting a text with the smallest edits: names, numbers and single sentences, never the whole."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from knowledge_graph import Bundle, Claim, Fact, Linker
from knowledge_graph.claims import PERCENT
from knowledge_graph.families import DOSE
from synthesis.critic import Finding, Subject, sentences
from synthesis.grammar import SAYS, grammar
from synthesis.rules import Message, Thing
from synthesis.seeds import Lexicon

OPEN_END = re.compile(r"[,;,;、]$")
STOP = {"en": ".", "zh": "。"}


@dataclass(frozen=True)
class Edit:
    """Replace what stands from `start` to `end` by `words`."""

    start: int
    end: int
    words: str


class Reviser:
    """Corrects by the bundle: what it says of the same relation takes the place of what it doesn't say."""

    def __init__(self, linker: Linker, lexicon: Lexicon):
        self.linker, self.lexicon = linker, lexicon

    def revised(self, text: str, findings: list[Finding], subject: Subject, seed: int) -> str:
        """The text with one edit for every finding that can be mended; findings whose words overlap are mended once."""
        work = _Work(text, subject, seed)
        edits: list[Edit] = []
        for finding in sorted(findings, key=lambda f: f.kind == "omitted"):
            edit = self._edit(finding, work)
            if edit and not any(edit.start < e.end and e.start < edit.end for e in edits):
                edits.append(edit)
        for edit in sorted(edits, key=lambda e: -e.start):
            text = _replaced(text, edit, subject.language)
        return OPEN_END.sub(STOP[subject.language], text.strip())

    def _edit(self, finding: Finding, work: "_Work") -> Edit | None:
        kind, claim, bundle, text = finding.kind, finding.claim, work.subject.bundle, work.text
        sentence = next((s for s in sentences(text) if s[0] <= finding.start < s[1]), (finding.start, finding.end))
        if kind == "wrong_entity":
            name = self._name(bundle.anchor, work.subject.language)
            return Edit(finding.start, finding.end, name) if name else None
        if kind == "number":
            fact = _fact(bundle, lambda f: f.object == claim.object and f.frequency is not None)
            number = PERCENT.search(text, *sentence)
            if fact and number:
                return Edit(number.start(), number.end(), f"{fact.frequency:.0%}")
        if (
            kind in ("dose", "unsafe")
            and (dose := DOSE.search(text, *sentence))
            and self._named(text, sentence, bundle)
        ):
            return Edit(dose.start(), dose.end(), "")
        if kind in ("wrong_finding", "wrong_object"):
            return self._other_object(finding, sentence, work)
        if kind == "wrong_answer":
            return self._other_answer(finding, work)
        if kind == "omitted":
            fact = _fact(bundle, lambda f: f.key == finding.edge)
            said = fact and fact.object not in work.used and self._said(fact, work)
            return Edit(len(text), len(text), said) if said else None
        if kind == "repeated":
            return Edit(*sentence, "")
        named = claim if kind in ("negation", "causality", "relation") else None
        return Edit(*sentence, self._again(sentence, named, work))

    def _again(self, sentence: tuple[int, int], claim: Claim | None, work: "_Work") -> str:
        """What stands for a sentence that goes: its right statements, and the right version of a wrong `claim`."""
        bundle = work.subject.bundle
        facts = []
        if claim is not None:
            facts.append(_fact(bundle, lambda f: (f.subject, f.object) == (claim.subject, claim.object)))
        named = {m.node for m in self.linker.link(work.text[slice(*sentence)])}
        facts += [f for f in (*bundle.facts, *bundle.negatives) if f.subject == bundle.anchor and f.object in named]
        said = [self._said(fact, work) for fact in dict.fromkeys(facts) if fact]
        return (" " if work.subject.language == "en" else "").join(filter(None, said))

    def _named(self, text: str, sentence: tuple[int, int], bundle: Bundle) -> bool:
        """Whether a sentence names something of the evidence, so that the sentence is worth keeping."""
        known = {f.object for f in bundle.facts}
        return any(m.node in known for m in self.linker.link(text[slice(*sentence)]))

    def _other_object(self, finding: Finding, sentence: tuple[int, int], work: "_Work") -> Edit:
        """Another object of the same relation and sign, rather one that the text doesn't state yet; without any the
        sentence goes."""
        claim, subject, bundle = finding.claim, work.subject, work.subject.bundle
        rule = SAYS.get(claim.relation)
        stated = {m.node for m in self.linker.link(work.text)} | work.used
        facts = sorted((*bundle.facts, *bundle.negatives), key=lambda fact: fact.object in stated)
        for fact in facts:
            fits = fact.subject == claim.subject and SAYS.get(fact.relation) == rule and fact.polarity == claim.polarity
            name = self._name(fact.object, subject.language) if fits else None
            if name and (finding.start, finding.end) != sentence:
                work.used.add(fact.object)
                return Edit(finding.start, finding.end, name)
        return Edit(*sentence, self._again(sentence, None, work))

    def _other_answer(self, finding: Finding, work: "_Work") -> Edit | None:
        """What the evidence gives of the type that was answered, rather one that the text goes on to state."""
        bundle = work.subject.bundle
        graph = self.lexicon.graph
        (answered, *_), stated = self.linker.link(work.text[finding.start : finding.end]), self.linker.link(work.text)
        named = {mention.node for mention in stated}
        facts = [f for f in bundle.facts if f.subject == bundle.anchor and graph.type_of(f.object) == answered.type]
        facts.sort(key=lambda fact: fact.object not in named)
        names = [self._name(fact.object, work.subject.language) for fact in facts]
        return next((Edit(finding.start, finding.end, name) for name in names if name), None)

    def _said(self, fact: Fact, work: "_Work") -> str | None:
        """A sentence of the grammar that states a fact."""
        subject = work.subject
        rule = SAYS.get(fact.relation)
        names = [self.lexicon.names(node, subject.language) for node in (fact.subject, fact.object)]
        if rule is None or not all(names):
            return None
        rule = rule if fact.polarity > 0 else f"no_{rule}"
        language = grammar(subject.language)
        if rule not in language.rules:
            return None
        topic, object_ = Thing(tuple(names[0][:1])), Thing(tuple(names[1][:1]), (fact.key,))
        message = Message(rule, {"topic": topic, "objects": (object_,)}, framed=True)
        return language.realise("sentence", {}, [message], random.Random(f"{work.seed}/{fact.key}"))[0]

    def _name(self, node: str, language: str) -> str | None:
        return next(iter(self.lexicon.names(node, language)), None)


@dataclass
class _Work:
    """One text being corrected."""

    text: str
    subject: Subject
    seed: int
    used: set[str] = field(default_factory=set)


def _fact(bundle: Bundle, fits: Callable[[Fact], bool]) -> Fact | None:
    return next((fact for fact in (*bundle.facts, *bundle.negatives) if fits(fact)), None)


def _replaced(text: str, edit: Edit, language: str) -> str:
    before, after = text[: edit.start], text[edit.end :]
    words = edit.words
    old = text[edit.start : edit.end]
    if words and old[:1].isupper() and old[1:2].islower() and words[:1].islower():
        words = words[:1].upper() + words[1:]
    gap = " " if language == "en" else ""
    if not old and words:
        parts = [part for part in (before.rstrip(), words, after.lstrip()) if part]
        return gap.join(parts)
    if not words:
        before, after = before.rstrip(" "), after.lstrip(" ")
        joined = not before or not after or before.endswith("\n") or after[0] in ".,;:!?)"
        return f"{before}{'' if joined else gap}{after}"
    return before + words + after
