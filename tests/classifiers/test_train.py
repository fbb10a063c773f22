import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import classifiers
from classifiers import weak
from classifiers.examples import gather, merge
from classifiers.features import features
from classifiers.heads import HEADS
from classifiers.train import TrainClassifier
from datagen.errors import UsageError
from datagen.record import record_id, table, with_column
from tests.classifiers.local import result_of, run_stage
from tests.classifiers.sample import sample_rows

FILES = ("model.safetensors", "classifier.json", "card.md", "errors.jsonl")
HEAD = [HEADS["department"]]
CLEAR = "Echocardiogram: mitral regurgitation, ejection fraction 35 %, atrial fibrillation."


def small_rows() -> pa.Table:
    return sample_rows().slice(0, 120)


def row(number: int, **columns) -> dict:
    name = f"{number}"
    standard = {"id": record_id("t", name), "group": name, "split": "train", "text": f"{CLEAR} {number}", "source": "t"}
    return {**standard, "source_id": name, "language": "en", **columns}


def gathered(tables: list, size: int = 100, weak: bool = True, heads=HEAD) -> dict[str, list[dict]]:
    return merge((gather([rows], heads, weak, size, 0) for rows in tables), heads, size, 0)[heads[0].name]


def examples(rows: list[dict], size: int = 100, **columns) -> dict[str, list[dict]]:
    return gathered([table(rows)], size)


def test_the_model_is_the_same_bytes_however_the_rows_arrive(tmp_path, monkeypatch):
    monkeypatch.setattr(weak, "LINES", 8)  # a quarter of the time
    rows = small_rows()
    stage = TrainClassifier(per_label=3, heads=("department", "content_type"))
    one = run_stage(tmp_path / "a", stage, [rows])
    backwards = rows.take(pa.array(range(len(rows) - 1, -1, -1)))
    other = run_stage(tmp_path / "b", stage, [backwards.slice(50), backwards.slice(0, 50)])
    for name in FILES:
        assert (one / "data" / name).read_bytes() == (other / "data" / name).read_bytes()
    assert classifiers.load(one / "data").predict(["白内障与青光眼的患者"])[0]["department"] == "OPHTH"
    counts = result_of(one, "train")["rows"]["department"]
    assert counts["train"] > 50 and counts["validation"] == 0


def test_a_run_with_no_head_but_value_is_refused(tmp_path):
    with pytest.raises(UsageError, match="value alone"):
        run_stage(tmp_path, TrainClassifier(heads=("value",)), [small_rows()])


def test_only_train_rows_are_learnt_from_and_the_test_split_is_not_even_measured_on():
    rows = [row(n, department="CARD", split=split) for n, split in enumerate(["train", "validation", "test"] * 4)]
    chosen = examples(rows)
    ids = {split: {r["id"] for r in rows if r["split"] == split} for split in ("train", "validation")}
    assert {r["id"] for r in chosen["train"]} == ids["train"]
    assert {r["id"] for r in chosen["validation"]} == ids["validation"]
    assert chosen["weak"] == []


def test_weak_labels_are_for_unlabelled_train_rows():
    rows = [row(0), row(1, split="validation"), row(2, department="UNK"), row(3, text="No term here.")]
    assert {r["id"] for r in examples(rows)["weak"]} == {rows[0]["id"], rows[2]["id"]}
    assert [r["label"] for r in examples(rows)["weak"]] == ["CARD", "CARD"]
    without = gathered([table(rows)], 9, weak=False)
    assert not any(without.values())


def test_what_a_model_or_we_wrote_is_not_taken_for_a_source():
    rows = table([row(0, department="GI"), row(1, department="GI"), row(2, department="GI", synthetic=True)])
    rows = with_column(rows, "department_confidence", pa.array([0.9, None, None], pa.float32()))
    chosen = gathered([rows], 9)
    assert [r["id"] for r in chosen["train"]] == [record_id("t", "1")]
    assert [(r["id"], r["label"]) for r in chosen["weak"]] == [(record_id("t", "0"), "CARD")]


def test_labels_that_are_no_codes_are_not_learnt():
    assert not any(examples([row(0, department="Cardiology"), row(1, department="心内科")]).values())


def test_at_most_so_many_rows_per_label_and_language_the_same_ones_in_any_order():
    rows = [row(n, department="GI", language="zh" if n % 3 else None) for n in range(60)]
    chosen = examples(rows, size=7)
    assert sorted(r["language"] for r in chosen["train"]) == ["und"] * 7 + ["zh"] * 7
    again = gathered([table(rows[40:]), table(rows[:40][::-1])], 7)
    assert again == chosen


def test_weak_labels_only_fill_what_the_sources_leave():
    rows = [row(n, department="CARD") for n in range(5)] + [row(n) for n in range(5, 15)]
    chosen = examples(rows, size=8)
    assert (len(chosen["train"]), len(chosen["weak"])) == (5, 3)
    assert len(examples(rows, size=5)["weak"]) == 0


def test_long_texts_are_learnt_by_their_ends():
    (only,) = examples([row(0, department="CARD", text="start " + "x " * 5000 + " end")])["train"]
    keys = set(only["keys"])
    assert {int(features(word).keys[0]) for word in ("start", "end")} - keys == set() or len(keys) < 40


@pytest.mark.parametrize(
    "columns, medical, category",
    [
        ({"department": "CARD"}, "MEDICAL", None),
        ({"department": "NONE"}, "NONE", None),
        ({"department": "NONE", "category": "LAW"}, "NONE", "LAW"),
        ({"content_type": "RCT"}, "MEDICAL", None),
        ({"content_type": "QA"}, None, None),
        ({"department": "UNK"}, None, None),
    ],
)
def test_what_is_medical_follows_from_the_other_labels(columns, medical, category):
    given = {"department": None, "content_type": None, "category": None, **columns}
    assert HEADS["medical"].given(given) == medical
    assert HEADS["category"].given(given) == category


def test_a_text_that_serves_several_heads_is_chosen_for_each():
    rows = [row(n, department="CARD" if n % 2 else "NONE", content_type="CASE" if n % 2 else "OTHER") for n in range(8)]
    heads = list(HEADS.values())
    chosen = merge([gather([table(rows)], heads, True, 9, 0)], heads, 9, 0)
    assert {name: sorted({r["label"] for r in kinds["train"]}) for name, kinds in chosen.items()} == {
        "department": ["CARD", "NONE"],
        "content_type": ["CASE", "OTHER"],
        "category": [],
        "medical": ["MEDICAL", "NONE"],
    }


def test_the_sample_has_what_the_other_tests_need():
    assert pc.count_distinct(sample_rows()["department"]).as_py() >= 36


def test_labelled_names_are_hints_beside_texts():
    rows = [row(n, department="GI", text=f"gastritis {n}", content_type="KB") for n in range(6)]
    chosen = examples([*rows, row(9, department="GI"), row(10, department="GI", split="validation")], size=4)
    assert (len(chosen["train"]), len(chosen["named"]), len(chosen["validation"])) == (1, 3, 1)
    assert len(examples([row(0, department="GI", content_type="CODE", split="validation")])["validation"]) == 1


def test_a_record_that_comes_twice_is_no_trouble():
    twice = table([row(0, department="GI")])
    assert {r["id"] for r in gathered([twice, twice], 5)["train"]} == {record_id("t", "0")}


def test_how_departments_are_answered_is_counted_for_the_report(tmp_path):
    table_of = result_of(run_stage(tmp_path, TrainClassifier(heads=("department",)), [sample_rows()]), "train")[
        "confusion"
    ]
    counts = np.array(table_of["counts"])
    assert counts.shape == (len(table_of["labels"]), len(table_of["labels"]) + 1)
    assert counts.sum() > 50 and counts.trace() > counts.sum() / 2
