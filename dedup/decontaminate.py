"""The stage that takes out text holding items of a benchmark."""

import gzip
import json
from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr

from datagen.errors import UsageError
from datagen.stage import InputPath, Item, Outcome, RowStage
from datagen.store import Store
from dedup.shingles import shingle_hashes


class Decontaminate(RowStage):
    """Drops records that contain most of a benchmark item, whatever the line breaks, case, width or small edits.

    An item counts as found when at least `share` of its shingles are in the record. Items shorter than a shingle are
    matched as a whole, so keep them out of the file when they are everyday words.
    """

    reads: ClassVar[tuple[str, ...]] = ("text",)

    benchmark: Annotated[str | list[str], InputPath()] = Field(description="JSONL files of benchmark items, .gz or not")
    field: str = Field("question", description="the items' text within each line")
    shingle: int = Field(5, ge=1, description="tokens per shingle")
    share: float = Field(0.6, gt=0, le=1, description="least share of an item's shingles that counts as the item")

    _hashes: np.ndarray = PrivateAttr()
    _items: np.ndarray = PrivateAttr()
    _needed: np.ndarray = PrivateAttr()
    _names: list[str] = PrivateAttr()

    def items(self) -> list[Item]:
        paths = [self.benchmark] if isinstance(self.benchmark, str) else self.benchmark
        found = []
        for path in paths:
            folder, _, name = path.rpartition("/")
            size = Store(folder).size(name)
            if size is None:
                raise UsageError(f"{path}: no such file")
            found.append(Item(name, path, size))
        return sorted(found, key=lambda item: item.name)

    def setup(self, artefacts) -> None:
        texts, self._names = [], []
        for item in self.items():
            for number, line in enumerate(_lines(item), 1):
                if line.strip():
                    texts.append(_field(line, self.field, f"{item.url}:{number}"))
                    self._names.append(item.name.split(".")[0])
        hashes, offsets = shingle_hashes(texts, self.shingle)
        owner = np.repeat(np.arange(len(texts)), np.diff(offsets))
        pairs = np.unique(np.stack([hashes.astype(np.int64), owner], axis=1), axis=0)
        self._hashes, self._items = pairs[:, 0], pairs[:, 1]
        self._needed = np.maximum(1, np.ceil(self.share * np.bincount(self._items, minlength=len(texts))))

    def apply(self, batch: pa.Table) -> Outcome:
        hashes, offsets = shingle_hashes(batch["text"], self.shingle)
        dropped = {}
        for row, identity in enumerate(batch["id"].to_pylist()):
            mine = np.unique(hashes[offsets[row] : offsets[row + 1]]).astype(np.int64)
            first = np.searchsorted(self._hashes, mine, "left")
            last = np.searchsorted(self._hashes, mine, "right")
            hits = [self._items[a:b] for a, b in zip(first, last, strict=True) if b > a]
            if hits:
                counts = np.bincount(np.concatenate(hits), minlength=len(self._needed))
                found = np.flatnonzero(counts >= self._needed)
                if len(found):
                    dropped[identity] = f"benchmark:{self._names[found[0]]}"
        return Outcome(batch, dropped=dropped)


def _lines(item: Item) -> list[str]:
    folder, _, name = item.url.rpartition("/")
    data = Store(folder).read(name)
    return (gzip.decompress(data) if name.endswith(".gz") else data).decode().splitlines()


def _field(line: str, field: str, place: str) -> str:
    try:
        return json.loads(line)[field]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise UsageError(f"{place}: not a JSON object with {field!r}", "mend the line, or set `field`") from None
