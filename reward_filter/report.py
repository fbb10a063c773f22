"""The report page of a reward model, published with it (`report.html`)."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from datagen.pages.charts import Chart
from datagen.pages.html import page as document
from reward_filter.card import COLUMNS


def page(found: dict[str, Any], name: str) -> str:
    """HTML of what `reward_filter.train` measured."""
    found = {"hacking": [], "best_of": [], "curve": []} | found
    charts = {"calibration": _calibration(found["curve"]), "best_of": _best_of(found["best_of"])}
    return document("reward_filter", "report.html.j2", found=found, name=name, columns=COLUMNS, charts=charts)


def _calibration(curve: Sequence[dict[str, float]]) -> Markup:
    """A reliability diagram: dots on the diagonal are right about themselves; larger ones stand for more answers."""
    chart = Chart((0, 1), (0, 1), 300, 200)
    dots = (
        f'<circle cx="{chart.across(point["probability"]):.1f}" cy="{chart.up(point["good"]):.1f}" '
        f'r="{min(9, 2.5 + point["n"] ** 0.5 / 4):.1f}"><title>{point["n"]} answers: said {point["probability"]}, '
        f"good {point['good']}</title></circle>"
        for point in curve
    )
    axes = chart.axes("share of good") + chart.below("probability")
    diagonal = chart.line([(0, 0), (1, 1)], reference=True)
    return Markup(chart.drawing("Share of good answers by probability", axes, diagonal, *dots))


def _best_of(points: Sequence[dict[str, float]]) -> Markup:
    """Gold scores of the best of n and of a blind draw, over the doublings of n."""
    chart = Chart((0, max(1, len(points) - 1)), (0, 1), 300, 150)
    gold, blind = (list(enumerate(point[of] for point in points)) for of in ("gold", "blind"))
    marks = (
        f'<text x="{chart.across(place):.1f}" y="165" text-anchor="middle">{point["n"]}</text>'
        for place, point in enumerate(points)
    )
    return Markup(
        chart.drawing("Gold score by n", chart.axes(), chart.line(gold), chart.line(blind, reference=True), *marks)
    )
