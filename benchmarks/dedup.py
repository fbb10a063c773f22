"""How fast, how exactly and in how little memory copies are found, beside peers.

    python benchmarks/dedup.py               every measure but the long ones
    python benchmarks/dedup.py speed real    those named
    python benchmarks/dedup.py growth rows   the long ones: 45 and 60 minutes, 45 and 40 GB of disk

Peers run from an environment of their own (versions in the workload's README). Settings, by environment variable:
BENCH, the folder of the workload's scripts (default: ../shared/bench beside the repository); DATA, the folder of real
sources (../shared/data); PEERS, the Python that has the peers (/tmp/peers-venv/bin/python); CACHE, where workloads are
kept between runs (/tmp/dedup-bench); REPEAT, runs of each contender (3).
"""

import os
import sys
from importlib import import_module
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[0] = str(REPOSITORY)  # this file's folder would hide the package `dedup` behind this file

LONG = ("growth", "rows")
MEASURES = tuple(sorted(p.stem for p in (REPOSITORY / "benchmarks" / "deduplication").glob("*.py") if p.stem[0] != "_"))


def main(names: list[str]) -> None:
    if unknown := set(names) - set(MEASURES):
        sys.exit(f"no measure is named {min(unknown)}; there are {', '.join(MEASURES)}")
    data = Path(os.environ.get("DATA", REPOSITORY.parent / "shared" / "data"))
    for name in names or [name for name in MEASURES if name not in LONG]:
        print(f"\n# {name}", flush=True)
        import_module(f"benchmarks.deduplication.{name}").measure(data)


if __name__ == "__main__":
    main(sys.argv[1:])
