"""What a run writes down while it trains: rows of numbers that go back to where a checkpoint left them."""

import json
import os
from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter


class JsonLines:
    """Opens `path` at `size` bytes: what lies beyond was written after the checkpoint and is dropped.

    Raises ValueError if the file is shorter than that.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.file = open(path, "r+b" if path.exists() else "w+b")  # noqa: SIM115
        if self.file.seek(0, os.SEEK_END) < size:
            raise ValueError(f"{path} is shorter than its checkpoint says ({size} bytes)")
        self.file.truncate(size)
        self.file.seek(size)

    def write(self, row: dict[str, Any]) -> None:
        self.file.write(json.dumps(row, allow_nan=False, ensure_ascii=False).encode() + b"\n")
        self.file.flush()

    def sync(self) -> int:
        """Forces the rows to disk and returns the size."""
        os.fsync(self.file.fileno())
        return self.file.tell()

    def close(self) -> None:
        self.file.close()


class Log:
    """metrics.jsonl (what is the same in every repetition), timings.jsonl (clock readings) and TensorBoard events in
    the folder `work`, from the checkpoint's `sizes` and `step` on."""

    def __init__(self, work: Path, sizes: dict[str, int], step: int) -> None:
        self.metrics = JsonLines(work / "metrics.jsonl", sizes.get("metrics", 0))
        self.timings = JsonLines(work / "timings.jsonl", sizes.get("timings", 0))
        self.events = SummaryWriter(str(work / "tensorboard"), purge_step=step + 1)

    def step(self, row: dict[str, Any], clock: dict[str, float]) -> None:
        self.metrics.write(row)
        self.timings.write({"step": row["step"], **clock})
        for name, value in (row | clock).items():
            if isinstance(value, bool | int | float) and name not in ("step", "stage"):
                self.events.add_scalar(f"train/{name}", value, row["step"])

    def stage_end(self, row: dict[str, Any]) -> None:
        self.metrics.write(row)
        for label, value in row["bits_per_byte"].items():
            self.events.add_scalar(f"heldout/{label}", value, row["step"])
        for prompt, text in row["samples"].items():
            self.events.add_text(f"samples/{prompt}", text, row["step"])
        self.events.flush()

    def sizes(self) -> dict[str, int]:
        return {"metrics": self.metrics.sync(), "timings": self.timings.sync()}

    def close(self) -> None:
        self.metrics.close()
        self.timings.close()
        self.events.close()


def read(path: Path) -> list[dict[str, Any]]:
    with open(path, "rb") as file:
        return [json.loads(line) for line in file]
