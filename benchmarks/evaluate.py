"""What the evaluation promises: rows with a working loader, the harness's own scores, a judge that loses nothing.

    python benchmarks/evaluate.py                  all of it
    python benchmarks/evaluate.py harness          those named

Settings, by environment variable: DATA, the folder of real sources (default: ../shared/data beside the repository);
ITEMS, of each row in `harness`, at most (all).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from benchmarks.measures import run

    run("evaluating", sys.argv[1:])
