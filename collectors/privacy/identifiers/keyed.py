"""Values by their keys, in JSON, XML and logs: what a field is called says whose and what it is."""

import re
from collections.abc import Iterator
from functools import lru_cache

from collectors.privacy.identifiers.name_parts_zh import NO_ANSWER
from collectors.privacy.identifiers.names_zh import may_be_name
from collectors.privacy.identifiers.rule import Near, Span
from collectors.privacy.identifiers.words import family_names, given_names, medical_names, medical_strings

_JSON = re.compile(
    r"[\"'](?P<key>[A-Za-z_][\w .-]{1,40}|[\u4e00-\u9fff]{1,10})[\"']\s{0,3}[:=]\s{0,3}"
    r"(?P<value>\"[^\"\n]{1,120}\"|'[^'\n]{1,120}'|“[^”\n]{1,120}”|\[[^\[\]{}\n]{1,240}\]|\d{4,20})"
)
_BARE = re.compile(
    r"(?<![\w\"'])(?P<key>[A-Za-z_]\w{1,30})\s?[:=]\s?"
    r"(?P<value>\"[^\"\n]{1,80}\"|“[^”\n]{1,80}”|(?<==)[A-Za-z\d][\w.@-]{2,40})"
)
_XML = re.compile(r"<(?:\w+:)?(?P<key>[A-Za-z_]\w{1,40})(?: [^<>\n]{0,200})?>(?P<value>[^<>\n]{1,120})</")
_FORMS = (
    (_JSON, Near(re.compile(r"[\"']\s{0,3}[:=]\s{0,3}[\"'“\[\d]"), 45, 250)),
    (_XML, Near(re.compile("</"), 370, 0)),
    (_BARE, Near(re.compile(r"[:=]\s?[\"“]|=[A-Za-z\d]"), 36, 90)),
)
"""Each form, and where it can be."""
_STRING = re.compile(r"[^\"'“”\[\],\s](?:[^\"'“”\[\]]*[^\"'“”\[\],\s])?")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_PEOPLE_WORDS = (
    "patient doctor physician provider nurse contact guardian author performer requester practitioner caregiver mother"
    " father spouse kin recipient guarantor insured subscriber employee surgeon attending clinician sender"
    " receiver first"
    " last middle full given family maiden display nick legal user pat doc dr pt customer client member person"
)
_PEOPLE = frozenset(_PEOPLE_WORDS.split())
_ENDS = {
    "NAME": "family given surname forename firstname lastname fullname guardian patient doctor physician nurse"
    " practitioner"
    " caregiver spouse kin 姓名 患者 病人 医生 医师 护士 监护人 联系人 家属 家长",
    "PHONE": "phone tel telephone mobile cell cellphone fax pager 电话 手机 手机号 联系方式 联系电话",
    "ADDRESS": "address addr line street residence 地址 住址 家庭住址 现住址",
    "ZIP": "zip postal postcode zipcode 邮编",
    "RECORD": "id mrn no number num ssn card account acct chart accession encounter visit policy member license npi"
    " barcode serial bed extension empi 住院号 病历号 门诊号 病案号 床号 卡号 证号 身份证号 编号",
    "MESSENGER": "wechat weixin wx qq username user login handle 微信 微信号",
}
_KIND_OF = {word: kind for kind, words in _ENDS.items() for word in words.split()}
_GENERIC = frozenset(("id", "no", "number", "num", "line", "extension", "visit", "serial", "card", "member", "account"))


def find_values(text: str) -> Iterator[Span]:
    """Names, numbers and places that a key announces, if they have its form."""
    for pattern, near in _FORMS:
        for start, end in near.windows(text):
            for match in pattern.finditer(text, start, end):
                if kind := _kind_of(match["key"]):
                    for value in _STRING.finditer(text, *match.span("value")):
                        if _fits(kind, value[0]):
                            yield Span(*value.span(), kind.removesuffix("?"))


@lru_cache(1 << 12)
def _kind_of(key: str) -> str | None:
    """What a key announces; with a question mark, what it may announce."""
    if not key.isascii():
        return _KIND_OF.get(key)
    words = [word.lower() for word in _WORDS.findall(key)]
    if not words:
        return None
    if words[-1] == "name" or words[-1] == "code":
        if words[0] in ("zip", "postal", "post"):
            return "ZIP"
        return (
            None if words[-1] == "code" else "NAME" if _PEOPLE.intersection(words[:-1]) else "NAME?" * (len(words) == 1)
        )
    kind = _KIND_OF.get(words[-1])
    return f"{kind}?" if kind == "RECORD" and words[-1] in _GENERIC and not _PEOPLE.intersection(words) else kind


def _fits(kind: str, value: str) -> bool:
    digits = sum(map(str.isdigit, value))
    if kind.startswith("NAME"):
        return digits == 0 and _is_name(value, kind.endswith("?"))
    if kind in ("PHONE", "ZIP"):
        return digits > 3 and digits * 2 > len(value)
    if kind == "ADDRESS":
        return digits > 0 and len(value) > 5
    if kind == "MESSENGER":
        return len(value) > 4 and value.isascii() and " " not in value and (digits > 0 or "_" in value)
    return digits > (4 if kind.endswith("?") else 2)


def _is_name(value: str, doubtful: bool) -> bool:
    if not value[0].isascii():
        if len(value) > 4 and "·" not in value:
            return False
        if not doubtful:
            return value not in NO_ANSWER
        return may_be_name(value) and value not in medical_strings() and value[:2] not in medical_strings()
    words = [word for word in re.split(r"[ ,.^-]+", value.lower()) if len(word) > 1]
    if not words or len(words) > 4 or not value[0].isupper():
        return False
    if doubtful:
        return words[0] in given_names() and len(words) > 1 and words[-1] not in medical_names()
    return any(word in given_names() or word in family_names() or word not in medical_names() for word in words)
