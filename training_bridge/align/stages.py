"""Alignment as stages of a recipe: each takes a model and gives a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from datagen import notice
from datagen.stage import Artefact
from training_bridge.align.config import AlignConfig, ELOConfig, PPOConfig, SFTConfig, TDPOConfig
from training_bridge.align.job import Job, execute
from training_bridge.progress import AlignReporter
from training_bridge.stage import Note, Training

if TYPE_CHECKING:
    from datagen.task import Task

CARD = """\
# {name}

A Baichuan-M1 aligned by datagen, last by {method}: {steps:,} steps.

{notice}

Held-out questions with answers that can be checked:

| after | questions | accuracy (95 %) | reward | length, tokens |
|---|---|---|---|---|
{rows}

`alignment.html` shows curves and samples, `metrics.jsonl` every step of the last method, `alignment.json` all of them.
Load with `import training_bridge.m1` and `AutoModelForCausalLM.from_pretrained(FOLDER)`.
"""


class Alignment(Training):
    """What the four stages share."""

    version: ClassVar[str] = "2"
    method: ClassVar[str]
    options: ClassVar[type[AlignConfig]]

    model: Annotated[str, Artefact("model")] = Field(description="the stage whose model is aligned")
    pairs: Annotated[str, Artefact("pairs")] = Field(description="the stage that made the pairs")
    graph: Annotated[str | None, Artefact("graph")] = Field(None, description="the graph that answers are checked by")
    scorer: Annotated[str | None, Artefact("reward")] = Field(
        None, description="the stage with the reward model, for questions without a checker"
    )

    def train(self, task: "Task", out: Path) -> Any:
        optional = {"graph": "graph", "scorer": "scorer", "documents": "documents"}
        given = {name: task.artefact(option) for name, option in optional.items() if getattr(self, option, None)}
        job = Job(
            method=self.method,
            options={name: getattr(self, name) for name in self.options.model_fields},
            model=task.artefact("model"),
            pairs=task.artefact("pairs"),
            out=out,
            work=task.scratch,
            **given,
        )
        report = AlignReporter(Note(task.job))
        return execute(job, self.workers, gpu=self.gpu, max_failures=self.max_failures, on_step=report)

    def files(self, result: Any) -> tuple[Path, ...]:
        return result.metrics, result.page

    def facts(self, result: Any) -> dict[str, Any]:
        measured = {name: value for name, value in result.measured.items() if name != "samples"}
        return {"steps": result.steps, "tokens": result.tokens, "skipped": result.skipped, "measured": measured}

    def card(self, name: str, result: Any) -> str:
        rows = []
        for entry in result.history:
            found = entry["measured"]
            if found["questions"]:
                low, high = found["accuracy_interval"]
                share = f"{found['accuracy']:.1%} ({low:.1%} to {high:.1%})"
                figures = f"{found['questions']} | {share} | {found['reward']:.3f} | {found['length']:.1f}"
            else:
                figures = "0 | | |"
            rows.append(f"| {entry['method']} | {figures} |")
        return CARD.format(
            name=name, notice=notice.MARKDOWN, method=self.method, steps=result.steps, rows="\n".join(rows)
        )


class SFT(Alignment, SFTConfig):
    """Fine-tunes a Baichuan-M1 on good dialogues: chat template, loss on the assistant's tokens alone, packed with
    sample masks, five rounds by default. With `documents`, a share of dialogues becomes long samples.

    Publishes a model folder, `metrics.jsonl`, `alignment.html` (curves, held-out accuracy, samples of every alignment
    so far) and a card. A killed one goes on from its last checkpoint and ends with the same bytes.
    """

    method: ClassVar[str] = "sft"
    options: ClassVar[type[AlignConfig]] = SFTConfig

    documents: Annotated[str | None, Artefact("tokens")] = Field(
        None, description="the stage that packed, whose documents are put around questions"
    )


class ELO(Alignment, ELOConfig):
    """Exploratory Log-likelihood Optimization: chains of thought are sampled, and rewarded by the log-likelihood of the
    reference answer behind them. Learns from answers that reason first and then conclude."""

    method: ClassVar[str] = "elo"
    options: ClassVar[type[AlignConfig]] = ELOConfig


class TDPO(Alignment, TDPOConfig):
    """Token-level direct preference optimization, 1 or 2, from pairs of a better and a worse answer."""

    method: ClassVar[str] = "tdpo"
    options: ClassVar[type[AlignConfig]] = TDPOConfig


class PPO(Alignment, PPOConfig):
    """Proximal policy optimization: sampled answers are rewarded by a checker where the question has one, else by the
    reward model; the divergence from the model it began with is held down, and answers without an end cost."""

    method: ClassVar[str] = "ppo"
    options: ClassVar[type[AlignConfig]] = PPOConfig
