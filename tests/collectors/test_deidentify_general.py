"""What identifiers look like in documents of other hands: forms, tables, labels, spellings; and what only looks so."""

import re
from re import _parser as parser

import pytest

from collectors.privacy.deidentify import Deidentifier
from collectors.privacy.identifiers import name_cues_zh
from collectors.privacy.identifiers.spaced import closed


def clean(text: str) -> str:
    return Deidentifier("full")(text)[0]


NAMES = [
    # labels of any role, and of any field among identifiers
    ("听力师：官磊", "听力师：[NAME-1]"),
    ("采血人员：解平、查小雨，谢绝探视", "采血人员：[NAME-1]、[NAME-2]，谢绝探视"),
    ("姓名*：冷成功（患儿）", "姓名*：[NAME-1]（患儿）"),
    ("介入：赖嫄，手机13812345678", "介入：[NAME-1]，手机[PHONE-1]"),
    ("Ordering: Whitcombe, Alder\nMRN 8837261", "Ordering: [NAME-1]\nMRN [RECORD-1]"),
    ("Medic: K. Ostrowski, run no. 22118834", "Medic: [NAME-1], run no. [RECORD-1]"),
    # between a role and what tells a person apart, words are names
    ("同事于是（男，33岁）突发腹痛，由房石陪同来诊", "同事[NAME-1]（男，33岁）突发腹痛，由[NAME-2]陪同来诊"),
    ("卜算子，男，四十岁，农民", "[NAME-1]，男，四十岁，农民"),
    ("县医院官彧（藏族）上线", "县医院[NAME-1]（藏族）上线"),
    ("祝工作顺利！\n年军\n二〇二二年十月", "祝工作顺利！\n[NAME-1]\n2022年"),
    ("女儿小棠三岁，发烧", "女儿[NAME-1]三岁，发烧"),
    # other peoples
    ("患者阿布都热依木·吐尔孙，由其子艾尼瓦尔陪同", "患者[NAME-1]，由其子[NAME-2]陪同"),
    ("麻醉医师图门乌力吉；", "麻醉医师[NAME-1]；"),
    # forms of names in Latin letters
    ("Radiology: KOVALENKO, OLEKSANDR; phone 614-555-0199", "Radiology: [NAME-1]; phone [PHONE-1]"),
    ("PT: Woods^Rose^S   MRN: 76239728", "PT: [NAME-1]   MRN: [RECORD-1]"),
    ("ZHANG San and OUYANG Zhiyuan, MRN 4471882", "[NAME-1] and [NAME-2], MRN [RECORD-1]"),
    ("Lim Ah Kow (NRIC S7705231D), HP 8234 0981", "[NAME-1] (NRIC [RECORD-1]), HP [PHONE-1]"),
    ("pcp smith, wife deborah, cell (614) 555-0199", "pcp [NAME-1], wife [NAME-2], cell [PHONE-1]"),
    ("Plan per Dr A. Petrov. Continue.", "Plan per Dr [NAME-1]. Continue."),
    ("Ambulance crew Sutcliffe/Dhaliwal, MRN 8841222", "Ambulance crew [NAME-1]/[NAME-2], MRN [RECORD-1]"),
    (
        "Signed electronically by Wren Castellanos 2022-08-09 14:33, acct 77120934",
        "Signed electronically by [NAME-1] 2022 14:33, acct [RECORD-1]",
    ),
    ("Ms. Teague denied pain. TEAGUE left.", "Ms. [NAME-1] denied pain. [NAME-1] left."),
]


@pytest.mark.parametrize(("text", "expected"), NAMES)
def test_names(text, expected):
    assert clean(text) == expected


TABLES = [
    (
        "岗位｜人员｜编号\n值班｜关平｜802144\n带教｜明月｜803377",
        "岗位｜人员｜编号\n值班｜[NAME-1]｜[RECORD-1]\n带教｜[NAME-2]｜[RECORD-2]",
    ),
    (
        "Name          DOB          Phone\nJuan Ortega    04/05/1966   210-555-0133\nGrace Young   "
        " 09/09/1949   210-555-0101",
        "Name          DOB          Phone\n[NAME-1]    [DATE-1]   [PHONE-1]\n[NAME-2]    [DATE-2]   [PHONE-2]",
    ),
    (
        "Acct | Patient | Amt\n738221 | Marsh, Yuki | 1.20\n861097 | Patel, Dwayne | 3.40",
        "Acct | Patient | Amt\n[RECORD-1] | [NAME-1] | 1.20\n[RECORD-2] | [NAME-2] | 3.40",
    ),
]


@pytest.mark.parametrize(("text", "expected"), TABLES)
def test_columns_by_their_heads_and_by_their_other_rows(text, expected):
    found = clean(text)
    assert re.sub(r"\[DATE-\d\]|(?<=    )(?:19|20)\d\d", "DAY", found) == re.sub(r"\[DATE-\d\]", "DAY", expected)


NUMBERS = [
    ("重1床，床号：+2，抢8床", "[RECORD-1]床，床号：[RECORD-2]，[RECORD-3]床"),
    ("香港身份證 A141982(5)", "香港身份證 [ID-1]"),
    ("资格证 浙职诊字3463号", "资格证 [RECORD-1]"),
    ("起搏器序列号PPN 220871S", "起搏器序列号[DEVICE-1]"),
    ("髋关节假体批号3C982016443", "髋关节假体批号[DEVICE-1]"),
    ("咨询电话：83357896转8012", "咨询电话：[PHONE-1]"),
    ("I am a nurse, PIN 07I8595E.", "I am a nurse, PIN [RECORD-1]."),
    (
        "Ms. Lee: alien no. A043128064, tumor registry #236998.",
        "Ms. [NAME-1]: alien no. [RECORD-1], tumor registry #[RECORD-2].",
    ),
    ("call back at five five five, oh one seven three", "call back at [PHONE-1]"),
    ("Wire to IBAN FR14 2004 1010 0505 0001 3M02 630", "Wire to IBAN [ACCOUNT-1]"),
    ("turning 96 next month; her twin, also 96, agrees", "turning 90+ next month; her twin, also 90+, agrees"),
]


@pytest.mark.parametrize(("text", "expected"), NUMBERS)
def test_numbers(text, expected):
    assert clean(text) == expected


PLACES = [
    ("住西门坡34号。", "住[ADDRESS-1]。"),
    ("吉林省长春市朝阳区湖西街道开运街格林小镇5栋8门", "[ADDRESS-1]"),
    ("家住鼓楼区东风路职工宿舍8排8号", "家住[ADDRESS-1]"),
    ("She moved to Blk 26 Jalan Bukit Merah #06-57.", "She moved to [ADDRESS-1]."),
    ("Admitted from 12 Orchard Mead, Lydney.", "Admitted from [ADDRESS-1]."),
]


@pytest.mark.parametrize(("text", "expected"), PLACES)
def test_places(text, expected):
    assert clean(text) == expected


def test_days():
    assert clean("民国108年3月5日入院。") == "2019年入院。"
    assert clean("Seen JANUARY 5TH, 2021.") == "Seen 2021."
    assert Deidentifier("full", shift_days=7)("民国108年3月5日入院。") != ["民国108年3月5日入院。"]


def test_text_set_with_blanks():
    text = "姓 名 ： 时 光 明   住 院 号 9 7 4 8 4 3 4"
    tight, places = closed(text)
    assert tight == "姓名：时光明   住院号9748434" and [text[place] for place in places[:-1]] == list(tight)
    assert clean(text) == "姓 名 ： [NAME-1]   住 院 号 [RECORD-1]"
    assert closed("腹 平 软，无压痛") is None and closed("Grade I a b c d") is None


FACTS = [
    "双眼结膜充血，杨梅舌，华法林2.5mg，黄连素、黄柏10g，水煎服，知柏地黄丸；RhD阳性，住院天数5天。",
    "收缩压 158/92mmHg，压力 9-14cmH2O，60Gy/30f，程控DDD 60-130bpm。",
    "世界艾滋病日为每年12月1日；《条例》自1994年9月1日起施行；90岁以上人群跌倒率高。",
    "World AIDS Day is December 1. Persons aged 90 and over fall more.",
    "药越开越多，六·六项目照常。",
    "Vernal keratoconjunctivitis; Duarte galactosemia; Portland deficiency; grade II murmur; Cohort B.",
]


@pytest.mark.parametrize("fact", FACTS)
def test_facts_stay_even_among_identifiers(fact):
    assert fact in clean(f"{fact}\n电话13812345678，身份证11010519491231002X，MRN: 00123456")


@pytest.mark.parametrize(
    "pattern, begins",
    [(name_cues_zh.LEFT, name_cues_zh.LEFT_BEGINS), (name_cues_zh.RIGHT, name_cues_zh.RIGHT_BEGINS)],
)
def test_every_cue_begins_with_a_character_of_its_list(pattern, begins):
    """A cue that the list lacks would never be tried."""
    guard = f"(?=[{begins}])"
    assert pattern.pattern.startswith(guard)
    missing = {char for char in _first(parser.parse(pattern.pattern.removeprefix(guard))) if not re.match(guard, char)}
    assert not missing


def _first(items) -> set[str]:
    """The characters that a parsed pattern can begin with."""
    found: set[str] = set()
    for operation, value in items:
        name = str(operation)
        if name in ("AT", "ASSERT", "ASSERT_NOT"):
            continue
        if name == "LITERAL":
            return found | {chr(value)}
        if name == "IN":
            return found | _members(value)
        if name == "BRANCH":
            return found.union(*map(_first, value[1]))
        inner = value[-1]
        found |= _first(inner)
        if name == "SUBPATTERN" or value[0] > 0:
            return found
    return found


def _members(value) -> set[str]:
    found: set[str] = set()
    for operation, part in value:
        if str(operation) == "LITERAL":
            found.add(chr(part))
        elif str(operation) == "RANGE":
            found.update(map(chr, range(part[0], part[1] + 1)))
        elif str(part) == "CATEGORY_DIGIT":
            found.update("0123456789")
        elif str(part) == "CATEGORY_SPACE":
            found.update(" \t\n\u3000")
    return found


TABLE = """patient_id,last_name,first_name,dob,zip,icd10,a1c
P4711,Okafor,"Ann, Ruth",1961-01-08,74159,E11.65,9.1
P4712,Baker,Anil,1973-08-26,68536,E11.9,6.8"""


def test_columns_of_an_export_are_known_by_their_names():
    cleaned = clean(TABLE)
    assert not any(value in cleaned for value in ("P4711", "Okafor", "Ruth", "74159", "Baker", "Anil", "68536"))
    assert "E11.65,9.1" in cleaned


@pytest.mark.parametrize(
    "text, kept",
    [
        ("Braden \u226412\u5206\u8005\u6bcf\u73ed\u8bc4\u4f30", "Braden"),
        ("\u8499\u8131\u77f3\u6563\u6bcf\u6b211/3\u888b", "1/3"),
        ("1846\u5e7410\u670816\u65e5\u516c\u5f00\u6f14\u793a", "1846\u5e7410\u670816\u65e5"),
    ],
)
def test_scales_doses_and_history_stay(text, kept):
    assert kept in clean(text)


def test_the_sender_before_an_address_is_a_person():
    assert "Miller" not in clean("From: Sarah Miller <sarah@example.com>")
