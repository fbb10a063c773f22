"""One table of samples to the views that trainers read, and TRL reads them."""

import csv
import json
from collections import Counter

import pyarrow.parquet as pq
import pytest

from datagen.publish import manifest
from datagen.record import record_id, table
from datagen.store import Store
from reward_filter.checkers import choice
from reward_filter.pairs import CHECKED, CORRUPTED, PEOPLE, VIEWS, Sample, capped, differences, questions, views
from reward_filter.pairs_stage import samples
from tests.datagen.runs import run, write_recipe
from tests.synthesis.sample_graph import SAMPLE
from tests.synthesis.tiny_model import make_tiny_model


def sample(name: str, response: str, good: bool = True, origin: str = "accepted", **more) -> Sample:
    about = {"language": "en", "group": "g", "split": "train"}
    return Sample(name, more.pop("prompt", "Which disease?"), response, good, origin, **about, **more)


def test_pairs_come_from_corrections_and_from_the_best_and_the_worst():
    found = views(
        [
            sample("a", "gout causes tophi.", origin="reflection"),
            sample("a/before", "gout causes rash.", False, "reflection", than="a", error_class="wrong_finding"),
            sample("m1", "x", prompt="P", score=0.9),
            sample("m2", "y", prompt="P", score=0.2),
            sample("m3", "z", prompt="P", score=0.5),
            sample("tie1", "x", prompt="Q", score=0.5),
            sample("tie2", "y", prompt="Q", score=0.5),
        ]
    )
    pairs = found["preference"].to_pylist()
    assert [(p["chosen"], p["rejected"], p["error_class"]) for p in pairs] == [
        ("gout causes tophi.", "gout causes rash.", "wrong_finding"),
        ("x", "y", None),
    ]
    assert [round(p["margin"], 3) for p in pairs] == [0.0, 0.7]
    (span,) = pairs[0]["rejected_spans"]
    assert "gout causes rash."[span["start"] : span["end"]] == "rash."
    labels = {row["id"]: row["label"] for row in found["unpaired"].to_pylist()}
    assert labels["a"] and not labels["a/before"]
    assert [t.schema for t in found.values()] == list(VIEWS.values())


def test_of_several_answers_a_checker_finds_the_right_ones():
    meta = {"checker": "number", "answer": json.dumps({"value": 12})}
    about = {"group": "g", "split": "train", "language": "en", "source": "s"}
    rows = [
        about
        | {
            "id": record_id("s", str(n)),
            "source_id": str(n),
            "text": f"How many?\n\n{answer}",
            "meta": json.dumps(meta),
        }
        | {"messages": [{"role": "user", "content": "How many?"}, {"role": "assistant", "content": answer}]}
        for n, answer in enumerate(("Answer: 12", "Answer: 21", "Twelve, so the answer is 12."))
    ]
    found = list(samples(table(rows), None, 0, 0))
    assert [(s.good, s.origin) for s in found] == [(True, CHECKED), (False, CHECKED), (True, CHECKED)]
    tables = views(found)
    (pair,) = tables["preference"].to_pylist()
    assert (pair["rejected"], pair["origin"]) == ("Answer: 21", CHECKED)
    assert "12" in pair["chosen"]
    assert {row["checker"] for row in tables["verifiable"].to_pylist()} == {"number"}


def test_what_people_prefer_goes_before_what_was_scored():
    both = [sample("m1", "x", prompt="P", score=0.9), sample("m2", "y", prompt="P", score=0.2)]
    (asked,) = questions([*both, sample("alone", "z", prompt="Q")])
    assert (asked.prompt, asked.first, asked.second) == ("P", "x", "y")
    (pair,) = views(both, preferred=[("m2", "m1")])["preference"].to_pylist()
    assert (pair["chosen"], pair["rejected"], pair["origin"]) == ("y", "x", PEOPLE)
    (pair,) = views(both)["preference"].to_pylist()
    assert pair["chosen"] == "x"


SEVERAL = """
name: several
stages:
  answers: {use: collectors.records, path: answers.jsonl, license: CC0-1.0, fields: {question: q, answer: a}}
  pairs: {use: reward_filter.pairs, needs: [answers], sheets: SHEETS}
"""


def test_sheets_go_out_and_come_in_again(tmp_path, ray_local):
    rows = [
        {"q": f"What is disease {n}?", "a": f"{kind} answer about {n}."} for n in range(6) for kind in ("Good", "Bad")
    ]
    (tmp_path / "answers.jsonl").write_text("\n".join(map(json.dumps, rows)))
    run(write_recipe(tmp_path, SEVERAL.replace(", sheets: SHEETS", "")), tmp_path / "run")
    store = Store(str(tmp_path / "run"))
    first = manifest(store, "pairs")
    sheet = tmp_path / "run" / "pairs" / first["version"] / "data" / "sheet.csv"
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        questions = list(csv.DictReader(file))
    assert len(questions) == 6
    for judge in ("one", "two"):
        with (tmp_path / f"{judge}.csv").open("w", encoding="utf-8-sig", newline="") as file:
            filled = csv.DictWriter(file, questions[0].keys())
            filled.writeheader()
            filled.writerows(q | {"better": "a" if q["answer_a"].startswith("Good") else "b"} for q in questions)
    run(write_recipe(tmp_path, SEVERAL.replace("SHEETS", "[one.csv, two.csv]")), tmp_path / "run")
    second = manifest(store, "pairs")
    assert second["results"]["views"]["agreement"] == 1 or second["results"]["views"]["agreement"] is None
    pairs = pq.read_table(tmp_path / "run" / "pairs" / second["version"] / "data" / "preference.parquet").to_pylist()
    assert [(p["chosen"][:4], p["rejected"][:3], p["origin"]) for p in pairs] == [("Good", "Bad", PEOPLE)] * 6


def test_damage_is_at_most_its_share_and_the_same_samples_stay_in_any_order():
    natural = [(sample(f"a{i}", "x"), sample(f"b{i}", "y", False, "reflection", than=f"a{i}")) for i in range(6)]
    made = [(sample(f"c{i}", "x"), sample(f"d{i}", "y", False, CORRUPTED, than=f"c{i}")) for i in range(40)]
    kept = capped(natural + made, 0.4)
    assert len(kept) == 10
    assert {p[1].id for p in kept} == {p[1].id for p in capped(made[::-1] + natural, 0.4)}
    assert len(capped(natural + made, 1.0)) == 46
    assert capped(made, 0.4) == []


def test_steps_of_a_worse_version_are_wrong_where_they_differ():
    good = sample("a", "Fever points to malaria. It is treated with artesunate.", steps=True, origin="reflection")
    bad = sample("b", "Fever points to malaria. It is treated with aspirin.", False, "reflection", than="a", steps=True)
    rows = views([good, bad])["stepwise"].to_pylist()
    assert [row["labels"] for row in rows] == [[True, True], [True, False]]
    assert all(len(row["completions"]) == len(row["labels"]) for row in rows)


@pytest.mark.parametrize(
    ("a", "b"), [("高血压表现为头痛。", "高血压表现为胸痛。"), ("one two three", "one 2 three four")]
)
def test_differences_are_exactly_what_differs(a, b):
    spans = differences(a, b)
    rest = []
    for text, found in zip((a, b), spans, strict=True):
        for span in reversed(found):
            text = text[: span["start"]] + text[span["end"] :]
        rest.append(text)
    assert rest[0] == rest[1]


def test_rows_with_their_earlier_version_become_pairs():
    meta = {"task": "qa", "anchor": "X:1", "before": "wrong", "errors": [{"class": "negation"}]}
    about = {"group": "g", "split": "train", "language": "en", "source": "s", "synthetic": True}
    talk = [{"role": "user", "content": "Q?"}, {"role": "assistant", "content": "right"}]
    row = about | {"id": record_id("s", "1"), "source_id": "1", "text": "Q?\n\nright", "messages": talk}
    found = list(samples(table([row | {"meta": json.dumps(meta)}]), None, 0, 0))
    assert [(s.response, s.good, s.than is not None, s.error_class) for s in found] == [
        ("right", True, False, None),
        ("wrong", False, True, "negation"),
    ]
    assert found[0].check == ("entity", '{"id": "X:1", "up": 0}')


@pytest.fixture(scope="module")
def published(tmp_path_factory, ray_local):
    folder = tmp_path_factory.mktemp("pairs")
    recipe = f"""
name: small
stages:
  graph: {{use: knowledge_graph.build, obo: {SAMPLE}, babelon: {SAMPLE}, license: CC0-1.0}}
  synthetic: {{use: synthesis.generate, graph: graph, number: 60, keep_dropped: true}}
  mended: {{use: synthesis.reflect, needs: [synthetic, synthetic.dropped], graph: graph}}
  pairs: {{use: reward_filter.pairs, needs: [mended], graph: graph, max_corrupted: 1.0}}
"""
    run(write_recipe(folder, recipe), folder / "run")
    found = manifest(Store(str(folder / "run")), "pairs")
    return folder / "run" / "pairs" / found["version"] / "data", found["results"]["views"]


@pytest.mark.proof("reward_filter.pairs", "fixture")
def test_the_stage_publishes_every_view(published):
    folder, results = published
    tables = {name: pq.read_table(folder / f"{name}.parquet") for name in VIEWS}
    assert {name: len(t) for name, t in tables.items()} == results["rows"]
    assert all(t.schema.equals(VIEWS[name]) for name, t in tables.items())
    assert results["rows"]["preference"] > 20
    assert len(results["error_classes"]) >= 4
    assert Counter(tables["unpaired"]["label"].to_pylist())[True] >= 50
    right = {(r["prompt"], r["checker"]): r["answer"] for r in tables["verifiable"].to_pylist()}
    for row in tables["sft"].to_pylist():
        question, answer = (m["content"] for m in row["messages"])
        if (question, "choice") in right:
            assert choice(right[question, "choice"], answer)


def test_trl_trains_on_the_preferences_as_they_are(published, tmp_path):
    from datasets import load_dataset
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
    from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer

    folder, _ = published
    model = make_tiny_model(tmp_path / "model")
    rows = load_dataset(
        "parquet", data_files=str(folder / "preference.parquet"), cache_dir=str(tmp_path), split="train"
    )
    options = DPOConfig(
        output_dir=str(tmp_path), max_steps=1, per_device_train_batch_size=2, report_to=[], max_length=128, use_cpu=True
    )
    trainer = DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(model),
        args=options,
        train_dataset=rows.select(range(4)),
        processing_class=AutoTokenizer.from_pretrained(model),
    )
    assert trainer.train().training_loss > 0
    tokenizer = AutoTokenizer.from_pretrained(model)
    judge = AutoModelForSequenceClassification.from_pretrained(model, num_labels=1)
    judge.config.pad_token_id = tokenizer.pad_token_id
    more = {"max_steps": 1, "per_device_train_batch_size": 2, "report_to": [], "max_length": 2048, "use_cpu": True}
    trainer = RewardTrainer(
        model=judge,
        args=RewardConfig(output_dir=str(tmp_path), center_rewards_coefficient=0.01, **more),
        train_dataset=rows.select(range(16)),
        processing_class=tokenizer,
    )
    assert trainer.train().training_loss > 0
