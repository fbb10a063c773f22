"""Rows of XLSX workbooks."""

from collections.abc import Iterator

from collectors.tables.rows import Row, named_columns, plain, require
from datagen.xlsx import worksheets


def xlsx_rows(
    data: bytes, columns: set[str], sheet: str | None = None, names: tuple[str, ...] = (), skip: int = 0
) -> Iterator[Row]:
    """Rows of a worksheet (the first; that of a name; with `*` all, one after the other), by the names in its first
    row after `skip` others, or by those given where that is no header. Formulas count as the values last saved.

    Raises NoColumn, and InputError as `worksheets` does.
    """
    for lines in worksheets(data, sheet, skip, len(names)):
        header = named_columns(list(names or next(lines, ())), "bad_xlsx")
        require(columns, header)
        for line in lines:
            if any(cell is not None for cell in line):
                yield {name: plain(cell) for name, cell in zip(header, line, strict=False) if name}
