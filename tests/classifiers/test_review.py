import csv
import io
import json

import pytest
from typer.testing import CliRunner

from classifiers.agreement import kappa, weighted_kappa
from classifiers.review import Sheet, combine, disputes, draw, guide, read_labels, read_sheet, sheet
from datagen import notice
from datagen.errors import UsageError
from datagen.record import with_column
from datagen.review import covers, reviewed
from datagen.store import Store
from datagen.taxonomy import load_taxonomy

ROWS = [
    {"id": f"{n:032x}", "text": text, "language": language, "department": department}
    for n, (text, language, department) in enumerate(
        [("heart", "en", "CARD"), ("心脏", "zh", "CARD"), ("=HYPERLINK(1)", "en", "DERM"), ("皮肤", "zh", "DERM")] * 5
    )
]


def said(name: str, departments: dict[str, str], value: int | None = None) -> Sheet:
    return Sheet(name, {identity: ("en", department, value) for identity, department in departments.items()})


def filled(rows: list[dict], **columns: str) -> str:
    lines = list(csv.reader(io.StringIO(sheet(rows).decode("utf-8-sig"))))
    names = [cell.split(" ")[0] for cell in lines[0]]
    for line in lines[1:]:
        for name, value in columns.items():
            line[names.index(name)] = value
    made = io.StringIO()
    csv.writer(made).writerows(lines)
    return made.getvalue()


def test_kappa_is_agreement_beyond_chance():
    # Cohen 1960: 20 + 15 of 50 agreed, 0.5 by chance.
    one = ["yes"] * 25 + ["no"] * 25
    other = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert kappa(one, other) == pytest.approx(0.4)
    assert kappa(["a"], ["a"]) == 1 and weighted_kappa([1, 5], [1, 5], 5) == 1
    assert weighted_kappa([0, 5, 0, 5], [1, 4, 1, 4], 5) > weighted_kappa([0, 5, 0, 5], [5, 0, 5, 0], 5)
    with pytest.raises(ValueError):
        kappa([], [])


def test_a_sheet_has_items_of_every_cell_and_not_their_labels():
    chosen = draw(ROWS, 3, 0)
    cells = [(row["department"], row["language"]) for row in chosen]
    assert sorted(set(cells)) == [("CARD", "en"), ("CARD", "zh"), ("DERM", "en"), ("DERM", "zh")]
    assert {cells.count(cell) for cell in cells} == {3}
    assert chosen == draw(ROWS[::-1], 3, 0) != draw(ROWS, 3, 1)
    text = sheet(chosen).decode("utf-8-sig")
    assert "department 科室" in text and "CARD" not in text
    assert ",'=HYPERLINK(1)," in text  # not a formula
    assert all(code in guide() for code in load_taxonomy().codes) and "价值" in guide()


def test_a_sheet_comes_back(tmp_path):
    (tmp_path / "anna.csv").write_text(filled(ROWS[:2], department="card", value="4"), "utf-8")
    found = read_sheet(tmp_path / "anna.csv")
    assert found.reviewer == "anna"
    assert set(found.answers.values()) == {("en", "CARD", 4), ("zh", "CARD", 4)}


@pytest.mark.parametrize(
    "columns, message", [({"department": "HEART"}, "line 2: there is no department"), ({"value": "6"}, "is no value")]
)
def test_a_wrong_entry_is_named_with_its_line(tmp_path, columns, message):
    (tmp_path / "bo.csv").write_text(filled(ROWS[:1], **columns), "utf-8")
    with pytest.raises(UsageError, match=message):
        read_sheet(tmp_path / "bo.csv")
    (tmp_path / "bo.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(UsageError, match="has no column"):
        read_sheet(tmp_path / "bo.csv")


def test_what_reviewers_agree_on_stands_and_the_rest_is_adjudicated(tmp_path):
    one, other = said("a", {"1": "CARD", "2": "DERM"}, 3), said("b", {"1": "CARD", "2": "PED"}, 4)
    found = combine([one, other])
    assert found.labels["1"] == {"department": "CARD", "value": 3.5} and found.labels["2"]["department"] is None
    assert found.facts["open"] == ["2"] and found.facts["agreement"][0]["departments"] == 2
    assert "a: DERM, b: PED" in disputes({"2": ROWS[0]}, [one, other], found).decode("utf-8-sig")
    ruled = combine([one, other], said("c", {"2": "PED"}))
    assert ruled.labels["2"]["department"] == "PED"
    ruled.save(tmp_path)
    assert read_labels(tmp_path)["1"]["value"] == 3.5
    with pytest.raises(UsageError, match="two reviewers"):
        combine([one])


def test_labels_are_reviewed_once_two_have_seen_30_of_every_department_and_language(tmp_path):
    answers = {
        f"{code}/{language}/{n}": (language, code, None)
        for code in load_taxonomy().departments
        for language in ("en", "zh")
        for n in range(30)
    }
    found = combine([Sheet("a", answers), Sheet("b", answers)])
    assert found.facts["covered"]
    found.save(tmp_path / "review")
    assert reviewed(Store(str(tmp_path)))
    less = {identity: answer for identity, answer in answers.items() if identity != "CARD/zh/7"}
    assert not combine([Sheet("a", answers), Sheet("b", less)]).facts["covered"]
    assert not covers({**found.facts, "taxonomy": "dept@0.1"})
    (tmp_path / "review" / "review.json").write_text(json.dumps({"items": 3}))
    assert not reviewed(Store(str(tmp_path))) and not reviewed(Store(str(tmp_path / "none")))


def invoked(arguments: list[str]):
    from datagen.cli import _app

    return CliRunner().invoke(_app(arguments), arguments)


def test_the_commands_send_a_sheet_out_take_it_back_and_learn_from_it(tmp_path):
    import pyarrow.parquet as pq

    from tests.classifiers.sample import sample_rows

    rows = with_column(sample_rows(), "phi_status", ["clean"] * len(sample_rows()))
    pq.write_table(rows, tmp_path / "rows.parquet")
    run = invoked(["review", str(tmp_path / "rows.parquet"), "--out", str(tmp_path / "r"), "--per-cell", "1"])
    assert run.exit_code == 0, run.output
    lines = (tmp_path / "r" / "sheet.csv").read_text("utf-8-sig")
    assert (tmp_path / "r" / "guide.md").is_file()
    rows = list(csv.reader(io.StringIO(lines)))
    for row in rows[1:]:
        row[3], row[4] = "GERI", "5"
    for name in ("anna", "bo"):
        with open(tmp_path / f"{name}.csv", "w", newline="") as file:
            csv.writer(file).writerows(rows)
    sheets = ["--sheet", str(tmp_path / "anna.csv"), "--sheet", str(tmp_path / "bo.csv")]
    run = invoked(["review", str(tmp_path / "rows.parquet"), "--out", str(tmp_path / "r"), *sheets])
    assert run.exit_code == 0 and "too few items" in run.output, run.output
    assert len(read_labels(tmp_path / "r")) == len(rows) - 1
    made = ["train-classifier", str(tmp_path / "rows.parquet"), "--review", str(tmp_path / "r")]
    run = invoked([*made, "--out", str(tmp_path / "model"), "--per-label", "20"])
    assert run.exit_code == 0, run.output
    card = (tmp_path / "model" / "card.md").read_text()
    counts = next(line for line in card.splitlines() if line.startswith("| GERI |"))
    assert sum(int(cell) for cell in counts.split("|")[2:-1:4][:2]) > 4


def test_the_report_says_not_reviewed_until_clinicians_have(tmp_path):
    from datagen.reports import report
    from datagen.stage import Outcome
    from tests.datagen.written import Written, rows

    run = Written(tmp_path)
    run.source("papers", "collectors.jats", Outcome(rows("papers", 20)))
    assert "Not reviewed by a clinician" in report(tmp_path).html()
    answers = {
        f"{code}/{language}/{n}": (language, code, None)
        for code in load_taxonomy().departments
        for language in ("en", "zh")
        for n in range(30)
    }
    combine([Sheet("a", answers), Sheet("b", answers)]).save(tmp_path / "review")
    page = report(tmp_path).html()
    assert "Not reviewed by a clinician" not in page and notice.UNREVIEWED_ZH not in page
    assert notice.EN in page
