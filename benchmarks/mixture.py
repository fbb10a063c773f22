"""The mixture found by small models, and the report's claims about data at small scale; both run by hand, for they
train for an hour. Stopped and run again with the same FOLDER they go on where they were.

    python benchmarks/mixture.py search            40 + 12 mixtures, the optimum, its check by fresh runs
    python benchmarks/mixture.py claims            four claims, three seeds each

Settings, by environment variable: DATA, the folder of real sources (default: ../shared/data beside the repository);
FOLDER, where results are kept (default: one of the system's for temporary files); RUNS, HELDOUT_RUNS, SEEDS and TOKENS
(of each run); WORKERS, the CPUs used; MAX_MINUTES (60), beyond which a search is not begun (a busy machine is slow).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from benchmarks.measures import run

    run("mixing", sys.argv[1:], by_hand=("search", "claims"))
