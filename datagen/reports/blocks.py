"""What sections are built of. Plain data: the template alone writes HTML, and escapes everything."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from datagen.reports.words import Words

Text = str | Words


@dataclass(frozen=True)
class Part:
    """A piece of a bar: its share of the width (0 to 1), its colour class, and what it stands for."""

    share: float
    tone: str
    label: Text = ""


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        sort: what the column sorts by (default: the text).
        small: said after the text, smaller.
        shade: strength of the background, 0 to 1.
        bar: -1 to 1, a bar to the left or right of the middle.
        parts: a bar of several pieces.
        tone: colour class of the text.
        note: shown on hovering.
    """

    text: Text = ""
    sort: float | str | None = None
    small: Text = ""
    shade: float | None = None
    bar: float | None = None
    parts: Sequence[Part] = ()
    tone: str = ""
    note: Text = ""


@dataclass(frozen=True)
class Column:
    heading: Text
    number: bool = True
    note: Text = ""


@dataclass(frozen=True)
class Table:
    """`rows` beyond `most` are not shown, only counted; `foot` stays below whatever is sorted."""

    kind: ClassVar[str] = "table"
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    foot: Sequence[Sequence[Cell]] = ()
    filterable: bool = False
    most: int = 100
    caption: Text = ""
    heat: bool = False


@dataclass(frozen=True)
class Note:
    kind: ClassVar[str] = "note"
    text: Text
    tone: Literal["", "good", "look", "bad", "muted"] = "muted"


@dataclass(frozen=True)
class Code:
    """Commands to copy."""

    kind: ClassVar[str] = "code"
    lines: Sequence[str]


@dataclass(frozen=True)
class Legend:
    kind: ClassVar[str] = "legend"
    parts: Sequence[Part]


@dataclass(frozen=True)
class Dumbbell:
    """One line of a chart of targets against what is: places are 0 to 1 along the axis."""

    label: Words
    short: Words
    target: float
    low: float
    high: float
    actual: float
    is_met: bool
    text: str


@dataclass(frozen=True)
class Dumbbells:
    kind: ClassVar[str] = "dumbbells"
    rows: Sequence[Dumbbell]
    ticks: Sequence[tuple[float, str]]
    title: Words


@dataclass(frozen=True)
class Bar:
    label: Text
    parts: Sequence[Part]
    text: str


@dataclass(frozen=True)
class Bars:
    """Stacked bars on one scale."""

    kind: ClassVar[str] = "bars"
    rows: Sequence[Bar]
    title: Words


Block = Table | Note | Code | Legend | Dumbbells | Bars


@dataclass(frozen=True)
class Section:
    id: str
    title: Words
    blocks: Sequence[Block] = field(default_factory=tuple)
