"""Charts as SVG, alike on pages and in files of their own."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

GREY, LINE = "#888", "#2a6f97"
MARKS = 60
"""Pixels that the marks of the upward axis need."""


@dataclass(frozen=True)
class Chart:
    """A box of `width` by `height` pixels with its upper left corner at (`left`, 0); the parts are elements of an SVG.

    `x` and `y` are the values at its edges, the least first; what lies beyond is drawn outside.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    width: float
    height: float
    left: float = MARKS

    def across(self, value: float) -> float:
        low, high = self.x
        return self.left + self.width * (value - low) / ((high - low) or 1)

    def up(self, value: float) -> float:
        low, high = self.y
        return self.height * (1 - (value - low) / ((high - low) or 1))

    def axes(self, unit: str = "") -> str:
        """Both, with the values at the ends of the upward one, and what they are."""
        low, high = self.y
        return (
            f'<path d="M{self.left} 0V{self.height}H{self.left + self.width}" fill="none" stroke="{GREY}"/>'
            f'<text x="{self.left - 6}" y="9" text-anchor="end">{high:.4g}</text>'
            f'<text x="{self.left - 6}" y="{self.height}" text-anchor="end">{low:.4g}</text>'
            + (f'<text x="{self.left + 6}" y="9">{escape(unit)}</text>' if unit else "")
        )

    def below(self, unit: str) -> str:
        """The values at the ends of the axis across, and what they are."""
        y = self.height + 15
        return (
            f'<text x="{self.left}" y="{y}">{_told(self.x[0])}</text>'
            f'<text x="{self.left + self.width}" y="{y}" text-anchor="end">{escape(unit)} {_told(self.x[1])}</text>'
        )

    def line(self, points: Iterable[tuple[float, float]], *, reference: bool = False) -> str:
        """A `reference` is dashed: what another line is held against."""
        path = " ".join(f"{self.across(x):.1f},{self.up(y):.1f}" for x, y in points)
        stroke = f'stroke="{GREY}" stroke-dasharray="4 4"' if reference else f'stroke="{LINE}"'
        return f'<polyline points="{path}" fill="none" {stroke}/>'

    def drawing(self, title: str, *parts: str) -> str:
        """An SVG for a page, whose style colours it."""
        width, height = self.left + self.width + 12, self.height + 30
        return (
            f'<svg class="plot" viewBox="0 -8 {width} {height}" width="{width}" role="img" '
            f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
        )


def averaged(points: Sequence[tuple[float, float | None]], most: int) -> list[tuple[float, float]]:
    """Means of as many neighbours as leave at most so many points; those without a value are left out."""
    found = [(x, value) for x, value in points if value is not None]
    size = max(1, math.ceil(len(found) / most))
    groups = [found[start : start + size] for start in range(0, len(found), size)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]


def extent(values: Iterable[float]) -> tuple[float, float]:
    """The least and the greatest; 0 and 1 where there is none."""
    found = list(values)
    return (min(found), max(found)) if found else (0.0, 1.0)


def _told(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
