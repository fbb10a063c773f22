"""How varied, faithful, fast and robust synthesis is.

    python benchmarks/synthesis.py            every measure
    python benchmarks/synthesis.py diversity  those named; `proof` (over an hour) only so

Settings, by environment variable: DATA, the folder of real sources (default: ../shared/data beside the repository);
GRAPH, the folder of a graph artefact, `datagen path RUN graph` (default: the bundled sample ontology).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # This file's folder would hide the package `synthesis` behind this file.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from benchmarks.measures import run

    run("synthetic", sys.argv[1:], by_hand=("proof",))
