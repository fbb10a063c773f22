"""The stage `reward_filter.train`: a reward model from good answers, damaged copies of them, and the graph."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from datagen.errors import UsageError
from datagen.stage import Artefact, Phase, Stage
from datagen.store import Store
from datagen.task import Task
from knowledge_graph import Graph, Linker
from knowledge_graph import load as load_graph
from reward_filter import probes
from reward_filter.background import Background
from reward_filter.bradley_terry import fit, scores
from reward_filter.calibrate import Calibration, fitted
from reward_filter.card import card, measures
from reward_filter.corrupt import CLASSES, NEAR, Corruptor, Item, Pair, whole_sentences
from reward_filter.features import FAMILIES, KINDS, Featurizer, Sparse, kind_of
from reward_filter.items import items
from reward_filter.pairs import CORRUPTED, PREFERENCES
from reward_filter.report import page
from reward_filter.scorer import BACKGROUND, CARD, GRAPH, REPORT, Model, Scorer

LANGUAGES = ("en", "zh")
ABOUT = ("id", "error_class", "language", "group", "split")
PAIRS = pa.schema(
    [
        *(pa.field(name, pa.string(), False) for name in (*ABOUT, "kind")),
        pa.field("department", pa.string()),
        pa.field("difficulty", pa.int8(), False),
        *(
            pa.field(f"{side}_{part}", pa.list_(kind), False)
            for side in ("chosen", "rejected")
            for part, kind in (("indices", pa.int32()), ("values", pa.float32()))
        ),
    ]
)
FEWEST = 50
"""Pairs below which nothing is learned."""
ENOUGH = 40
"""Held-out answers of one kind below which a calibration would be noise."""
FOLDS = 4
DAMAGED = 10_000
"""Damaged pairs that are learned from however few others there are: a model needs so many."""
LENGTH = 600
"""Characters to which an answer is cut, at the end of a sentence: an error among a hundred sentences teaches little."""
READ_ROWS = 40_000
"""Rows of what people wrote that are read to know real text, drawn by a hash of their id."""
PROBED = 120
"""Answers about held-out diseases that are tried to be passed off as better than they are."""
READ = ("text", "messages", "language", "group", "split", "synthetic")


class Train(Stage):
    """Trains the reward model: good answers against copies of them with one known error.

    Synthetic rows are good answers about the graph; people's answers to questions (rows with `messages`) make the model
    at home in real text, and what people wrote tells it which words go together. With `preferences` it learns from
    other pairs too: what reflection corrected, the best and worst of several answers, what people prefer. It is a
    Bradley-Terry scorer over what the graph says of the claims, what real text says, form, and hashed words. It learns
    from the train split, is calibrated on validation and measured on test, so on other diseases each time. Card and
    report show accuracy by error class beside models that see only length or only text.
    """

    graph: Annotated[str, Artefact("graph")] = Field(description="the stage that publishes the graph")
    preferences: Annotated[str | None, Artefact("pairs")] = Field(
        None, description="a stage `reward_filter.pairs`, of whose pairs those that aren't damage are learned from too"
    )
    max_corrupted: float = Field(
        0.4, ge=0, le=1, description=f"share of pairs that may be damage, but for the first {DAMAGED:,}"
    )
    seed: int = Field(0, description="another seed damages other things")
    each: int = Field(3, ge=1, le=len(CLASSES), description="damaged copies of a row")
    pairs: int = Field(30_000, ge=100, description="pairs at most; rows are picked by a hash of their id")
    real: float = Field(0.5, ge=0, le=1, description="share of the pairs that people's answers may make up")

    version: ClassVar[str] = "4"
    publishes: ClassVar[str] = "reward"
    reads: ClassVar[tuple[str, ...]] = (*READ, "department")

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("background", lambda job: [0], self._background),
            Phase("preferences", lambda job: [0], self._preferences),
            Phase("pairs", lambda job: job.part_keys(), self._pairs),
            Phase("fit", lambda job: [0], self._fit, publishes=True),
        )

    def _background(self, task: Task) -> dict[str, int]:
        """What people wrote, counted; and how many rows there are to make pairs of."""
        rows = {"synthetic": 0, "real": 0}
        share = READ_ROWS / max(1, sum(part.rows for part in task.job.parts))

        def texts() -> Iterator[str]:
            for part in task.job.parts:
                for batch in task.read(part, ["id", *READ]):
                    batch = batch.filter(_usable(batch))
                    pairs = pair_rows(batch)
                    rows["synthetic"] += pc.sum(batch["synthetic"]).as_py() or 0
                    rows["real"] += (pc.sum(pairs).as_py() or 0) - (pc.sum(batch["synthetic"]).as_py() or 0)
                    read = pc.and_(pc.equal(batch["split"], "train"), pc.invert(pairs))
                    found = batch.filter(read)
                    known = zip(found["id"].to_pylist(), found["text"].to_pylist(), strict=True)
                    yield from (text for i, text in known if int(i[8:16], 16) < share * 2**32)

        found = Background.of(texts(), bilingual(load_graph(task.artefact("graph"))))
        task.write("background", found.table())
        return rows

    def _preferences(self, task: Task) -> int:
        """Pairs that others judged, as features."""
        if self.preferences is None:
            return 0
        (counted,) = task.commits("background")
        _, featurizer = opened(task.artefact("graph"), task.job.run_url, counted.paths("background")[0])
        table = pq.read_table(task.artefact("preferences") / f"{PREFERENCES}.parquet")
        table = table.filter(pc.and_(pc.not_equal(table["origin"], CORRUPTED), _usable(table)))
        task.write("pairs", featured(judged(table), featurizer))
        return len(table)

    def _pairs(self, task: Task) -> int:
        (counted,) = task.commits("background")
        corruptor, featurizer = opened(task.artefact("graph"), task.job.run_url, counted.paths("background")[0])
        rows = counted.result
        real = min(rows["real"], self.real * self.pairs / self.each)
        shares = {False: real / max(1, rows["real"])}
        shares[True] = (self.pairs / self.each - real) / max(1, rows["synthetic"])
        made = 0
        for batch in task.read(task.part, ["id", *self.reads]):
            good = batch.filter(pc.and_(_usable(batch), pair_rows(batch)))
            about = zip(good["id"].to_pylist(), good["synthetic"].to_pylist(), strict=True)
            picked = [int(i[:8], 16) < shares[made_by_us] * 2**32 for i, made_by_us in about]
            good = good.filter(pa.array(picked, pa.bool_()))
            departments = dict(zip(good["id"].to_pylist(), good["department"].to_pylist(), strict=True))
            pairs = make_pairs(shortened(items(good)), corruptor, featurizer, self.seed, self.each, departments)
            task.write("pairs", pairs)
            probed = [i for i in items(good.filter(good["synthetic"])) if i.split == "test" and i.prompt][:PROBED]
            task.write("probed", pa.Table.from_pylist([asdict(i) for i in probed], probes.ITEMS))
            made += len(pairs)
        return made

    def _fit(self, task: Task) -> dict[str, Any]:
        store = task.job.store
        paths = {kind: [p for c in task.commits("pairs") for p in c.paths(kind)] for kind in ("pairs", "probed")}
        damaged, natural = (
            pa.concat_tables([PAIRS.empty_table(), *(store.parquet(path).read() for path in found)])
            for found in (paths["pairs"], [p for c in task.commits("preferences") for p in c.paths("pairs")])
        )
        pairs = pa.concat_tables([natural, thinned(damaged, len(natural), self.max_corrupted)])
        model, found = train(pairs)
        for name, data in model.files().items():
            task.write_file(name, data)
        graph = task.artefact("graph")
        for file in sorted(graph.rglob("*.parquet")):
            task.write_file(f"{GRAPH}/{file.relative_to(graph).as_posix()}", file.read_bytes())
        (counted,) = task.commits("background")
        background = store.parquet(counted.paths("background")[0]).read()
        data = io.BytesIO()
        pq.write_table(background, data, compression="zstd")
        task.write_file(BACKGROUND, data.getvalue())
        probed = [Item(**row) for path in paths["probed"] for row in store.parquet(path).read().to_pylist()]
        known = load_graph(graph)
        scorer = Scorer(model, known, Background.read(background))
        found |= probes.measured(scorer, Corruptor(known, Linker(known)), shortened(probed)[:PROBED], self.seed)
        task.write_file(CARD, card(found, task.job.name).encode())
        task.write_file(REPORT, page(found, task.job.name).encode())
        return found


def pair_rows(batch: pa.Table) -> pa.Array:
    """Which rows pairs are made of: synthetic ones, and half of people's answers. The other half and all other text
    tells what real text is like: counted there, a good answer would be known by heart, and its damage told by that."""
    return pa.array(
        [
            made_by_us or (messages is not None and int(i[-1], 16) % 2 == 0)
            for i, made_by_us, messages in zip(
                *(batch[name].to_pylist() for name in ("id", "synthetic", "messages")), strict=True
            )
        ],
        pa.bool_(),
    )


def _usable(batch: pa.Table) -> pa.ChunkedArray:
    return pc.is_in(batch["language"], pa.array(LANGUAGES))


@lru_cache(maxsize=1)
def opened(graph: Path, run: str, background: str) -> tuple[Corruptor, Featurizer]:
    """Over the graph of an artefact folder (which never changes), once per worker."""
    found = load_graph(graph)
    linker = Linker(found)
    return Corruptor(found, linker), Featurizer(found, linker, Background.read(Store(run).parquet(background).read()))


def shortened(found: Sequence[Item]) -> list[Item]:
    """Those that say something, as their first sentences."""
    return [replace(i, response=whole_sentences(i.response, LENGTH)) for i in found if i.response.strip()]


def make_pairs(
    good: Sequence[Item],
    corruptor: Corruptor,
    featurizer: Featurizer,
    seed: int,
    each: int,
    departments: dict[str, str | None] | None = None,
) -> pa.Table:
    """Good answers against damaged copies of them, as features: a table of PAIRS."""
    return featured(list(corruptor.pairs(good, seed, each)), featurizer, departments)


def judged(preferences: pa.Table) -> list[Pair]:
    """Pairs of a table of preferences (`reward_filter.pairs.VIEWS`). What is wrong is said where it is known, else
    where the pair comes from."""
    names = ("id", "prompt", "chosen", "rejected", "error_class", "origin", "language", "group", "split")
    rows = zip(*(preferences[name].to_pylist() for name in names), strict=True)
    return [
        Pair(id, prompt, chosen, rejected, kind or origin, language, group, split, NEAR)
        for id, prompt, chosen, rejected, kind, origin, language, group, split in rows
    ]


def thinned(damaged: pa.Table, others: int, share: float, least: int = DAMAGED) -> pa.Table:
    """As many of the damaged pairs as are at most a share of all, but `least` at least, drawn by a hash of their id and
    class; all where there are no others."""
    room = len(damaged) if share == 1 or not others else max(least, int(share / (1 - share) * others))
    if room >= len(damaged):
        return damaged
    names = zip(damaged["id"].to_pylist(), damaged["error_class"].to_pylist(), strict=True)
    order = np.argsort([blake2b(f"{id}/{kind}".encode(), digest_size=8).hexdigest() for id, kind in names])
    return damaged.take(pa.array(np.sort(order[:room])))


def bilingual(graph: Graph) -> list[tuple[str, str]]:
    """Names of the graph's nodes in English and Chinese."""
    both = zip(graph.nodes["name_en"].to_pylist(), graph.nodes["name_zh"].to_pylist(), strict=True)
    return [(english, chinese) for english, chinese in both if english and chinese]


def featured(
    pairs: Sequence[Pair], featurizer: Featurizer, departments: dict[str, str | None] | None = None
) -> pa.Table:
    """Pairs as features: a table of PAIRS."""
    prompts = [pair.prompt for pair in pairs]
    columns = {name: pa.array([getattr(pair, name) for pair in pairs], pa.string()) for name in ABOUT}
    columns["kind"] = pa.array([kind_of(prompt) for prompt in prompts], pa.string())
    columns["department"] = pa.array([(departments or {}).get(pair.id) for pair in pairs], pa.string())
    columns["difficulty"] = pa.array([pair.difficulty for pair in pairs], pa.int8())
    for side in ("chosen", "rejected"):
        features = featurizer.features(prompts, [getattr(pair, side) for pair in pairs])
        offsets = features.indptr.astype(np.int32)
        columns[f"{side}_indices"] = pa.ListArray.from_arrays(offsets, features.indices)
        columns[f"{side}_values"] = pa.ListArray.from_arrays(offsets, features.values)
    return pa.table([columns[name] for name in PAIRS.names], schema=PAIRS)


def train(pairs: pa.Table) -> tuple[Model, dict[str, Any]]:
    """A model from a table of PAIRS, and what it measures on the test split. Raises UsageError for too few pairs."""
    chosen, rejected = sides(pairs)
    split = np.array(pairs["split"].to_pylist(), dtype=object)
    kind = np.array(pairs["kind"].to_pylist(), dtype=object)
    margin = margins(pairs)
    learned = np.flatnonzero(split == "train")
    if len(learned) < FEWEST:
        raise UsageError(
            f"{len(learned)} pairs can be made from the train split, {FEWEST} are needed",
            "let reward_filter.train read more synthetic rows",
        )
    known = chosen.take(learned), rejected.take(learned)
    weights = {name: fit(*known, columns, margin[learned]) for name, columns in FAMILIES.items()}
    held_out, where = np.flatnonzero(split == "validation"), "the validation split"
    good, bad = scores(chosen, weights["all"]), scores(rejected, weights["all"])
    # Scores of one kind say nothing about those of another, so each needs its own.
    if any(2 * np.sum(kind[held_out] == name) < ENOUGH for name in set(kind)):
        held_out, where = learned, f"the train split, cross-fitted over {FOLDS} parts by disease"
        groups = np.array(pairs["group"].to_pylist(), dtype=object)
        good, bad = _cross_fitted(chosen, rejected, margin, groups, learned)
    model = Model(weights["all"], calibration(good[held_out], bad[held_out], kind[held_out]))
    tested = np.flatnonzero(split == "test")
    apart = {name: scores(chosen.take(tested), w) - scores(rejected.take(tested), w) for name, w in weights.items()}
    good, bad = scores(chosen.take(tested), weights["all"]), scores(rejected.take(tested), weights["all"])
    probability = np.concatenate([model.calibrated(side, kind[tested]) for side in (good, bad)])
    found = measures(pairs.take(tested), apart, probability)
    counts = {name: int(np.sum(split == name)) for name in ("train", "validation", "test")}
    return model, {"pairs": counts, "calibrated_on": where, **found}


def calibration(good: np.ndarray, bad: np.ndarray, kind: np.ndarray) -> dict[str, Calibration]:
    """One for each kind, from scores of good and of bad answers of these kinds; kinds that never
    occur get that of all together."""
    here = {name: kind == name if np.any(kind == name) else np.ones(len(kind), bool) for name in KINDS}
    return {
        name: fitted(np.concatenate([good[rows], bad[rows]]), np.repeat([True, False], np.sum(rows)))
        for name, rows in here.items()
    }


def _cross_fitted(
    chosen: Sparse, rejected: Sparse, margin: np.ndarray, groups: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Scores of both sides by models that have not seen the pair's disease."""
    place = {group: i % FOLDS for i, group in enumerate(sorted(set(groups)))}
    fold = np.array([place[group] for group in groups])
    good, bad = np.zeros(len(chosen)), np.zeros(len(chosen))
    for part in range(FOLDS):
        others, here = rows[fold[rows] != part], rows[fold[rows] == part]
        weights = fit(chosen.take(others), rejected.take(others), FAMILIES["all"], margin[others])
        good[here], bad[here] = scores(chosen.take(here), weights), scores(rejected.take(here), weights)
    return good, bad


def margins(pairs: pa.Table) -> np.ndarray:
    """How far apart the two sides of each pair should score, float64[pairs]: an error that is plain to see should cost
    more than one that is not."""
    return (1 + NEAR - pairs["difficulty"].to_numpy().astype(float)) / NEAR


def sides(pairs: pa.Table) -> tuple[Sparse, Sparse]:
    """Features of the chosen and of the rejected answers of a table of PAIRS."""
    return _features(pairs, "chosen"), _features(pairs, "rejected")


def _features(pairs: pa.Table, side: str) -> Sparse:
    lists = [pairs[f"{side}_{part}"].combine_chunks() for part in ("indices", "values")]
    return Sparse(
        lists[0].offsets.to_numpy().astype(np.int64), lists[0].flatten().to_numpy(), lists[1].flatten().to_numpy()
    )
