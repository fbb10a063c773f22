"""Model and dataset cards: what the data is, under which licences, and what it must not be used for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow.compute as pc
import yaml

from datagen.licence import allowed
from datagen.lineage import Version
from datagen.stats import merge_cubes
from datagen.store import Store

UNKNOWN = "unknown"
BY = ("language", "department", "content_type", "curriculum", "license")
SHOWN = 30


@dataclass
class Summary:
    """What a model sees of a split: rows, and rows and tokens with `repeats` applied."""

    rows: int = 0
    seen: int = 0
    tokens: int = 0
    synthetic: int = 0
    restricted: int = 0
    by: dict[str, Counter[str]] = field(default_factory=lambda: {column: Counter() for column in BY})
    """Tokens seen, by column and value."""

    @property
    def languages(self) -> list[str]:
        return sorted(set(self.by["language"]) - {UNKNOWN})

    @property
    def licenses(self) -> list[str]:
        return sorted(self.by["license"])


def summarize(store: Store, versions: Iterable[Version], split: str) -> Summary:
    """Adds up one split of record versions, from their statistics alone: no row is read."""
    paths = [path for version in versions for path in version.paths("stats") if path.endswith("cube.parquet")]
    cube = merge_cubes([store.parquet(path).read() for path in paths])
    found = Summary()
    for row in cube.filter(pc.equal(cube["split"], split)).to_pylist():
        found.rows += row["rows"]
        found.seen += row["rows"] * row["repeats"]
        tokens = row["tokens"] * row["repeats"]
        found.tokens += tokens
        found.synthetic += tokens * bool(row["synthetic"])
        found.restricted += row["rows"] * (row["access"] != "open")
        for column in BY:
            found.by[column][row[column] or UNKNOWN] += tokens
    return found


def front_matter(fields: Mapping[str, Any]) -> str:
    return f"---\n{yaml.safe_dump(dict(fields), sort_keys=False, allow_unicode=True)}---\n"


def data_section(found: Summary) -> str:
    """Composition and licence table, in Markdown."""
    share = found.synthetic / found.tokens if found.tokens else 0.0
    parts = [
        f"{found.rows:,} rows, seen {found.seen:,} times in all: {found.tokens:,} tokens by datagen's estimate, "
        f"{share:.1%} of them synthetic."
    ]
    parts += [
        _shares(column, found.by[column]) for column in BY if column != "license" and set(found.by[column]) != {UNKNOWN}
    ]
    parts.append(_licenses(found))
    return "\n\n".join(parts) + "\n"


def _shares(column: str, counted: Counter[str]) -> str:
    total = sum(counted.values()) or 1
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    rows = [f"| {_cell(value)} | {tokens:,} | {tokens / total:.1%} |" for value, tokens in ordered[:SHOWN]]
    if rest := ordered[SHOWN:]:
        tokens = sum(tokens for _, tokens in rest)
        rows.append(f"| {len(rest)} others | {tokens:,} | {tokens / total:.1%} |")
    return "\n".join([f"| {column.replace('_', ' ')} | tokens | share |", "|---|---|---|", *rows])


def _licenses(found: Summary) -> str:
    table = ["## Licences of the data", "", "| licence | tokens | redistribute | derive | commercial |"]
    table += ["|---|---|---|---|---|"]
    closed = 0
    for license, tokens in sorted(found.by["license"].items(), key=lambda item: (-item[1], item[0])):
        may = allowed(license)
        closed += "redistribute" not in may
        answers = " | ".join(
            "yes" if operation in may else "no" for operation in ("redistribute", "derive", "commercial")
        )
        table.append(f"| {_cell(license)} | {tokens:,} | {answers} |")
    table += [
        "",
        "What each licence allows is datagen's reading, not legal advice. Attribution: see the rows' sources.",
    ]
    if closed or found.restricted:
        table.append(
            f"\n**Not everything here may be passed on**: {closed} of the licences above do not allow it or are "
            f"unknown; {found.restricted:,} rows are restricted."
        )
    return "\n".join(table)


def _cell(value: str) -> str:
    """Values come from the data: nothing in them may end a cell or start markup."""
    return "".join(c if c.isprintable() and c not in "|`<>[]" else " " for c in value)[:80]
