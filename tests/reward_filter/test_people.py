"""Sheets of preferences: blind, safe to open, read back, and agreed on."""

import csv

import pytest

from datagen.errors import UsageError
from reward_filter.people import Question, agreement, preferences, read_sheet, write_sheet

QUESTIONS = [Question(f"q{i}", f"Question {i}?", f"first {i}", f"第二 {i}") for i in range(40)]


def filled(path, verdict) -> list[dict[str, str]]:
    """The sheet with `better` filled in by a function of its rows."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["better"] = verdict(row)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.DictWriter(file, rows[0].keys())
        sheet.writeheader()
        sheet.writerows(rows)
    return rows


def test_a_sheet_hides_which_answer_is_which_and_is_read_back(tmp_path):
    path = tmp_path / "sheet.csv"
    write_sheet(path, QUESTIONS, seed=3)
    rows = filled(path, lambda row: "a" if row["answer_a"].startswith("first") else "B")
    assert 10 < sum(row["answer_a"].startswith("first") for row in rows) < 30
    assert set(read_sheet(path, QUESTIONS, seed=3).values()) == {1}
    assert set(read_sheet(path, QUESTIONS, seed=4).values()) == {1, -1}
    filled(path, lambda row: "相同" if row["id"] == "q1" else "")
    assert read_sheet(path, QUESTIONS, seed=3) == {"q1": 0}


def test_cells_are_no_formulas_and_bad_sheets_are_refused(tmp_path):
    path = tmp_path / "sheet.csv"
    write_sheet(path, [Question("q", "=HYPERLINK(1)", "+1", "@x")])
    assert not any(cell.startswith(("=", "+", "@")) for cell in path.read_text("utf-8-sig").splitlines()[1].split(","))
    write_sheet(path, QUESTIONS)
    filled(path, lambda row: "perhaps")
    with pytest.raises(UsageError, match="row 2: unknown verdict"):
        read_sheet(path, QUESTIONS)
    filled(path, lambda row: "a")
    with pytest.raises(UsageError, match="unknown id"):
        read_sheet(path, QUESTIONS[:1])
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="can't be read"):
        read_sheet(path, QUESTIONS)
    path.write_text("x,y\n1,2\n")
    with pytest.raises(UsageError, match="no columns"):
        read_sheet(path, QUESTIONS)


def test_the_majority_decides_and_ties_decide_nothing():
    sheets = [{"q0": 1, "q1": -1, "q2": 1}, {"q0": 1, "q1": -1, "q2": -1}, {"q0": -1}]
    found = preferences(QUESTIONS, sheets)
    assert [(p.id, p.chosen, p.votes, p.of) for p in found] == [("q0", "first 0", 2, 3), ("q1", "第二 1", 2, 2)]


def test_agreement_is_krippendorff_s_alpha():
    # Worked by hand: units (1,1) (1,-1) (-1,-1) (0,0): 2 unlike ordered pairs of 8 seen, 42 of 56 by chance.
    sheets = [dict(zip("abcd", v, strict=True)) for v in ((1, 1, -1, 0), (1, -1, -1, 0))]
    assert agreement(sheets) == pytest.approx(1 - (2 / 8) / (42 / 56))
    assert agreement([{"a": 1, "b": -1}, {"a": 1, "b": -1}]) == 1
    assert agreement([{"a": 1}, {"b": 1}]) is None
