"""What the architecture is worth: speed, memory, what the convolution learns.

    python benchmarks/m1.py                      speed, cache, induction: some minutes
    python benchmarks/m1.py needle ablation      those named; the ablation takes about 40 minutes on two cores
    python benchmarks/m1.py gpu                  on one GPU, by hand

Settings, by environment variable: DATA, the folder of real sources (default: ../shared/data beside the repository);
CACHE, where the ablation keeps finished runs (/tmp/m1-bench), so that it goes on where it was stopped; RUNS, how many
runs of it go at a time (2).
"""

import os
import sys
from importlib import import_module
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[0] = str(REPOSITORY)

SHORT = ("speed", "cache", "induction")
LONG = ("needle", "ablation", "gpu")


def main(names: list[str]) -> None:
    if unknown := set(names) - {*SHORT, *LONG}:
        sys.exit(f"no measure is named {min(unknown)}; there are {', '.join(SHORT + LONG)}")
    data = Path(os.environ.get("DATA", REPOSITORY.parent / "shared" / "data"))
    for name in names or SHORT:
        print(f"\n# {name}", flush=True)
        import_module(f"benchmarks.m1_parts.{name}").measure(data)


if __name__ == "__main__":
    main(sys.argv[1:])
