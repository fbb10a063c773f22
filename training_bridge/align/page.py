"""What alignment did, on one page: a table, curves and samples side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from datagen.pages.charts import Chart, averaged, extent
from datagen.pages.html import page as document

CURVES = {
    "loss": ("loss", "损失"),
    "reward": ("reward", "奖励"),
    "kl": ("KL, nats", "KL（奈特）"),
    "length": ("length, tokens", "长度（词元）"),
    "accuracy": ("accuracy", "正确率"),
}
BEFORE = ("before", "对齐之前")
WIDTH, HEIGHT, POINTS = 320, 110, 300


def page(history: Sequence[Mapping[str, Any]]) -> str:
    """HTML of the entries of `alignment.json`, in their order."""
    stages = [
        {"name": _name(entry["method"]), "found": entry["measured"], "curves": _curves(entry)} for entry in history
    ]
    return document("training_bridge.align", "page.html.j2", stages=stages, samples=_samples(history))


def _name(method: str) -> tuple[str, str]:
    return BEFORE if method == "start" else (method.upper(), method.upper())


def _curves(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of each measure that a method's steps have."""
    steps = entry["steps"]
    lines = {
        title: averaged([(step["step"], step[name]) for step in steps], POINTS)
        for name, title in CURVES.items()
        if steps and name in steps[0]
    }
    return [{"title": title, "svg": _drawn(title[0], line), "line": line} for title, line in lines.items() if line]


def _drawn(title: str, line: Sequence[tuple[int, float]]) -> Markup:
    chart = Chart((line[0][0], line[-1][0]), extent(value for _, value in line), WIDTH, HEIGHT)
    return Markup(chart.drawing(title, chart.axes(), chart.below("step"), chart.line(line)))


def _samples(history: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any] | None]]]:
    """Each question, and what each measured stage answered."""
    by_id = [
        {sample["id"]: sample for sample in entry["measured"]["samples"]}
        for entry in history
        if entry["measured"]["questions"]
    ]
    asked = by_id[-1] if by_id else {}
    return [(sample["prompt"], [found.get(id) for found in by_id]) for id, sample in asked.items()]
