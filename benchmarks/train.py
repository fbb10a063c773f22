"""What the trainer promises: packing, exactness, memory and a loader that costs nothing.

    python benchmarks/train.py                     all of it
    python benchmarks/train.py packing kills       those named

Settings, by environment variable: DATA, the folder of real sources (default: ../shared/data beside the repository);
KILLS, how many times the run of `kills` is killed (30).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from benchmarks.measures import run

    run("training", sys.argv[1:])
