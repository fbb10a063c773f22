"""Templated text: 8,000 and 80,000 documents of one template with four words changed in each. About 2 minutes."""

import statistics
from pathlib import Path

from benchmarks.deduplication._workload import REPEAT, ours, peer, recall, score, workload

NAMES = ("datatrove", "datasketch", "rensa", "gaoya")


def measure(data: Path) -> None:
    found = {}
    folders = {flood: workload(1_000, flood=flood) for flood in (8_000, 80_000)}
    for _ in range(REPEAT):
        for flood, folder in folders.items():
            found.setdefault(flood, []).append(ours(folder / "docs.parquet", folder / "ours.parquet")[0])
    median = {flood: statistics.median(seconds) for flood, seconds in found.items()}
    print("| | seconds, medians | recall of the flood |\n|---|---|---|")
    for flood, folder in folders.items():
        scored = score(folder, folder / "ours.parquet")
        print(f"| ours, {flood:,} documents | {median[flood]:.2f} | {recall(scored, 'flood'):.3f} |")
    for name in NAMES:
        times = peer(name, folders[8_000] / "docs.parquet", folders[8_000], "word")
        if times is not None:
            print(f"| {name}, 8,000 documents, one run | {times[0]:.2f} | |")
    growth = median[80_000] / 81_000 / (median[8_000] / 9_000)
    print(f"\n8,000 in {median[8_000]:.2f} s (target 0.5); time per document from 8,000 to 80,000: {growth:.2f} times")
