import time

import pyarrow as pa
import pytest
import typer
from typer.testing import CliRunner

from datagen import load
from datagen.commands.trace import trace as command
from datagen.errors import UsageError
from datagen.publish import manifest
from datagen.record import record_id, table, with_column
from datagen.reports import report
from datagen.stage import Outcome
from datagen.store import Store
from datagen.trace import Child, trace
from tests.datagen.runs import run as run_toy
from tests.datagen.runs import write_inputs, write_recipe
from tests.datagen.written import Written, medical, rows


@pytest.fixture(scope="module")
def medical_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("medical") / "run"
    return folder, medical(folder)


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    """A record that is split, its pieces, and a question written from one of them."""
    folder = tmp_path_factory.mktemp("family")
    written = Written(folder)
    written.source("book", "collectors.book", Outcome(rows("book", 4, "第{n}章 \x1b[31mred")), ("one.xml", "two.xml"))

    def cut(batch: pa.Table) -> Outcome:
        first = batch.slice(0, 1).to_pylist()[0]
        pieces = [{**first, "id": record_id("piece", str(k)), "parents": [first["id"]]} for k in range(2)]
        return Outcome(pa.concat_tables([batch, table(pieces)]), split=frozenset([first["id"]]))

    def ask(batch: pa.Table) -> Outcome:
        piece = batch.filter(pa.compute.equal(batch["id"], record_id("piece", "1"))).to_pylist()[0]
        question = {**piece, "id": record_id("question", "0"), "parents": [piece["id"]], "synthetic": True}
        return Outcome(pa.concat_tables([batch, table([question])]))

    written.stage("cut", "toy.cut", ["book"], cut)
    written.stage("asked", "toy.ask", ["cut"], ask)
    return folder


def decisions(story) -> list[tuple]:
    return [(e.stage, e.outcome, e.reason) for e in story.events]


def test_a_record_is_followed_through_every_stage(medical_run):
    folder, written = medical_run
    row = load(folder, "curated").to_table().to_pylist()[0]
    story = trace(folder, row["id"])
    assert decisions(story) == [(s, "kept", None) for s in ("papers", "unique", "labelled", "filter", "curated")]
    assert [e.version for e in story.events] == [written.manifests[e.stage]["version"] for e in story.events]
    assert story.source == "papers"
    raw = written.manifests["papers"]["inputs"][0]
    assert [(f.name, f.sha256, f.bytes) for f in story.files] == [(raw["name"], raw["sha256"], raw["bytes"])]
    assert story.labels["license"] == row["license"] and story.labels["department"] == row["department"]
    assert story.text is None and "text" not in story.labels
    assert trace(folder, row["id"], text=True).text == row["text"]


def test_dropped_merged_and_quarantined_records_have_their_story(medical_run):
    folder, _ = medical_run
    low = (pa.compute.field("value") < 1) & (pa.compute.field("department") != "TCM")
    dropped = load(folder, "labelled").to_table().filter(low)["id"][0].as_py()
    assert decisions(trace(folder, dropped))[-1] == ("filter", "dropped", "low_value")
    unique = set(load(folder, "unique").to_table()["id"].to_pylist())
    copy = next(i for i in load(folder, "textbook_zh").to_table()["id"].to_pylist() if i not in unique)
    event = trace(folder, copy).events[-1]
    assert (event.stage, event.outcome) == ("unique", "merged")
    into = trace(folder, event.into)
    assert copy in next(e for e in into.events if e.stage == "unique").copies
    assert into.labels["duplicates"] == 2
    broken = trace(folder, record_id("papers", "papers.xml#7"))
    assert decisions(broken) == [("papers", "quarantined", "bad_xml")]
    assert broken.events[0].position == "papers.xml#7" and broken.files[0].name == "papers.xml" and not broken.labels


def test_a_position_names_the_raw_file(tmp_path):
    written = Written(tmp_path)
    broken = {"b.tar!x/1.xml": "bad_xml", "b.tar.gz#2": "bad_xml"}
    written.source("a", "collectors.a", Outcome(rows("a", 1), quarantined=broken), ("a.xml", "b.tar", "b.tar.gz"))
    assert [f.name for f in trace(tmp_path, record_id("a", "b.tar!x/1.xml")).files] == ["b.tar"]
    assert [f.name for f in trace(tmp_path, record_id("a", "b.tar.gz#2")).files] == ["b.tar.gz"]
    assert len(trace(tmp_path, record_id("a", "0")).files) == 3


def test_parents_and_children_are_found_across_generations(family):
    book = load(family, "book").to_table()["id"][0].as_py()
    pieces = [record_id("piece", str(k)) for k in range(2)]
    story = trace(family, book)
    assert decisions(story) == [("book", "kept", None), ("cut", "split", None)]
    assert story.children == (Child(pieces[0], "cut"), Child(pieces[1], "cut"))
    question = trace(family, record_id("question", "0"))
    assert decisions(question) == [("asked", "derived", None)] and question.source is None
    piece = question.parents[0]
    assert piece.id == pieces[1] and decisions(piece)[0] == ("cut", "derived", None)
    assert piece.parents[0].id == book and piece.parents[0].source == "book"
    assert [f.name for f in piece.parents[0].files] == ["one.xml", "two.xml"]
    assert trace(family, pieces[1]).children == (Child(question.id, "asked"),)


def test_unknown_ids_are_refused(medical_run, tmp_path):
    folder, _ = medical_run
    with pytest.raises(UsageError, match="not a record id"):
        trace(folder, "CARD")
    with pytest.raises(UsageError, match="no stage of"):
        trace(folder, "0" * 32)
    with pytest.raises(UsageError, match="there is no run at"):
        trace(tmp_path, "0" * 32)


def test_the_command_takes_both_orders_and_shows_text_only_when_asked(family):
    app = typer.Typer()
    app.command()(command)
    question = record_id("question", "0")
    shown = CliRunner().invoke(app, [question, str(family)]).stdout
    assert shown == CliRunner().invoke(app, [str(family), question]).stdout
    assert "made by asked" in shown and "one of 2 raw files" in shown and "one.xml  sha256" in shown
    assert "章" not in shown
    with_text = CliRunner().invoke(app, [question, str(family), "--text"]).stdout
    assert "第0章" in with_text and "\x1b" not in with_text


def test_a_trace_of_a_million_decisions_is_fast(tmp_path):
    written = Written(tmp_path)
    size = 250_000
    ids = [record_id("a", str(n)) for n in range(size)]
    base = rows("a", 1).take(pa.array([0] * size, pa.int8()))
    written.source("a", "collectors.a", Outcome(with_column(base, "id", ids)))
    for name, before in (("b", "a"), ("c", "b"), ("d", "c")):
        written.stage(name, "toy.pass", [before], Outcome)
    start = time.process_time()
    assert len(trace(tmp_path, ids[200_000]).events) == 4
    assert time.process_time() - start < 2


@pytest.mark.usefixtures("ray_local")
def test_a_run_of_the_real_engine_is_traced_and_reported(tmp_path):
    write_inputs(tmp_path, files=2)
    recipe = write_recipe(tmp_path)
    run_toy(recipe, tmp_path / "run")
    out = tmp_path / "run"
    child = next(r for r in load(out, "common").to_table().to_pylist() if r["parents"])
    story = trace(out, child["id"])
    assert decisions(story) == [("upper", "derived", None), ("common", "kept", None)]
    parent = story.parents[0]
    assert decisions(parent)[-1] == ("upper", "split", None) and child["id"] in {c.id for c in parent.children}
    assert {f.name for f in parent.files} == {i["name"] for i in manifest(Store(str(out)), parent.source)["inputs"]}
    made = report(out)
    assert made.facts.stage == "common" and list(made.facts.stages) == ["left", "right", "upper", "common"]
    flow = made.tables["flow"].set_index("line")["rows"]
    assert flow.drop("published").sum() == flow["published"] == len(load(out, "common").to_table())
    assert flow["dropped"] < 0 and flow["quarantined"] < 0 and flow["derived"] > 0 and flow["split"] < 0
    assert "✓ Every stage accounts" in made.html()
