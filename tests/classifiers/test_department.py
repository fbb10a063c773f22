import pyarrow as pa
import pytest

from classifiers.department import Department
from classifiers.learn import learn
from datagen.errors import UsageError
from datagen.record import conform, extended, record_id, table, with_column
from tests.classifiers.sample import saved

TEXTS = [
    ("A cataract was removed and an intraocular lens put into the left eye of the patient.", "OPHTH"),
    ("患者因腹股沟疝行疝修补术，术后恢复良好。", "GSURG"),
    ("The parliament voted on the tax law after the election.", "NONE"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("classifier"))


def stage(folder, **options) -> Department:
    made = Department(model="m", **options)
    made.setup({"model": folder})
    return made


def rows(*departments) -> pa.Table:
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
        }
        for n, department in enumerate(departments)
    )


def test_rows_without_a_label_get_one_with_its_confidence(folder):
    outcome = stage(folder).apply(rows(None, None, None))
    found = conform(outcome.rows, extended(Department.adds)).to_pylist()
    assert [row["department"] for row in found] == [department for _, department in TEXTS]
    assert all(0.3 <= row["department_confidence"] <= 1 for row in found)
    assert all(isinstance(row["departments_secondary"], list) for row in found)
    assert not outcome.dropped and not outcome.quarantined


def test_a_label_from_the_source_stays_unless_told_otherwise(folder):
    given = rows("PED", "UNK", "PED")
    kept = stage(folder).apply(given).rows.to_pylist()
    assert [row["department"] for row in kept] == ["PED", "GSURG", "PED"]
    assert [row["department_confidence"] is None for row in kept] == [True, False, True]
    assert kept[0]["departments_secondary"] == ["ICU"]
    anew = stage(folder, overwrite=True).apply(given).rows.to_pylist()
    assert [row["department"] for row in anew] == [department for _, department in TEXTS]


def test_a_label_from_an_earlier_classifier_is_made_anew(folder):
    earlier = with_column(rows("PED", "PED"), "department_confidence", pa.array([0.4, None], pa.float32()))
    assert stage(folder).apply(earlier).rows["department"].to_pylist() == ["OPHTH", "PED"]


def test_no_rows_are_no_trouble(folder):
    assert len(stage(folder).apply(rows("PED").slice(0, 0)).rows) == 0


def test_a_classifier_of_something_else_is_refused(tmp_path):
    examples = [
        {"label": label, "line": line, "group": f"{n}", "language": "en", "license": "MIT", "access": "open"}
        for n, (label, line) in enumerate([("QA", "what is it"), ("NOTE", "seen in clinic")] * 5)
    ]
    learn({"train": examples, "weak": [], "validation": []}, "content_type", 0.3, 0).save(tmp_path)
    with pytest.raises(UsageError, match="trained for content_type"):
        Department(model="m").setup({"model": tmp_path})
