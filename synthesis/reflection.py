"""Reflection: criticise, revise, and keep the revision only where the verifier says that it is better.

Models that judge and correct themselves without outside evidence get worse (Huang et al., 2024, arXiv 2310.01798), and
loops that keep the last version lose the best (Self-Refine's own traces). So the verifier decides, and the best stays.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from synthesis.critic import Critic, Finding, Subject, sentences

LENGTH = 0.2
"""How much longer or shorter a revision may be, as a share of the text without repetitions. A sentence for each
error always: mending an omission takes one."""
SENTENCE = 120
"""Characters of a sentence that is always allowed."""
Revise = Callable[[str, list[Finding], Subject, int], str]
Prefer = Callable[[str, str, Subject], str]
"""Which of two texts, `a` or `b` (or `same`), is more faithful."""


@dataclass(frozen=True)
class Grade:
    """What the verifier makes of a text: errors, and what it states rightly: the objects, with sign. Of whom they are
    stated is left out, so that a statement may go over from a disease named wrongly to the right one."""

    errors: int
    supported: frozenset[tuple[str | None, int]]


@dataclass
class Reflected:
    """The best version, what was wrong with the first, and what the rounds came to."""

    text: str
    before: str
    findings: list[Finding]
    left: int
    rounds: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return self.text != self.before


def grade(critic: Critic, text: str, subject: Subject) -> tuple[Grade, list[Finding]]:
    findings = critic.findings(text, subject)
    claims = critic.claims(text, subject)
    misread = {finding.start for finding in findings if finding.kind == "relation"}
    right = (c for c in claims if c.verdict == "supported" and c.edge and c.start not in misread)
    supported = frozenset((c.object, c.polarity) for c in right)
    return Grade(len(findings), supported), findings


def reflect(
    text: str,
    subject: Subject,
    critic: Critic,
    revisers: Sequence[Revise],
    rounds: int = 2,
    seed: int = 0,
    prefer: Prefer | None = None,
) -> Reflected:
    """Up to `rounds` rounds; in each, every reviser may try. A revision is accepted when it has fewer errors, loses no
    statement that was right, and is about as long; `prefer`, shown both in random order, may refuse it."""
    best, found = grade(critic, text, subject)
    result = Reflected(text, text, found, best.errors)
    for number in range(rounds):
        if not found:
            break
        improved = False
        for revise in revisers:
            candidate = revise(result.text, found, subject, seed + number)
            reason = _refusal(result.text, candidate, best, critic, subject)
            if reason is None and prefer is not None and not _preferred(candidate, result.text, subject, prefer, seed):
                reason = "not_preferred"
            result.rounds.append(reason or "accepted")
            if reason is None:
                best, found = grade(critic, candidate, subject)
                result.text, result.left, improved = candidate, best.errors, True
                break
        if not improved:
            break
    return result


def _refusal(text: str, candidate: str, best: Grade, critic: Critic, subject: Subject) -> str | None:
    if not candidate.strip() or candidate == text:
        return "unchanged"
    before, after = _lengths(text), _lengths(candidate)
    if abs(sum(before) - sum(after)) > max(LENGTH * sum(before), best.errors * max(*before, SENTENCE)):
        return "length"
    better, _ = grade(critic, candidate, subject)
    if better.errors >= best.errors:
        return "no_better"
    return "lost_support" if best.supported - better.supported else None


def _lengths(text: str) -> list[int]:
    """Of its sentences; what is said twice counts once."""
    return [len(sentence) for sentence in dict.fromkeys(text[a:b] for a, b in sentences(text))] or [0]


def _preferred(candidate: str, text: str, subject: Subject, prefer: Prefer, seed: int) -> bool:
    """Whether a judge, who can't know which is the revision by its place, finds it no worse."""
    first = random.Random(f"{seed}/{candidate}").random() < 0.5
    answer = prefer(candidate, text, subject) if first else prefer(text, candidate, subject)
    return answer != ("b" if first else "a")
