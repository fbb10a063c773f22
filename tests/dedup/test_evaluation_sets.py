import csv
import io
import json
import tarfile
import zipfile

import openpyxl
import pytest

from datagen.errors import UsageError
from dedup.evaluation_sets import FORMATS, Item, files_of, read_items


def items_of(benchmark: str, path) -> list[Item]:
    return list(read_items(benchmark, files_of(benchmark, str(path))))


def lines(*rows) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


CASE = {
    "clinical_case_uid": "2e4f",
    "clinical_department": "消化内科",
    "principal_diagnosis": "食管胃底静脉曲张破裂出血",
    "treatment_plan": "静脉滴注奥美拉唑。",
    "clinical_case_summary": "主诉: 进食后呕血2天。",
}
AS_CHOICE = {"id": "q1", "question": "Which one?", "options": {"A": "this", "B": "that"}, "answer": "B"}
LETTERED = "A 肺炎\nB 肺结核\nC 肺脓肿"
COLUMNS = {"0": "Which one?"}, {"0": "this"}, {"0": "that"}, {"0": "B"}
PUBLISHED = {
    # benchmark: (file name, its content as published, what is read of the first item)
    "medqa": (
        "test.jsonl",
        lines({"question": "Which one?", "answer": "that", "options": {"A": "this", "B": "that"}, "answer_idx": "B"}),
        {"question": "Which one?", "options": ("this", "that"), "answer": "that"},
    ),
    "medmcqa": (
        "dev.json",
        lines({"id": "x-1", "question": "Which?", "opa": "a1", "opb": "b1", "opc": "c1", "opd": "d1", "cop": 4}),
        {"id": "x-1", "options": ("a1", "b1", "c1", "d1"), "answer": "d1"},
    ),
    "mmlu": (
        "virology_test.csv",
        'Which one?,a1,"b1, and more",c1,d1,B\n',
        {"id": "virology-1", "options": ("a1", "b1, and more", "c1", "d1"), "answer": "b1, and more"},
    ),
    "medbullets": (
        "medbullets_op4.json",
        json.dumps(dict(zip(("question", "opa", "opb", "answer_idx"), COLUMNS, strict=True))),
        {"id": "0", "options": ("this", "that"), "answer": "that"},
    ),
    "mediq": (
        "all_dev_good.jsonl",
        lines({"id": 0, "question": "What now?", "context": ["A boy.", "He coughs."], "options": {"A": "x", "B": "y"}}),
        {"context": "A boy. He coughs.", "question": "What now?"},
    ),
    "medxpertqa": (
        "test.jsonl",
        lines({**AS_CHOICE, "question": "Which one?\nAnswer Choices: (A) this (B) that", "label": "A"}),
        {"question": "Which one?", "answer": "this"},
    ),
    "redisqa": (
        "redisqa.csv",
        "question,opa,opb,opc,opd,cop\nWhich?,a1,b1,c1,d1,0\n",
        {"options": ("a1", "b1", "c1", "d1"), "answer": "a1"},
    ),
    "cmexam": (
        "test_with_annotations.csv",
        f'Question,Options,Answer,Explanation\n"最可能的诊断是","{LETTERED}",AC,略\n',
        {"options": ("肺炎", "肺结核", "肺脓肿"), "answer": "肺炎\n肺脓肿", "language": "zh"},
    ),
    "cmb": (
        "CMB-test-choice-question-merge.json",
        json.dumps([{"id": 1, "exam_type": "医师考试", "question": "可能患", "option": {"A": "肺炎", "B": "肺结核"}}]),
        {"id": "1", "question": "可能患", "options": ("肺炎", "肺结核"), "answer": None},
    ),
    "cmb_clin": (
        "CMB-test-qa.json",
        json.dumps([{"id": "7", "description": "男，49岁。", "QA_pairs": [{"question": "诊断？", "answer": "疝。"}]}]),
        {"id": "7-1", "context": "男，49岁。", "question": "诊断？", "answer": "疝。", "language": "zh"},
    ),
    **{
        f"clinicalbench_{task}": ("cases.json", json.dumps([CASE]), {"id": "2e4f", "answer": answer, "language": "zh"})
        for task, answer in (("diag", "食管胃底静脉曲张破裂出血"), ("hos", "消化内科"), ("treat", "静脉滴注奥美拉唑。"))
    },
    **{name: ("exam.jsonl", lines(AS_CHOICE), {"id": "q1", "answer": "that"}) for name in ("erke", "neike", "quanke")},
    "nejmqa": ("nejm.jsonl", lines({"case": "A man.", "answer": "Gout"}), {"context": "A man.", "answer": "Gout"}),
    "pubmedqa": (
        "ori_pqal.json",
        json.dumps({"123": {"QUESTION": "Does it?", "CONTEXTS": ["One.", "Two."], "LONG_ANSWER": "It does."}}),
        {"id": "123", "context": "One.\nTwo.\nIt does.", "origins": ("pmid:123",)},
    ),
    "bioasq": (
        "7B1_golden.json",
        json.dumps(
            {"questions": [{"id": "b", "body": "What?", "documents": ["http://x/pubmed/45"], "ideal_answer": ["Y."]}]}
        ),
        {"id": "b", "question": "What?", "answer": "Y.", "origins": ("pmid:45",)},
    ),
    "rarearena_rds": (
        "RDS.json",
        lines({"_id": "7665777-2", "case_report": "A girl.", "diagnosis": "Gaucher disease"}),
        {"context": "A girl.", "answer": "Gaucher disease", "origins": ("pmc:PMC7665777",)},
    ),
    "rarearena_rdc": (
        "RDC.json",
        lines({"_id": "7665777-2", "case_report": "A girl.", "test_results": "Low enzyme.", "diagnosis": "Gaucher"}),
        {"context": "A girl. Low enzyme."},
    ),
    "rarebench": (
        "RAMEDIS.jsonl",
        lines({"Phenotype": ["Short stature", "Ataxia"], "RareDisease": ["ORPHA:1"]}),
        {"id": "RAMEDIS-1", "context": "Short stature, Ataxia", "answer": "ORPHA:1"},
    ),
    "mednli": (
        "mli_test_v1.jsonl",
        lines({"pairID": "p", "sentence1": "He has gout.", "sentence2": "He is ill.", "gold_label": "entailment"}),
        {"id": "p", "context": "He has gout.", "question": "He is ill.", "answer": "entailment"},
    ),
    "medcalc": (
        "test_data.csv",
        "Row Number,Note ID,Patient Note,Question,Ground Truth Answer\n3,pmc-7671985-1,A man.,What score?,4\n",
        {"id": "3", "context": "A man.", "answer": "4", "origins": ("pmc:PMC7671985",)},
    ),
    "healthbench": (
        "oss_eval.jsonl",
        lines({"prompt_id": "h", "prompt": [{"role": "user", "content": "Hi"}, {"role": "user", "content": "Ill?"}]}),
        {"id": "h", "context": "Hi", "question": "Ill?", "answer": None},
    ),
    "medsafetybench": (
        "category_1.csv",
        ",harmful_medical_request,safe_response\n0,How do I?,I can't.\n",
        {"id": "category_1-1", "question": "How do I?", "answer": "I can't."},
    ),
    "agentclinic_medqa": (
        "agentclinic_medqa.jsonl",
        lines({"OSCE_Examination": {"Patient_Actor": {"History": "Tired."}, "Correct_Diagnosis": "Myasthenia"}}),
        {"context": "Tired.", "answer": "Myasthenia"},
    ),
    "ncbi_disease": (
        "NCBItestset_corpus.txt",
        "9288106|t|Clustering of mutations.\n9288106|a|Ataxia is recessive.\n9288106\t0\t4\tx\tDisease\tD1\n\n",
        {"id": "9288106", "context": "Ataxia is recessive.", "origins": ("pmid:9288106",)},
    ),
}


def test_every_known_benchmark_is_tried():
    assert PUBLISHED.keys() == FORMATS.keys()


@pytest.mark.parametrize("benchmark", PUBLISHED)
def test_published_forms_are_read(benchmark, tmp_path):
    name, content, expected = PUBLISHED[benchmark]
    (tmp_path / name).write_text(content, encoding="utf-8")
    (item,) = items_of(benchmark, tmp_path / name)
    assert item.benchmark == benchmark
    assert {key: getattr(item, key) for key in expected} == expected


@pytest.mark.parametrize("benchmark", [name for name in PUBLISHED if name != "ncbi_disease"])
@pytest.mark.parametrize(
    "wrong",
    [
        '{"foo": 1}',
        "{",
        "[1]",
        "[[1, [2]]]",
        '{"question": ["x"], "options": 7}',
        '{"question": "x", "options": "{[1]: 2}", "cop": 99}',
        '{"questions": ["x", 1.5]}',
        '{"questions": 7, "description": "x", "QA_pairs": ["y"]}',
    ],
)
def test_a_wrong_form_is_named_with_its_place(benchmark, wrong, tmp_path):
    (tmp_path / "wrong.json").write_text(wrong)
    with pytest.raises(UsageError, match=r"wrong\.json") as error:
        items_of(benchmark, tmp_path / "wrong.json")
    assert benchmark in error.value.fix and "foo" not in str(error.value)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"a,b\n1\n", b'"unclosed'], ids=["bytes", "ragged", "quote"])
def test_a_broken_table_is_a_clear_error(data, tmp_path):
    (tmp_path / "x.csv").write_bytes(data)
    with pytest.raises(UsageError, match=r"x\.csv|no item"):
        items_of("cmexam", tmp_path / "x.csv")


@pytest.mark.parametrize(
    "row",
    [
        '{"question": "half a pair: \\ud800", "answer": "x"}',
        '{"question": "long", "answer": ' + "9" * 5000 + "}",
        '{"question": "nested", "options": ' + "[" * 100_000,
    ],
    ids=["surrogate", "digits", "depth"],
)
def test_json_that_python_chokes_on_is_a_clear_error(row, tmp_path):
    (tmp_path / "own.jsonl").write_text(row + "\n")
    with pytest.raises(UsageError, match=r"own\.jsonl: bad_(unicode|file)"):
        items_of("own", tmp_path / "own.jsonl")


def test_keys_of_options_may_be_of_any_kind(tmp_path):
    (tmp_path / "own.jsonl").write_text(lines({"question": "Which?", "options": "{2: 'two', 'B': 'letter'}"}))
    assert items_of("own", tmp_path)[0].options == ("two", "letter")


@pytest.mark.parametrize("member", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_workbook_of_broken_xml_is_a_clear_error(member, tmp_path):
    book, whole = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["question", "answer"])
    book.save(whole)
    with zipfile.ZipFile(whole) as parts, zipfile.ZipFile(tmp_path / "own.xlsx", "w") as broken:
        for name in parts.namelist():
            broken.writestr(name, parts.read(name)[: 60 if name == member else None])
    with pytest.raises(UsageError, match="bad_xlsx"):
        items_of("own", tmp_path / "own.xlsx")


def test_a_workbook_that_states_a_wrong_size_is_read_whole(tmp_path):
    book, whole = openpyxl.Workbook(), io.BytesIO()
    for line in (["question", "answer"], ["Why?", "So"], ["怎么办？", 1]):
        book.active.append(line)
    book.save(whole)
    with zipfile.ZipFile(whole) as parts, zipfile.ZipFile(tmp_path / "own.xlsx", "w") as wrong:
        for name in parts.namelist():
            wrong.writestr(name, parts.read(name).replace(b'ref="A1:B3"', b'ref="A1"'))
    assert [(i.question, i.answer) for i in items_of("own", tmp_path)] == [("Why?", "So"), ("怎么办？", "1")]


def test_one_file_without_items_among_others_is_an_error(tmp_path):
    (tmp_path / "a.jsonl").write_text(lines({"question": "Why?"}))
    (tmp_path / "b.csv").write_text("question,answer\n")
    with pytest.raises(UsageError, match=r"b\.csv holds no item"):
        items_of("own", tmp_path)


def test_reading_benchmarks_leaves_other_readers_of_csv_alone(tmp_path):
    (tmp_path / "own.csv").write_text("question,answer\nWhy?,So\nHow?,Thus\n")
    before = csv.field_size_limit()
    items = read_items("own", files_of("own", str(tmp_path)))
    next(items)
    assert csv.field_size_limit() == before
    list(items)
    assert csv.field_size_limit() == before


def test_spreadsheets_archives_and_folders_hold_benchmarks_too(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["question", "A", "B", "answer"])
    book.active.append(["哪一项正确？", "甲", "乙", "A"])
    book.save(tmp_path / "erke.xlsx")
    (item,) = items_of("erke", tmp_path / "erke.xlsx")
    assert (item.question, item.options, item.answer, item.language) == ("哪一项正确？", ("甲", "乙"), "甲", "zh")

    with tarfile.open(tmp_path / "data.tar", "w") as archive:
        for name in ("data/dev/virology_dev.csv", "data/test/virology_test.csv", "data/test/anatomy_test.csv"):
            data = f"{name}?,a,b,c,d,A\n".encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    assert [i.id for i in items_of("mmlu", tmp_path / "data.tar")] == ["virology-1", "anatomy-1"]


def test_a_set_of_your_own_needs_a_question_and_nothing_else(tmp_path):
    (tmp_path / "own.jsonl").write_text(lines({"question": "Why?"}, AS_CHOICE))
    assert [(i.id, i.options) for i in items_of("own", tmp_path)] == [("1", ()), ("q1", ("this", "that"))]


def test_a_set_of_your_own_may_name_articles(tmp_path):
    row = {"question": "Why?", "pmid": 21645374, "doi": "https://doi.org/10.1000/x"}
    (tmp_path / "own.jsonl").write_text(lines(row, {**AS_CHOICE, "pmcid": "PMC7671985"}))
    named = ("pmid:21645374", "doi:https://doi.org/10.1000/x"), ("pmc:PMC7671985",)
    assert tuple(item.origins for item in items_of("own", tmp_path)) == named


@pytest.mark.parametrize(("cop", "answer"), [(1, "this"), (2, "that"), ("9" * 5000, None), (-1, None)])
def test_the_number_of_an_option(cop, answer, tmp_path):
    (tmp_path / "x.jsonl").write_text(lines({"question": "Which?", "opa": "this", "opb": "that", "cop": cop}))
    (item,) = items_of("medmcqa", tmp_path)
    assert item.answer == answer


REAL = {
    "medqa": ("bench_en_mirage_raw/medqa", 1273),
    "medmcqa": ("bench_en_mirage_raw/medmcqa", 4183),
    "mmlu": ("bench_en_mirage_raw/mmlu", 135 + 265 + 144 + 173 + 100 + 272),
    "bioasq": ("bench_en_mirage_raw/bioasq", 1497),
    "pubmedqa": ("qa_en_pubmedqa", 1000),
    "medcalc": ("bench_en_medcalc/dataset", 1047),
    "cmb_clin": ("bench_zh_cmb_clin", 208),
    "agentclinic_medqa": ("case_en_agentclinic_medqa", 214),
    "ncbi_disease": ("ner_en_ncbi_disease/data/NCBI-disease-IOB/test.tsv", 940),
}


@pytest.mark.proof("dedup.decontaminate", "real")
@pytest.mark.parametrize("benchmark", REAL)
def test_real_files_hold_as_many_items_as_they_are_known_to(benchmark, real_data):
    folder, count = REAL[benchmark]
    items = items_of(benchmark, real_data / folder)
    assert len(items) == count
    assert len({item.id for item in items}) > 0.95 * count
    assert all(item.question for item in items)
    if items[0].options and benchmark != "pubmedqa":
        assert all(item.answer in item.options for item in items)
