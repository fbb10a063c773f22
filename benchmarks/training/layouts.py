"""Twenty steps in several layouts, two ranks over gloo: the largest differences of loss and gradient norm from one
process and one batch. Target: 1e-6 in the loss."""

import subprocess
import sys
import tempfile
from pathlib import Path

from training_bridge.metrics import read

NAMES = {
    "8x1": "one process, 4 micro-batches",
    "ddp": "2 ranks, DDP, 2 micro-batches each",
    "fsdp": "2 ranks, FSDP2",
    "killed": "2 ranks, FSDP2, recomputed, one killed while saving",
    "fewer": "2 ranks, killed, then 1 process",
    "more": "1 process, killed, then 2 ranks",
}


def measure(data: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.training_bridge.ranks", f"{folder}/runs"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        runs = {name: _steps(Path(folder) / "runs" / name) for name in ("1x8", *NAMES)}
    print(f"{'layout':<54}{'loss':>10}{'norm':>10}")
    for name, meaning in NAMES.items():
        found = [
            max(abs(a[key] - b[key]) for a, b in zip(runs[name], runs["1x8"], strict=True))
            for key in ("loss", "grad_norm")
        ]
        print(f"{meaning:<54}{found[0]:>10.1e}{found[1]:>10.1e}")


def _steps(folder: Path) -> list[dict]:
    return [row for row in read(folder / "out" / "metrics.jsonl") if "loss" in row]
