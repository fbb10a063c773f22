"""The stage `synthesis.loss`: which facts of the graph a model knows badly."""

from typing import Annotated, Any, ClassVar

import pyarrow.compute as pc
from pydantic import Field

from datagen.stage import Artefact, Phase, Stage
from datagen.task import Task
from knowledge_graph import Linker, load
from synthesis.loss import KIND, clozes, edge_losses, opened
from synthesis.seeds import Lexicon


class Loss(Stage):
    """Measures a model's loss on every fact of the graph, said as a cloze in each language.

    `synthesis.generate` takes it as `loss`: diseases whose facts the model knows worst are written about most. Of the
    model only safetensors are read, and no code that comes with it is run.
    """

    graph: Annotated[str, Artefact("graph")] = Field(description="the graph whose facts are asked")
    model: Annotated[str, Artefact("model")] = Field(description="the stage that trained the model")
    languages: tuple[str, ...] = Field(("en", "zh"), description="languages of the clozes")
    most: int = Field(200_000, ge=1, description="facts asked at most, the first by their edges' hash")
    batch: int = Field(32, ge=1, description="clozes read at once")

    inputs: ClassVar[str] = "none"
    publishes: ClassVar[str] = KIND

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("loss", lambda job: [0], self._measure, publishes=True),)

    def _measure(self, task: Task) -> dict[str, Any]:
        import torch

        torch.set_num_threads(1)
        graph = load(task.artefact("graph"))
        facts = list(clozes(graph, Lexicon(graph, Linker(graph)), self.languages))
        facts = sorted(facts, key=lambda fact: (fact["key"], fact["language"]))[: self.most]
        model, tokenizer = opened(task.artefact("model"))
        losses = edge_losses(model, tokenizer, facts, self.batch)
        task.write(KIND, losses)
        return {"facts": len(losses), "loss": pc.mean(losses["loss"]).as_py()}
