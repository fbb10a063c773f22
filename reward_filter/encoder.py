"""A reward model of Hugging Face's format: any sequence classifier with one output, the bundled M1 among them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import logsigmoid

from datagen.errors import UsageError
from reward_filter.calibrate import Calibration, read
from reward_filter.corrupt import NEAR, Pair
from reward_filter.features import kind_of
from reward_filter.scorer import CONFIG, ENCODER, calibrated, configuration

MODEL = "model"
BATCH = 16
MODELS = "datagen.models"
"""Entry points of modules that make transformers know a kind of model when they are imported."""


class Encoder:
    """Scores answers by a sequence classifier. Only safetensors are read; no code that comes with a model is run."""

    def __init__(self, model: Any, tokenizer: Any, calibration: Mapping[str, Calibration], length: int = 512):
        self.model, self.tokenizer, self.calibration, self.length = model, tokenizer, calibration, length

    @staticmethod
    def open(folder: str | Path, length: int = 512) -> "Encoder":
        """An untrained one over a model in Hugging Face's format; a causal model's head is made anew. Raises UsageError
        where there is none."""
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        _known_models()
        safe = {"trust_remote_code": False}
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
            model = AutoModelForSequenceClassification.from_pretrained(
                folder, num_labels=1, use_safetensors=True, dtype=torch.float32, **safe
            )
        except (OSError, ValueError) as error:
            raise UsageError(f"the model {folder} can't be opened: {error}", "see to `model`") from None
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        model.config.pad_token_id = tokenizer.pad_token_id
        return Encoder(model, tokenizer, {}, length)

    @staticmethod
    def read(folder: Path) -> "Encoder":
        """The one in an artefact folder."""
        config = configuration(folder)
        found = Encoder.open(folder / MODEL, config["length"])
        found.calibration = {kind: read(curve) for kind, curve in config["calibration"].items()}
        return found

    def write(self, folder: Path) -> None:
        """Its artefact: `config.json` and a folder `model` in Hugging Face's format."""
        self.model.save_pretrained(folder / MODEL, safe_serialization=True)
        self.tokenizer.save_pretrained(folder / MODEL)
        curves = {kind: asdict(curve) for kind, curve in sorted(self.calibration.items())}
        config = {"format": ENCODER, "length": self.length, "calibration": curves}
        (folder / CONFIG).write_text(json.dumps(config, indent=1))

    def score(self, prompts: Sequence[str], responses: Sequence[str]) -> np.ndarray:
        """As `RewardModel.score`."""
        return calibrated(self.calibration, self.raw(prompts, responses), [kind_of(prompt) for prompt in prompts])

    def raw(self, prompts: Sequence[str], responses: Sequence[str]) -> np.ndarray:
        """Scores before calibration: float64[responses]."""
        self.model.eval()
        texts = list(zip(prompts, responses, strict=True))
        with torch.inference_mode():
            found = [self._rewards(texts[i : i + BATCH]).double().cpu() for i in range(0, len(texts), BATCH)]
        return torch.cat(found).numpy() if found else np.zeros(0)

    def _rewards(self, texts: Sequence[tuple[str, str]]) -> torch.Tensor:
        """float[texts]. Long ones lose the beginning of their prompt, never the end of the answer."""
        self.tokenizer.truncation_side = self.tokenizer.padding_side = "left"
        written = [f"{prompt}\n\n{response}" if prompt else response for prompt, response in texts]
        batch = self.tokenizer(written, padding=True, truncation=True, max_length=self.length, return_tensors="pt")
        batch = {k: v for k, v in batch.items() if k in ("input_ids", "attention_mask")}
        return self.model(**{k: v.to(self.model.device) for k, v in batch.items()}).logits[:, 0]

    def train(
        self, pairs: Sequence[Pair], epochs: int, rate: float, batch: int = 8, center: float = 0.01, seed: int = 0
    ) -> list[float]:
        """Bradley-Terry with a margin by difficulty and centred scores (as reward_filter.bradley_terry), by AdamW with
        a linear warm-up over a tenth of the steps and decay to zero. Returns the loss of each step."""
        torch.manual_seed(seed)
        self.model.train()
        steps = epochs * -(-len(pairs) // batch)
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=rate, weight_decay=0.0)
        warm = max(1, steps // 10)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min((step + 1) / warm, (steps - step) / max(1, steps - warm))
        )
        losses = []
        for found in _batches(pairs, batch, epochs, seed):
            texts = [(p.prompt, p.chosen) for p in found] + [(p.prompt, p.rejected) for p in found]
            good, bad = self._rewards(texts).chunk(2)
            margin = torch.tensor([(1 + NEAR - p.difficulty) / NEAR for p in found], device=good.device)
            loss = (center * (good + bad) ** 2 - logsigmoid(good - bad - margin)).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        return losses


def _batches(pairs: Sequence[Pair], size: int, epochs: int, seed: int) -> Iterator[list[Pair]]:
    for epoch in range(epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(pairs))
        for start in range(0, len(pairs), size):
            yield [pairs[i] for i in order[start : start + size]]


@cache
def _known_models() -> None:
    for point in entry_points(group=MODELS):
        point.load()
