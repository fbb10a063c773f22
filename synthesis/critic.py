"""What is wrong with a text about a disease, and where: structured findings, from the verifier and from form."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge_graph import Bundle, Claim, Graph, Linker, Mention
from knowledge_graph.model import FINDINGS
from synthesis.checking import claims_of
from synthesis.roles import misplaced, strangers, too_early

HAN = re.compile("[\u3400-\u9fff]")
SENTENCE = re.compile(r"[^\n。!?;!?;.]*(?:\.(?=[^\s\u3400-\u9fff])[^\n。!?;!?;.]*)*(?:[。!?;!?;.]+[\"”’))]*|\n+|$)")
END = re.compile(r"[.!?。!?][\"')\]”’)]*\s*$")
OUTSIDE = ("contradicted", "unknown")


@dataclass(frozen=True)
class Finding:
    """One error. `start`, `end` are offsets of the words that are wrong; `kind` its class; `edge` the key of the edge
    that says otherwise, if one does; `claim` what the verifier made of it."""

    start: int
    end: int
    kind: str
    edge: str | None = None
    claim: Claim | None = None


@dataclass(frozen=True)
class Subject:
    """What a text is held against: the evidence, its language, what was asked (`question`), and whether the answer has
    to bear out every finding that the question gives."""

    bundle: Bundle
    language: str
    question: str = ""


class Critic:
    """Finds errors by the verifier alone: no opinion, no memory of how the text came about."""

    def __init__(self, graph: Graph, linker: Linker):
        self.graph, self.linker = graph, linker

    def claims(self, text: str, subject: Subject) -> list[Claim]:
        return claims_of(text, self.graph, subject.bundle, self.linker)

    def findings(self, text: str, subject: Subject) -> list[Finding]:
        """Errors in order of their place; an omission stands at the end of the text."""
        claims = self.claims(text, subject)
        mentions = self.linker.link(text)
        found = _form(text, subject.language)
        badly_formed = [(f.start, f.end) for f in found]
        found += [f for claim in claims for f in [self._of_claim(text, claim, mentions, subject)] if f]
        found += self._unread(claims, mentions, subject)
        found += [Finding(c.start, c.end, "relation", c.edge, c) for c in misplaced(text, claims, mentions)]
        found += [Finding(*s, "people") for s in strangers(text, subject.bundle, subject.question, mentions)]
        found += [Finding(*span, "order") for span in too_early(text)]
        kept = [
            f
            for i, f in enumerate(found)
            if i < len(badly_formed) or not any(a <= f.start and f.end <= b for a, b in badly_formed)
        ]
        kept += self._omissions(text, claims, subject)
        return sorted(dict.fromkeys(kept), key=lambda f: (f.start, f.end))

    def _of_claim(self, text: str, claim: Claim, mentions: Sequence[Mention], subject: Subject) -> Finding | None:
        if claim.verdict == "unchecked":
            kind = "dose" if claim.flag == "dose" else "unsafe"
            return Finding(claim.start, claim.end, kind, None, claim) if claim.flag else None
        if claim.verdict not in OUTSIDE:
            return None
        if claim.relation == "equals":
            return Finding(claim.start, claim.end, "arithmetic", None, claim)
        here = [m for m in mentions if claim.start <= m.start < claim.end]
        if claim.subject != subject.bundle.anchor and self._stranger(claim, subject.bundle):
            # Where the sentence only says "it", the error is the name that this stands for.
            named = _called(here, claim.subject) or _called(
                [m for m in mentions if m.start < claim.start], claim.subject
            )
            if named:
                return Finding(named[-1].start, named[-1].end, "wrong_entity", claim.edge, claim)
        if claim.relation == "diagnosis":
            return Finding(*_span(_called(here, claim.object), claim), "wrong_entity", claim.edge, claim)
        return Finding(*_span(_called(here, claim.object), claim), _kind(claim, subject.bundle), claim.edge, claim)

    def _stranger(self, claim: Claim, bundle: Bundle) -> bool:
        """Whether a claim would be right of the anchor, or is about a disease that the evidence says nothing about."""
        facts = (*bundle.facts, *bundle.negatives)
        of_anchor = any(f.subject == bundle.anchor and f.object == claim.object for f in facts)
        return of_anchor or all(f.subject != claim.subject for f in facts)

    def _unread(self, claims: Sequence[Claim], mentions: Sequence[Mention], subject: Subject) -> list[Finding]:
        """Sentences that name something of the evidence without a claim about it that can be read, or nothing but
        another disease: whatever they say of it, it isn't what the evidence says."""
        bundle = subject.bundle
        known = {f.object for f in (*bundle.facts, *bundle.negatives)}
        spans = {(claim.start, claim.end): claim for claim in claims}
        found = []
        for (start, end), claim in spans.items():
            said = {c.object for c in claims if c.start == start}
            here = [m for m in mentions if start <= m.start < end]
            if any(c.flag for c in claims if c.start == start) or not here:
                continue
            bare = end - start - (here[0].end - here[0].start) <= 2
            unread = [m for m in here if m.type != "disease" and m.node in known and not said & {m.node, *m.candidates}]
            if bare and here[0].type == "disease" and bundle.anchor not in (here[0].node, *here[0].candidates):
                found.append(Finding(here[0].start, here[0].end, "wrong_entity", None, claim))
            elif bare and here[0].type != "disease" and not known & {here[0].node, *here[0].candidates}:
                found.append(Finding(here[0].start, here[0].end, "wrong_answer", None, claim))
            elif not bare and unread:
                found.append(Finding(start, end, "relation", None, claim))
        return found

    def _omissions(self, text: str, claims: Sequence[Claim], subject: Subject) -> list[Finding]:
        """Findings that the question gives and the answer passes over."""
        if not subject.question:
            return []
        said = {claim.edge for claim in claims if claim.verdict == "supported"}
        anchor = subject.bundle.anchor
        stated = {f.object: f for f in (*subject.bundle.facts, *subject.bundle.negatives) if f.subject == anchor}
        asked = (stated.get(m.node) for m in self.linker.link(subject.question))
        missing = {f.key for f in asked if f and f.relation in FINDINGS} - said
        objects = {claim.object for claim in claims}
        missing = {key for key in missing if next(f.object for f in stated.values() if f.key == key) not in objects}
        return [Finding(len(text), len(text), "omitted", key) for key in sorted(missing)]


def _called(mentions: Sequence[Mention], node: str | None) -> list[Mention]:
    return [m for m in mentions if node in (m.node, *m.candidates)]


def _span(mentions: Sequence[Mention], claim: Claim) -> tuple[int, int]:
    return (mentions[0].start, mentions[0].end) if mentions else (claim.start, claim.end)


def _kind(claim: Claim, bundle: Bundle) -> str:
    if claim.flag == "dose" or claim.relation == "has_dose":
        return "dose"
    opposite = [
        f for f in (*bundle.facts, *bundle.negatives) if f.subject == claim.subject and f.object == claim.object
    ]
    if any(f.polarity != claim.polarity for f in opposite):
        return "negation"
    if any(f.polarity == claim.polarity and f.frequency is not None for f in opposite) and claim.number is not None:
        return "number"
    if opposite:
        return "causality"
    if claim.relation in FINDINGS:
        return "wrong_finding"
    return "wrong_object" if claim.relation else "unsupported"


def sentences(text: str) -> list[tuple[int, int]]:
    """Offsets of sentences that hold a letter, without white space around them."""
    found = []
    for match in SENTENCE.finditer(text):
        piece = match[0]
        if any(c.isalnum() for c in piece):
            found.append((match.start() + len(piece) - len(piece.lstrip()), match.start() + len(piece.rstrip())))
    return found


def _form(text: str, language: str) -> list[Finding]:
    """Sentences said before, in the other language, broken off at the end, or dangerous."""
    found, seen = [], set()
    for start, end in sentences(text):
        sentence = text[start:end]
        folded = re.sub(r"\W", "", sentence).lower()
        chinese = 2 * len(HAN.findall(sentence)) > len(re.findall(r"[A-Za-z]{2,}", sentence))
        if len(folded) > 8 and folded in seen:
            found.append(Finding(start, end, "repeated"))
        elif chinese != (language == "zh") and len(folded) > 8:
            found.append(Finding(start, end, "language"))
        seen.add(folded)
    spans = sentences(text)
    if spans and not END.search(text):
        found.append(Finding(*spans[-1], "truncated"))
    return found
