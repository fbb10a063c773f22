"""Rows that lie somewhere inside a JSON document."""

from collections.abc import Iterator
from typing import Any

from datagen.errors import InputError

Row = dict[str, Any]

MAX_DEPTH = 200


def rows_at(root: Any, at: str, children: str | None) -> Iterator[Row | InputError]:
    """Rows at a place such as `data.items`; `.` is the document itself. A list there is rows, an object one row; after
    `.*` (or for `*`) each entry of the object is a row, with its key in the column `key`.

    A row that is no object is the column `value`. With `children`, the rows under that key of a row (and under theirs)
    follow it, and the column `ancestors` has those above, from the top, without their children. Raises
    InputError(bad_json) where nothing is there.
    """
    place, entries = root, at == "*" or at.endswith(".*")
    for key in at.removesuffix("*").strip(".").split("."):
        if key and not (isinstance(place, dict) and key in place):
            raise InputError("bad_json", "no rows at that place")
        place = place[key] if key else place
    if children is not None:
        yield from _tree(place, children, [])
    elif isinstance(place, dict) and entries:
        yield from ({"key": key, **_as_row(value)} for key, value in place.items())
    else:
        yield from map(_as_row, place if isinstance(place, list) else [place])


def _as_row(value: Any) -> Row:
    return value if isinstance(value, dict) else {"value": value}


def _tree(node: Any, children: str, above: list[Row]) -> Iterator[Row | InputError]:
    if len(above) > MAX_DEPTH:
        yield InputError("bad_row", "nested too deeply")
    elif isinstance(node, list):
        for item in node:
            yield from _tree(item, children, above)
    elif isinstance(node, dict):
        row = {key: value for key, value in node.items() if key != children}
        yield {**row, "ancestors": above}
        yield from _tree(node.get(children, []), children, [*above, row])
    else:
        yield InputError("bad_row")
