"""The stage `reward_filter.pairs`: what alignment trains on."""

import io
import json
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from datagen.stage import Artefact, Phase, Stage
from datagen.task import Task
from knowledge_graph import Linker
from knowledge_graph import load as load_graph
from reward_filter.corrupt import Corruptor
from reward_filter.items import items, parts
from reward_filter.pairs import CORRUPTED, Sample, checked, views
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

    Rows are good answers. One that reflection or its source corrected is a pair with the answer that it was; several
    rows with one prompt and a `reward` give the best against the worst; a graph adds damaged copies, at most a share.
    Column names are TRL's.
    """

    graph: Annotated[str | None, Artefact("graph")] = Field(None, description="the graph that damage is done by")
    scorer: Annotated[str | None, Artefact("reward")] = Field(
        None, description="the stage with the reward model that says how far apart two answers are"
    )
    each: int = Field(1, ge=0, le=5, description="damaged copies of a row, where there is a graph")
    max_corrupted: float = Field(0.4, ge=0, le=1, description="share of pairs that may be damage done on purpose")
    seed: int = Field(0, description="another seed damages other things")

    publishes: ClassVar[str] = "pairs"
    reads: ClassVar[tuple[str, ...]] = ("text", "messages", "language", "group", "split", "synthetic", "meta", "reward")

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("samples", lambda job: job.part_keys(), self._samples),
            Phase("views", lambda job: [0], self._views, publishes=True),
        )

    def _samples(self, task: Task) -> int:
        corruptor = None
        if self.graph and self.each:
            graph = load_graph(task.artefact("graph"))
            corruptor = Corruptor(graph, Linker(graph))
        scorer = load(task.artefact("scorer")) if self.scorer else None
        made = 0
        for batch in task.read(task.part, ["id", *self.reads]):
            found = list(samples(batch, corruptor, self.seed, self.each))
            if scorer and found:
                scores = scorer.score([s.prompt for s in found], [s.response for s in found]).tolist()
            else:
                scores = [s.score for s in found]
            rows = [_row(sample) | {"score": score} for sample, score in zip(found, scores, strict=True)]
            task.write("samples", pa.Table.from_pylist(rows, SAMPLES))
            made += len(found)
        return made

    def _views(self, task: Task) -> dict[str, Any]:
        paths = [path for commit in task.commits("samples") for path in commit.paths("samples")]
        rows = [row for path in paths for row in task.job.store.parquet(path).read().to_pylist()]
        found = views([_sample(row) for row in rows], self.max_corrupted)
        for name, table in found.items():
            data = io.BytesIO()
            pq.write_table(table, data, compression="zstd")
            task.write_file(f"{name}.parquet", data.getvalue())
        classes = found["preference"]["error_class"].value_counts().to_pylist()
        return {
            "rows": {name: len(table) for name, table in found.items()},
            "error_classes": {str(c["values"]): c["counts"] for c in classes},
        }


def samples(batch: pa.Table, corruptor: Corruptor | None, seed: int, each: int) -> Iterator[Sample]:
    """Samples of rows: the answer, the version before it was corrected, damaged copies."""
    metas = [json.loads(meta or "{}") for meta in batch["meta"].to_pylist()]
    rewards = batch["reward"].to_pylist()
    for meta, prompt, response, item, reward in zip(metas, *parts(batch), items(batch), rewards, strict=True):
        task = meta.get("task", "")
        before = meta.get("before")
        origin = "accepted" if not before else "reflection" if "errors" in meta else "correction"
        check = checked(task, meta, prompt, response) if prompt else None
        about = {"language": item.language, "group": item.group, "split": item.split, "steps": task in STEPS}
        yield Sample(item.id, prompt, response, True, origin, score=reward, check=check, **about)
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
