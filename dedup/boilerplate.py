"""The stage that takes out paragraphs which many documents of one source share."""

import unicodedata
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
import xxhash
from pydantic import Field

from datagen.stage import Outcome, Phase, Stage
from dedup.turns import turns_of, with_turns

if TYPE_CHECKING:
    from datagen.task import Job, Task

SHARD_BYTES = 512 << 20
"""Of input text for each shard of the counts: its distinct paragraphs fit in memory."""
TOP = 20
"""Paragraphs that the report lists for each source."""
SEEN = pa.schema([("source", pa.string()), ("hash", pa.uint64()), ("id", pa.string()), ("documents", pa.int64())])


class Boilerplate(Stage):
    """Removes paragraphs (lines) that stand in many documents of their source: notices, footers, how-to-read texts.

    A paragraph is boilerplate where at least `documents` documents and `share` of the source's documents hold it, case,
    width and spacing aside. One of them keeps it, the one of the least id, so that no statement leaves the corpus.
    Short lines (`shortest`) and headings give a text its form and are never removed, nor is anything of a record or
    message that would be left without a word. Messages and text go on saying the same. `results.report` in the manifest
    counts by source, and names the paragraphs that most documents lost by hash and length.
    """

    reads: ClassVar[tuple[str, ...]] = ("text", "messages", "source")
    writes: ClassVar[tuple[str, ...]] = ("text", "messages")

    documents: int = Field(20, ge=2, description="least documents of a source that share a paragraph")
    share: float = Field(0.05, ge=0, le=1, description="least share of a source's documents that share a paragraph")
    shortest: int = Field(60, ge=1, description="bytes of UTF-8 below which a paragraph is never boilerplate")

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("hash", lambda job: job.part_keys(), self._hash),
            Phase("count", lambda job: list(range(_shards(job))), self._count),
            Phase("rows", lambda job: job.part_keys(), self._rows, publishes=True),
            Phase("report", lambda job: [None], self._report),
        )

    def _hash(self, task: "Task") -> dict[str, int]:
        """Documents by source; in files, each shard's paragraphs with a count and the least id."""
        shards, documents = _shards(task.job), {}
        for batch in task.read(task.part, ["id", "source", "text"]):
            sources, ids = batch["source"].to_pylist(), batch["id"].to_pylist()
            hashes = [
                np.array([*{h for h in self._hashes(text) if h is not None}], np.uint64)
                for text in batch["text"].to_pylist()
            ]
            row = np.repeat(np.arange(len(hashes)), [len(h) for h in hashes])
            for source in sources:
                documents[source] = documents.get(source, 0) + 1
            of_source, of_id = (
                pa.array(sources, pa.string()).take(pa.array(row)),
                pa.array(ids, pa.string()).take(pa.array(row)),
            )
            keys = np.concatenate([*hashes, np.empty(0, np.uint64)])
            once = pa.repeat(pa.scalar(1, pa.int64()), len(keys))
            seen = _merged(pa.table([of_source, pa.array(keys), of_id, once], schema=SEEN))
            shard = seen["hash"].to_numpy() % np.uint64(shards)
            for number in range(shards):
                task.write(f"seen-{number}", seen.filter(pa.array(shard == number)))
        return documents

    def _count(self, task: "Task") -> None:
        of_source: dict[str, int] = {}
        for commit in task.commits("hash"):
            for source, count in commit.result.items():
                of_source[source] = of_source.get(source, 0) + count
        seen = SEEN.empty_table()
        for path in (path for commit in task.commits("hash") for path in commit.paths(f"seen-{task.shard}")):
            seen = _merged(pa.concat_tables([seen, task.job.store.parquet(path).read().cast(SEEN)]))
        least = np.array([max(self.documents, self.share * of_source[s]) for s in seen["source"].to_pylist()])
        task.write("boilerplate", seen.filter(pa.array(seen["documents"].to_numpy() >= least)))

    def _rows(self, task: "Task") -> list[list]:
        """Removed paragraphs: source, hash, documents that lost it, characters."""
        keepers = _boilerplate(task)
        removed: dict[tuple[str, int], list[int]] = {}
        for batch in task.read(task.part):
            changed: dict[int, list[str]] = {}
            for number, row in enumerate(batch.select(["id", "source", "text", "messages"]).to_pylist()):
                source, turns = row["source"], turns_of(row)
                if source not in keepers or turns is None:
                    continue
                lost: dict[int, int] = {}
                turns = [self._stripped(turn, keepers[source], row["id"], lost) for turn in turns]
                for key, size in lost.items():
                    count = removed.setdefault((source, key), [0, 0])
                    count[0] += 1
                    count[1] += size
                if lost:
                    changed[number] = turns
            task.settle(batch, Outcome(with_turns(batch, changed)))
        return [[source, f"{key:016x}", *count] for (source, key), count in sorted(removed.items())]

    def _report(self, task: "Task") -> dict[str, Any]:
        """Per source: documents, boilerplate paragraphs, how often they were removed, characters, and the top ones."""
        report: dict[str, dict] = {}
        for commit in task.commits("hash"):
            for source, count in commit.result.items():
                facts = report.setdefault(source, {"documents": 0, "paragraphs": {}})
                facts["documents"] += count
        for commit in task.commits("rows"):
            for source, key, documents, characters in commit.result:
                found = report[source]["paragraphs"].setdefault(key, [0, 0])
                found[0] += documents
                found[1] += characters
        for facts in report.values():
            lost = sorted(facts["paragraphs"].items(), key=lambda entry: (-entry[1][0], entry[0]))
            facts |= {
                "paragraphs": len(lost),
                "removed": sum(documents for _, (documents, _) in lost),
                "characters": sum(characters for _, (_, characters) in lost),
                "top": [{"hash": k, "documents": d, "characters": c // d} for k, (d, c) in lost[:TOP]],
            }
        return dict(sorted(report.items()))

    def _hashes(self, text: str) -> list[int | None]:
        """For each line its hash, None where it can't be boilerplate."""
        return [self._key(line) for line in text.split("\n")]

    def _key(self, line: str) -> int | None:
        line = line.strip()
        if line.startswith("#") or len(line.encode()) < self.shortest:
            return None
        return xxhash.xxh3_64_intdigest(" ".join(unicodedata.normalize("NFKC", line).casefold().split()).encode())

    def _stripped(self, turn: str, keepers: dict[int, str], identity: str, lost: dict[int, int]) -> str:
        """A turn without boilerplate that another record keeps; what it lost is added to `lost`, characters by hash."""
        lines, mine = [], {}
        for line, key in zip(turn.split("\n"), self._hashes(turn), strict=True):
            if key in keepers and keepers[key] != identity:
                mine[key] = mine.get(key, 0) + len(line)
            elif line or not lines or lines[-1]:
                lines.append(line)
        left = "\n".join(lines).strip("\n")
        if not mine or not any(map(str.isalnum, left)):
            return turn
        for key, size in mine.items():
            lost[key] = lost.get(key, 0) + size
        return left


def _shards(job: "Job") -> int:
    return 1 + sum(part.bytes for part in job.parts) // SHARD_BYTES


def _merged(seen: pa.Table) -> pa.Table:
    summed = seen.group_by(["source", "hash"], use_threads=False).aggregate([("id", "min"), ("documents", "sum")])
    return summed.rename_columns(SEEN.names).cast(SEEN).sort_by([("source", "ascending"), ("hash", "ascending")])


def _boilerplate(task: "Task") -> dict[str, dict[int, str]]:
    """Source -> hash of a paragraph -> id of the record that keeps it."""
    found: dict[str, dict[int, str]] = {}
    for path in (path for commit in task.commits("count") for path in commit.paths("boilerplate")):
        rows = task.job.store.parquet(path).read()
        for source, key, keeper in zip(*(rows[c].to_pylist() for c in ("source", "hash", "id")), strict=True):
            found.setdefault(source, {})[key] = keeper
    return found
