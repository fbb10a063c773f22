"""A little package of its own, as a third party would write it: one class and one entry point per stage."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar

import pyarrow as pa
from pydantic import Field, PrivateAttr

from datagen.errors import UsageError
from datagen.record import record_id, split_of, table, with_column
from datagen.stage import Artefact, InputPath, Item, Outcome, Phase, RowStage, Source, SourceNames, Stage


class Lines(Source):
    """Each line of a text file is a record: `id TAB text`. The text BAD can't be read; NOTHING is dropped."""

    path: Annotated[str | list[str], InputPath()]
    pause: float = 0
    shard_bytes: ClassVar[int] = 400

    def items(self) -> list[Item]:
        roots = [Path(p) for p in ([self.path] if isinstance(self.path, str) else self.path)]
        if missing := [root for root in roots if not root.exists()]:
            raise UsageError(f"{missing[0]}: no such file or folder")
        files = [f for root in roots for f in (sorted(root.rglob("*.txt")) if root.is_dir() else [root])]
        return sorted((Item(f.name, str(f), f.stat().st_size) for f in files), key=lambda i: i.name)

    def read(self, item: Item, task) -> Iterator[Outcome]:
        rows, dropped, quarantined = [], {}, {}
        for number, line in enumerate(Path(item.url).read_text().splitlines(), 1):
            name, _, text = line.partition("\t")
            if text == "BAD":
                quarantined[f"{item.name}#{number}"] = "bad_line"
                continue
            identity = record_id(task.job.name, name)
            if text == "NOTHING":
                dropped[identity] = "nothing"
            row = {"id": identity, "group": name, "text": text, "source": task.job.name, "source_id": name}
            rows.append(row | {"split": split_of(name, **task.job.settings["split"])})
            time.sleep(self.pause)
        yield Outcome(table(rows), dropped=dropped, quarantined=quarantined)


class Upper(RowStage):
    """Upper-cases text ([markup] is text); drops what says `drop`; splits what holds a bar; fails on `explode`."""

    writes = ("text",)
    pause: float = 0
    notes: tuple[str, ...] = ()
    about: Annotated[dict[str, str], SourceNames()] = Field({})

    def apply(self, batch: pa.Table) -> Outcome:
        dropped, split, derived = {}, [], []
        for row in batch.to_pylist():
            time.sleep(self.pause)
            if "explode" in row["text"]:
                raise KeyError("a secret word of the document: " + row["text"])
            if "drop" in row["text"]:
                dropped[row["id"]] = "asked_for"
            elif "|" in row["text"]:
                split.append(row["id"])
                for number, piece in enumerate(row["text"].split("|")):
                    identity = record_id("pieces", f"{row['id']}-{number}")
                    derived.append({**row, "id": identity, "text": piece.upper(), "parents": [row["id"]]})
        upper = with_column(batch, "text", [t.upper() for t in batch["text"].to_pylist()])
        rows = pa.concat_tables([upper, table(derived)]) if derived else upper
        return Outcome(rows, dropped=dropped, split=frozenset(split))


class Vocabulary(Stage):
    """Counts words of the train split: an artefact in two phases."""

    publishes = "vocabulary"

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("count", lambda job: job.part_keys(), self._count),
            Phase("merge", lambda job: [None], self._merge, publishes=True),
        )

    def _count(self, task) -> dict[str, int]:
        counter = Counter()
        for rows in task.read(task.part):
            for text, split in zip(rows["text"].to_pylist(), rows["split"].to_pylist(), strict=True):
                counter.update(text.split() if split == "train" else ())
        return dict(sorted(counter.items()))

    def _merge(self, task) -> None:
        total = Counter()
        for commit in task.commits("count"):
            total.update(commit.result)
        task.write_file("words.json", json.dumps(dict(sorted(total.items()))).encode())


class Common(RowStage):
    """Adds how common the first word of a text is."""

    vocabulary: Annotated[str, Artefact("vocabulary")]
    adds = (pa.field("common", pa.int32()),)
    _words: dict = PrivateAttr()

    def setup(self, artefacts) -> None:
        self._words = json.loads((artefacts["vocabulary"] / "words.json").read_text())

    def apply(self, batch: pa.Table) -> Outcome:
        counts = [self._words.get(t.split(" ")[0], 0) for t in batch["text"].to_pylist()]
        return Outcome(batch.append_column("common", pa.array(counts, pa.int32())))
