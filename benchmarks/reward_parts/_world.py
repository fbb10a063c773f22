"""What the measures share: rows of a run, pairs with features over them, and models trained on part of them."""

import os
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import datagen
from datagen.record import record_id, split_of
from knowledge_graph import Graph, Linker, load
from reward_filter.background import Background
from reward_filter.corrupt import Corruptor, Item
from reward_filter.features import Featurizer
from reward_filter.items import items
from reward_filter.train import READ, bilingual, make_pairs, pair_rows, shortened, train

RUN = os.environ.get("RUN", "runs/medical")
NUMBER = int(os.environ.get("PAIRS", 30_000))
EACH = 3
SPLIT = {"validation": 0.15, "test": 0.2}
WRITTEN = "unique"
"""The stage whose rows people wrote."""
HELD_OUT_SOURCES = ("cmtmedqa", "nstg")
"""Sources of which nothing is learned."""
COLUMNS = ["id", *READ, "source", "department"]


def folder(stage: str) -> Path:
    (found,) = Path(RUN, stage).glob("v-*/data")
    return found


@cache
def graph() -> Graph:
    return load(folder("graph"))


@cache
def linker() -> Linker:
    return Linker(graph())


@cache
def rows(stage: str) -> pa.Table:
    """Rows in English and Chinese; diseases (groups) dealt anew over the splits, so that each has enough of them."""
    found = datagen.load(RUN, stage).to_table(columns=COLUMNS)
    found = found.filter(pc.is_in(found["language"], pa.array(["en", "zh"])))
    split = [
        "test" if source in HELD_OUT_SOURCES else split_of(f"{group}/reward", **SPLIT)
        for group, source in zip(found["group"].to_pylist(), found["source"].to_pylist(), strict=True)
    ]
    return found.set_column(found.schema.get_field_index("split"), "split", pa.array(split))


@cache
def background(without: str = "") -> Background:
    """What the train split's texts say, but for those of one source."""
    written = rows(WRITTEN)
    read = pc.and_(pc.equal(written["split"], "train"), pc.invert(pair_rows(written)))
    read = pc.and_(read, pc.not_equal(written["source"], without))
    texts = written.filter(read)["text"].to_pylist()
    random.Random(0).shuffle(texts)
    return Background.of(texts, bilingual(graph()))


def answers(table: pa.Table, number: int, seed: int = 0) -> list[Item]:
    """A sample of rows as answers."""
    picked = sorted(random.Random(seed).sample(range(len(table)), min(number, len(table))))
    return shortened(items(table.take(pa.array(picked))))


@cache
def synthetic() -> list[Item]:
    return answers(rows("synthetic"), NUMBER // EACH)


@cache
def people() -> list[Item]:
    table = rows(WRITTEN)
    table = table.filter(pair_rows(table))
    return answers(table, NUMBER // EACH // 2)


@cache
def pairs(hidden: float = 0.0) -> pa.Table:
    """Damaged by the whole graph, seen by one of which a share of the edges is hidden."""
    seen = hiding(graph(), hidden) if hidden else graph()
    featurizer = Featurizer(seen, Linker(seen) if hidden else linker(), background())
    corruptor = Corruptor(graph(), linker())
    made, written = (make_pairs(found, corruptor, featurizer, 0, EACH) for found in (synthetic(), people()))
    origin = pa.array([True] * len(made) + [False] * len(written))
    return pa.concat_tables([made, written]).append_column("synthetic", origin)


@cache
def trained(hidden: float = 0.0):
    """A model and what it measures on the test split."""
    return train(pairs(hidden))


def hiding(whole: Graph, share: float) -> Graph:
    """The graph without a share of its statements, is_a aside, drawn by their keys."""
    keys = np.array([int(key, 16) % 1000 for key in whole.edges["key"].to_pylist()])
    stays = (keys >= 1000 * share) | np.array([r == "is_a" for r in whole.edges["relation"].to_pylist()])
    return Graph(whole.nodes, whole.edges.filter(pa.array(stays)))


def interval(right: Sequence[float], seed: int = 0, draws: int = 1000) -> str:
    """Mean and its 95 % interval by bootstrap over items."""
    right = np.asarray(right, float)
    if not len(right):
        return "-"
    rng = np.random.default_rng(seed)
    means = right[rng.integers(0, len(right), (draws, len(right)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{right.mean():.3f} ({low:.3f}-{high:.3f})"


def row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def renamed(item: Item, split: str) -> Item:
    return replace(item, id=record_id("benchmark", item.id), split=split)
