"""`datagen train-classifier` on Parquet of one's own."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import classifiers
from classifiers import weak
from datagen.cli import _app
from datagen.errors import UsageError

TEXTS = {
    "CARD": ["A heart murmur, {} mm of the valve.", "心律失常，心悸{}天。"],
    "DERM": ["An itching rash for {} days.", "皮疹瘙痒{}天。"],
}


def plain(count: int = 80, **columns) -> pa.Table:
    rows = [(text.format(n), code) for n in range(count) for code, texts in TEXTS.items() for text in texts]
    texts, departments = zip(*rows, strict=True)
    return pa.table({"text": texts, "department": departments, **columns})


def trained(folder, table: pa.Table, *options: str):
    pq.write_table(table, folder / "rows.parquet")
    arguments = ["train-classifier", str(folder / "rows.parquet"), "--out", str(folder / "m"), *options]
    return CliRunner().invoke(_app(arguments), arguments)


def test_texts_and_departments_are_enough(tmp_path, monkeypatch):
    monkeypatch.setattr(weak, "LINES", 4)
    run = trained(tmp_path, plain())
    assert run.exit_code == 0, run.output
    assert "department all: rows " in run.output  # families are drawn to be measured on
    assert "| NOASSERTION | " in (tmp_path / "m" / "card.md").read_text("utf-8")
    learnt = classifiers.load(tmp_path / "m")
    assert [answer["department"] for answer in learnt.predict(["the valve murmur", "皮疹瘙痒"])] == ["CARD", "DERM"]


@pytest.mark.parametrize(
    "table, reason",
    [
        (plain(1).set_column(1, "department", [["Cardiology"] * 4]), "'Cardiology', which is no code of dept@1.0"),
        (plain(1).append_column("content_type", [["poem"] * 4]), "'poem', which is no code of type@1.0"),
        (plain(1).rename_columns(["body", "department"]), "rows without a text"),
        (plain(1).set_column(0, "text", [[None, "a", "b", "c"]]), "rows without a text"),
    ],
)
def test_labels_that_are_no_codes_and_rows_without_text_are_refused(tmp_path, table, reason):
    run = trained(tmp_path, table)
    assert isinstance(run.exception, UsageError) and reason in str(run.exception)
