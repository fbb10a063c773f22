"""Our engine against bare Ray Data on the same row-local work: read Parquet, map, write Parquet.

    python benchmarks/engine.py --rows 1000000 --repeat 3

Both read the same short records from the same 16 files, lower-case the text with the same Arrow function and write
zstd Parquet with the same settings, each on a Ray of its own with 2 CPUs that has done the same work once before. Ours
also checks every id, keeps ledger and statistics, hashes every file and publishes. Runs are interleaved, medians
are printed. Worker memory is the peak over time of the private memory (USS) of all worker processes together, sampled
every 50 ms. A second figure is the engine's fixed cost per stage: a chain of stages over ten rows.
"""

import argparse
import logging
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import ray

ROOT = Path(__file__).parents[1]
PLUGIN = str(ROOT / "benchmarks" / "plugin")
sys.path.insert(0, PLUGIN)
os.environ["PYTHONPATH"] = PLUGIN  # for Ray's workers

from datagen.cluster import ray_session  # noqa: E402
from datagen.events import read_events  # noqa: E402
from datagen.publish import manifest  # noqa: E402
from datagen.recipe import load_recipe  # noqa: E402
from datagen.record import SCHEMA, record_id, table  # noqa: E402
from datagen.runs import run_recipe  # noqa: E402
from datagen.store import Store  # noqa: E402


class Memory(threading.Thread):
    """Peak over time of what Ray's workers hold for themselves, bytes."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak, self._stop_now = 0, threading.Event()

    def run(self):
        while not self._stop_now.wait(0.05):
            total = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    title = " ".join(process.cmdline())
                    if title.startswith("ray::") and "Agent" not in title:
                        total += process.memory_full_info().uss
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            self.peak = max(self.peak, total)

    def stop(self) -> int:
        self._stop_now.set()
        self.join()
        return self.peak


def lower(rows: pa.Table) -> pa.Table:
    index = rows.schema.get_field_index("text")
    return rows.set_column(index, SCHEMA.field("text"), pc.utf8_lower(rows["text"]))


def write_input(folder: Path, rows: int, files: int = 16) -> None:
    folder.mkdir(parents=True)
    for number in range(files):
        names = [f"{number}-{i}" for i in range(rows // files)]
        texts = [f"Patient {n} REPORTS fever and cough for three days. 患者 {n} 发热。" for n in names]
        records = [
            {"id": record_id("bench", n), "group": n, "split": "train", "text": t, "source": "bench", "source_id": n}
            for n, t in zip(names, texts, strict=True)
        ]
        pq.write_table(table(records), folder / f"part-{number:05d}.parquet", compression="zstd", row_group_size=8192)


def bare_ray_data(source: Path, out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    rows = ray.data.read_parquet(str(source)).map_batches(lower, batch_format="pyarrow", batch_size=8192)
    rows.write_parquet(str(out), compression="zstd", compression_level=3, write_page_index=True)


def ours(recipe: Path, out: Path) -> float:
    """Seconds of the row-local stage, from its start to its publication."""
    run_recipe(load_recipe(recipe), str(out), only="lower")
    done = [e for e in read_events(Store(str(out))) if e["event"] == "stage_done" and e["stage"] == "lower"]
    shutil.rmtree(out / "lower")
    return done[-1]["seconds"]


def contend(name: str, folder: Path) -> tuple[float, int]:
    """(seconds, bytes of worker memory) of one contender, warm, on its own Ray."""
    out = folder / name
    shutil.rmtree(out, ignore_errors=True)
    with ray_session(workers=2):
        ray.data.DataContext.get_current().enable_progress_bars = False
        if name == "datagen":
            shutil.copytree(folder / "run", out)
        work = {"datagen": lambda: ours(folder / "recipe.yaml", out), "raydata": lambda: bare(folder, out)}[name]
        work()
        memory = Memory()
        memory.start()
        return work(), memory.stop()


def bare(folder: Path, out: Path) -> float:
    version = manifest(Store(str(folder / "run")), "rows")["version"]
    started = time.perf_counter()
    bare_ray_data(folder / "run" / "rows" / version / "data", out)
    return time.perf_counter() - started


def compare(folder: Path, rows: int, repeat: int) -> None:
    write_input(folder / "in", rows)
    recipe = folder / "recipe.yaml"
    recipe.write_text(
        "name: bench\nstages:\n  rows: {use: bench.parquet, path: in}\n  lower: {use: bench.lower, needs: [rows]}\n"
    )
    with ray_session(workers=2):
        run_recipe(load_recipe(recipe), str(folder / "run"), until="rows")
    results: dict[str, list[tuple[float, int]]] = {"datagen": [], "raydata": []}
    for _ in range(repeat):
        for name, found in results.items():
            found.append(contend(name, folder))
    assert ds.dataset(folder / "raydata").count_rows() == rows
    medians = {n: [statistics.median(v) for v in zip(*r, strict=True)] for n, r in results.items()}
    print(
        f"\n{rows:,} rows, {repeat} interleaved runs, medians\n\n| | seconds | peak worker memory, MB |\n|---|---|---|"
    )
    for name, (seconds, memory) in medians.items():
        print(f"| {name} | {seconds:.2f} | {memory / 1e6:,.0f} |")
    time_ratio, memory_ratio = (medians["datagen"][i] / medians["raydata"][i] for i in (0, 1))
    print(f"| ratio (targets 0.85 and 0.5) | {time_ratio:.2f} | {memory_ratio:.2f} |")


def fixed_cost(folder: Path, stages: int = 10) -> None:
    write_input(folder / "tiny", 10, files=1)
    chain = "\n".join(
        f"  s{i}: {{use: bench.lower, needs: [{'rows' if i == 0 else f's{i - 1}'}]}}" for i in range(stages)
    )
    recipe = folder / "chain.yaml"
    recipe.write_text(f"name: chain\nstages:\n  rows: {{use: bench.parquet, path: tiny}}\n{chain}\n")
    seconds = []
    for turn in range(4):
        out = folder / f"chain{turn}"
        run_recipe(load_recipe(recipe), str(out), until="rows")
        started = time.perf_counter()
        run_recipe(load_recipe(recipe), str(out))
        seconds.append((time.perf_counter() - started) / stages)
    print(f"\nfixed cost per stage, warm Ray: {statistics.median(seconds[1:]):.3f} s (target 0.3)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="engine-") as name:
        compare(Path(name), arguments.rows, arguments.repeat)
        with ray_session(workers=2):
            fixed_cost(Path(name))


if __name__ == "__main__":
    main()
