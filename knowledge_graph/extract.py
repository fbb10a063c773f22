"""Claims out of text that nobody wrote for us: only what the words between two names say, sure rather than many.

The verifier (claims.py) reads generously, because what it reads must be borne out. Here nothing bears a claim out
afterwards, so a relation counts only where a pattern of its language spans from one name to the other, through lists of
names on either side.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from knowledge_graph.claims import PERCENT, Sentence, Stated, sentences
from knowledge_graph.families import CONTRAINDICATION, FAMILIES, KIND, Family
from knowledge_graph.link import Mention

SIGNS = frozenset(("phenotype", "symptom", "finding"))
ILLS = SIGNS | {"disease"}
FAMILY = {family.name: family for family in (*FAMILIES, CONTRAINDICATION, KIND)}

_NOT = r"(?:and|or|in|of|to|by|with|for|from|that|which|than|on|at|as|when|if|it|is|are|be|who|but|not|no|the|a|an)"
_ADJ = rf"(?:(?:an?|the|its|their|his|her|some|certain|other)\s+)?(?:(?!{_NOT}\b)[a-z-]+\s+){{0,3}}"
_H = (
    r"(?:(?:can|may|might|could|will|would|often|usually|commonly|typically|sometimes|also|generally|frequently|rarely"
    r"|always|does|do|did|is|are|was|were|be|been|not|never|mainly|most|likely|seems?|appears?|to|then|normally"
    r"|primarily|possibly|probably|eventually|currently|has|have|only|both)\s+)*"
)
_ASIDE = r"(?:\s*[(（][^()（）]{1,40}[)）])?\s*"
_WHO = r"(?:people|patients?|individuals?|persons?|children|men|women|boys|girls|infants|adults|those|someone|anyone)"
_ITEMS = rf"(?:{_ADJ}[a-z-]+(?:\s+(?:of|in)\s+(?:the\s+)?[a-z-]+)?,\s+)*"
"""Listed before the name, and named by nobody."""
_TO = rf"{_ITEMS}{_ADJ}"
_SIGN = r"(?:symptoms?|signs?|features?|manifestations?|complications?|effects)"
_Z = (
    r"(?:[，,]?(?:还|也|常常?|可以?|会|多|能够?|易|主要|容易|通常|往往|一般|经常|有时|可能|则|并|不|没有|并不|应该?|需要?"
    r"|建议|您?尝试|首选|又|都|进一步|时|后|患者|病人|的人|等|临床|一些|一种)){0,5}"
)
_ZI = r"(?:(?:(?![和及与或])[\u4e00-\u9fff]){1,8}[、，,和及与或])*"
_ZA = rf"(?:女性|患者|病人|您的?|你的?|人体?|孩子|宝宝)?(?:出现|发生|产生|患有)?{_ZI}[\u4e00-\u9fff]{{0,2}}"
_ZS = r"(?:的)?(?:典型|主要|常见|早期|临床|一些|特征性)*(?:症状|表现|体征|特征|临床表现|并发症|后果)"
_ZC = r"(?:引起|导致|造成|诱发|引发|引来|致使)"


@dataclass(frozen=True)
class Pattern:
    """One way to say a claim of a family: what stands between the first name and the second, before the first and
    behind the last. `turned`: the object comes first."""

    family: str
    subjects: frozenset[str]
    objects: frozenset[str]
    between: re.Pattern[str]
    before: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None
    turned: bool = False


def _pattern(
    family: str,
    between: str,
    before: str | None = None,
    after: str | None = None,
    turned: bool = False,
    subjects: frozenset[str] = ILLS,
) -> Pattern:
    objects = ILLS if family == "finding" else FAMILY[family].types
    return Pattern(
        family,
        subjects,
        objects,
        re.compile(between, re.I),
        re.compile(rf"(?:{before})$", re.I) if before else None,
        re.compile(after, re.I) if after else None,
        turned,
    )


_DISEASE = frozenset(("disease",))
PATTERNS = (
    # English
    _pattern(
        "finding",
        rf"{_ASIDE},?\s*(?:that\s+|which\s+)?{_H}(?:caus(?:es?|ed|ing)|leads?\s+to|led\s+to|leading\s+to|results?\s+in"
        rf"|resulting\s+in|produces?|triggers?|presents?\s+(?:with|as)|characteri[sz]ed\s+by|marked\s+by"
        rf"|accompanied\s+by|manifests?\s+(?:as|with|by)|progress(?:es)?\s+to|complicated\s+by)\s+{_TO}",
        subjects=_DISEASE,
    ),
    _pattern(
        "finding",
        rf"\s*{_H}(?:have|has|had|develops?|experiences?|presents?\s+with|exhibits?|shows?|suffers?\s+from)\s+{_TO}",
        before=rf"{_WHO}\s+(?:with|who\s+have|affected\s+(?:by|with))\s+{_ADJ}",
        subjects=_DISEASE,
    ),
    _pattern(
        "finding",
        rf"\s*{_H}(?:includes?|including|are|is|be)\s*:?\s+{_TO}",
        before=rf"{_SIGN}\s+(?:of|associated\s+with|in)\s+{_ADJ}",
        subjects=_DISEASE,
    ),
    _pattern(
        "finding",
        rf"{_ASIDE},?\s*(?:that\s+|which\s+)?{_H}(?:caused\s+by|due\s+to|resulting\s+from|secondary\s+to"
        rf"|attributed\s+to)\s+{_TO}",
        turned=True,
        subjects=_DISEASE,
    ),
    _pattern(
        "finding",
        rf"\s*{_H}(?:an?|the)\s+(?:\w+\s+){{0,2}}{_SIGN}\s+(?:of|in)\s+{_TO}",
        turned=True,
        subjects=_DISEASE,
    ),
    _pattern(
        "treatment", rf"{_ASIDE}{_H}(?:treated|managed|cured|controlled)\s+(?:\w+ly\s+)?(?:with|by|using)\s+{_TO}"
    ),
    _pattern(
        "treatment",
        rf"{_ASIDE}{_H}(?:is|are|includes?|involves?|consists?\s+of|requires?)\s+{_TO}",
        before=rf"(?:treatment|therapy|management)s?\s+(?:for|of)\s+{_ADJ}",
    ),
    _pattern(
        "treatment",
        rf"{_ASIDE}{_H}(?:used\s+)?(?:to\s+treat|treats?|(?:for|in)\s+(?:the\s+)?treatment\s+of|(?:for|in)\s+treating"
        rf"|relieves?|to\s+relieve|to\s+control|helps?\s+(?:to\s+)?(?:treat|relieve)|effective\s+(?:for|in|against))"
        rf"\s+{_TO}",
        turned=True,
    ),
    _pattern(
        "treatment",
        rf"\s*{_H}(?:an?|the)\s+(?:\w+\s+){{0,2}}(?:treatment|therapy)(?:\s+options?|\s+of\s+choice)?\s+(?:for|of)\s+{_TO}",
        turned=True,
    ),
    _pattern(
        "test",
        rf"{_ASIDE}{_H}(?:diagnosed|confirmed|detected|identified)\s+(?:\w+ly\s+)?(?:by|with|through|using|on|via)\s+{_TO}",
    ),
    _pattern(
        "test",
        rf"\s*{_H}(?:made|based|confirmed|established)\s+(?:by|on|with|through|using)\s+{_TO}",
        before=rf"diagnosis\s+of\s+{_ADJ}",
    ),
    _pattern(
        "test",
        rf"{_ASIDE}{_H}(?:used\s+)?(?:to\s+|for\s+)?(?:diagnos(?:e|es|ing)|detect(?:s|ing)?|confirm(?:s|ing)?)\s+{_TO}",
        turned=True,
    ),
    _pattern(
        "site",
        rf"{_ASIDE}(?:is|are)\s+an?\s+(?:[a-z-]+\s+){{0,3}}(?:disease|disorder|infection|inflammation|cancer|condition)"
        rf"\s+(?:of|in|affecting|that\s+affects)\s+{_TO}",
        subjects=_DISEASE,
    ),
    _pattern(
        "site",
        rf"{_ASIDE}(?:that\s+)?{_H}(?:affects?|involves?|arises?\s+(?:in|from)|located\s+in)\s+{_TO}",
        subjects=_DISEASE,
    ),
    _pattern("kind", KIND.cue.pattern.removeprefix("^").replace("$", ""), subjects=_DISEASE),
    _pattern(
        "inheritance",
        rf"{_ASIDE}{_H}(?:inherited|transmitted|passed)\s+(?:\w+\s+)?(?:in|as)\s+an?\s+",
        subjects=_DISEASE,
    ),
    _pattern(
        "contraindication",
        rf"\s*{_H}contraindicated\s+(?:in|for|during)\s+(?:{_WHO}\s+with\s+)?{_TO}",
        turned=True,
    ),
    _pattern(
        "contraindication",
        rf"\s*(?:should|must)\s+(?:avoid|not\s+(?:take|use|receive|be\s+given))\s+{_TO}",
        before=rf"{_WHO}\s+(?:with|who\s+have)\s+{_ADJ}",
    ),
    _pattern(
        "gene",
        rf"{_ASIDE}{_H}caused\s+by\s+(?:an?\s+)?(?:mutations?|variants?|changes|defects?)\s+(?:in|of)\s+(?:the\s+)?",
        subjects=_DISEASE,
    ),
    _pattern(
        "gene",
        rf"\s*(?:genes?\s+)?(?:mutations?\s+)?{_H}causes?\s+{_TO}",
        before=r"(?:mutations?|variants?|changes|defects?)\s+(?:in|of)\s+(?:the\s+)?",
        turned=True,
        subjects=_DISEASE,
    ),
    # Chinese
    _pattern("finding", rf"{_Z}(?:{_ZC}|表现为|表现出|伴有|并发|发展为|转成|出现)(?:了|的)?{_ZA}", subjects=_DISEASE),
    _pattern("finding", rf"{_ZS}{_Z}(?:有|是|为|包括)[：:]?{_ZA}", subjects=_DISEASE),
    _pattern(
        "finding",
        rf"(?:等)?(?:一系列)?(?:症状|情况|表现)?{_Z}(?:是)?(?:由于?|因为?|因)",
        after=rf"(?:所|而)?{_ZC}",
        turned=True,
        subjects=_DISEASE,
    ),
    _pattern("finding", rf"(?:等)?(?:症状|情况)?{_Z}是", after=rf"{_ZC}的|所致|{_ZS}", turned=True, subjects=_DISEASE),
    _pattern("finding", rf"(?:等)?(?:症状)?{_Z}见于", turned=True, subjects=_DISEASE),
    _pattern(
        "finding",
        rf"{_Z}是(?:{_ZC})(?:您|你|患者)?",
        after=r"等?(?:症状)?的(?:主要|重要|常见|一个)*(?:原因|病因)",
        subjects=_DISEASE,
    ),
    _pattern(
        "treatment", rf"(?:的(?:方法|药物))?{_Z}(?:使用|采用|用|口服|服用|选择|应用|是|有|包括|进行){_Z}", before="治疗"
    ),
    _pattern(
        "treatment",
        rf"{_Z}(?:使用|采用|用|口服|服用|选择|通过|应用|接受|进行){_Z}",
        after=r"等?(?:药物|方法)?(?:来|进行)?(?:治疗|缓解|改善|控制)",
    ),
    _pattern(
        "treatment",
        rf"(?:等)?(?:药物|方法|治疗)?{_Z}(?:有助于|用于|用来|帮助|来)?{_Z}(?:治疗|缓解|减轻)(?:您的?|你的?)?",
        turned=True,
    ),
    _pattern(
        "test",
        rf"(?:等)?(?:检查|检测)?[，,]?{_Z}(?:以|来|有助于|用于|帮助)?{_Z}(?:确诊|诊断|判断|确定|明确)(?:您|你)?(?:是否)?"
        rf"(?:存在|患有|有)?",
        turned=True,
    ),
    _pattern("test", rf"(?:的)?(?:诊断|确诊){_Z}(?:依靠|依据|靠|通过){_Z}"),
    _pattern("inheritance", rf"{_Z}(?:是|属于|为){_Z}", subjects=_DISEASE),
    _pattern("contraindication", rf"(?:患者|病人|的人)?{_Z}(?:禁用|忌用|禁服|避免使用|不宜使用|慎用){_Z}"),
    _pattern("kind", KIND.cue.pattern.removeprefix("^").replace("$", ""), subjects=_DISEASE),
)
LIST = re.compile(
    rf"\s*(?:,\s*(?:and|or|as\s+well\s+as)?|;|\b(?:and|or|and/or|as\s+well\s+as)\b)\s*{_ITEMS}(?:(?:[a-z-]+\s+){{0,4}}(?:and|or)\s+)?{_ADJ}"
    rf"|(?:以?及|[、，,和与或]){_ZI}[\u4e00-\u9fff]{{0,2}}",
    re.I,
)
DENIED = re.compile(r"\b(?:not|never|no|neither|cannot)\b|n't\b|不|没有|并非|未", re.I)
OPEN = re.compile(
    r"\b(?:may|might|could|possibl[ey]|likely|probably|seems?|appears?|suggests?|potential\w*)\b|可能|或许|也许|怀疑"
    r"|疑似|不一定",
    re.I,
)
CONDITION = re.compile(r"\bif\b|\bwhether\b|如果|若|是否", re.I)
GENERIC = frozenset(
    [
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
    names = [m for m in sentence.mentions if text[m.start : m.end].lower() not in GENERIC]
    kinds = [frozenset(type_of(node) for node in m.candidates) for m in names]
    seen = set()
    for first in range(len(names)):
        for second in range(first + 1, min(first + REACH, len(names))):
            gap = text[names[first].end : names[second].start]
            for pattern in PATTERNS if len(gap) <= LONGEST else ():
                left, right = (pattern.objects, pattern.subjects)[:: 1 if pattern.turned else -1]
                if not (kinds[first] & left and kinds[second] & right and pattern.between.fullmatch(gap)):
                    continue
                lefts = _listed(text, names, kinds, first, -1, left)
                rights = _listed(text, names, kinds, second, 1, right)
                start, end = names[lefts[-1]].start, names[rights[-1]].end
                if pattern.before and not pattern.before.search(text, max(sentence.start, start - LONGEST), start):
                    continue
                if pattern.after and not pattern.after.match(text, end):
                    continue
                if GOES_ON.match(text, end):
                    continue
                ahead = text[max(sentence.start, start - NEAR) : start]
                denied = bool(DENIED.search(gap) or (pattern.turned and DENIED.search(ahead[-12:])))
                unsure = bool(OPEN.search(gap) or CONDITION.search(ahead) or OPEN.search(ahead[-12:]))
                for i in lefts:
                    for j in rights:
                        subject, object_ = (j, i) if pattern.turned else (i, j)
                        if (subject, object_) not in seen:
                            seen.add((subject, object_))
                            yield _stated(text, pattern, names[subject], names[object_], type_of, denied, unsure)
                break


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
        tuple(n for n in subject.candidates if type_of(n) in pattern.subjects),
        family,
        tuple(n for n in object_.candidates if type_of(n) in pattern.objects),
        polarity,
        float(share[1]) / 100 if share else None,
        at=(object_.start, object_.end),
        by=(subject.start, subject.end),
        uncertain=unsure or object_.uncertain or subject.uncertain,
    )
