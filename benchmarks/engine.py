"""Our engine against bare Ray Data on the same row-local work: read Parquet, map a batch function, write Parquet.

    python benchmarks/engine.py --rows 1000000 --repeat 3

Both read the same 1M short records from the same 16 files, lower-case the text with the same Arrow function and write
zstd Parquet with the same settings, on a warm local Ray with 2 CPUs. Ours also checks every id, keeps the ledger and the
statistics, hashes every file and publishes. Runs are interleaved; medians are printed. Worker memory is the sum over
workers of the peak private memory (USS) above an idle worker, sampled every 50 ms. A second table gives the engine's
fixed cost per stage: a chain of stages over ten rows.
"""

import argparse
import logging
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
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks" / "plugin"))

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
                    if " ".join(process.cmdline()).startswith("ray::"):
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


def measured(work) -> tuple[float, int]:
    memory = Memory()
    memory.start()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started, memory.stop()


def compare(folder: Path, rows: int, repeat: int) -> None:
    write_input(folder / "in", rows)
    recipe = folder / "recipe.yaml"
    recipe.write_text(
        "name: bench\nstages:\n  rows: {use: bench.parquet, path: in}\n  lower: {use: bench.lower, needs: [rows]}\n"
    )
    run_recipe(load_recipe(recipe), str(folder / "run"), until="rows")
    version = manifest(Store(str(folder / "run")), "rows")["version"]
    source = folder / "run" / "rows" / version / "data"
    results: dict[str, list[tuple[float, int]]] = {"datagen": [], "Ray Data": []}
    for turn in range(repeat + 1):
        for name, work in (
            ("datagen", lambda: ours(recipe, folder / "run")),
            ("Ray Data", lambda: bare_ray_data(source, folder / "out")),
        ):
            found = measured(work)
            if turn:  # the first turn warms both up
                results[name].append(found)
    assert ds.dataset(folder / "out").count_rows() == rows
    medians = {n: [statistics.median(v) for v in zip(*r, strict=True)] for n, r in results.items()}
    print(f"\n{rows:,} rows, {repeat} interleaved runs, medians\n\n| | seconds | peak worker memory, MB |\n|---|---|---|")
    for name, (seconds, memory) in medians.items():
        print(f"| {name} | {seconds:.2f} | {memory / 1e6:,.0f} |")
    time_ratio, memory_ratio = (medians["datagen"][i] / medians["Ray Data"][i] for i in (0, 1))
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
    with tempfile.TemporaryDirectory(prefix="engine-") as name, ray_session(workers=2):
        ray.data.DataContext.get_current().enable_progress_bars = False
        compare(Path(name), arguments.rows, arguments.repeat)
        fixed_cost(Path(name))


if __name__ == "__main__":
    main()
