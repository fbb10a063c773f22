"""The stage `reward_filter.filter`: the gate for synthetic text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pyarrow as pa
from pydantic import Field, PrivateAttr

from datagen.record import with_column
from datagen.stage import Artefact, Outcome, RowStage
from knowledge_graph import load as load_graph
from reward_filter.items import parts
from reward_filter.scorer import Scorer, load


class Filter(RowStage):
    """Fills `reward` with the calibrated probability that a text is good, and drops what is below the threshold.

    By default rows that people wrote pass as they are, without a score.
    """

    scorer: Annotated[str, Artefact("reward")] = Field(description="the stage that publishes the reward model")
    graph: Annotated[str | None, Artefact("graph")] = Field(
        None, description="the stage whose graph answers are held against; default: the one the model was trained with"
    )
    threshold: float = Field(0.5, ge=0, le=1, description="lowest reward that is kept")
    applies_to: Literal["synthetic", "all"] = Field("synthetic", description="which rows are scored")

    reads: ClassVar[tuple[str, ...]] = ("text", "messages", "synthetic")
    writes: ClassVar[tuple[str, ...]] = ("reward",)

    _scorer: Scorer = PrivateAttr()

    def setup(self, artefacts: Mapping[str, Path]) -> None:
        graph = load_graph(artefacts["graph"]) if "graph" in artefacts else None
        self._scorer = load(artefacts["scorer"], graph)

    def apply(self, batch: pa.Table) -> Outcome:
        judged = batch if self.applies_to == "all" else batch.filter(batch["synthetic"])
        prompts, responses = parts(judged)
        scored = dict(zip(judged["id"].to_pylist(), self._scorer.score(prompts, responses).tolist(), strict=True))
        ids = batch["id"].to_pylist()
        before = batch["reward"].to_pylist()
        rewards = pa.array([scored.get(i, old) for i, old in zip(ids, before, strict=True)], pa.float32())
        dropped = {i: "reward" for i, score in scored.items() if score < self.threshold}
        return Outcome(with_column(batch, "reward", rewards), dropped=dropped)
