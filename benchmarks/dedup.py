"""How fast, how exactly and in how little memory copies are found, beside peers.

    python benchmarks/dedup.py               every measure but the long ones
    python benchmarks/dedup.py speed real    those named
    python benchmarks/dedup.py growth rows   the long ones: 45 and 60 minutes, 45 and 40 GB of disk

Peers run from an environment of their own (versions in the workload's README). Settings, by environment variable:
BENCH, the folder of the workload's scripts (default: ../shared/bench beside the repository); DATA, the folder of real
sources (../shared/data); PEERS, the Python that has the peers (/tmp/peers-venv/bin/python); CACHE, where workloads are
kept between runs (/tmp/dedup-bench); REPEAT, runs of each contender (3).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # This file's folder would hide the package `dedup` behind this file.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from benchmarks.measures import run

    run("deduplication", sys.argv[1:], by_hand=("growth", "rows"))
