"""Tables in every layout, read by the mapped reader."""

import bz2
import io
import json

import openpyxl
import pyarrow as pa
import pytest
from pydantic import ValidationError

from collectors.tables.records import Records
from datagen.errors import UsageError
from tests.collectors.reading import Read, read


@pytest.fixture
def reading(tmp_path):
    """Read one file of a name and bytes."""

    def read_file(name: str, data: bytes | str, **options) -> Read:
        (tmp_path / "raw").mkdir(exist_ok=True)
        (tmp_path / "raw" / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return read(Records(path=str(tmp_path / "raw" / name), **{"deidentify": "none"} | options), tmp_path)

    return read_file


# Knowledge bases as sentences


def test_entries_become_sentences_in_both_languages(reading):
    table = 'name,name_zh,parents,code\nAsthma,哮喘,"lung disease",J45\nGout,,,M10\n,无名,,X\n'
    english = "{name} ({code})[, in Chinese {name_zh},][ is a kind of {parents}]."
    found = reading("kb.csv", table, templates={"text": english}, constants={"content_type": "KB"})
    assert found.texts == ["Asthma (J45), in Chinese 哮喘, is a kind of lung disease.", "Gout (M10)."]
    assert list(found.dropped.values()) == ["empty"] and not found.quarantined
    chinese = reading("kb.csv", table, templates={"text": "{name_zh}的编码是{code}[，属于{parents}]。"}, language="zh")
    assert chinese.texts == ["哮喘的编码是J45，属于lung disease。", "无名的编码是X。"]


def test_questions_and_answers_by_template(reading):
    row = {"question": "Which?", "options": {"A": "this", "B": "that"}, "idx": "B", "note": None}
    templates = {"question": "{question}\nA. {options.A}\nB. {options.B}", "answer": "{idx}[ because {note}]"}
    (one,) = reading("exam.jsonl", json.dumps(row), templates=templates).rows
    assert [m["content"] for m in one["messages"]] == ["Which?\nA. this\nB. that", "B"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"templates": {"text": "no column"}}, "no {column}"),
        ({"templates": {"text": "{a"}}, "doubled it stands for itself"),
        ({"templates": {"text": "{a}"}, "fields": {"text": "a"}}, "in fields and in templates"),
        ({"templates": {"answer": "{a}"}, "fields": {"text": "a"}}, "needs fields.question"),
        (
            {"fields": {"text": "t", "department": "d"}, "map": {"department": "klingon"}},
            "departments: cmexam, cmtmedqa",
        ),
        ({"fields": {"text": "t", "split": "d"}, "map": {"split": "mtsamples"}}, "is of departments"),
        ({"fields": {"text": "t", "url": ["a", "b"]}}, "fields.url is one column"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        Records(path="x", **options)


def test_a_column_outside_optional_parts_must_be_there(reading):
    with pytest.raises(UsageError, match="has no column nmae"):
        reading("a.jsonl", '{"name": "x"}', templates={"text": "{nmae}"})
    assert reading("a.jsonl", '{"name": "x"}', templates={"text": "{name}[ {other}]"}).texts == ["x"]


# Labels


def test_departments_by_a_shipped_mapping(reading):
    rows = [{"t": "a", "d": "Urology"}, {"t": "b", "d": "Letters"}, {"t": "c", "d": "Alchemy"}]
    data = "\n".join(map(json.dumps, rows))
    found = reading("a.jsonl", data, fields={"text": "t", "department": "d"}, map={"department": "mtsamples"})
    assert [row["department"] for row in found.rows] == ["UROL", None, None]


def test_departments_of_several_levels(reading):
    rows = [
        {"t": "a", "c1": "外科", "c2": "骨科"},
        {"t": "b", "c1": "皮肤科", "c2": "过敏"},
        {"t": "c", "c1": "男科", "c2": None},
    ]
    data = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    fields = {"text": "t", "department": ["c1", "c2"]}
    found = reading("a.jsonl", data, fields=fields, map={"department": "cmtmedqa"})
    assert [row["department"] for row in found.rows] == ["ORTHO", "RHEUM", "UROL"]


def test_kept_columns_may_get_other_names(reading):
    row = {"t": "x", "PMID": 12, "authors": [{"name": "A"}, {"name": "B"}, {}]}
    found = reading("a.jsonl", json.dumps(row), fields={"text": "t"}, keep={"pmid": "PMID", "by": "authors.name"})
    assert json.loads(found.rows[0]["meta"]) == {"pmid": 12, "by": ["A", "B"]}


def test_a_table_of_patients_like_pmc_patients(reading):
    """Columns as PMC-Patients (Zhao et al. 2023) has them."""
    table = (
        "patient_id,patient_uid,PMID,file_path,title,patient,age,gender\n"
        "0,7665777-1,33492400,comm/PMC007.xml,Early Physical Therapist Interventions,"
        '"This 60-year-old male was hospitalized due to ARDS.","[[60.0, \'year\']]",M\n'
    )
    (one,) = reading(
        "PMC-Patients.csv",
        table,
        fields={"id": "patient_uid", "group": "PMID", "title": "title", "text": "patient"},
        keep={"pmid": "PMID", "gender": "gender"},
        constants={"content_type": "CASE", "language": "en"},
        license="CC-BY-NC-SA-4.0",
    ).rows
    assert one["text"].startswith("# Early Physical Therapist Interventions\n\nThis 60-year-old male")
    assert one["source_id"] == "7665777-1" and json.loads(one["meta"]) == {"pmid": "33492400", "gender": "M"}


# Layouts


def test_tables_without_a_header_and_with_lines_before_it(reading):
    layout = {"columns": ("q", "a", "b", "key")}
    found = reading(
        "test.csv", 'What?,"this, or",that,A\nWho?,x,y,B\n', layout=layout, templates={"text": "{q} {a} {key}"}
    )
    assert found.texts == ["What? this, or A", "Who? x B"]
    found = reading("a.tsv", "#made by x\n#today\nid\tname\n1\tGout\n", layout={"skip": 2}, fields={"text": "name"})
    assert found.texts == ["Gout"]


def test_sheets_of_a_workbook(reading):
    book = openpyxl.Workbook()
    book.active.title = "一"
    for line in (["药品目录"], ["名称", "剂型"], ["甲片", "片剂"]):
        book.active.append(line)
    second = book.create_sheet("二")
    for line in (["说明"], ["名称", "剂型"], ["乙丸", None]):
        second.append(line)
    data = io.BytesIO()
    book.save(data)
    options = {"templates": {"text": "{名称}[，{剂型}]。"}, "language": "zh"}

    def texts(sheet):
        return reading("a.xlsx", data.getvalue(), layout={"skip": 1, "sheet": sheet}, **options).texts

    assert texts(None) == texts("一") == ["甲片，片剂。"] and texts("二") == ["乙丸。"]
    assert texts("*") == ["甲片，片剂。", "乙丸。"]
    assert reading("a.xlsx", data.getvalue(), layout={"sheet": "三"}, **options).quarantined == {"a.xlsx": "no_sheet"}


def test_lines_and_blocks_of_lines(reading):
    text = "第一句话。\r\n\r\n  第二句话。\n"
    found = reading("a.txt", text, layout={"format": "lines"}, fields={"text": "line"}, language="zh")
    assert found.texts == ["第一句话。", "第二句话。"]
    blocks = "Q1\nA1\n\n\nQ2\nA2\nmore\n\nQ3\nA3"
    layout = {"format": "lines", "columns": ("question", "answer")}
    found = reading("b.txt", blocks, layout=layout, fields={"question": "question", "answer": "answer"})
    assert found.texts == ["Q1\n\nA1", "Q3\n\nA3"] and found.quarantined == {"b.txt#2": "bad_row"}


def test_a_format_named_for_files_of_any_name(reading):
    found = reading("words", "one\ntwo\n", layout={"format": "lines"}, fields={"text": "line"})
    assert found.texts == ["one", "two"]


CONLLU = """# newdoc id = d1
# sent_id = s1
# text = 他们住在北京。
1\t他们\t他们\tPRON\t_\t_\t2\tnsubj\t_\tSpaceAfter=No
2\t住在\t住在\tVERB\t_\t_\t0\troot\t_\tSpaceAfter=No
3\t北京\t北京\tPROPN\t_\t_\t2\tobj\t_\tSpaceAfter=No
4\t。\t。\tPUNCT\t_\t_\t2\tpunct\t_\tSpaceAfter=No

# sent_id = s2
1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tdo\tdo\tAUX\t_\t_\t0\troot\t_\t_
2\tn't\tnot\tPART\t_\t_\t1\tadvmod\t_\t_
2.1\tghost\t_\t_\t_\t_\t_\t_\t_\t_
3\tgo\tgo\tVERB\t_\t_\t1\txcomp\t_\tSpaceAfter=No
4\t!\t!\tPUNCT\t_\t_\t1\tpunct\t_\t_

1\tbroken\tline
"""


def test_sentences_of_a_treebank(reading):
    found = reading("a.conllu", CONLLU, fields={"id": "sent_id", "group": "newdoc id", "text": "text"}, keep=("words",))
    assert found.texts == ["他们住在北京。", "don't go!"] and found.quarantined == {"a.conllu#3": "bad_row"}
    assert found.rows[0]["group"] == found.rows[1]["group"]
    assert json.loads(found.rows[1]["meta"])["words"] == ["do", "n't", "go", "!"]


def test_sentences_with_entities(reading):
    lines = "-DOCSTART-\tO\n\nGermline\tO\nbreast\tB-Disease\ncancer\tI-Disease\n(\tO\nBRCA1\tO\n)\tO\n.\tO\n\n"
    lines += "Gout\tB-X\nflu\tI-Y\n\nalone\n\nkidney\tI\nstone\tE\nrest\tE\n"
    found = reading("a.tsv", lines, layout={"format": "iob"}, fields={"text": "text"}, keep=("entities",))
    assert found.texts == ["Germline breast cancer (BRCA1).", "Gout flu", "kidney stone rest"]
    entities = [json.loads(row["meta"])["entities"] for row in found.rows]
    assert entities == [["breast cancer"], ["Gout", "flu"], ["kidney stone", "rest"]]
    assert found.quarantined == {"a.tsv#3": "bad_row"}


OBO = r"""format-version: 1.2

[Term]
id: X:1
name: gout
def: "A \"disease\" of joints." [PMID:1, "x"]
synonym: "podagra" EXACT []
synonym: "urate arthritis" RELATED []
is_a: X:0 ! joint disease

[Typedef]
id: part_of

[Term]
id: X:2
name: obsolete flu
is_obsolete: true

[Term]
name: nameless
"""


def test_terms_of_an_ontology(reading):
    text = "{name} ({id})[, also called {synonym},][ is a kind of {is_a}].[ {def}]"
    found = reading("a.obo", OBO, templates={"text": text})
    assert found.texts == [
        'gout (X:1), also called podagra, urate arthritis, is a kind of joint disease. A "disease" of joints.'
    ]
    assert list(found.dropped.values()) == ["empty"] and found.quarantined == {"a.obo#3": "bad_row"}


def test_elements_of_xml(reading):
    xml = (
        "<list xmlns='http://x'><entry id='1' name='Gout'><synonym>podagra</synonym><synonym>arthritis</synonym>"
        "<kind code='M'>joint <i>and</i> bone</kind></entry><entry name='Flu'/></list>"
    )
    layout = {"format": "xml", "element": "entry"}
    text = "{name}[ or {synonym}][ ({kind.text} {kind.code})]"
    assert reading("a.xml", xml, layout=layout, templates={"text": text}).texts == [
        "Gout or podagra, arthritis (joint and bone M)",
        "Flu",
    ]
    bomb = "<!DOCTYPE l [<!ENTITY a 'b'>]><list><entry name='&a;'/></list>"
    assert reading("b.xml", bomb, layout=layout, templates={"text": text}).quarantined == {"b.xml": "xml_entities"}
    with pytest.raises(UsageError, match="is XML"):
        reading("a.xml", xml, layout={"format": "xml"}, templates={"text": text})


def test_results_of_sparql(reading):
    xml = (
        "<sparql xmlns='http://www.w3.org/2005/sparql-results#'><head/><results><result>"
        "<binding name='label'><literal xml:lang='es'>gota</literal></binding>"
        "<binding name='item'><uri>http://x/Q1</uri></binding></result></results></sparql>"
    )
    layout = {"format": "xml", "element": "result"}
    (one,) = reading("a.srx", xml, layout=layout, fields={"text": "label", "url": "item"}).rows
    assert (one["text"], one["url"]) == ("gota", "http://x/Q1")


def test_places_in_json(reading):
    document = {"meta": ["v1"], "data": {"names": {"X:1": "gout", "X:2": "flu"}, "words": ["a", "b"]}, "t": "whole"}
    data = json.dumps(document)
    entry = {"templates": {"text": "{key} is {value}"}}
    assert reading("a.json", data, layout={"at": "data.names.*"}, **entry).texts == ["X:1 is gout", "X:2 is flu"]
    assert reading("a.json", '{"x": "y"}', layout={"at": "*"}, **entry).texts == ["x is y"]
    assert reading("a.json", data, layout={"at": "data.words"}, fields={"text": "value"}).texts == ["a", "b"]
    assert reading("a.json", data, layout={"at": "."}, fields={"text": "t"}).texts == ["whole"]
    found = reading("a.json", data, layout={"at": "data.nothing"}, fields={"text": "value"})
    assert found.quarantined == {"a.json": "bad_json"}


def test_trees_in_json(reading):
    tree = {"tree": {"id": "A", "below": [{"id": "B", "below": [{"id": "C"}]}, {"id": "D", "below": []}, "odd"]}}
    layout = {"at": "tree", "children": "below"}
    found = reading("a.json", json.dumps(tree), layout=layout, templates={"text": "{id}[ in {ancestors.id}]"})
    assert found.texts == ["A", "B in A", "C in A, B", "D in A"] and found.quarantined == {"a.json#5": "bad_row"}


TABLE = pa.table({"id": [1, 2], "text": ["什么是发热?", "Fever."], "odd": pa.array([b"x", b"y"])})


@pytest.mark.parametrize("writer", [pa.ipc.new_stream, pa.ipc.new_file])
def test_arrow_files(reading, writer):
    sink = pa.BufferOutputStream()
    with writer(sink, TABLE.schema) as out:
        out.write_table(TABLE, max_chunksize=1)
    data = sink.getvalue().to_pybytes()
    found = reading("data-00000-of-00001.arrow", data, fields={"id": "id", "text": "text"})
    assert found.texts == ["什么是发热?", "Fever."] and [row["source_id"] for row in found.rows] == ["1", "2"]
    assert reading("a.arrow", data, fields={"text": "text"}, keep=("odd",)).quarantined == {"a.arrow": "parquet_type"}
    for broken in (data[:100], data[: len(data) // 2], b"", b"ARROW1\0\0" + bytes(100)):
        found = reading("b.arrow", broken, fields={"text": "text"})
        assert set(found.quarantined.values()) == {"bad_arrow"} and len(found.rows) < 2


def test_arrow_offsets_out_of_bounds_are_refused(reading):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, pa.schema([("text", pa.string())])) as out:
        out.write_batch(pa.record_batch([pa.array(["abc"])], names=["text"]))
    data = sink.getvalue().to_pybytes()
    offsets, text = b"\0\0\0\0\3\0\0\0", b"abc"
    assert data.count(offsets + text) == 1
    wild = data.replace(offsets + text, b"\0\0\0\0\0\0\0\x10" + text)
    found = reading("a.arrow", wild, fields={"text": "text"})
    assert found.quarantined == {"a.arrow": "bad_arrow"} and not found.rows


def test_data_sets_saved_by_datasets(tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = [{"instruction": "发热怎么办?", "output": "多喝水。"}, {"instruction": "Fever?", "output": "Rest."}]
    datasets.Dataset.from_list(rows).save_to_disk(str(tmp_path / "saved"))
    fields = {"question": "instruction", "answer": "output"}
    found = read(Records(path=str(tmp_path / "saved" / "*.arrow"), fields=fields), tmp_path)
    assert found.texts == ["发热怎么办?\n\n多喝水。", "Fever?\n\nRest."]


def test_r_data_files(reading, tmp_path):
    import pandas as pd
    import rdata

    notes = pd.Series(["Fever.", "咳嗽三天。", None], dtype="string[python]")
    frame = pd.DataFrame({"note": notes, "kind": pd.Categorical(["a", "b", "a"])})
    rdata.write_rda(tmp_path / "x.rda", {"other": [1, 2], "notes": frame})
    data = (tmp_path / "x.rda").read_bytes()
    found = reading("notes.rda", data, fields={"text": "note"}, keep=("kind",))
    assert found.texts == ["Fever.", "咳嗽三天。"] and found.quarantined == {"notes.rda#3": "no_text"}
    assert json.loads(found.rows[1]["meta"]) == {"kind": "b"}
    rdata.write_rds(tmp_path / "x.rds", [1, 2])
    assert reading("x.rds", (tmp_path / "x.rds").read_bytes(), fields={"text": "t"}).quarantined == {
        "x.rds": "no_table"
    }
    for broken in (b"", b"RDX3\nX\n" + bytes(20), data[:60], bz2.compress(b"no R")):
        (reason,) = reading("b.rda", broken, fields={"text": "note"}).quarantined.values()
        assert reason in ("bad_rda", "truncated", "bad_compression")
    with pytest.raises(UsageError, match="has no column nothing"):
        reading("notes.rda", data, fields={"text": "nothing"})


@pytest.mark.proof("collectors.records", "real")
def test_the_reports_of_mtsamples(real_data, tmp_path):
    """SOURCE.md: 4,999 reports with 40 specialty labels; 33 have no transcription."""
    fields = {"id": "note_id", "text": "transcription", "department": "medical_specialty"}
    source = Records(
        path=str(real_data / "case_en_mtsamples" / "data"),
        fields=fields,
        map={"department": "mtsamples"},
        constants={"content_type": "NOTE", "language": "en"},
        deidentify="none",
    )
    found = read(source, tmp_path)
    assert len(found.rows) == 4999 - 33 and set(found.quarantined.values()) == {"no_text"}
    departments = [row["department"] for row in found.rows]
    assert departments.count("UROL") > 100 and None in departments and len(set(departments)) > 20
