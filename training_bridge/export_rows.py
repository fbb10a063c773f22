"""Curated rows as plain Parquet, for trainers that know nothing of `repeats`."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from datagen import notice
from datagen.access import load
from datagen.errors import UsageError
from datagen.lineage import final_stages, published_versions
from datagen.record import SCHEMA, SPLITS
from datagen.store import Store
from training_bridge.cards import Summary, data_section, front_matter, summarize
from training_bridge.export import complete

COLUMNS = (
    *("text", "id", "language", "department", "content_type", "curriculum", "synthetic"),
    *("source", "source_id", "url", "license"),
)
PLAIN = pa.schema([SCHEMA.field(name) for name in COLUMNS], SCHEMA.metadata)
KEY = pa.field("key", pa.binary(16), False)
BATCH_ROWS = 1024
BUCKET_BYTES = 128 << 20
"""Text that is shuffled in memory at a time."""
OPEN_BUCKETS = 128
"""Files open at a time; a split with more buckets is read again for each such number of them."""

CARD = """
# {name}

The {split} split of the stage `{stage}` of a datagen run, each row as often as its `repeats` said, in random order.

{notice}

Rows whose `synthetic` is true were written by a program, not by a person. `license` holds for the row, `source`,
`source_id` and `url` say where it comes from.

```python
from datasets import load_dataset

rows = load_dataset(FOLDER, split="{split}")
```

## Composition

{data}"""


def export_rows(run: str, out: Path, *, split: str = "train", stage: str | None = None, seed: int = 0) -> Path:
    """Writes `out/SPLIT/part-*.parquet` (columns `COLUMNS`) and a dataset card, complete or not at all; returns `out`.

    A row with `repeats` n is there n times. The order is uniformly random and depends on `seed` and ids alone, not on
    the order of the input. At most two times `BUCKET_BYTES` of text are in memory; the disk holds the rows twice.
    `stage` is by default the last one of the run that publishes rows.

    Raises UsageError for a run without such rows, or an `out` with something in it.
    """
    store = Store(run)
    if split not in SPLITS:
        raise UsageError(f"no split {split!r}", f"one of {', '.join(SPLITS)}")
    versions = published_versions(store)
    stage = stage or next(iter(final_stages(versions)), None)
    if stage is None:
        raise UsageError(f"{run} has published no rows", "`datagen run RECIPE --out RUN` first")
    rows = load(run, stage)
    found = summarize(store, [versions[stage]], split)
    if not found.seen:
        raise UsageError(f"{stage} has no rows in the {split} split")
    with complete(out) as folder:
        (folder / split).mkdir()
        for number, bucket in enumerate(_shuffled(rows, split, seed, _buckets(rows, found), folder)):
            pq.write_table(
                bucket, folder / split / f"part-{number:05d}.parquet", compression="zstd", row_group_size=BATCH_ROWS
            )
        (folder / "README.md").write_text(_card(out.name, stage, split, found), "utf-8")
    return out


def _buckets(rows: ds.Dataset, found: Summary) -> int:
    """So many that a bucket holds about `BUCKET_BYTES`."""
    size = sum(group.total_byte_size for fragment in rows.get_fragments() for group in fragment.row_groups)
    return 1 + int(size * found.seen / max(1, rows.count_rows()) / BUCKET_BYTES)


def _shuffled(rows: ds.Dataset, split: str, seed: int, buckets: int, folder: Path) -> Iterator[pa.Table]:
    """Every copy gets a random key; copies go to disk by the key's high bits and are sorted by it one bucket at a
    time."""
    for first in range(0, buckets, OPEN_BUCKETS):
        wanted = range(first, min(first + OPEN_BUCKETS, buckets))
        scratch = folder / "buckets"
        scratch.mkdir()
        _scatter(rows, split, seed, buckets, wanted, scratch)
        for bucket in wanted:
            with pa.memory_map(str(scratch / str(bucket))) as file:
                copies = pa.ipc.open_file(file).read_all()
                if len(copies):
                    yield copies.take(pc.sort_indices(copies["key"])).drop_columns("key")
        shutil.rmtree(scratch)


def _scatter(rows: ds.Dataset, split: str, seed: int, buckets: int, wanted: range, scratch: Path) -> None:
    schema = PLAIN.append(KEY)
    writers = {bucket: pa.ipc.new_file(scratch / str(bucket), schema) for bucket in wanted}
    batches = rows.to_batches(
        columns=[*COLUMNS, "repeats"],
        filter=pc.field("split") == split,
        batch_size=BATCH_ROWS,
        batch_readahead=1,
        fragment_readahead=1,
    )
    for batch in batches:
        repeats = batch["repeats"].to_numpy()
        row = np.repeat(np.arange(len(batch)), repeats)
        copy = np.arange(len(row)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        ids = batch["id"].to_pylist()
        keys = [_key(seed, ids[i], number) for i, number in zip(row, copy, strict=True)]
        # The high 32 bits choose the bucket, so that sorted buckets one after another are sorted altogether.
        high = np.array([int.from_bytes(key[:4], "big") for key in keys], np.uint64)
        bucket = (high * np.uint64(buckets)) >> np.uint64(32)
        plain = pa.Table.from_batches([batch]).select(COLUMNS).cast(PLAIN)
        for number in np.intersect1d(bucket, list(wanted)):
            chosen = np.flatnonzero(bucket == number)
            copies = plain.take(row[chosen]).append_column(KEY, pa.array([keys[i] for i in chosen], KEY.type))
            writers[int(number)].write_table(copies)
    for writer in writers.values():
        writer.close()


def _key(seed: int, id: str, copy: int) -> bytes:
    return hashlib.blake2b(f"{seed}\0{id}\0{copy}".encode(), digest_size=16).digest()


def _card(name: str, stage: str, split: str, found: Summary) -> str:
    fields = {
        "language": found.languages,
        "license": "other",
        "license_name": "see-the-table-below",
        "task_categories": ["text-generation"],
        "tags": ["medical", "research-only", "not-for-clinical-use"],
        "configs": [{"config_name": "default", "data_files": [{"split": split, "path": f"{split}/*.parquet"}]}],
    }
    body = CARD.format(name=name, stage=stage, split=split, notice=notice.MARKDOWN, data=data_section(found))
    return front_matter(fields) + body
