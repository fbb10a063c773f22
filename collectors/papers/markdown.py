"""Tables of HTML and JATS as Markdown."""

from collections.abc import Callable

from lxml import etree

MAX_COLUMNS = 200
MAX_ROWS = 20_000


def table_markdown(table: etree._Element, cell_text: Callable[[etree._Element], str]) -> str:
    """A table element (`thead`, `tbody`, `tr`, `td`) as a Markdown table; empty where it holds no text.

    Spans are resolved: what spans rows is repeated in each; what spans columns is repeated in the header, and stands in
    the first column elsewhere. Several header rows become one, each column's texts from top to bottom. Without a
    header the first row serves. At most `MAX_COLUMNS` and `MAX_ROWS` are read.
    """
    head, body = [], []
    for section, rows in _sections(table):
        is_head = section == "thead"
        (head if is_head else body).extend(_grid(rows, cell_text, repeat=is_head))
    if not any(any(row) for row in head + body):
        return ""
    if not head:
        head, body = body[:1], body[1:]
    width = max(map(len, head + body))
    columns = [[row[i] if i < len(row) else "" for row in head] for i in range(width)]
    lines = [[" ".join(dict.fromkeys(filter(None, column))) for column in columns], ["---"] * width]
    lines += [row + [""] * (width - len(row)) for row in body if any(row)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _sections(table: etree._Element) -> list[tuple[str, list[etree._Element]]]:
    sections: list[tuple[str, list[etree._Element]]] = []
    left = MAX_ROWS
    for row in table.iter("tr"):
        if next(row.iterancestors(table.tag)) is not table:
            continue  # a table within a cell
        parent = row.getparent().tag
        if not sections or sections[-1][0] != parent:
            sections.append((parent, []))
        sections[-1][1].append(row)
        left -= 1
        if not left:
            break
    return sections


def _grid(rows: list[etree._Element], cell_text: Callable[[etree._Element], str], repeat: bool) -> list[list[str]]:
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}  # column -> rows still spanned, text
    for row in rows:
        line: list[str] = []
        for cell in row.iterchildren("td", "th"):
            if hanging:
                _hang(line, hanging)
            if len(line) >= MAX_COLUMNS:
                break
            text = " ".join(cell_text(cell).split()).replace("|", "\\|")
            below = _span(cell, "rowspan") - 1
            for number in range(min(_span(cell, "colspan"), MAX_COLUMNS - len(line))):
                shown = text if repeat or not number else ""
                if below:
                    hanging[len(line)] = below, shown
                line.append(shown)
        _hang(line, hanging)
        grid.append(line)
    return grid


def _hang(line: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    """Fill the columns that cells above reach down into."""
    while len(line) in hanging:
        left, text = hanging.pop(len(line))
        if left > 1:
            hanging[len(line)] = left - 1, text
        line.append(text)


def _span(cell: etree._Element, name: str) -> int:
    value = cell.get(name)
    if value is None:
        return 1
    value = value.strip()
    return max(1, min(int(value), MAX_ROWS)) if value.isdecimal() and len(value) < 9 else 1
