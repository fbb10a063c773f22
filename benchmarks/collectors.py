"""What the collectors read, how exactly, how fast and how safely, beside their peers.

    python benchmarks/collectors.py                every measure
    python benchmarks/collectors.py pages papers   those named

Real text comes from the folder named by DATA (default: ../shared/data beside the repository).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # This file's folder would hide the package `collectors` behind this file.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from benchmarks.measures import run

    run("intake", sys.argv[1:])
