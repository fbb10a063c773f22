"""Value, quality, advertising and danger of a text, by rule: what a rater would look for, counted."""

import re
from functools import cache
from typing import NamedTuple

import ahocorasick

from classifiers.advertising import salesmanship
from classifiers.features import Reading

AXES = ("educational", "causal", "reasoning", "knowledge")
FORMAL = ("GUIDE", "SRMA", "RCT", "OBS", "CASE", "REVIEW", "TEXT", "BASIC", "METHOD", "LABEL", "DRUGREF")
REFERENCE = ("GUIDE", "SRMA", "REVIEW", "TEXT", "DRUGREF", "LABEL")
DANGER_CAP = 1.0
CHINESE_CUES = 1.8
"""How much denser the cues are in Chinese texts of the same kind."""
_PATTERNS = {
    "self_harm_method": r"(?:how to|ways? to|best way to) (?:kill yourself|commit suicide|end your life)"
    r"|painless suicide"
    r"|(?:怎么|如何|怎样)(?:无痛)?自杀(?!预防)|自杀(?:的)?(?:方法|教程)|无痛(?:自杀|死亡)方法",
    "illegal_procurement": r"(?:without|no) (?:a )?prescription (?:needed|required|necessary)"
    r"|buy (?![\w ]*over the counter)[\w ]{2,30} without (?:a )?prescription"
    r"|(?:无需|不用|免)处方(?:即可|就能|直接)?(?:购买|下单|邮寄)|(?:出售|代购|求购).{0,8}(?:处方药|吗啡|杜冷丁|安定"
    r"|曲马多|罂粟)",
    "anti_vaccine": r"vaccines? (?:cause|causes|caused) autism|vaccines? (?:are|is) (?:a )?(?:poison|hoax|scam)"
    r"|(?:never|do not|don't) (?:get )?vaccinate\b|疫苗(?:会)?(?:导致|引起)自闭症"
    r"|(?:(?<!要)不要|千万别|拒绝)(?:给孩子)?(?:打|接种)疫苗|疫苗是(?:毒药|骗局)",
    "delayed_care": r"(?:no need|don't need|do not need|never) to (?:go to|see|visit) (?:a |the )?(?:doctor|hospital)"
    r"|(?<!if you )(?<!when you )(?<!before you )(?<!after you )(?<!once you )"
    r"(?:stop|throw away|quit) (?:taking )?(?:all )?your (?:insulin|medication|medicine|chemo\w*|pills)"
    r"|(?:不用|无需|不必|别)(?:再)?(?:去医院|看医生|就医|做手术|化疗)"
    r"|(?:(?:停掉|扔掉)(?:所有|一切|全部)?|停用(?:所有|一切|全部))(?:西药|胰岛素|降压药|降糖药|药物)",
    "cure_fraud": r"包治(?:百病)?|药到病除|祖传秘方|(?<!精)神医|miracle cure|cures? (?:all|any|every) (?:disease|cancer"
    r"|illness)|cure-all"
    r"|根治(?:糖尿病|高血压|癌症|艾滋病|乙肝)|(?:cure|reverse)s? (?:cancer|diabetes|aids|autism) (?:in|within) \d+",
}
_DANGER = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _PATTERNS.items()}
DANGERS = tuple(_PATTERNS)
"""Names of dangers."""
_ALARMS = {
    "self_harm_method": ("suicid", "kill yourself", "end your life", "自杀", "无痛"),
    "illegal_procurement": ("prescription", "处方", "出售", "代购", "求购"),
    "anti_vaccine": ("vaccin", "疫苗"),
    "delayed_care": (
        *("to go to", "to see", "to visit", "your insulin", "your med", "your chemo", "your pills", "all your"),
        *("不用", "无需", "不必", "别", "停掉", "扔掉", "停用"),
    ),
    "cure_fraud": ("cure", "reverse", "包治", "药到病除", "秘方", "神医", "根治"),
}
"""Words of which a text with the danger has one: a quick look."""
_NEGATED = re.compile(
    r"(?:\b(?:no|not|never|avoid)\b|n['’]t\b"
    r"|不要|不可|不能|不是|不得|禁止|防止|无法|并非|并不|[暂尚还]无|没有|没任何)[^.。!！?？\n]{0,40}$",
    re.IGNORECASE,
)
_REFUTED = re.compile(
    r"\b(?:false|untrue|wrong\w*|myths?|fraud\w*|hoax|claims?|rumou?rs?|misinformation|discredited|debunk\w*|disprove\w*"
    r"|unfounded|baseless|no evidence|warn\w*|beware)\b"
    r"|谣言|传言|误区|骗局|骗子|骗人|骗钱|错误|不实|虚假|不可信|不科学|不存在|没有(?:科学)?(?:依据|根据|证据)|相信|轻信|切勿"
    r"|警惕|谨防|警方|公安|查获|查处|[宣谎]称|不确切?|不(?:倡导|提倡|建议|推荐)",
    re.IGNORECASE,
)
_LIMITED = re.compile(
    r"\b(?:without (?:first )?(?:asking|talking|speaking|consulting|checking)|unless|until|mild|minor)\b"
    r"|轻微|轻度|轻症",
    re.IGNORECASE,
)
"""What makes it safe to do without care or without a drug."""
_ENDS = re.compile(r"[.。!！?？\n]")
SENTENCE = 120
"""Characters of a sentence that are looked at, before a danger and from it on."""
DELAYED = "delayed_care"
CLAIMS = ("anti_vaccine", "cure_fraud", DELAYED)
"""Dangers that a question only asks about."""


class Rating(NamedTuple):
    """`value` is 0-5, `quality` by axis 0-1, `safety` names dangers, `advertisement` is 0-1: 0.5 for one kind of
    salesmanship, more for more."""

    value: float
    quality: dict[str, float]
    safety: list[str]
    advertisement: float


def rate(text: str, reading: Reading, medical: float, types: dict[str, float], learnt: float | None = None) -> Rating:
    """Rate a text that is medical with probability `medical`, and of content types with probabilities `types`.

    Value adds a point each for medical substance; for being sound; for explaining; for what can be acted upon; and for
    being fit to refer to; or it is as `learnt` (value.py) of a text that is medical. A dangerous text gets 1 at most.
    """
    kinds = salesmanship(text)
    advertisement = 1 - 0.5**kinds
    safety = dangers(text)
    words = reading.words
    hundreds = max(words, 40.0) / 100
    usual = hundreds * (1 + (CHINESE_CUES - 1) * reading.han)
    cues = {name: reading.cues[name] / usual for name in ("teaches", "explains", "reasons", "guides", "attributes")}
    marks = reading.traits
    formal, reference = (sum(types.get(name, 0.0) for name in names) for names in (FORMAL, REFERENCE))
    figures = (marks["dose"] + marks["percent"]) / hundreds
    personal = _part((marks["first"] + marks["you"]) / hundreds, 3) * (1 - formal)
    length = _part(words, 150)
    quality = {
        "educational": (0.6 * _part(cues["teaches"], 0.7) + 0.4 * length) * (1 - 0.5 * personal),
        "causal": _part(cues["explains"], 0.8),
        "reasoning": _part(cues["reasons"], 1.0),
        "knowledge": _part(reading.terms / hundreds + figures, 5.0),
    }
    explains = (quality["educational"] + quality["causal"] + quality["reasoning"]) / 3
    guides = _part(cues["guides"] + 2 * figures, 2.0)
    attributed = 0.4 + 0.6 * _part(cues["attributes"], 0.7)
    substance = medical * _part(words, 20) * (1 - advertisement if kinds >= 2 else 1)
    points = (
        1.0,
        (1 - 0.6 * personal) * (0.5 + 0.5 * quality["knowledge"]),
        _steep(explains * (0.5 + 0.5 * length), 0.3),
        _steep(guides * (0.5 + 0.5 * length) * (1 - 0.4 * personal), 0.35),
        (0.3 + 0.7 * reference) * _steep(length * attributed * (1 - personal), 0.3),
    )
    value = substance * (sum(points) if learnt is None else learnt)
    return Rating(
        value=round(min(value, DANGER_CAP) if safety else value, 2),
        quality={name: round(score, 3) for name, score in quality.items()},
        safety=safety,
        advertisement=round(advertisement, 4),
    )


def dangers(text: str) -> list[str]:
    """Names of dangers that a text puts into somebody's mind, and doesn't negate, refute, ask about or limit to the
    harmless in the same sentence."""
    alarming = {name for _, names in _alarms().iter(text.lower()) for name in names}
    alarming = {name: _DANGER[name].finditer(text) for name in DANGERS if name in alarming}
    return [name for name, matches in alarming.items() if not all(_denied(name, text, found) for found in matches)]


@cache
def _alarms() -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for word in {word for words in _ALARMS.values() for word in words}:
        automaton.add_word(word, tuple(name for name, words in _ALARMS.items() if word in words))
    automaton.make_automaton()
    return automaton


def _denied(name: str, text: str, found: re.Match) -> bool:
    before = _ENDS.split(text[max(0, found.start() - SENTENCE) : found.start()])[-1]
    end = _ENDS.search(text, found.end(), found.end() + SENTENCE)
    after = text[found.end() : end.start() if end else found.end() + SENTENCE]
    asked = name in CLAIMS and end is not None and end[0] in "?？"
    limited = name == DELAYED and _LIMITED.search(f"{before} {after}")
    return bool(asked or limited or _NEGATED.search(before) or _REFUTED.search(before) or _REFUTED.search(after))


def _part(amount: float, half: float) -> float:
    """From 0 towards 1; one half at `half`."""
    return amount / (amount + half)


def _steep(share: float, middle: float) -> float:
    """A share pulled towards 0 below the middle, and towards 1 above it."""
    return share**2 / (share**2 + middle**2)
