"""What the architecture is worth: speed, memory, what the convolution learns.

    python benchmarks/m1.py                      speed, cache, induction: some minutes
    python benchmarks/m1.py needle ablation      those named; the ablation takes about 40 minutes on two cores
    python benchmarks/m1.py gpu                  on one GPU, by hand

Settings, by environment variable: DATA, the folder of real sources (default: ../shared/data beside the repository);
CACHE, where the ablation keeps finished runs (/tmp/m1-bench), so that it goes on where it was stopped; RUNS, how many
runs of it go at a time (2).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from benchmarks.measures import run

    run("m1_parts", sys.argv[1:], by_hand=("needle", "ablation", "gpu"))
