"""The stage `reward_filter.filter`: the gate for synthetic text."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr

from datagen.record import with_column
from datagen.stage import Artefact, Outcome, Phase, RowStage
from datagen.task import Task
from knowledge_graph import load as load_graph
from reward_filter.items import parts
from reward_filter.judge import POLICY, remembering, scored
from reward_filter.scorer import RewardModel, Scorer, load

SCORES = pa.schema(
    [pa.field("id", pa.string(), False), pa.field("department", pa.string()), pa.field("score", pa.float64(), False)]
)
UNJUDGED = -1.0
"""Score of what a judge gave no verdict on: below every threshold, never written as a reward."""


class Filter(RowStage):
    """Fills `reward` with the calibrated probability that a text is good, and drops what is below the threshold.

    By default rows that people wrote pass as they are, without a score. With a `target_yield` the best of each
    department stay, whatever their scores, so that filtering does not unbalance: departments that the scorer knows less
    well would lose most to one threshold for all.

    The ledger says what speaks against what is dropped (`reward_contradicted`, `reward_truncated`, ...; `reward` where
    nothing stands out). With `keep_dropped: true` it goes back to reflection with that as `drop_reason`, and through
    the gate again, as often as the recipe says:

        accepted: {use: reward_filter.filter, needs: [synthetic], scorer: reward, keep_dropped: true}
        mended: {use: synthesis.reflect, needs: [accepted.dropped], graph: graph}
        saved: {use: reward_filter.filter, needs: [mended], scorer: reward}
    """

    scorer: Annotated[str, Artefact("reward")] = Field(description="the stage that publishes the reward model")
    graph: Annotated[str | None, Artefact("graph")] = Field(
        None, description="the stage whose graph answers are held against; default: the one the model was trained with"
    )
    threshold: float = Field(0.5, ge=0, le=1, description="lowest reward that is kept")
    target_yield: float | None = Field(
        None, gt=0, le=1, description="share of each department's rows that is kept, instead of the threshold"
    )
    applies_to: Literal["synthetic", "all"] = Field("synthetic", description="which rows are scored")

    version: ClassVar[str] = "2"
    reads: ClassVar[tuple[str, ...]] = ("text", "messages", "synthetic", "department")
    writes: ClassVar[tuple[str, ...]] = ("reward",)

    _scorer: RewardModel = PrivateAttr()

    def setup(self, artefacts: Mapping[str, Path]) -> None:
        graph = load_graph(artefacts["graph"]) if "graph" in artefacts else None
        self._scorer = load(artefacts["scorer"], graph)

    def phases(self) -> tuple[Phase, ...]:
        if self.target_yield is None:
            return super().phases()
        return (
            Phase("scores", lambda job: job.part_keys(), self._scores),
            Phase("rows", lambda job: job.part_keys(), self._best, publishes=True),
        )

    def _run(self, task: Task) -> None:
        remembering(self._scorer, task)
        super()._run(task)

    def apply(self, batch: pa.Table) -> Outcome:
        scored = self._scored(batch)
        return self._outcome(batch, scored, {i for i, score in scored.items() if score < self.threshold})

    def _scores(self, task: Task) -> None:
        remembering(self._scorer, task)
        for batch in task.read(task.part, sorted({*POLICY, *self.reads})):
            scored = self._scored(batch)
            known = dict(zip(batch["id"].to_pylist(), batch["department"].to_pylist(), strict=True))
            rows = [{"id": i, "department": known[i], "score": score} for i, score in scored.items()]
            task.write("scores", pa.Table.from_pylist(rows, SCORES))

    def _best(self, task: Task) -> None:
        paths = [path for commit in task.commits("scores") for path in commit.paths("scores")]
        found = pa.concat_tables([SCORES.empty_table(), *(task.job.store.parquet(path).read() for path in paths)])
        worst = below(*(found[name].to_pylist() for name in SCORES.names), self.target_yield)
        scores = dict(zip(found["id"].to_pylist(), found["score"].to_pylist(), strict=True))
        for batch in task.read(task.part):
            scored = {i: scores[i] for i in batch["id"].to_pylist() if i in scores}
            task.settle(batch, self._outcome(batch, scored, worst & scored.keys()))

    def _scored(self, batch: pa.Table) -> dict[str, float]:
        judged = batch if self.applies_to == "all" else batch.filter(batch["synthetic"])
        prompts, responses = parts(judged)
        found = scored(self._scorer, prompts, responses, judged.select(POLICY).to_pylist())
        known = [UNJUDGED if score is None else score for score in found]
        return dict(zip(judged["id"].to_pylist(), known, strict=True))

    def _outcome(self, batch: pa.Table, scored: Mapping[str, float], worst: set[str]) -> Outcome:
        ids = batch["id"].to_pylist()
        found = {i: score if score != UNJUDGED else None for i, score in scored.items()}
        rewards = [found.get(i, old) for i, old in zip(ids, batch["reward"].to_pylist(), strict=True)]
        rows = with_column(batch, "reward", pa.array(rewards, pa.float32()))
        return Outcome(rows, dropped=self._reasons(batch, worst))

    def _reasons(self, batch: pa.Table, worst: set[str]) -> dict[str, str]:
        """What speaks against each row that is dropped: `reward`, or `reward_` and what stands out."""
        bad = batch.filter(pa.array([i in worst for i in batch["id"].to_pylist()], pa.bool_()))
        if not isinstance(self._scorer, Scorer):
            return dict.fromkeys(bad["id"].to_pylist(), "reward")
        found = zip(bad["id"].to_pylist(), *parts(bad), strict=True)
        return {i: self._scorer.reason(prompt, response) for i, prompt, response in found}


def below(ids: Sequence[str], departments: Sequence[str | None], scores: Sequence[float], share: float) -> set[str]:
    """Ids of what is not among the best `share` (0 to 1, rounded to the nearest row, one at least) of its department;
    of equal scores the lower id stays."""
    places: dict[str | None, list[int]] = {}
    for place, department in enumerate(departments):
        places.setdefault(department, []).append(place)
    dropped: set[str] = set()
    for found in places.values():
        ordered = sorted(found, key=lambda place: (-scores[place], ids[place]))
        dropped |= {ids[place] for place in ordered[max(1, int(np.floor(share * len(ordered) + 0.5))) :]}
    return dropped
