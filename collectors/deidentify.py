"""De-identification by pattern and checksum, English and Chinese; surrogates are the same within one family of records."""

import hashlib
import re
from collections.abc import Callable
from typing import Literal

Level = Literal["none", "light", "full"]
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def deidentify(text: str, level: Level, key: str) -> tuple[str, str]:
    """(text with identifiers replaced, phi_status). Each becomes `[KIND-xxxx]`, equal for equal values under one `key`.

    `none` leaves text alone and says `unknown`: only a person can call it exempt.
    """
    if level == "none":
        return text, "unknown"
    found = False

    def replace(kind: str, check: Callable[[str], bool]) -> Callable[[re.Match], str]:
        def surrogate(match: re.Match) -> str:
            nonlocal found
            value = match["value"]
            if not check(value):
                return match[0]
            found = True
            tag = hashlib.blake2b(value.casefold().encode(), key=key.encode()[:64], digest_size=2).hexdigest()
            start, end = match.start("value") - match.start(), match.end("value") - match.start()
            return f"{match[0][:start]}[{kind}-{tag}]{match[0][end:]}"

        return surrogate

    for kind, pattern, check in LIGHT if level == "light" else (*LIGHT, *FULL):
        text = pattern.sub(replace(kind, check), text)
    return text, "redacted" if found else "clean"


def resident_id_is_valid(value: str) -> bool:
    """GB 11643-1999: 17 digits and a check character by ISO 7064 mod 11-2; a plausible date of birth."""
    if not ("1900" <= value[6:10] <= "2099" and 1 <= int(value[10:12]) <= 12 and 1 <= int(value[12:14]) <= 31):
        return False
    total = sum(int(d) * w for d, w in zip(value, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == value[17].upper()


def luhn_is_valid(value: str) -> bool:
    """ISO/IEC 7812-1 check digit of card numbers."""
    digits = [int(c) for c in value if c.isdigit()]
    doubled = [d if i % 2 == 0 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _any(_: str) -> bool:
    return True


def _rule(kind: str, pattern: str, check: Callable[[str], bool] = _any, flags: int = 0):
    return kind, re.compile(pattern if "(?P<value>" in pattern else f"(?P<value>{pattern})", flags), check


_SURNAME = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲台从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公"
_MONTH = r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"

LIGHT = (
    _rule("EMAIL", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    _rule("CNID", r"(?<!\d)[1-9]\d{5}(?:19|20)\d{9}[\dXx](?!\d)", resident_id_is_valid),
    _rule("SSN", r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])"),
    _rule("MOBILE", r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)"),
    _rule("PHONE", r"(?<![\d.-])(?:\+?1[ .-]?)?\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?![\d-])"),
    _rule("PHONE", r"(?<!\d)0\d{2,3}-\d{7,8}(?!\d)"),
    _rule("CARD", r"(?<![\d-])\d{4}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?![\d-])", luhn_is_valid),
    _rule(
        "RECORD",
        r"(?:住院号|门诊号|病案号|病历号|检查号|床号|社保卡?号|医保卡?号|就诊卡号)[码]?(?:为|是)?[::\s]*(?P<value>[A-Za-z]{0,4}-?\d{2,18})",
    ),
    _rule(
        "RECORD",
        r"(?:MRN|medical record(?: number| no\.?)?|account (?:number|no\.?)|patient id)\W{0,3}(?:is |was )?(?P<value>[A-Z]{0,4}-?\d{4,12})",
        flags=re.I,
    ),
    _rule("WECHAT", r"(?:微信号?|QQ号?)[::\s]*(?P<value>[A-Za-z0-9_-]{5,20})"),
)
FULL = (
    _rule(
        "NAME",
        rf"(?:患者|病人|家属|姓名|医师|医生|主任|护士|联系人)[::\s]*(?:姓名)?[::\s]*(?P<value>[{_SURNAME}][\u4e00-\u9fff]{{1,2}})(?=[,,。;;、::\s()()]|$|男|女|因|于|,|电话|住|身份)",
    ),
    _rule("NAME", r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? (?P<value>[A-Z][a-z]+(?:[ -][A-Z][a-z]+){0,2})"),
    _rule(
        "NAME",
        r"(?:[Pp]atient(?: name)?|[Nn]ame|[Cc]ontact|[Dd]aughter|[Ss]on|[Ww]ife|[Hh]usband|[Mm]other|[Ff]ather)[:,]? (?:is |named )?(?P<value>[A-Z][a-z]+ (?:[A-Z]\. ?)?[A-Z][a-z]+)\b",
    ),
    _rule(
        "ADDRESS",
        r"\d{1,5} (?:[A-Z][a-z]+ ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Court|Ct|Boulevard|Blvd)\b\.?(?:,? (?:[A-Z][a-z]+ ?){1,2})?(?:,? [A-Z]{2} \d{5})?",
    ),
    _rule(
        "ADDRESS",
        r"[\u4e00-\u9fff]{2,8}(?:省|市|自治区)[\u4e00-\u9fff]{0,10}(?:市|区|县)[\u4e00-\u9fff\d]{1,20}(?:路|街|道|巷|弄|小区|村)(?:\d+号?)?[\u4e00-\u9fff\d]{0,8}(?:号|室|栋|单元|楼)?",
    ),
    _rule("DATE", r"(?:19|20)\d{2}年\d{1,2}月(?:\d{1,2}日)?"),
    _rule("DATE", r"(?<!\d)(?:19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)"),
    _rule("DATE", r"(?<!\d)\d{1,2}/\d{1,2}/(?:19|20)?\d{2}(?!\d)"),
    _rule("DATE", rf"{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:, (?:19|20)\d{{2}})?\b"),
    _rule("AGE", r"(?<!\d)(?P<value>9\d|1[0-2]\d)(?=[- ]?(?:years?[- ]old|year-old|岁))"),
)
