"""A run's curves as one SVG file: the same bytes for the same metrics, and nothing needed to look at them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, GAP, TOP = 860, 150, 70, 20, 46, 30
POINTS = 600
LINE, MARK, GREY = "#2a6f97", "#c1121f", "#888"


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
    height = TOP + len(panels) * (HEIGHT + GAP)
    body = []
    for number, panel in enumerate(panels):
        top = TOP + number * (HEIGHT + GAP)
        borders = [
            f'<path d="M{_x(row["tokens"], last)} 0v{HEIGHT}" stroke="{GREY}" stroke-dasharray="3 3"/>'
            f'<text x="{_x(row["tokens"], last)}" y="{HEIGHT + 14}" text-anchor="end">{escape(row["stage"])}, '
            f"{row['tokens']:,} tokens</text>"
            for row in ends
        ]
        body.append(f'<g transform="translate(0 {top})">{"".join(borders)}{panel}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="11"><rect width="{WIDTH}" height="{height}" fill="white"/>{"".join(body)}</svg>\n'
    )


def _averaged(steps: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    """Means of as many neighbouring steps as leave at most `POINTS`; values that weren't finite are left out."""
    found = [(row["tokens"], row[name]) for row in steps if row[name] is not None]
    size = max(1, math.ceil(len(found) / POINTS))
    groups = [found[i : i + size] for i in range(0, len(found), size)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]


def _spread(held: Mapping[str, list[tuple[float, float]]]) -> dict[str, list[tuple[float, float]]]:
    """At most three lines, however many labels: least, median, greatest at each stage's end."""
    if len(held) <= 3:
        return dict(held)
    ordered = [(column[0][0], sorted(value for _, value in column)) for column in zip(*held.values(), strict=True)]
    places = {"least": 0, "median": len(held) // 2, "greatest": len(held) - 1}
    return {name: [(tokens, values[place]) for tokens, values in ordered] for name, place in places.items()}


def _panel(title: str, lines: Mapping[str, list[tuple[float, float]]], last: float, marks: Sequence[float] = ()) -> str:
    values = [value for line in lines.values() for _, value in line]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    span = (high - low) or 1.0
    out = [
        f'<text x="{LEFT}" y="-8" font-weight="bold">{escape(title)}</text>',
        f'<path d="M{LEFT} 0V{HEIGHT}H{WIDTH - RIGHT}" fill="none" stroke="{GREY}"/>',
        f'<text x="{LEFT - 6}" y="9" text-anchor="end">{high:.4g}</text>',
        f'<text x="{LEFT - 6}" y="{HEIGHT}" text-anchor="end">{low:.4g}</text>',
    ]
    for name, line in lines.items():
        points = " ".join(f"{_x(tokens, last)},{HEIGHT * (1 - (value - low) / span):.1f}" for tokens, value in line)
        out.append(f'<polyline points="{points}" fill="none" stroke="{LINE}"/>')
        if name and line:
            y = HEIGHT * (1 - (line[0][1] - low) / span)
            out.append(f'<text x="{_x(line[0][0], last)}" y="{y - 3:.1f}">{escape(name)}</text>')
    out += [f'<path d="M{_x(tokens, last)} {HEIGHT}v-12" stroke="{MARK}"/>' for tokens in marks]
    return "".join(out)


def _x(tokens: float, last: float) -> str:
    return f"{LEFT + (WIDTH - LEFT - RIGHT) * tokens / last:.1f}"
