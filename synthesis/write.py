"""From draws to records: seed, request, generate, check, row. What the stage does, without Ray."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from datagen.generator import REFUSALS, Generator, Request, Response
from datagen.licence import forbids, inherited
from datagen.record import content_hash, record_id, split_of, table
from datagen.stage import Outcome
from knowledge_graph import Graph, Linker, sample_bundle
from synthesis.accept import Judge, Verdict
from synthesis.findings import Findings
from synthesis.seeds import Lexicon, Seed
from synthesis.tasks import TASKS, Draft, Malformed

SCRIPTS = {"en": "Latn", "zh": "Hans"}


@dataclass(frozen=True)
class Order:
    """One text to write: bundle `number` of `anchor`, as what, in which language, counted for which department."""

    anchor: str
    number: int
    department: str | None
    task: str
    language: str
    register: str

    @property
    def cell(self) -> str:
        return f"{self.department or ''}/{self.language}/{self.task}"

    def key(self, seed: int) -> str:
        return f"{seed}/{self.anchor}/{self.number}/{self.language}/{self.task}/{self.register}"


class Writer:
    """Writes orders over one graph with one generator. `source` names the records' source, `split` has the shares of
    `validation` and `test`; a text belongs to the family of its anchor, so that splits are by disease."""

    def __init__(
        self,
        graph: Graph,
        linker: Linker,
        generator: Generator,
        generator_name: str,
        seed: int,
        source: str = "synthetic",
        split: dict[str, float] | None = None,
        max_unchecked: float = 0.2,
    ):
        self.graph, self.generator, self.generator_name = graph, generator, generator_name
        self.seed, self.source, self.split = seed, source, split or {}
        self.lexicon = Lexicon(graph, linker)
        self.findings = Findings(graph)
        self.judge = Judge(graph, linker, self.findings, max_unchecked)

    def write(self, orders: Iterable[Order]) -> Outcome:
        """One row for each order; those not accepted are `dropped` with the reason, failures of the generator
        `quarantined`. A text that is among them twice is dropped as `duplicate` the second time."""
        orders = list(orders)
        seeds = [Seed.of(sample_bundle(self.graph, o.anchor, self.seed, o.number), self.findings) for o in orders]
        requests = [self._request(order, seed) for order, seed in zip(orders, seeds, strict=True)]
        ready = [request for request in requests if request.facts]
        responses = {response.id: response for response in self.generator.generate(ready)}
        rows, dropped, quarantined, seen = [], {}, {}, set()
        for order, seed, request in zip(orders, seeds, requests, strict=True):
            response = responses.get(request.id) or Response(request.id, "", error="nothing_to_say")
            if response.error and response.error not in ("nothing_to_say", *REFUSALS):
                quarantined[order.key(self.seed)] = response.error
                continue
            draft, verdict = self._judged(order, seed, request, response)
            rows.append(self._row(order, seed, request, draft, verdict))
            content = content_hash(draft.text)
            if verdict.reason or content in seen:
                dropped[request.id] = verdict.reason or "duplicate"
            seen.add(content)
        return Outcome(table(rows), dropped=dropped, quarantined=quarantined)

    def _request(self, order: Order, seed: Seed) -> Request:
        key = order.key(self.seed)
        draw = int.from_bytes(blake2b(key.encode(), digest_size=6).digest(), "big")
        facts = seed.facts(self.lexicon, order.task, order.language, order.register)
        evidence = (*seed.bundle.facts, *seed.bundle.negatives)
        return Request(
            record_id(self.source, key),
            facts=facts or {},
            seed=draw,
            schema=TASKS[order.task].schema,
            licenses=tuple(sorted({f.license for f in evidence if forbids(f.license, "derive")})),
        )

    def _row(self, order: Order, seed: Seed, request: Request, draft: Draft, verdict: Verdict) -> dict[str, Any]:
        bundle = seed.bundle
        licenses = {f.key: f.license for f in (*bundle.facts, *bundle.negatives)}
        department = order.department or next(iter(bundle.departments), None)
        meta = {
            "task": order.task,
            "register": order.register,
            "generator": self.generator_name,
            "seed": request.seed,
            "anchor": order.anchor,
            "claims": verdict.counts,
        }
        return {
            "id": request.id,
            "group": order.anchor,
            "split": split_of(order.anchor, **self.split),
            "text": draft.text,
            "messages": draft.messages,
            "language": order.language,
            "script": SCRIPTS[order.language],
            "source": self.source,
            "source_id": order.key(self.seed),
            "license": inherited([self.generator.license, *(licenses[k] for k in verdict.evidence if k in licenses)]),
            "content_type": TASKS[order.task].content_type,
            "department": department,
            "departments_secondary": [d for d in bundle.departments if d != department],
            "synthetic": True,
            "parents": [],
            "evidence": list(verdict.evidence),
            "phi_status": "clean",
            "meta": json.dumps(meta, ensure_ascii=False, sort_keys=True),
        }

    def _judged(self, order: Order, seed: Seed, request: Request, response: Response) -> tuple[Draft, Verdict]:
        nothing = Draft("", "", "")
        if response.error:
            return nothing, Verdict(response.error, (), {})
        if response.finish_reason == "length":
            return nothing, Verdict("truncated", (), {})
        try:
            draft = TASKS[order.task].draft(request, response.text)
        except Malformed:
            return nothing, Verdict("malformed", (), {})
        return draft, self.judge.verdict(draft, seed)
