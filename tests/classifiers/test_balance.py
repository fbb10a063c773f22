from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pydantic import ValidationError

from classifiers.balance import Balance
from classifiers.work_list import WorkList
from datagen.record import record_id, table, with_column
from datagen.work_list import read_work_list
from tests.classifiers.local import ledger_of, result_of, rows_of, run_stage

HALVES = {"departments": {"CARD": 0.5, "DERM": 0.5}}


def rows(labels=None, **counts) -> pa.Table:
    """`counts[department]` rows of 100 tokens each; their values go up from 0 to 5. `labels` may be functions of the
    row's number within its department."""
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
                    **{key: value(number) if callable(value) else value for key, value in (labels or {}).items()},
                }
            )
    return with_column(table(made), "tokens", [100] * len(made))


def weight(found: pa.Table, department: str) -> int:
    mine = found.filter(pc.equal(found["department"], department))
    return pc.sum(pc.multiply(mine["tokens"], mine["repeats"])).as_py() or 0


def test_the_short_department_is_repeated_to_its_share_most_valuable_first(tmp_path):
    version = run_stage(tmp_path, Balance(targets=HALVES, drop_surplus=False), [rows(CARD=25, DERM=10)])
    found = rows_of(version)
    assert (weight(found, "CARD"), weight(found, "DERM")) == (2500, 2500)
    derm = sorted(found.filter(pc.equal(found["department"], "DERM")).to_pylist(), key=lambda r: -r["value"])
    assert [r["repeats"] for r in derm] == [3] * 5 + [2] * 5
    assert {outcome for outcome, _ in ledger_of(version).values()} == {"kept"}


def test_the_surplus_is_sampled_by_value(tmp_path):
    version = run_stage(tmp_path, Balance(targets=HALVES), [rows(CARD=30, DERM=10)])
    found = rows_of(version)
    assert (weight(found, "CARD"), weight(found, "DERM")) == (2000, 2000)
    kept = found.filter(pc.equal(found["department"], "CARD"))
    assert pc.min(kept["value"]).as_py() == pytest.approx(5 * 10 / 30)
    assert list(ledger_of(version).values()).count(("dropped", "surplus")) == 10


def test_what_repeats_cannot_reach_is_the_work_list(tmp_path):
    version = run_stage(tmp_path, Balance(targets=HALVES, cap=4, drop_surplus=False), [rows(CARD=100, DERM=10)])
    found = rows_of(version)
    assert weight(found, "DERM") == 4000
    report = result_of(version, "goals")
    # CARD alone is 10,000 tokens; with DERM at its cap the total comes to 14,000, half of which is DERM's.
    numbers = {"rows": 10, "tokens": 1000, "reach": 4000, "wanted": 7000}
    labels = {"department": "DERM", "language": None, "content_type": None, "curriculum": None}
    assert report["work_list"] == [{**labels, **numbers, "short": 3000}]
    assert report["departments"]["DERM"] == {"share": 0.5, **numbers, "goal": 4000, "short": 3000}
    assert report["taxonomy"] == "dept@1.0"


def test_by_default_all_35_departments_are_equal_and_missing_ones_are_on_the_work_list(tmp_path):
    version = run_stage(tmp_path, Balance(drop_surplus=False), [rows(CARD=4, DERM=2)])
    report = result_of(version, "goals")
    assert {d["share"] for d in report["departments"].values()} == {round(1 / 35, 6)}
    assert len(report["work_list"]) == 33
    assert weight(rows_of(version), "CARD") == 400


def test_the_cap_counts_what_was_repeated_before(tmp_path):
    before = rows(CARD=100, DERM=2)
    repeats = [12] + [1] * 99 + [6, 1]
    version = run_stage(
        tmp_path, Balance(targets=HALVES, drop_surplus=False), [with_column(before, "repeats", repeats)]
    )
    found = {r["source_id"]: r["repeats"] for r in rows_of(version).to_pylist()}
    assert (found["CARD-0"], found["DERM-0"], found["DERM-1"]) == (10, 10, 10)
    assert max(found.values()) == 10


def test_other_splits_and_what_is_outside_the_targets_pass_through(tmp_path):
    made = rows(CARD=30, DERM=10, NONE=5, UNK=5, nothing=5)
    splits = ["validation" if n in (35, 36) else "train" for n in range(len(made))]
    made = with_column(made, "split", splits)
    version = run_stage(tmp_path, Balance(targets=HALVES), [made])
    found = {r["source_id"]: r for r in rows_of(version).to_pylist()}
    assert all(found[f"DERM-{n}"]["repeats"] == 1 for n in (5, 6))
    assert sum(name.startswith(("NONE", "UNK", "nothing")) for name in found) == 15
    assert all(found[name]["repeats"] == 1 for name in found if not name.startswith(("CARD", "DERM")))


def test_the_same_rows_in_other_parts_come_out_the_same(tmp_path):
    made = rows(CARD=37, DERM=11, PED=3)
    stage = Balance(targets={"departments": {"CARD": 0.4, "DERM": 0.3, "PED": 0.3}})
    one = run_stage(tmp_path / "a", stage, [made])
    backwards = made.take(pa.array(range(len(made) - 1, -1, -1)))
    other = run_stage(tmp_path / "b", stage, [backwards.slice(0, 20), backwards.slice(20)])
    assert sorted(rows_of(one).to_pylist(), key=lambda r: r["id"]) == sorted(
        rows_of(other).to_pylist(), key=lambda r: r["id"]
    )
    assert result_of(one, "goals") == result_of(other, "goals")


def test_languages_and_curriculum_are_balanced_within_departments(tmp_path):
    labels = {
        "language": lambda n: "zh" if n % 10 == 0 else "en",
        "curriculum": lambda n: "advanced" if n % 3 else "basic",
    }
    targets = HALVES | {"languages": {"en": 0.5, "zh": 0.5}, "curriculum": {"basic": 0.5, "advanced": 0.5}}
    stage = Balance(targets=targets)
    found = rows_of(run_stage(tmp_path, stage, [rows(labels, CARD=120, DERM=90)])).to_pylist()
    sums = Counter()
    for row in found:
        sums[row["department"], row["language"], row["curriculum"]] += row["tokens"] * row["repeats"]
    assert len(sums) == 8 and max(row["repeats"] for row in found) <= 10
    assert all(abs(tokens - 21000 / 8) <= 100 for tokens in sums.values()), sums


def test_a_total_is_kept(tmp_path):
    found = rows_of(run_stage(tmp_path, Balance(targets=HALVES, total=6000), [rows(CARD=90, DERM=4)]))
    assert (weight(found, "CARD"), weight(found, "DERM")) == (3000, 3000)
    assert pc.min(found.filter(pc.equal(found["department"], "CARD"))["value"]).as_py() == pytest.approx(5 * 60 / 90)


def test_only_the_best_part_is_seen_and_seen_more_often(tmp_path):
    version = run_stage(tmp_path, Balance(targets=HALVES, top_share=0.2), [rows(CARD=30, DERM=30)])
    found = rows_of(version)
    assert len(found) == 12 and set(found["repeats"].to_pylist()) == {5}
    assert (weight(found, "CARD"), weight(found, "DERM")) == (3000, 3000)
    assert pc.min(found["value"]).as_py() == pytest.approx(5 * 24 / 30)


def test_rows_whose_licence_will_not_do_are_dropped_before_anything_is_counted(tmp_path):
    labels = {"license": lambda n: "CC-BY-NC-4.0" if n % 2 else "CC-BY-4.0"}
    version = run_stage(tmp_path, Balance(targets=HALVES, uses=("commercial",)), [rows(labels, CARD=20, DERM=4)])
    found = rows_of(version)
    assert set(found["license"].to_pylist()) == {"CC-BY-4.0"}
    assert (weight(found, "CARD"), weight(found, "DERM")) == (600, 600)
    assert list(ledger_of(version).values()).count(("dropped", "licence")) == 12


@pytest.mark.proof("classifiers.work_list", "fixture")
def test_the_work_list_is_published_for_synthesis(tmp_path):
    """It names what no row at the cap could fill, cell by cell, in the tokens that are short."""
    labels = {"language": lambda n: "en"}
    targets = HALVES | {"languages": {"en": 0.5, "zh": 0.5}}
    made = rows(labels, CARD=100, DERM=10)
    version = run_stage(tmp_path / "list", WorkList(targets=targets, drop_surplus=False), [made])
    lines = read_work_list(version / "data")
    assert [(line["department"], line["language"], line["short"]) for line in lines] == [
        ("CARD", "zh", 5000),
        ("DERM", "zh", 5000),
    ]
    assert lines[0]["content_type"] is None and lines[0]["wanted"] == 5000 and lines[0]["rows"] == 0
    balanced = run_stage(tmp_path / "balance", Balance(targets=targets, drop_surplus=False), [made])
    assert result_of(balanced, "goals")["work_list"] == lines
    assert weight(rows_of(balanced), "DERM") == 10000  # what Chinese lacks, English takes over


def test_nothing_is_short_once_the_work_list_is_written(tmp_path):
    targets = HALVES | {"languages": {"en": 0.5, "zh": 0.5}}
    made = rows({"language": lambda n: "en"}, CARD=100, DERM=10)
    first = read_work_list(run_stage(tmp_path / "list", WorkList(targets=targets, drop_surplus=False), [made]) / "data")
    counts = {line["department"]: line["short"] // 100 for line in first}
    written = rows({"language": "zh", "synthetic": True}, **counts)
    written = with_column(written, "id", [f"{n:032x}" for n in range(len(written))])
    found = run_stage(tmp_path / "again", Balance(targets=targets, drop_surplus=False), [made, written])
    assert result_of(found, "goals")["work_list"] == []
    departments = result_of(found, "goals")["departments"]
    for code in ("CARD", "DERM"):
        assert weight(rows_of(found), code) == pytest.approx(departments[code]["wanted"], rel=0.02)


def test_nothing_at_all_is_balanced(tmp_path):
    version = run_stage(tmp_path, Balance(), [rows(CARD=1).slice(0, 0)])
    assert len(rows_of(version)) == 0
    assert result_of(version, "goals")["work_list"] == []


@pytest.mark.parametrize(
    "options, message",
    [
        ({"targets": {"departments": {"CARDIO": 0.1}}}, "CARDIO: not departments of dept@1.0"),
        ({"targets": {"departments": {"UNK": 0.1}}}, "UNK"),
        ({"targets": {"departments": {"CARD": 0.7, "GI": {"share": 0.4}}}}, "more than 1"),
        ({"targets": {"departments": {"CARD": -0.1}}}, "greater than or equal to 0"),
        ({"targets": {"languages": {"English": 0.5}}}, "codes such as en"),
        ({"targets": {"content_types": {"GUID": 0.5}}}, "GUID: known are GUIDE"),
        ({"targets": {"departments": {"TCM": {"curriculum": {"hard": 0.5}}}}}, "known are general, basic, advanced"),
        ({"targets": {"langauges": {"en": 0.5}}}, "langauges"),
        ({"total": 1000, "drop_surplus": False}, "with drop_surplus: false"),
        ({"cap": 11}, "less than or equal to 10"),
        ({"uses": ["sell"]}, "'redistribute', 'derive' or 'commercial'"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        Balance(**options)
