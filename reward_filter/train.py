"""The stage `reward_filter.train`: a reward model from good answers, damaged copies of them, and the graph."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from datagen.errors import UsageError
from datagen.stage import Artefact, Phase, Stage
from datagen.task import Task
from knowledge_graph import Linker
from knowledge_graph import load as load_graph
from reward_filter.bradley_terry import Platt, fit, scores
from reward_filter.card import card, measures
from reward_filter.corrupt import CLASSES, Corruptor, Item
from reward_filter.features import FAMILIES, KINDS, Featurizer, Sparse, kind_of
from reward_filter.items import items
from reward_filter.scorer import CARD, GRAPH, Model

LANGUAGES = ("en", "zh")
ABOUT = ("id", "error_class", "language", "group", "split")
PAIRS = pa.schema(
    [
        *(pa.field(name, pa.string(), False) for name in (*ABOUT, "kind")),
        *(
            pa.field(f"{side}_{part}", pa.list_(kind), False)
            for side in ("chosen", "rejected")
            for part, kind in (("indices", pa.int32()), ("values", pa.float64()))
        ),
    ]
)
FEWEST = 50
"""Pairs below which nothing is learned."""
ENOUGH = 40
"""Held-out answers of one kind below which a calibration would be noise."""
FOLDS = 4


class Train(Stage):
    """Trains the reward model on synthetic rows: each is a good answer, and copies with one known error are bad ones.

    A Bradley-Terry scorer over what the graph says of the claims, form, and hashed words. It learns from the train
    split, is calibrated on validation and measured on test, so on other diseases each time. The card shows accuracy by
    error class beside models that see only length or only text.
    """

    graph: Annotated[str, Artefact("graph")] = Field(description="the stage that publishes the graph")
    seed: int = Field(0, description="another seed damages other things")
    each: int = Field(3, ge=1, le=len(CLASSES), description="damaged copies of a row")
    pairs: int = Field(30_000, ge=100, description="pairs at most; rows are picked by a hash of their id")

    publishes: ClassVar[str] = "reward"
    reads: ClassVar[tuple[str, ...]] = ("text", "messages", "language", "group", "split", "synthetic")

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("pairs", lambda job: job.part_keys(), self._pairs),
            Phase("fit", lambda job: [0], self._fit, publishes=True),
        )

    def _pairs(self, task: Task) -> int:
        corruptor, featurizer = opened(task.artefact("graph"))
        share = self.pairs / self.each / max(1, sum(part.rows for part in task.job.parts))
        made = 0
        for batch in task.read(task.part, ["id", *self.reads]):
            usable = pc.and_(batch["synthetic"], pc.is_in(batch["language"], pa.array(LANGUAGES)))
            picked = pa.array([int(i[:8], 16) < share * 2**32 for i in batch["id"].to_pylist()])
            pairs = make_pairs(
                items(batch.filter(pc.and_(usable, picked))), corruptor, featurizer, self.seed, self.each
            )
            task.write("pairs", pairs)
            made += len(pairs)
        return made

    def _fit(self, task: Task) -> dict[str, Any]:
        paths = [path for commit in task.commits("pairs") for path in commit.paths("pairs")]
        pairs = pa.concat_tables([PAIRS.empty_table(), *(task.job.store.parquet(path).read() for path in paths)])
        model, found = train(pairs)
        for name, data in model.files().items():
            task.write_file(name, data)
        task.write_file(CARD, card(found, task.job.name).encode())
        graph = task.artefact("graph")
        for file in sorted(graph.rglob("*.parquet")):
            task.write_file(f"{GRAPH}/{file.relative_to(graph).as_posix()}", file.read_bytes())
        return found


@lru_cache(maxsize=1)
def opened(graph: Path) -> tuple[Corruptor, Featurizer]:
    """Over the graph of an artefact folder (which never changes), once per worker."""
    found = load_graph(graph)
    linker = Linker(found)
    return Corruptor(found, linker), Featurizer(found, linker)


def make_pairs(good: Sequence[Item], corruptor: Corruptor, featurizer: Featurizer, seed: int, each: int) -> pa.Table:
    """Good answers against damaged copies of them, as features: a table of PAIRS."""
    pairs = list(corruptor.pairs(good, seed, each))
    prompts = [pair.prompt for pair in pairs]
    columns = {name: pa.array([getattr(pair, name) for pair in pairs], pa.string()) for name in ABOUT}
    columns["kind"] = pa.array([kind_of(prompt) for prompt in prompts], pa.string())
    for side in ("chosen", "rejected"):
        features = featurizer.features(prompts, [getattr(pair, side) for pair in pairs])
        offsets = features.indptr.astype(np.int32)
        columns[f"{side}_indices"] = pa.ListArray.from_arrays(offsets, features.indices)
        columns[f"{side}_values"] = pa.ListArray.from_arrays(offsets, features.values)
    return pa.table([columns[name] for name in PAIRS.names], schema=PAIRS)


def train(pairs: pa.Table) -> tuple[Model, dict[str, Any]]:
    """A model from a table of PAIRS, and what it measures on the test split. Raises UsageError for too few pairs."""
    chosen, rejected = _features(pairs, "chosen"), _features(pairs, "rejected")
    split = np.array(pairs["split"].to_pylist(), dtype=object)
    kind = np.array(pairs["kind"].to_pylist(), dtype=object)
    learned = np.flatnonzero(split == "train")
    if len(learned) < FEWEST:
        raise UsageError(
            f"{len(learned)} pairs can be made from the train split, {FEWEST} are needed",
            "let reward_filter.train read more synthetic rows",
        )
    weights = {name: fit(chosen.take(learned), rejected.take(learned), columns) for name, columns in FAMILIES.items()}
    held_out, where = np.flatnonzero(split == "validation"), "the validation split"
    good, bad = scores(chosen, weights["all"]), scores(rejected, weights["all"])
    # Scores of one kind say nothing about those of another, so each needs its own.
    if any(2 * np.sum(kind[held_out] == name) < ENOUGH for name in set(kind)):
        held_out, where = learned, f"the train split, cross-fitted over {FOLDS} parts by disease"
        groups = np.array(pairs["group"].to_pylist(), dtype=object)
        good, bad = _cross_fitted(chosen, rejected, groups, learned)
    model = Model(weights["all"], _calibration(good[held_out], bad[held_out], kind[held_out]))
    tested = np.flatnonzero(split == "test")
    margins = {name: scores(chosen.take(tested), w) - scores(rejected.take(tested), w) for name, w in weights.items()}
    good, bad = scores(chosen.take(tested), weights["all"]), scores(rejected.take(tested), weights["all"])
    probability = np.concatenate([model.calibrated(side, kind[tested]) for side in (good, bad)])
    found = measures(pairs.take(tested), margins, probability)
    counts = {name: int(np.sum(split == name)) for name in ("train", "validation", "test")}
    return model, {"pairs": counts, "calibrated_on": where, **found}


def _calibration(good: np.ndarray, bad: np.ndarray, kind: np.ndarray) -> dict[str, Platt]:
    """One for each kind; kinds that never occur get that of all together."""
    here = {name: kind == name if np.any(kind == name) else np.ones(len(kind), bool) for name in KINDS}
    return {
        name: Platt.fit(np.concatenate([good[rows], bad[rows]]), np.repeat([True, False], np.sum(rows)))
        for name, rows in here.items()
    }


def _cross_fitted(
    chosen: Sparse, rejected: Sparse, groups: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Scores of both sides by models that have not seen the pair's disease."""
    place = {group: i % FOLDS for i, group in enumerate(sorted(set(groups)))}
    fold = np.array([place[group] for group in groups])
    good, bad = np.zeros(len(chosen)), np.zeros(len(chosen))
    for part in range(FOLDS):
        others, here = rows[fold[rows] != part], rows[fold[rows] == part]
        weights = fit(chosen.take(others), rejected.take(others), FAMILIES["all"])
        good[here], bad[here] = scores(chosen.take(here), weights), scores(rejected.take(here), weights)
    return good, bad


def _features(pairs: pa.Table, side: str) -> Sparse:
    lists = [pairs[f"{side}_{part}"].combine_chunks() for part in ("indices", "values")]
    return Sparse(
        lists[0].offsets.to_numpy().astype(np.int64), lists[0].flatten().to_numpy(), lists[1].flatten().to_numpy()
    )
