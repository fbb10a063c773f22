"""What a report says about the inside of the records: texts to read, benchmarks, entities, what is short, errors."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from lxml import html

from datagen.record import with_column
from datagen.reports import report
from datagen.reports.corrected import Confusion, corrected, true_given_answer
from datagen.reports.privacy import FEW
from datagen.reports.samples import CHARACTERS
from datagen.stage import Outcome
from datagen.work_list import WORK_LIST
from tests.datagen.written import Written, rows

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>\u202e\u200b{{ 7*7 }} words"
LABELS = dict(department=lambda n: ("CARD", "GI")[n % 2], language=lambda n: ("en", "zh")[n // 2 % 2])


def texts(made) -> str:
    """All text of the samples' section, whatever the language."""
    return html.fromstring(made.html()).xpath("string(//section[@id='samples'])")


# Samples


@pytest.fixture(scope="module")
def many_kinds(tmp_path_factory):
    """One open source whose text may be shown, and one of every kind whose text may not."""
    folder = tmp_path_factory.mktemp("samples") / "run"
    run = Written(folder)
    kinds = {
        "shown": {},
        "patients": {},
        "restricted": {"access": "restricted"},
        "unscreened": {"phi_status": "unknown"},
        "redacted": {"phi_status": "redacted"},
        "unlicensed": {"license": "NOASSERTION"},
    }
    for name, labels in kinds.items():
        made = rows(name, 12, f"text of {name} {{n}}", **{"license": "CC0-1.0", **LABELS, **labels})
        run.source(name, "collectors.records", Outcome(made), **({"patient_level": True} if name == "patients" else {}))
    run.stage("curated", "toy.join", list(kinds), Outcome)
    return folder


def test_only_open_screened_and_free_text_is_shown(many_kinds):
    made = report(many_kinds)
    assert set(made.samples["source"]) == {"shown"} and len(made.samples) == 2 * 2 * 2
    page = made.html()
    assert "text of shown" in page
    for kind in ("patients", "restricted", "unscreened", "redacted", "unlicensed"):
        assert f"text of {kind}" not in page and f"text of {kind}" not in made._repr_html_()


def test_samples_are_the_same_every_time_and_can_be_turned_off(many_kinds):
    assert report(many_kinds).samples.equals(report(many_kinds).samples)
    without = report(many_kinds, samples=False)
    assert without.samples is None and "text of" not in without.html() and "Turned off" in texts(without)
    both = report(many_kinds).compare(report(many_kinds, samples=False))
    assert "text of shown" in both.html()


def test_parquet_files_show_samples_by_the_same_rules(many_kinds):
    version = report(many_kinds).facts.manifest["version"]
    made = report(many_kinds / "curated" / version / "data")
    # Files don't say which sources are about patients: what they hold must be open, screened and free.
    assert set(made.samples["source"]) == {"shown", "patients"}
    assert not len(report(many_kinds / "curated" / version / "stats" / "cube.parquet").samples)


def test_hostile_text_is_inert_in_samples(tmp_path):
    run = Written(tmp_path)
    made = rows("web", 8, "{n}", license="CC0-1.0", **LABELS)
    run.source("web", "collectors.records", Outcome(with_column(made, "text", [HOSTILE] * 8)))
    for page in (report(tmp_path).html(), report(tmp_path)._repr_html_()):
        tree = html.fromstring(page)
        assert not tree.xpath("//img") and len(tree.xpath("//script")) <= 1
        assert "\u202e" not in page and "\u200b" not in page and "49" not in texts(report(tmp_path))
        assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_samples_are_short_and_so_is_the_page(tmp_path):
    run = Written(tmp_path)
    long = rows("web", 400, "心脏 {n} " * 5000, license="CC0-1.0", **LABELS)
    run.source("web", "collectors.records", Outcome(long))
    found = report(tmp_path).samples
    assert (found[found["language"] == "zh"]["text"].str.len() <= CHARACTERS["zh"]).all()
    assert len(report(tmp_path).html().encode()) < 500_000


# Patients


def test_small_cells_of_patient_level_sources_are_withheld_though_they_are_open(tmp_path):
    run = Written(tmp_path)
    department = dict(department=lambda n: "CARD" if n < 3 else "GI")
    patients = rows("patients", 23, department=lambda n: "CARD" if n < 3 else "PALL" if n > 19 else "GI")
    run.source("patients", "collectors.records", Outcome(patients), patient_level=True)
    run.source("papers", "collectors.jats", Outcome(rows("papers", 20, **department)))
    run.stage("curated", "toy.join", ["patients", "papers"], Outcome)
    made = report(tmp_path)
    cells = made.tables["department_source"].set_index(["department", "source"])
    assert cells.loc[("CARD", "patients"), "withheld"] == FEW and pd.isna(cells.loc[("CARD", "patients"), "rows"])
    assert cells.loc[("CARD", "papers"), "rows"] == 3
    departments = made.tables["departments"].set_index("department")
    assert departments.loc["CARD", "rows"] == 3 and departments.loc["CARD", "withheld"] == FEW
    # A share of tokens is no count of people: it is that of all records.
    assert departments.loc["CARD", "share"] == pytest.approx(6 / 43, rel=0.2)
    assert departments.loc["PALL", ["rows", "share", "gap", "en", "synthetic"]].isna().all()
    assert "NaN" not in made.html() and ">nan" not in made.html() and "nan" not in made.html("zh").split("<svg")[1]


# Benchmarks


@pytest.fixture(scope="module")
def screened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("screened") / "run"
    run = Written(folder)
    run.source("papers", "collectors.jats", Outcome(rows("papers", 30, **LABELS)))
    run.source("notes", "collectors.records", Outcome(rows("notes", 30, **LABELS)), patient_level=True)

    def screen(batch) -> Outcome:
        ids, sources = batch["id"].to_pylist(), batch["source"].to_pylist()
        papers, notes = ([i for i, s in zip(ids, sources, strict=True) if s == name] for name in ("papers", "notes"))
        dropped = dict.fromkeys(papers[:6], "benchmark:medqa") | dict.fromkeys(papers[6:8], "lineage:cmexam")
        return Outcome(batch, dropped | dict.fromkeys(notes[:2], "benchmark:medqa"))

    inputs = ("medqa/test.jsonl", "cmexam/test.csv")
    run.stage("clean", "dedup.decontaminate", ["papers", "notes"], screen, inputs=inputs)
    run.source("written", "synthesis.generate", Outcome(rows("written", 9, synthetic=True, **LABELS)), ())
    run.stage("curated", "toy.join", ["clean", "written"], Outcome)
    return folder


def test_contamination_is_told_by_benchmark_and_source(screened):
    made = report(screened)
    table = made.tables["contamination"].set_index(["benchmark", "source"])
    assert table.loc[("medqa", "papers"), ["kind", "rows"]].tolist() == ["benchmark", 6]
    assert table.loc[("cmexam", "papers"), ["kind", "rows"]].tolist() == ["lineage", 2]
    assert table.loc[("medqa", "notes"), "withheld"] == FEW and pd.isna(table.loc[("medqa", "notes"), "rows"])
    assert made.measures["contaminated"] == 10


def test_what_no_decontamination_looked_at_is_an_alert(screened):
    alert = next(a for a in report(screened).alerts if "never looked for" in a.what.en)
    assert alert.level == "bad" and "written" in alert.what.zh and "papers" not in alert.what.en
    namespace = {}
    imports, expression = alert.command.split("; ", 1)
    exec(imports, namespace)
    assert len(eval(expression, namespace)) == 9
    assert not [a for a in report(screened, stage="clean").alerts if "never looked for" in a.what.en]


def test_a_stage_that_reads_raw_input_over_records_is_no_source(screened):
    flow = report(screened).tables["flow"].set_index("line")["rows"]
    assert flow["read"] == 60 and flow["written"] == 9 and flow["published"] == 59
    assert flow.drop("published").sum() == flow["published"]


# Results of stages


def with_results(made, stage: str, **results):
    """The report with a stage's manifest saying so."""
    facts = made.facts.stages[stage]
    version = replace(facts.version, manifest={**facts.version.manifest, "results": results})
    stages = {**made.facts.stages, stage: replace(facts, version=version)}
    return replace(made, facts=replace(made.facts, stages=stages))


def test_the_long_tail_is_told_by_type_and_department(screened):
    line = {
        "nodes": 200,
        "named": [50, 20, 10],
        "missing": [["DOID:1", "cor triatriatum", "三房心"], ["DOID:2", "x", None]],
    }
    found = with_results(
        report(screened), "clean", coverage={"types": {"disease": line}, "departments": {"CARD": line}}
    )
    table = found.tables["coverage"].set_index(["axis", "label"])
    assert table.loc[("types", "disease"), ["named_1", "named_5", "named_20"]].tolist() == [50, 20, 10]
    section = html.fromstring(found.html()).xpath("string(//section[@id='long_tail'])")
    assert "25.0\u202f%" in section and "cor triatriatum 三房心; x" in section
    assert "Not measured" in html.fromstring(report(screened).html()).xpath("string(//section[@id='long_tail'])")
    both = found.compare(found)
    assert not both.tables["coverage"]["named_1_change"].any() and "cor triatriatum" in both.html()


def test_the_work_list_is_on_the_page(screened):
    line = dict.fromkeys(WORK_LIST.names) | {
        "department": "CARD",
        "language": "zh",
        "rows": 1,
        "tokens": 7,
        "reach": 70,
    }
    line |= {"wanted": 4321, "short": 4251}
    found = with_results(report(screened), "curated", goals={"work_list": [line]})
    table = found.tables["work_list"]
    assert table[["department", "language", "content_type", "short"]].values.tolist() == [["CARD", "zh", "", 4251]]
    section = html.fromstring(found.html()).xpath("string(//section[@id='targets'])")
    assert "4,251" in section and "Chinese" in section
    assert found.compare(found).html()
    met = with_results(report(screened), "curated", goals={"work_list": []})
    assert "Nothing is short" in met.html() and "Nothing is short" not in report(screened).html()


def test_a_page_of_many_sources_fits_the_window(tmp_path):
    from shutil import which

    binary = which("chromium") or which("chromium-browser")
    playwright = pytest.importorskip("playwright.sync_api")
    if binary is None:
        pytest.skip("no Chromium here")
    run = Written(tmp_path)
    names = [f"a_source_with_a_long_name_{n}" for n in range(30)]
    for name in names:
        run.source(name, "collectors.records", Outcome(rows(name, 4, "words " * 60, license="CC0-1.0", **LABELS)))
    run.stage("curated", "toy.join", names, Outcome)
    path, heard = report(tmp_path).save(tmp_path / "page.html"), []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda message: heard.append(message.text))
        page.on("request", lambda request: heard.append(request.url))
        page.goto(path.as_uri())
        for _ in ("en", "zh"):
            assert page.evaluate("document.documentElement.scrollWidth") <= 1280
            page.click(".to-zh")
        page.fill("#sources input[type=search]", "long_name_7")
        assert page.locator("#sources tbody tr:not([hidden])").count() == 1
        assert heard == [path.as_uri()]
        browser.close()


# Errors of the labeller


def test_intervals_hold_the_true_shares():
    """A labeller confuses A and B; 100 rows of each label were held out."""
    answers_given = np.array([[0.75, 0.2, 0.0, 0.05], [0.1, 0.85, 0.0, 0.05], [0.0, 0.05, 0.95, 0.0]])
    draw, held, plain, better = np.random.default_rng(0), [], [], []
    for _ in range(100):
        table = np.stack([draw.multinomial(100, line) for line in answers_given])
        truth = draw.multinomial(20_000, [0.1, 0.6, 0.3])
        answers = sum(draw.multinomial(count, line) for count, line in zip(truth, answers_given, strict=True))
        shares = true_given_answer(Confusion(("A", "B", "C"), table).draws(301), answers) @ (answers / answers.sum())
        low, high = np.percentile(shares[1:], (2.5, 97.5), axis=0)
        true = truth / truth.sum()
        held += ((low <= true) & (true <= high)).tolist()
        plain.append(abs(answers[:3] / answers[:3].sum() - true))
        better.append(abs(shares[0] - true))
    assert np.mean(held) >= 0.87  # with so few rows, the intervals are a little too narrow
    assert np.mean(better) < 0.7 * np.mean(plain)


def test_a_label_never_held_out_borrows_the_others_errors():
    table = np.array([[27, 3, 0, 0], [0, 0, 0, 0], [2, 0, 28, 0]])
    first = Confusion(("A", "B", "C"), table).draws(100)[0]
    assert first[1].argmax() == 1 and 0.7 < first[1, 1] < 0.99
    spread = Confusion(("A", "B", "C"), table).draws(500).std(0)
    assert spread[1, 1] > 2 * spread[0, 0]


@pytest.mark.parametrize("overwrite", [False, True])
def test_shares_are_corrected_for_what_the_classifier_labelled(tmp_path, overwrite):
    """A classifier calls a fifth of CARD GI. Source labels and synthetic rows are taken as they are."""
    run = Written(tmp_path)
    known = rows("known", 1000, "w", split="train", department=lambda n: "CARD" if n < 500 else "GI")
    guessed = rows("guessed", 1000, "w", split="train")
    run.source("known", "collectors.records", Outcome(known))
    run.source("guessed", "collectors.records", Outcome(guessed))

    def label(batch) -> Outcome:
        fresh = ["CARD" if n % 10 < 4 else "GI" for n in range(len(batch))]  # of 500 that are CARD, and 500 of GI
        given = batch["department"].to_pylist()
        return Outcome(with_column(batch, "department", [g or f for g, f in zip(given, fresh, strict=True)]))

    run.stage("labelled", "classifiers.annotate", ["known", "guessed"], label, overwrite=overwrite)
    run.source(
        "written",
        "synthesis.generate",
        Outcome(rows("written", 500, "w", split="train", department="GI", synthetic=True)),
        (),
    )
    run.stage("curated", "toy.join", ["labelled", "written"], Outcome)
    facts = report(tmp_path).facts
    table = {"labels": ["CARD", "GI"], "counts": [[8000, 2000, 0], [0, 10000, 0]]}
    found = corrected(replace(facts, labeller=(table, "labelled")), pd.Series(["CARD", "GI", ""]))
    true_card = 900 / 0.8 if overwrite else 500 + 500
    assert found.loc["CARD", "corrected"] == pytest.approx(true_card / 2500, rel=0.01)
    assert found.loc["GI", "corrected"] == pytest.approx(1 - true_card / 2500, rel=0.01)
    assert (found["corrected_low"] <= found["corrected"]).all() and (
        found["corrected"] <= found["corrected_high"]
    ).all()
    page = replace(report(tmp_path), facts=replace(facts, labeller=(table, "labelled"))).html()
    assert "95 % interval" in page and corrected(facts, pd.Series(["CARD"])) is None


def test_a_classifiers_table_is_found_in_the_run(tmp_path):
    """By the artefact that the labelling stage names."""
    run = Written(tmp_path)
    run.source("papers", "collectors.jats", Outcome(rows("papers", 20, **LABELS)))
    run.stage("labelled", "classifiers.annotate", ["papers"], Outcome)
    manifest_file = next((tmp_path / "labelled").glob("v-*/manifest.json"))
    manifest = json.loads(manifest_file.read_text())
    manifest["identity"]["artefacts"] = {"model": "0123456789ab"}
    manifest_file.write_text(json.dumps(manifest))
    table = {"labels": ["CARD", "GI"], "counts": [[9, 1, 0], [1, 9, 0]]}
    classifier = {
        **manifest,
        "stage": "classifier",
        "version": "v-0123456789ab",
        "publishes": "classifier",
        "identity": {**manifest["identity"], "options": {"target": "department"}, "needs": [], "artefacts": {}},
        "results": {"train": {"confusion": table}},
    }
    folder = tmp_path / "classifier" / "v-0123456789ab"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(classifier))
    made = report(tmp_path)
    assert made.facts.labeller == (table, "labelled")
    assert made.tables["departments"].set_index("department").loc["CARD", "corrected_high"] > 0
    assert pq.read_schema(manifest_file.parent / "data" / "part-00000.parquet").names
