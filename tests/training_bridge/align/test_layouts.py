"""As exact as pretraining: resumed runs to the byte, micro-batches and ranks to rounding."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from training_bridge.metrics import read

METHODS = ("sft", "elo", "tdpo", "ppo")


@pytest.fixture(scope="module")
def layouts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("layouts") / "all"
    command = [sys.executable, "-m", "tests.training_bridge.align.layouts", str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, env=environment, check=True, stdout=subprocess.PIPE)
    return folder, json.loads(done.stdout)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("method", METHODS)
def test_killed_and_resumed_is_byte_identical(layouts, method):
    folder, report = layouts
    assert report[method]["whole"] == report[method]["resumed"] == [0]
    assert set(report[method]["killed"]) == {-9}
    whole = contents(folder / "whole" / method / "out")
    assert {"alignment.html", "metrics.jsonl", "model/alignment.json", "model/model.safetensors"} <= set(whole)
    assert contents(folder / "killed" / method / "out") == whole


@pytest.mark.parametrize(("method", "layout"), [*((method, "ddp") for method in METHODS), ("ppo", "fsdp")])
def test_micro_batches_and_ranks_change_rounding_alone(layouts, method, layout):
    folder, report = layouts
    assert set(report[method][layout]) == {0}
    one, other = (read(folder / name / method / "out" / "metrics.jsonl") for name in ("whole", layout))
    assert len(one) == len(other) >= 3
    for name in one[0].keys() - {"stage"}:
        values = np.array([[row[name] for row in rows] for rows in (one, other)], float)
        assert np.abs(values[0] - values[1]).max() <= 1e-4 * max(1, np.abs(values[0]).max()), name
    losses = np.array([[row["loss"] for row in rows] for rows in (one, other)])
    assert np.abs(losses[0] - losses[1]).max() <= 1e-5
    models = [load_file(folder / name / method / "out" / "model" / "model.safetensors") for name in ("whole", layout)]
    assert models[0].keys() == models[1].keys()
    # Adam divides by how large gradients were: where they are nothing but rounding, steps are of any sign.
    moved = load_file(folder / "model" / "model.safetensors")
    for name, weight in models[0].items():
        difference = (weight - models[1][name]).norm()
        assert difference <= 0.01 * (weight - moved[name]).norm() + 1e-6, name


@pytest.mark.parametrize("method", ["elo", "ppo"])
def test_sampled_answers_are_kept_and_do_not_depend_on_the_layout(layouts, method):
    import pyarrow.parquet as pq

    found = {}
    for layout in ("whole", "killed", "ddp"):
        (folder,) = (layouts[0] / layout / method / "work" / "rollouts").iterdir()
        steps = sorted(folder.iterdir())
        assert len(steps) == 3
        found[layout] = [
            row for step in steps for file in sorted(step.iterdir()) for row in pq.read_table(file).to_pylist()
        ]
    assert [row["response"] for row in found["whole"]] == [row["response"] for row in found["ddp"]]
    assert found["whole"] == found["killed"]
    assert len({str(row["response"]) for row in found["whole"]}) > len(found["whole"]) / 2
    assert all((row["reward"] is None) == (method == "elo") for row in found["whole"])
