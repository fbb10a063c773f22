"""The result page."""

from typing import TYPE_CHECKING, Any

from datagen.pages.html import page as document
from datagen.taxonomy import load_taxonomy
from training_bridge.evaluate.scores import Estimate
from training_bridge.evaluate.suite import grade, suite

if TYPE_CHECKING:
    from training_bridge.evaluate.result import Result, RowResult

LIKELIHOOD = ("letters", "options", "reference")


def page(result: "Result") -> str:
    """A whole HTML document in English: the report's table with ours beside it, then each protocol's own tables."""
    by = {(r.row, r.protocol): r for r in result.rows}
    judged = [_line(by.get((name, "judge")), name) for name, row in suite().items() if row.report]
    return document(
        "training_bridge.evaluate",
        "page.html.j2",
        facts=result.facts,
        report=judged,
        average=_average(result),
        others=[_line(r, r.row) for r in result.rows if r.protocol == "judge" and not suite()[r.row].report],
        likelihood=[_line(r, r.row) for r in result.rows if r.protocol in LIKELIHOOD],
        departments=_departments(result),
        canaries=result.canaries,
        not_run=[(suite()[name].title, why) for name, why in result.not_run.items()],
    )


def _line(found: "RowResult | None", name: str) -> dict[str, Any]:
    row = suite()[name]
    ours, qwen = (f"{figure:.2f}" for figure in row.report) if row.report else (None, None)
    line: dict[str, Any] = {"title": row.title, "note": row.note, "grade": grade(row), "m1": ours, "qwen": qwen}
    if found is None:
        return {**line, "found": None}
    marks = [item.contaminated for item in found.items]
    searched = sum(mark is not None for mark in marks)
    return {
        **line,
        "found": found,
        "score": _percent(found.score),
        "bits": _bits(found.bits_per_byte),
        "clean": _percent(found.clean_score),
        "chance": None if found.chance is None else f"{found.chance:.1%}",
        "majority": None if found.majority is None else f"{found.majority:.1%}",
        "contaminated": f"{sum(map(bool, marks))} of {searched}" if searched else None,
        "states": ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in found.states.items()),
        "left_out": ", ".join(f"{count} {why}" for why, count in found.left_out.items()),
    }


def _average(result: "Result") -> dict[str, Any] | None:
    """The report's mean of its 22 rows, over those that were judged here."""
    mine = [(r, suite()[r.row]) for r in result.rows if r.protocol == "judge" and suite()[r.row].report and r.score]
    if not mine:
        return None
    count = len(mine)
    return {
        "rows": count,
        "ours": 100 * sum(r.score.mean for r, _ in mine) / count,
        "m1": sum(row.report[0] for _, row in mine) / count,
        "qwen": sum(row.report[1] for _, row in mine) / count,
    }


def _departments(result: "Result") -> list[dict[str, Any]]:
    return [
        {
            "title": suite()[r.row].title,
            "protocol": r.protocol,
            "lines": [
                (_named(code), (score or bits).n, _percent(score), _bits(bits))
                for code, (score, bits) in r.departments().items()
                if score or bits
            ],
        }
        for r in result.rows
    ]


def _named(code: str) -> tuple[str, str]:
    """A department in both languages; what a set calls otherwise, as it is."""
    names = load_taxonomy()
    return (names.name(code), names.name(code, "zh")) if code in names.codes else (code, code)


def _percent(found: Estimate | None) -> str | None:
    return None if found is None else f"{found.mean:.1%} ({found.low:.1%} to {found.high:.1%})"


def _bits(found: Estimate | None) -> str | None:
    return None if found is None else f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})"
