"""Which generated texts are published: every claim in the bundle, the question answerable by the anchor alone."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from knowledge_graph import Bundle, Claim, Graph, Linker
from knowledge_graph.model import FINDINGS
from synthesis.checking import DESCRIBING, claims_of
from synthesis.critic import sentences
from synthesis.findings import Findings
from synthesis.grounding import in_chinese
from synthesis.seeds import Seed
from synthesis.tasks import Draft

ASKS = re.compile(r"^[^?？:：]{0,40}[?？:：]\s*")
"""What a true-or-false question begins with: all but the statement."""

LONGEST = 8000
"""Characters of a text made from one bundle: what is longer rambles."""


@dataclass(frozen=True)
class Verdict:
    """What the checks found. `reason` is None for an accepted text; `evidence` are keys of the edges that bear it out,
    `counts` its claims by verdict."""

    reason: str | None
    evidence: tuple[str, ...]
    counts: dict[str, int]


class Judge:
    """Holds drafts against their seeds, closed world: what the bundle doesn't state is unsupported."""

    def __init__(self, graph: Graph, linker: Linker, findings: Findings, max_unchecked: float):
        self.graph, self.linker, self.findings, self.max_unchecked = graph, linker, findings, max_unchecked
        self._named = lru_cache(maxsize=1 << 14)(self._nodes)

    def _nodes(self, name: str) -> frozenset[str]:
        return frozenset(mention.node for mention in self.linker.link(name))

    def verdict(self, draft: Draft, seed: Seed, language: str | None = None) -> Verdict:
        """`language` (en, zh), where given, is the one that the text must be in."""
        claims = claims_of(draft.claims, *self._world(seed))
        counts = dict(sorted(Counter(claim.verdict for claim in claims).items()))
        asked, clues = self._question(draft, seed)
        reason = _form(draft, language) or self._reason(claims, draft, seed) or asked
        if reason is None and clues and self._others(draft, seed, clues):
            reason = "ambiguous"
        evidence = [c.edge for c in claims if c.verdict == "supported" and c.edge] + [fact.key for fact in clues]
        return Verdict(reason, tuple(dict.fromkeys(evidence)), counts)

    def _reason(self, claims: list[Claim], draft: Draft, seed: Seed) -> str | None:
        if any(claim.verdict == "contradicted" for claim in claims):
            return "contradicted"
        if any(claim.flag for claim in claims):
            return "unsafe"
        if any(claim.verdict == "unknown" for claim in claims):
            return "unsupported"
        sentences = {claim.sentence for claim in claims}
        unchecked = {claim.sentence for claim in claims if claim.verdict == "unchecked"}
        if not sentences or len(unchecked) > self.max_unchecked * len(sentences):
            return "unchecked"
        target = draft.target or seed.bundle.anchor
        if draft.answer is not None and self._named(draft.answer) != {target}:
            return "wrong_answer"
        return self._misjudged(draft, seed) if draft.statement else None

    def _misjudged(self, draft: Draft, seed: Seed) -> str | None:
        """What is wrong with a true-or-false question: the bundle must decide what it states, and as was answered."""
        claims = claims_of(ASKS.sub("", draft.statement), *self._world(seed))
        if not claims or any(claim.verdict in ("unknown", "unchecked") for claim in claims):
            return "unsupported"
        return None if all(claim.verdict == "supported" for claim in claims) == draft.truth else "wrong_answer"

    def _world(self, seed: Seed) -> tuple[Graph, Bundle, Linker]:
        return self.graph, seed.bundle, self.linker

    def _question(self, draft: Draft, seed: Seed) -> tuple[str | None, list]:
        """What is wrong with the question, and the bundle's facts that it gives as clues."""
        stated = {f.object: f for f in (*seed.bundle.facts, *seed.bundle.negatives) if f.subject == seed.bundle.anchor}
        clues, reason = [], None
        for mention in self.linker.link(draft.question):
            fact = next((stated[node] for node in (mention.node, *mention.candidates) if node in stated), None)
            if mention.node in (seed.bundle.anchor, draft.target):
                return "answer_in_question", []
            if fact is None:
                kinds = {self.graph.type_of(node) for node in (mention.node, *mention.candidates)}
                reason = reason or ("unsupported" if kinds <= DESCRIBING else None)
            elif (fact.polarity < 0) != mention.negated:
                return "contradicted", []
            else:
                clues.append(fact)
        return reason, clues

    def _others(self, draft: Draft, seed: Seed, clues: list) -> set[str]:
        """Other answers to choose from that show every clue that is there, and none that is not."""
        anchor = seed.bundle.anchor
        shown = [self.findings.shown_by(f.object) for f in clues if f.polarity > 0 and f.relation in FINDINGS]
        fitting = set.intersection(*sorted(shown, key=len)) - {anchor} if shown else set()
        for fact in clues:
            if fact.polarity < 0:
                fitting = fitting - self.findings.shown_by(fact.object)
        if draft.options:
            return fitting & frozenset().union(*map(self._named, draft.options))
        return {node for node in fitting if self.graph.type_of(node) == self.graph.type_of(anchor)}


def _form(draft: Draft, language: str | None) -> str | None:
    """What is wrong with a text whatever it says: its language, its length, a sentence said again."""
    if language is None:
        return None
    if len(draft.text) > LONGEST:
        return "length"
    if in_chinese(draft.claims) != (language == "zh"):
        return "language"
    said = [draft.claims[start:end].casefold() for start, end in sentences(draft.claims)]
    return "repeated" if len(set(said)) < len(said) else None
