"""The stage from curated rows to token shards."""

import json
import tempfile
from bisect import insort
from collections.abc import Iterator
from operator import mul
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from datagen.record import CURRICULA
from datagen.stage import Phase, Stage

if TYPE_CHECKING:
    from datagen.task import Job, Task

ENCODED = pa.schema(
    [
        pa.field("id", pa.string(), False),
        pa.field("input_ids", pa.list_(pa.int32()), False),
        pa.field("curriculum", pa.string(), False),
        pa.field("repeats", pa.int32(), False),
    ]
)
HELDOUT = pa.schema([pa.field("label", pa.string(), False), pa.field("text", pa.string(), False)])
TOKENIZER, HELDOUT_KEY = 0, 1
FIRST_CURRICULUM = 2
DEPARTMENT = "department:"
DEPARTMENTS_SHARE, TEXT_SHARE, LEAST_SHARE, SHORTEST = 8, 16, 10, 256
PACKED_AT_ONCE = 1 << 26
"""Tokens, repeats among them: their documents are packed together, in some 600 MB."""


class Pack(Stage):
    """Tokenizes and packs the train split, one set of sequences per curriculum stage.

    Publishes `tokenizer/` (a fast tokenizer trained on these rows), `sequences/` (Parquet of input_ids and
    document_lengths, as other trainers read too), `heldout/` (validation text per language and department) and what
    came of packing as `packing-*.json`.
    Documents are never truncated; `repeats` is honoured by packing a document that often. A row without a
    `curriculum` counts as general.
    """

    version: ClassVar[str] = "3"
    publishes: ClassVar[str] = "tokens"
    reads: ClassVar[tuple[str, ...]] = ("text", "split", "repeats", "curriculum")

    vocabulary: int = Field(4096, ge=333, description="size of the tokenizer")
    tokenizer_bytes: int = Field(20_000_000, gt=0, description="train text for the tokenizer, drawn by id")
    lengths: dict[str, int] = Field(
        {"general": 256, "basic": 256, "advanced": 512}, description="tokens per sequence, by curriculum stage"
    )
    heldout_bytes: int = Field(
        60_000, ge=0, description="validation text kept per language; an eighth of it per department"
    )

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("tokenizer", lambda job: {TOKENIZER: None}, self._tokenizer, publishes=True),
            Phase("encode", lambda job: job.part_keys(), self._encode),
            Phase("heldout", lambda job: {HELDOUT_KEY: None}, self._heldout, publishes=True),
            Phase("pack", self._curricula, self._pack, publishes=True),
        )

    def _texts(self, task: "Task", columns: list[str], split: str) -> Iterator[pa.Table]:
        for part in task.job.parts:
            for rows in task.read(part, [*columns, "split"]):
                yield rows.filter(pc.equal(rows["split"], split))

    def _tokenizer(self, task: "Task") -> dict:
        from training_bridge.tokenizer import train_tokenizer

        sample = _Sample(self.tokenizer_bytes)
        for rows in self._texts(task, ["id", "text"], "train"):
            for id, text in zip(rows["id"].to_pylist(), rows["text"].to_pylist(), strict=True):
                sample.offer(id, text)
        tokenizer = train_tokenizer(sample.texts(), self.vocabulary)
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save_pretrained(folder)
            for file in sorted(Path(folder).iterdir()):
                task.write_file(f"tokenizer/{file.name}", file.read_bytes())
        return {"vocabulary": len(tokenizer)}

    def _encode(self, task: "Task") -> dict:
        from training_bridge.tokenizer import encode_documents

        tokenizer = load_tokenizer(task)
        counted = {"bytes": 0, "tokens": 0, "repeated": 0}
        columns = ["id", "text", "split", "curriculum", "repeats"]
        for rows in task.read(task.part, columns):
            rows = rows.filter(pc.equal(rows["split"], "train"))
            texts = rows["text"].to_pylist()
            tokens = encode_documents(tokenizer, texts)
            counted["bytes"] += sum(len(t.encode()) for t in texts)
            counted["tokens"] += sum(map(len, tokens))
            counted["repeated"] += sum(map(mul, map(len, tokens), rows["repeats"].to_pylist()))
            encoded = [
                rows["id"].combine_chunks(),
                pa.array(tokens, pa.list_(pa.int32())),
                pc.fill_null(rows["curriculum"], "general").combine_chunks(),
                rows["repeats"].combine_chunks(),
            ]
            task.write("encoded", pa.table(encoded, schema=ENCODED))
        return counted

    def _heldout(self, task: "Task") -> dict:
        """Validation text up to a size per language and department, chosen by id, which is a hash: every source has its
        chance, in whatever order they come. Long texts are cut, so that none weighs more than a sixteenth. Labels
        with less than a tenth of the size are left out, for their figure would be noise."""
        samples: dict[str, _Sample] = {}
        for rows in self._texts(task, ["id", "text", "language", "department"], "validation"):
            for row in rows.to_pylist():
                for label in filter(None, (row["language"], row["department"] and DEPARTMENT + row["department"])):
                    samples.setdefault(label, _Sample(self._room(label))).offer(row["id"], row["text"])
        enough = [name for name, found in samples.items() if found.bytes and found.bytes * LEAST_SHARE >= found.room]
        kept = sorted(enough, key=lambda label: (label.startswith(DEPARTMENT), label))
        rows = [{"label": label, "text": text} for label in kept for text in samples[label].texts()]
        task.write("heldout", pa.Table.from_pylist(rows, HELDOUT))
        return {label: samples[label].bytes for label in kept}

    def _room(self, label: str) -> int:
        return self.heldout_bytes // DEPARTMENTS_SHARE if label.startswith(DEPARTMENT) else self.heldout_bytes

    def _curricula(self, job: "Job") -> dict[int, dict]:
        """Each curriculum stage's documents, in groups of encoded shards that are packed together."""
        groups: list[list[int]] = []
        size = PACKED_AT_ONCE
        for commit in job.commits("encode"):
            if size >= PACKED_AT_ONCE:
                groups.append([])
                size = 0
            groups[-1].append(commit.key)
            size += commit.result["repeated"]
        names = [name for name in CURRICULA if name in self.lengths]
        shards = [
            {"curriculum": name, "group": number, "encoded": keys}
            for name in names
            for number, keys in enumerate(groups)
        ]
        return dict(enumerate(shards, FIRST_CURRICULUM))

    def _pack(self, task: "Task") -> dict:
        from training_bridge.packing import pack

        name, group = task.shard["curriculum"], task.shard["group"]
        documents: list[np.ndarray] = []
        commits = [commit for commit in task.commits("encode") if commit.key in task.shard["encoded"]]
        for path in (path for commit in commits for path in commit.paths("encoded")):
            rows = task.job.store.parquet(path).read()
            rows = rows.filter(pc.equal(rows["curriculum"], name)).combine_chunks()
            for tokens, repeats in zip(rows["input_ids"], rows["repeats"].to_pylist(), strict=True):
                documents += [np.asarray(tokens.values, np.int32)] * repeats
        length = self.lengths[name]
        sequences, packing = pack(documents, length, name)
        if len(sequences):
            task.write("sequences", sequences)
        facts = {
            "curriculum": name,
            "sequence_length": length,
            "documents": len(documents),
            "sequences": packing.sequences,
            "tokens": packing.tokens,
            "continuations": packing.continuations,
            "utilisation": round(packing.utilisation, 4),
        }
        task.write_file(f"packing-{name}-{group:03d}.json", json.dumps(facts, indent=1).encode())
        return facts


class _Sample:
    """The texts of the least ids, as many as fill `room` bytes; holds no more of them at any time."""

    def __init__(self, room: int) -> None:
        self.room, self.bytes = room, 0
        self._kept: list[tuple[str, bytes]] = []

    def offer(self, id: str, text: str) -> None:
        if self._kept and self.bytes >= self.room and id > self._kept[-1][0]:
            return
        cut = text.encode()[: max(self.room // TEXT_SHARE, SHORTEST)].decode(errors="ignore").encode()
        insort(self._kept, (id, cut))
        self.bytes += len(cut)
        while self._kept and self.bytes - len(self._kept[-1][1]) >= self.room:
            self.bytes -= len(self._kept.pop()[1])

    def texts(self) -> list[str]:
        return [text.decode() for _, text in self._kept if text]


def load_tokenizer(task: "Task"):
    """The tokenizer of this run's first phase."""
    from transformers import AutoTokenizer

    with tempfile.TemporaryDirectory() as folder:
        for commit in task.commits("tokenizer"):
            for file in commit.files["data"]:
                data = task.job.store.read(file["path"])
                (Path(folder) / Path(file["name"]).name).write_bytes(data)
        return AutoTokenizer.from_pretrained(folder)
