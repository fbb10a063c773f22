"""Postal codes: by their form, or by a cue beside them."""

import re

from collectors.privacy.identifiers.rule import Near, rule

FULL = (
    rule(
        "ZIP",
        ("号", "室", "栋", "座", "门", "村", "组", "楼", "单元", "期"),
        r"(?<=[\u4e00-\u9fff\d])[ \u3000]{1,4}(?P<value>[0-8]\d{5})(?=[ \t]*(?:\n|$))",
        flags=re.MULTILINE,
    ),
    rule("ZIP", ("s(", "singapore"), r"(?:(?<![A-Za-z])S\(|\bSingapore )(?P<value>\d{6})(?!\d)"),
    rule(
        "ZIP",
        ("zip", "post", "pin"),
        r"\b(?:zip(?: ?code)?|post(?:al)? ?code"
        r"|pin ?code)\b[^\d\n.;]{1,40}(?P<value>\d{3,6}(?:[ -]\d{2,4})?)(?![\d%]|[,.]\d)",
        flags=re.IGNORECASE,
    ),
    rule(
        "ZIP",
        None,
        r"(?<![A-Za-z0-9-])(?P<value>[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d"
        r"|(?:[A-Z]{2}\d{1,2}|[A-Z]\d{2}|[A-Z]{1,2}\d[A-Z]) \d[A-Z]{2})(?![A-Za-z0-9-])",
        near=Near(re.compile(r"\d[A-Z][A-Z\d]"), 8, 4),
    ),
    rule(
        "ZIP",
        (
            *("deliver", "ship", "weather", "store", "branch", "atm", "restaurant", "live", "living", "locat", "move"),
            *("nearest", "closest", "near", "area", "service", "resid"),
        ),
        r"\b(?:deliver\w*|ship\w*|weather|stores?|branch\w*|ATMs?|restaurants?|liv(?:e|es|ed|ing)|locat\w+|moved?"
        r"|moving"
        r"|nearest|closest|near|around|area|services?|resid\w+)\b[^\n\d]{0,50}?(?:\b(?:in|near|around|to|at|from|for"
        r"|code|zip"
        r"|area),? )",
        r"(?P<value>\d{5}(?:-\d{3,4})?|\d\d-\d{3}|\d{3} \d\d|\d{4} [A-Z]{2}"
        r"|(?!(?:19|20)\d\d)\d{4}(?=[?!]"
        r"|\.?\s*(?:\n|$)))(?=[?!]|\.?(?:\s"
        r"|$)(?!\d)(?! ?(?:to|and|or"
        r"|mg|ml|patients|people|of|years|per|x|units|pounds|miles|km)\b))",
        flags=re.IGNORECASE | re.MULTILINE,
        near=Near(re.compile(r"\d{4}|\d\d-\d{3}|\d{3} \d\d"), 100, 40),
    ),
    rule(
        "ZIP",
        ("zip", "post"),
        r"(?<![\w.,/-])(?P<value>\d{3,5}(?:[ -]\d{2,4}| [A-Z]{2})?|\d\d-\d{3}) (?:is|was) (?:my|our|his|her|their"
        r"|the) (?:\w+ )?"
        r"(?:zip|post(?:al)? ?code)",
    ),
    rule(
        "ZIP",
        ("zip", "post"),
        r"\b[Zz](?:ip|IP)\b[^\d\n]{1,20}(?P<value>\d\d-\d{3}|\d{4} [A-Z]{2})(?![\w-])",
    ),
    rule(
        "ZIP",
        ("zip", "postal code", "post code", "postcode", "邮编", "邮政编码"),
        r"(?:\bzip(?: ?code)?|\bpost(?:al)? ?code|邮编|邮政编码)(?:[\s:\uff1a]|\bis\b|\bin\b|\bof\b|\bto\b"
        r"|\bnumber\b|为|是){0,5}",
        r"(?P<value>(?=[A-Za-z0-9 -]{0,4}\d)[A-Za-z0-9]{2,6}(?:[ -](?:[A-Za-z0-9]{3,4}|\d\d"
        r"|[A-Z]{2})(?![A-Za-z0-9]))?)(?![A-Za-z0-9-])",
        flags=re.IGNORECASE,
    ),
)
