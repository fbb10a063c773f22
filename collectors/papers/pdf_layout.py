"""The layout of a page: lines out of runs, furniture off, columns in the order they are read."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from collectors.papers.pdf_pages import Page, Run

HYPHEN = "\u00ad"
MARGIN = 0.12
"""Of a page's height, above and below: where running heads and page numbers stand."""
_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"(?:page|第)?\s*[#ivxlc]+\s*(?:(?:of|/|页|\|)\s*#?)*", re.IGNORECASE)
_UNIT = re.compile(r"(?:\d|(?:^|[\s/(])(?:[cdkmnµμ]?m|s|kg/m|min|h))$")
_LIGATURES = {
    ord("ﬀ"): "ff",
    ord("ﬁ"): "fi",
    ord("ﬂ"): "fl",
    ord("ﬃ"): "ffi",
    ord("ﬄ"): "ffl",
    ord("ﬅ"): "st",
    ord("ﬆ"): "st",
}


@dataclass(frozen=True)
class Line:
    """A line of one column; places in points from the lower left corner of the page, `font` and `size` those of most of
    its letters."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    font: str


def page_lines(page: Page) -> list[Line]:
    """Lines in the order of the file. White text, and what stands outside the page, is left out: no reader saw it."""
    lines: list[list[Run]] = []
    for run in page.runs:
        if run.size < 2 or not (0 <= run.left <= page.width and 0 <= run.baseline <= page.height):
            continue
        if lines and _goes_on(lines[-1][-1], run):
            lines[-1].append(run)
        else:
            lines.append([run])
    return [line for runs in lines if (line := _line(runs)) is not None]


def _goes_on(last: Run, run: Run) -> bool:
    size = max(last.size, run.size)
    if HYPHEN in last.text or abs(run.baseline - last.baseline) > 0.6 * size:
        return False
    if min(last.size, run.size) > 0.85 * size and abs(run.baseline - last.baseline) > 0.25 * size:
        return False
    return -0.5 * size <= run.left - last.right <= 1.1 * size


def _line(runs: list[Run]) -> Line | None:
    letters: Counter[tuple[float, str, float]] = Counter()
    for run in runs:
        letters[run.size, run.font, run.baseline] += len(run.text)
    sizes: Counter[float] = Counter()
    for (size, _, _), count in letters.items():
        sizes[size] += count
    size = max(sizes, key=lambda s: (sizes[s], s))
    _, font, baseline = max((key for key in letters if key[0] == size), key=letters.__getitem__)
    if all(run.is_white for run in runs):
        return None
    text = ""
    for run in runs:
        shown = _script(run, size, baseline, text)
        text += (" " if run.starts_word and text else "") + shown
    text = " ".join(text.translate(_LIGATURES).split())
    return Line(text, min(r.left for r in runs), max(r.right for r in runs), baseline, size, font) if text else None


def _script(run: Run, size: float, baseline: float, before: str) -> str:
    """Superscripts and subscripts as `jats_text` writes them: [12] for a citation, 10^9, CO2, C_max."""
    if run.size > 0.85 * size or run.starts_word:
        return run.text
    text = run.text
    if run.baseline > baseline + 0.15 * size:
        if not any(map(str.isalnum, text)) and not text.strip("+-−"):
            return f"^{text}" if text else text
        if not text[0].isdigit() and text[0] not in "-−":
            return text
        return f"^{text.replace('−', '-')}" if _UNIT.search(before) else f"[{text}]"
    if run.baseline < baseline - 0.05 * size and text[0].isalpha():
        return f"_{text}"
    return text


def without_furniture(pages: list[tuple[float, list[Line]]]) -> list[list[Line]]:
    """Lines of each page (its height, its lines) less running heads, running feet and page numbers."""
    seen: dict[str, set[int]] = defaultdict(set)
    for number, (height, lines) in enumerate(pages):
        for line in lines:
            if _in_margin(line, height):
                seen[_NUMBER.sub("#", line.text)].add(number)
    return [
        [line for line in lines if not (_in_margin(line, height) and _is_furniture(line, seen, len(pages)))]
        for height, lines in pages
    ]


def _in_margin(line: Line, height: float) -> bool:
    return not MARGIN * height < line.baseline < (1 - MARGIN) * height


def _is_furniture(line: Line, seen: dict[str, set[int]], pages: int) -> bool:
    key = _NUMBER.sub("#", line.text)
    return len(seen[key]) >= max(2, 0.25 * pages) or _PAGE_NUMBER.fullmatch(key) is not None


def columns(pages: list[list[Line]], body_size: float) -> Iterator[list[list[Line]]]:
    """Lines of each page as columns, in the order they are read, each from top to bottom.

    A gutter is a strip that few lines cross. The gutters of the running text are sought in all pages together, since a
    page that a table fills has too little text to show its own.
    """
    common = [
        _gutter([line for page in pages[parity::2] for line in page if line.size == body_size]) for parity in (0, 1)
    ]
    for number, page in enumerate(pages):
        gutter = common[number % 2] or common[1 - number % 2]
        yield list(_columns(page, [gutter] if gutter else []))


def _columns(lines: list[Line], gutters: list[float], depth: int = 0) -> Iterator[list[Line]]:
    """The lines that cross the gutter cut the page into bands, which are read one after another, each from its left
    column to its right."""
    known = [x for x in gutters if sum(line.right <= x for line in lines) and sum(line.left >= x for line in lines)]
    gutter = known[0] if known else _gutter(lines) if depth < 4 else None
    lines = sorted(lines, key=lambda line: (-round(line.baseline), line.left))
    if gutter is None:
        if lines:
            yield _rejoined(lines)
        return
    for crosses, group in groupby(lines, key=lambda line: line.left < gutter < line.right):
        band = list(group)
        parts = [band] if crosses else [[x for x in band if x.right <= gutter], [x for x in band if x.left >= gutter]]
        for part in filter(None, parts):
            yield from _columns(part, [], depth + 1)


def _rejoined(lines: list[Line]) -> list[Line]:
    """The lines of one column, those made whole that wide spaces between words had split."""
    found: list[Line] = []
    for line in lines:
        last = found[-1] if found else None
        if (
            last
            and (last.size, last.baseline) == (line.size, line.baseline)
            and line.left - last.right < 2.5 * line.size
        ):
            found[-1] = replace(last, text=f"{last.text} {line.text}", right=line.right)
        else:
            found.append(line)
    return found


def _gutter(lines: list[Line]) -> float | None:
    """The middle of the best gutter, or None where the lines are one column."""
    if len(lines) < 10:
        return None
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    total = sum(line.size for line in lines)
    crossing = [0.0] * (int(right - left) + 2)
    for line in lines:
        for x in range(int(line.left - left) + 1, int(line.right - left) + 1):
            crossing[x] += line.size
    span = len(crossing)
    candidates = []
    for strip in _strips(crossing, 0.4 * total, int(0.08 * span), int(0.92 * span)):
        least = min(crossing[x] for x in strip)
        strip = [x for x in strip if crossing[x] <= least + 0.02 * total]
        middle = left + (strip[0] + strip[-1]) / 2
        if len(strip) >= 5 and _are_side_by_side(lines, middle):
            candidates.append((least / total, -len(strip), middle))
    return min(candidates)[2] if candidates else None


def _strips(crossing: list[float], limit: float, first: int, last: int) -> Iterator[list[int]]:
    """Neighbouring places that lines of no more than `limit` cross."""
    for is_open, places in groupby(range(first, last), key=lambda x: crossing[x] <= limit):
        if is_open:
            yield list(places)


def _are_side_by_side(lines: list[Line], x: float) -> bool:
    """Whether there is running text, rather than the cells of a table, on both sides at the same heights."""
    sides = [line for line in lines if line.right <= x], [line for line in lines if line.left >= x]
    if min(map(len, sides)) < 5:
        return False
    if any(sorted(len(line.text) for line in side)[len(side) // 2] < 14 for side in sides):
        return False
    heights = [line.baseline for line in sides[1]]
    low, high = min(heights), max(heights)
    return sum(low - line.size <= line.baseline <= high + line.size for line in sides[0]) >= 5
