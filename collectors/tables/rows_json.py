"""Rows of JSON and JSON Lines, of files of any size."""

import json
import math
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from collectors.tables.rows import Row
from collectors.tables.rows_text import Lines, lines_of
from datagen.errors import InputError

MAX_WHOLE = 16 << 20
"""Characters of a file up to which it is parsed whole; of a larger one, those of a single row."""
MAX_VALUES = 4_000_000
"""Parsed at a time, counted generously: an empty list of two characters takes 64 bytes."""
MAX_DEPTH = 100
"""Levels of nesting."""


def json_lines(lines: Lines) -> Iterator[Row | InputError]:
    """One object a line. Bad lines are bad_json, bad_row (no object), json_limits or too_large."""
    for line in lines:
        if isinstance(line, InputError):
            yield line
        elif line.strip():
            yield _row(line)


def json_rows(pieces: Iterable[str]) -> Iterator[Row | InputError]:
    """Rows of a text: a list of objects; or an object with one such list in it; or an object of objects, whose keys
    become `key`; or one object a line.

    Of a text over MAX_WHOLE only one row at a time is in memory; there the first list of objects in an object counts,
    or its members where an object comes before. Raises InputError: bad_json, json_limits, too_large (a row over
    MAX_WHOLE).
    """
    pieces, head, size = iter(pieces), [], 0
    for piece in pieces:
        head.append(piece)
        size += len(piece)
        if size > MAX_WHOLE:
            break
    text = "".join(head)
    first, _, rest = text.lstrip().partition("\n")
    if first.startswith("{") and rest.strip() and isinstance(_row(first), dict):
        yield from json_lines(lines_of(chain(head, pieces)))
    elif size <= MAX_WHOLE:
        yield from _whole_rows(parse(text))
    else:
        yield from _Scanner(chain(head, pieces)).rows()


def parse(text: str, decoder: json.JSONDecoder | None = None) -> Any:
    """JSON, its NaN and infinities read as null, or as `decoder` reads it. Raises InputError: bad_json, json_limits."""
    _bound(text)
    try:
        value = (decoder or _DECODER).decode(text)
    except RecursionError:
        raise InputError("json_limits", f"over {MAX_DEPTH} levels") from None
    except ValueError:
        raise InputError("bad_json") from None
    return _shallow(value, text)


def _row(text: str) -> Row | InputError:
    try:
        value = parse(text)
    except InputError as error:
        return error
    return value if isinstance(value, dict) else InputError("bad_row")


def _bound(text: str) -> None:
    if len(text) > MAX_VALUES and text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise InputError("json_limits", f"over {MAX_VALUES} values")


def _shallow(value: Any, text: str) -> Any:
    """The value, if it isn't nested too deeply for those who will walk it."""
    if text.count("[") + text.count("{") > MAX_DEPTH:
        level, depth = [value], 0
        while level:
            depth += 1
            if depth > MAX_DEPTH:
                raise InputError("json_limits", f"over {MAX_DEPTH} levels")
            inside = (v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list))
            level = [v for values in inside for v in values if isinstance(v, dict | list)]
    return value


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


_DECODER = json.JSONDecoder(parse_constant=lambda _: None, parse_float=_finite)


def _whole_rows(root: Any) -> Iterator[Row | InputError]:
    if isinstance(root, dict):
        lists = [value for value in root.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
        if len(lists) == 1:
            root = lists[0]
        elif root and all(isinstance(value, dict) for value in root.values()):
            root = [{"key": key, **value} for key, value in root.items()]
        else:
            root = [root]
    if not isinstance(root, list):
        raise InputError("bad_json", "neither a list nor an object")
    for row in root:
        yield row if isinstance(row, dict) else InputError("bad_row")


LOOK_AHEAD = 1000
_BLANK = re.compile(r"[ \t\n\r]*")
_OBJECTS = re.compile(r"\[[ \t\n\r]*\{")


class _Scanner:
    """Reads JSON value by value from a text that comes in pieces."""

    def __init__(self, pieces: Iterator[str]):
        self._pieces = pieces
        self._text = ""
        self._place = 0

    def rows(self) -> Iterator[Row | InputError]:
        match self._next():
            case "[":
                yield from self._elements()
            case "{":
                yield from self._members()
            case _:
                raise InputError("bad_json", "neither a list nor an object")

    def _elements(self) -> Iterator[Row | InputError]:
        if self._peek() == "]":
            self._next()
            return
        while True:
            value = self._value()
            yield value if isinstance(value, dict) else InputError("bad_row")
            if self._separator("]"):
                return

    def _members(self) -> Iterator[Row | InputError]:
        keyed = False
        for key in self._keys():
            if not keyed and self._is_list_of_objects():
                self._next()
                yield from self._elements()
                return
            value = self._value()
            keyed = keyed or isinstance(value, dict)
            if keyed:
                yield {"key": key, **value} if isinstance(value, dict) else InputError("bad_row")
        if not keyed:
            raise InputError("too_large", "a single object")

    def _is_list_of_objects(self) -> bool:
        self._peek()
        while len(self._text) - self._place < LOOK_AHEAD and self._more():
            pass
        return _OBJECTS.match(self._text, self._place) is not None

    def _keys(self) -> Iterator[str]:
        """Keys of an object; the value of each is to be read before the next is asked for."""
        if self._peek() == "}":
            self._next()
            return
        while True:
            if self._peek() != '"':
                raise InputError("bad_json")
            key = self._value()
            if self._next() != ":":
                raise InputError("bad_json")
            yield key
            if self._separator("}"):
                return

    def _separator(self, end: str) -> bool:
        """Whether the list or object ends here, and no comma comes."""
        found = self._next()
        if found not in (",", end):
            raise InputError("bad_json")
        return found == end

    def _next(self) -> str:
        found = self._peek()
        self._place += 1
        return found

    def _peek(self) -> str:
        while True:
            self._place = _BLANK.match(self._text, self._place).end()
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                raise InputError("bad_json")

    def _more(self) -> bool:
        """Take in the next piece, and let go of what was read."""
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._text, self._place = self._text[self._place :] + piece, 0
        return True

    def _value(self) -> Any:
        self._peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._place)
            except RecursionError:
                raise InputError("json_limits", f"over {MAX_DEPTH} levels") from None
            except ValueError:
                self._grow()
                continue
            if end < len(self._text) or not self._more():  # at the end of what is here, a number may go on
                break
        piece = self._text[self._place : end]
        self._place = end
        return _shallow(value, piece)

    def _grow(self) -> None:
        """Take in twice of what is here. Raises InputError where there is no more, or it is enough."""
        held = len(self._text) - self._place
        _bound(self._text)
        if held > MAX_WHOLE:
            raise InputError("too_large", "a row, or what is no JSON")
        if not self._more():
            raise InputError("bad_json")
        while len(self._text) < 2 * held and self._more():
            pass
