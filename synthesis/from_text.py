"""The stage `synthesis.from_text`: training text from textbooks, guidelines, cases, papers and doctors' answers."""

import json
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field, PrivateAttr, model_validator

from datagen.answers import Answers, Meter
from datagen.generator import Generator, make_generator
from datagen.licence import inherited
from datagen.record import content_hash, record_id, table
from datagen.stage import Artefact, Outcome, Phase, RowStage
from datagen.task import Task
from knowledge_graph import Graph, Linker, load
from synthesis.chain import Work, reads_prose, run
from synthesis.forecast import forecast
from synthesis.grounding import Grounds, fault
from synthesis.prompting import LANGUAGES, prompts
from synthesis.streams import STREAMS, Stream
from synthesis.usage import Tally

CHUNK = 6000
"""Characters of a passage: a few thousand tokens in English; half as many in Chinese."""
LONGEST = 60_000
"""Characters of a case or paper, which is read whole; half as many in Chinese."""
INHERITED = ("group", "split", "language", "script", "access", "department", "departments_secondary", "phi_status")


class FromText(RowStage):
    """Writes training text from the text of records: one text for each passage of a textbook or guideline, for each
    case, paper or answered question.

    Steps, and what each sees, are those of the stream; answers come before the source is shown, and are corrected by
    it. A text is accepted when its quotes are the source's words, it gives no dose, drug or treatment that the source
    doesn't, is in the right language, isn't a copy, and, where a graph is named, contradicts none of it. Records that
    gave a text are replaced by it (name them in `needs` of a later stage to keep both); the others are dropped with
    the reason. Only the train split is read.
    """

    stream: Literal["textbook", "case", "paper", "answers"] = Field(description="what kind of text is read")
    generator: str = Field("openai", description="which generator writes; it must read prose")
    generator_options: dict[str, Any] = Field({}, description="its options")
    graph: Annotated[str | None, Artefact("graph")] = Field(None, description="the graph that claims are held against")
    seed: int = Field(0, description="another seed draws other audiences, styles and words")

    reads: ClassVar[tuple[str, ...]] = ("text", "messages", "language", "split", "license", "access")
    _prose = model_validator(mode="after")(reads_prose)
    writes: ClassVar[tuple[str, ...]] = ("text", "messages", "content_type", "synthetic", "parents")

    _generator: Generator = PrivateAttr()
    _graph: Graph | None = PrivateAttr(None)
    _linker: Linker | None = PrivateAttr(None)

    def setup(self, artefacts: Mapping[str, Path]) -> None:
        self._generator = make_generator(self.generator, **self.generator_options)
        self._generator.setup()
        if "graph" in artefacts:
            self._graph = load(artefacts["graph"])
            self._linker = Linker(self._graph)

    def forecast(self) -> str | None:
        kinds = [
            (prompts("text", "en")[f"{self.stream}.{step.name}"], CHUNK // 4 * ("source" in step.sees), step.max_tokens)
            for step in STREAMS[self.stream].steps
        ]
        found = forecast(kinds, 1000, self.generator, self.generator_options)
        return f"{found} for every 1,000 texts" if found else None

    def phases(self) -> tuple[Phase, ...]:
        (rows,) = super().phases()
        return rows, Phase("usage", lambda job: [0], lambda task: Tally.of_commits(task.commits("rows")).facts)

    def _run(self, task: Task) -> dict[str, Any]:
        self._generator.remember(Answers(task.job.store), Meter(task.job.store))
        tally = Tally()
        for batch in task.read(task.part):
            task.settle(batch, self.written(batch, task.job.name, tally))
        return tally.facts

    def apply(self, batch: pa.Table) -> Outcome:
        return self.written(batch, "synthetic", Tally())

    def written(self, batch: pa.Table, source: str, tally: Tally) -> Outcome:
        """Texts made from a batch, as records of `source`."""
        stream = STREAMS[self.stream]
        dropped: dict[str, str] = {}
        works: list[Work] = []
        for record in batch.to_pylist():
            reason = _unusable(record, stream)
            if reason:
                dropped[record["id"]] = reason
            else:
                works += self._works(record, stream)
        run(stream, works, self._generator)
        rows, quarantined, seen = [], {}, set()
        for work in works:
            id = work.record["id"]
            tally.count(stream.name, work.usage)
            if not work.ended:
                row = self._row(work, stream, source, tally)
                if work.reason is None and row["id"] not in seen:
                    seen.add(row["id"])
                    rows.append(row)
            tally.end(stream.name, work.reason or work.fault)
            if work.fault:
                quarantined[id] = work.fault
            elif work.reason:
                dropped.setdefault(id, work.reason)
        split = {parent for row in rows for parent in row["parents"]}
        dropped = {id: reason for id, reason in dropped.items() if id not in split}
        quarantined = {id: reason for id, reason in quarantined.items() if id not in split and id not in dropped}
        extra = [field for field in batch.schema if field.name not in table([]).schema.names]
        return Outcome(table(rows, extra), dropped=dropped, split=frozenset(split), quarantined=quarantined)

    def _works(self, record: dict[str, Any], stream: Stream) -> Iterator[Work]:
        for number, values in enumerate(_seeds(record, stream)):
            key = f"{self.seed}/{stream.name}/{record['id']}/{number}"
            seed = int.from_bytes(blake2b(key.encode(), digest_size=4).digest(), "big")
            yield Work(record, key, values, seed)

    def _row(self, work: Work, stream: Stream, source: str, tally: Tally) -> dict[str, Any]:
        """The record of a finished text; enters its fault, if it has one, in `work.reason`."""
        record, values = work.record, work.values
        draft = stream.draft(values, record["language"])
        grounds = Grounds(
            f"{values['source']}\n{values.get('question', '')}", record["language"], self._graph, self._linker
        )
        work.reason, counts = fault(draft, grounds)
        tally.claims(stream.name, counts)
        before = values[stream.before] if stream.before else None
        meta = {
            "task": stream.name,
            "generator": self.generator,
            "model": self.generator_options.get("model"),
            "prompts": work.prompts,
            "seed": work.seed,
            "quote": values.get("quote"),
            "claims": counts,
            "before": before if before != draft.response else None,
        }
        inherits = (
            "group",
            "split",
            "language",
            "script",
            "access",
            "department",
            "departments_secondary",
            "phi_status",
        )
        return {name: record[name] for name in inherits} | {
            "id": record_id(source, work.key),
            "text": draft.text,
            "messages": draft.messages,
            "source": source,
            "source_id": work.key,
            "license": inherited([self._generator.license, record["license"]]),
            "content_type": stream.content_type,
            "synthetic": True,
            "parents": [record["id"]],
            "meta": json.dumps({k: v for k, v in meta.items() if v is not None}, ensure_ascii=False, sort_keys=True),
        }


def _unusable(record: dict[str, Any], stream: Stream) -> str | None:
    if record["split"] != "train":
        return "not_train"
    if record["language"] not in LANGUAGES:
        return "language"
    if stream.asks and len(record["messages"] or ()) < 2:
        return "no_question"
    if stream.whole and len(record["text"]) > LONGEST // (1 + (record["language"] == "zh")):
        return "too_long"
    return None


def _seeds(record: dict[str, Any], stream: Stream) -> Iterator[dict[str, str]]:
    """What the first step is shown: the passages of a text, or a question and its answer."""
    if stream.asks:
        yield {"question": record["messages"][0]["content"], "source": record["messages"][1]["content"]}
        return
    if stream.whole:
        yield {"source": record["text"]}
        return
    seen = set()
    for passage in passages(record["text"], CHUNK // 2 if record["language"] == "zh" else CHUNK):
        name = content_hash(passage)
        if name not in seen:
            seen.add(name)
            yield {"source": passage}


def passages(text: str, size: int) -> Iterator[str]:
    """Whole paragraphs, as many as come to `size` characters; a longer one by itself, cut at `size`."""
    held: list[str] = []
    for paragraph in filter(None, map(str.strip, text.split("\n"))):
        if held and sum(map(len, held)) + len(paragraph) > size:
            yield "\n".join(held)
            held = []
        while len(paragraph) > size:
            yield paragraph[:size]
            paragraph = paragraph[size:]
        held.append(paragraph)
    if held:
        yield "\n".join(held)
