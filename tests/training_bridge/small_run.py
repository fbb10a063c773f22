"""A complete little training run; as a script, one that is killed with SIGKILL at given instants.

python -m tests.training_bridge.small_run FOLDER: trains into FOLDER/whole without interruption, then into
FOLDER/killed through the instants below, and prints what happened as JSON. Each attempt is a process of its own,
forked after the imports.
"""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import torch

from tests.training_bridge.texts import documents
from tests.training_bridge.tiny import tiny_config
from training_bridge import checkpoint
from training_bridge import train as train_module
from training_bridge.config import CurriculumStage, TrainConfig
from training_bridge.packing import pack
from training_bridge.tokenizer import encode_documents, train_tokenizer
from training_bridge.train import Result, train
from training_bridge.trainer import Trainer

CONFIG = TrainConfig(
    stages=(
        CurriculumStage(name="general", tokens=1800, sequence_length=64),
        CurriculumStage(name="basic", tokens=1400, sequence_length=64),
        CurriculumStage(name="advanced", tokens=1200, sequence_length=128, rope_theta=1e6),
    ),
    batch_tokens=256,
    micro_batch_tokens=128,
    peak_lr=5e-3,
    final_lr=2.5e-4,
    warmup_tokens=512,
    checkpoint_every=3,
    prompts=("The patient", "患者"),
    seed=1,
)
TOKENIZER = train_tokenizer(documents(200, seed=0), 500)
ARCHITECTURE = tiny_config(vocab_size=500, max_position_embeddings=128, sliding_window=24)
DATA = {
    stage.name: pack(encode_documents(TOKENIZER, documents(30, seed=10 + number)), stage.sequence_length, stage.name)[0]
    for number, stage in enumerate(CONFIG.stages)
}
HELDOUT = {"en": documents(12, seed=99)[1::2], "zh": documents(12, seed=99)[::2]}


def run(folder: Path, config: TrainConfig = CONFIG, **options) -> Result:
    arguments = {"tokenizer": TOKENIZER, "heldout": HELDOUT} | options
    return train(config, ARCHITECTURE, DATA, folder / "out", work=folder / "work", **arguments)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(module, name: str, call: int, *, before: bool) -> None:
    """Makes the `call`-th use of a function fatal, just before or just after it has done its work."""
    original, calls = getattr(module, name), iter(range(1, 1000))

    def wrapped(*args, **kwargs):
        now = next(calls) == call
        if now and before:
            die()
        result = original(*args, **kwargs)
        if now:
            die()
        return result

    setattr(module, name, wrapped)


INSTANTS = [
    ("first step, no checkpoint yet", lambda: die_at(Trainer, "step", 1, before=False)),
    ("before the tensors of the first checkpoint", lambda: die_at(checkpoint.dcp, "save", 1, before=True)),
    ("before the rename", lambda: die_at(checkpoint.os, "rename", 1, before=True)),
    ("after the rename", lambda: die_at(checkpoint.os, "rename", 1, before=False)),
    ("between tensors and state", lambda: die_at(checkpoint.dcp, "save", 1, before=False)),
    ("between two checkpoints", lambda: die_at(Trainer, "step", 2, before=False)),
    ("while measuring at the stage's end", lambda: die_at(train_module, "bits_per_byte", 1, before=False)),
    ("after the stage's end, before its checkpoint", lambda: die_at(train_module, "bits_per_byte", 2, before=False)),
    ("while removing the third checkpoint", lambda: die_at(checkpoint.shutil, "rmtree", 1, before=True)),
    ("while exporting", lambda: die_at(train_module.shutil, "copyfile", 1, before=True)),
]


def attempt(folder: Path, arm=None, kill_after: float | None = None) -> int:
    """Runs once in a child and returns its exit status, negative for a signal."""
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)
        if arm is not None:
            arm()
        run(folder)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder: Path) -> None:
    started = time.perf_counter()
    whole = attempt(folder / "whole")
    seconds = time.perf_counter() - started
    named = {name: attempt(folder / "killed", arm) for name, arm in INSTANTS}
    last = attempt(folder / "killed")
    # And at arbitrary moments, each attempt from where the one before left off.
    clock = [attempt(folder / "clock", kill_after=seconds * part) for part in (0.2, 0.35, 0.3, 0.4)]
    clock_last = attempt(folder / "clock")
    print(json.dumps({"whole": whole, "named": named, "last": last, "clock": clock, "clock_last": clock_last}))


if __name__ == "__main__":
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    main(Path(sys.argv[1]))
