"""The picture of a search: what was found, how sure it is, and whether fresh runs agree."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from datagen.pages.charts import GREY, Chart, extent

if TYPE_CHECKING:
    from training_bridge.mixture.search import Found

WIDTH, LEFT, RIGHT, ROW, GAP, SQUARE = 860, 170, 60, 22, 64, 260
BLUE, ORANGE = "#0072b2", "#e69f00"


def picture(found: "Found", natural: Mapping[str, float], tested: Sequence[tuple[float, float, float]]) -> str:
    """An SVG: shares of the found mixture with their 90 % intervals beside the natural ones; declared loss of the
    checked mixtures with 95 % intervals; and predicted (with its error) against measured loss of held-out mixtures."""
    parts, top = [], 40
    for title, body, height in (
        (
            "share of training tokens: found (bar, 90 % interval), natural (mark)",
            _shares(found, natural),
            len(found.groups) * ROW,
        ),
        (
            "declared loss, bits per byte: fresh runs (mean, 95 % interval, seeds)",
            _checked(found),
            len(found.checked) * ROW,
        ),
        (f"held-out mixtures: predicted and measured loss, Spearman {found.spearman:.2f}", _tested(tested), SQUARE),
    ):
        if not body:
            continue
        parts.append(
            f'<g transform="translate(0 {top})">'
            f'<text x="20" y="-12" font-weight="bold">{escape(title)}</text>{body}</g>'
        )
        top += height + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" font-family="sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{top}" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _shares(found: "Found", natural: Mapping[str, float]) -> str:
    best = found.optimum
    most = max(float(best.high.max()), float(best.weights.max()), max(natural.values()))
    out = []
    for row, name in enumerate(found.groups):
        y = row * ROW
        x = [_x(value, 0, most) for value in (best.weights[row], best.low[row], best.high[row], natural[name])]
        out.append(
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{LEFT}" y="{y + 3}" width="{x[0] - LEFT:.1f}" height="{ROW - 8}" fill="{BLUE}" opacity="0.75"/>'
            f'<path d="M{x[1]:.1f} {y + 10}H{x[2]:.1f}" stroke="black" stroke-width="1.5"/>'
            f'<path d="M{x[3]:.1f} {y + 1}v{ROW - 4}" stroke="{ORANGE}" stroke-width="3"/>'
            f'<text x="{max(x[0], x[2], x[3]) + 6:.1f}" y="{y + 14}">{best.weights[row]:.1%}</text>'
        )
    return "".join(out)


def _checked(found: "Found") -> str:
    values = [v for check in found.checked.values() for v in (*check.losses, check.low, check.high)]
    if not values:
        return ""
    low, high = min(values), max(values)
    out = []
    for row, (name, check) in enumerate(found.checked.items()):
        y = row * ROW + 10
        color = BLUE if name == "found" else GREY
        seeds = "".join(
            f'<circle cx="{_x(v, low, high):.1f}" cy="{y}" r="3" fill="{color}" opacity="0.5"/>' for v in check.losses
        )
        out.append(
            f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{escape(name)}</text>{seeds}'
            f'<path d="M{_x(check.low, low, high):.1f} {y}H{_x(check.high, low, high):.1f}" stroke="{color}"/>'
            f'<path d="M{_x(check.mean, low, high):.1f} {y - 7}v14" stroke="{color}" stroke-width="3"/>'
            f'<text x="{WIDTH - RIGHT + 4}" y="{y + 4}">{check.mean:.4f}</text>'
        )
    return "".join(out)


def _tested(tested: Sequence[tuple[float, float, float]]) -> str:
    if not tested:
        return ""
    ends = extent(v for p, e, m in tested for v in (p - e, p + e, m))
    chart = Chart(ends, ends, SQUARE, SQUARE, LEFT)
    dots = "".join(
        f'<path d="M{chart.across(m):.1f} {chart.up(p + e):.1f}V{chart.up(p - e):.1f}" stroke="{GREY}"/>'
        f'<circle cx="{chart.across(m):.1f}" cy="{chart.up(p):.1f}" r="4" fill="{BLUE}"/>'
        for p, e, m in tested
    )
    return (
        f"{chart.axes('predicted')}{chart.below('measured')}"
        f"{chart.line([(ends[0], ends[0]), (ends[1], ends[1])], reference=True)}{dots}"
    )


def _x(value: float, low: float, high: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / ((high - low) or 1)
