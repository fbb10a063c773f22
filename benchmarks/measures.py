"""Runs the measures of one room of the benchmarks: the modules of a folder, each with `measure(data)`."""

import os
import sys
from importlib import import_module
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def run(folder: str, names: list[str], *, by_hand: tuple[str, ...] = ()) -> None:
    """Measure those named; without names, all but those that run `by_hand` only.

    Real sources come from the folder that DATA names (environment; default: ../shared/data beside the repository).
    Exits with a message if a name or the folder is unknown.
    """
    measures = sorted(p.stem for p in (REPOSITORY / "benchmarks" / folder).glob("*.py") if p.stem[0] != "_")
    if unknown := set(names) - set(measures):
        sys.exit(f"no measure is named {min(unknown)}; there are {', '.join(measures)}")
    data = Path(os.environ.get("DATA", REPOSITORY.parent / "shared" / "data"))
    if not data.is_dir():
        sys.exit(f"{data}: no such folder; name the one with the sources in DATA")
    for name in names or [name for name in measures if name not in by_hand]:
        print(f"\n# {name}", flush=True)
        import_module(f"benchmarks.{folder}.{name}").measure(data)
