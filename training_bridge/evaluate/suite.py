"""The suite as data: the report's 22 rows and others, where each comes from, and whether its files are here."""

import fnmatch
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml

from datagen.errors import UsageError
from dedup.evaluation_sets import FORMATS

Kind = Literal["choice", "coverage", "same", "diagnosis", "number", "rubric", "safety"]
Paths = str | list[str]
PROOF = "training_bridge.evaluate/"
"""Before a row's name in the grades of proof."""
COMPRESSED = (".gz", ".xz", ".bz2", ".zst")


@dataclass(frozen=True, eq=False)
class Row:
    """A row of the table: one benchmark, or a part of one.

    Attributes:
        benchmark: name under which `dedup.evaluation_sets` reads it.
        kind: what an answer is, and so how it is judged.
        items: as published; None where that isn't known.
        report: per cent, Baichuan-M1-14B and Qwen2.5-72B in the report's table; None for rows that it doesn't have.
        files: published names, or ends of paths, by which the row is found; `names` and `test_ids` go with them.
        access: open, application, credentialed, own.
        form: prompt of the likelihood protocol, in the words of lm-evaluation-harness's task `harness`, if it has one.
        subject: the column that names an item's subject, and the scheme that makes it a department.
    """

    name: str
    title: str
    benchmark: str
    kind: Kind
    language: str
    source: str
    licence: str
    files: tuple[str, ...]
    items: int | None = None
    access: Literal["open", "application", "credentialed", "own"] = "open"
    report: tuple[float, float] | None = None
    only: str = ""
    form: str = ""
    harness: str = ""
    names: tuple[str, ...] = ()
    test_ids: str = ""
    subject: Mapping[str, str] | None = None
    form_of_file: str = ""
    note: str = ""

    @property
    def restricted(self) -> bool:
        """Whether its text may not leave the network."""
        return self.access == "credentialed"

    @property
    def wanted(self) -> str:
        """The file to get, in words."""
        return self.form_of_file or FORMATS[self.benchmark].about


@cache
def suite() -> dict[str, Row]:
    """All rows by name, the report's 22 first and in its order."""
    table = yaml.safe_load((files("training_bridge.evaluate") / "suite.yaml").read_text("utf-8"))["rows"]
    return {name: Row(name=name, **{k: _frozen(v) for k, v in fields.items()}) for name, fields in table.items()}


def rows_of(names: Iterable[str]) -> list[Row]:
    """Rows by name, or by a benchmark's name all its rows. Raises UsageError for an unknown one."""
    found: dict[str, Row] = {}
    for name in names:
        mine = [row for row in suite().values() if name in (row.name, row.benchmark)]
        if not mine:
            raise UsageError(f"no row of the suite is named {name}", f"there are {', '.join(suite())}")
        found |= {row.name: row for row in mine}
    return list(found.values())


def locate(row: Row, folder: Path) -> list[str]:
    """Paths of a row's published files anywhere under a folder of data, the first of its names that is there; and of
    the files that go with them."""
    listed = _listing(folder)
    for wanted in row.files:
        if found := _matching(listed, wanted):
            rest = [wanted for wanted in row.files if not found & _matching(listed, wanted)]
            also = [*(rest if _siblings(row) else ()), *row.names, *filter(None, [row.test_ids])]
            return sorted(found.union(*(_matching(listed, name) for name in also)))
    return []


def grade(row: Row) -> str:
    """What proves the row: `real` items, a `fixture` of its published form, or `not run`."""
    return _proofs().get(PROOF + row.name, "not run")


def _siblings(row: Row) -> bool:
    """Whether a row's names are parts of one set, rather than other forms of it."""
    return row.benchmark in ("rarebench", "mediq")


@cache
def _listing(folder: Path) -> frozenset[str]:
    return frozenset(str(path) for path in folder.rglob("*") if path.is_file())


def _matching(listed: Iterable[str], wanted: str) -> set[str]:
    return {path for path in listed if fnmatch.fnmatch("/" + _plain(path), f"*/{wanted}")}


def _plain(path: str) -> str:
    """Without the ending of compression."""
    return next((path.removesuffix(end) for end in COMPRESSED if path.endswith(end)), path)


@cache
def _proofs() -> dict[str, str]:
    return json.loads((files("datagen") / "proof.json").read_text())


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
