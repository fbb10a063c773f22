"""How well records are labelled, and how fast, beside peers.

    python benchmarks/classify.py                  every measure
    python benchmarks/classify.py departments      those named

Settings, by environment variable: DATA, the folder of real sources (default: ../shared/data beside the repository);
PEERS, a Python that has the peers (`pip install datatrove==0.10.* spacy jieba`; /tmp/peers-venv/bin/python).
"""

import os
import sys
from importlib import import_module
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[0] = str(REPOSITORY)

MEASURES = tuple(
    sorted(p.stem for p in (REPOSITORY / "benchmarks" / "classification").glob("*.py") if p.stem[0] != "_")
)


def main(names: list[str]) -> None:
    if unknown := set(names) - set(MEASURES):
        sys.exit(f"no measure is named {min(unknown)}; there are {', '.join(MEASURES)}")
    data = Path(os.environ.get("DATA", REPOSITORY.parent / "shared" / "data"))
    if not data.is_dir():
        sys.exit(f"{data}: no such folder; set DATA")
    for name in names or MEASURES:
        print(f"\n# {name}", flush=True)
        import_module(f"benchmarks.classification.{name}").measure(data)


if __name__ == "__main__":
    main(sys.argv[1:])
