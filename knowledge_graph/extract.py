"""Claims out of text that nobody wrote for us: only what the words between two names say, sure rather than many.

The verifier (claims.py) reads generously, because what it reads must be borne out. Here nothing bears a claim out
afterwards, so a relation counts only where a pattern of its language spans from one name to the other, through lists of
names on either side.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from knowledge_graph.boundaries import bare, ends, leads
from knowledge_graph.claims import PERCENT, Sentence, Stated, sentences
from knowledge_graph.cues import phrases
from knowledge_graph.families import CONTRAINDICATION, KIND, Family
from knowledge_graph.link import Mention
from knowledge_graph.patterns import FAMILY, ILLS, LIST, PATTERNS, TOGETHER, Pattern

DENIED = re.compile(
    r"\b(?:not|never|no|neither|cannot)\b|n't\b"
    r"|不(?=会|是|能|一定会|引|导|致|可|伴|表现|出现|属|应|宜|需|用)|没有|并非|未(?=出现|见|发生|引起)|无法",
    re.I,
)
NOT_ONLY = re.compile(r"\bnot\s+(?:only|just|always|necessarily)\b|不[仅但只光]|不一定|未必", re.I)
OPEN = re.compile(
    r"\b(?:might|could|possibl[ey]|likely|probably|perhaps|seems?|appears?|suggests?|potential\w*|believed?|thought)\b"
    r"|可能[就也还都]?是|或许|也许|或者?是|怀疑|疑似|考虑|推测",
    re.I,
)
MAY = re.compile(r"\bmay\b|可能", re.I)
"""Said of what a disease does, in some patients (gout may cause fever); said of what it comes from, a doubt."""
IN_SOME = frozenset(("finding", "test", "treatment", "site"))
UNCLAIMED = re.compile(
    r"\b(?:if|whether|unless|when(?:ever)?|in\s+case|no\s+evidence|unclear|unknown|hypothesi\w+|myth|suspected|compared?|than)\b"
    r"|如果|若|假如|一旦|要是|是否|还是|排除|是不是|无法|不能一定|难以(?:确定|肯定|判断)|误以?为",
    re.I,
)
"""Before a claim: conditions, questions, alternatives, what isn't known."""
UNLESS = re.compile(r"[^.,;:。，；]{0,20}\b(?:if|unless|than|whether)\b", re.I)
"""Behind a claim: a condition, or a comparison."""
GENERIC = frozenset(
    phrases("""
        cell, cells, complication, complications, condition, diagnoses, diagnosis, disease, diseases, disorder
        disorders, family history, mild, moderate, problem, problems, prognosis, rare, rare disease, rare diseases
        severe, sign, signs, signs and symptoms, symptom, symptoms, syndrome, test, tests, the disease, the syndrome
        therapeutic, therapies, therapy, treatment, very rare
        治疗, 检查, 疾病, 症状, 病, 药物, 诊断, 中心, 并发症, 缓解
    """)
)
"""Names that say nothing about what they stand for."""
PART = re.compile(
    r"[性样型科术后前期]|因子|抗体|抗原|疫苗|药|病毒|细菌|的?(?:风险|可能性|机会|几率|概率|危险)|[-/][^\W\d_]|['’]s\b|,?\s+(?:type|stage|grade)\b",
    re.I,
)
"""Behind a name that is part of a longer one."""
COMPOUND = re.compile(r"[^\W\d_][-/]$")
SHORT = re.compile("[A-Z]{2,4}s?")
BULLETS = re.compile(r"\s-\s.*\s-\s|\n\s*\n", re.S)
SOME = re.compile(r"\b(?:some|certain|few|many)\b", re.I)
CLAUSE = re.compile(r"[;；，：。\n]|:\s")
REDUCED = re.compile(
    r"\s*(?:\([^()]{1,60}\)\s*)?(?:caus(?:ed|ing)|leading|resulting|due|secondary|attributed|characteri[sz]ed|marked|accompanied"
    r"|complicated|treated|managed|diagnosed|confirmed)\b",
    re.I,
)
"""A participle without a verb: it says which ones are meant, and belongs to the name right before it."""
AND = re.compile(r"\band\b", re.I)
SINGULAR = re.compile(
    r"\s*(?:\([^()]{1,60}\)\s*)?(?:[a-z]+ly\s+)?(?:is|was|has|does|causes|affects|leads|results|presents|includes|involves"
    r"|manifests|develops|produces)\b",
    re.I,
)
ATTRIBUTE = re.compile("所?(?:引起|引来|导致|造成|诱发|引发|致使)的")
ACROSS = re.compile("(?<=[\u3400-\u9fff])等?[，,]")
COMMAS = ("，", ",", "等，")
OPENERS = re.compile(r"(?:[^，,]{1,10}[，,]){0,2}(?:首先|其次|另外|此外|一般|通常|而|但)?[，,]?")
"""Before a name that the next clause is about too."""
FAR, NEAR = 80, 40
"""Characters before a claim in which a condition, and a hedge, are its own."""
MOST, REACH = 12, 4
"""Names in one list, and how many names on the next may be that counts."""
LONGEST = 160
"""Characters between two names: no pattern should have to try more."""


def extract(text: str, mentions: Sequence[Mention], type_of: Callable[[str], str]) -> list[Stated]:
    """Claims of a text, in the order of its sentences; questions claim nothing. Each names subject and object.

    `mentions` are those that a `Linker` finds in the text, `type_of` gives the type of a node.
    """
    return [
        claim
        for sentence in sentences(text, mentions)
        if not sentence.question
        for claim in _Reading(text, sentence, type_of).claims()
    ]


class _Reading:
    """One sentence: its telling names, in order, and what each may stand for."""

    def __init__(self, text: str, sentence: Sentence, type_of: Callable[[str], str]):
        self._text, self._start, self._type_of = text, sentence.start, type_of
        self._names = [m for m in sentence.mentions if _telling(text, m)]
        self._kinds = [_kinds(text, m, type_of) for m in self._names]

    def claims(self) -> Iterator[Stated]:
        seen: set[tuple[str, str, str]] = set()
        for first in range(len(self._names)):
            for second in range(first + 1, min(first + REACH, len(self._names))):
                gap = self._text[self._names[first].end : self._names[second].start]
                if len(gap) <= LONGEST and not BULLETS.search(gap):
                    for claim in self._between(first, second, gap):
                        key = (claim.subjects[0], claim.family.name, claim.objects[0])
                        if key not in seen and claim.subjects[0] != claim.objects[0]:
                            seen.add(key)
                            yield claim

    def _between(self, first: int, second: int, gap: str) -> list[Stated]:
        """What the first pattern says that spans from one name to another."""
        for pattern in PATTERNS:
            left, right = _sides(pattern)
            if self._kinds[first] & left and self._kinds[second] & right and pattern.between.fullmatch(gap):
                lefts, rights = self._joined(first, second, gap, pattern)
                manner = self._manner(gap, lefts, rights, pattern) if lefts and rights else None
                if manner:
                    pairs = [(self._names[i], self._names[j]) for i in lefts for j in rights]
                    return [self._stated(pattern, *(pair[::-1] if pattern.turned else pair), *manner) for pair in pairs]
        return []

    def _joined(self, first: int, second: int, gap: str, pattern: Pattern) -> tuple[list[int], list[int]]:
        """Names on the left and on the right that a pattern joins, lists included; none where the sentence says it of
        something else."""
        text, nothing = self._text, ([], [])
        reduced, across = bool(REDUCED.match(gap)), bool(ACROSS.match(text, self._names[first].end))
        attribute = bool(reduced or ATTRIBUTE.match(gap))
        left, right = _sides(pattern)
        lefts = self._listed(first, -1, left)
        head = self._names[lefts[-1]].start
        if reduced or (
            attribute and (text.endswith("、", 0, head) or not leads(text, self._start, head, narrowed=False))
        ):
            lefts = [first]  # what else is listed may be another list's
        rights = [second] if pattern.family == KIND.name else self._listed(second, 1, right)
        rights = self._whole(rights, pattern)
        if not rights or (across and pattern.turned) or (reduced and not pattern.turned):
            return nothing
        start, end = self._names[lefts[-1]].start, self._names[rights[-1]].end
        clause = self._clause(start)
        if AND.search(text, start, self._names[first].start) and (SINGULAR.match(gap) or TOGETHER.search(clause)):
            return nothing  # a name of one disease, or of those who have both
        if (pattern.before and not pattern.before.search(clause)) or (pattern.unless and pattern.unless.search(clause)):
            return nothing
        if pattern.after and not pattern.after.match(text, end):
            return nothing
        if across and not pattern.before and not OPENERS.fullmatch(text, self._start, start):
            return nothing
        if not (pattern.before or attribute) and not leads(text, self._start, start, narrowed=pattern.turned):
            return nothing
        if pattern.turned:
            return lefts, self._bare(rights)
        return self._bare(lefts), rights

    def _manner(self, gap: str, lefts: list[int], rights: list[int], pattern: Pattern) -> tuple[bool, bool] | None:
        """Whether a claim is denied, and whether it is left open; None where it is no claim, or that isn't clear."""
        start, end = self._names[lefts[-1]].start, self._names[rights[-1]].end
        around = self._text[max(self._start, start - FAR) : start]
        if UNCLAIMED.search(around) or UNLESS.match(self._text, end) or NOT_ONLY.search(gap):
            return None
        near = around if gap.startswith(COMMAS) else self._clause(start)[-NEAR:]
        denied = bool(DENIED.search(gap) or (pattern.turned and DENIED.search(near[-12:])))
        if denied and ("," in gap or SOME.search(near)):
            return None
        may = MAY.search(gap)
        some = pattern.family in IN_SOME and not (pattern.family == "finding" and pattern.turned)
        unsure = bool(OPEN.search(gap) or OPEN.search(near) or MAY.search(near) or (may and not some))
        if denied and (unsure or may):
            return None  # may not cause: neither affirmed nor denied
        chosen = [self._names[i] for i in (*lefts, *rights)]
        if (not unsure and not may and any(m.uncertain for m in chosen)) or (
            not denied and any(m.negated for m in chosen)
        ):
            return None  # a cue reaches them, and it isn't clear how
        return denied, unsure

    def _clause(self, at: int) -> str:
        """What stands before `at` in its clause."""
        low = max(self._start, at - LONGEST)
        breaks = [found.end() for found in CLAUSE.finditer(self._text, low, at)]
        return self._text[breaks[-1] if breaks else low : at]

    def _bare(self, listed: list[int]) -> list[int]:
        return [i for i in listed if bare(self._text, self._start, self._names[i].start)]

    def _listed(self, at: int, step: int, types: frozenset[str]) -> list[int]:
        """Places of a name and of those that a list joins to it, on one side."""
        found = [at]
        while len(found) < MOST:
            reach = range(at + step, at + REACH * step, step)
            for other in (i for i in reach if 0 <= i < len(self._names) and self._kinds[i] & types):
                left, right = sorted((at, other))
                gap = self._text[self._names[left].end : self._names[right].start]
                if LIST.fullmatch(gap) and not (step < 0 and "，" in gap):
                    found.append(other)
                    at = other
                    break
            else:
                break
        return found

    def _whole(self, listed: list[int], pattern: Pattern) -> list[int]:
        """The first names of a list on the right, up to the last that no word behind it makes part of another."""
        if pattern.after and pattern.after.match(self._text, self._names[listed[-1]].end):
            return listed
        for count in range(len(listed), 0, -1):
            if ends(self._text, self._names[listed[count - 1]].end, subject=pattern.turned, listed=count > 1):
                return listed[:count]
        return []

    def _stated(self, pattern: Pattern, subject: Mention, object_: Mention, denied: bool, unsure: bool) -> Stated:
        family: Family = FAMILY[pattern.family]
        polarity = -1 if denied and pattern.family != CONTRAINDICATION.name else 1
        share = PERCENT.match(self._text[object_.end : object_.end + 12].lstrip(" (（"))
        return Stated(
            tuple(n for n in subject.candidates if self._type_of(n) in ILLS),
            family,
            tuple(n for n in object_.candidates if self._type_of(n) in pattern.objects),
            polarity,
            float(share[1]) / 100 if share else None,
            at=(object_.start, object_.end),
            by=(subject.start, subject.end),
            uncertain=unsure,
        )


def _sides(pattern: Pattern) -> tuple[frozenset[str], frozenset[str]]:
    """Types of the names on the left and on the right."""
    return (pattern.objects, ILLS) if pattern.turned else (ILLS, pattern.objects)


def _telling(text: str, mention: Mention) -> bool:
    """Whether a name says what it stands for: no general word, no part of a compound."""
    name = text[mention.start : mention.end]
    if name.lower() in GENERIC or sum(map(str.isalnum, name)) < 2:
        return False
    return not (PART.match(text, mention.end) or COMPOUND.search(text, max(0, mention.start - 2), mention.start))


def _kinds(text: str, mention: Mention, type_of: Callable[[str], str]) -> frozenset[str]:
    """What a name may stand for: an abbreviation that the text doesn't explain, for no disease."""
    kinds = frozenset(type_of(node) for node in mention.candidates)
    name = text[mention.start : mention.end]
    if SHORT.fullmatch(name) and f"({name})" not in text and f"（{name}）" not in text:
        return kinds - ILLS
    return kinds
