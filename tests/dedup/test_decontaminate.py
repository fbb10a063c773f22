import gzip
import json

import pytest
from stages import record

from datagen.errors import UsageError
from datagen.recipe import load_recipe
from datagen.record import table
from dedup.decontaminate import Decontaminate
from dedup.evaluation_sets import FORMATS
from dedup.masking import OMISSION
from dedup.minhash import MinHashDedup
from tests.classifiers.local import ledger_of, result_of, rows_of, run_stage

ITEMS = {
    "en": "A forty-year-old baker has had morning cough and wheeze for two years that vanish on holidays. What is it?",
    "zh": "一名二十岁学生淋雨后突发寒战高热，咳铁锈色痰，右下肺叩诊浊音，最可能的诊断是什么？",
}
OTHER = "The clinic opens at eight. 门诊八点开门。"


@pytest.fixture(params=["items.jsonl", "items.jsonl.gz"])
def path(request, tmp_path):
    data = "".join(json.dumps({"id": name, "question": text}) + "\n" for name, text in ITEMS.items()).encode()
    path = tmp_path / request.param
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def ready(path: str, **options) -> Decontaminate:
    stage = Decontaminate(benchmarks={"exam": path}, **options)
    stage.setup({})
    return stage


@pytest.mark.proof("dedup.decontaminate", "fixture")
@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_a_record_that_holds_an_item_is_dropped(path, item):
    outcome = ready(path).apply(table([record("s", 1, f"{OTHER}\n{item}"), record("s", 2, OTHER)]))
    assert outcome.dropped == {record("s", 1, "")["id"]: "benchmark:exam"}


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_masking_cuts_the_item_and_nothing_else(path, item):
    text = f"{OTHER}\n{item} {OTHER}"
    outcome = ready(path, action="mask").apply(table([record("s", 1, text)]))
    assert not outcome.dropped
    masked = outcome.rows["text"][0].as_py()
    assert masked.startswith(f"{OTHER}\n{OMISSION}") and masked.endswith(OTHER)
    assert not any(piece in masked for piece in ("baker", "holidays", "寒战", "诊断"))
    assert not ready(path).apply(outcome.rows).dropped


def test_masking_finds_every_copy(path):
    text = f"\n{OTHER}\n".join(ITEMS.values()) * 3
    (masked,) = ready(path, action="mask").apply(table([record("s", 1, text)])).rows["text"].to_pylist()
    assert masked.count(OMISSION) == 6 and "baker" not in masked and "寒战" not in masked


def test_a_record_of_which_nothing_would_be_left_is_dropped(path):
    outcome = ready(path, action="mask").apply(table([record("s", 1, ITEMS["en"])]))
    assert list(outcome.dropped.values()) == ["benchmark:exam"]


def test_the_messages_of_a_dialogue_say_what_its_text_says(path):
    first, second = ITEMS["en"][:60], ITEMS["en"][60:]  # the item goes over two turns
    said = [f"{OTHER} {first}", f"{second} {OTHER}", "That depends."]
    messages = [{"role": role, "content": turn} for role, turn in zip(["user", "assistant", "user"], said, strict=True)]
    rows = ready(path, action="mask").apply(table([record("s", 1, "\n\n".join(said), messages=messages)])).rows
    (row,) = rows.to_pylist()
    turns = [m["content"] for m in row["messages"]]
    assert turns == [f"{OTHER} {OMISSION}", f"{OMISSION}? {OTHER}", "That depends."]
    assert row["text"] == "\n\n".join(turns)


def test_a_dialogue_whose_text_is_something_else_is_dropped(path):
    row = record("s", 1, f"{OTHER} {ITEMS['en']}", messages=[{"role": "user", "content": ITEMS["en"]}])
    assert list(ready(path, action="mask").apply(table([row])).dropped.values()) == ["benchmark:exam"]


@pytest.mark.parametrize("action", ["drop", "mask"])
def test_what_was_found_is_counted_by_benchmark_and_source(path, tmp_path, action):
    rows = [record(s, n, f"{OTHER} {ITEMS['en'] if n < 2 else 'End.'}") for s in ("web", "book") for n in range(3)]
    stage = ready(path, action=action)
    version = run_stage(tmp_path / "run", stage, [table(rows[:3]), table(rows[3:])])
    fate = {"drop": "dropped", "mask": "masked"}[action]
    counts = {"items": 2, "searched": 2, "records": {"book": {fate: 2}, "web": {fate: 2}}}
    assert result_of(version, "report") == {"exam": counts}
    outcomes = [outcome for outcome, _ in ledger_of(version).values()]
    assert outcomes.count("dropped") == (4 if action == "drop" else 0)
    assert len(rows_of(version)) == (2 if action == "drop" else 6)


def test_a_record_with_items_of_two_benchmarks_counts_for_both(path, tmp_path):
    stage = Decontaminate(benchmarks={"exam": path, "resit": path})
    stage.setup({})
    version = run_stage(tmp_path / "run", stage, [table([record("web", 1, f"{OTHER} {ITEMS['en']}")])])
    counts = {"items": 2, "searched": 2, "records": {"web": {"dropped": 1}}}
    assert result_of(version, "report") == {"exam": counts, "resit": counts}
    assert [reason for _, reason in ledger_of(version).values()] == ["benchmark:exam"]


def test_a_cluster_with_an_item_goes_whichever_stage_comes_first(path, tmp_path):
    """Near-copies of a page with an item: one of them even had the item's last word changed."""
    page = f"{OTHER} " + " ".join(f"sentence {n} of the page" for n in range(80))
    rows = [record("s", n, f"{page} {ITEMS['en']}") for n in range(3)]
    rows.append(record("s", 3, f"{page} {ITEMS['en'].replace('is it', 'was that')}"))
    rows.append(record("s", 4, f"something else altogether {OTHER}"))

    def of(folder, stage, batch):
        return rows_of(run_stage(tmp_path / folder, stage, [batch]))

    merged = of("1", MinHashDedup(threshold=0.7), table(rows))
    assert len(merged) == 2
    assert of("2", ready(path), merged)["source_id"].to_pylist() == ["4"]
    clean = of("3", ready(path), table(rows))
    assert of("4", MinHashDedup(threshold=0.7), clean)["source_id"].to_pylist() == ["4"]


def test_sources_said_to_be_kin_are_barred(path):
    stage = ready(path, lineage={"osce": "exam"})
    outcome = stage.apply(table([record("osce", 1, OTHER), record("web", 1, OTHER)]))
    assert list(outcome.dropped.values()) == ["lineage:exam"]


def test_paths_of_a_recipe_are_relative_to_it(path, tmp_path):
    (tmp_path / "r.yaml").write_text(
        "name: r\nstages:\n"
        "  notes: {use: collectors.records, path: notes.jsonl, fields: {text: text}}\n"
        f"  clean: {{use: dedup.decontaminate, needs: [notes], benchmarks: {{exam: {path.rpartition('/')[2]}}}}}\n"
    )
    (tmp_path / "notes.jsonl").write_text('{"text": "x"}\n')
    stage = load_recipe(tmp_path / "r.yaml").steps["clean"].stage
    assert [item.name for item in stage.items()] == [f"exam/{path.rpartition('/')[2]}"]


def test_a_missing_file_a_wrong_form_and_no_benchmark_are_clear_errors(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        Decontaminate(benchmarks={"exam": str(tmp_path / "lost.jsonl")}).items()
    (tmp_path / "items.jsonl").write_text('{"stem": "x"}\n')
    with pytest.raises(UsageError, match=r"exam/items\.jsonl: bad_item: row 1: no `question`"):
        Decontaminate(benchmarks={"exam": str(tmp_path / "items.jsonl")}).setup({})
    for wrong in ({}, {"a/b": "x.jsonl"}, {"MedQA": "x.jsonl"}, {"cmb-clin": "x.jsonl"}):
        with pytest.raises(ValueError, match="benchmark"):
            Decontaminate(benchmarks=wrong)
    with pytest.raises(ValueError, match="lineage names medka"):
        Decontaminate(benchmarks={"exam": "x.jsonl"}, lineage={"osce": "medka", "web": "medqa", "own": "exam"})


def test_a_message_without_content_says_nothing(path):
    messages = [{"role": "system", "content": None}, {"role": "user", "content": f"{OTHER} {ITEMS['en']}"}]
    row = record("s", 1, f"\n\n{messages[1]['content']}", messages=messages)
    (masked,) = ready(path, action="mask").apply(table([row])).rows.to_pylist()
    assert OMISSION in masked["messages"][1]["content"] and not masked["messages"][0]["content"]


def test_the_help_names_every_known_benchmark():
    assert FORMATS.keys() <= {*Decontaminate.__doc__.replace(",", " ").replace(".", " ").split()}
