"""What the harness says of our tasks is what it says of its own, item by item."""

import json
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.synthesis.tiny_model import make_tiny_model
from tests.training_bridge.evaluate.harness import both, differing, hub_documents
from training_bridge.evaluate.items import read
from training_bridge.evaluate.suite import locate, suite

MEDQA = [
    {
        "question": "A man has a painful joint. Which is it? ",
        "options": {"A": "Gout", "B": " Asthma", "C": "Measles", "D": "Cataract"},
        "answer": "Gout",
        "answer_idx": "A",
    },
    {
        "question": "Which drug  lowers blood sugar?",
        "options": {"A": "Aspirin", "B": "Insulin", "C": "Codeine", "D": "Heparin"},
        "answer": "Insulin",
        "answer_idx": "B",
    },
]
REAL = 40
HARNESS = [
    pytest.param("usmle", marks=pytest.mark.proof("training_bridge.evaluate/usmle", "real")),
    pytest.param("pubmedqa", marks=pytest.mark.proof("training_bridge.evaluate/pubmedqa", "real")),
    pytest.param("mmlu_anatomy", marks=pytest.mark.proof("training_bridge.evaluate/mmlu_anatomy", "real")),
    pytest.param("mmlu_genetics", marks=pytest.mark.proof("training_bridge.evaluate/mmlu_genetics", "real")),
    pytest.param("medmcqa", marks=pytest.mark.proof("training_bridge.evaluate/medmcqa", "real")),
    pytest.param(
        "mmlu_clinical_knowledge", marks=pytest.mark.proof("training_bridge.evaluate/mmlu_clinical_knowledge", "real")
    ),
    pytest.param(
        "mmlu_college_medicine", marks=pytest.mark.proof("training_bridge.evaluate/mmlu_college_medicine", "real")
    ),
    pytest.param(
        "mmlu_college_biology", marks=pytest.mark.proof("training_bridge.evaluate/mmlu_college_biology", "real")
    ),
    pytest.param(
        "mmlu_professional_medicine",
        marks=pytest.mark.proof("training_bridge.evaluate/mmlu_professional_medicine", "real"),
    ),
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = make_tiny_model(tmp_path_factory.mktemp("tiny") / "model")
    return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def test_white_space_is_shown_as_it_was_published(tiny, tmp_path):
    path = tmp_path / "phrases_no_exclude_test.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in MEDQA))
    row = suite()["usmle"]
    mine, theirs = both(row, str(path), hub_documents(row, path), *tiny, tmp_path)
    assert len(mine) == 2 and differing(mine, theirs) == 0
    shown = (tmp_path / "tasks" / "datagen_usmle_letters.parquet").read_bytes()
    assert b"Which is it? \nA. Gout\nB.  Asthma" in shown


@pytest.mark.parametrize("name", HARNESS)
def test_real_items_score_as_the_harness_says(name, real_data, tiny, tmp_path):
    row = suite()[name]
    paths = locate(row, real_data)
    path = Path(next(p for p in paths if "ground_truth" not in p))
    source = str(path.parent) if row.test_ids else str(path)
    mine, theirs = both(row, source, hub_documents(row, path), *tiny, tmp_path, REAL)
    assert len(mine) == REAL and differing(mine, theirs) == 0
    assert 0 < sum(m.right for m in mine) < REAL


def test_pubmedqa_is_asked_of_its_test_without_the_conclusion(real_data):
    folder = real_data / "qa_en_pubmedqa" / "data"
    questions = read(suite()["pubmedqa"], str(folder), limit=None).questions
    test = json.loads((folder / "test_ground_truth.json").read_text())
    assert len(questions) == 500 and {q.id for q in questions} == set(test)
    assert not any(q.item.row["long_answer"] in q.item.context for q in questions)
    assert all(q.item.options[q.item.gold[0]] == test[q.id] for q in questions)
