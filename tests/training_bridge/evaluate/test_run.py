import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from lxml import html

from datagen.errors import UsageError
from datagen.generator import Generator
from tests.synthesis.scripted_server import Script, Serving
from tests.synthesis.tiny_model import make_tiny_model
from tests.training_bridge.evaluate.published import publish
from training_bridge.evaluate import Result, run
from training_bridge.evaluate.compare import compare
from training_bridge.evaluate.items import read
from training_bridge.evaluate.scores import chance, difference, estimate, majority
from training_bridge.evaluate.suite import suite
from training_bridge.evaluate_command import evaluate

HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }}"
LONG = (
    "A 54-year-old fisherman from the northern coast has had swollen, bleeding gums for three weeks, and his old scars "
    "have opened again; which of these vitamins has his diet of biscuits and salted meat been lacking all winter?"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_tiny_model(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Published files of a few rows; one question is long enough to be found in training data."""
    folder = tmp_path_factory.mktemp("data")
    rows = [[f"Bone number {n}? {HOSTILE}", "one", "two", "three", "four", "ABCD"[n % 4]] for n in range(12)]
    publish(
        "mmlu_anatomy",
        folder,
        [*rows, [LONG, "Vitamin A", "Vitamin C", "Vitamin D", "Vitamin K", "B"], ["Which?", "a", "b", "c", "d", "A"]],
    )
    publish("cmbclin", folder)
    publish("medsafetybench", folder)
    return folder


def test_a_model_is_measured_on_what_is_there_and_the_page_says_what_is_not(model, data, tmp_path):
    found = run(model, list(suite()), data=data)
    table = found.table.set_index(["row", "protocol"])
    assert set(table.index) == {
        ("mmlu_anatomy", "letters"),
        ("mmlu_anatomy", "options"),
        ("cmbclin", "reference"),
        ("medsafetybench", "reference"),
    }
    assert table.loc[("mmlu_anatomy", "letters"), "items"] == 14
    assert table.loc[("mmlu_anatomy", "letters"), "chance"] == 0.25
    # A model of random weights over bytes spends about their number's logarithm on each.
    assert 6 < table.loc[("cmbclin", "reference"), "bits_per_byte"] < 12
    assert len(found.not_run) == len(suite()) - 3
    page = found.save(tmp_path).read_text()
    tree = html.fromstring(page)
    assert HOSTILE not in page and not tree.xpath("//script|//img|//link")
    assert len(tree.xpath('//h2[span="The report\'s table"]/following-sibling::table[1]//tr')) == 23
    assert page.count("not run") >= 20 and "Baichuan-M1" in page
    assert Result.load(tmp_path).rows == found.rows


def test_items_in_the_training_data_are_counted_and_left_out(model, data, tmp_path):
    texts = ["Nothing to see here.", f"Exam of the day. {LONG} A. Vitamin A B. Vitamin C C. Vitamin D D. Vitamin K"]
    pq.write_table(pa.table({"text": [*texts, LONG], "split": ["train", "train", "test"]}), tmp_path / "rows.parquet")
    found = run(model, ["mmlu_anatomy"], data=data, trained_on=str(tmp_path / "rows.parquet")).rows[0]
    marks = {i.contaminated for i in found.items if i.id != "anatomy-13"}
    assert [i.contaminated for i in found.items if i.id == "anatomy-13"] == [True]
    assert True not in marks and None in marks  # short questions can't be told from everyday text
    assert found.clean_score.n == found.score.n - 1


def test_what_can_not_be_run_is_said(model, data, tmp_path):
    with pytest.raises(UsageError, match="no row can be run"):
        run(model, ["usmle"], data=data)
    with pytest.raises(UsageError, match="an endpoint's likelihoods are not at hand"):
        run(Generator(), ["mmlu_anatomy"], data=data)
    with pytest.raises(UsageError, match="neither a model folder nor a run"):
        run(tmp_path, ["mmlu_anatomy"], data=data)
    for listed in (True, False):
        with pytest.raises(UsageError, match=r"there is no folder .*nodata"):
            evaluate(str(model), data=tmp_path / "nodata", list_=listed)


def test_the_command_lists_runs_and_compares(model, data, tmp_path):
    def datagen(*arguments: str) -> str:
        called = subprocess.run([sys.executable, "-m", "datagen", *arguments], capture_output=True, text=True)
        assert called.returncode == 0, called.stderr
        return called.stdout

    listed = datagen("evaluate", "--list", "--data", str(data))
    assert sum(line[:1].isalpha() for line in listed.splitlines()) == len(suite()) + 3
    assert [line.split()[-1] for line in listed.splitlines() if line.startswith("usmle ")] == ["no"]
    out = tmp_path / "out"
    printed = datagen("evaluate", str(model), "--task", "mmlu_anatomy", "--data", str(data), "--out", str(out))
    assert printed.strip() == str(out / "results.html")
    assert "no difference shown" in datagen("compare", str(out), str(out), "--language", "zh")
    tree = html.parse(out / "compare.html")
    assert tree.getroot().get("lang") == "zh" and tree.xpath("//input[@class='to-zh']/@checked")
    assert "未见差异" in tree.xpath("//td/span[@lang='zh']/text()") and not tree.xpath("//script|//@src|//@href")


def test_a_served_model_is_judged_by_a_served_judge(data, tmp_path):
    """The scripted server echoes as a model, and says A as a judge."""
    with Serving(Script()) as server:
        served = tmp_path / "served.yaml"
        options = {"url": server.url, "model": "m1-served", "private": True}
        served.write_text(yaml.safe_dump({"generator": "openai", "generator_options": options}))
        command(str(served), tasks=["mmlu_anatomy"], data=data, judge=served, out=tmp_path / "out")
    found = Result.load(tmp_path / "out")
    (row,) = found.rows
    assert (row.protocol, row.states) == ("judge", {"judged": 14})
    assert row.score.mean == pytest.approx(sum(n % 4 == 0 for n in range(12)) / 14 + 1 / 14)
    assert (found.facts["model"], found.facts["judge"]) == ("m1-served", "m1-served")
    assert len((tmp_path / "out" / "responses.jsonl").read_text().splitlines()) == 14
    for wrong in ("generator: openai", "- 1", "generator: nobody"):
        served.write_text(wrong)
        with pytest.raises(UsageError):
            command(str(served), tasks=["mmlu_anatomy"], data=data, judge=served, out=tmp_path / "out")


def command(model: str, **options) -> None:
    defaults = {"trained_on": None, "canaries": None, "limit": 1000, "seed": 0, "max_tokens": 64, "likely": True}
    evaluate(model=model, list_=False, **{**defaults, **options})


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    held = 0
    for trial in range(200):
        cases = np.repeat(rng.random(40) < 0.3, 3)  # three questions of a case are right together
        found = estimate(cases.astype(float), [str(n // 3) for n in range(120)], seed=trial)
        held += found.low <= 0.3 <= found.high
    assert 0.9 <= held / 200 <= 0.99
    assert estimate([1.0] * 20, [str(n) for n in range(20)]).low == pytest.approx(0.025 ** (1 / 20))
    assert difference([1, 1, 0, 1], [0, 1, 0, 0], list("abcd")).mean == 0.5


def test_guessing_and_the_commonest_answer(tmp_path):
    rows = [[f"Q{n}", "1", "2", "3", "4", "AAAB"[n % 4]] for n in range(8)]
    questions = read(suite()["mmlu_anatomy"], str(publish("mmlu_anatomy", tmp_path, rows))).questions
    assert (chance(suite()["mmlu_anatomy"], questions), majority(suite()["mmlu_anatomy"], questions)) == (0.25, 0.75)


@pytest.mark.parametrize(("gain", "word"), [(0.25, "better"), (0.0, "no difference shown"), (-0.25, "worse")])
def test_a_verdict_is_told_from_noise_of_items_and_seeds(gain, word, model, data):
    rng = np.random.default_rng(3)
    first = run(model, ["mmlu_anatomy"], data=data, likely=True)
    row = next(r for r in first.rows if r.protocol == "letters")
    items = [replace(row.items[0], id=str(n), cluster=str(n)) for n in range(300)]
    easy = rng.random(300)

    def result(share: float) -> Result:
        scores = (easy + rng.normal(0, 0.05, 300) < share).astype(float)
        scored = tuple(replace(i, score=float(s)) for i, s in zip(items, scores, strict=True))
        return replace(first, rows=(replace(row, items=scored),))

    before = {f"seed-{n}": result(0.5 + rng.normal(0, 0.01)) for n in range(3)}
    after = {f"seed-{n}": result(0.5 + gain + rng.normal(0, 0.01)) for n in range(3)}
    (verdict,) = compare(before, after)
    assert (verdict.word, verdict.seeds, verdict.items) == (word, 3, 300)
    assert verdict.low < gain < verdict.high
