"""Items of a benchmark that the training data hold, found as `dedup.decontaminate` finds them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as ds

from datagen import load
from datagen.errors import UsageError
from datagen.lineage import published_versions
from datagen.store import Store
from dedup.evaluation_sets import Item
from dedup.item_index import ItemIndex

BATCH_ROWS = 2000


def find_contaminated(items: Sequence[Item], texts: Iterable[Sequence[str]]) -> tuple[set[int], set[int]]:
    """Places of the items that any of the texts (given in batches) holds, and of those long enough to be searched for.

    The others can't be told from everyday text: nothing is known of them.
    """
    index = ItemIndex(items)
    place = {id(item): number for number, item in enumerate(index.items)}
    found: set[int] = set()
    for batch in texts:
        found.update(place[id(hit.item)] for hit in index.find(batch))
    return found, {number for number, searched in enumerate(index.searched.tolist()) if searched}


def training_texts(where: str) -> Iterable[list[str]]:
    """The train split's texts of the rows that a run published last, or of Parquet files with a `text` column.

    Raises UsageError where there is neither.
    """
    path = Path(where)
    if path.suffix == ".parquet" or (path.is_dir() and any(path.glob("*.parquet"))):
        rows = ds.dataset(where, format="parquet")
    else:
        stages = [v.stage for v in published_versions(Store(where)).values() if v.manifest["publishes"] == "records"]
        if not stages:
            raise UsageError(f"{where} is neither Parquet nor a run with published rows")
        rows = load(where, stages[-1])
    if "text" not in rows.schema.names:
        raise UsageError(f"{where} has no column `text`")
    only = pc.field("split") == "train" if "split" in rows.schema.names else None
    for batch in rows.to_batches(columns=["text"], filter=only, batch_size=BATCH_ROWS):
        if len(batch):
            yield [text or "" for text in batch["text"].to_pylist()]
