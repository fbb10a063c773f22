"""What the readers of tables have in common: rows as dicts of plain values, columns that must be there."""

import math
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa

from datagen.errors import InputError

MAX_COLUMNS = 10_000

Row = dict[str, Any]


class NoColumn(Exception):
    """Columns that were asked for aren't there; `found` are those that are."""

    def __init__(self, missing: list[str], found: list[str]):
        super().__init__(", ".join(missing))
        self.missing, self.found = missing, found


def require(columns: set[str], header: list[str]) -> set[str]:
    """The columns of the header that are needed (`a.b` needs a column of that name, or `a`). Raises NoColumn."""
    needed = {name: name if name in header else name.split(".")[0] for name in columns}
    if missing := sorted(name for name, top in needed.items() if top not in header):
        raise NoColumn(missing, header)
    return set(needed.values())


def named_columns(cells: list[Any], reason: str) -> list[str]:
    """A header row as names; columns without one are "". Raises InputError of that reason."""
    header = [str(cell).strip() if cell is not None else "" for cell in cells]
    while header and not header[-1]:
        header.pop()
    if len(header) > MAX_COLUMNS:
        raise InputError(reason, f"over {MAX_COLUMNS} columns")
    named = [name for name in header if name]
    if len(set(named)) < len(named):
        raise InputError(reason, "two columns of one name")
    return header


def is_plain(kind: pa.DataType) -> bool:
    """Whether an Arrow type is text, number, truth, time, or a list or struct of these."""
    if pa.types.is_nested(kind):
        return not pa.types.is_union(kind) and all(is_plain(kind.field(i).type) for i in range(kind.num_fields))
    if pa.types.is_dictionary(kind):
        return is_plain(kind.value_type)
    checks = ("string", "large_string", "boolean", "integer", "floating", "decimal", "date", "timestamp", "null")
    return any(getattr(pa.types, f"is_{check}")(kind) for check in checks)


def plain(value: Any) -> Any:
    """A value of another type system as JSON has it: times in ISO 8601, decimals as text, no NaN."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime | date | time) else str(value)
