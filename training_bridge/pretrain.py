"""The stage from token shards to a trained model."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError, model_validator

from datagen import notice
from datagen.stage import Artefact
from training_bridge.config import CurriculumStage, Preset, Run, TrainConfig
from training_bridge.progress import Reporter
from training_bridge.stage import Note, Training

if TYPE_CHECKING:
    from datagen.task import Task

CARD = """\
# {name}

A Baichuan-M1 of {parameters:,} parameters, trained from scratch by datagen on {tokens:,} tokens.

{notice}

Held-out text, bits per byte at the end of each curriculum stage:

| | {stages} |
|---|{rules}
{rows}

`curves.svg` shows the training, `metrics.jsonl` every step, held-out figure and sample of it.
Load with `import training_bridge.m1` and `AutoModelForCausalLM.from_pretrained(FOLDER)`.
"""


class Pretrain(Training):
    """Trains a Baichuan-M1 from scratch through the curriculum: general, basic, advanced.

    Publishes a transformers model folder (weights, configuration, tokenizer), `metrics.jsonl`, `curves.svg` and a card.
    A killed training goes on from its last checkpoint on the same machine, and ends with the same bytes. With several
    workers Ray Train starts again when one dies; the run's folder must then be one that all nodes share.
    """

    version: ClassVar[str] = "3"

    tokens: Annotated[str, Artefact("tokens")] = Field(description="the stage that packed")
    preset: Preset = Field("2m", description="shape of the model")
    stages: tuple[CurriculumStage, ...] = Field(
        (
            CurriculumStage(name="general", tokens=120_000, sequence_length=256),
            CurriculumStage(name="basic", tokens=120_000, sequence_length=256),
            CurriculumStage(name="advanced", tokens=60_000, sequence_length=512, rope_theta=1e6),
        ),
        description="tokens, sequence_length, rope_theta and mixture of each curriculum stage",
    )
    batch_tokens: int = Field(2048, gt=0, description="tokens of an optimizer step at full sequences, over all ranks")
    micro_batch_tokens: int = Field(2048, gt=0, description="tokens of one forward and backward pass of one rank")
    peak_lr: float = Field(3e-3, gt=0, description="highest learning rate, at the end of the warm-up")
    final_lr: float = Field(1.5e-4, ge=0, description="learning rate of the last step")
    warmup_tokens: int = Field(20_000, ge=0, description="tokens over which the learning rate rises from 0")
    guard: Literal["m1_skip", "norm", "zclip"] = Field("m1_skip", description="what is done about gradient spikes")
    precision: Literal["float32", "bfloat16"] = Field("float32", description="of matrix products; weights stay float32")
    parallel: Literal["ddp", "fsdp"] = Field("ddp", description="with several ranks: whole or sharded weights on each")
    activation_checkpointing: bool = Field(False, description="recompute each layer backwards, to save its memory")
    compile: bool = Field(False, description="compile each layer with torch.compile")
    loss_chunk_tokens: int = Field(1024, gt=0, description="tokens whose logits exist at a time")
    prompts: tuple[str, ...] = Field(("The patient", "患者"), description="continued at the end of each stage")
    checkpoint_every: int = Field(25, gt=0, description="steps between checkpoints")
    seed: int = Field(0, description="of the first weights and the order of the data")

    @model_validator(mode="after")
    def _trains(self) -> "Pretrain":
        try:
            self.config()
        except ValidationError as error:
            raise ValueError("; ".join(e["msg"].removeprefix("Value error, ") for e in error.errors())) from None
        return self

    def config(self) -> TrainConfig:
        names = TrainConfig.model_fields.keys() & type(self).model_fields.keys()
        return TrainConfig(**{name: getattr(self, name) for name in sorted(names)})

    def train(self, task: "Task", out: Path) -> Any:
        from training_bridge.launch import execute, fit

        config = self.config()
        run = Run(tokens=task.artefact("tokens"), out=out, work=task.scratch, preset=self.preset, config=config)
        report = Reporter(Note(task.job), config.total_tokens)
        if self.workers > 1:
            return fit(run, self.workers, gpu=self.gpu, max_failures=self.max_failures, on_step=report)
        return execute(run, report)

    def files(self, result: Any) -> tuple[Path, ...]:
        return result.metrics, result.curves

    def facts(self, result: Any) -> dict[str, Any]:
        languages, departments = _kinds(result.bits_per_byte)
        return {
            "steps": result.steps,
            "tokens": result.tokens,
            "skipped": result.skipped,
            "bits_per_byte": languages,
            "bits_per_byte_by_department": departments,
        }

    def card(self, name: str, result: Any) -> str:
        from safetensors import safe_open

        with safe_open(result.model / "model.safetensors", "np") as weights:
            parameters = sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
        stages = [stage.name for stage in self.stages]
        rows = [
            f"| {label} | " + " | ".join(f"{result.bits_per_byte[stage][label]:.3f}" for stage in stages) + " |"
            for label in result.bits_per_byte[stages[0]]
        ]
        return CARD.format(
            name=name,
            notice=notice.MARKDOWN,
            parameters=parameters,
            tokens=result.tokens,
            stages=" | ".join(stages),
            rules="---|" * len(stages),
            rows="\n".join(rows),
        )


def _kinds(measured: dict[str, dict[str, float]]) -> list[dict[str, dict[str, float]]]:
    """By language, and by department."""
    from training_bridge.pack import DEPARTMENT

    return [
        {
            stage: {
                label.removeprefix(DEPARTMENT): v for label, v in bits.items() if label.startswith(DEPARTMENT) is by
            }
            for stage, bits in measured.items()
        }
        for by in (False, True)
    ]
