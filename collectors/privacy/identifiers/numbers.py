"""Identifiers that are numbers or addresses on the net: a form of their own, a check digit, or a cue beside them.

The classes follow the Safe Harbor list of 45 CFR 164.514(b)(2) and its Chinese counterparts.
"""

import re

from collectors.privacy.identifiers.checks import (
    card_is_valid,
    iban_is_valid,
    is_international_phone,
    is_ip,
    is_not_round,
    is_phone,
    old_resident_id_is_valid,
    resident_id_is_valid,
    vehicle_is_valid,
)
from collectors.privacy.identifiers.rule import rule

_BEFORE = r"(?<![A-Za-z0-9._-])(?<![^\d]/)(?<!10\.\d{4}/)(?<!10\.\d{5}/)"
"""A number that runs on to the left is part of a decimal, a DOI, an accession or a path."""
_AFTER = r"(?![A-Za-z0-9_-]|\.\d)"
_TOLL_FREE = r"8(?:00|33|44|55|66|77|88)"
"""Area codes of numbers that no person has, hotlines above all."""
_IS = r"(?:号码?|编号)?[:\uff1a#是为\s]{0,3}"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LINK = r"(?:[\s:\uff1a#,\uff0c=.]|\bis\b|\bwas\b|\bit\b|\bno\b|\bnumber\b|\bid\b){0,6}"
"""What may stand between an English cue and its number."""


def _has_three_digits(value: str) -> bool:
    return sum(c.isdigit() for c in value) >= 3


def _has_four_digits(value: str) -> bool:
    return sum(c.isdigit() for c in value) >= 4


_CODE = (
    r"(?P<value>(?=[A-Za-z-]{0,6}\d)(?!(?:19"
    r"|20)\d\d\b(?!-))[A-Za-z0-9]{1,16}(?:-[A-Za-z0-9]{1,8}){0,4}(?<=[A-Za-z0-9-]{5})"
    r"|\d{3} \d{3} \d{4}|\d{3} \d\d \d{4})"
)
"""What such a cue announces: five characters and more, with digits, and no year."""
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


LIGHT = (
    rule(
        "EMAIL",
        ("@",),
        r"(?<![A-Za-z0-9._%+-])",
        r"(?P<value>[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![A-Za-z])",
    ),
    rule(
        "ID",
        None,
        rf"{_BEFORE}(?P<value>[1-9]\d{{5}}(?:18|19|20)\d{{9}}[\dXx]){_AFTER}",
        check=resident_id_is_valid,
        long=True,
    ),
    rule("ID", None, rf"{_BEFORE}(?P<value>[1-8]\d{{14}}){_AFTER}", check=old_resident_id_is_valid, long=True),
    rule("SSN", None, rf"{_BEFORE}(?P<value>\d{{3}}-\d\d-\d{{4}}){_AFTER}", long=True),
    rule(
        "PHONE",
        None,
        rf"{_BEFORE}(?P<value>(?:\+|00)?86[ -]?1[3-9]\d[ -]?\d{{4}}[ -]?\d{{4}}",
        rf"|1[3-9]\d(?:\d{{8}}|-\d{{4}}-\d{{4}}| \d{{4}} \d{{4}})){_AFTER}",
        check=is_not_round,
        long=True,
    ),
    rule(
        "PHONE",
        None,
        rf"{_BEFORE}(?P<value>(?:\+?1[ .-])?(?![(\uff08]?{_TOLL_FREE})",
        r"(?:[(\uff08][2-9]\d\d[)\uff09] ?|[2-9]\d\d[.-])[2-9]\d\d[.-]\d{4}",
        rf"(?:,? ?(?:x|ext\.?|extension) ?\d{{1,6}})?){_AFTER}",
        long=True,
    ),
    rule(
        "PHONE",
        None,
        rf"{_BEFORE}(?P<value>(?:0\d{{2,3}}[- ]|[(\uff08]0\d{{2,3}}[)\uff09] ?)[2-9]\d{{2,3}}[ -]?\d{{4}}",
        rf"(?:(?:转|-)\d{{1,5}})?){_AFTER}",
        long=True,
    ),
    rule(
        "PHONE",
        ("电话", "联系", "办公", "手机", "座机", "致电", "拨打", "传真", "单位", "家里", "住宅", "收件", "寄"),
        r"(?:电话|联系|办公|手机|座机|致电|拨打|传真|单位|家里|住宅|收件|寄)[^\n]{0,40}?(?<![\dA-Za-z./-])",
        rf"(?P<value>0(?:10|2\d|[3-9]\d\d)[2-9]\d{{6,7}}(?:(?:转|-)\d{{1,5}})?){_AFTER}",
        long=True,
    ),
    rule(
        "PHONE",
        None,
        rf"{_BEFORE}(?P<value>(?:\+|00 ?(?=[1-9]))\d{{1,3}}[ .-]?(?:\(\d{{1,4}}\)[ .-]?)?(?:\d{{1,5}}[ .-]?){{1,5}}",
        rf"\d{{2,4}}(?: ?(?:x|ext\.?) ?\d{{1,6}})?){_AFTER}",
        check=is_international_phone,
        long=True,
    ),
    rule(
        "PHONE",
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
        rf"(?:(?:is|at|on) |为|是)?\s?(?P<value>\+?\(?\d[\d ()./-]{{5,18}}\d){_AFTER}",
        check=is_phone,
        flags=re.IGNORECASE,
        long=True,
    ),
    rule(
        "CARD",
        None,
        rf"{_BEFORE}(?P<value>[2-6]\d{{3}}(?:[ -]?\d{{4}}){{3}}(?:[ -]?\d{{1,3}})?"
        rf"|3[47]\d{{2}}[ -]?\d{{6}}[ -]?\d{{5}}",
        rf"|3(?:0[0-5]|[68]\d)\d[ -]?\d{{6}}[ -]?\d{{4}}){_AFTER}",
        check=card_is_valid,
        long=True,
    ),
    rule(
        "CARD",
        ("card", "cc ", "卡"),
        rf"(?:\bcard|\bcc\b|卡)[^\d\n]{{0,40}}(?P<value>\d(?:[ -]?\d){{11,18}}){_AFTER}",
        check=card_is_valid,
        flags=re.IGNORECASE,
        long=True,
    ),
    rule(
        "ACCOUNT",
        None,
        rf"{_BEFORE}(?P<value>[A-Za-z]{{2}}\d{{2}}(?:[A-Za-z0-9]{{11,30}}|(?: [A-Za-z0-9]{{4}}){{2,7}}",
        rf"(?: [A-Za-z0-9]{{1,4}})?)){_AFTER}",
        check=iban_is_valid,
        long=True,
    ),
    rule(
        "ACCOUNT",
        ("账号", "账户", "帐号", "银行卡"),
        rf"(?:银行)?(?:账号|账户|帐号|银行卡){_IS}(?P<value>\d(?:[ -]?\d){{7,22}})(?!\d)",
    ),
    rule(
        "RECORD",
        ("号", "身份证", "护照", "通行证", "编号"),
        r"(?:(?:住院|门诊|病案|病历|病例|病理|检查|检验|影像|超声|放射|标本|样本|条码|登记|就诊|诊疗|急诊|体检"
        r"|挂号|床"
        r"|就诊卡|诊疗卡|社保卡?|医保卡?|保险|保单|社会保障|社会保险|身份证|证件|护照|通行证|驾驶证|驾照|军官证"
        r"|执业证书?|执业证|资格证书?|工号"
        r"|车架|发动机|设备|器械|序列|卡)(?:号码|编号|号)|身份证|护照|通行证|医保卡|社保卡|(?:病案|病历|标本"
        r"|检查)ID)",
        r"[:\uff1a#是为\s]{0,3}(?P<value>[A-Za-z]{0,6}[-_]?\d[A-Za-z\d]{0,20}(?:[-_/]\d{1,12}){0,3})(?![\dA-Za-z%.])",
    ),
    rule(
        "RECORD",
        ("号:", "号\uff1a", "号码:", "号码\uff1a", "id:", "id\uff1a"),
        r"(?:(?<![批型图符代])号码?"
        r"|(?<![A-Za-z])ID)[:\uff1a]\s{0,2}(?P<value>(?=[A-Za-z-]{0,6}\d)[A-Za-z\d]{3,24}(?:[-_/][A-Za-z\d]{1,12}){0,3})",
        r"(?![\dA-Za-z%.])",
        check=_has_three_digits,
    ),
    rule(
        "RECORD",
        (
            *(
                "mrn",
                "medical record",
                "record n",
                "record #",
                "account n",
                "account #",
                "acct",
                "policy n",
                "policy #",
            ),
            *("hospital n", "insurance", "patient id", "patient n", "patient #", "member id", "member n", "member #"),
            *(
                "health plan",
                "passport",
                "license",
                "licence",
                "social security",
                "ssn",
                "npi",
                "dea n",
                "dea #",
                "dea:",
            ),
            *("medicare", "medicaid", "chart n", "chart #", "subscriber", "beneficiary", "nhs n", "group n", "claim n"),
            *("encounter n", "visit n", "permit n", "certificate n"),
        ),
        r"(?<![A-Za-z0-9])(?:MRN|medical record|passport|driver[\u2019']?s?[\u2019']? licen[cs]e|(?:medical|nursing"
        r"|state"
        r"|professional)? ?licen[cs]e"
        r"|social security|SSN|NPI|DEA|insurance|medicare|medicaid|health plan|subscriber|beneficiary"
        r"|(?:record|account|acct|policy|hospital|patient|member|chart|NHS|group|claim|encounter|visit|permit"
        r"|certificate)"
        r"(?= ?(?:number|no\b|id\b|#)))",
        rf"(?=[\s:#.,\uff1a]){_LINK}{_CODE}{_AFTER}",
        check=_has_three_digits,
        flags=re.IGNORECASE,
    ),
    rule(
        "DEVICE",
        (
            "serial n",
            "serial #",
            "serial:",
            "imei",
            "device id",
            "device n",
            "device s",
            "udi:",
            "s/n",
            "sn:",
            "sn\uff1a",
            "sn ",
            "序列号",
            "器械编号",
            "设备编号",
        ),
        r"(?:(?<![A-Za-z])(?:serial(?: ?(?:number|no\.?|#))?|IMEI|device (?:id|identifier|number|serial)|UDI|S/N|SN"
        r"(?=[:\uff1a# ]))"
        r"|序列号|器械编号|设备编号)",
        rf"{_LINK}[是为]?\s?(?P<value>(?=[A-Za-z-]{{0,8}}\d)[A-Za-z0-9]{{2,20}}(?:[-/][A-Za-z0-9]{{1,12}}){{0,4}}){_AFTER}",
        check=_has_three_digits,
        flags=re.IGNORECASE,
    ),
    rule(
        "VEHICLE",
        ("vin", "vehicle", "车架"),
        r"(?<![A-Za-z0-9-])(?P<value>(?=[A-Z]{0,16}\d)[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-Z0-9]{4}\d{4})(?![A-Za-z0-9-])",
        check=lambda value: sum(c.isalpha() for c in value) >= 3 and vehicle_is_valid(value),
    ),
    rule(
        "MESSENGER",
        ("微信", "wechat", "weixin", "v信", "vx", "薇信", "wx"),
        rf"(?:微信|薇信|v信|wechat|weixin|(?<![a-z])[vw]x)(?:\s?id)?{_IS}",
        r"(?P<value>(?=[a-z_-]*[\d_-])[a-z][a-z0-9_-]{5,19}|1[3-9]\d{9})(?![A-Za-z0-9_-])",
        flags=re.IGNORECASE,
    ),
    rule(
        "MESSENGER",
        ("qq", "扣扣", "企鹅号"),
        rf"(?:qq|扣扣|企鹅)(?:群)?{_IS}(?P<value>[1-9]\d{{4,11}})(?!\d)",
        flags=re.IGNORECASE,
    ),
    rule(
        "PLATE",
        tuple(_PROVINCES),
        rf"(?P<value>[{_PROVINCES}][A-HJ-NP-Z][·•\s-]?(?:(?=[A-HJ-NP-Z]{{0,5}}\d)[A-HJ-NP-Z0-9]{{5,6}}"
        r"|[A-HJ-NP-Z0-9]{4}[挂学警港澳试超]))(?![A-Za-z0-9])",
    ),
    rule(
        "PLATE",
        ("车牌", "牌照", "号牌"),
        rf"(?:车牌|牌照|号牌)(?:号码?)?[:\uff1a为是\s]{{0,2}}(?P<value>[{_PROVINCES}]?[A-Z][·•\s-]?[A-Z0-9]{{4,6}})(?![A-Za-z0-9])",
    ),
    rule(
        "RECORD",
        ("床",),
        r"床位?号[:\uff1a为是\s]{0,3}(?P<value>加?\d{1,3}(?:-\d{1,3})?床?)(?![\dA-Za-z%.])",
    ),
    rule(
        "RECORD",
        ("床",),
        r"(?<!\d)(?P<value>加\d{1,3}床|\d{1,2}病区\d{1,3}床|(?:(?<=住)|(?<=科))\d{1,3}床(?!位)"
        r"|\d{1,3}(?:-\d{1,3})?号?床(?=的?(?:患者|病人|病员|家属)))",
    ),
    rule(
        "RECORD",
        ("患者", "病人", "病员"),
        r"(?:^|(?<=[\n。；;]))(?P<value>\d{1,2}-\d{1,3})(?=患者|病人|病员)",
        flags=re.MULTILINE,
    ),
    rule(
        "RECORD",
        ("患者", "病人", "姓名"),
        r"(?:患者|病人|姓名[:\uff1a]?)[^\W\d]{2,4}(?:·[^\W\d]{1,10})?[，,]\s?(?P<value>\d{1,3}(?:-\d{1,3}"
        r"|床))(?=[，。,;\uff1b\s]|$)",
    ),
)

FULL = (
    rule(
        "PLATE",
        ("plate", "reg", "vehicle", "van", "car", "tag", "truck", "sedan"),
        r"\b(?i:(?:licen[cs]e |number )?plates?|reg(?:istration)?|vehicle|tags?|truck|van|car)(?i: (?:is|was|no\.?"
        r"|number))?[ :#,]{1,3}"
        r"(?P<value>(?=[A-Z0-9 -]{0,6}\d)(?=[0-9 -]{0,5}[A-Z])(?:[A-Z]{1,3}-\d{2,4}-[A-Z]{1,3}"
        r"|[A-Z]{2,3}[ -]?\d{3,5}|[A-Z]{2}\d{2} ?[A-Z]{3}|\d{1,3}[ -]?[A-Z]{3}[ -]?\d{0,3}"
        r"|\d[A-Z]{3}\d{3}|[A-Z]{1,3}\d{1,3}[ -]?[A-Z]{2,3}))(?![A-Za-z0-9-])",
    ),
    rule(
        "RECORD",
        ("rm ", "bed "),
        r"\b(?:[Rr]m|RM|[Bb]ed|BED)\.? #?(?P<value>\d{1,4}[A-Z]?(?:-\d{1,2})?)(?![\w%/-]|\.\d)"
        r"(?! ?(?:to|inch|in\b|cm|feet|ft|blocks|degrees|times|hours|days))",
    ),
    rule(
        "CARD",
        ("card",),
        r"\bcards?\b[^\d\n]{0,24}(?P<value>\d{4}(?:[ -]?\d{4}){3}|3[47]\d\d[ -]?\d{6}[ -]?\d{5})(?!\d)",
        flags=re.IGNORECASE,
    ),
    rule(
        "CARD",
        ("visa", "mastercard", "amex", "discover", "debit", "credit", "card"),
        r"\b(?:visa|mastercard|amex|discover|debit|credit|card)\b[^\d\n]{0,30}(?P<value>\d(?:[ -]?\d){11,18})(?!\d)",
        flags=re.IGNORECASE,
    ),
    rule("MESSENGER", ("@",), r"(?<![\w.@/+-])(?P<value>@[A-Za-z][\w.]{2,29}(?<!\.))(?![\w@(])", flags=re.ASCII),
    rule(
        "MESSENGER",
        (
            "ig:",
            "insta",
            "snap",
            "fb",
            "tiktok",
            "reddit",
            "linkedin",
            "twitter",
            "venmo",
            "cashapp",
            "paypal",
            "steam",
            "twitch",
            "whatsapp",
        ),
        r"\b(?:IG|insta(?:gram)?|snap(?:chat)?|FB|facebook|tiktok|reddit|linkedin|twitter|venmo|cashapp|paypal|steam"
        r"|twitch)\b"
        r"(?: (?:name|id|account|user ?name|is))?[ :]{1,3}(?P<value>(?:u/|in/|\$|@)?(?=[\w.-]{0,28}[\d_]"
        r"|(?<=[/@$]))[\w.-]{3,30}(?:#\d{4})?(?<!\.))",
        flags=re.IGNORECASE | re.ASCII,
    ),
    rule("MESSENGER", ("u/",), r"(?<![\w/.])(?P<value>u/[\w-]{3,20})(?![\w/])", flags=re.ASCII),
    rule("RECORD", ("room ",), r"\b[Rr]oom #?(?P<value>\d{3,4}[A-Z]?)(?![\w%./-])"),
    rule(
        "MESSENGER",
        ("handle", "discord", "instagram", "snapchat", "telegram", "twitter", "tiktok", "facebook", "kik"),
        r"\b(?:(?:discord|instagram|snapchat|telegram|twitter|tiktok|facebook|kik|skype)(?: (?:handle|user ?name|id"
        r"|account|name))(?: is| was)?"
        r"|handle(?: is| was)?:)[ :]{1,2}@?(?P<value>[A-Za-z][\w.-]{3,29}(?<![.-]))(?!\w)",
        flags=re.IGNORECASE,
    ),
    rule(
        "MESSENGER",
        (
            *("username", "user name", "user id", "login", "handle", "skype", "instagram", "twitter", "telegram"),
            *("抖音", "微博", "支付宝", "钉钉", "小红书", "快手", "用户名", "登录名", "账号名"),
        ),
        r"(?:(?<![A-Za-z])(?:user ?name|user id|login|handle|skype|instagram|twitter|telegram)(?: ?(?:id|name"
        r"|handle))?"
        r"(?:[\s:\uff1a]|\bis\b|\bwas\b){1,4}"
        r"|(?:抖音|微博|支付宝|钉钉|小红书|快手|用户名|登录名|账号名)(?:账?号|账户|ID)?[\s:\uff1a是为]{0,4})",
        r"(?P<value>@?(?=[A-Za-z._-]*[\d_.]|(?<=@))[A-Za-z0-9][\w.-]{3,29}(?<![.-]))(?!\w)",
        flags=re.IGNORECASE | re.ASCII,
    ),
    rule(
        "PLATE",
        ("plate", "tag"),
        r"\b(?:[Pp]lates?|[Tt]ags?)(?: (?:number|no\.?|is|was))?[:# ]{1,2}(?P<value>[A-Z]{2,3}[- ]?\d{3,4}"
        r"|\d{1,3}[A-Z]{3}\d{0,3})\b",
    ),
    rule(
        "VEHICLE",
        ("vin", "chassis", "车架", "车辆识别"),
        r"(?:\bVIN|\bchassis|车架号|车辆识别(?:代[号码]|码))(?: ?(?:number|no\.?|#))?(?:[\s:#\uff1a]|\bis\b"
        r"|\bwas\b){0,4}",
        r"(?P<value>(?=[A-Z]{0,16}\d)[A-Z0-9]{17})(?![A-Za-z0-9])",
        flags=re.IGNORECASE,
    ),
    rule(
        "DEVICE",
        ("lot", "batch", "serial", "s/n", "sn ", "sn:", "implant", "model n"),
        r"\b(?:(?:lot|batch|implant|model|device|ref)(?:(?= ?[#/:])|,? ?(?:and |/ ?)?(?:serial|number|no\b|id\b))"
        r"|serial\b|s/n|sn\b)",
        r"(?:[\s:#,=./]|\bis\b|\bwas\b|\bserial\b|\bnumber\b|\bno\b|\bid\b){0,6}",
        r"(?P<value>(?:(?:SN|S/N|REF"
        r"|PM)[ :#-]{0,2})?(?=[A-Za-z-]{0,6}\d)[A-Za-z0-9]{3,20}(?:[-/][A-Za-z0-9]{1,12}){0,4})",
        _AFTER,
        check=_has_three_digits,
        flags=re.IGNORECASE,
    ),
    rule(
        "PHONE",
        None,
        rf"{_BEFORE}(?<!\d )(?P<value>(?!{_TOLL_FREE})[2-9]\d\d [2-9]\d\d \d{{4}}){_AFTER}(?! \d)",
        long=True,
    ),
    rule(
        "PLATE",
        ("license plate", "licence plate", "number plate", "plate number", "plate no", "registration plate"),
        r"\b(?:licen[cs]e plate|number plate|plate(?= n)|registration plate)s?(?: ?(?:number|no\.?|#))?(?: is"
        r"| was)?[\s:#]{1,3}",
        r"(?P<value>(?=[A-Z]*[ -]?[A-Z]*\d)[A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,5})\b",
        flags=re.IGNORECASE,
    ),
    rule(
        "PHONE",
        None,
        rf"{_BEFORE}(?P<value>0\d{{2,4}}(?:[ -]\d{{2,4}}){{2,4}}|0\d{{3,4}} \d{{6,7}}"
        rf"|\(0?\d{{2,4}}\) ?\d{{3,4}}[ -]?\d{{3,4}}){_AFTER}",
        check=is_phone,
        long=True,
    ),
    rule(
        "PHONE",
        _PHONE_CUES,
        r"\b(?:office|fax|mobile|desk|home|cell|work|contact|whatsapp|number|phone|tel|call|ring|text|dial|reach"
        r"|messages?|registered)"
        rf"\w{{0,4}}\b[^\n\d]{{0,25}}(?<![A-Za-z])(?P<value>{_ANY_PHONE}){_AFTER}",
        check=is_phone,
        flags=re.IGNORECASE,
        long=True,
    ),
    rule(
        "PHONE",
        _PHONE_CUES,
        r"\b(?:phone|telephone|fax|mobile|whatsapp|sms|voicemail|landline|hotline|direct line|unsubscribe"
        r"|customer service|dial(?:ed|led|ing)?"
        r"|(?:call|ring|text|reach|phone|contact|message)(?:ed|ing)? (?:me|him|her|us|them|someone|back|at"
        r"|on))\b[^\d]{0,50}?"
        rf"(?<![A-Za-z])(?P<value>(?!(?:1[ .-]?)?\(?{_TOLL_FREE}){_ANY_PHONE}){_AFTER}",
        check=is_phone,
        flags=re.IGNORECASE,
        long=True,
    ),
    rule(
        "PHONE",
        ("number",),
        rf"{_BEFORE}(?P<value>{_ANY_PHONE})(?= (?:is|was) (?:still )?(?:my|your|his|her|our|their|the) (?:\w+ )?number"
        r"| (?:still )?(?:my|your|his|her|our|their|the) (?:\w+ )?number)",
        check=is_phone,
        long=True,
    ),
    rule(
        "PHONE",
        None,
        rf"(?:^|\n|[|;,] ?)[TMPCHWOF]:? (?P<value>{_ANY_PHONE}){_AFTER}",
        check=is_phone,
        long=True,
    ),
    rule(
        "PHONE",
        None,
        rf"{_BEFORE}(?P<value>0\d(?:\.\d\d){{4}}|(?:\+|00)\d{{1,3}} ?\(0\)[ \d]{{7,14}}\d){_AFTER}",
        long=True,
    ),
    rule(
        "PHONE",
        _PHONE_CUES,
        rf"(?:call|phone|tel|reach|text|contact)[^\n]{{0,40}}\d(?:,| or| and|/"
        rf"|;) {{0,1}}(?P<value>{_ANY_PHONE}){_AFTER}",
        check=is_phone,
        flags=re.IGNORECASE,
        long=True,
    ),
    rule(
        "PHONE",
        _PHONE_CUES,
        rf"{_BEFORE}(?P<value>{_ANY_PHONE})(?: ?[-(,]? ?| is (?:my|his|her|our|the) )(?:\w+ )?(?=(?:office|fax"
        rf"|mobile|desk|home|cell|phone)\b)",
        check=is_phone,
        flags=re.IGNORECASE,
        long=True,
    ),
    rule(
        "URL",
        ("://", "www."),
        r"(?P<value>(?:https?://|ftp://"
        r"|(?<![A-Za-z0-9.])www\.)[^\s<>\"'()\uff08\uff09\uff0c。\uff1b、]{3,500}(?<![.,;:!?]))",
        flags=re.IGNORECASE,
    ),
    rule(
        "URL",
        (".com", ".org", ".net", ".cn", ".io", ".co"),
        r"(?<![@A-Za-z0-9_./-])(?P<value>(?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|cn|io"
        r"|co\.uk)(?:/[^\s<>\"'()\uff08\uff09\uff0c。]{0,200}(?<![.,;:!?]))?)",
        r"(?![\w-])",
        flags=re.IGNORECASE,
    ),
    rule("IP", (".",), rf"(?:{_BEFORE}|(?<=IP))(?P<value>\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?![\d.]*\d)", check=is_ip),
    rule(
        "IP",
        ("ip",),
        r"(?<![A-Za-z])IP(?: ?(?:地址|address))?[:\uff1a是为\s]{0,3}(?:is |was )?(?P<value>\d{1,3}(?:\.\d{1,3}){3})"
        r"(?![\d.]*\d)",
        flags=re.IGNORECASE,
    ),
    rule(
        "IP",
        (":",),
        r"(?<![A-Za-z0-9_:])(?P<value>(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"
        r"|(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6})(?![\w:])",
        check=lambda value: any(c.isalpha() for c in value) or value.count(":") == 7,
        flags=re.IGNORECASE,
    ),
    rule(
        "DEVICE",
        (":", "-"),
        r"(?<![A-Za-z0-9_:-])(?P<value>[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\2[0-9a-f]{2}){4})(?![\w:-])",
        flags=re.IGNORECASE,
    ),
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
        r"|(?:[A-Z]{2}\d{1,2}|[A-Z]\d{2}|[A-Z]{1,2}\d[A-Z]) \d[ABD-HJLNP-UW-Z]{2})(?![A-Za-z0-9-])",
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
