"""Curated rows for trainers that know nothing of `repeats`: counted, shuffled, and trained on by two of them."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_dataset
from transformers import DataCollatorForLanguageModeling, Trainer, TrainingArguments
from trl import SFTConfig, SFTTrainer

from datagen import load, notice
from datagen.errors import UsageError
from datagen.record import with_column
from datagen.stage import Outcome
from tests.datagen.written import Written, rows
from tests.training_bridge.texts import documents
from tests.training_bridge.tiny import tiny_model
from training_bridge import export_rows as module
from training_bridge.export_rows import export_rows
from training_bridge.tokenizer import train_tokenizer


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Forty English and Chinese rows, `repeats` 0 to 4."""
    folder = tmp_path_factory.mktemp("run") / "run"
    written = Written(folder)
    table = rows(
        "books",
        40,
        split=lambda n: "validation" if n % 4 == 3 else "train",
        license=lambda n: ("CC-BY-4.0", "NOASSERTION", "CC-BY-NC-4.0")[n % 3],
        language=lambda n: "en" if n % 2 else "zh",
    )
    texts = pa.array(documents(40, seed=5))
    table = table.set_column(table.schema.get_field_index("text"), "text", texts)
    table = with_column(table, "repeats", pa.array([i % 5 for i in range(len(table))], pa.int32()))
    written.source("curated", "collectors.records", Outcome(rows=table))
    return folder


def exported_rows(folder: Path, split: str = "train") -> list[dict]:
    return [row for file in sorted((folder / split).iterdir()) for row in pq.read_table(file).to_pylist()]


def expected_counts(run: Path, split: str = "train") -> Counter[str]:
    table = load(run, "curated").to_table().to_pylist()
    return Counter({row["id"]: row["repeats"] for row in table if row["split"] == split and row["repeats"]})


def test_each_row_as_often_as_it_repeats(run, tmp_path):
    for split in ("train", "validation"):
        out = export_rows(str(run), tmp_path / split, split=split)
        found = exported_rows(out, split)
        assert Counter(row["id"] for row in found) == expected_counts(run, split)
    texts = {row["id"]: row["text"] for row in load(run, "curated").to_table().to_pylist()}
    assert all(row["text"] == texts[row["id"]] for row in found)


def test_order_is_global_and_depends_on_the_seed_alone(run, tmp_path, monkeypatch):
    first = exported_rows(export_rows(str(run), tmp_path / "a"))
    # Many little buckets, read in several passes: the same rows in the same order.
    monkeypatch.setattr(module, "BUCKET_BYTES", 2000)
    monkeypatch.setattr(module, "OPEN_BUCKETS", 3)
    out = export_rows(str(run), tmp_path / "b")
    assert len(list((out / "train").iterdir())) > 3
    assert exported_rows(out) == first
    other = exported_rows(export_rows(str(run), tmp_path / "c", seed=1))
    assert Counter(r["id"] for r in other) == Counter(r["id"] for r in first)
    assert other != first
    ids = [row["id"] for row in first]
    assert sum(a == b for a, b in pairwise(ids)) < len(ids) / 4  # copies lie apart


def test_card_tells_licences_and_loads_by_datasets(run, tmp_path):
    out = export_rows(str(run), tmp_path / "out")
    _, front, body = (out / "README.md").read_text("utf-8").split("---\n", 2)
    assert yaml.safe_load(front)["configs"][0]["data_files"] == [{"split": "train", "path": "train/*.parquet"}]
    licenses = {row["license"] for row in load(run, "curated").to_table().to_pylist()}
    assert all(f"| {license} |" in body for license in licenses)
    assert notice.MARKDOWN in body
    loaded = load_dataset(str(out), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(loaded) == sum(expected_counts(run).values())
    assert loaded.column_names[0] == "text" and "repeats" not in loaded.column_names


def test_nothing_to_export_is_said(run, tmp_path):
    for options, message in (
        ({"split": "dev"}, "no split 'dev'"),
        ({"stage": "elsewhere"}, "no published stage elsewhere"),
    ):
        with pytest.raises(UsageError, match=message):
            export_rows(str(run), tmp_path / "out", **options)
    with pytest.raises(UsageError, match="has published no rows"):
        export_rows(str(tmp_path / "nowhere"), tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def plain(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    out = export_rows(str(run), folder / "rows")
    return load_dataset(str(out), split="train", cache_dir=str(folder / "cache"))


TOKENIZER = train_tokenizer(documents(200, seed=0), 500)
TRAINING = {
    "max_steps": 20,
    "per_device_train_batch_size": 8,
    "learning_rate": 1e-2,
    "lr_scheduler_type": "constant",
    "logging_steps": 1,
    "report_to": "none",
    "save_strategy": "no",
    "use_cpu": True,
    "disable_tqdm": True,
    "bf16": False,
}


def losses(trainer: Trainer) -> list[float]:
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def test_the_plain_trainer_trains_from_it(plain, tmp_path):
    encoded = plain.map(
        lambda row: {"input_ids": TOKENIZER(row["text"])["input_ids"][:64]}, remove_columns=plain.column_names
    )
    trainer = Trainer(
        tiny_model(vocab_size=500),
        TrainingArguments(tmp_path, **TRAINING),
        train_dataset=encoded,
        data_collator=DataCollatorForLanguageModeling(TOKENIZER, mlm=False),
    )
    trainer.train()
    found = losses(trainer)
    assert len(found) == 20
    assert sum(found[-3:]) < 0.8 * sum(found[:3])


def test_trl_trains_from_it(plain, tmp_path):
    trainer = SFTTrainer(
        tiny_model(vocab_size=500),
        SFTConfig(str(tmp_path), max_length=64, **TRAINING),
        train_dataset=plain.select_columns(["text"]),
        processing_class=TOKENIZER,
    )
    trainer.train()
    found = losses(trainer)
    assert len(found) == 20
    assert sum(found[-3:]) < 0.8 * sum(found[:3])
