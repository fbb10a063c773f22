"""The stage from curated rows to token shards."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from datagen.stage import Phase, Stage

if TYPE_CHECKING:
    from datagen.task import Job, Task

CURRICULA = ("general", "basic", "advanced")
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


class Pack(Stage):
    """Tokenizes and packs the train split, one set of sequences per curriculum stage.

    Publishes `tokenizer/` (a fast tokenizer trained on these rows), `sequences/` (Parquet of input_ids and
    document_lengths, as other trainers read too), `heldout/` (validation text per language) and `packing.json`.
    Documents are never truncated; `repeats` is honoured by packing a document that often. A row without a
    `curriculum` counts as general.
    """

    publishes: ClassVar[str] = "tokens"
    reads: ClassVar[tuple[str, ...]] = ("text", "split", "repeats", "curriculum")

    vocabulary: int = Field(4096, ge=333, description="size of the tokenizer")
    tokenizer_bytes: int = Field(20_000_000, gt=0, description="text that the tokenizer is trained on, at most")
    lengths: dict[str, int] = Field(
        {"general": 256, "basic": 256, "advanced": 512}, description="tokens per sequence, by curriculum stage"
    )
    heldout_bytes: int = Field(60_000, ge=0, description="validation text kept per language")
    seed: int = 0

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

        def texts() -> Iterator[str]:
            left = self.tokenizer_bytes
            for rows in self._texts(task, ["text"], "train"):
                for text in rows["text"].to_pylist():
                    if left <= 0:
                        return
                    left -= len(text.encode())
                    yield text

        tokenizer = train_tokenizer(texts(), self.vocabulary)
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save_pretrained(folder)
            for file in sorted(Path(folder).iterdir()):
                task.write_file(f"tokenizer/{file.name}", file.read_bytes())
        return {"vocabulary": len(tokenizer)}

    def _encode(self, task: "Task") -> dict:
        from training_bridge.tokenizer import encode_documents

        tokenizer = load_tokenizer(task)
        counted = {"bytes": 0, "tokens": 0}
        columns = ["id", "text", "split", "curriculum", "repeats"]
        for rows in task.read(task.part, columns):
            rows = rows.filter(pc.equal(rows["split"], "train"))
            texts = rows["text"].to_pylist()
            tokens = encode_documents(tokenizer, texts)
            counted["bytes"] += sum(len(t.encode()) for t in texts)
            counted["tokens"] += sum(len(t) for t in tokens)
            encoded = [
                rows["id"].combine_chunks(),
                pa.array(tokens, pa.list_(pa.int32())),
                pc.fill_null(rows["curriculum"], "general").combine_chunks(),
                rows["repeats"].combine_chunks(),
            ]
            task.write("encoded", pa.table(encoded, schema=ENCODED))
        return counted

    def _heldout(self, task: "Task") -> dict:
        """Validation text, in input order up to a size per language; languages with less than a tenth of it are left
        out, for their figure would be noise."""
        texts: dict[str, list[str]] = {}
        sizes: dict[str, int] = {}
        for rows in self._texts(task, ["text", "language"], "validation"):
            for text, language in zip(rows["text"].to_pylist(), rows["language"].to_pylist(), strict=True):
                if language and sizes.get(language, 0) < self.heldout_bytes:
                    texts.setdefault(language, []).append(text)
                    sizes[language] = sizes.get(language, 0) + len(text.encode())
        kept = {
            language: found for language, found in sorted(texts.items()) if sizes[language] >= self.heldout_bytes / 10
        }
        rows = [{"label": language, "text": text} for language, found in kept.items() for text in found]
        task.write("heldout", pa.Table.from_pylist(rows, HELDOUT))
        return {language: sizes[language] for language in kept}

    def _curricula(self, job: "Job") -> dict[int, str]:
        return {FIRST_CURRICULUM + i: name for i, name in enumerate(CURRICULA) if name in self.lengths}

    def _pack(self, task: "Task") -> dict:
        from training_bridge.packing import pack

        documents: list[np.ndarray] = []
        for path in (path for commit in task.commits("encode") for path in commit.paths("encoded")):
            rows = task.job.store.parquet(path).read()
            rows = rows.filter(pc.equal(rows["curriculum"], task.shard))
            for tokens, repeats in zip(rows["input_ids"], rows["repeats"].to_pylist(), strict=True):
                documents += [np.asarray(tokens.values, np.int32)] * repeats
        length = self.lengths[task.shard]
        sequences, packing = pack(documents, length, task.shard)
        if len(sequences):
            task.write("sequences", sequences)
        facts = {
            "curriculum": task.shard,
            "sequence_length": length,
            "documents": len(documents),
            "sequences": packing.sequences,
            "tokens": packing.tokens,
            "continuations": packing.continuations,
            "utilisation": round(packing.utilisation, 4),
        }
        task.write_file(f"packing-{task.shard}.json", json.dumps(facts, indent=1).encode())
        return facts


def load_tokenizer(task: "Task"):
    """The tokenizer of this run's first phase."""
    from transformers import AutoTokenizer

    with tempfile.TemporaryDirectory() as folder:
        for commit in task.commits("tokenizer"):
            for file in commit.files["data"]:
                data = task.job.store.read(file["path"])
                (Path(folder) / Path(file["name"]).name).write_bytes(data)
        return AutoTokenizer.from_pretrained(folder)
