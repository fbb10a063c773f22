"""The stage `knowledge_graph.link`: which nodes of a graph each record names."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr

from datagen.stage import Artefact, Outcome, Phase, RowStage
from knowledge_graph.link import Linker
from knowledge_graph.model import Graph, load

if TYPE_CHECKING:
    from datagen.task import Task

ENTITIES = pa.list_(
    pa.field(
        "element",
        pa.struct(
            [
                pa.field("start", pa.int32(), False),
                pa.field("end", pa.int32(), False),
                pa.field("node", pa.string(), False),
                pa.field("type", pa.string(), False),
                pa.field("negated", pa.bool_(), False),
                pa.field("uncertain", pa.bool_(), False),
            ]
        ),
        False,
    )
)
"""Offsets count characters of `text`, from 0."""


NAMED = pa.schema([pa.field("node", pa.string(), False), pa.field("records", pa.int64(), False)])
TIMES = (1, 5, 20)
"""Coverage is the share of nodes that at least so many records name."""
MISSING = 5


class Link(RowStage):
    """Finds names of a graph's nodes in the text, in English and Chinese: adds `entities`, in order, none overlapping.

    Each says where it stands, which node and type it names, and whether the text denies it or leaves it open. How much
    of the graph the records speak of is in the manifest (`results.coverage`) and in the report, under long tail.
    """

    version: ClassVar[str] = "3"
    reads: ClassVar[tuple[str, ...]] = ("text",)
    adds: ClassVar[tuple[pa.Field, ...]] = (pa.field("entities", ENTITIES),)

    graph: Annotated[str, Artefact("graph")] = Field(description="name of the stage that built the graph")
    types: tuple[str, ...] = Field((), description="only nodes of these types (disease, drug, ...); empty for all")

    _linker: Linker = PrivateAttr()

    def setup(self, artefacts: Mapping[str, Path]) -> None:
        self._linker = Linker(load(artefacts["graph"]))

    def phases(self) -> tuple[Phase, ...]:
        (rows,) = super().phases()
        return rows, Phase("coverage", lambda job: [None], self._coverage)

    def _run(self, task: "Task") -> None:
        named: Counter[str] = Counter()
        for batch in task.read(task.part):
            outcome = self.apply(batch)
            named.update(_named_once(outcome.rows["entities"]))
            task.settle(batch, outcome)
        # Beside the statistics of the shard, which are not published: the next phase adds them up.
        task.write("stats-named", pa.table([list(named), list(named.values())], schema=NAMED))

    def _coverage(self, task: "Task") -> dict[str, dict]:
        """By type and by department: nodes, how many of them 1, 5 and 20 records and more name, and some that none does
        (id and names)."""
        named: Counter[str] = Counter()
        for commit in task.commits("rows"):
            for path in commit.paths("stats-named"):
                rows = task.job.store.parquet(path).read()
                named.update(dict(zip(rows["node"].to_pylist(), rows["records"].to_pylist(), strict=True)))
        return coverage(load(task.artefact("graph")), named, self.types)

    def apply(self, batch: pa.Table) -> Outcome:
        found = [
            [
                {name: getattr(mention, name) for name in ("start", "end", "node", "type", "negated", "uncertain")}
                for mention in self._linker.link(text)
                if not self.types or mention.type in self.types
            ]
            for text in batch["text"].to_pylist()
        ]
        column = pa.array(found, ENTITIES)
        at = batch.schema.get_field_index("entities")
        field = self.adds[0]
        rows = batch.append_column(field, column) if at < 0 else batch.set_column(at, field, column)
        return Outcome(rows)


def coverage(graph: Graph, named: Mapping[str, int], types: tuple[str, ...] = ()) -> dict[str, dict]:
    """How much of a graph the records speak of: `types` and `departments`, each label -> {nodes, named, missing}.

    `named` in the result counts nodes that 1, 5 and 20 records and more name; `missing` lists some that none does, as
    [id, English name, Chinese name]. Departments have their diseases counted, and whatever else names them.
    """
    columns = (graph.nodes[name].to_pylist() for name in ("id", "type", "departments", "name_en", "name_zh"))
    found: dict[str, dict[str, dict]] = {"types": {}, "departments": {}}
    for node, kind, departments, *names in zip(*columns, strict=True):
        if types and kind not in types:
            continue
        records = named.get(node, 0)
        for axis, label in (("types", kind), *(("departments", code) for code in departments)):
            line = found[axis].setdefault(label, {"nodes": 0, "named": [0] * len(TIMES), "missing": []})
            line["nodes"] += 1
            line["named"] = [count + (records >= least) for count, least in zip(line["named"], TIMES, strict=True)]
            if not records and len(line["missing"]) < MISSING:
                line["missing"].append([node, *names])
    return {axis: dict(sorted(lines.items())) for axis, lines in found.items()}


def _named_once(entities: pa.ChunkedArray) -> list[str]:
    """Nodes that records affirm, each once per record."""
    found = entities.combine_chunks()
    pairs = pa.table(
        {
            "record": pc.list_parent_indices(found),
            "node": pc.struct_field(pc.list_flatten(found), "node"),
            "negated": pc.struct_field(pc.list_flatten(found), "negated"),
        }
    )
    affirmed = pairs.filter(pc.invert(pairs["negated"])).group_by(["record", "node"], use_threads=False).aggregate([])
    return affirmed["node"].to_pylist()
