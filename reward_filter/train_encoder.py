"""The stage `reward_filter.train_encoder`: a reward model of Hugging Face's format, from the same pairs."""

import tempfile
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
import torch
from pydantic import Field

from datagen import notice
from datagen.errors import UsageError
from datagen.files import find
from datagen.stage import Artefact, InputPath, Item, Phase, Stage
from datagen.task import Task
from knowledge_graph import Linker
from knowledge_graph import load as load_graph
from reward_filter.calibrate import expected_calibration_error
from reward_filter.card import ordered
from reward_filter.corrupt import Corruptor, Pair
from reward_filter.encoder import Encoder
from reward_filter.features import kind_of
from reward_filter.items import items
from reward_filter.scorer import CARD
from reward_filter.train import FEWEST, LANGUAGES, READ, calibration, shortened


class TrainEncoder(Stage):
    """Trains a sequence classifier of Hugging Face's format as reward model: a small encoder, a language model's
    backbone, the M1's own. Pairs, splits, margins, centring and calibration are those of `reward_filter.train`; it sees
    text alone, no graph, so its card is worth reading beside that one's.
    """

    model: Annotated[str, InputPath()] = Field(description="folder of the model to begin with, safetensors")
    graph: Annotated[str, Artefact("graph")] = Field(description="the graph that damage is done by")
    seed: int = Field(0, description="another seed damages other things, and begins with another head")
    each: int = Field(2, ge=1, description="damaged copies of a row")
    epochs: int = Field(1, ge=1, description="times that every pair is seen")
    rate: float = Field(2e-5, gt=0, description="highest learning rate")
    batch: int = Field(8, ge=1, description="pairs in a step")
    length: int = Field(512, ge=16, description="tokens of question and answer together")
    device: str = Field("cpu", description="cpu, cuda, cuda:1, ...")
    threads: int = Field(1, ge=1, description="of the processor: other numbers may give other last digits")

    version: ClassVar[str] = "3"
    publishes: ClassVar[str] = "reward"
    reads: ClassVar[tuple[str, ...]] = READ

    def items(self) -> list[Item]:
        return find(self.model, (".json", ".safetensors", ".txt", ".model"))

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("fit", lambda job: [0], self._fit, publishes=True),)

    def _fit(self, task: Task) -> dict[str, Any]:
        torch.set_num_threads(self.threads)
        torch.manual_seed(self.seed)
        graph = load_graph(task.artefact("graph"))
        pairs = self._pairs(task, Corruptor(graph, Linker(graph)))
        learned = [pair for pair in pairs if pair.split == "train"]
        if len(learned) < FEWEST:
            raise UsageError(
                f"{len(learned)} pairs can be made from the train split, {FEWEST} are needed",
                "let reward_filter.train_encoder read more rows",
            )
        encoder = Encoder.open(self.model, self.length)
        encoder.model.to(self.device)
        losses = encoder.train(learned, self.epochs, self.rate, self.batch, seed=self.seed)
        held_out = [p for p in pairs if p.split == "validation"]
        # Without any, the curve is drawn over what it learned from, and says so.
        encoder.calibration = calibration(*_scores(encoder, held_out or learned))
        tested = [p for p in pairs if p.split == "test"]
        found = self._found(encoder, tested) | {
            "pairs": {"train": len(learned), "validation": len(held_out), "test": len(tested)},
            "calibrated_on": "the validation split" if held_out else "the train split",
            "loss": [round(float(np.mean(part)), 4) for part in np.array_split(losses, min(10, len(losses)))],
        }
        with tempfile.TemporaryDirectory() as folder:
            encoder.write(Path(folder))
            for file in sorted(Path(folder).rglob("*")):
                if file.is_file():
                    task.write_file(file.relative_to(folder).as_posix(), file.read_bytes())
        task.write_file(CARD, _card(found, task.job.name).encode())
        return found

    def _pairs(self, task: Task, corruptor: Corruptor) -> list[Pair]:
        pairs: list[Pair] = []
        for part in task.job.parts:
            for batch in task.read(part, ["id", *self.reads]):
                known = [language in LANGUAGES for language in batch["language"].to_pylist()]
                good = shortened(items(batch.filter(pa.array(known, pa.bool_()))))
                pairs += corruptor.pairs(good, self.seed, self.each)
        return pairs

    def _found(self, encoder: Encoder, pairs: list[Pair]) -> dict[str, Any]:
        if not pairs:
            return {"accuracy": [], "ece": None}
        good, bad, _ = _scores(encoder, pairs)
        probability = [
            encoder.score([p.prompt for p in pairs], [getattr(p, side) for p in pairs])
            for side in ("chosen", "rejected")
        ]
        labels = np.repeat([True, False], len(pairs))
        return {
            "accuracy": ordered([p.error_class for p in pairs], good - bad),
            "ece": round(expected_calibration_error(np.concatenate(probability), labels), 4),
        }


def _scores(encoder: Encoder, pairs: list[Pair]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    prompts = [p.prompt for p in pairs]
    sides = [encoder.raw(prompts, [getattr(p, side) for p in pairs]) for side in ("chosen", "rejected")]
    return *sides, np.array([kind_of(prompt) for prompt in prompts], dtype=object)


def _card(found: dict[str, Any], name: str) -> str:
    lines = [
        f"# Reward model `{name}`",
        "",
        notice.MARKDOWN,
        "",
        "A sequence classifier over text alone: what it hasn't read it doesn't know, and entities that it never saw it "
        "can only guess at.",
        "",
        f"{found['pairs']['train']} pairs to learn from, calibrated on {found['calibrated_on']}, "
        f"{found['pairs']['test']} about held-out diseases:",
        "",
        "| pairs | n | in the right order |",
        "|---|---|---|",
        *(f"| {row['pairs']} | {row['n']} | {row['all']:.3f} |" for row in found["accuracy"]),
        "",
    ]
    return "\n".join(lines if found["ece"] is None else [*lines, f"Expected calibration error {found['ece']:.3f}.", ""])
