"""Packing and pretraining as stages of a recipe, on the bundled corpus."""

import json

import pyarrow.parquet as pq
import pytest

from datagen import load, notice
from datagen.publish import manifest
from datagen.recipe import load_recipe
from datagen.runs import run_recipe
from datagen.store import Store
from tests.training_bridge.published import data

RECIPE = """
name: tiny
split: {validation: 0.2, test: 0.05}
stages:
  textbooks:
    use: collectors.records
    path: SAMPLE/textbook/zh.jsonl
    fields: {id: id, text: text, group: id, language: language, department: department}
    constants: {content_type: TEXT}
  general:
    use: collectors.records
    path: SAMPLE/general
    fields: {id: id, text: text, language: language, department: department}
  unique: {use: dedup.minhash, needs: [textbooks, general], threshold: 0.5}
  graded: {use: classifiers.curriculum, needs: [unique]}
  packed:
    use: training_bridge.pack
    needs: [graded]
    vocabulary: 600
    tokenizer_bytes: 8000
    lengths: {general: 512, basic: 128}
    heldout_bytes: 2000
  model:
    use: training_bridge.pretrain
    tokens: packed
    stages:
      - {name: general, tokens: 2048, sequence_length: 512}
      - {name: basic, tokens: 2048, sequence_length: 512, mixture: {general: 1, basic: 1}}
    batch_tokens: 512
    micro_batch_tokens: 512
    warmup_tokens: 512
    checkpoint_every: 2
"""

pytestmark = pytest.mark.proof("training_bridge.pack", "training_bridge.pretrain", "fixture")


def test_sequences_hold_the_train_split_once_and_nothing_else(out):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(data(out, "packed") / "tokenizer")
    packed = pq.read_table(data(out, "packed") / "sequences")
    decoded = []
    for row in packed.to_pylist():
        start = 0
        for length in row["document_lengths"]:
            decoded.append(tokenizer.decode(row["input_ids"][start : start + length], skip_special_tokens=True))
            start += length
    rows = load(out, "graded").to_table(columns=["text", "split", "curriculum"]).to_pylist()
    everything = "".join(decoded)
    # Longer documents go on in another sequence, so whole texts are looked for among those that fit one.
    general = [r["text"] for r in rows if r["split"] == "train" and r["curriculum"] == "general"]
    fitting = [text for text in general if len(tokenizer(text)["input_ids"]) < 500]
    assert len(fitting) > 20 and all(text in everything for text in fitting)
    assert not [r["text"] for r in rows if r["split"] != "train" and r["text"][:60] in everything]
    facts = [json.loads((data(out, "packed") / f"packing-{c}-000.json").read_text()) for c in ("general", "basic")]
    assert sum(f["tokens"] for f in facts) == sum(map(len, packed["input_ids"].to_pylist()))


def test_the_tokenizer_learns_from_every_source_in_whatever_order_they_come(out):
    """Its text is less than the English of the first source."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(data(out, "packed") / "tokenizer")
    spelt = [tokenizer.decode([number]) for number in range(333, len(tokenizer))]
    assert any(len(word.strip()) > 2 and word.isascii() for word in spelt)
    assert any("\u4e00" <= word[:1] <= "\u9fff" for word in spelt)


def test_held_out_text_is_validation_of_every_source_by_language_and_department(out):
    from training_bridge.pack import DEPARTMENT

    held = pq.read_table(data(out, "packed") / "heldout").to_pylist()
    rows = load(out, "graded").to_table(columns=["text", "split", "language", "department", "source"]).to_pylist()
    validation = [row for row in rows if row["split"] == "validation"]
    labels = {row["label"] for row in held}
    assert {"en", "zh"} <= labels and any(label.startswith(DEPARTMENT) for label in labels)
    for row in held:
        column = "department" if row["label"].startswith(DEPARTMENT) else "language"
        value = row["label"].removeprefix(DEPARTMENT)
        assert len(row["text"].encode()) <= 256
        assert any(v[column] == value and v["text"].startswith(row["text"]) for v in validation)
    measured = manifest(Store(str(out)), "model")["results"]["train"]
    assert measured["bits_per_byte"]["basic"].keys() == {label for label in labels if not label.startswith(DEPARTMENT)}
    by_department = measured["bits_per_byte_by_department"]["basic"]
    assert {DEPARTMENT + name for name in by_department} == {label for label in labels if label.startswith(DEPARTMENT)}


def test_a_sample_does_not_depend_on_the_order_and_stays_small():
    from training_bridge.pack import _Sample

    texts = {f"{number:032x}": "发热" * number for number in range(400)}
    samples = []
    for ids in (sorted(texts), sorted(texts, reverse=True), sorted(texts, key=lambda i: texts[i] + i[::-1])):
        sample = _Sample(8192)
        for id in ids:
            sample.offer(id, texts[id])
        samples.append(sample)
    assert samples[0].texts() == samples[1].texts() == samples[2].texts()
    assert 8192 <= sum(len(text.encode()) for text in samples[0].texts()) == samples[0].bytes < 8192 + 512
    assert max(len(text.encode()) for text in samples[0].texts()) <= 512


def test_the_model_loads_and_names_its_limits(out):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    import training_bridge.m1  # noqa: F401

    folder = data(out, "model")
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    written = model.generate(**tokenizer("发热", return_tensors="pt"), max_new_tokens=5, do_sample=False)
    assert written.shape[1] > 5
    assert notice.MARKDOWN in (folder / "README.md").read_text("utf-8")
    steps = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert {s["stage"] for s in steps} == {"general", "basic"}
    assert set(steps[-1]["samples"]) == {"The patient", "患者"}
    assert "<svg" in (folder / "curves.svg").read_text()


def test_trained_again_it_has_the_same_bytes(out, recipe):
    run_recipe(load_recipe(recipe), str(recipe.parent / "again"))
    for name in ("model.safetensors", "metrics.jsonl", "tokenizer.json"):
        assert (data(out, "model") / name).read_bytes() == (data(recipe.parent / "again", "model") / name).read_bytes()


def test_a_curriculum_stage_without_sequences_is_a_clear_error(recipe, ray_local):
    from datagen.errors import DatagenError

    stages = "model.stages=[{name: advanced, tokens: 512, sequence_length: 128}]"
    with pytest.raises(DatagenError, match="no packed sequences for the curriculum stage advanced"):
        run_recipe(load_recipe(recipe, [stages, "model.warmup_tokens=0"]), str(recipe.parent / "run"))


def test_options_that_do_not_train_are_refused_before_anything_starts(recipe):
    from datagen.errors import UsageError

    with pytest.raises(UsageError, match="warmup_tokens must be smaller than the stages' tokens"):
        load_recipe(recipe, ["model.warmup_tokens=5000"])
