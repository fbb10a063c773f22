"""From sentences to claims: who is said to have, need or be what, and whether it is affirmed or denied."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from knowledge_graph.doses import Dose, doses
from knowledge_graph.families import (
    CONTRAINDICATION,
    DIAGNOSIS,
    DIFFERENTIAL,
    DOSAGE,
    FAMILIES,
    KIND,
    RISKY,
    Family,
)
from knowledge_graph.link import Mention
from knowledge_graph.negation import LIST_WORDS

SENTENCE = re.compile(
    r"""[^\n。！？；!?;.]*
    (?: (?: \.(?!\s|$) | (?<=\b[A-Z])\.(?=\s) | (?<=\be\.g)\. | (?<=\bi\.e)\. | (?<=\b(?:vs|Dr))\. | \n(?![\s\-*•\d]) )
        [^\n。！？；!?;.]* )*
    (?: [。！？；!?;.]+["”’）)]* | \n+ | $ )""",
    re.X,
)
CONTRAST = re.compile(r"\b(?:whereas|while|but|however)\b|而(?!且)|但是?")
COMPARED_BEFORE = re.compile(
    r"(?:\b(?:unlike|compared (?:with|to)|in contrast (?:to|with)|as opposed to|rather than|instead of|mimics?"
    r"|resembl\w+|(?:differ\w*|disti\w+|apart|separat\w+)(?: it)? from)\s+(?:the |an? |that of |those of )?"
    r"|不同于|区别于|有别于|不像|而非|类似于?)$",
    re.I,
)
COMPARED_AFTER = re.compile(r"(?:的\S{0,4})?(?:不同|相比|相鉴别|相似|鉴别)")
INVERSE = re.compile(
    r"^\W*(?:\w+ly\s+|(?:is|are|was|were|can|may|be|been|not|an?|the|often|also)\s+)*(?:"
    r"(?:seen|found|observed|present|reported|common|occurs?|absent)\s+(?:\w+\s+){0,2}?(?:in|among|during)"
    r"|(?:symptoms?|signs?|features?|manifestations?|complications?|part|typical|characteristic|suggestive|indicative)"
    r"\s+of|(?:due|secondary|attributed|points?)\s+to|caused\s+by|suggests?|indicates?)\b"
    r"|^\W*(?:常|可|多|不|也|都|是|均)*(?:见于|提示|由|源于|继发于)"
)
CAUSES = re.compile(
    r"^\W*(?:\w+ly\s+|(?:can|may|could|often|also|will|sometimes|主要|常|可|会|多|也)\s*)*"
    r"(?:caus(?:es?|ed)|leads?\s+to|results?\s+in|gives?\s+rise\s+to|produces?|triggers?|brings?\s+(?:on|about)"
    r"|(?:is|are)\s+(?:a|the)\s+causes?\s+of|(?:可|会|能|常)*(?:引起|导致|造成|诱发|引发)(?:了)?)\s*(?:the\s+|an?\s+)?$",
    re.I,
)
"""What makes the name before it the cause of the one behind."""
CASE = re.compile(
    r"\b(?:patient|man|woman|boy|girl|he|she|his|her|child|infant)\b|患者|病人|患儿|男性|女性|男，|女，", re.I
)
PERCENT = re.compile(r"(?<![\d.])(\d++(?:\.\d++)?)\s*+(?:%|％|per ?cent)")
RATIO = re.compile(r"(?<!\d)(\d{1,9})\s*(?:/|of|out of)\s*(\d{1,9})(?!\d|\s*/)")
SUBJECT = "disease"
MOST_SUBJECTS = 16
"""Diseases that one clause can be about: each goes with all its findings."""


@dataclass(frozen=True)
class Sentence:
    """A stretch of the text, and what was found in it."""

    start: int
    end: int
    mentions: tuple[Mention, ...]
    question: bool


@dataclass(frozen=True)
class Stated:
    """One claim: `subjects` and `objects` are ids that the words may mean, the likeliest first. `turned` where it says
    that the object causes the subject; `dose` where it says how much of a drug is given; `at` and `by`: where in the
    text the object and the subject are named; `uncertain` where the text leaves it open."""

    subjects: tuple[str, ...]
    family: Family
    objects: tuple[str, ...]
    polarity: int
    number: float | None
    turned: bool = False
    dose: Dose | None = None
    at: tuple[int, int] | None = None
    by: tuple[int, int] | None = None
    uncertain: bool = False


def sentences(text: str, mentions: Sequence[Mention]) -> list[Sentence]:
    """Sentences in order, without those that hold no letter or digit."""
    found, at = [], 0
    for match in SENTENCE.finditer(text):
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        end = match.start() + len(match[0].rstrip())
        if any(c.isalnum() for c in text[start:end]):
            inside = []
            while at < len(mentions) and mentions[at].start < match.end():
                inside.append(mentions[at])
                at += 1
            ending = text[start:end].rstrip('"”’）)')
            found.append(Sentence(start, end, tuple(inside), ending.endswith(("?", "？", "吗", "呢"))))
    return found


class Reader:
    """Reads a text's sentences in order and remembers what it is about.

    `type_of` gives the type of a node. Where `anchor` is given, sentences without a subject are about it from the
    start, patients have it, and a diagnosis is a claim.
    """

    def __init__(self, text: str, type_of: Callable[[str], str], anchor: str | None = None):
        self._text, self._type_of, self._anchor = text, type_of, anchor
        self._topic = self._default = (anchor,) if anchor else ()
        self._topic_at: tuple[int, int] | None = None
        self._end = 0

    def read(self, sentence: Sentence) -> list[Stated]:
        """Claims of a sentence, clause by clause."""
        if not self._anchor and "\n\n" in self._text[self._end : sentence.start]:
            self._topic = ()
        self._end = sentence.end
        stated = []
        for start, end in self._clauses(sentence):
            mentions = [m for m in sentence.mentions if start <= m.start < end]
            stated += [*self._clause(start, end, mentions), *self._doses(start, end, mentions)]
        return stated

    def _clauses(self, sentence: Sentence) -> Iterator[tuple[int, int]]:
        start = sentence.start
        covered = [(m.start, m.end) for m in sentence.mentions]
        for match in CONTRAST.finditer(self._text, sentence.start, sentence.end):
            if not any(a <= match.start() < b for a, b in covered):
                yield start, match.start()
                start = match.end()
        yield start, sentence.end

    def _clause(self, start: int, end: int, mentions: list[Mention]) -> list[Stated]:
        text = self._text[start:end]
        mentions = [m for m in mentions if not self._compared(m)]
        if not mentions:
            return []
        subjects = self._subjects(mentions)
        stated: list[Stated] = []
        if subjects:
            about = [(self._of_type(m, (SUBJECT,)), (m.start, m.end)) for m in subjects]
            stated += self._diagnoses(text, subjects)
            denied, open_ = any(m.negated for m in subjects), any(m.uncertain for m in subjects)
            self._topic, self._topic_at = about[0] if len(about) == 1 else (self._default, None)
        elif self._topic and (self._anchor or not CASE.search(text)):
            about, denied, open_ = [(self._topic, self._topic_at)], False, False
        else:
            return []
        announced = cache(lambda family: bool(family.cue.search(text)))
        for i, mention in enumerate(mentions):
            if mention not in subjects:
                family = self._family(announced, mention, subjects)
                if family:
                    objects = self._of_type(mention, family.types)
                    polarity = 1 if family is CONTRAINDICATION or not (mention.negated or denied) else -1
                    number = self._number(mentions, i, start, end) if family.name == "finding" else None
                    at = (mention.start, mention.end)
                    turned = family.name == "finding" and self._causes(mention, subjects[0] if subjects else None)
                    unsure = mention.uncertain or open_
                    stated += [
                        Stated(who, family, objects, polarity, number, turned, at=at, by=by, uncertain=unsure)
                        for who, by in about
                    ]
        return stated

    def _causes(self, mention: Mention, subject: Mention | None) -> bool:
        """Whether the clause says that what is found brings about the disease."""
        return bool(subject and mention.end <= subject.start and CAUSES.match(self._text[mention.end : subject.start]))

    def _doses(self, start: int, end: int, mentions: list[Mention]) -> list[Stated]:
        """Each dose of a clause with the drug named before it, or else behind it."""
        drugs = [m for m in mentions if self._of_type(m, ("drug",))]
        stated = []
        for dose in doses(self._text[start:end]) if drugs else ():
            before = [m for m in drugs if m.end <= start + dose.start]
            drug = before[-1] if before else drugs[0]
            stated.append(Stated(self._of_type(drug, ("drug",)), DOSAGE, (), 1, None, dose=dose))
        return stated

    def _diagnoses(self, text: str, subjects: list[Mention]) -> list[Stated]:
        if not self._anchor or not DIAGNOSIS.cue.search(text) or DIFFERENTIAL.search(text):
            return []
        named = [(self._of_type(m, (SUBJECT,)), -1 if m.negated else 1, (m.start, m.end)) for m in subjects]
        return [Stated((self._anchor,), DIAGNOSIS, nodes, polarity, None, at=at) for nodes, polarity, at in named]

    def _subjects(self, mentions: list[Mention]) -> list[Mention]:
        """The first disease and those coordinated with it; the last, where the words between say it comes last."""
        diseases = [i for i, m in enumerate(mentions) if self._of_type(m, (SUBJECT,))]
        if not diseases:
            return []
        first = diseases[0]
        for i in diseases[1:]:
            if INVERSE.search(self._text[mentions[i - 1].end : mentions[i].start]):
                first = i
        group = [mentions[first]]
        for i in range(first + 1, min(len(mentions), first + MOST_SUBJECTS)):
            gap = self._text[mentions[i - 1].end : mentions[i].start]
            if not self._of_type(mentions[i], (SUBJECT,)) or not gap.strip() or not LIST_WORDS.fullmatch(gap):
                break
            group.append(mentions[i])
        return group

    def _family(self, announced: Callable[[Family], bool], mention: Mention, subjects: list[Mention]) -> Family | None:
        types = {self._type_of(node) for node in mention.candidates}
        if types & CONTRAINDICATION.types and announced(CONTRAINDICATION):
            return CONTRAINDICATION
        if subjects and SUBJECT in types and KIND.cue.match(self._text[subjects[-1].end : mention.start]):
            return KIND
        return next((f for f in FAMILIES if types & f.types and announced(f)), None)

    def _of_type(self, mention: Mention, types: Collection[str]) -> tuple[str, ...]:
        return tuple(node for node in mention.candidates if self._type_of(node) in types)

    def _compared(self, mention: Mention) -> bool:
        before = self._text[max(0, mention.start - 40) : mention.start]
        return bool(COMPARED_BEFORE.search(before) or COMPARED_AFTER.match(self._text, mention.end))

    def _number(self, mentions: list[Mention], i: int, start: int, end: int) -> float | None:
        """The share given for the i-th name: the only number between the names before and after it."""
        low = mentions[i - 1].end if i else start
        high = mentions[i + 1].start if i + 1 < len(mentions) else end
        near = [self._text[mentions[i].end : high], self._text[low : mentions[i].start]]
        for part in near:
            shares = [float(m[1]) / 100 for m in PERCENT.finditer(part)]
            shares += [int(m[1]) / int(m[2]) for m in RATIO.finditer(part) if 0 < int(m[2]) >= int(m[1])]
            if len(shares) == 1:
                return shares[0]
        return None


def risks(text: str, known: Collection[str] = ()) -> list[str]:
    """What a sentence gives that must be borne out before anyone reads it (dose, contraindication, treatment), without
    what is `known`."""
    return [name for name, cue in RISKY.items() if name not in known and cue.search(text)]
