import json

import pytest

from datagen.errors import UsageError
from tests.training_bridge.evaluate.published import PUBLISHED, publish
from training_bridge.evaluate.items import read
from training_bridge.evaluate.suite import locate, rows_of, suite

REPORT_MEANS = (72.234, 70.514)
"""Of the report's 22 rows, recomputed from its table by hand."""
GOLD = {
    "cmexam": "B",
    "erke": "C",
    "neike": "C",
    "quanke": "C",
    "usmle": "B",
    "medbullets": "A",
    "mediq": "B",
    "pubmedqa": "A",
    "redisqa": "B",
    "mednli_dis": "A",
    "mmlu_anatomy": "D",
    "mmlu_virology": "A",
    "mmlu_genetics": "C",
    "medmcqa": "B",
    "medxpertqa": "B",
    "cmb": "B",
}

ROWS = [
    pytest.param("cmbclin", marks=pytest.mark.proof("training_bridge.evaluate/cmbclin", "fixture")),
    pytest.param(
        "clinicalbench_diag", marks=pytest.mark.proof("training_bridge.evaluate/clinicalbench_diag", "fixture")
    ),
    pytest.param("clinicalbench_hos", marks=pytest.mark.proof("training_bridge.evaluate/clinicalbench_hos", "fixture")),
    pytest.param(
        "clinicalbench_treat", marks=pytest.mark.proof("training_bridge.evaluate/clinicalbench_treat", "fixture")
    ),
    pytest.param("rarearena_rdc", marks=pytest.mark.proof("training_bridge.evaluate/rarearena_rdc", "fixture")),
    pytest.param("rarearena_rds", marks=pytest.mark.proof("training_bridge.evaluate/rarearena_rds", "fixture")),
    pytest.param("rarebench", marks=pytest.mark.proof("training_bridge.evaluate/rarebench", "fixture")),
    pytest.param("nejmqa", marks=pytest.mark.proof("training_bridge.evaluate/nejmqa", "fixture")),
    pytest.param("cmexam", marks=pytest.mark.proof("training_bridge.evaluate/cmexam", "fixture")),
    pytest.param("erke", marks=pytest.mark.proof("training_bridge.evaluate/erke", "fixture")),
    pytest.param("neike", marks=pytest.mark.proof("training_bridge.evaluate/neike", "fixture")),
    pytest.param("quanke", marks=pytest.mark.proof("training_bridge.evaluate/quanke", "fixture")),
    pytest.param("usmle", marks=pytest.mark.proof("training_bridge.evaluate/usmle", "fixture")),
    pytest.param("medbullets", marks=pytest.mark.proof("training_bridge.evaluate/medbullets", "fixture")),
    pytest.param("mediq", marks=pytest.mark.proof("training_bridge.evaluate/mediq", "fixture")),
    pytest.param("pubmedqa", marks=pytest.mark.proof("training_bridge.evaluate/pubmedqa", "fixture")),
    pytest.param("redisqa", marks=pytest.mark.proof("training_bridge.evaluate/redisqa", "fixture")),
    pytest.param("mednli_dis", marks=pytest.mark.proof("training_bridge.evaluate/mednli_dis", "fixture")),
    pytest.param("medcalc", marks=pytest.mark.proof("training_bridge.evaluate/medcalc", "fixture")),
    pytest.param("mmlu_anatomy", marks=pytest.mark.proof("training_bridge.evaluate/mmlu_anatomy", "fixture")),
    pytest.param("mmlu_virology", marks=pytest.mark.proof("training_bridge.evaluate/mmlu_virology", "fixture")),
    pytest.param("mmlu_genetics", marks=pytest.mark.proof("training_bridge.evaluate/mmlu_genetics", "fixture")),
    pytest.param("medmcqa", marks=pytest.mark.proof("training_bridge.evaluate/medmcqa", "fixture")),
    pytest.param("medxpertqa", marks=pytest.mark.proof("training_bridge.evaluate/medxpertqa", "fixture")),
    pytest.param(
        "mmlu_clinical_knowledge",
        marks=pytest.mark.proof("training_bridge.evaluate/mmlu_clinical_knowledge", "fixture"),
    ),
    pytest.param(
        "mmlu_college_medicine", marks=pytest.mark.proof("training_bridge.evaluate/mmlu_college_medicine", "fixture")
    ),
    pytest.param(
        "mmlu_college_biology", marks=pytest.mark.proof("training_bridge.evaluate/mmlu_college_biology", "fixture")
    ),
    pytest.param(
        "mmlu_professional_medicine",
        marks=pytest.mark.proof("training_bridge.evaluate/mmlu_professional_medicine", "fixture"),
    ),
    pytest.param("cmb", marks=pytest.mark.proof("training_bridge.evaluate/cmb", "fixture")),
    pytest.param("healthbench", marks=pytest.mark.proof("training_bridge.evaluate/healthbench", "fixture")),
    pytest.param("medsafetybench", marks=pytest.mark.proof("training_bridge.evaluate/medsafetybench", "fixture")),
]
"""Written out: grades of proof are held against what tests say in so many words."""


def test_the_table_is_the_reports():
    figures = [row.report for row in suite().values() if row.report]
    assert len(figures) == 22
    for column, mean in enumerate(REPORT_MEANS):
        assert sum(f[column] for f in figures) / 22 == pytest.approx(mean, abs=5e-4)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_found_by_its_published_name_and_read(name, tmp_path):
    publish(name, tmp_path)
    row = suite()[name]
    first = read(row, locate(row, tmp_path)).questions[0]
    assert first.item.question
    if row.kind == "choice":
        assert first.gold == GOLD.get(name, "B")
    elif row.kind not in ("rubric", "safety"):
        assert first.item.answer
    assert row.language == first.item.language or row.kind == "rubric"


def test_every_row_has_a_file_here():
    assert set(PUBLISHED) == set(suite()) == {param.values[0] for param in ROWS}


def test_rarebench_has_names_for_its_identifiers(tmp_path):
    publish("rarebench", tmp_path)
    row = suite()["rarebench"]
    (question,) = read(row, locate(row, tmp_path)).questions
    assert question.item.context == "Seizure, Global developmental delay"
    assert question.item.answer == "Dravet syndrome"
    assert read(row, str(tmp_path)).questions[0].item.context == question.item.context


@pytest.mark.proof("training_bridge.evaluate/rarebench", "real")
def test_identifiers_of_real_patients_have_names(real_data, tmp_path):
    import tarfile

    patients = []
    with tarfile.open(next((real_data / "case_rare_phenopackets_A-M").rglob("*.tar.gz"))) as archive:
        for member in archive:
            if member.name.endswith(".json"):
                packet = json.load(archive.extractfile(member))
                found = [f["type"]["id"] for f in packet.get("phenotypicFeatures", []) if not f.get("excluded")]
                diseases = [d["term"]["id"] for d in packet.get("diseases", [])]
                if found and diseases:
                    patients.append({"Phenotype": found, "RareDisease": diseases})
            if len(patients) == 100:
                break
    publish("rarebench", tmp_path, patients)
    mapping = real_data / "bench_map_rarebench" / "mapping"
    paths = [
        str(tmp_path / "somewhere" / "RAMEDIS.jsonl"),
        *(str(mapping / f"{n}_mapping.json.gz") for n in ("phenotype", "disease")),
    ]
    questions = read(suite()["rarebench"], paths).questions
    terms = [term for q in questions for term in q.item.context.split(", ")]
    assert len(questions) == 100
    assert sum(not term.startswith("HP:") for term in terms) > 0.97 * len(terms)


@pytest.mark.proof("training_bridge.evaluate/cmbclin", "training_bridge.evaluate/medcalc", "real")
def test_real_cases_and_calculations_are_read_whole(real_data):
    cases = read(suite()["cmbclin"], locate(suite()["cmbclin"], real_data), limit=None)
    assert (len(cases.questions), cases.published, len({q.cluster for q in cases.questions})) == (208, 208, 74)
    sums = read(suite()["medcalc"], locate(suite()["medcalc"], real_data), limit=1000)
    assert (len(sums.questions), sums.published) == (1000, 1047)


def test_a_wrong_file_is_refused_with_its_place_and_what_is_missing(tmp_path):
    path = publish("usmle", tmp_path, [{"question": "Which?", "options": {"A": "x"}, "answer": "A"}])
    with pytest.raises(UsageError, match=r"phrases.*row 1: 1 options where 2 to 10"):
        read(suite()["usmle"], str(path))
    path = publish("medcalc", tmp_path, [{"Patient Note": "x", "Question": "y", "Ground Truth Answer": "1"}])
    with pytest.raises(UsageError, match="1 without an answer and its limits"):
        read(suite()["medcalc"], str(path))


def test_items_without_an_answer_are_counted(tmp_path):
    rows = [
        {"question": "坏血病缺乏？", "option": {"A": "甲", "B": "乙"}, "answer": answer} for answer in ("A", "", None)
    ]
    rows = [{**row, "question": f"{row['question']}{i}"} for i, row in enumerate(rows)]
    found = read(suite()["cmb"], str(publish("cmb", tmp_path, rows)))
    assert (len(found.questions), found.left_out) == (1, {"without a right answer": 2})


def test_the_sample_depends_on_the_seed_alone(tmp_path):
    rows = [["Which bone? " + str(n), "1", "2", "3", "4", "D"] for n in range(50)]
    path = str(publish("mmlu_anatomy", tmp_path, rows))
    draws = [[q.id for q in read(suite()["mmlu_anatomy"], path, limit=20, seed=s).questions] for s in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]
    assert draws[0] == sorted(draws[0], key=lambda i: int(i.rpartition("-")[2]))


def test_own_labels_name_departments(tmp_path):
    for name, department in (("medmcqa", "DERM"), ("cmexam", "OPHTH")):
        assert read(suite()[name], str(publish(name, tmp_path))).questions[0].department == department


def test_a_benchmark_stands_for_its_rows():
    assert [row.name for row in rows_of(["clinicalbench_diag", "mmlu"])][:2] == ["clinicalbench_diag", "mmlu_anatomy"]
    with pytest.raises(UsageError, match="no row of the suite is named mmlu_law"):
        rows_of(["mmlu_law"])
