"""Stages for measuring the engine alone."""

from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datagen.record import SCHEMA
from datagen.stage import InputPath, Item, Outcome, RowStage, Source


class Published(Source):
    """Reads Parquet that has the record schema already."""

    path: Annotated[str, InputPath()]

    def items(self) -> list[Item]:
        from pathlib import Path

        return [Item(f.name, str(f), f.stat().st_size) for f in sorted(Path(self.path).glob("*.parquet"))]

    def read(self, item: Item, task):
        for batch in pq.ParquetFile(item.url).iter_batches(8192):
            yield Outcome(pa.Table.from_batches([batch]))

    def _shards(self, job) -> list[list[int]]:
        return [[index] for index in range(len(job.items))]


class Lower(RowStage):
    """Lower-cases text without counting its tokens again, as bare Ray Data does."""

    def apply(self, batch: pa.Table) -> Outcome:
        index = batch.schema.get_field_index("text")
        return Outcome(batch.set_column(index, SCHEMA.field("text"), pc.utf8_lower(batch["text"])))
