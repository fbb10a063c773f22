"""A JSON-lines file that can go back to where a checkpoint left it."""

import json
import os
from pathlib import Path
from typing import Any


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
        self.file.write(json.dumps(row, allow_nan=False).encode() + b"\n")
        self.file.flush()

    def sync(self) -> int:
        """Forces the rows to disk and returns the size."""
        os.fsync(self.file.fileno())
        return self.file.tell()

    def close(self) -> None:
        self.file.close()


def read(path: Path) -> list[dict[str, Any]]:
    with open(path, "rb") as file:
        return [json.loads(line) for line in file]
