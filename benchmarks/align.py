"""What alignment promises: each method improves what it should, in the memory that SFT needs, and the chain of all four
beats SFT alone.

    python benchmarks/align.py                     all but medical
    python benchmarks/align.py toy memory          those named
    python benchmarks/align.py medical             the chain on questions of a graph; goes on where it was interrupted

Settings, by environment variable: DATA, the folder of real sources (default: ../shared/data beside the repository);
SEEDS, those of `toy` and `medical` (0,1,2); WORK, where `medical` keeps what it has done (runs/align-medical); STEPS,
how long its stages are, as a multiple (1).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from benchmarks.measures import run

    run("alignment", sys.argv[1:], by_hand=("medical",))
