"""A run's curves as one SVG file: the same bytes for the same metrics, and nothing needed to look at them."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from datagen.pages.charts import GREY, Chart, averaged, extent

WIDTH, HEIGHT, LEFT, RIGHT, GAP, TOP = 860, 150, 70, 20, 46, 30
POINTS = 600
MARK = "#c1121f"


def curves(rows: Sequence[Mapping[str, Any]]) -> str:
    """Loss, held-out bits per byte, learning rate, and gradient norm with skipped steps marked, over tokens; dashed
    lines end the curriculum's stages. `rows` are those of metrics.jsonl; long runs are averaged to 600 points."""
    steps = [row for row in rows if "loss" in row]
    ends = [row for row in rows if "bits_per_byte" in row]
    last = steps[-1]["tokens"]
    labels = sorted({label for row in ends for label in row["bits_per_byte"]})
    held = {label: [(row["tokens"], row["bits_per_byte"][label]) for row in ends] for label in labels}
    panels = [
        _panel("loss, nats per token", {"": _averaged(steps, "loss")}, last),
        *([_panel("held-out bits per byte", _spread(held), last)] if held else []),
        _panel("learning rate", {"": _averaged(steps, "lr")}, last),
        _panel(
            f"gradient norm before clipping; {sum(row['skipped'] for row in steps):,} steps skipped (red)",
            {"": _averaged(steps, "grad_norm")},
            last,
            marks=[row["tokens"] for row in steps if row["skipped"]],
        ),
    ]
    borders = "".join(_border(_chart(last).across(row["tokens"]), row) for row in ends)
    height = TOP + len(panels) * (HEIGHT + GAP)
    body = []
    for number, panel in enumerate(panels):
        top = TOP + number * (HEIGHT + GAP)
        body.append(f'<g transform="translate(0 {top})">{borders}{panel}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="11"><rect width="{WIDTH}" height="{height}" fill="white"/>{"".join(body)}</svg>\n'
    )


def _averaged(steps: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    return averaged([(row["tokens"], row[name]) for row in steps], POINTS)


def _spread(held: Mapping[str, list[tuple[float, float]]]) -> dict[str, list[tuple[float, float]]]:
    """At most three lines, however many labels: least, median, greatest at each stage's end."""
    if len(held) <= 3:
        return dict(held)
    ordered = [(column[0][0], sorted(value for _, value in column)) for column in zip(*held.values(), strict=True)]
    places = {"least": 0, "median": len(held) // 2, "greatest": len(held) - 1}
    return {name: [(tokens, values[place]) for tokens, values in ordered] for name, place in places.items()}


def _border(x: float, end: Mapping[str, Any]) -> str:
    return (
        f'<path d="M{x:.1f} 0v{HEIGHT}" stroke="{GREY}" stroke-dasharray="3 3"/>'
        f'<text x="{x:.1f}" y="{HEIGHT + 14}" text-anchor="end">{escape(end["stage"])}, {end["tokens"]:,} tokens</text>'
    )


def _panel(title: str, lines: Mapping[str, list[tuple[float, float]]], last: float, marks: Sequence[float] = ()) -> str:
    chart = _chart(last, extent(value for line in lines.values() for _, value in line))
    out = [f'<text x="{LEFT}" y="-8" font-weight="bold">{escape(title)}</text>', chart.axes()]
    for name, line in lines.items():
        out.append(chart.line(line))
        if name and line:
            x, y = chart.across(line[0][0]), chart.up(line[0][1])
            out.append(f'<text x="{x:.1f}" y="{y - 3:.1f}">{escape(name)}</text>')
    out += [f'<path d="M{chart.across(tokens):.1f} {HEIGHT}v-12" stroke="{MARK}"/>' for tokens in marks]
    return "".join(out)


def _chart(last: float, values: tuple[float, float] = (0, 1)) -> Chart:
    return Chart((0, last), values, WIDTH - LEFT - RIGHT, HEIGHT, LEFT)
