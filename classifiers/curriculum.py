"""Which part of training a record belongs to."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datagen.record import QUALITY, with_column
from datagen.stage import Outcome, Phase, Stage
from datagen.taxonomy import ABSTAINED, NOT_MEDICAL

if TYPE_CHECKING:
    from datagen.task import Task

APPLIED = frozenset(("GUIDE", "SRMA", "RCT", "CASE", "NOTE", "EXAM"))
"""Content types that decide about patients, or test such decisions."""
SCHOLARLY = frozenset(("OBS", "REVIEW", "BASIC", "METHOD", "LABEL", "DRUGREF", "LECT"))
UNTYPED = frozenset((None, "NEWS", "OTHER"))
HIGH_VALUE, LOW_VALUE, WORTHLESS = 4, 3, 2
LONG = 2000
LABELS = ("department", "content_type", "value", "tokens", "synthetic")
MEASURED = pa.schema([pa.field("difficulty", pa.float64()), pa.field("quality", pa.float64())])
BINS_PER_UNIT, BINS = 64, 64 * 40
"""Of the histograms that thresholds are read from: bits per token, and quality as its scorer has it."""


class Curriculum(Stage):
    """Sets `curriculum` to general, basic or advanced, for the three stages of Baichuan-M1's pretraining (report,
    section 4.2: easy general text; harder, better and serious medical text; the most complex and applied).

    Medical text of a value below 2 is general. Of the rest, points decide: 2 for a guideline, systematic review, trial,
    case, note or exam; 1 for other scholarly types; 1 for a value of at least 4, -1 for one below 3; 1 for the hardest
    third of its language, -1 for the easiest; 1 for 2,000 tokens and more. advanced: from 2 points; basic: fewer. Text
    that isn't medical (NONE; or no department and no medical content type) is general, or basic where it is in the
    hardest third and in the third of best `quality`; if synthetic it is advanced: the report keeps it for the end.

    How hard a text is, is measured: bits per token under a bigram model of the corpus's train split, itself left out.
    """

    version: ClassVar[str] = "2"
    reads: ClassVar[tuple[str, ...]] = ("text", "split", "language", "quality", *LABELS)
    writes: ClassVar[tuple[str, ...]] = ("curriculum",)

    def phases(self) -> tuple[Phase, ...]:
        return (
            *self.counting(),
            Phase("measure", lambda job: job.part_keys(), self._measure),
            Phase("thirds", lambda job: [0], self._thirds),
            Phase("rows", lambda job: job.part_keys(), self._rows, publishes=True),
        )

    def counting(self) -> tuple[Phase, ...]:
        """What `difficulty` needs to know of the whole corpus before it measures a text."""
        return (
            Phase("words", lambda job: job.part_keys(), self._words),
            Phase("frequencies", lambda job: [0], self._frequencies),
        )

    def _words(self, task: "Task") -> None:
        from classifiers.difficulty import BUCKETS, count, sparse

        counts = np.zeros(BUCKETS, np.int64)
        for batch in task.read(task.part, ["id", "split", "text"]):
            counts += count(batch.filter(pc.equal(batch["split"], "train"))["text"])
        task.write("counts", sparse(counts))

    def _frequencies(self, task: "Task") -> None:
        from classifiers.difficulty import dense, sparse

        paths = [path for commit in task.commits("words") for path in commit.paths("counts")]
        task.write("frequencies", sparse(dense(map(_read(task), paths))))

    def _measure(self, task: "Task") -> dict[str, list[list[int]]]:
        """Difficulty and quality of every row, as `MEASURED`; returns their histograms by language, of the train
        split."""
        difficulty = self.difficulty(task)
        found: dict[str, np.ndarray] = {}
        for batch in task.read(task.part, ["id", "split", "text", "language", "quality"]):
            train = pc.equal(batch["split"], "train").to_numpy()
            measured = np.stack([difficulty(batch), _quality(batch)])
            task.write("measured", pa.table(list(measured), schema=MEASURED))
            languages = np.array([language or "" for language in batch["language"].to_pylist()])
            for language in set(languages[train].tolist()):
                lines = [_histogram(line[train & (languages == language)]) for line in measured]
                found[language] = found.get(language, 0) + np.stack(lines)
        return {language: lines.tolist() for language, lines in sorted(found.items())}

    def difficulty(self, task: "Task") -> Callable[[pa.Table], np.ndarray]:
        """What measures how hard each text of a batch is: float64, nan where that can't be said."""
        from classifiers.difficulty import dense, surprisal

        (commit,) = task.commits("frequencies")
        counts = dense(map(_read(task), commit.paths("frequencies")))
        return lambda batch: surprisal(batch["text"], counts, pc.equal(batch["split"], "train").to_numpy())

    def _thirds(self, task: "Task") -> dict[str, dict[str, list[float]]]:
        """By language, the thresholds between thirds of difficulty and of quality."""
        sums: dict[str, np.ndarray] = {}
        for commit in task.commits("measure"):
            for language, lines in commit.result.items():
                sums[language] = sums.get(language, 0) + np.array(lines)
        return {
            language: {name: _thresholds(line) for name, line in zip(MEASURED.names, lines, strict=True)}
            for language, lines in sums.items()
        }

    def _rows(self, task: "Task") -> None:
        (thirds,) = (commit.result for commit in task.commits("thirds"))
        paths = next(commit for commit in task.commits("measure") if commit.key == task.key).paths("measured")
        measured = pa.concat_tables([MEASURED.empty_table(), *map(_read(task), paths)])
        for batch in task.read(task.part):
            mine, measured = measured.slice(0, len(batch)), measured.slice(len(batch))
            ranks = [_ranks(mine[name], batch["language"], thirds, name) for name in MEASURED.names]
            labels = (batch[name].to_pylist() for name in LABELS)
            rows = with_column(batch, "curriculum", list(map(stage_of, *labels, *ranks)))
            task.settle(batch, Outcome(rows))


def stage_of(
    department: str | None,
    kind: str | None,
    value: float | None,
    tokens: int,
    synthetic: bool,
    difficulty: int = 0,
    quality: int = 0,
) -> str:
    """The rule. `difficulty` and `quality` are -1, 0 or 1 for the lowest, middle and highest third."""
    if department == NOT_MEDICAL or (department in (None, ABSTAINED) and kind in UNTYPED):
        if synthetic:
            return "advanced"
        return "basic" if difficulty == quality == 1 else "general"
    if value is not None and value < WORTHLESS:
        return "general"
    points = 2 if kind in APPLIED else int(kind in SCHOLARLY)
    points += (tokens >= LONG) + difficulty
    if value is not None:
        points += (value >= HIGH_VALUE) - (value < LOW_VALUE)
    return "advanced" if points >= 2 else "basic"


def _read(task: "Task") -> Callable[[str], pa.Table]:
    return lambda path: task.job.store.parquet(path).read()


def _quality(batch: pa.Table) -> np.ndarray:
    """Mean of the quality axes that a row has; nan where it has none."""
    axes = [pc.struct_field(batch["quality"], field.name).fill_null(float("nan")).to_numpy() for field in QUALITY]
    some = ~np.isnan(axes)
    means = np.full(len(batch), np.nan)
    np.divide(np.where(some, axes, 0).sum(0), some.sum(0), out=means, where=some.any(0))
    return means


def _histogram(values: np.ndarray) -> np.ndarray:
    known = values[~np.isnan(values)]
    return np.bincount(np.clip(known * BINS_PER_UNIT, 0, BINS - 1).astype(int), minlength=BINS)


def _thresholds(histogram: np.ndarray) -> list[float]:
    """Below the first lies at most a third, from the second on too; none where nothing was measured."""
    if not histogram.any():
        return []
    shares = np.cumsum(histogram) / histogram.sum()
    low, high = np.searchsorted(shares, 1 / 3, "right"), np.searchsorted(shares, 2 / 3, "left") + 1
    return [float(low) / BINS_PER_UNIT, float(high) / BINS_PER_UNIT]


def _ranks(values: pa.ChunkedArray, languages: pa.ChunkedArray, thirds: dict, name: str) -> list[int]:
    """-1, 0 or 1 for the lowest, middle and highest third of a row's language; 0 where that can't be said."""
    found = []
    for value, language in zip(values.to_pylist(), languages.to_pylist(), strict=True):
        edges = thirds.get(language or "", {}).get(name)
        found.append(0 if not edges or np.isnan(value) else int(value >= edges[1]) - int(value < edges[0]))
    return found
