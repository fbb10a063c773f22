"""Numbers of records, papers, devices, vehicles and beds, by their labels."""

import re

from collectors.privacy.identifiers.checks import vehicle_is_valid
from collectors.privacy.identifiers.number_parts import AFTER, has_three_digits
from collectors.privacy.identifiers.rule import rule

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

_LINK = r"(?:[\s:\uff1a#,\uff0c=.]|\bis\b|\bwas\b|\bit\b|\bno\b|\bnumber\b|\bid\b){0,6}"
"""What may stand between an English cue and its number."""

_CODE = (
    r"(?P<value>(?=[A-Za-z-]{0,6}\d)(?!(?:19|20)\d\d-\d\d?-\d\d?(?!\d))(?!(?:19"
    r"|20)\d\d\b(?!-))[A-Za-z0-9]{1,16}(?:-[A-Za-z0-9]{1,8}){0,4}(?<=[A-Za-z0-9-]{5})"
    r"|\d{3} \d{3} \d{4}|\d{3} \d\d \d{4})"
)
"""What such a cue announces: five characters and more, with digits, and no year."""

LIGHT = (
    rule(
        "RECORD",
        ("号", "身份证", "护照", "通行证", "编号"),
        r"(?:(?:住院|门诊|病案|病历|病例|病理|检查|检验|影像|超声|放射|标本|样本|条码|登记|就诊|诊疗|急诊|体检"
        r"|挂号|床"
        r"|就诊卡|诊疗卡|社保卡?|医保卡?|保险|保单|社会保障|社会保险|身份证|证件|护照|通行证|驾驶证|驾照|军官证"
        r"|执业证书?|执业证|资格证书?|工号"
        r"|车架|发动机|设备|器械|序列|卡)(?:号码|编号|号)|身份证|护照|通行证|医保卡|社保卡|(?:病案|病历|标本"
        r"|检查)ID)",
        r"[:\uff1a#是为\s]{0,3}(?P<value>[A-Za-z]{0,6}[-_]?\d[A-Za-z\d]{0,20}(?:[-_/]\d{1,12}){0,3})(?![\dA-Za-z%]|\.\d)",
    ),
    rule(
        "RECORD",
        ("号:", "号\uff1a", "号码:", "号码\uff1a", "id:", "id\uff1a"),
        r"(?:(?<![批型图符代])号码?"
        r"|(?<![A-Za-z])ID)[:\uff1a]\s{0,2}(?P<value>(?=[A-Za-z-]{0,6}\d)[A-Za-z\d]{3,24}(?:[-_/][A-Za-z\d]{1,12}){0,3})",
        r"(?![\dA-Za-z%]|\.\d)",
        check=has_three_digits,
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
        rf"(?=[\s:#.,\uff1a]){_LINK}{_CODE}{AFTER}",
        check=has_three_digits,
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
        rf"{_LINK}[是为]?\s?(?P<value>(?=[A-Za-z-]{{0,8}}\d)[A-Za-z0-9]{{2,20}}(?:[-/][A-Za-z0-9]{{1,12}}){{0,4}}){AFTER}",
        check=has_three_digits,
        flags=re.IGNORECASE,
    ),
    rule(
        "VEHICLE",
        ("vin", "vehicle", "车架"),
        r"(?<![A-Za-z0-9-])(?P<value>(?=[A-Z]{0,16}\d)[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-Z0-9]{4}\d{4})(?![A-Za-z0-9-])",
        check=lambda value: sum(c.isalpha() for c in value) >= 3 and vehicle_is_valid(value),
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
        r"床位?号[:\uff1a为是\s]{0,3}(?P<value>加?\d{1,3}(?:-\d{1,3})?床?)(?![\dA-Za-z%]|\.\d)",
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
        r"|number|parked|reg(?:istration)?|plate|registered))?[ :#,(]{1,3}"
        r"(?P<value>(?=[A-Z0-9 -]{0,6}\d)(?=[0-9 -]{0,5}[A-Z])(?:[A-Z]{1,3}-\d{2,4}-[A-Z]{1,3}"
        r"|[A-Z]{2,3}[ -]?\d{3,5}|[A-Z]{2}\d{2} ?[A-Z]{3}|\d{1,3}[ -]?[A-Z]{3}[ -]?\d{0,3}"
        r"|[A-Z]{3} ?\d[A-Z]\d\d|[A-Z]{2}[ -]?\d{1,2}[ -]?[A-Z]{1,3}[ -]?\d{4}|\d{2,3}-[A-Z]{1,2}-\d{1,6}"
        r"|[A-Z]{1,3}-[A-Z]{1,2} \d{1,4}"
        r"|\d[A-Z]{3}\d{3}|[A-Z]{1,3}\d{1,3}[ -]?[A-Z]{2,3}))(?![A-Za-z0-9-])",
        reach=(24, 40),
    ),
    rule(
        "RECORD",
        ("rm ", "bed "),
        r"\b(?P<value>(?:[Rr]m|RM|[Bb]ed|BED)\.? #?\d{1,4}[A-Z]?(?:-\d{1,2})?)(?![\w%/-]|\.\d)"
        r"(?! ?(?:to|inch|in\b|cm|feet|ft|blocks|degrees|times|hours|days))",
    ),
    rule("RECORD", ("room ",), r"\b[Rr]oom #?(?P<value>\d{3,4}[A-Z]?)(?![\w%./-])"),
    rule(
        "RECORD",
        ("icu", "ccu", "hdu", "itu"),
        r"(?<![A-Za-z])(?P<value>(?:[MSNPTC]?[VT]?ICU|CCU|HDU|ITU)[ -]#?\d{1,2}[A-Z]?)(?=[ \t]*(?:$|[\n,;.)|]|  ))",
        flags=re.MULTILINE,
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
        AFTER,
        check=has_three_digits,
        flags=re.IGNORECASE,
    ),
    rule(
        "PLATE",
        ("license plate", "licence plate", "number plate", "plate number", "plate no", "registration plate"),
        r"\b(?:licen[cs]e plate|number plate|plate(?= n)|registration plate)s?(?: ?(?:number|no\.?|#))?(?: is"
        r"| was)?[\s:#]{1,3}",
        r"(?P<value>(?=[A-Z]*[ -]?[A-Z]*\d)[A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,5})\b",
        flags=re.IGNORECASE,
    ),
)
