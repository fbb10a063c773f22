"""What text can claim about a disease: the words that announce a claim, and the relations that bear it out."""

import re
from dataclasses import dataclass

from knowledge_graph.model import FINDINGS, IS_A


@dataclass(frozen=True, eq=False)
class Family:
    """Claims of one sort.

    Attributes:
        relations: edges from the disease to the object that state it; `turned`: from the object to the disease.
        types: node types that can be the object.
        cue: what must stand in the clause.
    """

    name: str
    relations: tuple[str, ...]
    types: frozenset[str]
    cue: re.Pattern[str]
    turned: tuple[str, ...] = ()

    def relation_to(self, type: str) -> str:
        """What to call a claim that no edge decides."""
        return "has_symptom" if type == "symptom" else self.relations[0]


def _cue(english: str, chinese: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{english})\b|{chinese}", re.I)


CONTRAINDICATION = Family(
    "contraindication",
    ("contraindicated", "contraindicated_with"),
    frozenset(("drug", "treatment", "procedure")),
    _cue(
        r"contraindicat\w+|(?:should|must) (?:not|never)(?: be)? (?:used?|given?|taken?|receiv\w+|prescribed?)"
        r"|avoid(?:s|ed|ing)?|(?:do not|don't|never) (?:use|give|take|prescribe)|not recommended",
        "禁用|禁忌|忌用|慎用|不宜|不应使用|不可使用|避免使用|不能使用|不能用|禁服",
    ),
    ("contraindicated_in",),
)
FAMILIES = (
    Family(
        "finding",
        FINDINGS,
        frozenset(("phenotype", "symptom", "finding")),
        _cue(
            r"caus\w+|bring\w*|brought"
            r"|present\w*|characteri[sz]\w+|featur\w+|manifest\w*|leads?|led|results?|produc\w+|gives? rise"
            r"|includ\w+|associated|accompan\w+|ha(?:s|ve|d|ving)|with|without|develop\w*|show\w*|experienc\w+"
            r"|symptoms?|signs?|findings?|complain\w*|report\w*|den(?:y|ies|ied|ying)|seen|found|observed|occur\w*"
            r"|common\w*|typical\w*|absen\w+|suggest\w*|indicat\w*|points?|due|secondary|lack\w*|exclud\w+|expect\w*"
            r"|ruled? out|rules out|argues?|against|favou?rs?|suffer\w*|exhibit\w*|no|not|never|picture|marked"
            r"|mention\w*|describ\w+|notice\w*|affect\w*|hallmark|clue",
            "引起|导致|表现|症状|体征|出现|伴|特征|特点|可见|常见|有|主诉|否认|无|见于|提示|诉|发生|典型|未见|缺乏|支持|排除"
            "|感到|是|不",
        ),
    ),
    Family(
        "test",
        ("diagnosed_by",),
        frozenset(("test", "procedure")),
        _cue(
            r"diagnos\w+|confirm\w*|detect\w*|test\w*|investigat\w+|examin\w+|evaluat\w+|work-?up|show\w*|reveal\w*"
            r"|identif\w+|check\w*|screen\w*|assess\w*|order\w*|perform\w*|requir\w+|support\w*|done|us(?:e|ed|ing|es)"
            r"|establish\w*|rel(?:y|ies|ied)|obtain\w*|arrang\w+|found|clinch\w*|settle\w*|request\w*",
            "诊断|确诊|查出|查明|检查|检测|化验|筛查|评估|依靠|依据|证实|检验|发现|明确|提示|需做|完善|借助|通过",
        ),
    ),
    Family(
        "treatment",
        ("treated_by",),
        frozenset(("treatment", "drug", "procedure")),
        _cue(
            r"treat\w*|therap\w+|manag\w+|first-line|respond\w*|giv(?:e|en|es|ing)|prescri\w+|administ\w+|us(?:e|ed|ing|es)"
            r"|tak(?:e|en|es|ing)|options?|requir\w+|receiv\w+|help\w*|reliev\w+|recommend\w*|start\w*|offer\w*|benefit\w*",
            "治疗|疗法|用药|服用|给予|使用|应用|首选|可用|采用|采取|处理|方案|缓解|手术|口服|予以|接受",
        ),
        ("treats", "palliates"),
    ),
    Family(
        "site",
        ("located_in",),
        frozenset(("anatomy",)),
        _cue(
            r"affect\w*|involv\w*|locat\w+|sites?|aris\w+|in the|of the|organs?|strik\w+|damag\w+|attack\w*|target\w*"
            r"|begins?|starts?|seated|disease of|disorder of",
            "累及|位于|发生|部位|侵犯|影响|病变|损害|受累|器官|首先|起源",
        ),
    ),
    Family(
        "department",
        ("belongs_to_department",),
        frozenset(("department",)),
        _cue(
            r"departments?|special\w+|refer\w*|clinics?|managed|handl\w+|belongs?|car(?:e|ed|ing)|see[ns]?|team|services?"
            r"|looked after|consult\w*|ward|visit\w*|responsib\w+|attend\w*|falls?|under",
            "科室|就诊|挂号|属于|归|转诊|收治|负责|首诊|看|挂|应去|建议到|诊治",
        ),
    ),
    Family(
        "gene",
        ("associated_gene",),
        frozenset(("gene",)),
        _cue(r"genes?|genetic\w*|mutat\w+|variants?|caus\w+", "基因|突变|变异"),
        ("gene_associated_with",),
    ),
    Family(
        "inheritance",
        ("has_inheritance",),
        frozenset(("inheritance",)),
        _cue(r"inherit\w*|transmi\w+|pattern|trait", "遗传|方式"),
    ),
)
KIND = Family(
    "kind",
    (IS_A,),
    frozenset(("disease",)),
    re.compile(
        r"^\s*(?:is|are|was)\s+(?:an?|the|one)\s+(?:(?!(?:of|in|to|from|with|for|by|than)\b)[a-z-]+\s+){0,2}?"
        r"(?:of\s+(?:the\s+)?)?(?:(?:types?|kinds?|forms?|subtypes?|variants?)\s+of\s+)?(?:an?\s+|the\s+)?$"
        r"|^\s*(?:is|are)\s+(?:classified|grouped)\s+(?:as|under|among|with)\s+(?:the\s+|an?\s+)?$"
        r"|^\s*(?:是|属于|归为|属)(?:一种|一类)?(?:常见|罕见|急性|慢性)?(?:的)?(?:一种|一类)?\s*$",
        re.I,
    ),
)
"""What may stand between a disease and the group it belongs to."""
DIAGNOSIS = Family(
    "diagnosis",
    ("diagnosis",),
    frozenset(("disease",)),
    _cue(
        r"diagnos(?:is|ed|es)|most likely|consistent with|suggest\w*|points? to|indicates?|answer|suspect\w*|favou?rs?"
        r"|argues? against|speaks? against|(?:less|un)likely|ruled? out|rules out|fits?|compatible with|must be",
        "诊断|考虑|最可能|答案|符合|提示|支持|怀疑|排除|可能性|应为|首先想到",
    ),
)
"""What a case is said to be: only where a bundle says what it is."""
DOSAGE = Family("dose", ("has_dose",), frozenset(("dose",)), re.compile(""))
"""How much of a drug is given: the object is a node whose name is a dose (20-40 mg daily)."""
OPPOSED = {"treatment": CONTRAINDICATION, "contraindication": next(f for f in FAMILIES if f.name == "treatment")}
"""What excludes what: a drug that is contraindicated doesn't treat."""
DIFFERENTIAL = re.compile(r"\bdifferential\b|\boptions?\b|\bsuch as\b|鉴别|选项", re.I)
DOSE = re.compile(
    r"(?<![\d.])\d++(?:\.\d++)?\s*+(?:mg|mcg|µg|μg|ug|g|ml|iu|units?|毫克|微克|克|毫升|单位|片|粒|支)(?![a-z])(?!\s*/\s*(?:d|m)?l\b)",
    re.I,
)
RISKY = {
    "dose": DOSE,
    "contraindication": CONTRAINDICATION.cue,
    "treatment": re.compile(
        r"\b(?:treated with|treatments? (?:is|are|include|consist|of choice)|therapy with|first-line|administ\w+"
        r"|prescri\w+|take (?:\d+|one|two|this|the (?:drug|medicine)))\b"
        r"|服用|口服|给予|首选|用药|治疗(?:用|以|采用|方法|方案|包括|首选)|用.{1,12}治疗",
        re.I,
    ),
}
"""What must be borne out before anyone reads it, and the words that give it."""
