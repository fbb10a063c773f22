"""The stage `reward_filter.pairs`: what alignment trains on."""

import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from datagen.files import find
from datagen.stage import Artefact, InputPath, Item, Phase, Stage
from datagen.task import Task
from knowledge_graph import Linker
from knowledge_graph import load as load_graph
from reward_filter.checkers import Entities, check
from reward_filter.corrupt import Corruptor
from reward_filter.items import items, parts
from reward_filter.judge import POLICY, remembering, scored
from reward_filter.pairs import CHECKED, CORRUPTED, Sample, checked, questions, views
from reward_filter.people import agreement, preferences, read_sheet, write_sheet
from reward_filter.scorer import load

STEPS = ("chain", "case", "mcq")
"""Tasks whose answers reason step by step."""
SAMPLES = pa.schema(
    [
        *(pa.field(name, pa.string(), False) for name in ("id", "prompt", "response")),
        pa.field("good", pa.bool_(), False),
        *(pa.field(name, pa.string(), False) for name in ("origin", "language", "group", "split")),
        pa.field("score", pa.float32()),
        *(pa.field(name, pa.string()) for name in ("than", "error_class", "checker", "answer")),
        pa.field("steps", pa.bool_(), False),
    ]
)


class Pairs(Stage):
    """Makes the tables that trainers read, one Parquet file each: `sft` (messages), `preference` (prompt, chosen,
    rejected, margin, where they differ), `unpaired` (prompt, completion, label), `stepwise` (prompt, completions,
    labels) and `verifiable` (prompt, answer, checker).

    Rows are good answers; those whose `meta` names a `checker` and its `answer` are right or wrong as that finds. One
    that reflection or its source corrected is a pair with the answer that it was; several rows with one prompt and a
    `reward` give the best against the worst, and a right one against a wrong one; a graph adds damaged copies, at most
    a share. Column names are TRL's.

    Where several rows answer one prompt, `sheet.csv` asks people which of two is better, without saying whose they are.
    Filled in by one or several of them and named in `sheets`, it makes pairs where most agree, before all others; the
    results say how far they do (`agreement`, Krippendorff's alpha).
    """

    graph: Annotated[str | None, Artefact("graph")] = Field(None, description="the graph that damage is done by")
    scorer: Annotated[str | None, Artefact("reward")] = Field(
        None, description="the stage with the reward model that says how far apart two answers are"
    )
    each: int = Field(1, ge=0, le=5, description="damaged copies of a row, where there is a graph")
    max_corrupted: float = Field(0.4, ge=0, le=1, description="share of pairs that may be damage done on purpose")
    seed: int = Field(0, description="another seed damages other things")
    sheets: Annotated[str | list[str] | None, InputPath()] = Field(
        None, description="sheets that people have filled in, CSV"
    )

    version: ClassVar[str] = "3"
    publishes: ClassVar[str] = "pairs"
    reads: ClassVar[tuple[str, ...]] = ("text", "messages", "language", "group", "split", "synthetic", "meta", "reward")

    def items(self) -> list[Item]:
        return find(self.sheets, (".csv",)) if self.sheets else []

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("samples", lambda job: job.part_keys(), self._samples),
            Phase("views", lambda job: [0], self._views, publishes=True),
        )

    def _samples(self, task: Task) -> int:
        corruptor = entities = None
        if self.graph:
            graph = load_graph(task.artefact("graph"))
            linker = Linker(graph)
            entities = Entities(graph, linker)
            corruptor = Corruptor(graph, linker) if self.each else None
        scorer = load(task.artefact("scorer")) if self.scorer else None
        if scorer:
            remembering(scorer, task)
        made = 0
        for batch in task.read(task.part, sorted({*POLICY, *self.reads})):
            found = list(samples(batch, corruptor, self.seed, self.each, entities))
            if scorer and found:
                known = {record["id"]: record for record in batch.select(POLICY).to_pylist()}
                records = [known[s.id.partition("/")[0]] for s in found]
                scores = scored(scorer, [s.prompt for s in found], [s.response for s in found], records)
            else:
                scores = [s.score for s in found]
            rows = [_row(sample) | {"score": score} for sample, score in zip(found, scores, strict=True)]
            task.write("samples", pa.Table.from_pylist(rows, SAMPLES))
            made += len(found)
        return made

    def _views(self, task: Task) -> dict[str, Any]:
        paths = [path for commit in task.commits("samples") for path in commit.paths("samples")]
        rows = [row for path in paths for row in task.job.store.parquet(path).read().to_pylist()]
        known = [_sample(row) for row in rows]
        asked = questions(known)
        sheets = [read_sheet(item.url, asked, self.seed) for item in task.items]
        preferred = [
            tuple(p.id.split(" ")) if p.chosen == first else tuple(p.id.split(" "))[::-1]
            for p in preferences(asked, sheets)
            for first in [next(q.first for q in asked if q.id == p.id)]
        ]
        found = views(known, self.max_corrupted, preferred)
        with tempfile.TemporaryDirectory() as folder:
            write_sheet(Path(folder, "sheet.csv"), asked, self.seed)
            task.write_file("sheet.csv", Path(folder, "sheet.csv").read_bytes())
        for name, table in found.items():
            data = io.BytesIO()
            pq.write_table(table, data, compression="zstd")
            task.write_file(f"{name}.parquet", data.getvalue())
        classes = found["preference"]["error_class"].value_counts().to_pylist()
        return {
            "rows": {name: len(table) for name, table in found.items()},
            "asked": len(asked),
            "preferred": len(preferred),
            "agreement": agreement(sheets),
            "error_classes": {str(c["values"]): c["counts"] for c in classes},
        }


def samples(
    batch: pa.Table, corruptor: Corruptor | None, seed: int, each: int, entities: Entities | None = None
) -> Iterator[Sample]:
    """Samples of rows: the answer, the version before it was corrected, damaged copies."""
    metas = [json.loads(meta or "{}") for meta in batch["meta"].to_pylist()]
    rewards = batch["reward"].to_pylist()
    for meta, prompt, response, item, reward in zip(metas, *parts(batch), items(batch), rewards, strict=True):
        task = meta.get("task", "")
        before = meta.get("before")
        origin = "accepted" if not before else "reflection" if "errors" in meta else "correction"
        right = check(meta["checker"], meta["answer"], response, entities) if "checker" in meta else None
        if right is not None:
            about = {"language": item.language, "group": item.group, "split": item.split, "steps": False}
            asked = (meta["checker"], meta["answer"])
            yield Sample(item.id, prompt, response, right, CHECKED, score=reward, check=asked, **about)
            continue
        verified = checked(task, meta, prompt, response) if prompt else None
        about = {"language": item.language, "group": item.group, "split": item.split, "steps": task in STEPS}
        yield Sample(item.id, prompt, response, True, origin, score=reward, check=verified, **about)
        if before:
            errors = [error["class"] for error in meta.get("errors", ())]
            kind = errors[0] if errors else None
            yield Sample(f"{item.id}/before", prompt, before, False, origin, than=item.id, error_class=kind, **about)
        for pair in corruptor.pairs([item], seed, each) if corruptor else ():
            name = f"{item.id}/{pair.error_class}"
            wrong = {"than": item.id, "error_class": pair.error_class}
            yield Sample(name, prompt, pair.rejected, False, CORRUPTED, **wrong, **about)


def _row(sample: Sample) -> dict[str, Any]:
    checker, answer = sample.check or (None, None)
    names = [name for name in SAMPLES.names if name not in ("checker", "answer")]
    return {name: getattr(sample, name) for name in names} | {"checker": checker, "answer": answer}


def _sample(row: dict[str, Any]) -> Sample:
    checker, answer = row.pop("checker"), row.pop("answer")
    return Sample(**row, check=(checker, answer) if checker else None)
