"""What an evaluation found: numbers by row and protocol, each item's score, and the page that shows them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from datagen.errors import UsageError
from training_bridge.evaluate.scores import Estimate, estimate
from training_bridge.evaluate.suite import suite

RESULTS, PAGE, RESPONSES = "results.json", "results.html", "responses.jsonl"
FORMAT = 1
LEAST_DEPARTMENT = 5
"""Items of a department below which it is not shown."""


@dataclass(frozen=True)
class ItemScore:
    """`score` 0 to 1 and `bits_per_byte` of the right answer's text; None where there is none. `contaminated` is None
    where the training data were not searched, or the item is too short to be found."""

    id: str
    cluster: str
    department: str
    state: str
    score: float | None = None
    bits_per_byte: float | None = None
    contaminated: bool | None = None


@dataclass(frozen=True)
class RowResult:
    """One row under one protocol.

    Attributes:
        protocol: judge (the report's: free text, judged), letters, options or reference (likelihood).
        published: items in the files; `left_out` says how many of them can't be scored, and why.
        chance, majority: what guessing and the commonest answer would score; None where that means nothing.
        cut: items whose prompt (likelihood) or response (judge) was cut for want of room.
        unanswered: choices in whose response the judge found no single answer, scored 0.
    """

    row: str
    protocol: str
    items: tuple[ItemScore, ...]
    published: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    chance: float | None = None
    majority: float | None = None
    cut: int = 0
    unanswered: int = 0

    @property
    def score(self) -> Estimate | None:
        return _estimate([i for i in self.items if i.score is not None], "score")

    @property
    def clean_score(self) -> Estimate | None:
        """Without the items that the training data hold; None where these were not searched."""
        if all(i.contaminated is None for i in self.items):
            return None
        return _estimate([i for i in self.items if i.score is not None and not i.contaminated], "score")

    @property
    def bits_per_byte(self) -> Estimate | None:
        return _estimate([i for i in self.items if i.bits_per_byte is not None], "bits_per_byte")

    @property
    def states(self) -> dict[str, int]:
        """How many items came to what end."""
        found = [i.state for i in self.items]
        return {state: found.count(state) for state in sorted(set(found))}

    def departments(self) -> dict[str, tuple[Estimate | None, Estimate | None]]:
        """Score and bits per byte by department, of those with at least 5 items."""
        by: dict[str, list[ItemScore]] = {}
        for item in self.items:
            by.setdefault(item.department, []).append(item)
        return {
            code: tuple(
                _estimate([i for i in mine if getattr(i, what) is not None], what)
                for what in ("score", "bits_per_byte")
            )
            for code, mine in sorted(by.items())
            if len(mine) >= LEAST_DEPARTMENT
        }


@dataclass(frozen=True)
class Result:
    """An evaluation. `facts`: the model, the judge, limit, seed, versions; `not_run`: why, by row; `canaries`: what the
    model gave of each (id, copies planted, recovered, exposure), None where none were asked for."""

    facts: Mapping[str, Any]
    rows: tuple[RowResult, ...]
    not_run: Mapping[str, str] = field(default_factory=dict)
    canaries: tuple[Mapping[str, Any], ...] | None = None
    responses: tuple[Mapping[str, Any], ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """A line per row of the suite and protocol; shares, not per cent, but for the report's figures."""
        return pd.DataFrame([_line(result) for result in self.rows])

    def _repr_html_(self) -> str:
        return self.table.to_html(float_format=lambda value: f"{value:.3f}", na_rep="–")

    def save(self, folder: str | Path) -> Path:
        """Writes the page, the numbers and the responses; returns the page's path."""
        from training_bridge.evaluate.page import page

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        data = {"format": FORMAT, **asdict(self)}
        del data["responses"]
        (folder / RESULTS).write_text(json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False), "utf-8")
        if self.responses:
            lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in self.responses)
            (folder / RESPONSES).write_text(lines, "utf-8")
        (folder / PAGE).write_text(page(self), "utf-8")
        return folder / PAGE

    @classmethod
    def load(cls, path: str | Path) -> "Result":
        """From the folder of `save`, or its `results.json`. Raises UsageError for what is no such file."""
        path = Path(path)
        path = path / RESULTS if path.is_dir() else path
        try:
            data = json.loads(path.read_text("utf-8"))
            if data.pop("format") != FORMAT:
                raise UsageError(f"{path} is of another version", "run the evaluation again")
            rows = tuple(RowResult(**{**r, "items": tuple(ItemScore(**i) for i in r["items"])}) for r in data["rows"])
            canaries = None if data["canaries"] is None else tuple(data["canaries"])
            return cls(facts=data["facts"], rows=rows, not_run=data["not_run"], canaries=canaries)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path} is no evaluation's {RESULTS}: {type(error).__name__}") from None


def is_result(path: str | Path) -> bool:
    """Whether there is an evaluation at a path."""
    path = Path(path)
    return (path / RESULTS).is_file() or path.name == RESULTS


def _estimate(items: Sequence[ItemScore], what: str) -> Estimate | None:
    return estimate([getattr(i, what) for i in items], [i.cluster for i in items])


def _line(result: RowResult) -> dict[str, Any]:
    row = suite()[result.row]
    score, bits, clean = result.score, result.bits_per_byte, result.clean_score
    ours, qwen = row.report or (None, None)
    found = [i.contaminated for i in result.items]
    return {
        "row": result.row,
        "title": row.title,
        "protocol": result.protocol,
        "items": len(result.items),
        "scored": score.n if score else 0,
        "score": score.mean if score else None,
        "low": score.low if score else None,
        "high": score.high if score else None,
        "chance": result.chance,
        "majority": result.majority,
        "bits_per_byte": bits.mean if bits else None,
        "bits_low": bits.low if bits else None,
        "bits_high": bits.high if bits else None,
        "contaminated": None if all(f is None for f in found) else sum(bool(f) for f in found),
        "clean_score": clean.mean if clean else None,
        "cut": result.cut,
        "unanswered": result.unanswered,
        "without_verdict": sum(n for state, n in result.states.items() if state not in ("judged", "measured")),
        "report_m1_14b": ours,
        "report_qwen2.5_72b": qwen,
    }
