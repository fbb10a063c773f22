"""The stage from token shards to a trained model."""

import math
import shutil
import time
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from datagen.errors import DatagenError
from datagen.stage import Artefact, Phase, Resources, Stage
from training_bridge.config import CurriculumStage, TrainConfig

if TYPE_CHECKING:
    from datagen.task import Task

CARD = """\
# {name}

A Baichuan-M1 of {parameters:,} parameters, trained from scratch by datagen on {tokens:,} tokens.

**Research only. Not clinically validated, not medical advice.**

| curriculum stage | tokens | held-out bits per byte |
|---|---|---|
{rows}

Load with `import training_bridge.m1` and `AutoModelForCausalLM.from_pretrained(FOLDER)`.
"""


class Pretrain(Stage):
    """Trains a Baichuan-M1 from scratch through the curriculum: general, basic, advanced.

    Publishes a transformers model folder (weights, configuration, tokenizer), `metrics.jsonl` and a card. A killed
    training goes on from its last checkpoint on the same machine, and ends with the same bytes.
    """

    publishes: ClassVar[str] = "model"
    inputs: ClassVar[str] = "none"

    tokens: Annotated[str, Artefact("tokens")] = Field(description="the stage that packed")
    preset: Literal["2m", "5m", "14b"] = Field("2m", description="shape of the model")
    stages: tuple[CurriculumStage, ...] = Field(
        (
            CurriculumStage(name="general", tokens=120_000, sequence_length=256),
            CurriculumStage(name="basic", tokens=120_000, sequence_length=256),
            CurriculumStage(name="advanced", tokens=60_000, sequence_length=512, rope_theta=1e6),
        ),
        description="tokens, sequence_length and rope_theta of each curriculum stage",
    )
    batch_tokens: int = Field(2048, gt=0)
    micro_batch_tokens: int = Field(2048, gt=0)
    peak_lr: float = Field(3e-3, gt=0)
    final_lr: float = Field(1.5e-4, ge=0)
    warmup_tokens: int = Field(20_000, ge=0)
    checkpoint_every: int = Field(25, gt=0, description="steps between checkpoints")
    threads: int = Field(1, gt=0, description="fixed, because sums over threads depend on their number")
    seed: int = 0

    @property
    def resources(self) -> Resources:
        return Resources(cpus=self.threads)

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("train", lambda job: [None], self._train, publishes=True),)

    def _train(self, task: "Task") -> dict:
        from transformers import AutoTokenizer

        from training_bridge.m1 import BaichuanM1Config
        from training_bridge.train import train

        folder = task.artefact("tokens")
        tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
        data = self._sequences(folder)
        heldout: dict[str, list[str]] = {}
        for row in pq.read_table(folder / "heldout").to_pylist():
            heldout.setdefault(row["label"], []).append(row["text"])
        out = task.scratch / "out"
        shutil.rmtree(out, ignore_errors=True)
        result = train(
            self._config(),
            BaichuanM1Config.preset(self.preset, vocab_size=len(tokenizer)),
            data,
            out,
            work=task.scratch,
            tokenizer=tokenizer,
            heldout=heldout,
            on_step=_Reporter(task, sum(s.tokens for s in self.stages)),
        )
        for file in sorted(result.model.iterdir()):
            task.write_file(file.name, file.read_bytes())
        task.write_file("metrics.jsonl", result.metrics.read_bytes())
        task.write_file("README.md", self._card(task.job.name, result).encode())
        return {
            "steps": result.steps,
            "tokens": result.tokens,
            "skipped": result.skipped,
            "bits_per_byte": result.bits_per_byte,
        }

    def _config(self) -> TrainConfig:
        names = TrainConfig.model_fields.keys() & type(self).model_fields.keys()
        return TrainConfig(**{name: getattr(self, name) for name in sorted(names)})

    def _sequences(self, folder) -> dict[str, pa.Table]:
        from training_bridge.packing import PACKED_SCHEMA

        packed = pq.read_table(folder / "sequences", schema=PACKED_SCHEMA)
        data = {s.name: packed.filter(pc.equal(packed["curriculum"], s.name)) for s in self.stages}
        empty = [name for name, rows in data.items() if not len(rows)]
        if empty:
            raise DatagenError(
                f"no packed sequences for the curriculum stage{'s' if len(empty) > 1 else ''} {', '.join(empty)}",
                "give rows a `curriculum` before packing, or leave these stages out of `stages`",
            )
        return data

    def _card(self, name: str, result) -> str:
        from safetensors import safe_open

        with safe_open(result.model / "model.safetensors", "np") as weights:
            parameters = sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
        rows = [
            f"| {stage.name} | {stage.tokens:,} | "
            + ", ".join(f"{label} {value:.3f}" for label, value in result.bits_per_byte[stage.name].items())
            + " |"
            for stage in self.stages
        ]
        return CARD.format(name=name, parameters=parameters, tokens=result.tokens, rows="\n".join(rows))


class _Reporter:
    """Says now and then how far training is."""

    def __init__(self, task: "Task", total: int):
        self._task, self._total, self._started, self._first = task, total, time.monotonic(), None

    def __call__(self, row: dict) -> None:
        if self._first is None:
            self._first = row["tokens"]
        seconds = time.monotonic() - self._started
        rate = (row["tokens"] - self._first) / seconds if row["tokens"] > self._first else row["tokens_per_second"]
        left = (self._total - row["tokens"]) / rate
        loss = "not finite" if row["loss"] is None else f"{row['loss']:.2f}"
        self._task.say(
            f"{row['stage']} stage, step {row['step']}, loss {loss}, "
            f"{rate:,.0f} tokens/s, about {max(left, 0):,.0f} s left"
        )
