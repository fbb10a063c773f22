"""Identifiers by where they stand: in fields, messages, tables, lists, turns of speech, and where they stood before."""

import time

import pytest

from collectors.privacy.deidentify import Deidentifier
from collectors.privacy.identifiers.hl7 import find_fields


def clean(text: str) -> str:
    return Deidentifier("full")(text)[0]


def test_fields_of_a_message_by_the_standard():
    text = (
        "MSH|^~\\&|LAB|H|2.5\n"
        "PID|1||12345^^^H^MR||BAKER^MAY^Q||19740614|F|||12 OAK DR^^TULSA^OK^74586||(808)555-0102\n"
        "PV1|1|I|3W^726^A||||1122816519^DAS^FREYA^^^^MD\n"
        "OBX|1|NM|GLU^Glucose||5.4|mmol/L"
    )
    found = {text[span.start : span.end]: span.kind for span in find_fields(text)}
    assert found == {
        "12345": "RECORD",
        "BAKER^MAY^Q": "NAME",
        "19740614": "DATE",
        "12 OAK DR^^TULSA^OK": "ADDRESS",
        "74586": "ZIP",
        "(808)555-0102": "PHONE",
        "726^A": "RECORD",
        "DAS^FREYA": "NAME",
        "1122816519": "RECORD",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"patientName":"童心","sex":"M"}', '{"patientName":"[NAME-1]","sex":"M"}'),
        ('{"family":"Eze","given":["Viktor","Ann"]}', '{"family":"[NAME-1]","given":["[NAME-2]","[NAME-3]"]}'),
        ('{"name":"Aspirin","code":"B01AC06"}', '{"name":"Aspirin","code":"B01AC06"}'),
        ('{"name":"川芎","dose":"9g"}', '{"name":"川芎","dose":"9g"}'),
        ("<guardian>丁香</guardian>", "<guardian>[NAME-1]</guardian>"),
    ],
)
def test_values_by_their_keys(text, expected):
    assert clean(text) == expected


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("住院号 0068-2291\n申请 邰丽  审核 綦世昌  采血 弓昌", ("邰丽", "綦世昌", "弓昌")),
        ("身份证 11010519491231002X\n科主任 仉 红  质控护士 曾 黎", ("仉 红", "曾 黎")),
        ("住院号 558102\n家属签字：白雪\n白雪 今日来院", ("白雪",)),
        ("电话 13812345678\n佘诗音：已启动\n戈壁：收到", ("佘诗音", "戈壁")),
        ("住院号 558102，经户长林医生会诊，李致和医生同意", ("户长林", "李致和")),
        ("押金单YJ0047193；社保卡号428320694466", ("YJ0047193", "428320694466")),
        ("证书编号鄂职诊字2019第0417号", ("鄂职诊字2019第0417号",)),
        ("日期\t患者\t金额\n6.30\t喜梅\t32.00", ("6.30", "喜梅")),
        ("户籍双凤乡李楼村寨子坡。", ("双凤乡李楼村寨子坡",)),
        ("住院号 558102，手术23-07-17，3-16复诊", ("23-07-17", "3-16")),
        ("生于一九五六年腊月初八", ("腊月初八",)),
        ("MRN 1234567\n1) Baker 71F - PNA\n2) O'Shea 58M - GIB", ("Baker", "O'Shea")),
        ("MRN 1234567, d/w Frost (renal)", ("Frost",)),
        ('MRN 1234567. Employee: Yara "Kat" Lund', ("Yara", "Lund")),
        ("MRN 1234567. TE RANGI, Aroha  NHI ZKC4477", ("RANGI", "Aroha")),
        ("MRN 1234567, lives at The Granary, Low Street, Duluth, MN.", ("Granary", "Duluth")),
        ("MRN 1234567, from 4528 Rue des Tilleuls, Gwelfor; well", ("4528", "Gwelfor")),
        ("MRN 1234567. Note 2/27, labs 11/02", ("2/27", "11/02")),
        ("MRN 1234567. My car (LK19 XTV) was towed", ("LK19 XTV",)),
        ("died at the age of 103. MRN 1234567", ("103",)),
    ],
)
def test_what_stands_where_identifiers_stand_goes(text, gone):
    assert not [value for value in gone if value in clean(text)]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("MRN 1234567. Pain 5/10, strength 5/5, 2/6 murmur", "Pain 5/10, strength 5/5, 2/6 murmur"),
        ("MRN 1234567. pH 7.21/33/88, PLT 150000, BP 120/80", "pH 7.21/33/88, PLT 150000, BP 120/80"),
        ("MRN 1234567. Name: Ann Lee. Parkinson disease, Foley catheter", "Parkinson disease, Foley catheter"),
        ("MRN 1234567, BP 220/130", "BP 220/130"),
        ("住院号 558102，血小板计数498x109/L，患者于一小时前受伤", "血小板计数498x109/L，患者于一小时前受伤"),
        ("患者白雪，住院号 558102。丁香 6g，白雪公主", "丁香 6g"),
        ("患者苏木，住院号 558102。处方：苏木 9g", "苏木 9g"),
        ("住院号 558102\n麻醉 全麻\n诊断：白癜风", "白癜风"),
        ("住院号 558102，市社区居民高血压患病率", "市社区居民高血压患病率"),
    ],
)
def test_facts_stay_beside_them(text, fact):
    assert fact in clean(text)


@pytest.mark.parametrize(
    "unit", ["Aa Bb ", "AA, ", "Aa Mill, ", "1 Aa St ", "1/2 ", '{"a":"', "王 ", "市中", "PID|", "Lot 1 "]
)
def test_no_text_with_identifiers_makes_it_slow(unit):
    text = unit * (20_000 // len(unit)) + " 电话13800138000 MRN 1234567 " * 15
    started = time.process_time()
    clean(text)
    assert time.process_time() - started < 3
