"""Ages over 89, in digits and in words, English and Chinese."""

import re

from collectors.privacy.identifiers.rule import Rule, rule

_NINETIES = r"(?:ninety|(?:one|a) hundred(?: and)?)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?"


def _age(cues: tuple[str, ...] | None, *pattern: str, flags: int = 0) -> Rule:
    return rule("AGE", cues, *pattern, flags=flags)


RULES = (
    _age(
        ("ninety", "one hundred", "a hundred"),
        rf"\b(?P<value>{_NINETIES})(?=[- ]years?[- ](?:old|of age))",
        flags=re.IGNORECASE,
    ),
    _age(
        ("ninety", "one hundred", "a hundred"),
        rf"\b(?:he|she|I|who|patient|father|mother|mom|mum|dad|gran\w{{0,6}}|nana?|husband|wife|aunt|uncle)"
        rf"(?:['\u2019][sm]| is| was| am| turn(?:s|ed)| will be)(?: now| nearly| almost"
        rf"| about)? (?P<value>{_NINETIES})\b"
        r"(?! ?(?:%|percent|kg|kilo|pounds?|cm|mg|days?|weeks?|months?|degrees|over|patients|people))",
        flags=re.IGNORECASE,
    ),
    _age(
        ("th birthday", "st birthday", "nd birthday", "rd birthday"),
        r"(?<!\d)(?P<value>9\d|1[0-2]\d)(?=(?:st|nd|rd|th) birthday)",
    ),
    _age(
        None,
        r"(?P<value>9(?<![\d.°/-]9)\d|1(?<![\d.°/-]1)0\d)"
        r"(?=[ -]?(?:M|F|yoM|yoF|yo [MF])\b(?= (?:with|who|presents?|presenting|c/o|s/p|here|found|brought|p/w|h/o"
        r"|w/)|[,)]))",
    ),
    _age((", also",), r", also (?P<value>9\d|10\d)(?=,)"),
    _age(("turning 9", "turning 1", "turns 9", "turns 1"), r"\bturn(?:ing|s) (?P<value>9\d|1[0-2]\d)(?![\d.%])"),
    _age((", 9", ", 10"), r"(?:[A-Z][a-z\u2019'-]{2,20}), (?P<value>9\d|10\d)(?=, [a-z])"),
    _age(
        ("s 9", "s 1", "m 9", "m 1", "turned 9", "turned 1"),
        r"\b(?:he|she|I|patient|who|father|mother|mom|mum|dad|gran\w{0,6}|nana?|husband|wife|aunt|uncle)"
        r"(?:['\u2019][sm]| is| was| am| turn(?:s|ed)) (?:now |already |nearly |almost )?"
        r"(?P<value>9\d|1[0-2]\d)"
        r"(?=[.,;]? |[.,;]?$)(?! ?(?:%|kg|kilo|lb|pounds?|cm|mm|beats|bpm|percent|over|mg|days?|weeks?|months?))",
        flags=re.IGNORECASE,
    ),
    _age(
        None,
        r"(?P<value>9(?<![\d.]9)\d|1(?<![\d.]1)[0-2]\d)",
        r"(?=[- ]?(?:years?[- ]olds?|years? of age|year-old|yrs?[- ]old|y\.?/?o\b|yo\b|[\u5468]?岁(?!(?:及"
        r"|或)?以上|(?:老)?人群)))",
        flags=re.IGNORECASE,
    ),
    _age(
        ("age", "turned", "年龄", "享年", "寿"),
        r"(?:\b(?:aged?|turned|age(?: is|:| of))[: ]{1,2}|(?:年龄|享年)[:\uff1a\s]{0,2})(?P<value>9\d"
        r"|1[0-2]\d)(?![\d%/-]|\.\d)",
        r"(?! ?(?:days?|weeks?|months?|hours?|minutes?|天|月|小时|周|(?:years? )?(?:and|or) (?:over|older"
        r"|above)|岁?及?以上))",
        flags=re.IGNORECASE,
    ),
    _age(
        ("十", "百"),
        r"(?P<value>九十(?:有?[一二三四五六七八九])?|一百[零一二三四五六七八九十]{0,3})(?=[多余]?[周]?岁|高龄"
        r"|[多余]?高龄)",
    ),
)
