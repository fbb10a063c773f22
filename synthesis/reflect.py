"""The stage `synthesis.reflect`: criticise and correct synthetic text, and keep what got better."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pyarrow as pa
from pydantic import Field, PrivateAttr, model_validator

from datagen.answers import Answers, Meter
from datagen.generator import Generator, Request, make_generator
from datagen.licence import inherited
from datagen.record import record_id, table
from datagen.stage import Artefact, Outcome, Phase, RowStage
from datagen.task import Task
from knowledge_graph import Linker, load, sample_bundle
from synthesis.chain import reads_prose
from synthesis.critic import Critic, Finding, Subject
from synthesis.findings import Findings
from synthesis.prompting import drawn, listed, prompts
from synthesis.reflection import Reflected, reflect
from synthesis.reviser import Reviser
from synthesis.seeds import Lexicon, Seed
from synthesis.usage import Tally

ASKING = ("qa", "chain", "mcq", "case")
TEXT = {"type": "string"}
FINDING = {"type": "object", "properties": {"span": TEXT, "class": TEXT, "evidence": {"type": "integer"}, "fix": TEXT}}
ANSWERS: dict[str, dict[str, Any]] = {
    "findings": {"type": "array", "items": FINDING | {"required": ["span", "class", "fix"]}, "maxItems": 20},
    "text": {"type": "string", "minLength": 1},
    "better": {"enum": ["a", "b", "same"]},
}
"""What a model answers with, by field."""
GATE = "reward"
MENDED = ("contradicted", "unsupported", "unsafe", "unchecked", "repeated", "language")
"""Reasons of a rejection that another answer may do away with, beside those of a reward model's gate (which begin with
GATE). The others (`ambiguous`, `duplicate`, ...) are about what is asked."""


class Reflect(RowStage):
    """Corrects rows of `synthesis.generate`, the rejected ones too (`needs: [synthetic, synthetic.dropped]`).

    A critic names errors by the evidence; a reviser makes the smallest edits that mend them; the verifier accepts a
    revision only with fewer errors, nothing right lost and about the same length; the best version so far is kept, for
    at most `rounds` rounds. Right rows pass as they are; a corrected row takes the place of the one it was, whose
    answer and errors it holds in `meta` (`before`, `errors`: a pair of better and worse); rows that stay wrong are
    dropped as `unmended`. A row that comes in rejected (`drop_reason`) leaves corrected, with the reason in `meta`
    (`rejected`), or not at all: where nothing is found that could be corrected, it is dropped again for that reason.
    With a generator, a model, which is told the reason, revises where the embedded reviser fails, and then also judges
    both versions, in random order.
    """

    graph: Annotated[str, Artefact("graph")] = Field(description="the graph that the rows were made from")
    rounds: int = Field(2, ge=1, le=2, description="rounds of criticism and correction")
    generator: str | None = Field(None, description="a generator that reads prose, to revise and judge too")
    generator_options: dict[str, Any] = Field({}, description="its options")

    version: ClassVar[str] = "3"
    reads: ClassVar[tuple[str, ...]] = ("text", "messages", "language", "synthetic", "meta")
    _prose = model_validator(mode="after")(reads_prose)
    writes: ClassVar[tuple[str, ...]] = ("text", "messages", "evidence", "parents")

    _desk: "Desk" = PrivateAttr()

    def setup(self, artefacts: Mapping[str, Path]) -> None:
        graph = load(artefacts["graph"])
        generator = None
        if self.generator:
            generator = make_generator(self.generator, **self.generator_options)
            generator.setup()
        linker = Linker(graph)
        self._desk = Desk(
            Critic(graph, linker), Reviser(linker, Lexicon(graph, linker)), Findings(graph), generator, self.rounds
        )

    def phases(self) -> tuple[Phase, ...]:
        (rows,) = super().phases()
        return rows, Phase("usage", lambda job: [0], lambda task: Tally.of_commits(task.commits("rows")).facts)

    def _run(self, task: Task) -> dict[str, Any]:
        if self._desk.generator:
            self._desk.generator.remember(Answers(task.job.store), Meter(task.job.store))
        for batch in task.read(task.part):
            task.settle(batch, self.reflected(batch, task.job.name))
        return self._desk.tally.facts

    def apply(self, batch: pa.Table) -> Outcome:
        return self.reflected(batch, "reflected")

    def reflected(self, batch: pa.Table, source: str) -> Outcome:
        """The batch after reflection; corrected rows are records of `source`."""
        kept, rows, split, dropped = [], [], set(), {}
        for place, record in enumerate(batch.to_pylist()):
            meta, reason = json.loads(record["meta"] or "{}"), record.get("drop_reason")
            graph_text = record["synthetic"] and "bundle" in meta
            if graph_text and not record["text"]:
                dropped[record["id"]] = reason or "empty"
            elif not graph_text or (reason and not reason.startswith((GATE, *MENDED))):
                dropped |= {record["id"]: reason} if reason else {}
                kept += [] if reason else [place]
            else:
                result = self._desk.reflected(record, meta)
                left = "unmended" if result.left else None if result.changed else reason
                self._desk.tally.end(meta["task"], left or ("mended" if result.changed else None))
                if left:
                    dropped[record["id"]] = left
                elif result.changed:
                    rows.append(self._row(record, meta, result, source))
                    split.add(record["id"])
                else:
                    kept.append(place)
        names = [name for name in batch.column_names if name != "drop_reason"]
        same = batch.take(pa.array(kept, pa.int64())).select(names)
        extra = [field for field in same.schema if field.name not in table([]).schema.names]
        return Outcome(
            pa.concat_tables([same, table(rows, extra).select(names)]), dropped=dropped, split=frozenset(split)
        )

    def _row(self, record: dict[str, Any], meta: dict, result: Reflected, source: str) -> dict[str, Any]:
        errors = [{"class": f.kind, "start": f.start, "end": f.end, "edge": f.edge} for f in result.findings]
        meta |= {"before": result.before, "errors": errors, "rounds": result.rounds}
        meta |= {"rejected": record["drop_reason"]} if record.get("drop_reason") else {}
        key = f"{record['id']}/reflected"
        messages = record["messages"]
        if messages:
            messages = [*messages[:-1], {**messages[-1], "content": result.text}]
        text = "\n\n".join(m["content"] for m in messages) if messages else result.text
        license = [record["license"]] + ([self._desk.generator.license] if self._desk.generator else [])
        claims = self._desk.critic.claims(result.text, self._desk.subject(record, meta))
        evidence = [claim.edge for claim in claims if claim.verdict == "supported" and claim.edge]
        return {
            **record,
            "id": record_id(source, key),
            "source": source,
            "source_id": key,
            "parents": [record["id"]],
        } | {
            "text": text,
            "messages": messages,
            "license": inherited(license),
            "evidence": list(dict.fromkeys([*record["evidence"], *evidence])),
            "meta": json.dumps(meta, ensure_ascii=False, sort_keys=True),
        }


@dataclass
class Desk:
    """Where texts are criticised and corrected: everything that is loaded once per worker."""

    critic: Critic
    reviser: Reviser
    findings: Findings
    generator: Generator | None
    rounds: int
    tally: Tally = field(default_factory=Tally)

    def subject(self, record: dict[str, Any], meta: dict) -> Subject:
        bundle = Seed.of(sample_bundle(self.critic.graph, meta["anchor"], *meta["bundle"]), self.findings).bundle
        asks = meta["task"] in ASKING and record["messages"]
        return Subject(bundle, record["language"], record["messages"][0]["content"] if asks else "")

    def reflected(self, record: dict[str, Any], meta: dict) -> Reflected:
        text = record["messages"][-1]["content"] if record["messages"] else record["text"]
        model = Model(self.generator, record, self) if self.generator else None
        revisers = [self.reviser.revised, *([model.revised] if model else [])]
        prefer = model.preferred if model else None
        subject = self.subject(record, meta)
        return reflect(text, subject, self.critic, revisers, self.rounds, int(record["id"][:8], 16), prefer)


@dataclass
class Model:
    """A language model as second critic, reviser and judge of one record. It sees evidence and text, nothing else."""

    generator: Generator
    record: dict[str, Any]
    desk: Desk

    def revised(self, text: str, findings: list[Finding], subject: Subject, seed: int) -> str:
        said = [f"- {f.kind}: {text[f.start : f.end] or '...'}" for f in findings]
        principle = drawn("principle", subject.language, seed)
        more = self._asked("critic", subject, seed, "findings", text=text, principle=principle) or []
        said += [f"- {f['class']}: {f['span']} -> {f['fix']}" for f in more if f["span"] and f["span"] in text]
        if reason := self.record.get("drop_reason"):
            said.append(f"- {reason.removeprefix(f'{GATE}_')}: ...")
        return self._asked("revise", subject, seed, "text", text=text, findings="\n".join(said)) or text

    def preferred(self, a: str, b: str, subject: Subject) -> str:
        return self._asked("compare", subject, 0, "better", a=a, b=b) or "same"

    def _asked(self, name: str, subject: Subject, seed: int, field: str, **values: str) -> Any | None:
        language = subject.language
        lexicon = self.desk.reviser.lexicon
        facts = [
            {"relation": f.relation, "polarity": f.polarity, "frequency": f.frequency, "names": names}
            for f in (*subject.bundle.facts, *subject.bundle.negatives)
            if f.subject == subject.bundle.anchor and (names := lexicon.names(f.object, language))
        ]
        schema = {"type": "object", "properties": {field: ANSWERS[field]}, "required": [field]}
        request = Request.about(
            [self.record],
            id=f"{self.record['id']}/{name}/{seed}",
            messages=prompts("reflect", language)[name].messages(facts=listed(facts, language), **values),
            schema=schema | {"additionalProperties": False},
            seed=seed,
            max_tokens=2048,
            temperature=0.2,
        )
        (response,) = self.generator.generate([request])
        self.desk.tally.count(name, response.usage)
        if response.error or response.finish_reason == "length":
            return None
        return json.loads(response.text)[field]
