"""Rows of delimited text (RFC 4180, and other delimiters than commas)."""

from collections import deque
from collections.abc import Iterator
from itertools import islice

from collectors.tables.rows import Row, named_columns, require
from collectors.tables.rows_text import Lines
from datagen.delimited import cells
from datagen.errors import InputError

MAX_ROW = 16 << 20
MAX_ROW_LINES = 100_000
"""Characters and lines: a quote that is never closed would take in all the rest."""
DELIMITERS = (",", "\t", ";", "|")
SAMPLE_LINES = 50
SAMPLE = 1 << 20
"""Characters (and lines) looked at where the delimiter must be guessed."""
MAX_READS = 5
"""How often a file's lines may be read on the average: some can be made to seem the beginning of a row each."""


def csv_rows(
    lines: Lines, columns: set[str], names: tuple[str, ...] = (), delimiter: str | None = None
) -> Iterator[Row | InputError]:
    """Rows by the names in the header, or by those given where there is none; the delimiter is the one given, the one
    that a first line `sep=;` states (as Excel writes it), or the one that gives most of the first rows as many cells
    as the header.

    Bad rows are bad_csv, too_large, or bad_row (another number of cells). One that runs over several lines may have a
    quote that nobody closed: its first line is bad, and reading goes on with the second. Raises NoColumn, and
    InputError: bad_csv (no header).
    """
    source = _Source(lines)
    stated = source.stated_delimiter()
    delimiter = delimiter or stated or _likeliest(source.peek(SAMPLE_LINES), len(names))
    header = named_columns(list(names), "bad_csv")
    if header:
        require(columns, header)
    rows = cells(source, delimiter, strict=True)
    while True:
        source.begin_row()
        try:
            row = next(rows)
            if header and any(row) and len(row) != len(header):
                raise InputError("bad_row")
        except StopIteration:
            return
        except InputError as refusal:
            if not header:
                raise InputError("bad_csv", "no header") from None
            yield from [InputError(refusal.reason)] * source.give_up()
            rows = cells(source, delimiter, strict=True)
            continue
        if not header:
            header = named_columns(row, "bad_csv")
            require(columns, header)
        elif any(row):
            yield dict(zip(header, row, strict=True))


def _likeliest(lines: list[str], expected: int) -> str:
    """The delimiter by which most lines have as many cells as the first (or as `expected`), and it several."""

    def fit(delimiter: str) -> tuple[int, int]:
        try:
            counts = [len(row) for row in cells(lines, delimiter) if row]
        except InputError:  # a cell that is too large
            return 0, 0
        wanted = expected or next(iter(counts), 0)
        return (counts.count(wanted), wanted) if wanted > 1 else (0, 0)

    return max(DELIMITERS, key=fit)


class _Source:
    """Lines for `cells`, those of the row that is being read kept: all but its first can be read once more."""

    def __init__(self, lines: Lines):
        self._lines = _split_at_returns(lines)
        self._ahead: deque[str | InputError] = deque()
        self._row: list[str | InputError] = []
        self._taken = 0
        """Characters of the row that is being read."""
        self._reads = self._again = 0
        """Lines read, and those of them that were to be read again."""

    def peek(self, count: int) -> list[str]:
        size = sum(len(line) for line in self._ahead if isinstance(line, str))
        for line in islice(self._lines, count - len(self._ahead)):
            self._ahead.append(line)
            size += len(line) if isinstance(line, str) else 0
            if size > SAMPLE:
                break
        return [line for line in self._ahead if isinstance(line, str)]

    def stated_delimiter(self) -> str | None:
        """What a first line `sep=;` states; that line is passed over."""
        first = next(iter(self.peek(1)), "").strip(" \ufeff")
        if len(first) != len("sep=;") or not first.lower().startswith("sep="):
            return None
        self._ahead.popleft()
        return first[-1]

    def begin_row(self) -> None:
        self._row.clear()
        self._taken = 0

    def give_up(self) -> int:
        """Go back to the second line of the row; how many lines are given up, which is one unless a file has been read
        too often already."""
        if self._reads > MAX_READS * (self._reads - self._again) + MAX_ROW_LINES:
            return len(self._row)
        self._again += len(self._row) - 1
        self._ahead.extendleft(reversed(self._row[1:]))
        return 1

    def __iter__(self) -> "_Source":
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._lines)
        self._row.append(line)
        self._reads += 1
        if isinstance(line, InputError):
            raise line if len(self._row) == 1 else InputError("bad_csv")
        self._taken += len(line)
        if self._taken > MAX_ROW or len(self._row) > MAX_ROW_LINES:
            raise InputError("too_large", "a row")
        return line + "\n"


def _split_at_returns(lines: Lines) -> Iterator[str | InputError]:
    """Lines that end as they did on old Macs, too; last the error, if any, that ended them."""
    try:
        for line in lines:
            if isinstance(line, str) and "\r" in line:
                yield from line.split("\r")
            else:
                yield line
    except InputError as error:
        yield error
