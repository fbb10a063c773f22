"""The mapped table reader: formats, mappings, encodings, and what it refuses."""

import csv
import gzip
import io
import json
import random
from datetime import date
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from collectors.tables.records import Records
from datagen.errors import UsageError
from tests.collectors.reading import Read, read

ROWS = [
    {"no": 1, "ask": "什么是发热?", "reply": "体温高于正常。", "dept": "呼吸科", "day": "2020-01-02"},
    {"no": 2, "ask": "What is fever?", "reply": 'A raised "temperature", often\nwith chills.', "dept": "", "day": None},
]
FIELDS = {"id": "no", "question": "ask", "answer": "reply", "department": "dept"}


def jsonl(rows: list) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def delimited(rows: list[dict], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx(rows: list[dict]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def parquet(table: pa.Table) -> bytes:
    data = io.BytesIO()
    pq.write_table(table, data)
    return data.getvalue()


@pytest.fixture
def reading(tmp_path):
    """Read one file of a name and bytes."""

    def read_file(name: str, data: bytes, **options) -> Read:
        (tmp_path / "raw").mkdir(exist_ok=True)
        (tmp_path / "raw" / name).write_bytes(data)
        return read(Records(path=str(tmp_path / "raw" / name), **options), tmp_path)

    return read_file


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", jsonl(ROWS)),
        ("a.jsonl.gz", gzip.compress(jsonl(ROWS))),
        ("a.ndjson", b"\xef\xbb\xbf" + jsonl(ROWS) + b"\r\n\n"),
        ("a.json", json.dumps(ROWS).encode()),
        ("b.json", json.dumps({"version": 1, "tags": ["x"], "data": ROWS}, indent=1).encode("utf-16")),
        ("c.json", jsonl(ROWS)),
        ("d.json", json.dumps({"p": ROWS[0], "q": ROWS[1]}).encode()),
        ("a.csv", delimited(ROWS)),
        ("b.csv", delimited(ROWS, ";", "utf-8-sig")),
        ("c.csv", delimited(ROWS, encoding="utf-16")),
        ("a.tsv", delimited(ROWS, "\t")),
        ("a.xlsx", xlsx(ROWS)),
        ("a.parquet", parquet(pa.Table.from_pylist(ROWS))),
    ],
)
def test_every_format_gives_the_same_records(reading, name, data):
    found = reading(name, data, fields=FIELDS, map={"department": {"呼吸科": "RESP"}}, constants={"content_type": "QA"})
    assert not found.quarantined
    assert found.texts == [
        "什么是发热?\n\n体温高于正常。",
        'What is fever?\n\nA raised "temperature", often\nwith chills.',
    ]
    assert [row["source_id"] for row in found.rows] == ["1", "2"]
    assert [row["department"] for row in found.rows] == ["RESP", None]
    assert {row["content_type"] for row in found.rows} == {"QA"}
    assert found.rows[0]["messages"] == [
        {"role": "user", "content": "什么是发热?"},
        {"role": "assistant", "content": "体温高于正常。"},
    ]


def test_gb18030_is_detected_and_a_damaged_row_refused(reading):
    rows = [{"text": f"第{n}条:患者因为发热和咳嗽来我院就诊,有时出汗。"} for n in range(40)]
    data = delimited(rows, encoding="gb18030")
    assert len(reading("a.csv", data, fields={"text": "text"}).rows) == 40
    broken = data.replace("第7条".encode("gb18030"), b"\xff7" + "条".encode("gb18030"))
    found = reading("a.csv", broken, fields={"text": "text"})
    assert found.quarantined == {"a.csv#8": "bad_encoding"} and len(found.rows) == 39


def test_a_declared_encoding_is_taken(reading):
    data = "text\ncaf\u00e9 au lait\n".encode("latin-1")
    assert reading("a.csv", data, fields={"text": "text"}, encoding="latin-1").texts == ["caf\u00e9 au lait"]
    found = reading("a.csv", data, fields={"text": "text"}, encoding="utf-8")
    assert found.quarantined == {"a.csv#1": "bad_encoding"}


def test_a_bad_line_is_one_bad_record(reading):
    good = json.dumps({"text": "fine"}).encode()
    lines = [
        good,
        b"{not json",
        b'"a string"',
        b"[" * 100_000,
        b'{"text": ""}',
        b'{"text": "\\ud800"}',
        b'{"text": "\xff"}',
        good,
    ]
    found = reading("a.jsonl", b"\n".join(lines), fields={"text": "text"})
    assert found.quarantined == {
        "a.jsonl#2": "bad_json",
        "a.jsonl#3": "bad_row",
        "a.jsonl#4": "json_limits",
        "a.jsonl#5": "no_text",
        "a.jsonl#6": "bad_encoding",
        "a.jsonl#7": "bad_encoding",
    }
    assert found.texts == ["fine", "fine"]


def test_bad_rows_of_a_csv(reading):
    found = reading("a.csv", b'text,n\none,1\ntwo\n"th"ree,3\n\nfour,4\n"open,5\n', fields={"text": "text"})
    assert found.texts == ["one", "four"]
    assert found.quarantined == {"a.csv#2": "bad_row", "a.csv#3": "bad_csv", "a.csv#5": "bad_csv"}


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "user", "content": "Q1"}, {"role": "assistant", "content": "A1"}],
        [{"from": "human", "value": "Q1"}, {"from": "gpt", "value": "A1"}],
        [{"role": "患者", "content": "Q1"}, {"role": "医生", "content": "A1"}],
        [["Q1", "A1"]],
        ["Q1", "A1"],
        '["Q1", "A1"]',
    ],
)
def test_dialogues_of_every_convention(reading, value):
    found = reading("a.jsonl", jsonl([{"turns": value}]), fields={"messages": "turns"})
    assert found.rows[0]["messages"] == [{"role": "user", "content": "Q1"}, {"role": "assistant", "content": "A1"}]
    assert found.texts == ["Q1\n\nA1"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([{"role": "narrator", "content": "x"}], "bad_messages"),
        ([{"role": "user"}], "bad_messages"),
        ([1, 2], "bad_messages"),
        ({"role": "user", "content": "x"}, "bad_messages"),
        ("[broken", "bad_messages"),
        ([], "no_text"),
        (None, "no_text"),
        ([{"role": "user", "content": " "}], "no_text"),
    ],
)
def test_what_is_no_dialogue_is_refused(reading, value, reason):
    found = reading("a.jsonl", jsonl([{"turns": value}]), fields={"messages": "turns"})
    assert found.quarantined == {"a.jsonl#1": reason}


def test_a_history_comes_before_the_question(reading):
    row = {"history": [["Q1", "A1"]], "instruction": "Q2", "output": "A2"}
    other = {"instruct": "Q3", "output": "A3"}
    fields = {"messages": "history", "question": ["instruction", "instruct"], "answer": "output"}
    assert reading("a.jsonl", jsonl([row, other]), fields=fields).texts == ["Q1\n\nA1\n\nQ2\n\nA2", "Q3\n\nA3"]


def test_titles_nested_columns_lists_and_kept_columns(reading):
    row = {
        "meta": {"title": "Fever", "tags": ["a", {"b": 1}], "lang": "EN-us"},
        "body": ["One.", "Two."],
        "licence": "http://creativecommons.org/licenses/by/4.0/",
        "split": "dev",
        "a.b": "dotted",
    }
    fields = {"title": "meta.title", "text": "body", "language": "meta.lang", "license": "licence", "split": "split"}
    found = reading(
        "a.jsonl",
        jsonl([row]),
        fields=fields,
        keep=("meta.tags", "a.b", "meta.tags.1.b", "absent"),
        map={"split": {"dev": "validation"}},
    )
    (one,) = found.rows
    assert one["text"] == "# Fever\n\nOne.\n\nTwo."
    assert (one["language"], one["license"], one["split"]) == ("en", "CC-BY-4.0", "validation")
    assert json.loads(one["meta"]) == {"a.b": "dotted", "meta.tags": ["a", {"b": 1}], "meta.tags.1.b": 1}
    assert one["source_id"] == "a.jsonl#1"


def test_values_that_are_no_code_are_refused_unless_mapped(reading):
    rows = [
        {"t": "x", "d": "CARD", "s": "train"},
        {"t": "x", "d": "heart", "s": "train"},
        {"t": "x", "d": None, "s": "dev"},
    ]
    fields = {"text": "t", "department": "d", "split": "s"}
    found = reading("a.jsonl", jsonl(rows), fields=fields)
    assert found.quarantined == {"a.jsonl#2": "bad_department", "a.jsonl#3": "bad_split"}
    found = reading("a.jsonl", jsonl(rows[:2]), fields=fields, map={"department": {"heart": "CARD"}})
    assert [row["department"] for row in found.rows] == [None, "CARD"]


def test_a_missing_column_names_those_that_exist(reading):
    for name, data in (
        ("a.csv", delimited(ROWS)),
        ("a.jsonl", jsonl(ROWS)),
        ("a.xlsx", xlsx(ROWS)),
        ("a.parquet", parquet(pa.Table.from_pylist(ROWS))),
    ):
        with pytest.raises(UsageError, match="has no column question") as error:
            reading(name, data, fields={"text": "question"})
        assert "no, ask, reply, dept, day" in error.value.fix


def test_a_label_that_few_json_rows_might_have_is_only_missing_in_many(reading):
    fields = {"text": "t", "url": "link"}
    assert len(reading("a.jsonl", jsonl([{"t": "x"}] * 99), fields=fields).rows) == 99
    with pytest.raises(UsageError, match="has no column link"):
        reading("a.jsonl", jsonl([{"t": "x"}] * 100), fields=fields)


def test_missing_answers_are_refused(reading):
    found = reading("a.jsonl", jsonl([{**ROWS[0], "reply": " "}, {**ROWS[1], "ask": None}]), fields=FIELDS)
    assert found.quarantined == {"a.jsonl#1": "no_answer", "a.jsonl#2": "no_text"}


def test_types_of_parquet_and_xlsx_become_json(reading):
    row = {
        "text": "x",
        "day": date(2020, 1, 2),
        "price": Decimal("1.50"),
        "nan": float("nan"),
        "list": [{"d": date(2021, 1, 1)}],
    }
    keep = ("day", "price", "nan", "list")
    (one,) = reading("a.parquet", parquet(pa.Table.from_pylist([row])), fields={"text": "text"}, keep=keep).rows
    assert json.loads(one["meta"]) == {"day": "2020-01-02", "price": "1.50", "list": [{"d": "2021-01-01"}]}
    (one,) = reading(
        "a.xlsx", xlsx([{"text": "x", "day": date(2020, 1, 2)}]), fields={"text": "text"}, keep=("day",)
    ).rows
    assert json.loads(one["meta"]) == {"day": "2020-01-02T00:00:00"}
    (one,) = reading("a.jsonl", b'{"text": "x", "n": NaN, "m": 1}', fields={"text": "text"}, keep=("n", "m")).rows
    assert json.loads(one["meta"]) == {"m": 1}


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pa.array([b"x"]), "parquet_type"),
        (pa.array([[("a", b"1")]], pa.map_(pa.string(), pa.binary())), "parquet_type"),
        (pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16))), "parquet_type"),
    ],
)
def test_parquet_types_are_allow_listed(reading, column, reason):
    table = pa.table({"text": ["x"], "odd": column})
    assert reading("a.parquet", parquet(table), fields={"text": "text"}, keep=("odd",)).quarantined == {
        "a.parquet": reason
    }
    assert reading(
        "a.parquet", parquet(pa.table({"text": ["x"], "odd": pa.array([b"x"])})), fields={"text": "text"}
    ).texts == ["x"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.parquet", b"PAR1" + b"\0" * 40 + b"PAR1", "bad_parquet"),
        ("a.parquet", b"", "bad_parquet"),
        ("a.xlsx", b"PK\x03\x04 no", "bad_xlsx"),
        ("a.json", b"[1, 2", "bad_json"),
        ("a.json", b"17", "bad_json"),
        ("a.json", b"[" * 100_000, "json_limits"),
        ("a.json", b"", "bad_json"),
        ("a.jsonl", bytes(range(256)) * 20, "bad_encoding"),
        ("a.csv", b"a,a\n1,2\n", "bad_csv"),
    ],
)
def test_files_that_are_something_else(reading, name, data, reason):
    found = reading(name, data, fields={"text": "text"})
    assert found.quarantined == {name: reason} and not found.rows


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fields": {"id": "no"}}, "needs text, question or messages"),
        ({"fields": {"answer": "a", "text": "t"}}, "answer needs fields.question"),
        ({"fields": {"text": "t", "question": "q"}}, "text beside question"),
        ({"fields": {"text": "t", "id": ["a", "b"]}}, "fields.id is one column"),
        ({"fields": {"txt": "t"}}, "txt"),
        ({"fields": {"text": "t"}, "constants": {"colour": "red"}}, "colour is no label"),
        ({"fields": {"text": "t"}, "constants": {"department": "HEART"}}, "HEART is no department"),
        ({"fields": {"text": "t"}, "map": {"department": {"a": "CARD"}}}, "needs fields.department"),
        ({"fields": {"text": "t", "split": "s"}, "map": {"split": {"a": "dev"}}}, "dev is no split"),
        ({"fields": {"text": "t", "url": "u"}, "constants": {"url": "x"}}, "in fields and in constants"),
        ({"fields": {"text": "t"}, "encoding": "klingon"}, "no text encoding"),
        ({"fields": {"text": "t"}, "encoding": "hex"}, "no text encoding"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        Records(path="x", **options)


def test_what_can_be_read_of_a_truncated_gzip_is_read(reading):
    draw = random.Random(1)
    rows = [{"text": f"Patient {n} had a fever of {draw.random()} degrees."} for n in range(5000)]
    whole = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
    found = reading("a.jsonl.gz", whole[: len(whole) // 2], fields={"text": "text"})
    count = len(found.rows)
    assert 1000 < count < 4000 and found.texts == [row["text"] for row in rows[:count]]
    assert found.quarantined == {f"a.jsonl.gz#{count + 1}": "truncated"}
    table = gzip.compress(("text,n\n" + "".join(f"{row['text']},1\n" for row in rows)).encode())
    found = reading("a.csv.gz", table[: len(table) // 2], fields={"text": "text"})
    assert 1000 < len(found.rows) < 4000 and list(found.quarantined.values())[-1] == "truncated"


def test_a_wrong_column_name_is_told_with_the_nearest(reading):
    with pytest.raises(UsageError) as error:
        reading("a.csv", b"Question,reply\nWhat?,This.\n", fields={"text": "questions"})
    assert "did you mean Question?" in error.value.fix and "reply" in error.value.fix
