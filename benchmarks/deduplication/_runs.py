"""The stage `dedup.minhash` run by the engine over a workload, timed phase by phase."""

import os
import re
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyarrow.parquet as pq

from benchmarks.deduplication._workload import CACHE, REPOSITORY, THRESHOLD

PLUGIN = str(REPOSITORY / "benchmarks" / "plugin")
sys.path.insert(0, PLUGIN)
os.environ["PYTHONPATH"] = os.pathsep.join([PLUGIN, str(REPOSITORY)])  # for Ray's workers

from datagen.events import read_events  # noqa: E402
from datagen.recipe import load_recipe  # noqa: E402
from datagen.record import record_id, table  # noqa: E402
from datagen.runs import run_recipe  # noqa: E402
from datagen.store import Store  # noqa: E402

FILE_ROWS = 62_500


def records(docs: Path, folder: Path, prefix: str = "") -> None:
    """Write a workload as record files; source_id is the workload's id behind the prefix."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, batch in enumerate(pq.ParquetFile(docs).iter_batches(FILE_ROWS)):
        names = [f"{prefix}{name}" for name in batch["id"].to_pylist()]
        rows = [
            {"id": record_id("bench", n), "group": n, "split": "train", "text": t, "source": "bench", "source_id": n}
            for n, t in zip(names, batch["text"].to_pylist(), strict=True)
        ]
        part = folder / f"{prefix or 'part'}-{number:03d}.parquet"
        pq.write_table(table(rows), part, compression="zstd", row_group_size=8192)


class Memory(threading.Thread):
    """Peak over time of what all workers hold, in bytes: `private` is their own memory (Linux's RssAnon), `resident`
    counts pages of mapped files and shared memory too, those of two workers twice."""

    def __init__(self, title: str = "ray::"):
        super().__init__(daemon=True)
        self.private = self.resident = 0
        self._title, self._stop_now = title, threading.Event()

    def run(self):
        while not self._stop_now.wait(0.2):
            private = resident = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    title = " ".join(process.cmdline())
                    if self._title in title and "Agent" not in title:
                        status = Path(f"/proc/{process.pid}/status").read_text()
                        private += _kilobytes(status, "RssAnon")
                        resident += _kilobytes(status, "VmRSS")
                except (psutil.NoSuchProcess, psutil.AccessDenied, FileNotFoundError, ProcessLookupError):
                    continue
            self.private, self.resident = max(self.private, 1024 * private), max(self.resident, 1024 * resident)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._stop_now.set()
        self.join()


def _kilobytes(status: str, field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) if found else 0  # a process that has ended holds nothing


@dataclass(frozen=True)
class Timed:
    """Seconds from the start of the stage to its clusters and to its publication, and when each phase ended."""

    clusters: float
    published: float
    phases: dict[str, float]


def prepare(name: str, folder: Path, **options) -> Path:
    """A run whose source is published, ready for `unique`. Ray must be up."""
    out = CACHE / f"run-{name}"
    more = "".join(f", {key}: {value}" for key, value in options.items())
    recipe = CACHE / f"{name}.yaml"
    recipe.write_text(
        f"name: bench\nstages:\n  rows: {{use: bench.parquet, path: {folder}}}\n"
        f"  unique: {{use: dedup.minhash, needs: [rows], threshold: {THRESHOLD}{more}}}\n"
    )
    run_recipe(load_recipe(recipe), str(out), until="rows")
    return out


def dedup(name: str) -> Timed:
    """Run `unique` of a prepared run."""
    out, started = CACHE / f"run-{name}", time.time()
    run_recipe(load_recipe(CACHE / f"{name}.yaml"), str(out), only="unique")
    events = [e for e in read_events(Store(str(out))) if e.get("stage") == "unique" and e["time"] >= started - 0.01]
    begin = next(e["time"] for e in events if e["event"] == "stage_start")
    ends = {e["phase"]: e["time"] - begin for e in events if e["event"] == "shard"}
    done = next(e["time"] for e in events if e["event"] == "stage_done")
    return Timed(ends["keepers"], done - begin, ends)
