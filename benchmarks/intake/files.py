"""Every file of every public source is read, and its records are counted against what its SOURCE.md says.

recipes/all_sources.yaml has a stage for each; this reads them all as one worker would, without the engine. A source of
one folder may take several stages, and two stages may read one file. What isn't data (licences, read-mes) is listed.
"""

import os
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from datagen.recipe import load_recipe
from datagen.stage import Source
from datagen.task import Job, Task

REPOSITORY = Path(__file__).resolve().parents[2]
RECIPE = REPOSITORY / "recipes" / "all_sources.yaml"
COUNTS = Path(__file__).with_suffix(".yaml")
ABOUT = ("SOURCE.md", "LICENSE*", "License*", "NOTICE", "README*", "readme.txt", "mtsamples.R", "catalog.md")
"""Not data: who made a source, under which licence, and how to read it."""
UNREADABLE = {"example-bad.warc.gz.bad": "its name says that it is no archive any more"}


@dataclass(frozen=True)
class Count:
    """What became of one stage's input."""

    files: int
    kept: int
    dropped: Counter
    quarantined: Counter

    @property
    def total(self) -> int:
        return self.kept + self.dropped.total() + self.quarantined.total()

    @property
    def reasons(self) -> str:
        return ", ".join(f"{reason} {n}" for reason, n in sorted((self.dropped + self.quarantined).items()))


def measure(data: Path) -> None:
    os.environ["DATA"] = str(data)
    sources = {name: step.stage for name, step in load_recipe(RECIPE).steps.items()}
    said = yaml.safe_load(COUNTS.read_text("utf-8"))
    print(f"{'stage':<22}{'files':>6}{'kept':>8}{'dropped':>9}{'refused':>9}{'said':>8}  equal, or why not [reasons]")
    read: set[Path] = set()
    equal = stated = 0
    for name, source in sources.items():
        found, expected = count(name, source), expected_total(said[name], data)
        read |= {Path(item.url) for item in source.items()}
        verdict = said[name].get("why", "unexplained")
        if expected is not None:
            stated, equal = stated + 1, equal + (expected == found.total)
            verdict = "equal" if expected == found.total else f"{found.total - expected:+d}, {verdict}"
        print(
            f"{name:<22}{found.files:>6}{found.kept:>8}{found.dropped.total():>9}{found.quarantined.total():>9}"
            f"{'-' if expected is None else expected:>8}  {verdict}{f' [{found.reasons}]' if found.reasons else ''}",
            flush=True,
        )
    everything = {path for folder in data.iterdir() if folder.is_dir() for path in folder.rglob("*") if path.is_file()}
    wanted = {path for path in everything if not _is_about(path.relative_to(data))}
    folders = {path.relative_to(data).parts[0] for path in everything}
    reached = {path.relative_to(data).parts[0] for path in read}
    print(f"\nsources read: {len(folders & reached)} of {len(folders)} (target: all)")
    print(
        f"files read: {len(wanted & read)} of {len(wanted)} (target: all); {len(everything - wanted)} are about sources"
    )
    print(f"counts equal to what SOURCE.md says: {equal} of {stated}")
    for path in sorted(wanted - read):
        print(f"  not read: {path.relative_to(data)}: {UNREADABLE.get(path.name, 'no reason')}")


def count(name: str, source: Source) -> Count:
    """Read a source, as a worker does."""
    items = tuple(source.items())
    kept, dropped, quarantined = 0, Counter(), Counter()
    with TemporaryDirectory() as folder:
        job = Job(name, source, "", f"{folder}/run", "0", None, items=items, settings={"split": {}}, secret=b"count")
        task = Task(job, "rows", 0, list(range(len(items))), Path(folder))
        for item in items:
            for outcome in source.read(item, task):
                kept += len(outcome.rows) - len(outcome.dropped)
                dropped.update(outcome.dropped.values())
                quarantined.update(outcome.quarantined.values())
    return Count(len(items), kept, dropped, quarantined)


def expected_total(entry: dict, data: Path) -> int | None:
    """The sum of the numbers that an entry quotes. Raises ValueError for a quotation that isn't in the SOURCE.md."""
    if "said" not in entry:
        return None
    total = 0
    for folder, quotes in entry["said"].items():
        text = (data / folder / "SOURCE.md").read_text("utf-8")
        for quote, number in quotes.items():
            if quote not in text or str(number) not in quote.replace(",", ""):
                raise ValueError(f"{folder}/SOURCE.md does not say: {quote}")
            total += number
    return total


def _is_about(path: Path) -> bool:
    return any(fnmatch(path.name, pattern) for pattern in ABOUT)
