"""What the knowledge graph holds, finds in text and verifies, how exactly and how fast.

    python benchmarks/knowledge_graph.py               every measure
    python benchmarks/knowledge_graph.py link verify   those named

Real sources come from the folder named by DATA (default: ../shared/data beside the repository).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # This file's folder would hide the package `knowledge_graph` behind this file.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from benchmarks.measures import run

    run("graph", sys.argv[1:])
