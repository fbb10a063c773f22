"""Signing the records of one input file into one file of signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from datagen.record import ids_as_bytes
from dedup.columns import Writer, fixed, signature_arrays, signature_schema
from dedup.signatures import scheme, sign

if TYPE_CHECKING:
    from datagen.task import Task

ID = pa.field("id", pa.binary(16), False)


def write_signatures(task: Task, name: str, shingle: int, permutations: int, with_ids: bool = False) -> int:
    """Sign the task's part; how many records it has."""
    schema = signature_schema(scheme(shingle, permutations), *([ID] if with_ids else []))
    with task.open_file(name) as file:
        writer = Writer(file, schema)
        for rows in task.read(task.part, [*(["id"] if with_ids else []), "content", "text"]):
            ids = [fixed(ids_as_bytes(rows["id"]))] if with_ids else []
            signed = signature_arrays(sign(rows["text"], shingle, permutations), ids_as_bytes(rows["content"]))
            writer.write(pa.table([*ids, *signed], schema=schema))
        writer.close()
    return writer.rows
