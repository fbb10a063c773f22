"""How dates finer than a year are written, form by form."""

import re

NAMES = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")
NAMES += ("November", "December")
MONTH_CUES = tuple(name[:3].lower() for name in NAMES)
_MONTH = (
    r"(?P<name>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?|JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|SEPT?(?:EMBER)?"
    r"|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)\.?"
)
_SMALL = "january|february|april|june|july|august|september|october|november|december"
_YEAR = r"(?P<year>(?:18|19|20)\d\d)"
_SHORT_YEAR = r"(?P<year>\d\d)(?![\dA-Za-z:]|[.,]\d| ?(?:mg|ml|%|patients|years|days))"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])"
_NUMBER = r"(?P<month>1[0-2]|0?[1-9])"
_YEAR_ZH = r"(?P<year>[一二][零〇一二三四五六七八九]{3})"
_MONTH_ZH = r"(?<![一二三四五六七八九十几])(?P<month>十[一二]|[一二三四五六七八九十正冬腊])"
_DAY_ZH = (
    r"(?P<day>廿[一二三四五六七八九]?"
    r"|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]|初?[一二三四五六七八九十])"
)
_FORMS = (
    (
        ("民国",),
        rf"民国 ?(?P<republic>\d{{2,3}}|[一二三四五六七八九十百]{{1,4}}) ?年 ?{_NUMBER} ?月(?: ?{_DAY} ?[日号])?",
    ),
    (("民国",), rf"民国(?P<republic>[一二三四五六七八九十]{{1,4}})年{_MONTH_ZH}月(?:{_DAY_ZH}[日号])?"),
    (("年",), rf"(?<!\d){_YEAR} ?年 ?{_NUMBER} ?月(?: ?{_DAY} ?[日号])?"),
    (("月",), rf"(?<!\d)(?:(?P<year>\d\d)年|(?<!\d年)){_NUMBER} ?月 ?{_DAY} ?[日号]"),
    (("月",), rf"{_YEAR_ZH}年{_MONTH_ZH}月(?:{_DAY_ZH}[日号])?"),
    (("月",), rf"(?<!年){_MONTH_ZH}月{_DAY_ZH}[日号]"),
    (
        ("腊月", "冬月", "正月", "月初", "月廿"),
        r"(?<![一二三四五六七八九十几个])(?P<month>[正二三四五六七八九十冬腊])月"
        r"(?P<day>初[一二三四五六七八九十]|廿[一二三四五六七八九]?)",
    ),
    (("/",), r"(?<![\d/.])(?P<month>1[0-2]|0?[1-9])/(?P<day>3[01]|[12]\d|0?[1-9])(?=\s\d{1,2}[:：]\d\d)"),
    (
        (".",),
        r"(?<=[：:于在至期])(?P<year>1\d|2[0-9])\.(?P<month>1[0-2]|0?[1-9])\.(?P<day>3[01]|[12]\d"
        r"|0?[1-9])(?![\d.])",
    ),
    (("农历", "阴历"), rf"(?<=[农阴]历){_MONTH_ZH}月{_DAY_ZH}"),
    (("19", "20"), rf"(?<![\d.-]){_YEAR}(?P<sign>[-/.]){_NUMBER}(?P=sign){_DAY}(?![\d-])"),
    (
        ("19", "20"),
        rf"(?<![A-Za-z0-9_.-]){_YEAR}(?P<month>1[0-2]|0[1-9])(?P<day>3[01]|[12]\d|0[1-9])(?![A-Za-z0-9_-]|\.\d)",
    ),
    (
        ("/", "-", "."),
        r"(?<![\d/.-])(?P<first>\d{1,2})(?P<sign>[/.-])(?P<second>\d{1,2})(?P=sign)(?P<year>(?:18|19"
        r"|20)\d\d)(?![\d/-])",
    ),
    (("/",), r"(?<![\d/.])(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d\d)(?![\d/])"),
    (
        ("/",),
        r"(?:\b(?:on|by|from|since|until|til|for|meeting|line|placed|started|appt|next|due|seen|dated|d/c|IJ|Mon|Tue|Wed"
        r"|Thu|Fri|Sat|Sun|Tues|Weds|Thurs)\.? |(?:[下本上末首]次|[约于至]) ?)(?<![\d/.])(?P<month>1[0-2]|0?[1-9])/"
        r"(?P<day>3[01]|[12]\d|0?[1-9])(?![\d/.%]| ?(?:strength|doses?|tabs?|of|times))",
    ),
    (("-",), r"(?<![\d.-])(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?=\s\d{1,2}[:：]\d\d)"),
    (
        ("-",),
        r"(?:^|(?<=\n))(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?=[\t\u3000]| [^\d\s])"
        r"(?!\s(?:y|yrs?|years?|mos?|months?|wks?|weeks?|d|days?|h|hours?)\b)",
    ),
    (
        ("-",),
        r"(?:(?<=下次)|(?<=下次：)|(?<=下次:)|(?<=有效期)|(?<=日期)|(?<=日期：)|(?<=日期:)|(?<=日期 )|(?<=\d-\d\d至)"
        r"|(?<=于))"
        r"(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?![\d.-])",
    ),
    (
        (".",),
        r"(?:(?<=日)|(?<=日 )|(?<=日期：)|(?<=期 ))(?P<month>1[0-2]|0?[1-9])\.(?P<day>3[01]|[12]\d"
        r"|0?[1-9])(?=[:：，,。；\s])",
    ),
    (
        (".",),
        r"(?<![\dA-Za-z.\u4e00-\u9fff+-])(?P<month>1[0-2]|0?[1-9])\.(?P<day>3[01]|[12]\d|0?[1-9])"
        r"(?=生日|号|查|复查|手术|入院|出院|住院|来院|出生|门诊)",
    ),
    (
        (".",),
        r"(?:^|(?<=[\n，。；,;、于后至约 ]))(?P<month>1[0-2]|0?[1-9])\.(?P<day>3[01]|[12]\d|0?[1-9])"
        r"(?=转[^为氨移]|家属|患者|入院|出院|来院|来诊|外院|我院|拆线|会诊|心内|心衰|门诊|急诊|再次|复诊|行[^经])",
    ),
    (
        ("/",),
        r"(?<![A-Za-z\d./-])(?P<month>1[0-2]|0?[1-9])/(?P<day>3[01]|[12]\d|0?[1-9])"
        r"(?=日?(?:[复再]诊|复查|随访|来[院诊]|[入出]院|手术|拆线|换药|门诊))",
    ),
    (("/",), r"(?<=\| )(?P<month>1[0-2]|0?[1-9])/(?P<day>3[01]|[12]\d|0?[1-9])(?= \|)"),
    (
        (".",),
        r"(?<![\d.])(?P<year>[12]\d)\.(?P<month>1[0-2]|0[1-9])\.(?P<day>3[01]|[12]\d|0[1-9])(?= \d{1,2}[:：]\d\d)",
    ),
    (
        ("-",),
        r"(?<![A-Za-z\d./-])(?P<year>[012]\d)-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?![A-Za-z\d/-]|\.\d)",
    ),
    (
        (".",),
        r"(?<=[\u4e00-\u9fff\u3000：:])(?P<year>[12]\d)\.(?P<month>1[0-2]|0?[1-9])\.(?P<day>3[01]|[12]\d|0?[1-9])(?![\d.%])",
    ),
    (
        ("-",),
        r"(?<![A-Za-z\d./-])(?P<month>1[0-2]|0?[1-9])-(?P<day>3[01]|[12]\d|0?[1-9])"
        r"(?=日?(?:[复再]诊|复查|随访|来[院诊]|[入出]院|手术|拆线|换药|门诊|取[药报结]|到期))",
    ),
    (MONTH_CUES, rf"(?<![\dA-Za-z]){_DAY}{_MONTH}{_YEAR}(?!\d)"),
    (MONTH_CUES, rf"(?<![\d.])\b{_DAY}(?:st|nd|rd|th)(?: of)? (?P<name>{_SMALL})\b(?:,? {_YEAR})?(?!\d)"),
    (MONTH_CUES, rf"\b(?P<name>{_SMALL}) {_DAY}(?:st|nd|rd|th)?\b(?:,? {_YEAR})?(?![\d/])"),
    (MONTH_CUES, rf"\b{_MONTH} {_DAY}(?i:st|nd|rd|th)?\b(?:,? {_YEAR})?(?![\d/])"),
    (MONTH_CUES, rf"(?<![\d.])\b{_DAY}(?i:st|nd|rd|th)?[ -](?:of )?{_MONTH}\b(?:,?[ -]{_YEAR})?(?!\d)"),
    (
        MONTH_CUES,
        rf"(?<![\dA-Za-z.]){_DAY}(?:st|nd|rd|th)?[ /.-]?{_MONTH}"
        rf"(?:[/.-]| ?['\u2019]| (?=\d\d(?:[.,;)\n]|$))){_SHORT_YEAR}",
    ),
    (MONTH_CUES, rf"\b{_MONTH}[ -]{_DAY}(?:st|nd|rd|th)?(?:,? ['\u2019]|-){_SHORT_YEAR}"),
    (MONTH_CUES, rf"\b{_MONTH}[ -]?['\u2019]{_SHORT_YEAR}"),
    (MONTH_CUES, rf"\b{_MONTH}[-/]{_DAY}[-/]{_YEAR}(?!\d)"),
    (MONTH_CUES, rf"(?<![\dA-Za-z.]){_DAY}[/.]{_MONTH}[/.]{_YEAR}(?!\d)"),
    (MONTH_CUES, rf"\b{_MONTH},? {_YEAR}(?!\d)"),
)
MONTH_AT = re.compile(rf"(?<![A-Za-z])(?:{_MONTH.replace('(?P<name>', '(?:', 1)}|{_SMALL})")
"""Names of months."""

PATTERNS = tuple((cues, re.compile(pattern), "十" not in pattern) for cues, pattern in _FORMS)
"""Cues, form, and whether it is of digits."""

SHORT = re.compile(
    r"(?<![\w/.,-])(?P<first>\d{1,2})(?P<sign>[.-])(?P<second>\d{1,2})(?P=sign)(?P<year>\d\d)(?![\w/%-]|[.,]\d)"
)
"""12.03.24, which elsewhere may number a section."""
REVERSED = re.compile(r"(?<![\w/.,%-])(?P<day>1[3-9]|2\d|3[01])/(?P<month>1[0-2]|0?[1-9])(?![\w/%-]|[.,]\d)")
BARE = re.compile(
    r"(?<![\w/.,%-])(?P<month>1[0-2]|0?[1-9])/(?P<day>3[01]|[12]\d|0?[1-9])(?![\w/%-]|[.,]\d)"
    r"(?! ?(?:strength|pain|doses?|tabs?|of\b|times|mg|ml|hpf|power|motor|reflex|murmur|systolic|diastolic"
    r"|pulses?|bilat|in\b))"
)
"""A month and a day without a year, which only a patient's record may hold: a score (5/5), a fraction (2/3) and a span
(6/12) look alike."""
BARE_CUE = re.compile(
    r"(?:\b(?:on|labs?|notes?|cath|from|since|dated|appt|f/u|CTA?|MRI|XR|CXR|echo|[bu]?cx|adm(?:it(?:ted)?)?|d/c|start(?:ed)?|s/p"
    r"|last|until|thru|through|to|for the|date|by|due|visit|seen|done|EGD|colonoscopy|surgery|OR|dose|given"
    r"|DOS)[:,]? )$",
    re.IGNORECASE,
)
NO_DAY = re.compile(
    r"(?:\b(?:pain|strength|scor(?:es?|ed|ing)|GCS|power|motor|pulses?|reflex(?:es)?|murmur|graded?|rated?|Apgars?|APGARs?|VA|vision|BP|ratio"
    r"|dilution|titer|class|stage|level|MMSE|NIHSS|PHQ-?\d?|GAD-?\d?|severity|ROM|x|~)[ :=]*(?:is |was |of |at )?)$",
    re.IGNORECASE,
)
"""Before what may be a day, what speaks for one and what against."""
