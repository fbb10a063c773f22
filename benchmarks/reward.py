"""How well the reward model tells right from wrong, on what it never saw, and how it can be fooled.

    python benchmarks/reward.py               every measure
    python benchmarks/reward.py blind         those named

Settings, by environment variable: RUN, the folder of a run of recipes/medical.yaml up to `synthetic` (graph, texts of
people and synthetic ones; default: runs/medical); DATA, the folder of real sources (default: ../shared/data beside the
repository); PAIRS, how many pairs are made (default 30,000).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # This file's folder would hide the package behind a file of its name.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from benchmarks.measures import run

    run("reward_parts", sys.argv[1:])
