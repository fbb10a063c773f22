"""The stage `synthesis.generate`: text that no source contains, each claim of it an edge of the graph."""

from collections import Counter
from dataclasses import asdict
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field, field_validator, model_validator

from datagen.answers import Answers, Meter
from datagen.generator import make_generator
from datagen.record import record_id
from datagen.stage import Artefact, Item, Phase, Source
from datagen.task import Job, Task
from datagen.work_list import KIND, read_work_list
from knowledge_graph import Graph, Linker, load
from synthesis.forecast import FACTS, forecast
from synthesis.loss import EDGE_LOSS, anchor_weights
from synthesis.loss import KIND as LOSS
from synthesis.prompting import prompts
from synthesis.quotas import cells, department_quotas, listed_cells, orders
from synthesis.tasks import TASKS
from synthesis.usage import Tally
from synthesis.write import SCRIPTS, Order, Writer

SEEDS = pa.schema(
    [
        pa.field("anchor", pa.string(), False),
        pa.field("number", pa.int32(), False),
        pa.field("department", pa.string()),
        pa.field("task", pa.string(), False),
        pa.field("language", pa.string(), False),
        pa.field("register", pa.string(), False),
    ]
)
SHARDS_PER_ROUND = 100_000


@lru_cache(maxsize=1)
def opened(folder: Path) -> tuple[Graph, Linker]:
    """The graph of an artefact folder (which never changes) and its linker, once per worker."""
    graph = load(folder)
    return graph, Linker(graph)


class Generate(Source):
    """Writes articles, questions of four kinds and cases from the graph's evidence and checks every claim.

    Texts are spread evenly over departments, languages and tasks, or over what a work list is short of. A text is
    accepted when each of its claims is supported by the bundle it was made from; what is contradicted, unsupported,
    unsafe, ambiguous, mostly unchecked or said before is dropped with that reason, and replaced in the next round, so
    that quotas count accepted texts.
    Every record names the graph edges that bear it out in `evidence`; `group` is the disease, so that no disease is in
    two splits.
    """

    graph: Annotated[str, Artefact("graph")] = Field(description="the stage that publishes the graph")
    generator: str = Field("grammar", description="which generator writes")
    generator_options: dict[str, Any] = Field({}, description="its options")
    number: int = Field(1000, ge=1, description="texts wanted")
    quotas: dict[str, int] = Field({}, description="texts by department; default: `number` evenly over the graph's")
    work_list: Annotated[str | None, Artefact(KIND)] = Field(
        None, description="the stage whose work list says what is short; `number` texts are spread over that"
    )
    loss: Annotated[str | None, Artefact(LOSS)] = Field(
        None, description="the stage that measured what a model doesn't know: that is written about most"
    )
    languages: tuple[str, ...] = Field(tuple(sorted(SCRIPTS)), description="languages of the texts")
    tasks: tuple[str, ...] = Field(tuple(TASKS), description="kinds of text")
    seed: int = Field(0, description="another seed draws other evidence and other words")
    rounds: int = Field(3, ge=1, le=20, description="the first round, and those that replace rejected texts")
    batch: int = Field(1000, ge=1, description="texts per shard")
    max_unchecked: float = Field(0.2, ge=0, le=1, description="share of sentences without a checkable claim")

    version: ClassVar[str] = "4"
    writes: ClassVar[tuple[str, ...]] = ("text", "messages", "department", "content_type", "evidence")

    @model_validator(mode="after")
    def _one_plan(self) -> "Generate":
        if self.quotas and self.work_list:
            raise ValueError("quotas and work_list both say which departments get texts: give one of them")
        return self

    @field_validator("tasks", "languages")
    @classmethod
    def _known(cls, names: tuple[str, ...], info) -> tuple[str, ...]:
        known = TASKS if info.field_name == "tasks" else SCRIPTS
        unknown = [name for name in names if name not in known]
        if unknown or not names:
            raise ValueError(f"{', '.join(unknown) or 'nothing'} is not among {', '.join(known)}")
        return names

    def items(self) -> list[Item]:
        return []

    def forecast(self) -> str | None:
        wanted = sum(self.quotas.values()) or self.number
        kinds = [(prompts("graph", language)[task], FACTS, 512) for language in self.languages for task in self.tasks]
        each = [forecast([kind], wanted / len(kinds), self.generator, self.generator_options) for kind in kinds]
        return str(sum(each[1:], each[0])) if each[0] else None

    def phases(self) -> tuple[Phase, ...]:
        phases = []
        for number in range(1, self.rounds + 1):
            phases.append(Phase(f"seeds{number}", lambda job, n=number: {n: n}, self._draw))
            slices = partial(_slices, batch=self.batch, number=number)
            phases.append(Phase(f"rows{number}", slices, self._write, publishes=True))
        return (*phases, Phase("quotas", lambda job: [0], self._report))

    def _draw(self, task: Task) -> dict[str, Any]:
        """Orders of one round: what is wanted less what earlier rounds gave."""
        graph, _ = opened(task.artefact("graph"))
        before = [commit.result["drawn"] for commit in task.commits(f"seeds{task.shard - 1}")]
        drawn = Counter(*before)
        weights = None
        if self.loss:
            weights = anchor_weights(pq.read_table(task.artefact("loss") / LOSS, schema=EDGE_LOSS))
        found = list(orders(graph, self._missing(task, task.shard), self.seed, drawn, weights))
        task.write("seeds", pa.Table.from_pylist([asdict(order) for order in found], SEEDS))
        return {"orders": len(found), "drawn": dict(drawn)}

    def _missing(self, task: Task, rounds: int) -> Counter[str]:
        """Texts still wanted by cell after the rounds before number `rounds`."""
        graph, _ = opened(task.artefact("graph"))
        missing = self._wanted(task, graph)
        for number in range(1, rounds):
            for commit in task.commits(f"rows{number}"):
                missing.subtract(commit.result["accepted"])
        return +missing

    def _wanted(self, task: Task, graph: Graph) -> Counter[str]:
        """Texts by department, language and task."""
        if self.work_list:
            lines = read_work_list(task.artefact("work_list"))
            return listed_cells(lines, graph, self.number, self.languages, self.tasks)
        return cells(self.quotas or department_quotas(graph, self.number), self.languages, self.tasks)

    def _report(self, task: Task) -> dict[str, Any]:
        unmet = self._missing(task, self.rounds + 1)
        commits = [commit for number in range(1, self.rounds + 1) for commit in task.commits(f"rows{number}")]
        facts = Tally.of_commits(commits).facts
        return {"missing": unmet.total(), "unmet": dict(sorted(unmet.items())), **facts}

    def _write(self, task: Task) -> dict[str, Any]:
        number, start, stop = task.shard
        path = next(p for c in task.commits(f"seeds{number}") for p in c.paths("seeds"))
        found = [Order(**row) for row in task.job.store.parquet(path).read().slice(start, stop - start).to_pylist()]
        generator = make_generator(self.generator, **self.generator_options)
        generator.setup()
        generator.remember(Answers(task.job.store), Meter(task.job.store))
        writer = Writer(
            *opened(task.artefact("graph")),
            generator,
            self.generator,
            self.seed,
            task.job.name,
            task.job.settings["split"],
            self.max_unchecked,
        )
        tally = Tally()
        outcome = writer.write(found, tally)
        task.settle(None, outcome)
        kept = set(outcome.rows["id"].to_pylist()) - outcome.dropped.keys()
        accepted = Counter(o.cell for o in found if record_id(task.job.name, o.key(self.seed)) in kept)
        return {"accepted": dict(accepted), "usage": tally.facts}


def _slices(job: Job, batch: int, number: int) -> dict[int, list[int]]:
    count = sum(commit.result["orders"] for commit in job.commits(f"seeds{number}"))
    starts = range(0, count, batch)
    return {number * SHARDS_PER_ROUND + i: [number, at, min(at + batch, count)] for i, at in enumerate(starts)}
