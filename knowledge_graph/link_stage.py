"""The stage `knowledge_graph.link`: which nodes of a graph each record names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

import pyarrow as pa
from pydantic import Field, PrivateAttr

from datagen.stage import Artefact, Outcome, RowStage
from knowledge_graph.link import Linker
from knowledge_graph.model import load

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


class Link(RowStage):
    """Finds names of a graph's nodes in the text, in English and Chinese: adds `entities`, in order, none overlapping.

    Each says where it stands, which node and type it names, and whether the text denies it or leaves it open.
    """

    reads: ClassVar[tuple[str, ...]] = ("text",)
    adds: ClassVar[tuple[pa.Field, ...]] = (pa.field("entities", ENTITIES),)

    graph: Annotated[str, Artefact("graph")] = Field(description="name of the stage that built the graph")
    types: tuple[str, ...] = Field((), description="only nodes of these types (disease, drug, ...); empty for all")

    _linker: Linker = PrivateAttr()

    def setup(self, artefacts: Mapping[str, Path]) -> None:
        self._linker = Linker(load(artefacts["graph"]))

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
