"""A run through three stages that is killed with SIGKILL at random moments until it ends, beside one that is not: the
same bytes, and every step's data once. KILLS (environment, 30) sets how many; of them, how many hit a save."""

import os
import random
import tempfile
from pathlib import Path

from tests.training_bridge.small_run import attempt
from training_bridge.metrics import read


def measure(data: Path) -> None:
    wanted, draw = int(os.environ.get("KILLS", 30)), random.Random(0)
    killed = saving = different = runs = 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        assert attempt(whole) == 0
        expected = _contents(whole)
        while killed < wanted:
            runs += 1
            target = Path(folder) / str(runs)
            while (status := attempt(target, kill_after=draw.uniform(0.05, 1.5))) == -9:
                killed += 1
                saving += any((target / "work" / "checkpoints").glob(".step-*"))
            assert status == 0
            different += _contents(target) != expected
    print(f"{killed} kills in {runs} runs, {saving} of them in a save; runs ended otherwise: {different} (target 0)")


def _contents(folder: Path) -> tuple[list[dict], dict[str, bytes]]:
    files = {str(p.relative_to(folder)): p.read_bytes() for p in (folder / "out").rglob("*") if p.is_file()}
    steps = [row["step"] for row in read(folder / "work" / "timings.jsonl")]
    return steps, files
