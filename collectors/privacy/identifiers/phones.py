"""Numbers of telephones and faxes: by their form, or by a cue beside them."""

import re
from collections.abc import Callable

from collectors.privacy.identifiers.checks import is_international_phone, is_not_round, is_phone
from collectors.privacy.identifiers.number_parts import AFTER, BEFORE
from collectors.privacy.identifiers.rule import LONG_NUMBER, Rule, rule

_TOLL_FREE = r"8(?:00|33|44|55|66|77|88)"
"""Area codes of numbers that no person has, hotlines above all."""

_ANY_PHONE = r"\+?\(?\d[\d ().-]{5,18}\d(?: ?(?:x|ext\.?) ?\d{1,6})?"

_PHONE_CUES = (
    *("office", "fax", "mobile", "desk", "home", "cell", "message", "phone", "contact", "work", "number", "whatsapp"),
    *(
        "call",
        "ring",
        "text",
        "dial",
        "reach",
        "tel",
        "registered",
        "sms",
        "voicemail",
        "landline",
        "hotline",
        "direct line",
    ),
)


def _phone(
    cues: tuple[str, ...] | None, *pattern: str, check: Callable[[str], bool] | None = None, flags: int = 0
) -> Rule:
    """A rule that looks only near digits that could be a telephone's."""
    return rule("PHONE", cues, *pattern, check=check, flags=flags, near=LONG_NUMBER)


LIGHT = (
    _phone(
        None,
        rf"{BEFORE}(?P<value>(?:\+|00)?86[ -]?1[3-9]\d[ -]?\d{{4}}[ -]?\d{{4}}",
        rf"|1[3-9]\d(?:\d{{8}}|-\d{{4}}-\d{{4}}| \d{{4}} \d{{4}}|\.\d{{4}}\.\d{{4}})){AFTER}",
        check=is_not_round,
    ),
    _phone(
        None,
        rf"{BEFORE}(?P<value>(?:\+?1[ .-])?(?![(\uff08]?{_TOLL_FREE})",
        r"(?:[(\uff08][2-9]\d\d[)\uff09] ?|[2-9]\d\d[.-])[2-9]\d\d[.-]\d{4}",
        rf"(?:,? ?(?:x|ext\.?|extension) ?\d{{1,6}})?){AFTER}",
    ),
    _phone(
        None,
        rf"{BEFORE}(?P<value>(?:0\d{{2,3}}[- ]|[(\uff08]0\d{{2,3}}[)\uff09] ?)[2-9]\d{{2,3}}[ -]?\d{{4}}",
        rf"(?:(?:转|-)\d{{1,5}})?){AFTER}",
    ),
    _phone(
        ("电话", "联系", "办公", "手机", "座机", "致电", "拨打", "传真", "单位", "家里", "住宅", "收件", "寄"),
        r"(?:电话|联系|办公|手机|座机|致电|拨打|传真|单位|家里|住宅|收件|寄)[^\n]{0,40}?(?<![\dA-Za-z./-])",
        rf"(?P<value>0(?:10|2\d|[3-9]\d\d)[2-9]\d{{6,7}}(?:(?:转|-)\d{{1,5}})?){AFTER}",
    ),
    _phone(
        None,
        rf"{BEFORE}(?P<value>(?:\+|00 ?(?=[1-9]))\d{{1,3}}[ .-]?(?:\(\d{{1,4}}\)[ .-]?)?(?:\d{{1,5}}[ .-]?){{1,5}}",
        rf"\d{{2,4}}(?: ?(?:x|ext\.?) ?\d{{1,6}})?){AFTER}",
        check=is_international_phone,
    ),
    _phone(
        (
            "tel",
            "phone",
            "ph",
            "fax",
            "mobile",
            "cell",
            "call",
            "reach",
            "text",
            "pager",
            "电话",
            "手机",
            "传真",
            "座机",
        ),
        r"(?:\btel(?:ephone)?|\bph\b|phone|\bfax|\bmobile|\bcell|\bpager|\b(?:call|reach|text)(?: me| us| him| her|"
        r" them)?",
        r" (?:at|on)|电话|手机|传真|座机)(?:号码?|\s?(?:no|number)\b)?[\s.:\uff1a#]{0,3}",
        rf"(?:(?:is|at|on) |为|是)?\s?(?P<value>\+?\(?\d[\d ()./-]{{5,18}}\d){AFTER}",
        check=is_phone,
        flags=re.IGNORECASE,
    ),
)

_SAID = ["oh", "o", "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_SAID_CUES = tuple(
    f"{first}{between}{second}"
    for first in (*_SAID, "double", "triple")
    for between in (" ", "-", ", ", ",", ". ", ".", " - ", "  ")
    for second in (*_SAID, "double", "triple")
)
_DIGIT_SAID = rf"(?:{'|'.join(_SAID)}|double \w+|triple \w+)\b"

FULL = (
    rule(
        "PHONE",
        _SAID_CUES,
        rf"\b(?P<value>(?:{_DIGIT_SAID}[,. -]{{0,3}}){{6,13}}{_DIGIT_SAID})",
        flags=re.IGNORECASE,
    ),
    _phone(
        None,
        rf"{BEFORE}(?P<value>1 [3-9](?: \d){{9}}|1[3-9]\d(?:[ \u00b7\u2013-]?\d){{8}}"
        rf"|400-?\d{{3}}-?\d{{4}}转\d{{1,4}}){AFTER}",
    ),
    _phone(
        None,
        rf"{BEFORE}(?<!\d )(?P<value>(?!{_TOLL_FREE})[2-9]\d\d [2-9]\d\d \d{{4}}){AFTER}(?! \d)",
    ),
    _phone(
        None,
        rf"{BEFORE}(?P<value>0\d{{2,4}}(?:[ -]\d{{2,4}}){{2,4}}|0\d{{3,4}} \d{{6,7}}"
        rf"|\(0?\d{{2,4}}\) ?\d{{3,4}}[ -]?\d{{3,4}}){AFTER}",
        check=is_phone,
    ),
    _phone(
        _PHONE_CUES,
        r"\b(?:office|fax|mobile|desk|home|cell|work|contact|whatsapp|number|phone|tel|call|ring|text|dial|reach"
        r"|messages?|registered)"
        rf"\w{{0,4}}\b[^\n\d]{{0,25}}(?<![A-Za-z])(?P<value>{_ANY_PHONE}){AFTER}",
        check=is_phone,
        flags=re.IGNORECASE,
    ),
    _phone(
        _PHONE_CUES,
        r"\b(?:phone|telephone|fax|mobile|whatsapp|sms|voicemail|landline|hotline|direct line|unsubscribe"
        r"|customer service|dial(?:ed|led|ing)?"
        r"|(?:call|ring|text|reach|phone|contact|message)(?:ed|ing)? (?:me|him|her|us|them|someone|back|at"
        r"|on))\b[^\d]{0,50}?"
        rf"(?<![A-Za-z])(?P<value>(?!(?:1[ .-]?)?\(?{_TOLL_FREE}){_ANY_PHONE}){AFTER}",
        check=is_phone,
        flags=re.IGNORECASE,
    ),
    _phone(
        ("number",),
        rf"{BEFORE}(?P<value>{_ANY_PHONE})(?= (?:is|was) (?:still )?(?:my|your|his|her|our|their|the) (?:\w+ )?number"
        r"| (?:still )?(?:my|your|his|her|our|their|the) (?:\w+ )?number)",
        check=is_phone,
    ),
    _phone(
        None,
        rf"(?:^|\n|[|;,] ?)[TMPCHWOF]:? (?P<value>{_ANY_PHONE}){AFTER}",
        check=is_phone,
    ),
    _phone(
        None,
        rf"{BEFORE}(?P<value>0\d(?:\.\d\d){{4}}|(?:\+|00)\d{{1,3}} ?\(0\)[ \d]{{7,14}}\d){AFTER}",
    ),
    _phone(
        _PHONE_CUES,
        rf"(?:call|phone|tel|reach|text|contact)[^\n]{{0,40}}\d(?:,| or| and|/"
        rf"|;) {{0,1}}(?P<value>{_ANY_PHONE}){AFTER}",
        check=is_phone,
        flags=re.IGNORECASE,
    ),
    _phone(
        _PHONE_CUES,
        rf"{BEFORE}(?P<value>{_ANY_PHONE})(?: ?[-(,]? ?| is (?:my|his|her|our|the) )(?:\w+ )?(?=(?:office|fax"
        rf"|mobile|desk|home|cell|phone)\b)",
        check=is_phone,
        flags=re.IGNORECASE,
    ),
)
