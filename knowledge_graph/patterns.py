"""What stands between two names where a text relates them, in English and Chinese: the patterns of `extract`."""

import re
from dataclasses import dataclass

from knowledge_graph.families import CONTRAINDICATION, FAMILIES, KIND

SIGNS = frozenset(("phenotype", "symptom", "finding"))
ILLS = SIGNS | {"disease"}
FAMILY = {family.name: family for family in (*FAMILIES, CONTRAINDICATION, KIND)}

_NOT = (
    r"(?:and|or|in|of|to|by|with|for|from|that|which|than|on|at|as|when|if|it|is|are|be|who|but|not|no|without|the"
    r"|a|an)"
)
_LESS = (
    r"(?:decreas\w+|reduc\w+|lower\w*|less|fewer|loss|lack|absen\w+|risk|fear|history|false|resol\w+|improv\w+"
    r"|reli\w+|prevent\w*|poor|slow|failure|suspected|certain|some|normal|more)"
)
"""What makes another thing of the name behind it."""
_ADJ = rf"(?:(?:an?|the|its|their|his|her|other)\s+)?(?:(?!(?:{_NOT}|{_LESS})\b)[a-z-]+\s+){{0,3}}"
_H = (
    r"(?:(?:can|may|might|could|will|would|often|usually|commonly|typically|sometimes|also|generally|frequently|rarely"
    r"|always|does|do|did|is|are|was|were|be|been|not|never|mainly|most|likely|seems?|appears?|to|then|normally"
    r"|primarily|possibly|probably|eventually|currently|has|have|only|both)\s+)*"
)
_ASIDE = r"(?:\s*[(（][^()（）]{1,40}[)）])?\s*"
_WHO = (
    r"(?:people|patients?|clients?|individuals?|persons?|children|men|women|boys|girls|infants|adults|those|someone"
    r"|anyone)"
)
TOGETHER = re.compile(rf"\b{_WHO}\s+(?:with|who\s+have|affected\s+(?:by|with))\s+(?:an?\s+)?$", re.I)
"""Before diseases that the same people have."""
_ITEMS = rf"(?:{_ADJ}[a-z-]+(?:\s+(?:of|in)\s+(?:the\s+)?[a-z-]+)?(?:\s+\([^()]{{1,60}}\))?,\s+)*"
"""Listed before the name, and named by nobody."""
_OF = (
    r"(?:(?:the\s+)?(?:[a-z-]+\s+)?(?:onset|presence|development|appearance|episodes?|attacks?|bouts?|use"
    r"|administration)\s+of\s+)?"
)
_MAIN = (
    r"(?:are|is|have|has|can|may|occur|result|lead|caus|chang|alter|disrupt|impair|reduc|decreas|increas|prevent|affect"
    r"|involv|produc|allow)[a-z]*\b"
)
"""A verb behind a name in a relative clause: what the clause is about does it."""
_LAST = rf"(?:(?!(?:{_NOT}|{_LESS})\b)[a-z-]+\s+){{1,3}}and\s+"
_SUCH = rf"(?!by\b)(?:(?!\b{_LESS}\b)[^.;:()]){{1,60}}\ssuch\s+as\s+"
_TO = rf"{_OF}(?:(?:{_ITEMS}|{_SUCH}){_OF}{_ADJ}|{_ITEMS}{_LAST})"
_SIGN = (
    r"(?:symptoms?|signs?|features?|manifestations?|complications?|consequences?|hallmarks?|characteristics?|effects"
    r"|problems?|findings?)"
)
_AND = r"(?:(?:is|are|starts?|begins?|occurs?|appears?|develops?)\s[^.,;:]{1,40}\s+and\s+)?"
"""Something else that is said first."""
_IS = (
    r"(?:(?:is|are)\s+(?:an?|the|one\s+of\s+the)\s+(?:[a-z-]+,?\s+){0,6}?"
    r"(?:diseases?|disorders?|conditions?|syndromes?|infections?|illness(?:es)?|forms?|types?|cancers?|tumou?rs?|defects?)"
    r"(?:\s+(?:of|in)\s[^.,;:]{1,40}?)?\s+(?:(?:that|which)\s+(?:is\s+|are\s+)?)?)?"
)
"""What it is, before what is said of it: gout is a disease that causes joint pain."""
_PART = rf"\b(?:of|in|on|at|to|by|for|from|with|without|during|after|before|against|than)\s+{_ADJ}"
_PART += rf"|\b(?:is|are)\s+(?:an?|the|one\s+of\s+the)\s+(?:[a-z-]+,\s+)*{_ADJ}"
"""The name behind it belongs to another: what it does is not said of it (treatment of gout causes ...; acne is a
disease that causes ...)."""
_Z = (
    r"(?:[，,]?(?:还|也|确实|进而|从而|继而|常常?|可以?|会|多|能够?|易|主要|容易|通常|往往|一般|经常|有时|可能|就|则|并|不|没有|并不|应该?|需要?"
    r"|建议|您?尝试|首选|又|都|进一步|时|后|患者|病人|的人|等|临床|一些|一种)){0,5}"
)
_ZI = (
    r"(?:(?:(?![和及与或而但是会可还也如除由因能被没未这那此]|情况|一般|引|导致|致使|造成|诱发|表现|伴|出现|用于|治疗|预防)[\u4e00-\u9fff]){1,8}"
    r"[、，,和与及或])*"
)
_ZW = r"(?:女性|患者|病人|您的?|你的?|人体?|孩子|宝宝|皮肤|患处|局部|身体)?"
_ZA = rf"{_ZW}(?:出现|发生|产生|患有)?{_ZI}(?:(?![而但不无非未没防免减缓抑治抗])[\u4e00-\u9fff]){{0,3}}"
_ZS = r"(?:的)?(?:典型|主要|常见|早期|初步|初期|晚期|临床|一些|特征性)*(?:症状|表现|体征|特征|临床表现|并发症|后果)"
_ZU = r"(?:口服|外用|服用|使用|应用|静脉注射|局部)?"
_ZF = r"(?:片|胶囊|颗粒|软膏|乳膏|滴眼液|喷雾剂?|口服液|注射液)?(?:[(（][^()（）]{1,12}[)）])?"
_ZN = r"(?:是(?:一种|一类)[^，。；：,;:!?！？]{1,20}[，,](?:其|它|患者)?)?"
"""What it is, before what is said of it."""
_ZC = r"(?:引起|导致|造成|诱发|引发|引来|致使)"


@dataclass(frozen=True)
class Pattern:
    """One way to say a claim of a family: what stands between the first name and the second, before the first and
    behind the last, what may not stand before the first. `turned`: the object comes first."""

    family: str
    objects: frozenset[str]
    between: re.Pattern[str]
    before: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None
    turned: bool = False
    unless: re.Pattern[str] | None = None


def _pattern(
    family: str,
    between: str,
    before: str | None = None,
    after: str | None = None,
    turned: bool = False,
    unless: str | None = None,
) -> Pattern:
    objects = ILLS if family in ("finding", "kind") else FAMILY[family].types
    return Pattern(
        family,
        objects,
        re.compile(between, re.I),
        re.compile(rf"(?:{before})$", re.I) if before else None,
        re.compile(after, re.I) if after else None,
        turned,
        re.compile(rf"(?:{unless})$", re.I) if unless else None,
    )


PATTERNS = (
    # English
    _pattern(
        "finding",
        rf"{_ASIDE}[,:]?\s*(?:(?<=[,)]\s)which\s+)?(?:{_AND}|{_IS}){_H}(?:caus(?:es?|ed|ing)|leads?\s+to|led\s+to|leading\s+to|results?\s+in"
        rf"|resulting\s+in|produces?|triggers?|presents?\s+(?:with|as)|characteri[sz]ed\s+by|marked\s+by"
        rf"|accompanied\s+by|manifests?\s+(?:as|with|by)|progress(?:es)?\s+to|complicated\s+by"
        rf"|(?:develops?|evolves?|turns?|transforms?)\s+into)\s+{_TO}",
        unless=_PART,
    ),
    _pattern(
        "finding",
        rf"\s*{_H}(?:have|has|had|develops?|experiences?|presents?\s+with|exhibits?|shows?|suffers?\s+from)\s+{_TO}",
        before=rf"{_WHO}\s+(?:with|who\s+have|affected\s+(?:by|with))\s+(?:an?\s+)?",
    ),
    _pattern(
        "finding",
        rf"\s*{_H}(?:includes?|including|are|is|be)\s*:?\s+{_TO}",
        before=rf"{_SIGN}\s+(?:of|(?:associated|seen)\s+(?:with|in)|in)\s+(?:an?\s+)?",
    ),
    _pattern(
        "finding",
        rf"{_ASIDE},?\s*(?:that\s+|which\s+)?{_AND}{_H}(?:caused\s+by|due\s+to|resulting\s+from|secondary\s+to"
        rf"|attributed\s+to)\s+{_TO}",
        turned=True,
    ),
    _pattern(
        "finding",
        rf"{_ASIDE}{_H}(?:is|are|includes?)\s*:?\s+{_TO}",
        before=r"\b(?:causes?|reasons?)\s+(?:of|for)\s+(?:an?\s+)?",
        turned=True,
    ),
    _pattern(
        "finding",
        rf"\s*{_H}(?:an?|the)\s+(?:\w+\s+){{0,2}}{_SIGN}\s+(?:of|in)\s+{_TO}",
        turned=True,
    ),
    _pattern(
        "treatment",
        rf"{_ASIDE}{_H}(?:(?:treated|managed|cured|controlled)\s+(?:\w+ly\s+)?(?:with|by|using)"
        rf"|responds?\s+(?:well\s+)?to|requires?)\s+{_TO}",
    ),
    _pattern(
        "treatment",
        rf"\s+(?:treatments?|therap(?:y|ies)|medications?|drugs?)\s*[,(]?\s*(?:such\s+as|includ(?:es?|ing))\s+{_TO}",
    ),
    _pattern(
        "treatment",
        rf"{_ASIDE}{_H}(?:is|are|includes?|involves?|consists?\s+of|requires?)\s+{_TO}",
        before=r"(?:treatment|therapy|management)s?\s+(?:for|of)\s+(?:an?\s+)?",
    ),
    _pattern(
        "treatment",
        rf"{_ASIDE}{_H}(?:(?:used|approved|indicated|given|prescribed|recommended)\s+)?(?:to\s+treat|treats?"
        rf"|(?:for|in)\s+(?:the\s+)?(?:treatment|management)\s+of|(?:for|in)\s+treating"
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
        "treatment",
        rf"\s+patients?\s+(?:who\s+)?(?:{_H}(?:underwent|received|treated\s+with)|receiving|undergoing)\s+{_TO}",
        before=r"\b(?:in|of|among|for|from)\s+",
    ),
    _pattern(
        "test",
        rf"{_ASIDE}{_H}(?:diagnosed|confirmed|detected|identified)\s+(?:\w+ly\s+)?(?:by|with|through|using|on|via)\s+{_TO}",
    ),
    _pattern(
        "test",
        rf"\s*{_H}(?:made|based|confirmed|established)\s+(?:by|on|with|through|using)\s+{_TO}",
        before=r"diagnosis\s+of\s+(?:an?\s+)?",
    ),
    _pattern(
        "test",
        rf"{_ASIDE}{_H}(?:used\s+)?(?:to\s+|for\s+)?(?:diagnos(?:e|es|ing)|detect(?:s|ing)?|confirm(?:s|ing)?)\s+{_TO}",
        turned=True,
    ),
    _pattern(
        "site",
        rf"{_ASIDE}(?:is|are)\s+an?\s+(?:[a-z-]+\s+){{0,3}}(?:disease|disorder|infection|inflammation|cancer|condition)"
        rf"\s+(?:of|in|affecting|that\s+affects)\s+{_ITEMS}{_ADJ}",
    ),
    _pattern(
        "test",
        rf"{_ASIDE}{_H}used\s+to\s+(?:evaluate|screen|test|check|assess)\s+(?:[a-z]+\s+){{0,3}}for\s+{_TO}",
        turned=True,
    ),
    _pattern(
        "site",
        rf"{_ASIDE}{_IS}{_H}(?:affects?|involves?|arises?\s+(?:in|from)|located\s+in)\s+{_ITEMS}{_ADJ}",
        unless=_PART,
    ),
    _pattern(
        "kind",
        r"\s*(?:is|are|was)\s+(?:an?|the|one\s+of\s+the)\s+"
        r"(?:(?!(?:of|in|to|from|with|for|by|than|more|less|or|and)\b)[a-z-]+,?\s+){0,4}?(?:(?:types?|kinds?|forms?|subtypes?|variants?)\s+of\s+)?(?:an?\s+|the\s+)?"
        r"|\s*(?:is|are)\s+(?:classified|grouped)\s+(?:as|under|among|with)\s+(?:the\s+|an?\s+)?",
        unless=_PART,
    ),
    _pattern(
        "inheritance",
        rf"{_ASIDE}{_H}(?:inherited|transmitted|passed)\s+(?:\w+\s+)?(?:in|as)\s+an?\s+",
    ),
    _pattern(
        "inheritance",
        rf"{_ASIDE}(?:is|are)\s+(?:classified\s+as\s+)?an?\s+(?:(?:rare|progressive|severe|genetic|inherited),?\s+)*",
        after=r"\s+(?:condition|disorder|disease|trait|syndrome)",
    ),
    _pattern(
        "kind",
        r"\s+(?:is|are)\s+(?:called|known\s+as|termed|referred\s+to\s+as)\s+",
        before=r"\b(?:forms?|types?|kinds?|variants?|subtypes?)\s+of\s+",
        turned=True,
    ),
    _pattern("kind", r"\s+(?:in|of)\s+the\s+[a-z]+\s+(?:is|are)\s+called\s+", turned=True),
    _pattern(
        "contraindication",
        rf"\s*{_H}contraindicated\s+(?:in|for|during)\s+(?:{_WHO}\s+with\s+)?{_TO}",
        turned=True,
    ),
    _pattern(
        "contraindication",
        rf"\s*(?:should|must)\s+(?:not|never)\s+be\s+(?:used|given|taken|prescribed|administered)\s+(?:in|by|to|for|if)\s+"
        rf"(?:the\s+)?{_WHO}\s+(?:with|who\s+ha(?:ve|s)|ha(?:ve|s))\s+{_TO}",
        turned=True,
    ),
    _pattern(
        "contraindication",
        rf"\s*(?:should|must)\s+(?:avoid|not\s+(?:take|use|receive|be\s+given))\s+{_TO}",
        before=rf"{_WHO}\s+(?:with|who\s+have)\s+(?:an?\s+)?",
    ),
    _pattern(
        "gene",
        rf"{_ASIDE}{_H}(?:caused\s+by|results?\s+from|due\s+to)\s+(?:an?\s+)?(?:[a-z]+\s+)?"
        rf"(?:mutations?|variants?|changes(?:\s+\(mutations\))?|defects?)\s+(?:in|of)\s+(?:the\s+)?",
        after=r"\s+genes?\b|\s*(?:$|[.,;()])|\s+and\b",
    ),
    _pattern(
        "gene",
        rf"\s*(?:genes?\s+)?(?:mutations?\s+)?{_H}causes?\s+{_TO}",
        before=r"(?:mutations?|variants?|changes|defects?)\s+(?:in|of)\s+(?:the\s+)?",
        turned=True,
    ),
    _pattern(
        "gene",
        rf"\s*(?:genes?\s+)?(?:mutations?\s+)?{_H}(?:identified|found|detected)\s+in\s+[^.,;]{{0,40}}\b{_WHO}\s+with\s+",
        before=r"(?:mutations?|variants?|changes|defects?)\s+(?:in|of|involving)\s+(?:the\s+)?",
        turned=True,
    ),
    _pattern(
        "gene",
        rf"\s+(?:genes?\s+)?(?:mutations?|variants?)\s+(?:that|which)\s+{_H}(?:causes?|leads?\s+to|results?\s+in)\s+{_TO}",
        after=rf"\s*(?:$|[.,;(])|\s+{_MAIN}",
        turned=True,
    ),
    _pattern(
        "gene",
        rf"\s+(?:genes?\s+)?(?:mutations?|variants?)\s+{_H}(?:causes?|leads?\s+to|results?\s+in|(?:associated|linked)\s+with)"
        rf"\s+{_TO}",
        turned=True,
    ),
    # Chinese
    _pattern(
        "finding",
        rf"(?:{_ZN}|的[\u4e00-\u9fff]{{0,4}}(?:症状|病变))"
        rf"{_Z}(?:{_ZC}|表现(?:出?为|出)|伴有|伴随着?|并发|发展为|出现)(?:了|的)?{_ZA}",
        unless=rf"(?:{_ZC}|包括|表现为|伴有|伴随着?|出现)(?:了|的)?(?:[\u4e00-\u9fff]{{1,8}}[、和及与或])*[\u4e00-\u9fff]{{0,3}}",
    ),
    _pattern(
        "finding",
        rf"[，,]?(?:进而|从而|继而){_Z}{_ZC}(?:了|的)?{_ZA}",
        before=rf"(?:{_ZC}|出现)了?(?:[\u4e00-\u9fff]{{1,8}}[、和与及或])*",
    ),
    _pattern("finding", rf"{_ZN}{_ZS}{_Z}(?:有|是|为|包括)[：:]?{_ZA}"),
    _pattern(
        "finding",
        rf"(?:等)?(?:一系列)?(?:症状|的?情况|的?现象|表现)?{_Z}(?:是)?(?:由于?|因为?|因)",
        after=rf"(?:所|而)?{_ZC}(?!的[\u4e00-\u9fff])",
        turned=True,
    ),
    _pattern(
        "finding",
        rf"(?:等)?(?:症状|的?情况|的?现象)?{_Z}是",
        after=rf"(?:{_ZC}的|所致)(?![\u4e00-\u9fff])|{_ZS}",
        turned=True,
    ),
    _pattern("finding", rf"(?:等)?(?:症状)?{_Z}见于", turned=True),
    _pattern(
        "finding",
        rf"{_Z}是(?:{_ZC}){_ZW}",
        after=r"等?(?:症状)?的(?:主要|重要|常见|一个)*(?:原因|病因)",
    ),
    _pattern(
        "treatment",
        rf"(?:的(?:方法|药物))?{_Z}(?:使用|采用|用|口服|服用|选择|应用|是|有|包括|进行)[：:]?{_Z}{_ZU}",
        before="治疗",
    ),
    _pattern("treatment", rf"的治疗(?:方法|药物|方案|措施|手段)?{_Z}(?:有|是|包括|采用|使用)[：:]?{_Z}{_ZU}"),
    _pattern(
        "treatment", r"(?:患者|病人|的话)?[，,]?(?:可以?|建议|一般|首选|常用?|通常)+(?:服用|口服|使用|应用|采用|选用)"
    ),
    _pattern(
        "treatment",
        rf"{_Z}(?:使用|采用|用|口服|服用|选择|通过|应用|接受|进行){_Z}",
        after=r"等?(?:药物|方法)?(?:来|进行)?(?:治疗|缓解|改善|控制)",
    ),
    _pattern(
        "treatment",
        rf"{_ZF}(?:{_ZN}|(?:等)?(?:药物|方法|治疗)?){_Z}(?:有助于|用于|用来|帮助|来)?{_Z}"
        rf"(?:治疗|缓解|减轻|改善|消除)(?:了|您的?|你的?)?",
        turned=True,
    ),
    _pattern(
        "test",
        rf"(?:等)?(?:检查|检测)?[，,]?{_Z}(?:以|来|有助于|用于|帮助)?{_Z}(?:确诊|诊断|判断|确定|明确)(?:您|你)?(?:是否)?"
        rf"(?:存在|患有|有)?",
        turned=True,
    ),
    _pattern(
        "test",
        rf"(?:是|可以|可)?(?:通过|经过|经|靠){_Z}",
        after=r"(?:检查|检测)?(?:而|来)?(?:被)?(?:发现|确诊|诊断|查出|证实)",
    ),
    _pattern("test", rf"(?:的)?(?:诊断|确诊){_Z}(?:依靠|依据|靠|通过){_Z}"),
    _pattern("inheritance", rf"{_Z}(?:是|属于|为){_Z}"),
    _pattern("contraindication", rf"(?:患者|病人|的人)?{_Z}(?:禁用|忌用|禁服|避免使用|不宜使用|慎用){_Z}"),
    _pattern(
        "kind",
        r"则?(?:属于|归为|是)(?:一种|一类|一个)(?:(?![不非似和与或及])[\u4e00-\u9fff]){0,12}|则?(?:属于|归为)",
        after=r"(?:的一种|之一)?(?:[，,。；;、！!）)\s]|和|$)",
    ),
)
LIST = re.compile(
    rf"\s*(?:,\s*(?:and|or|as\s+well\s+as)?|;|\b(?:and|or|and/or|as\s+well\s+as)\b)\s*{_ITEMS}(?:(?:[a-z-]+\s+){{0,4}}(?:and|or)\s+)?{_ADJ}"
    rf"|(?:以?及|[、，,和与或])(?![而但则]){_ZI}[\u4e00-\u9fff]{{0,2}}",
    re.I,
)
