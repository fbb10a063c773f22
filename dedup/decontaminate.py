"""The stage that takes out text holding items of a benchmark, and records that are kin to one."""

import difflib
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field, PrivateAttr, field_validator, model_validator

from datagen.stage import InputPath, Item, Outcome, Phase, RowStage, SourceNames
from dedup.evaluation_sets import FORMATS, files_of, read_items
from dedup.item_index import SHARE, Found, ItemIndex
from dedup.lineage import Lineage
from dedup.masking import cut_turns, token_spans
from dedup.turns import SEPARATOR, turns_of, with_turns

if TYPE_CHECKING:
    from datagen.task import Task

MISSPELT = 0.88
"""Likeness (difflib's ratio) to a known benchmark's name taken for a slip: a letter more, or another one of nine."""
ROUNDS = 8
"""Passes of masking, each of which finds every item once, before a record that holds more copies is dropped."""


class Decontaminate(RowStage):
    """Drops records that hold an item of a benchmark, or masks the items, and drops records that are kin to one.

    An item is found whatever the line breaks, case, width, numbering, order of options, traditional or simplified
    characters and small edits: its question, question and options, options, or context must be there to `share` of its
    letters, near each other. Items too short to be told from everyday text are not searched for. Kin are the articles
    and data sets that a benchmark was made from or that were made from it.

    Benchmarks known by name are read in their published form: cmb_clin, cmb, cmexam, clinicalbench_diag,
    clinicalbench_hos, clinicalbench_treat, erke, neike, quanke, medqa, medmcqa, mmlu, medbullets, mediq, medxpertqa,
    redisqa, nejmqa, pubmedqa, bioasq, rarearena_rds, rarearena_rdc, rarebench, mednli, medcalc, healthbench,
    medsafetybench, agentclinic_medqa, ncbi_disease. Any other name is your own set, rows of question and, if there are
    any, options, answer, context, and pmid, pmcid or doi of the article it was made from. `results.report` in the
    manifest counts items, and records by benchmark and source; a record that holds items of two counts for both.
    Records of one near-duplicate cluster are each looked at alone; after `dedup.minhash` one record stands for its
    cluster, and goes with it.
    """

    version: ClassVar[str] = "4"
    reads: ClassVar[tuple[str, ...]] = ("text", "messages", "source", "source_id", "url", "meta")
    writes: ClassVar[tuple[str, ...]] = ("text", "messages")

    benchmarks: Annotated[dict[str, str | list[str]], InputPath()] = Field(
        description="name -> its published files: JSONL, JSON, CSV, TSV or XLSX, .gz or not, folders, archives"
    )
    action: Literal["drop", "mask"] = Field("drop", description="mask puts […] where an item stood")
    share: float = Field(SHARE, gt=0, le=1, description="least share of an item's letters that counts as the item")
    lineage: Annotated[dict[str, str], SourceNames()] = Field(
        {}, description="source -> the benchmark it was made from, or that was made from it: dropped whole"
    )

    _index: ItemIndex = PrivateAttr()
    _lineage: Lineage = PrivateAttr()

    @field_validator("benchmarks")
    @classmethod
    def _some(cls, benchmarks: dict) -> dict:
        if not benchmarks:
            raise ValueError("names no benchmark")
        return dict(sorted(benchmarks.items()))

    @field_validator("benchmarks")
    @classmethod
    def _plain_names(cls, benchmarks: dict) -> dict:
        wrong = [name for name in benchmarks if not name.replace("_", "").replace("-", "").isalnum()]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: a benchmark's name is letters, digits, - and _")
        for name in benchmarks.keys() - FORMATS.keys():
            if (known := name.lower().replace("-", "_")) in FORMATS:
                raise ValueError(
                    f"the known benchmark is called {known}, not {name}; give a set of your own another name"
                )
            if near := difflib.get_close_matches(name, FORMATS, 1, MISSPELT):
                raise ValueError(f"{name} is hardly to be told from {near[0]}; give a set of your own another name")
        return benchmarks

    @model_validator(mode="after")
    def _kin_to_benchmarks(self) -> "Decontaminate":
        unknown = sorted({*self.lineage.values()} - self.benchmarks.keys() - FORMATS.keys())
        if unknown:
            raise ValueError(f"lineage names {', '.join(unknown)}, which is no benchmark here")
        return self

    def items(self) -> list[Item]:
        files = [(name, file) for name, path in self.benchmarks.items() for file in files_of(name, path)]
        return sorted((Item(f"{name}/{f.name}", f.url, f.bytes) for name, f in files), key=lambda item: item.name)

    def setup(self, artefacts: Mapping) -> None:
        files = self.items()
        items = [
            item
            for name in self.benchmarks
            for item in read_items(name, [file for file in files if file.name.startswith(f"{name}/")])
        ]
        self._index = ItemIndex(items, self.share)
        self._lineage = Lineage(items, self.benchmarks, self.lineage)

    def apply(self, batch: pa.Table) -> Outcome:
        return self._judge(batch)[0]

    def phases(self) -> tuple[Phase, ...]:
        (rows,) = super().phases()
        return rows, Phase("report", lambda job: [None], self._report)

    def _run(self, task: "Task") -> list[list]:
        counts: Counter = Counter()
        for batch in task.read(task.part):
            outcome, fates = self._judge(batch)
            source = dict(zip(batch["id"].to_pylist(), batch["source"].to_pylist(), strict=True))
            counts.update((benchmark, source[i], fate) for i, benchmark, fate in fates)
            task.settle(batch, outcome)
        return [[*key, count] for key, count in sorted(counts.items())]

    def _report(self, task: "Task") -> dict[str, Any]:
        """Per benchmark its items, those that are long enough to be searched for, and by source the records dropped,
        masked and barred."""
        searched = zip(self._index.items, self._index.searched.tolist(), strict=True)
        report: dict[str, dict] = {name: {"items": 0, "searched": 0, "records": {}} for name in self.benchmarks}
        for item, long_enough in searched:
            report[item.benchmark]["items"] += 1
            report[item.benchmark]["searched"] += long_enough
        for commit in task.commits("rows"):
            for benchmark, source, fate, count in commit.result:
                found = report.setdefault(benchmark, {"items": 0, "searched": 0, "records": {}})["records"]
                of_source = found.setdefault(source, {})
                of_source[fate] = of_source.get(fate, 0) + count
        return report

    def _judge(self, batch: pa.Table) -> tuple[Outcome, list[tuple[str, str, str]]]:
        """The outcome, and (id, benchmark, fate) for every benchmark that a record holds items of or is kin to."""
        ids, barred = batch["id"].to_pylist(), self._lineage.barred(batch)
        hits: dict[int, list[Found]] = {}
        for found in self._index.find(batch["text"]):
            if ids[found.document] not in barred:
                hits.setdefault(found.document, []).append(found)
        dropped = {i: f"lineage:{benchmark}" for i, benchmark in barred.items()}
        fates = [(i, benchmark, "lineage") for i, benchmark in barred.items()]
        changed: dict[int, list[str]] = {}
        for row, found in hits.items():
            turns = self._masked(batch, row, found) if self.action == "mask" else None
            if turns:
                changed[row] = turns
            else:
                dropped[ids[row]] = f"benchmark:{found[0].item.benchmark}"
            held = {f.item.benchmark for f in found}
            fates += [(ids[row], benchmark, "masked" if turns else "dropped") for benchmark in held]
        return Outcome(with_turns(batch, changed), dropped=dropped), fates

    def _masked(self, batch: pa.Table, row: int, found: list[Found]) -> list[str] | None:
        """The record's turns without the items; None where nothing else is left, or too many copies."""
        turns = turns_of(batch.slice(row, 1).select(["text", "messages"]).to_pylist()[0])
        if turns is None:
            return None
        for _ in range(ROUNDS):
            spans = token_spans(SEPARATOR.join(turns))
            turns = cut_turns(turns, SEPARATOR, [(spans[f.start][0], spans[f.stop - 1][1]) for f in found])
            found = self._index.find([SEPARATOR.join(turns)])
            if not found:
                break
        return turns if not found and any(map(token_spans, turns)) else None
