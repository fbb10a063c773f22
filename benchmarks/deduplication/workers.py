"""The stage over 500,000 documents by one and by two Ray workers (start-up excluded), from reading Parquet to clusters
and to the published rows, beside the same documents in one process on one core. Interleaved; medians. About 12
minutes, the workload included."""

import shutil
import statistics
from pathlib import Path

from benchmarks.deduplication._runs import CACHE, dedup, prepare, records
from benchmarks.deduplication._workload import REPEAT, ours, workload
from datagen.cluster import ray_session

DOCUMENTS = 500_000


def measure(data: Path) -> None:
    docs = workload(DOCUMENTS) / "docs.parquet"
    folder = CACHE / f"records-{DOCUMENTS}"
    if not folder.exists():
        records(docs, folder)
    small = CACHE / "records-small"
    if not small.exists():
        records(workload(20_000) / "docs.parquet", small)
    found: dict[str, list[float]] = {}
    for _ in range(REPEAT):
        found.setdefault("one process, clusters", []).append(ours(docs, CACHE / "ours.parquet")[0])
        for workers in (1, 2):
            with ray_session(workers=workers):
                prepare("small", small)
                dedup("small")  # workers start, libraries and compiled loops are loaded
                shutil.rmtree(CACHE / "run-small")
                prepare("large", folder)
                timed = dedup("large")
                shutil.rmtree(CACHE / "run-large")
            found.setdefault(f"{workers} Ray workers, clusters", []).append(timed.clusters)
            found.setdefault(f"{workers} Ray workers, published", []).append(timed.published)
    median = {name: statistics.median(seconds) for name, seconds in found.items()}
    print("| | seconds | docs/s |\n|---|---|---|")
    for name, seconds in median.items():
        print(f"| {name} | {seconds:.1f} | {DOCUMENTS / seconds:,.0f} |")
    two = median["2 Ray workers, clusters"]
    print(f"\ntwo workers against one process: {median['one process, clusters'] / two:.2f} (target 1.5)")
    print(f"two workers against one worker: {median['1 Ray workers, clusters'] / two:.2f}")
