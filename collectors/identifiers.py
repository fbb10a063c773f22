"""The forms of identifiers in English and Chinese text: patterns, the cues they need, and checks of their digits.

The classes follow the Safe Harbor list of 45 CFR 164.514(b)(2) and its Chinese counterparts. A pattern looks at a
bounded stretch of text only, so that no input makes it slow.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import NamedTuple


class Rule(NamedTuple):
    """One form. `cues` are lower-case literals, one of which a text must hold (None: a number, see `has_number`); the
    group `value` of `pattern` is what gets replaced, if `check` accepts it."""

    kind: str
    cues: tuple[str, ...] | None
    pattern: re.Pattern
    check: Callable[[str], bool] | None


def written_in_ascii(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules that can match a text of ASCII alone, with such cues alone."""
    kept = [rule._replace(cues=rule.cues and tuple(filter(str.isascii, rule.cues))) for rule in rules]
    return tuple(rule for rule in kept if rule.cues is None or rule.cues)


_NUMBER = re.compile(r"\d(?:\d{6}|[\d .()/-]{0,5}\d{2,4}[ .-]?\d{4})")


def has_number(text: str) -> bool:
    """Whether a text holds digits long enough for any identifying number."""
    return _NUMBER.search(text) is not None


def resident_id_is_valid(value: str) -> bool:
    """GB 11643-1999: province, date of birth, and a check character by ISO 7064 mod 11-2."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(value, weights, strict=False))
    try:
        born = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return False
    return "11" <= value[:2] <= "91" and born.year >= 1850 and "10X98765432"[total % 11] == value[17].upper()


def card_is_valid(value: str) -> bool:
    """ISO/IEC 7812-1: the Luhn check digit."""
    digits = [int(c) for c in value if c.isdigit()]
    doubled = [d if i % 2 == 0 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def iban_is_valid(value: str) -> bool:
    """ISO 13616: check digits by ISO 7064 mod 97-10."""
    moved = value[4:] + value[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _not_round(value: str) -> bool:
    return not value.endswith("000000")


def _has_phone_digits(value: str) -> bool:
    return 7 <= _digits(value) <= 15 and not re.fullmatch(r"(?:19|20)\d\d ?- ?(?:19|20)\d\d", value)


def _has_international_digits(value: str) -> bool:
    return 9 <= _digits(value) <= 15


def _digits(value: str) -> int:
    return sum(c.isdigit() for c in value)


def _is_ip(value: str) -> bool:
    return all(int(part) < 256 for part in value.split(".")) and _digits(value) > 6  # fewer: a version


def _is_day(value: str) -> bool:
    month, day = sorted(int(part) for part in value.split("/")[:2])
    return 1 <= month <= 12 and day <= 31


def _is_name(value: str) -> bool:
    return len(value) > 3 or (value[:2] not in _NOT_NAMES and value not in _NOT_NAMES)


def _rule(
    kind: str,
    cues: tuple[str, ...] | None,
    *pattern: str,
    check: Callable[[str], bool] | None = None,
    flags: int = 0,
) -> Rule:
    return Rule(kind, cues, re.compile("".join(pattern), flags), check)


_BEFORE = r"(?<![A-Za-z0-9._-])(?<![^\d]/)(?<!10\.\d{4}/)(?<!10\.\d{5}/)"
"""A number that runs on to the left is part of a decimal, a DOI, an accession or a path."""
_AFTER = r"(?![A-Za-z0-9_-]|\.\d)"
_TOLL_FREE = r"8(?:00|33|44|55|66|77|88)"
"""Area codes of numbers that no person has, hotlines above all."""
_IS = r"[:\uff1a是为\s]{0,3}"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

LIGHT = (
    _rule(
        "EMAIL",
        ("@",),
        r"(?<![A-Za-z0-9._%+-])",
        r"(?P<value>[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![A-Za-z])",
    ),
    _rule(
        "ID",
        None,
        rf"{_BEFORE}(?P<value>[1-9]\d{{5}}(?:18|19|20)\d{{9}}[\dXx]){_AFTER}",
        check=resident_id_is_valid,
    ),
    _rule("SSN", None, rf"{_BEFORE}(?P<value>\d{{3}}-\d\d-\d{{4}}){_AFTER}"),
    _rule(
        "PHONE",
        None,
        rf"{_BEFORE}(?P<value>(?:\+|00)?86[ -]?1[3-9]\d[ -]?\d{{4}}[ -]?\d{{4}}",
        rf"|1[3-9]\d(?:\d{{8}}|-\d{{4}}-\d{{4}})){_AFTER}",
        check=_not_round,
    ),
    _rule(
        "PHONE",
        None,
        rf"{_BEFORE}(?P<value>(?:\+?1[ .-])?(?![(\uff08]?{_TOLL_FREE})",
        rf"(?:[(\uff08][2-9]\d\d[)\uff09] ?|[2-9]\d\d[.-])[2-9]\d\d[.-]\d{{4}}){_AFTER}",
    ),
    _rule("PHONE", None, rf"{_BEFORE}(?P<value>(?:0\d{{2,3}}-|[(\uff08]0\d{{2,3}}[)\uff09] ?)[2-9]\d{{6,7}}){_AFTER}"),
    _rule(
        "PHONE",
        None,
        rf"{_BEFORE}(?P<value>\+\d{{1,3}}[ -]?(?:\(\d{{1,4}}\)[ -]?)?(?:\d{{1,4}}[ -]?){{2,5}}\d{{2,4}}){_AFTER}",
        check=_has_international_digits,
    ),
    _rule(
        "PHONE",
        ("tel", "phone", "fax", "mobile", "call", "reach", "text", "电话", "手机", "传真"),
        r"(?:\btel(?:ephone)?|phone|\bfax|\bmobile|\b(?:call|reach|text)(?: me| us| him| her)? (?:at|on)",
        r"|电话|手机|传真)(?:号码?|\s?(?:no|number)\b)?[\s.:\uff1a#]{0,3}",
        rf"(?:is |at |为|是)?\s?(?P<value>\+?\(?\d[\d ()-]{{5,18}}\d){_AFTER}",
        check=_has_phone_digits,
        flags=re.IGNORECASE,
    ),
    _rule(
        "CARD",
        None,
        rf"{_BEFORE}(?P<value>[2-6]\d{{3}}(?:[ -]?\d{{4}}){{3}}(?:[ -]?\d{{1,3}})?|3[47]\d{{13}}){_AFTER}",
        check=card_is_valid,
    ),
    _rule(
        "CARD",
        ("card", "卡"),
        rf"(?:\bcard|卡)[^\d\n]{{0,20}}(?P<value>\d{{12,19}}){_AFTER}",
        check=card_is_valid,
        flags=re.IGNORECASE,
    ),
    _rule(
        "ACCOUNT",
        None,
        rf"{_BEFORE}(?P<value>[A-Za-z]{{2}}\d{{2}}[A-Za-z0-9]{{11,30}}){_AFTER}",
        check=iban_is_valid,
    ),
    _rule(
        "RECORD",
        ("号", "身份证"),
        r"(?:(?:住院|门诊|病案|病历|病例|病理|检查|影像|登记|就诊卡?|床|社保卡?|医保卡?|身份证|护照|通行证|驾驶证|军官证|卡)号码?|身份证)",
        rf"{_IS}(?P<value>[A-Za-z]{{0,4}}-?\d{{1,18}}[\dXx]?)(?![\dA-Za-z])",
    ),
    _rule(
        "RECORD",
        (
            *("mrn", "record n", "account n", "policy n", "hospital n", "insurance", "patient id", "member id"),
            *("passport", "medical record", "licen", "social security", "ssn", "npi"),
        ),
        r"\b(?:(?:MRN|medical record|patient id|member id|passport|driver'?s licen[cs]e|medical licen[cs]e",
        r"|social security|SSN|NPI|insurance)(?: number| no\.?| id)?",
        r"|(?:account|policy|record|hospital) (?:number|no\.?))",
        rf"[\s:\uff1a#,\uff0c]{{0,3}}(?:(?:it )?(?:is|was) )?(?P<value>[A-Za-z]{{0,4}}-?\d[\d-]{{3,14}}\d){_AFTER}",
        flags=re.IGNORECASE,
    ),
    _rule(
        "MESSENGER",
        ("微信", "wechat", "weixin"),
        rf"(?:微信|wechat|weixin)(?:号码?|\s?id)?{_IS}",
        r"(?P<value>(?=[a-z_-]*[\d_-])[a-z][a-z0-9_-]{5,19}|1[3-9]\d{9})(?![A-Za-z0-9_-])",
        flags=re.IGNORECASE,
    ),
    _rule("MESSENGER", ("qq",), rf"qq(?:号码?)?{_IS}(?P<value>[1-9]\d{{4,11}})(?!\d)", flags=re.IGNORECASE),
    _rule(
        "PLATE",
        tuple(_PROVINCES),
        rf"(?P<value>[{_PROVINCES}][A-HJ-NP-Z][·•-]?(?=[A-HJ-NP-Z]{{0,5}}\d)[A-HJ-NP-Z0-9]{{5,6}})(?![A-Za-z0-9])",
    ),
)

_STOPS = r"\s,;:()、。\uff0c\uff1b\uff1a\uff08\uff09"
_HAN = r"[\u4e00-\u9fff]"
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎鲁韦昌马苗凤方俞任袁柳"
    "鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于傅皮卞齐康伍余元卜顾孟黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪"
    "舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫房裘缪解应宗丁宣邓郁单杭洪包"
    "诸左石崔吉龚程邢裴陆荣翁荀羊甄曲封储靳焦谷车侯宓全班仰秋仲伊宫宁仇栾甘厉戎祖武符刘景詹束龙叶幸司韶黎薄印宿白怀蒲赖卓蔺屠"
    "蒙池乔胥闻党翟谭贡姬申扶冉宰雍桑桂牛寿边燕浦尚农温别庄晏柴瞿阎慕连茹习艾鱼向古易慎戈廖庾衡步都耿满匡文寇广欧沃利越隆师巩"
    "聂晁敖融冷訾辛阚简饶曾沙鞠丰关查游竺权肖闫覃"
)
_PLAIN_SURNAMES = (
    "王李张刘陈杨赵吴周徐孙朱胡郭罗郑梁宋唐韩冯邓曹彭肖蔡潘袁董吕苏魏蒋叶闫杜丁沈姜范傅钟卢汪戴崔邱陆廖姚谭贾夏韦邹孟熊秦顾"
    "薛雷侯段郝孔邵"
)
"""Surnames that hardly ever are a word of their own."""
_LONG_SURNAMES = (
    "欧阳|上官|司马|诸葛|皇甫|令狐|澹台|尉迟|端木|公孙|慕容|东方|百里|濮阳|南宫|夏侯|轩辕|长孙|宇文|司徒|司空|独孤|拓跋|西门"
    "|呼延|闻人|申屠|淳于|公冶|赫连|钟离|鲜于|闾丘|仲孙|万俟"
)
_NOT_NAMES = frozenset(
    (
        *(
            "高龄",
            "高热",
            "高烧",
            "黄疸",
            "白人",
            "黄种人",
            "华人",
            "成年",
            "成人",
            "明确",
            "平均",
            "陈述",
            "陈旧",
            "周围",
            "周身",
        ),
        *(
            "周期",
            "张口",
            "张力",
            "张嘴",
            "范围",
            "唐氏",
            "谢绝",
            "谢谢",
            "郑重",
            "胡言",
            "胡乱",
            "杜绝",
            "罗音",
            "罗氏",
            "朱砂",
        ),
        *(
            "苏醒",
            "苏打",
            "叶酸",
            "雷同",
            "姜黄",
            "戴眼",
            "戴镜",
            "钟情",
            "韩国",
            "顾虑",
            "顾及",
            "东方",
            "南宫",
            "西门",
        ),
    )
)
"""Words, or beginnings of phrases, that look like a surname and a given name."""
_ANY_NAME = rf"(?P<value>(?:{_LONG_SURNAMES}|[{_SURNAMES}])(?:{_HAN}{{1,2}}|某{{1,2}}))"
_LIKELY_NAME = rf"(?P<value>(?:{_LONG_SURNAMES}|[{_PLAIN_SURNAMES}]){_HAN}{{1,2}})"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_PERSON = r"[A-Z][a-z]+(?:[ -](?:[A-Z]\. ?)?[A-Z][a-z]+){0,2}"
_FULL_PERSON = r"[A-Z][a-z]+ (?:[A-Z]\. ?)?[A-Z][a-z]+"
_PLACE = r"[^\W\d_a-zA-Z住在于址是为]"
_RELATIVES = ("daughter", "son", "wife", "husband", "mother", "father", "sister", "brother")

FULL = (
    _rule(
        "NAME",
        ("姓名", "联系人", "签名", "我叫", "名叫"),
        rf"(?:姓名|联系人|签名|我叫|名叫){_IS}{_ANY_NAME}(?=[{_STOPS}]|$|男|女|性别|年龄|电话)",
    ),
    _rule("NAME", ("男", "女"), rf"(?<!{_HAN}){_ANY_NAME}[\s,\uff0c、(\uff08]{{1,2}}(?=男|女)", check=_is_name),
    _rule(
        "NAME",
        ("患者", "病人", "患儿", "产妇", "父亲", "母亲", "爸", "妈", "儿子", "女儿", "丈夫", "妻子", "爱人", "家属"),
        rf"(?:患者|病人|患儿|产妇|父亲|母亲|爸爸?|妈妈?|儿子|女儿|丈夫|妻子|爱人|家属){_IS}{_LIKELY_NAME}(?=[{_STOPS}]|$)",
        check=_is_name,
    ),
    _rule(
        "NAME",
        ("医生", "医师", "大夫", "主任", "护士", "教授"),
        rf"(?:^|(?<=[{_STOPS}请由找是谢问跟好]))(?P<value>(?:{_LONG_SURNAMES}|[{_PLAIN_SURNAMES}]){_HAN}{{0,2}}?)",
        r"(?=医生|医师|大夫|护士|教授|副?主任|主治)",
        flags=re.MULTILINE,
    ),
    _rule("NAME", ("mr", "ms", "miss", "dr", "prof"), rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? (?P<value>{_PERSON})\b"),
    _rule(
        "NAME",
        ("name", "signed"),
        r"(?:(?:^|\b[Pp]atient |\b[Ff]ull |\b[Ff]irst |\b[Ll]ast )[Nn]ame ?[:\uff1a]|\b[Mm]y name is",
        rf"|\b[Ss]igned by:?)\s?(?P<value>{_PERSON})\b",
        flags=re.MULTILINE,
    ),
    _rule(
        "NAME",
        ("patient",),
        r"\b[Pp]atient ?[:\uff1a] ?(?!(?:Hi|Hello|Okay|Yes|No|Thank|Good|Well|Oh)\b)",
        rf"(?P<value>{_FULL_PERSON})(?=[,;\n\uff0c]|$)",
    ),
    _rule(
        "NAME",
        ("name", "hello", "hi,", "hi "),
        rf"(?:^[Nn]ame|\bnamed|\b(?:[Hh]ello|[Hh]i)[,.]? (?:[Tt]his is|I am|I'm)) (?P<value>{_FULL_PERSON})\b",
        flags=re.MULTILINE,
    ),
    _rule("NAME", _RELATIVES, rf"\b(?:{'|'.join(_RELATIVES)}),? (?P<value>{_FULL_PERSON})\b"),
    _rule(
        "ADDRESS",
        (" ",),
        r"\b(?P<value>\d{1,5} (?:[A-Z][a-z]+ ){1,3}(?:(?:Street|Avenue|Road|Lane|Drive|Court|Boulevard|Row|Terrace",
        r"|Yard|Crescent|Place|Way|Close|Square|Gardens|Mews|Circle|Highway|Parkway)\b",
        r"|(?:St|Ave|Rd|Ln|Dr|Ct|Blvd|Pl|Sq|Hwy)(?=[.,\n]|$)\.?)",
        r"(?:, [A-Z][a-z]+(?: [A-Z][a-z]+)?)?(?:, [A-Z]{2} \d{5})?)",
    ),
    _rule(
        "ADDRESS",
        ("号", "栋", "幢", "座", "弄"),
        rf"(?P<value>{_PLACE}{{1,24}}?",
        r"(?:(?:路|街|大道|巷|弄|胡同)\d{1,5}[号弄]|里\d{1,5}弄|(?:小区|花园|公寓|新村|家园|苑|村)\d{1,4}[号栋幢座])",
        r"(?:院?\d{1,4}(?:号楼|号|栋|幢|座|单元|楼|层|室)){0,4}(?:-?\d{1,4}(?![\d人岁年月天次个]))?)",
    ),
    _rule("DATE", ("年",), r"(?P<value>(?:19|20)\d\d年\d{1,2}月(?:\d{1,2}[日号])?)"),
    _rule("DATE", ("月",), r"(?<!\d)(?P<value>\d{1,2}月\d{1,2}[日号])"),
    _rule(
        "DATE",
        ("19", "20"),
        r"(?<![\d.-])(?P<value>(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\2(?:[12]\d|3[01]|0?[1-9]))(?![\d-])",
    ),
    _rule("DATE", ("/",), r"(?<![\d/.])(?P<value>\d{1,2}/\d{1,2}/(?:19|20)?\d\d)(?![\d/])", check=_is_day),
    _rule(
        "DATE",
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        rf"\b(?P<value>{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? (?:19|20)\d\d)?",
        rf"|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? (?:19|20)\d\d)?|{_MONTH},? (?:19|20)\d\d)(?!\d)",
    ),
    _rule(
        "AGE",
        ("9", "1"),
        r"(?:(?<!\d)(?P<value>9\d|1[0-2]\d)(?=[- ]?(?:years?[- ]old|year-old|years? of age|y/o|岁)))",
    ),
    _rule(
        "URL", ("://", "www."), r"(?P<value>(?:https?://|\bwww\.)[^\s<>\"'()\uff08\uff09\uff0c。]{3,500}(?<![.,;:]))"
    ),
    _rule("IP", (".",), rf"{_BEFORE}(?P<value>\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?![\d.])", check=_is_ip),
)

COMMON_SURNAMES = frozenset(
    (
        *("Baker", "Black", "Brown", "Cross", "Fever", "Grace", "Green", "Marsh", "Price", "Small", "Smart", "Stone"),
        *("Storm", "Strong", "White", "Woods", "Young"),
    )
)
"""Family names that a text may well use as words."""
