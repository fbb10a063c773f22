import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from training_bridge.metrics import read


@pytest.fixture(scope="module")
def layouts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("layouts") / "runs"
    command = [sys.executable, "-m", "tests.training_bridge.ranks", str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=Path(__file__).parents[2], env=environment, check=True, stdout=subprocess.PIPE)
    return folder, json.loads(done.stdout)


def values(folder: Path, name: str) -> np.ndarray:
    return np.array([row[name] for row in read(folder / "out" / "metrics.jsonl") if "loss" in row])


def test_every_layout_ends_or_dies_as_told(layouts):
    _, statuses = layouts
    dying = {"killed": [1, -9], "two": [1, -9], "one": [-9]}
    for name, found in statuses.items():
        assert found == dying.get(name, [0] * len(found)), name


@pytest.mark.parametrize("layout", ["8x1", "ddp", "fsdp", "killed", "fewer", "more"])
def test_layouts_agree(layouts, layout):
    folder, _ = layouts
    losses = values(folder / "1x8", "loss")
    assert len(losses) == 20 and losses[-1] < losses[0] - 0.5
    assert np.abs(values(folder / layout, "loss") - losses).max() <= 1e-6
    assert np.abs(values(folder / layout, "grad_norm") / values(folder / "1x8", "grad_norm") - 1).max() <= 1e-5
    ends = [[row for row in read(folder / name / "out/metrics.jsonl") if "samples" in row] for name in ("1x8", layout)]
    for ours, theirs in zip(*ends, strict=True):
        assert theirs["bits_per_byte"] == pytest.approx(ours["bits_per_byte"], abs=1e-6)
        assert theirs["samples"] == ours["samples"]


def test_two_ranks_killed_while_saving_end_with_the_same_bytes(layouts):
    folder, _ = layouts
    for name in ("model/model.safetensors", "metrics.jsonl", "curves.svg"):
        assert (folder / "killed/out" / name).read_bytes() == (folder / "fsdp/out" / name).read_bytes()


def test_sharded_checkpoints_hold_no_pickle(layouts):
    folder, _ = layouts
    last = max((folder / "fsdp/work/checkpoints").iterdir())
    assert sorted(path.name for path in last.iterdir()) == [
        "shard-00001-model-00001-of-00001.safetensors",
        "shard-00002-model-00001-of-00001.safetensors",
        "state.json",
    ]
