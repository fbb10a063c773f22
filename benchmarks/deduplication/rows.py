"""50 million generated signatures banded, verified and clustered by two processes: time and memory. A fifth are copies
that share each value with their original with a probability between 0.5 and 1. About 40 minutes; 40 GB of disk in
CACHE while it runs. ROWS in the environment sets another number of signatures."""

import multiprocessing
import os
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.deduplication._runs import Memory
from benchmarks.deduplication._workload import CACHE, THRESHOLD
from datagen.record import SCHEMA
from datagen.stage import Phase
from datagen.task import Job, Task
from datagen.worker import run_shard
from dedup.columns import Writer, signature_arrays, signature_schema
from dedup.minhash import MinHashDedup
from dedup.signatures import scheme

ROWS = int(os.environ.get("ROWS", "50_000_000"))
SHARD = 1_000_000
WORKERS = 2
COPIES = 0.2


class Generated(MinHashDedup):
    """Near-duplicates among signatures of no texts."""

    def phases(self) -> tuple[Phase, ...]:
        _, *others = super().phases()
        signing = Phase("keys", lambda job: list(range(ROWS // SHARD)), self._generate)
        return (signing, *others[: [phase.name for phase in others].index("members")])

    def _generate(self, task: Task) -> int:
        schema = signature_schema(scheme(self.shingle, self.permutations))
        rng = np.random.default_rng(task.shard)
        with task.open_file("signatures.arrow") as file:
            writer = Writer(file, schema)
            for _ in range(SHARD // 50_000):
                values = rng.integers(0, 1 << 32, (50_000, self.permutations), np.uint32)
                copies = np.flatnonzero(rng.random(len(values)) < COPIES)
                originals = rng.integers(0, len(values), len(copies))
                kept = rng.random((len(copies), self.permutations)) < rng.uniform(0.5, 1, len(copies))[:, None]
                values[copies] = np.where(kept, values[originals], values[copies])
                content = np.frombuffer(rng.bytes(16 * len(values)), "V16")
                writer.write(pa.table(signature_arrays(values, content), schema=schema))
            writer.close()
        return writer.rows


def measure(data: Path) -> None:
    folder = CACHE / "generated"
    shutil.rmtree(folder, ignore_errors=True)
    job = Job("unique", Generated(threshold=THRESHOLD), "rows", str(folder), "rows", SCHEMA)
    total = 0.0
    print(
        f"{ROWS:,} signatures\n\n| phase | tasks | seconds | GB, both workers | with mapped files |\n"
        + "|---" * 5
        + "|"
    )
    private = resident = 0
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, context) as pool:
        for phase in job.stage.phases():
            started = time.perf_counter()
            with Memory("spawn_main") as memory:
                shards = phase.plan(job)
                waiting = [pool.submit(run_shard, job, phase.name, key, shard) for key, shard in enumerate(shards)]
                commits = [shard.result() for shard in waiting]
            seconds = time.perf_counter() - started
            total += seconds * (phase.name != "keys")
            private, resident = max(private, memory.private), max(resident, memory.resident)
            held = f"{memory.private / 1e9:.2f} | {memory.resident / 1e9:.2f}"
            print(f"| {phase.name} | {len(shards)} | {seconds:.0f} | {held} |", flush=True)
    print(f"\n{commits[0].result['members']:,} members of clusters in {total / 60:.1f} min (target 60)")
    print(f"{private / 1e9:.2f} GB (target 4), {resident / 1e9:.2f} GB with mapped files, both workers")
    shutil.rmtree(folder)
