"""A transformer encoder as the engine of a classifier: slower than the linear one, better where words don't tell."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load, save
from transformers import AutoConfig, AutoModel, AutoTokenizer

from classifiers.features import Reading
from datagen.errors import UsageError

FOLDER = "encoder"
"""Beside the model's file: configuration and tokenizer."""
LONGEST = 512
BATCH = 16
RATE = 5e-5
"""Of AdamW, as Devlin et al. (2019) fine-tune."""


class Encoder(torch.nn.Module):
    """A pretrained encoder, the mean of its last layer over the text, and a linear layer for all heads' labels."""

    def __init__(self, body: torch.nn.Module, tokenizer, labels: int):
        super().__init__()
        self.body, self.tokenizer = body, tokenizer
        self.labels = torch.nn.Linear(body.config.hidden_size, labels)

    @classmethod
    def pretrained(cls, folder: str | Path, labels: int) -> "Encoder":
        """From a local folder with safetensors. Raises UsageError where there is no such encoder; its code is never
        run, nothing is downloaded."""
        try:
            options = {"local_files_only": True, "trust_remote_code": False}
            body = AutoModel.from_pretrained(folder, use_safetensors=True, **options)
            return cls(body, AutoTokenizer.from_pretrained(folder, **options), labels)
        except (OSError, ValueError) as error:
            why = f"{folder} is no encoder: {type(error).__name__}"
            raise UsageError(why, "name a local folder with safetensors") from None

    @classmethod
    def read(cls, folder: Path, weights: bytes) -> "Encoder":
        """What `write` wrote."""
        state = load(weights)
        options = {"local_files_only": True, "trust_remote_code": False}
        body = AutoModel.from_config(AutoConfig.from_pretrained(folder / FOLDER, **options))
        tokenizer = AutoTokenizer.from_pretrained(folder / FOLDER, **options)
        made = cls(body, tokenizer, len(state["labels.bias"]))
        try:
            made.load_state_dict(state)
        except RuntimeError:
            raise UsageError("the weights don't fit the encoder's configuration", "train it again") from None
        return made.eval()

    def write(self, folder: Path) -> bytes:
        """Configuration and tokenizer into the folder; the weights, as safetensors, are returned."""
        self.body.config.save_pretrained(folder / FOLDER)
        self.tokenizer.save_pretrained(folder / FOLDER)
        return save({name: tensor.contiguous() for name, tensor in self.state_dict().items()})

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        """Margins, float32 of shape (texts, labels)."""
        longest = min(LONGEST, getattr(self.body.config, "max_position_embeddings", LONGEST))
        read = self.tokenizer(list(texts), padding=True, truncation=True, max_length=longest, return_tensors="pt")
        states = self.body(input_ids=read["input_ids"], attention_mask=read["attention_mask"]).last_hidden_state
        mask = read["attention_mask"].unsqueeze(-1).to(states.dtype)
        return self.labels((states * mask).sum(1) / mask.sum(1).clamp(min=1))

    @torch.inference_mode()
    def margins_of(self, texts: Sequence[str], readings: Sequence[Reading]) -> np.ndarray:
        """Of texts alone: float32 of shape (texts, labels)."""
        parts = [self(texts[start : start + BATCH]).numpy() for start in range(0, len(texts), BATCH)]
        return np.concatenate([np.empty((0, self.labels.out_features), np.float32), *parts])


def fine_tune(
    encoder: Encoder, texts: Sequence[str], targets: Mapping[str, tuple[int, np.ndarray]], epochs: int, seed: int
) -> None:
    """Train all of it, by cross-entropy of each head. `targets` holds by head the number of its labels, in the order of
    the encoder's, and the label of every text, int[texts], -1 for none. Dropout draws from torch's generator, the order
    of texts from `seed`."""
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=RATE)
    order = np.random.default_rng(seed)
    encoder.train()
    for _ in range(epochs):
        places = order.permutation(len(texts))
        for start in range(0, len(places), BATCH):
            chosen = places[start : start + BATCH]
            margins, loss, at = encoder([texts[n] for n in chosen]), 0.0, 0
            for count, labels in targets.values():
                truth = torch.from_numpy(labels[chosen].astype(np.int64))
                if (truth >= 0).any():
                    loss = loss + torch.nn.functional.cross_entropy(margins[:, at : at + count], truth, ignore_index=-1)
                at += count
            if isinstance(loss, torch.Tensor):
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    encoder.eval()
