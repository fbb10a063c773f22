"""From draws to records: seed, request, generate, check, row. What the stage does, without Ray."""

import gc
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from datagen.generator import Generator, Request, Response
from datagen.licence import forbids, inherited
from datagen.record import record_id, split_of, table
from datagen.stage import Outcome
from knowledge_graph import Draw, Graph, Linker, sample_bundle, sample_bundles
from synthesis.accept import Judge, Verdict
from synthesis.chain import EXPECTED
from synthesis.findings import Findings
from synthesis.prompting import asking, prompts
from synthesis.seeds import Lexicon, Seed
from synthesis.tasks import TASKS, Draft, Malformed
from synthesis.usage import Tally

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


@lru_cache(maxsize=1024)
def _forbidden(license: str) -> bool:
    return forbids(license, "derive")


@lru_cache(maxsize=1)
def _known(graph: Graph, linker: Linker) -> tuple[Lexicon, Findings]:
    """Words and findings of a graph, once per process: every shard has a writer. They stay, so the collector of cycles
    needn't go through them again and again, nor through the graph."""
    found = Lexicon(graph, linker), Findings(graph)
    gc.collect()
    gc.freeze()
    return found


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
        self.lexicon, self.findings = _known(graph, linker)
        self.judge = Judge(graph, linker, self.findings, max_unchecked)

    def write(self, orders: Iterable[Order], tally: Tally | None = None) -> Outcome:
        """One row for each order; those not accepted are `dropped` with the reason, failures of the generator
        `quarantined`. A text that is among them twice is dropped as `duplicate` the second time."""
        orders = list(orders)
        draws = [Draw(order.anchor, order.number, order.department) for order in orders]
        seeds = [Seed.of(bundle, self.findings) for bundle in sample_bundles(self.graph, draws, self.seed)]
        requests = [self._request(order, seed) for order, seed in zip(orders, seeds, strict=True)]
        ready = [request for request in requests if request.facts]
        responses = {response.id: response for response in self.generator.generate(ready)}
        written, reasons, quarantined = [], [], {}
        tally = tally or Tally()
        for order, seed, request in zip(orders, seeds, requests, strict=True):
            response = responses.get(request.id) or Response(request.id, "", error="nothing_to_say")
            tally.count(order.task, response.usage)
            if response.error and response.error not in ("nothing_to_say", *EXPECTED):
                quarantined[order.key(self.seed)] = response.error
                tally.end(order.task, response.error)
                continue
            draft, verdict = self.judged(order, seed, request, response)
            written.append(self._row(order, seed, request, draft, verdict))
            reasons.append((order.task, verdict.reason))
            tally.claims(order.task, verdict.counts)
        rows = table(written)
        dropped, seen = {}, set()
        for row, content, (task, reason) in zip(written, rows["content"].to_pylist(), reasons, strict=True):
            reason = reason or ("duplicate" if content in seen else None)
            if reason:
                dropped[row["id"]] = reason
            tally.end(task, reason)
            seen.add(content)
        return Outcome(rows, dropped=dropped, quarantined=quarantined)

    def answered(self, order: Order) -> tuple[Seed, Request, Response]:
        """One order's seed, what was asked, and what came back."""
        seed = Seed.of(sample_bundle(self.graph, order.anchor, self.seed, order.number), self.findings)
        request = self._request(order, seed)
        answers = self.generator.generate([request]) if request.facts else []
        return seed, request, answers[0] if answers else Response(request.id, "", error="nothing_to_say")

    def _request(self, order: Order, seed: Seed) -> Request:
        key = order.key(self.seed)
        draw = int.from_bytes(blake2b(key.encode(), digest_size=6).digest(), "big")
        facts = seed.facts(self.lexicon, order.task, order.language, order.register, draw)
        evidence = (*seed.bundle.facts, *seed.bundle.negatives)
        return Request(
            record_id(self.source, key),
            messages=asking(facts, draw) if facts and self.generator.reads == "messages" else (),
            facts=facts or {},
            seed=draw,
            schema=TASKS[order.task].schema,
            licenses=tuple(sorted(filter(_forbidden, {f.license for f in evidence}))),
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
            "bundle": [self.seed, order.number],
            "claims": verdict.counts,
        }
        if request.messages:
            meta["prompt"] = prompts("graph", order.language)[order.task].label
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

    def judged(self, order: Order, seed: Seed, request: Request, response: Response) -> tuple[Draft, Verdict]:
        """A response taken apart, and what the checks say of it."""
        nothing = Draft("", "", "")
        if response.error:
            return nothing, Verdict(response.error, (), {})
        if response.finish_reason == "length":
            return nothing, Verdict("truncated", (), {})
        try:
            draft = TASKS[order.task].draft(request, response.text)
        except Malformed:
            return nothing, Verdict("malformed", (), {})
        return draft, self.judge.verdict(draft, seed, order.language)
