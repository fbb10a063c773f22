import os
import pickle
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
import yaml
from typer.testing import CliRunner

from datagen.errors import DatagenError, UsageError
from tests.training_bridge.small_run import DATA, HELDOUT, TOKENIZER
from training_bridge.config import CurriculumStage, Run, TrainConfig
from training_bridge.launch import execute, fit, read_run
from training_bridge.metrics import read
from training_bridge.progress import Reporter, relayed
from training_bridge.train_command import train

STAGE = CurriculumStage(name="general", tokens=1500, sequence_length=64)
CONFIG = TrainConfig(
    stages=(STAGE,),
    batch_tokens=256,
    micro_batch_tokens=64,
    peak_lr=2e-3,
    checkpoint_every=2,
    parallel="fsdp",
    prompts=("The patient",),
)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory) -> Path:
    """What training_bridge.pack publishes."""
    folder = tmp_path_factory.mktemp("tokens")
    TOKENIZER.save_pretrained(folder / "tokenizer")
    (folder / "sequences").mkdir()
    for name, rows in DATA.items():
        pq.write_table(rows, folder / "sequences" / f"{name}.parquet")
    (folder / "heldout").mkdir()
    heldout = [{"label": label, "text": text} for label, texts in HELDOUT.items() for text in texts]
    pq.write_table(pa.Table.from_pylist(heldout), folder / "heldout" / "part.parquet")
    return folder


def the_run(tokens: Path, folder: Path, **options) -> Run:
    return Run(tokens=tokens, out=folder / "out", work=folder / "work", config=CONFIG.model_copy(update=options))


def losses(folder: Path) -> list[float]:
    return [row["loss"] for row in read(folder / "out" / "metrics.jsonl") if "loss" in row]


def write(run: Run, folder: Path) -> Path:
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump(run.model_dump(mode="json")))
    return path


class DiesOnce:
    """Kills the process that it is called in, at the fifth step, unless the file is there."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(self, row: dict) -> None:
        if row["step"] == 5 and not self.file.exists():
            self.file.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_of_ray_train_killed_midway_changes_nothing(tokens, tmp_path, ray_local):
    """Beside two ranks that torchrun started and nobody killed."""
    ray_run, plain = tmp_path / "ray", tmp_path / "torchrun"
    plain.mkdir()
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "training_bridge.train", str(write(the_run(tokens, plain), plain))]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    started = subprocess.Popen(
        command, env=environment, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    )
    result = fit(the_run(tokens, ray_run), 2, max_failures=1, on_step=DiesOnce(tmp_path / "died"))
    said, _ = started.communicate(timeout=300)
    assert started.returncode == 0 and f"{result.steps:,} steps" in said
    assert (tmp_path / "died").exists() and result.steps >= 6
    for name in ("model/model.safetensors", "metrics.jsonl"):
        assert (ray_run / "out" / name).read_bytes() == (plain / "out" / name).read_bytes()
    timings = read(ray_run / "work" / "timings.jsonl")
    assert [row["step"] for row in timings] == list(range(1, result.steps + 1))


def test_the_command_trains_and_goes_on(tokens, tmp_path):
    path = write(the_run(tokens, tmp_path), tmp_path)
    app = typer.Typer()
    app.command()(train)
    done = CliRunner().invoke(app, [str(path)])
    assert done.exit_code == 0, done.output
    assert re.search(
        r"general stage, step \d+, loss \d.\d\d, [\d,]+ tokens/s, MFU \d+%, about [\d,]+ s left", done.output
    )
    assert "For research." in done.output
    before = losses(tmp_path)
    # Finished, it is only written again.
    assert CliRunner().invoke(app, [str(path)]).exit_code == 0
    assert losses(tmp_path) == before
    events = list((tmp_path / "work" / "tensorboard").iterdir())
    assert any(b"train/loss" in path.read_bytes() for path in events)


def test_paths_are_meant_from_the_file(tokens, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(
        yaml.safe_dump({"tokens": "t", "out": "o", "work": str(tmp_path / "w"), "config": CONFIG.model_dump()})
    )
    with pytest.raises(UsageError, match=r"tokens: nothing is at .*/t$"):
        read_run(path)
    (tmp_path / "t").mkdir()
    found = read_run(path)
    assert (found.tokens, found.out, found.work) == (tmp_path / "t", tmp_path / "o", tmp_path / "w")


@pytest.mark.parametrize(
    "text, message",
    [
        ("{tokens: t, out: o}", "work: Field required; config: Field required"),
        ("[1, 2", "can't be read as YAML: ParserError"),
        ("just words", "is not a valid training"),
        (None, "there is no file"),
    ],
)
def test_files_that_are_no_training(tmp_path, text, message):
    path = tmp_path / "run.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=re.escape(message)):
        read_run(path)


def test_a_wrong_field_is_answered_by_those_that_there_are(tmp_path):
    path = tmp_path / "run.yaml"
    fields = {"tokens": "t", "out": "o", "work": "w", "config": CONFIG.model_dump() | {"presicion": "bfloat16"}}
    path.write_text(yaml.safe_dump(fields))
    with pytest.raises(UsageError, match=r"config\.presicion: Extra inputs") as found:
        read_run(path)
    assert "precision (float32 | bfloat16, default float32); " in found.value.fix
    assert "batch_tokens (int, required)" in found.value.fix and "training_bridge" not in found.value.fix


def test_a_stage_without_sequences(tokens, tmp_path):
    stage = STAGE.model_copy(update={"mixture": {"general": 1.0, "advanced": 1.0}})
    pruned = tmp_path / "tokens"
    (pruned / "sequences").mkdir(parents=True)
    for name in ("tokenizer", "heldout"):
        (pruned / name).symlink_to(tokens / name)
    (pruned / "sequences" / "general.parquet").symlink_to(tokens / "sequences" / "general.parquet")
    with pytest.raises(DatagenError, match="no packed sequences for the curriculum stage advanced"):
        execute(the_run(pruned, tmp_path, stages=(stage,)))


def test_what_another_process_says_is_heard_here(tmp_path):
    heard = []
    with relayed(tmp_path / "work" / "progress", heard.append) as say:
        pickle.loads(pickle.dumps(say))("step 1")
        until = time.monotonic() + 30
        while not heard and time.monotonic() < until:
            time.sleep(0.05)
    assert heard == ["step 1"]


def test_the_progress_line(monkeypatch):
    clock = iter([0.0, 1.0, 3.0, 4.0])
    monkeypatch.setattr("training_bridge.progress.time.monotonic", lambda: 100 + next(clock))
    said = []
    report = Reporter(said.append, total_tokens=10_000)
    row = {"stage": "basic", "loss": None, "mfu": 0.123, "tokens_per_second": 500.0}
    for step, tokens in enumerate((1000, 2000, 4000, 5000), 1):
        report(row | {"step": step, "tokens": tokens})
    # From the first step on 3,000 tokens in 3 seconds; the others were too soon.
    assert said == [
        "basic stage, step 1, loss not finite, 500 tokens/s, MFU 12%, about 18 s left",
        "basic stage, step 3, loss not finite, 1,000 tokens/s, MFU 12%, about 6 s left",
    ]
