import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pydantic import ValidationError

from classifiers.balance import Balance
from datagen.record import record_id, table, with_column
from tests.classifiers.local import ledger_of, result_of, rows_of, run_stage

HALVES = {"CARD": 0.5, "DERM": 0.5}


def rows(**counts) -> pa.Table:
    """`counts[department]` rows of 100 tokens each; their values go up from 0 to 5."""
    made = []
    for department, count in counts.items():
        for number in range(count):
            name = f"{department}-{number}"
            made.append(
                {
                    "id": record_id("t", name),
                    "group": name,
                    "split": "train",
                    "text": name,
                    "source": "t",
                    "source_id": name,
                    "department": None if department == "nothing" else department,
                    "value": 5 * number / count,
                }
            )
    return with_column(table(made), "tokens", [100] * len(made))


def weight(found: pa.Table, department: str) -> int:
    mine = found.filter(pc.equal(found["department"], department))
    return pc.sum(pc.multiply(mine["tokens"], mine["repeats"])).as_py() or 0


def test_the_short_department_is_repeated_to_its_share_most_valuable_first(tmp_path):
    version = run_stage(tmp_path, Balance(targets=HALVES), [rows(CARD=25, DERM=10)])
    found = rows_of(version)
    assert (weight(found, "CARD"), weight(found, "DERM")) == (2500, 2500)
    derm = sorted(found.filter(pc.equal(found["department"], "DERM")).to_pylist(), key=lambda r: -r["value"])
    assert [r["repeats"] for r in derm] == [3] * 5 + [2] * 5
    assert {outcome for outcome, _ in ledger_of(version).values()} == {"kept"}


def test_the_surplus_is_dropped_only_when_asked_for_least_valuable_first(tmp_path):
    version = run_stage(tmp_path, Balance(targets=HALVES, drop_surplus=True), [rows(CARD=30, DERM=10)])
    found = rows_of(version)
    assert (weight(found, "CARD"), weight(found, "DERM")) == (2000, 2000)
    kept = found.filter(pc.equal(found["department"], "CARD"))
    assert pc.min(kept["value"]).as_py() == pytest.approx(5 * 10 / 30)
    assert list(ledger_of(version).values()).count(("dropped", "surplus")) == 10


def test_what_repeats_cannot_reach_is_the_work_list(tmp_path):
    version = run_stage(tmp_path, Balance(targets=HALVES, cap=4), [rows(CARD=100, DERM=10)])
    found = rows_of(version)
    assert weight(found, "DERM") == 4000
    report = result_of(version, "goals")
    # CARD alone is 10,000 tokens; with DERM at its cap the total comes to 14,000, half of which is DERM's.
    assert report["work_list"] == [{"department": "DERM", "tokens": 3000}]
    assert report["departments"]["DERM"] == {"share": 0.5, "rows": 10, "tokens": 1000, "goal": 7000, "short": 3000}
    assert report["taxonomy"] == "dept@1.0"


def test_by_default_all_35_departments_are_equal_and_missing_ones_are_on_the_work_list(tmp_path):
    version = run_stage(tmp_path, Balance(), [rows(CARD=4, DERM=2)])
    report = result_of(version, "goals")
    assert {d["share"] for d in report["departments"].values()} == {round(1 / 35, 6)}
    assert len(report["work_list"]) == 33
    assert weight(rows_of(version), "CARD") == 400


def test_the_cap_counts_what_was_repeated_before(tmp_path):
    before = rows(CARD=100, DERM=2)
    repeats = [12] + [1] * 99 + [6, 1]
    version = run_stage(tmp_path, Balance(targets=HALVES), [with_column(before, "repeats", repeats)])
    found = {r["source_id"]: r["repeats"] for r in rows_of(version).to_pylist()}
    assert (found["CARD-0"], found["DERM-0"], found["DERM-1"]) == (10, 10, 10)
    assert max(found.values()) == 10


def test_other_splits_and_what_is_outside_the_targets_pass_through(tmp_path):
    made = rows(CARD=30, DERM=10, NONE=5, UNK=5, nothing=5)
    splits = ["validation" if n in (35, 36) else "train" for n in range(len(made))]
    made = with_column(made, "split", splits)
    version = run_stage(tmp_path, Balance(targets=HALVES, drop_surplus=True), [made])
    found = {r["source_id"]: r for r in rows_of(version).to_pylist()}
    assert all(found[f"DERM-{n}"]["repeats"] == 1 for n in (5, 6))
    assert sum(name.startswith(("NONE", "UNK", "nothing")) for name in found) == 15
    assert all(found[name]["repeats"] == 1 for name in found if not name.startswith(("CARD", "DERM")))


def test_the_same_rows_in_other_parts_come_out_the_same(tmp_path):
    made = rows(CARD=37, DERM=11, PED=3)
    stage = Balance(targets={"CARD": 0.4, "DERM": 0.3, "PED": 0.3}, drop_surplus=True)
    one = run_stage(tmp_path / "a", stage, [made])
    backwards = made.take(pa.array(range(len(made) - 1, -1, -1)))
    other = run_stage(tmp_path / "b", stage, [backwards.slice(0, 20), backwards.slice(20)])
    assert sorted(rows_of(one).to_pylist(), key=lambda r: r["id"]) == sorted(
        rows_of(other).to_pylist(), key=lambda r: r["id"]
    )
    assert result_of(one, "goals") == result_of(other, "goals")


def test_nothing_at_all_is_balanced(tmp_path):
    version = run_stage(tmp_path, Balance(), [rows(CARD=1).slice(0, 0)])
    assert len(rows_of(version)) == 0
    assert result_of(version, "goals")["work_list"] == []


@pytest.mark.parametrize(
    "options, message",
    [
        ({"targets": {"CARDIO": 0.1}}, "CARDIO: not departments of dept@1.0"),
        ({"targets": {"UNK": 0.1}}, "UNK"),
        ({"targets": {"CARD": 0.7, "GI": 0.4}}, "more than 1"),
        ({"targets": {"CARD": -0.1}}, "negative"),
        ({"cap": 11}, "less than or equal to 10"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        Balance(**options)
