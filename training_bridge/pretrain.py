"""The stage from token shards to a trained model."""

import math
import shutil
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError, model_validator

from datagen.errors import DatagenError
from datagen.stage import Artefact, Phase, Resources, Stage
from training_bridge.config import CurriculumStage, Preset, Run, TrainConfig
from training_bridge.progress import Reporter

if TYPE_CHECKING:
    from datagen.task import Job, Task

CARD = """\
# {name}

A Baichuan-M1 of {parameters:,} parameters, trained from scratch by datagen on {tokens:,} tokens.

**Research only. Not clinically validated, not medical advice.**

Held-out text, bits per byte at the end of each curriculum stage:

| | {stages} |
|---|{rules}
{rows}

`curves.svg` shows the training, `metrics.jsonl` every step, held-out figure and sample of it.
Load with `import training_bridge.m1` and `AutoModelForCausalLM.from_pretrained(FOLDER)`.
"""


class Pretrain(Stage):
    """Trains a Baichuan-M1 from scratch through the curriculum: general, basic, advanced.

    Publishes a transformers model folder (weights, configuration, tokenizer), `metrics.jsonl`, `curves.svg` and a card.
    A killed training goes on from its last checkpoint on the same machine, and ends with the same bytes. With several
    workers Ray Train starts again when one dies; the run's folder must then be one that all nodes share.
    """

    version: ClassVar[str] = "2"
    publishes: ClassVar[str] = "model"
    inputs: ClassVar[str] = "none"
    unhashed: ClassVar[tuple[str, ...]] = (*Stage.unhashed, "max_failures")

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
    batch_tokens: int = Field(2048, gt=0)
    micro_batch_tokens: int = Field(2048, gt=0)
    peak_lr: float = Field(3e-3, gt=0)
    final_lr: float = Field(1.5e-4, ge=0)
    warmup_tokens: int = Field(20_000, ge=0)
    guard: Literal["m1_skip", "norm", "zclip"] = Field("m1_skip", description="what is done about gradient spikes")
    precision: Literal["float32", "bfloat16"] = "float32"
    parallel: Literal["ddp", "fsdp"] = "ddp"
    activation_checkpointing: bool = False
    compile: bool = False
    loss_chunk_tokens: int = Field(1024, gt=0, description="tokens whose logits exist at a time")
    prompts: tuple[str, ...] = Field(("The patient", "患者"), description="continued at the end of each stage")
    checkpoint_every: int = Field(25, gt=0, description="steps between checkpoints")
    threads: int = Field(1, gt=0, description="fixed, because sums over threads depend on their number")
    workers: int = Field(1, gt=0, description="ranks; their number changes rounding")
    gpu: bool = Field(False, description="a GPU for each worker")
    max_failures: int = Field(3, ge=0, description="times that several workers begin again when one dies")
    seed: int = 0

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

    @property
    def resources(self) -> Resources:
        """Several workers ask for their own."""
        return Resources(cpus=0) if self.workers > 1 else Resources(cpus=self.threads, gpus=int(self.gpu))

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("train", lambda job: [None], self._train, publishes=True),)

    def _train(self, task: "Task") -> dict:
        from training_bridge.launch import execute, fit

        if self.workers > 1 and task.job.store.remote:
            raise DatagenError(
                f"{self.workers} workers need a folder that they share, and the run is remote",
                "give the run a path on a shared file system, or the stage one worker",
            )
        out = task.scratch / "out"
        shutil.rmtree(out, ignore_errors=True)
        config = self.config()
        run = Run(tokens=task.artefact("tokens"), out=out, work=task.scratch, preset=self.preset, config=config)
        report = Reporter(_Note(task.job), config.total_tokens)
        if self.workers > 1:
            result = fit(run, self.workers, gpu=self.gpu, max_failures=self.max_failures, on_step=report)
        else:
            result = execute(run, report)
        for file in sorted(result.model.iterdir()):
            task.write_file(file.name, file.read_bytes())
        task.write_file("metrics.jsonl", result.metrics.read_bytes())
        task.write_file("curves.svg", result.curves.read_bytes())
        task.write_file("README.md", self._card(task.job.name, result).encode())
        languages, departments = _kinds(result.bits_per_byte)
        return {
            "steps": result.steps,
            "tokens": result.tokens,
            "skipped": result.skipped,
            "bits_per_byte": languages,
            "bits_per_byte_by_department": departments,
        }

    def _card(self, name: str, result: Any) -> str:
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
            parameters=parameters,
            tokens=result.tokens,
            stages=" | ".join(stages),
            rules="---|" * len(stages),
            rows="\n".join(rows),
        )


class _Note:
    """Says in the run how far the stage is; may be sent to another process."""

    def __init__(self, job: "Job") -> None:
        self.job = job

    def __call__(self, text: str) -> None:
        self.job.store.write(self.job.note, text.encode())


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
