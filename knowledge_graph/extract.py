"""Claims out of text that nobody wrote for us: only what the words between two names say, sure rather than many.

The verifier (claims.py) reads generously, because what it reads must be borne out. Here nothing bears a claim out
afterwards, so a relation counts only where a pattern of its language spans from one name to the other, through lists of
names on either side.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from knowledge_graph.claims import PERCENT, Sentence, Stated, sentences
from knowledge_graph.families import CONTRAINDICATION, Family
from knowledge_graph.link import Mention
from knowledge_graph.patterns import FAMILY, ILLS, LIST, PATTERNS, Pattern

DENIED = re.compile(r"\b(?:not|never|no|neither|cannot)\b|n't\b|不|没有|并非|未", re.I)
OPEN = re.compile(
    r"\b(?:may|might|could|possibl[ey]|likely|probably|seems?|appears?|suggests?|potential\w*|believed?|thought)\b|可能|或许|也许|怀疑"
    r"|疑似|不一定",
    re.I,
)
CONDITION = re.compile(r"\bif\b|\bwhether\b|如果|若|是否|(?:无法|不能|难以)(?:一定|确定|肯定|判断)", re.I)
GENERIC = frozenset(
    [
        "family history",
        "mild",
        "moderate",
        "severe",
        "diagnosis",
        "diagnoses",
        "prognosis",
        "test",
        "tests",
        "disease",
        "diseases",
        "disorder",
        "disorders",
        "condition",
        "syndrome",
        "symptoms",
        "symptom",
        "signs and symptoms",
        "sign",
        "signs",
        "therapy",
        "therapies",
        "therapeutic",
        "treatment",
        "治疗",
        "检查",
        "疾病",
        "症状",
        "病",
        "药物",
        "诊断",
        "中心",
        "缓解",
    ]
)
"""Names that say nothing about what they stand for."""
PART = re.compile("[性样型]")
SHORT = re.compile("[A-Z]{2,4}s?")
BULLETS = re.compile(r"\s-\s.*\s-\s|\n\s*\n", re.S)
REFERS = re.compile(r"(?:\b(?:this|these|those|such)\s+(?:[a-z-]+\s+)?|这种|这个|这些|这类|该|此)$", re.I)
"""What stands before a name that refers to something said before."""
SOME = re.compile(r"\b(?:some|certain|few|many)\b", re.I)
CLAUSE = re.compile("[，,]")
HEDGE = 40
NEAR = 40
"""Characters before a claim in which a condition makes it one."""
MOST, REACH = 12, 4
"""Names in one list, and how many names on the next may be that counts."""
LONGEST = 160
"""Characters between two names: no pattern should have to try more."""
GOES_ON = re.compile(
    r"\s+(?!(?:and|or|nor|that|which|who|in|of|with|without|by|to|for|from|on|at|as|when|if|is|are|was|were|be|can|may"
    r"|might|will|should|has|have|had|occurs?|appears?|develops?|but|than|because|due|caused|affecting|during|after"
    r"|before|such|including|characteri[sz]ed|called|known|not|also|often|manner|pattern|fashion|way)\b)[a-z]+",
)
"""Another noun behind a name: it was only part of one (X-linked dominant condition, symptomatic individuals)."""


def extract(text: str, mentions: Sequence[Mention], type_of: Callable[[str], str]) -> list[Stated]:
    """Claims of a text, in the order of its sentences; questions claim nothing. Each names subject and object.

    `mentions` are those that a `Linker` finds in the text, `type_of` gives the type of a node.
    """
    return [
        claim
        for sentence in sentences(text, mentions)
        if not sentence.question
        for claim in _of_sentence(text, sentence, type_of)
    ]


def _of_sentence(text: str, sentence: Sentence, type_of: Callable[[str], str]) -> Iterator[Stated]:
    names = [m for m in sentence.mentions if _telling(text, m)]
    kinds = [frozenset(type_of(node) for node in m.candidates) for m in names]
    seen = set()
    for first in range(len(names)):
        for second in range(first + 1, min(first + REACH, len(names))):
            gap = text[names[first].end : names[second].start]
            for pattern in PATTERNS if len(gap) <= LONGEST else ():
                left, right = (pattern.objects, ILLS)[:: 1 if pattern.turned else -1]
                if not (kinds[first] & left and kinds[second] & right and pattern.between.fullmatch(gap)):
                    continue
                lefts = _listed(text, names, kinds, first, -1, left)
                rights = _listed(text, names, kinds, second, 1, right)
                start, end = names[lefts[-1]].start, names[rights[-1]].end
                if pattern.before and not pattern.before.search(text, max(sentence.start, start - LONGEST), start):
                    continue
                if pattern.unless and pattern.unless.search(text, max(sentence.start, start - NEAR), start):
                    continue
                if pattern.after and not pattern.after.match(text, end):
                    continue
                if not pattern.after and GOES_ON.match(text, end):
                    continue
                ahead = text[max(sentence.start, start - NEAR) : start]
                if REFERS.search(text, max(sentence.start, names[first].start - NEAR), names[first].start):
                    continue
                if BULLETS.search(gap) or (pattern.turned and gap.startswith("，")):
                    continue
                denied = bool(DENIED.search(gap) or (pattern.turned and DENIED.search(ahead[-12:])))
                nearest = CLAUSE.split(ahead)[-2:]
                if denied and ("," in gap or SOME.search(ahead)):
                    continue
                unsure = any(map(CONDITION.search, nearest)) or bool(OPEN.search(gap) or OPEN.search(ahead[-HEDGE:]))
                for i in lefts:
                    for j in rights:
                        subject, object_ = (j, i) if pattern.turned else (i, j)
                        if (subject, object_) not in seen and names[subject].node != names[object_].node:
                            seen.add((subject, object_))
                            yield _stated(text, pattern, names[subject], names[object_], type_of, denied, unsure)
                break


def _telling(text: str, mention: Mention) -> bool:
    """Whether a name says what it stands for: not a general word, part of a longer one, or an abbreviation that the
    text doesn't explain."""
    name = text[mention.start : mention.end]
    if name.lower() in GENERIC or PART.match(text, mention.end) or sum(map(str.isalnum, name)) < 2:
        return False
    explained = mention.type not in ILLS or f"({name})" in text or f"（{name}）" in text
    return explained or not SHORT.fullmatch(name)


def _listed(
    text: str, names: list[Mention], kinds: list[frozenset[str]], at: int, step: int, types: frozenset[str]
) -> list[int]:
    """Places of a name and of those that a list joins to it, on one side."""
    found = [at]
    while len(found) < MOST:
        reach = range(at + step, at + REACH * step, step)
        for other in (i for i in reach if 0 <= i < len(names) and kinds[i] & types):
            left, right = sorted((at, other))
            if LIST.fullmatch(text[names[left].end : names[right].start]):
                found.append(other)
                at = other
                break
        else:
            break
    return found


def _stated(
    text: str,
    pattern: Pattern,
    subject: Mention,
    object_: Mention,
    type_of: Callable[[str], str],
    denied: bool,
    unsure: bool,
) -> Stated:
    family: Family = FAMILY[pattern.family]
    absent = denied or (object_.negated and not pattern.turned)
    polarity = -1 if pattern.family != CONTRAINDICATION.name and absent else 1
    share = PERCENT.match(text[object_.end : object_.end + 12].lstrip(" (（"))
    return Stated(
        tuple(n for n in subject.candidates if type_of(n) in ILLS),
        family,
        tuple(n for n in object_.candidates if type_of(n) in pattern.objects),
        polarity,
        float(share[1]) / 100 if share else None,
        at=(object_.start, object_.end),
        by=(subject.start, subject.end),
        uncertain=(unsure or object_.uncertain or subject.uncertain) and polarity > 0,
    )
