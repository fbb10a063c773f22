"""The stage that lets language models rate records: what the value of a classifier is then learnt from."""

import hashlib
import json
from functools import cache
from importlib.resources import files
from statistics import mean
from typing import Any, ClassVar

import pyarrow as pa
import yaml
from pydantic import Field, PrivateAttr

from classifiers.agreement import weighted_kappa
from classifiers.features import clip
from classifiers.heads import RATER
from classifiers.metrics import spearman
from classifiers.review import HIGHEST
from classifiers.rubric import AXES, DANGER_CAP
from datagen.answers import Answers, Meter
from datagen.generator import Generator, Request, Response, make_generator
from datagen.record import SCHEMA, with_column
from datagen.stage import Outcome, Phase, RowStage
from datagen.task import Task

POINTS = ("substance", "correct", "explains", "actionable", "reference")
FINEST = 4
"""Highest of a score of quality."""
LEAST_QUOTE = 6
"""Characters of a quote that shows anything."""
_POINT = {
    "type": "object",
    "properties": {"given": {"type": "boolean"}, "quote": {"type": "string"}},
    "required": ["given", "quote"],
}
ANSWER = {
    "type": "object",
    "properties": {
        **{name: _POINT for name in POINTS},
        **{name: {"type": "integer", "minimum": 0, "maximum": FINEST} for name in AXES},
        "dangerous": {"type": "boolean"},
    },
    "required": [*POINTS, *AXES, "dangerous"],
}


class Rate(RowStage):
    """Lets a language model rate records by the rubric: `value` 0-5, a point for each criterion that the model bears
    out with a quote which really stands in the text, and the four scores of `quality`. `value_rater` names the
    generator: ratings by models are model ratings, not a clinician's.

    With several raters each record is asked about that often, independently; its value is their mean, and the stage's
    results say how far they agree. Records that somebody else has rated, those outside `share`, and those without a
    usable answer stay as they are. `classifiers.train` learns its value from the ratings, for text of any amount.
    """

    generator: str = Field(description="a generator that reads prose")
    generator_options: dict[str, Any] = Field({}, description="its options")
    raters: int = Field(1, ge=1, le=3, description="independent ratings of each record")
    share: float = Field(1.0, gt=0, le=1, description="share of the records to rate, drawn by id")
    batch: int = Field(64, ge=1, description="records asked about at once")

    reads: ClassVar[tuple[str, ...]] = ("text", "language", "value", "quality", "safety")
    writes: ClassVar[tuple[str, ...]] = ("value", "quality", "safety")
    adds: ClassVar[tuple[pa.Field, ...]] = (pa.field(RATER, pa.string()),)

    _model: Generator | None = PrivateAttr(None)
    _pairs: list[tuple[int, int]] = PrivateAttr(default_factory=list)

    def setup(self, artefacts) -> None:
        self._model = make_generator(self.generator, **self.generator_options)
        self._model.setup()

    def phases(self) -> tuple[Phase, ...]:
        (rows,) = super().phases()
        return rows, Phase("raters", lambda job: [0], self._agreement)

    def _run(self, task: Task) -> dict[str, Any]:
        self._model.remember(Answers(task.job.store), Meter(task.job.store))
        self._pairs = []
        for batch in task.read(task.part):
            task.settle(batch, self.apply(batch))
        return {"pairs": self._pairs}

    def _agreement(self, task: Task) -> dict[str, Any]:
        pairs = [pair for commit in task.commits("rows") for pair in commit.result["pairs"]]
        if not pairs:
            return {"pairs": 0}
        one, other = zip(*pairs, strict=True)
        return {
            "pairs": len(pairs),
            "same": round(mean(a == b for a, b in pairs), 4),
            "weighted_kappa": round(weighted_kappa(one, other, HIGHEST), 4),
            "spearman": round(spearman(one, other), 4),
        }

    def apply(self, batch: pa.Table) -> Outcome:
        rows = batch.to_pylist()
        raters = batch[RATER].to_pylist() if RATER in batch.column_names else [None] * len(rows)
        mine = [n for n, row in enumerate(rows) if row["text"] and row["value"] is None and self._drawn(row["id"])]
        for start in range(0, len(mine), self.batch):
            places = mine[start : start + self.batch]
            asked = [(n, number) for n in places for number in range(self.raters)]
            answers = self._model.generate([request(rows[n], number) for n, number in asked])
            found: dict[int, list[tuple[int, dict[str, float], bool]]] = {}
            for (n, _), answer in zip(asked, answers, strict=True):
                if rating := read_answer(answer, rows[n]["text"]):
                    found.setdefault(n, []).append(rating)
            for n, ratings in found.items():
                values = [value for value, _, _ in ratings]
                self._pairs += [(values[0], value) for value in values[1:]]
                dangerous = any(danger for _, _, danger in ratings)
                value = mean(values)
                rows[n]["value"] = min(value, DANGER_CAP) if dangerous else value
                rows[n]["quality"] = {axis: mean(quality[axis] for _, quality, _ in ratings) for axis in AXES}
                if dangerous:
                    rows[n]["safety"] = sorted({*(rows[n]["safety"] or ()), "model_flagged"})
                raters[n] = self.generator
        for name in self.writes:
            batch = with_column(batch, name, pa.array([row[name] for row in rows], SCHEMA.field(name).type))
        return Outcome(with_column(batch, RATER, pa.array(raters, pa.string())))

    def _drawn(self, identity: str) -> bool:
        draw = hashlib.blake2b(f"rate/{identity}".encode(), digest_size=8).digest()
        return int.from_bytes(draw, "big") / 2**64 < self.share


def request(row: dict[str, Any], number: int) -> Request:
    """What rater `number` is asked about a record. The fence is drawn from the text, which can't foresee it."""
    text = clip(row["text"])
    fence = hashlib.blake2b(f"{number}{text}".encode(), digest_size=8).hexdigest()
    prompt = _prompts()["zh" if row["language"] == "zh" else "en"].replace("{fence}", fence).replace("{text}", text)
    seed = int.from_bytes(hashlib.blake2b(f"{row['id']}/{number}".encode(), digest_size=4).digest(), "big")
    return Request.about(
        [row],
        id=f"{row['id']}/{number}",
        messages=({"role": "user", "content": prompt},),
        seed=seed,
        temperature=0.0 if number == 0 else 0.7,
        schema=ANSWER,
    )


def read_answer(answer: Response, text: str) -> tuple[int, dict[str, float], bool] | None:
    """Value, quality (0-1) and whether it is dangerous; None for an answer that is none. A point without a quote that
    stands in the text is no point, nor is any without substance."""
    if answer.error:
        return None
    try:
        said = json.loads(answer.text)
        points = [bool(said[name]["given"]) and _stands(said[name]["quote"], text) for name in POINTS]
        quality = {axis: min(max(int(said[axis]), 0), FINEST) / FINEST for axis in AXES}
        return (sum(points) if points[0] else 0), quality, bool(said["dangerous"])
    except (ValueError, KeyError, TypeError):
        return None


def _stands(quote: str, text: str) -> bool:
    plain = "".join(quote.split())
    return len(plain) >= LEAST_QUOTE and plain in "".join(clip(text).split())


@cache
def _prompts() -> dict[str, str]:
    return yaml.safe_load((files("classifiers") / "rating.yaml").read_text("utf-8"))
