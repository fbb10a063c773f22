import pyarrow as pa
import pytest

from classifiers.annotate import Annotate
from classifiers.learn import learn
from datagen.errors import UsageError
from datagen.record import conform, extended, record_id, table, with_column
from datagen.taxonomy import load_taxonomy
from tests.classifiers.sample import saved
from tests.classifiers.test_learn import NOTHING, types

TEXTS = [
    ("A cataract was removed and an intraocular lens put into the left eye of the patient.", "OPHTH"),
    ("患者因腹股沟疝行疝修补术，术后恢复良好。", "GSURG"),
    ("The parliament voted on the tax law after the election.", "NONE"),
]
RATED = {"educational": 0.5, "causal": 0.5, "reasoning": 0.5, "knowledge": 0.5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("classifier"))


def stage(folder, **options) -> Annotate:
    made = Annotate(model="m", **options)
    made.setup({"model": folder})
    return made


def rows(*departments, **columns) -> pa.Table:
    return table(
        {
            "id": record_id("t", f"{n}"),
            "group": "g",
            "split": "train",
            "text": TEXTS[n % len(TEXTS)][0],
            "source": "t",
            "source_id": f"{n}",
            "department": department,
            "departments_secondary": ["ICU"] if department else None,
            **columns,
        }
        for n, department in enumerate(departments)
    )


@pytest.mark.proof("classifiers.annotate", "fixture")
def test_rows_without_labels_get_them_with_their_confidence(folder):
    outcome = stage(folder).apply(rows(None, None, None))
    found = conform(outcome.rows, extended(Annotate.adds)).to_pylist()
    assert [row["department"] for row in found] == [department for _, department in TEXTS]
    assert all(0 < row["department_confidence"] <= 1 for row in found)
    assert all(isinstance(row["departments_secondary"], list) for row in found)
    assert [row["category"] for row in found[:2]] == ["HEALTH", "HEALTH"]
    assert found[1]["medical"] > 0.5 > found[2]["medical"]
    assert all(0 <= row["value"] <= 5 and row["value_rater"] == "rubric" for row in found)
    assert found[0]["value"] > found[2]["value"] and set(found[0]["quality"]) == set(RATED)
    assert not outcome.dropped and not outcome.quarantined


def test_a_label_from_the_source_stays_unless_told_otherwise(folder):
    given = rows("PED", "UNK", "PED", content_type="NOTE", category="REFERENCE")
    kept = stage(folder).apply(given).rows.to_pylist()
    assert [row["department"] for row in kept] == ["PED", "GSURG", "PED"]
    assert [row["department_confidence"] is None for row in kept] == [True, False, True]
    assert kept[0]["departments_secondary"] == ["ICU"]
    assert {row["content_type"] for row in kept} == {"NOTE"} and {row["category"] for row in kept} == {"REFERENCE"}
    anew = stage(folder, overwrite=True).apply(given).rows.to_pylist()
    assert [row["department"] for row in anew] == [department for _, department in TEXTS]


def test_a_label_from_an_earlier_classifier_is_made_anew(folder):
    earlier = with_column(rows("PED", "PED"), "department_confidence", pa.array([0.4, None], pa.float32()))
    assert stage(folder).apply(earlier).rows["department"].to_pylist() == ["OPHTH", "PED"]


def test_what_somebody_else_rated_stays_and_what_the_rubric_rated_is_rated_anew(folder):
    given = rows(None, None, None, value=4.5, quality=RATED, safety=["retracted"])
    given = with_column(given, "value_rater", pa.array(["review", "rubric", None]))
    found = stage(folder).apply(given).rows.to_pylist()
    assert [row["value_rater"] for row in found] == ["review", "rubric", None]
    assert [row["value"] == 4.5 for row in found] == [True, False, True]
    assert [row["safety"] for row in found] == [["retracted"]] * 3
    anew = stage(folder, overwrite=True).apply(given).rows.to_pylist()
    assert {row["value_rater"] for row in anew} == {"rubric"}


def test_dangers_are_added_to_what_is_known(folder):
    given = with_column(rows(None), "text", ["包治百病的神医，不用去医院。"])
    given = with_column(given, "safety", [["phi"]])
    assert stage(folder).apply(given).rows["safety"].to_pylist() == [["cure_fraud", "delayed_care", "phi"]]


def test_columns_that_the_classifier_has_no_head_for_stay(tmp_path):
    learn({"content_type": {**NOTHING, "train": types(80)}}, 0.93, 0).save(tmp_path)
    found = conform(stage(tmp_path).apply(rows("PED", None)).rows, extended(Annotate.adds)).to_pylist()
    assert [row["department"] for row in found] == ["PED", None]
    assert {row["content_type"] for row in found} <= {*load_taxonomy("content_types").codes, "UNK"}
    assert [row["medical"] for row in found] == [None, None]


def test_no_rows_are_no_trouble(folder):
    assert len(stage(folder).apply(rows("PED").slice(0, 0)).rows) == 0


def test_without_a_stage_that_trained_one_the_bundled_classifier_labels():
    made = Annotate()
    made.setup({})
    found = made.apply(rows(None, None, None)).rows.to_pylist()
    assert [row["department"] for row in found] == [department for _, department in TEXTS]
    with pytest.raises(UsageError, match="no classifier at"):
        Annotate(bundled="none").setup({})
