import base64
import hashlib
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from typer.testing import CliRunner

from datagen import load
from datagen.commands.compare import compare as compare_command
from datagen.commands.report import report as report_command
from datagen.errors import UsageError
from datagen.record import SCHEMA, record_id, table, with_column
from datagen.reports import CheckFailed, Targets, numbers, report, words
from datagen.reports.facts import TRAINING
from datagen.reports.privacy import FEW, is_restricted, visible
from datagen.reports.tables import divergence
from datagen.reports.verdict import effective_number
from datagen.stage import Outcome
from datagen.taxonomy import load_taxonomy
from tests.datagen.written import Written, medical, rows

ADDS_UP = ("kept", "dropped", "merged", "split", "quarantined")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("medical") / "run"
    medical(folder)
    return folder


@pytest.fixture(scope="module")
def found(run):
    return report(run)


@pytest.fixture(scope="module")
def open_run(tmp_path_factory):
    """A run without restricted rows, so that nothing is withheld; with split and re-read records."""
    folder = tmp_path_factory.mktemp("open") / "run"
    written = Written(folder)
    labels = dict(language=lambda n: ("en", "zh")[n % 2], department=lambda n: ("CARD", "GI", None, "NONE")[n % 4])
    written.source("a", "collectors.a", Outcome(rows("a", 40, "some words {n}", **labels)))
    written.source("b", "collectors.b", Outcome(rows("b", 24, "几个字 {n}", synthetic=True, value=3.7, **labels)))

    def cut(batch: pa.Table) -> Outcome:
        whole = batch.slice(0, 5).to_pylist()
        pieces = [
            {**row, "id": record_id("piece", f"{row['id']}{k}"), "text": row["text"] + str(k), "parents": [row["id"]]}
            for row in whole
            for k in range(2)
        ]
        dropped = {i: "short" for i in batch["id"].to_pylist()[5:9]}
        copies = {batch["id"][9].as_py(): batch["id"][10].as_py()}
        kept = with_column(batch, "text", [t + " more" for t in batch["text"].to_pylist()])
        return Outcome(pa.concat_tables([kept, table(pieces)]), dropped, copies, frozenset(r["id"] for r in whole))

    written.stage("cut", "toy.cut", ["a", "b"], cut, edits_text=True, keep_dropped=True)
    written.stage("saved", "toy.save", ["cut.dropped"], lambda batch: Outcome(batch.drop_columns("drop_reason")))

    def screen(batch: pa.Table) -> Outcome:
        ids = batch["id"].to_pylist()
        return Outcome(batch, {ids[0]: "benchmark:medqa", ids[1]: "benchmark:medqa", ids[2]: "lineage:cmexam"})

    written.stage("clean", "dedup.decontaminate", ["cut"], screen, inputs=("medqa/test.jsonl", "cmexam/test.csv"))
    written.stage("final", "toy.join", ["clean", "saved"], Outcome)
    return folder


# Numbers


def test_every_stage_of_the_funnel_adds_up_in_rows_and_tokens(found, open_run):
    for made in (found, report(open_run)):
        funnel = made.tables["funnel"]
        assert len(funnel) == 2 * len(made.facts.stages)
        assert (funnel["inputs"] == funnel[list(ADDS_UP)].sum(axis=1)).all()
        assert (funnel["outputs"] == funnel[["kept", "derived", "changed"]].sum(axis=1)).all()
        assert (funnel.query("measure == 'rows'")["changed"] == 0).all()
        counted = funnel.query("measure == 'rows'").set_index("stage")
        for stage, facts in made.facts.stages.items():
            assert counted.loc[stage, "inputs"] == facts.version.counts["inputs"]
            published = load(made.facts.where, stage).to_table(columns=["tokens"])
            by_tokens = funnel.query("measure == 'tokens'").set_index("stage")
            assert counted.loc[stage, "outputs"] == len(published)
            assert by_tokens.loc[stage, "outputs"] == sum(published["tokens"].to_pylist())
    edited = report(open_run).tables["funnel"].query("stage == 'cut' and measure == 'tokens'").iloc[0]
    assert edited["changed"] > 0 and edited["derived"] > 0 and edited["split"] > 0


def test_the_whole_way_is_one_sum(found, open_run):
    for made in (found, report(open_run)):
        flow = made.tables["flow"].set_index("line")["rows"]
        assert flow.drop("published").sum() == flow["published"] == made.measures["rows"]
        assert flow["written"] == (80 if made is found else 0)
    assert flow["reread"] == 8 and flow["derived"] == 20


def test_reasons_add_up_to_what_the_funnel_lost(found):
    lost = found.tables["reasons"].groupby(["stage", "outcome"])[["rows", "tokens"]].sum()
    funnel = found.tables["funnel"].set_index(["stage", "measure"])
    for (stage, outcome), row in lost.iterrows():
        assert row["rows"] == funnel.loc[(stage, "rows"), outcome]
        assert row["tokens"] == funnel.loc[(stage, "tokens"), outcome]
    assert lost["rows"].sum() == funnel.xs("rows", level="measure")[list(ADDS_UP[1:])].to_numpy().sum()


def test_an_unsound_run_is_called_so(tmp_path):
    medical(tmp_path / "run", scale=8)
    made = report(tmp_path / "run")
    stage = made.facts.stages["filter"]
    version = replace(
        stage.version, manifest={**stage.version.manifest, "counts": {**stage.version.counts, "inputs": 7}}
    )
    stages = {**made.facts.stages, "filter": replace(stage, version=version)}
    wrong = replace(made, facts=replace(made.facts, stages=stages))
    assert wrong.alerts[0].level == "bad" and "filter" in wrong.alerts[0].what.en
    assert "datagen verify" in wrong.alerts[0].command


def test_departments_are_what_the_rows_say(open_run):
    data = load(open_run, "final").to_table().to_pandas()
    frame = report(open_run).tables["departments"].set_index("department")
    data[TRAINING] = data["tokens"] * data["repeats"] * (data["split"] == "train")
    balanced = data[data["department"].isin(load_taxonomy().departments)]
    total = balanced[TRAINING].sum()
    for code in ("CARD", "GI"):
        mine = data[data["department"] == code]
        row = frame.loc[code]
        assert row["rows"] == len(mine) and row["tokens"] == mine["tokens"].sum()
        assert row["share"] == pytest.approx(mine[TRAINING].sum() / total)
        assert row["gap"] == pytest.approx(row["share"] - 1 / 35)
        assert row["gap_tokens"] == round(mine[TRAINING].sum() - total / 35)
        assert row["en"] == pytest.approx(mine.loc[mine["language"] == "en", TRAINING].sum() / mine[TRAINING].sum())
        assert row["synthetic"] == pytest.approx(mine.loc[mine["synthetic"], TRAINING].sum() / mine[TRAINING].sum())
        assert row["value"] == 3
    assert frame.loc["NONE", "rows"] == (data["department"] == "NONE").sum()
    assert pd.isna(frame.loc["NONE", "share"]) and not frame.loc["NONE", "balanced"]
    assert frame.loc["", "rows"] == data["department"].isna().sum()
    assert frame["rows"].sum() == len(data)
    assert frame["share"].sum() == pytest.approx(1)
    assert frame[frame["balanced"]]["gap"].is_monotonic_increasing
    assert frame.loc["NEPH", "rows"] == 0 and frame.loc["NEPH", "name_zh"] == "肾内科"


def test_repeats_count_in_shares_and_copies_in_duplicates(tmp_path):
    written = Written(tmp_path)
    labels = dict(department=lambda n: "CARD" if n % 2 else "GI", split=lambda n: "test" if n > 17 else "train")
    batch = rows("a", 20, "words {n}", duplicates=lambda n: 1 + 3 * (n % 2), **labels)
    written.source("a", "collectors.a", Outcome(with_column(batch, "repeats", [3 if n % 2 else 1 for n in range(20)])))
    frame = report(tmp_path).tables["departments"].set_index("department")
    assert frame.loc["CARD", "rows"] == 10 and frame.loc["CARD", "tokens"] == 10 * batch["tokens"][0].as_py()
    assert frame.loc["CARD", TRAINING] == 3 * 9 * batch["tokens"][0].as_py()
    assert frame.loc["CARD", "share"] > 0.7
    assert frame.loc["CARD", "copies_folded"] == 0.75 and frame.loc["GI", "copies_folded"] == 0


def test_parquet_files_tell_the_same_as_the_run(open_run, tmp_path):
    of_run = report(open_run)
    folder = open_run / "final" / of_run.facts.manifest["version"] / "data"
    for place in (folder, folder / "part-00000.parquet"):
        made = report(place)
        for name in ("departments", "department_language", "department_source", "licenses", "values", "splits"):
            pd.testing.assert_frame_equal(made.tables[name], of_run.tables[name])
        assert not len(made.tables["funnel"]) and "no history" in made.html()
    plain = tmp_path / "plain.parquet"
    pq.write_table(
        pa.table({"text": ["heart", "心脏病"], "department": pa.array(["CARD", None]).dictionary_encode()}), plain
    )
    made = report(plain)
    assert made.measures["tokens"] == 2 + 3 and made.measures["rows"] == 2
    assert made.measures["unscreened"] == 1


def test_what_cannot_be_reported_on_says_why(run, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.csv").write_text("a,b")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "x.parquet")
    pq.write_table(pa.table({"department": ["CARD"], "value": ["secret text"]}), tmp_path / "y.parquet")
    pq.write_table(pa.table({"department": ["CARD", "GI"] * 999}), tmp_path / "z.parquet", compression="none")
    with (tmp_path / "z.parquet").open("r+b") as file:
        file.write(b"PAR1" + b"\xff" * 40)
    for place, message in (
        ("nowhere", "doesn't exist"),
        ("empty", "neither a run nor Parquet"),
        ("notes.csv", "can't be read"),
        ("x.parquet", "none of the columns"),
        ("y.parquet", "column value is string"),
        ("z.parquet", "is damaged"),
    ):
        with pytest.raises(UsageError, match=message) as error:
            report(tmp_path / place)
        assert "secret text" not in str(error.value)
    with pytest.raises(UsageError, match="no records of a stage nothing") as error:
        report(run, stage="nothing")
    assert "curated" in error.value.fix


def test_the_last_stage_of_records_is_reported_and_others_are_named(run, tmp_path):
    assert report(run).facts.stage == "curated"
    assert report(run, stage="unique").measures["rows"] == 579
    assert "curated" not in report(run, stage="unique").facts.stages
    written = medical(tmp_path, scale=4)
    written.stage("aside", "toy.aside", ["papers"], Outcome)
    made = report(tmp_path)
    assert made.facts.stage == "curated" and made.facts.others == ("aside",)
    assert "aside" in made.html()


def test_a_report_follows_the_versions_that_were_read(tmp_path):
    """Running a source again doesn't change how older records came to be."""
    written = Written(tmp_path)
    written.source("a", "collectors.a", Outcome(rows("a", 10)))
    written.stage("b", "toy.b", ["a"], Outcome)
    written.source("a", "collectors.a", Outcome(rows("a", 30)), limit=30)
    made = report(tmp_path, stage="b")
    assert made.tables["funnel"].set_index(["stage", "measure"]).loc[("a", "rows"), "outputs"] == 10
    assert not [a for a in made.alerts if "add up" in a.what.en]
    shutil.rmtree(tmp_path / "a" / made.facts.stages["a"].version.name)
    flow = report(tmp_path, stage="b").tables["flow"].set_index("line")["rows"]
    assert flow["unknown"] == flow["published"] == 10 == flow.drop("published").sum()


def test_measures_of_evenness():
    assert effective_number(pd.Series([0.25] * 4 + [0.0])) == pytest.approx(4)
    assert effective_number(pd.Series([1.0])) == 1
    assert effective_number(pd.Series([], dtype=float)) == 0
    even = {"A": 0.5, "B": 0.5}
    assert divergence(pd.Series(even), even) == 0
    assert divergence(pd.Series({"C": 1.0}), even) == pytest.approx(1)


# Privacy


def _grid(cells) -> pd.DataFrame:
    cube = pd.DataFrame(cells, columns=["department", "language", "access", "rows"]).assign(phi_status="clean")
    return cube.assign(restricted=is_restricted(cube))


def test_small_restricted_cells_are_withheld_and_cannot_be_worked_out():
    cube = _grid([("CARD", "zh", "restricted", 3), ("GI", "zh", "restricted", 40), ("NEUR", "zh", "restricted", 7)])
    shown, marks = visible(cube, ["department"])
    assert marks.to_dict() == {"CARD": "<5", "NEUR": "*"}
    assert shown["rows"].tolist() == [40]
    cube = _grid([("CARD", "zh", "restricted", 3), ("CARD", "zh", "open", 10), ("GI", "zh", "open", 2)])
    shown, marks = visible(cube, ["department"])
    assert shown["rows"].sum() == 12 and marks.to_dict() == {"CARD": "<5"}
    assert visible(_grid([("CARD", "zh", "open", 2)]), ["department"])[1].empty


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(*(st.sampled_from(s) for s in ("ABCD", "xyz", ("open", "restricted"))), st.integers(1, 9)), min_size=1
    )
)
def test_no_row_or_column_shows_all_but_one_cell(cells):
    cube = _grid(cells)
    shown, marks = visible(cube, ["department", "language"])
    counts = cube[cube["restricted"]].groupby(["department", "language"])["rows"].sum()
    left = shown[shown["restricted"]].groupby(["department", "language"])["rows"].sum()
    assert set(left.index) | set(marks.index) == set(counts.index) and not set(left.index) & set(marks.index)
    assert (left >= 5).all()
    assert set(marks[marks == FEW].index) == set(counts[counts < 5].index)
    for level in ("department", "language"):
        for key, group in counts.groupby(level=level):
            hidden = (marks.index.get_level_values(level) == key).sum() if len(marks) else 0
            assert hidden != 1 or len(group) == 1
    assert shown[~shown["restricted"]]["rows"].sum() == cube[~cube["restricted"]]["rows"].sum()


LABEL_COLUMNS = {
    "department": [None, "CARD", "GI", "NONE", "UNK", "neurology"],
    "language": [None, "en", "zh", "de"],
    "source": ["a", "b"],
    "split": ["train", "test"],
    "license": [None, "CC-BY-4.0", "NOASSERTION"],
    "access": ["open", "restricted"],
    "phi_status": ["clean", "unknown"],
    "content_type": [None, "QA"],
    "curriculum": [None, "basic"],
    "value": [None, 0.5, 4.0],
    "synthetic": [True, False],
    "repeats": [1, 3],
    "tokens": [0, 7],
}


@settings(max_examples=4, deadline=None)
@given(st.lists(st.fixed_dictionaries({k: st.sampled_from(v) for k, v in LABEL_COLUMNS.items()}), max_size=40))
def test_whatever_the_labels_are_there_is_a_page(tmp_path_factory, labels):
    """No label, no rows, everything withheld: all of it is shown."""
    path = tmp_path_factory.mktemp("any") / "rows.parquet"
    schema = pa.schema([SCHEMA.field(name) for name in LABEL_COLUMNS])
    nullable = pa.schema([pa.field(f.name, f.type) for f in schema])
    pq.write_table(pa.Table.from_pylist(labels, nullable), path)
    made = report(path)
    assert made.measures["rows"] == len(labels)
    assert len(html.fromstring(made.html()).xpath("//section")) == 16
    assert made.compare(made).html() and str(made)


def test_withheld_numbers_are_in_no_table_and_not_on_the_page(run, found):
    notes = load(run, "curated").to_table().to_pandas().query("source == 'notes'")
    small = notes["department"].value_counts()
    small = small[small < 5]
    assert len(small)
    cells = found.tables["department_source"].query("source == 'notes'").set_index("department")
    for code in small.index:
        assert pd.isna(cells.loc[code, "rows"]) and cells.loc[code, "withheld"] in ("<5", "*")
    departments = found.tables["departments"].set_index("department")
    everything = load(run, "curated").to_table().to_pandas()
    for code in small.index:
        opened = everything.query("department == @code and access == 'open'")
        assert departments.loc[code, "rows"] == len(opened) and departments.loc[code, "withheld"]
    assert "&lt;5" in found.html()


# Targets


def test_targets_are_checked(found):
    assert report(found.facts.where, targets={"at_least": {"rows": 100}}).check() == []
    failures = found.check({"departments": {"CARD": 0.5}, "languages": {"en": 0.9}, "at_most": {"synthetic": 0.01}})
    by_target = {f.target: f for f in failures}
    assert by_target["department CARD"].wanted.startswith("50.00")
    assert "language en" in by_target and by_target["synthetic"].wanted == "at most 0.01"
    assert "department ONC" in by_target and len(failures) > 30
    assert found.check({"at_most": {"contaminated": 0}})[0].found == "not measured"
    assert found.check({"languages": {"en": found.tables["languages"].set_index("language").loc["en", "share"]}}) == []
    assert found.check() == []


def test_targets_default_to_what_balance_was_told(tmp_path):
    written = Written(tmp_path)
    written.source("a", "collectors.a", Outcome(rows("a", 20, department=lambda n: ("CARD", "NONE")[n % 2])))
    targets = {"departments": {"CARD": 0.4, "TCM": {"share": None, "languages": {"zh": 1}}}, "languages": {}}
    written.stage("balanced", "classifiers.balance", ["a"], Outcome, targets=targets)
    frame = report(tmp_path).tables["departments"].set_index("department")
    assert frame.loc["CARD", "target"] == 0.4 and frame.loc["GI", "target"] == pytest.approx(0.6 / 34)
    assert pd.isna(frame.loc["NONE", "share"])
    frame = report(tmp_path, targets={"departments": {"NONE": 0.3}}).tables["departments"].set_index("department")
    assert frame.loc["CARD", "target"] == pytest.approx(0.02)
    assert frame.loc["NONE", "gap"] == pytest.approx(frame.loc["NONE", "share"] - 0.3)


@pytest.mark.parametrize(
    "targets, message",
    [
        ({"department": {}}, "department"),
        ({"departments": {"CRAD": 0.1}}, "CRAD is not a department"),
        ({"departments": {"CARD": 1.1}}, "between 0 and 1"),
        ({"at_most": {"rwos": 1}}, "rwos"),
        ("nowhere.yaml", "can't be read"),
    ],
)
def test_wrong_targets_are_refused(found, targets, message):
    with pytest.raises(UsageError, match=message):
        found.check(targets)


def test_targets_files(found, tmp_path):
    path = tmp_path / "targets.yaml"
    path.write_text("departments: equal\ntolerance: 0.5\nat_least: {rows: 1}\n")
    assert Targets.read(path).department_shares()["CARD"] == pytest.approx(1 / 35)
    assert {f.target for f in found.check(path)} >= {"department CARD", "department NEPH"}
    path.write_text("- a list")
    with pytest.raises(UsageError, match="must be a mapping"):
        Targets.read(path)


# Comparing


def test_two_runs_are_compared_number_by_number(found, tmp_path):
    medical(tmp_path / "after", scale=60, balanced=True)
    after = report(tmp_path / "after")
    both = after.compare(found)
    frame = both.tables["departments"].set_index("department")
    for code in ("CARD", "DERM", "NEPH"):
        now, then = (r.tables["departments"].set_index("department").loc[code] for r in (after, found))
        row = frame.loc[code]
        assert (row["rows"], row["rows_before"], row["rows_change"]) == (
            now["rows"],
            then["rows"],
            now["rows"] - then["rows"],
        )
        assert row["share_change"] == pytest.approx(now["share"] - then["share"])
    assert both.tables["sources"]["rows_before"].sum() == found.tables["sources"]["rows"].sum()
    page = both.html()
    assert "compared with" in page and found.facts.manifest["version"] in page
    other = Written(tmp_path / "other")
    other.source("else", "collectors.a", Outcome(rows("else", 10, department="UROL")))
    sources = report(tmp_path / "other").compare(found).tables["sources"].set_index("source")
    assert sources.loc["papers", "rows"] == 0 and sources.loc["papers", "rows_change"] < 0
    assert sources.loc["else", "rows_before"] == 0
    gone = report(tmp_path / "other").compare(found)
    assert set(gone.tables["department_source"]["withheld"]) == {""} and ">0+<" not in gone.html()


def test_a_report_compared_with_itself_shows_no_change(found):
    for name, frame in found.compare(found).tables.items():
        for column in (c for c in frame.columns if c.endswith("_change")):
            assert not frame[column].fillna(0).any(), (name, column)


# The page

HOSTILE = "<img src=x onerror=alert(1)>\u202e\u200b</script><script>alert(2)</script>{{ 7*7 }}"


def test_the_page_is_one_file_that_loads_nothing(found):
    page = found.html()
    assert len(page.encode()) < 2_000_000
    tree = html.fromstring(page)
    assert not tree.xpath("//link | //img | //iframe | //object | //embed | //*[@src]")
    assert all(href.startswith("#") for href in tree.xpath("//@href"))
    assert not re.search(r"(https?:)?//[a-z]|@import|url\(", page)
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    scripts = tree.xpath("//script")
    assert len(scripts) == 1 and "default-src 'none'" in policy
    digest = base64.b64encode(hashlib.sha256(scripts[0].text.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert not [a for a in tree.xpath("//@*") if a.attrname.startswith("on")]


def test_sections_come_in_order_and_say_what_is_missing(found):
    tree = html.fromstring(found.html())
    ids = tree.xpath("//section/@id")
    assert " ".join(ids) == (
        "alerts departments targets cubes sources history funnel values long_tail duplicates contamination synthetic "
        "rights samples method"
    )
    for section in tree.xpath("//section[h2]"):
        assert len(section.text_content().split("\n")) > 1 and section.xpath("count(*)") > 1
    text = tree.text_content()
    for said in ("Not reviewed by a clinician", "not medical advice", "Not measured", "datagen verify", "仅供研究"):
        assert said in text


def test_everything_is_said_in_both_languages(found):
    pairs = yaml.safe_load((words.files("datagen.reports") / "words.yaml").read_text("utf-8"))
    for key, (english, chinese) in pairs.items():
        assert not re.search(r"[\u4e00-\u9fff]", english), key
        assert re.search(r"[\u4e00-\u9fff]", chinese), key
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", chinese)), key
    tree = html.fromstring(found.html())
    assert len(tree.xpath("//*[@class='en']")) == len(tree.xpath("//*[@class='zh']")) > 100
    assert tree.xpath("//span[@lang='zh' and text()='心血管内科']")
    assert html.fromstring(found.html("zh")).get("lang") == "zh"


def test_hostile_labels_are_inert(tmp_path):
    labels = dict(department=HOSTILE, content_type=HOSTILE, license=HOSTILE, language=HOSTILE)
    data = rows("a", 12, **labels)
    pq.write_table(with_column(data, "source", [HOSTILE] * 12), tmp_path / "hostile.parquet")
    made = report(tmp_path / "hostile.parquet")
    for page in (made.html(), made._repr_html_(), made.compare(made).html()):
        tree = html.fromstring(page)
        assert not tree.xpath("//img") and len(tree.xpath("//script")) <= 1
        assert "\u202e" not in page and "\u200b" not in page and "alert(2)</script>" not in page
        assert "{{ 7*7 }}" in page or "…" in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in made.html()


def test_the_notebook_gets_html_and_text(found):
    bundle = found._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert "<script" not in bundle["text/html"] and "Cardiology" in bundle["text/html"]
    assert "Records" in bundle["text/plain"] and "535" in bundle["text/plain"]
    assert set(found._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}


def test_alerts_point_at_the_rows(found):
    alerts = {a.what.en.split()[-1]: a for a in found.alerts}
    licence = next(a for a in found.alerts if "licence" in a.what.en)
    namespace = {}
    expression = licence.command.split("; ")
    exec(expression[0], namespace)
    assert len(eval(expression[1], namespace)) == 28
    assert alerts and [a.level for a in found.alerts] == sorted(a.level for a in found.alerts)


def test_a_filter_that_tilts_the_balance_is_named(tmp_path):
    medical(tmp_path, scale=60, balanced=True)
    biased = next(a for a in report(tmp_path).alerts if "advertisement" in a.what.en)
    assert "Traditional Chinese" in biased.what.en and "中医" in biased.what.zh
    namespace = {}
    imports, expression = biased.command.split("; ", 1)
    exec(imports, namespace)
    assert len(eval(expression, namespace)) == 32


def test_a_large_cube_is_shown_fast_and_small(tmp_path):
    """60,000 combinations of labels, as many as a run of dozens of sources has."""
    draw = np.random.default_rng(0)
    size = 60_000
    codes = load_taxonomy().codes

    def some(values):
        return pa.array(np.array(values, dtype=object)[draw.integers(0, len(values), size)].tolist())

    data = {
        "department": some([*codes, None]),
        "language": some(["en", "zh", "de"]),
        "source": some([f"source_{n}" for n in range(80)]),
        "license": some(["CC-BY-4.0", "CC0-1.0", "NOASSERTION"]),
        "access": some(["open", "restricted"]),
        "phi_status": some(["clean", "unknown"]),
        "content_type": some(["TEXT", "QA", "RCT"]),
        "value": pa.array(draw.integers(0, 6, size).astype("float32")),
        "tokens": pa.array(draw.integers(1, 5000, size).astype("int32")),
    }
    written = Written(tmp_path)
    base = rows("big", size, "{n}")
    for name, column in data.items():
        base = with_column(base, name, column.cast(base.schema.field(name).type))
    written.source("big", "collectors.big", Outcome(base))
    start = time.process_time()  # other people's work on this machine is not our time
    page = report(tmp_path).html()
    assert time.process_time() - start < 2
    assert len(page) < 2_000_000


# Commands


def invoke(command, *arguments):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_the_command_writes_beside_the_run_and_checks(run, tmp_path):
    result = invoke(report_command, run)
    assert result.exit_code == 0 and result.stdout.strip() == str(run / "report.html")
    assert (run / "report.html").stat().st_size > 10_000
    out = tmp_path / "deep" / "page.html"
    targets = tmp_path / "targets.yaml"
    targets.write_text("at_least: {rows: 1000000}")
    result = invoke(report_command, run, "--out", out, "--stage", "unique", "--targets", targets, "--language", "zh")
    assert isinstance(result.exception, CheckFailed) and result.exception.exit_code == 5
    assert "at least 1e+06" in str(result.exception) and 'lang="zh"' in out.read_text("utf-8")


def test_the_compare_command(run, tmp_path):
    result = invoke(compare_command, run, run, "--out", tmp_path / "both.html")
    assert result.exit_code == 0 and "Department balance compared" in (tmp_path / "both.html").read_text("utf-8")


def test_numbers_are_written_the_same_everywhere():
    assert numbers.count(1234567) == "1,234,567" and numbers.count(pd.NA) == "–"
    assert [numbers.short(n) for n in (0, 999, 1000, 12_345, 999_999, 4.56e9)] == [
        "0",
        "999",
        "1.00k",
        "12.3k",
        "1.00M",
        "4.56B",
    ]
    assert numbers.percent(0.1234) == "12.3\u202f%" and numbers.percent(0.00001) == "<0.1\u202f%"
    assert numbers.points(-0.0123) == "−1.2" and numbers.points(-0.00001) == "0.0" and numbers.points(0.2) == "+20.0"
    assert numbers.signed(-1500) == "−1,500" and numbers.signed(0) == "0"


def test_importing_the_library_does_not_import_the_page():
    code = "import sys, datagen.reports; sys.exit('jinja2' in sys.modules or 'datagen.reports.tables' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# A real browser


@pytest.fixture(scope="module")
def chromium():
    from shutil import which

    binary = which("chromium") or which("chromium-browser")
    playwright = pytest.importorskip("playwright.sync_api")
    if binary is None:
        pytest.skip("no Chromium here")
    quiet = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    quiet += " --disable-component-update --disable-sync"
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=binary, args=quiet.split())
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, found, tmp_path):
    """The page, and everything it said or asked for."""
    heard = []
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(request.url))
    path = found.save(tmp_path / "page.html")
    page.goto(path.as_uri())
    yield page, heard, path.as_uri()
    context.close()


def column(page, number: int, selector: str = "#departments tbody tr") -> list[str]:
    return page.eval_on_selector_all(
        f"{selector}:not([hidden]) td:nth-child({number})", "cells => cells.map(c => c.dataset.v ?? c.innerText)"
    )


def test_in_a_browser_the_page_is_quiet_and_fits(opened):
    page, heard, url = opened
    assert heard == [url]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0


def test_in_a_browser_tables_sort_and_filter(opened):
    page, heard, url = opened
    page.click("#departments th:nth-child(2) button")
    ascending = [float(v) for v in column(page, 2)]
    assert ascending == sorted(ascending) and len(ascending) == 35
    page.click("#departments th:nth-child(2) button")
    assert [float(v) for v in column(page, 2)] == sorted(ascending, reverse=True)
    assert page.get_attribute("#departments th:nth-child(2)", "aria-sort") == "descending"
    page.fill("#departments input[type=search]", "心血管")
    assert len(column(page, 1)) == 1
    page.fill("#departments input[type=search]", "cardi")
    assert 1 <= len(column(page, 1)) < 5
    page.fill("#departments input[type=search]", "")
    assert len(column(page, 1)) == 35
    page.click("#sources th:nth-child(1) button")
    assert column(page, 1, "#sources tbody tr") == sorted(column(page, 1, "#sources tbody tr"))
    assert heard == [url]


def test_in_a_browser_the_language_changes(opened):
    page, heard, url = opened
    title = page.locator("h1")
    assert title.inner_text() == "Department balance"
    page.click(".to-zh")
    assert title.inner_text() == "科室均衡报告"
    assert page.evaluate("document.documentElement.lang") == "zh"
    row = page.locator("#departments tbody tr", has_text="心血管内科").inner_text()
    assert "CARD" in row and "Cardiology" not in row
    assert page.locator("svg text.zh").first.is_visible() and not page.locator("svg text.en").first.is_visible()
    assert heard == [url]


def test_in_a_browser_dark_and_print_are_readable(chromium, found, tmp_path):
    """Ink against paper at no less than WCAG's 4.5:1."""
    path = found.save(tmp_path / "page.html")
    for scheme, media in (("light", "screen"), ("dark", "screen"), ("dark", "print")):
        page = chromium.new_page(color_scheme=scheme)
        page.goto(path.as_uri())
        page.emulate_media(color_scheme=scheme, media=media)
        for selector in ("h1", ".notice", "td.name", "td.heat", ".tile .muted"):
            ink, paper = page.evaluate(CONTRAST, selector)
            high, low = sorted((_luminance(ink), _luminance(paper)), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (scheme, media, selector, ink, paper)
        page.close()


CONTRAST = """selector => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const element = document.querySelector(selector), layers = [];
  for (let e = element; e; e = e.parentElement) layers.unshift(getComputedStyle(e).backgroundColor);
  canvas.fillStyle = "white"; canvas.fillRect(0, 0, 1, 1);
  for (const layer of layers) { canvas.fillStyle = layer; canvas.fillRect(0, 0, 1, 1); }
  const paper = [...canvas.getImageData(0, 0, 1, 1).data];
  canvas.fillStyle = getComputedStyle(element).color; canvas.fillRect(0, 0, 1, 1);
  return [[...canvas.getImageData(0, 0, 1, 1).data], paper];
}"""


def _luminance(color) -> float:
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in color[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
