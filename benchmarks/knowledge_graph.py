"""What the knowledge graph holds, finds in text and verifies, how exactly and how fast.

    python benchmarks/knowledge_graph.py               every measure
    python benchmarks/knowledge_graph.py link verify   those named

Real sources come from the folder named by DATA (default: ../shared/data beside the repository).
"""

import os
import sys
from importlib import import_module
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[0] = str(REPOSITORY)  # this file's folder would hide the package `knowledge_graph` behind this file

MEASURES = tuple(sorted(p.stem for p in (REPOSITORY / "benchmarks" / "graph").glob("*.py") if p.stem[0] != "_"))


def main(names: list[str]) -> None:
    if unknown := set(names) - set(MEASURES):
        sys.exit(f"no measure is named {min(unknown)}; there are {', '.join(MEASURES)}")
    data = Path(os.environ.get("DATA", REPOSITORY.parent / "shared" / "data"))
    if not data.is_dir():
        sys.exit(f"{data}: no such folder; name the one with the sources in DATA")
    for name in names or MEASURES:
        print(f"\n# {name}", flush=True)
        import_module(f"benchmarks.graph.{name}").measure(data)


if __name__ == "__main__":
    main(sys.argv[1:])
