"""Held-out loss in bits per UTF-8 byte, comparable between tokenizers."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from training_bridge.batches import IGNORED, assemble
from training_bridge.losses import hidden_states, token_losses
from training_bridge.m1 import BaichuanM1ForCausalLM
from training_bridge.packing import plan
from training_bridge.tokenizer import encode_documents

CHUNK_TOKENS = 1024


def bits_per_byte(
    model: BaichuanM1ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    texts: Mapping[str, Sequence[str]],
    *,
    sequence_length: int,
    batch_sequences: int = 8,
) -> dict[str, float]:
    """Bits the model needs for the texts of each label, per UTF-8 byte of them.

    Each text is read as `<s> text </s>`; every token after `<s>` is paid for exactly once, `</s>` included.
    Texts longer than `sequence_length` tokens are read in windows that share one token, so that only the
    context is cut. A text under several labels is read once. Raises ValueError for a label without text.
    """
    for label, found in texts.items():
        if not any(found):
            raise ValueError(f"there is no held-out text for {label!r}")
    different = list(dict.fromkeys(text for found in texts.values() for text in found))
    nats = dict(
        zip(different, _nats(model, tokenizer, different, sequence_length, batch_sequences).tolist(), strict=True)
    )
    return {
        label: sum(nats[text] for text in found) / math.log(2) / sum(len(text.encode()) for text in found)
        for label, found in texts.items()
    }


@torch.no_grad()
def _nats(
    model: BaichuanM1ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    texts: Sequence[str],
    sequence_length: int,
    batch_sequences: int,
) -> np.ndarray:
    """Of each text."""
    stride = sequence_length - 1
    windows = [
        (number, ids[start : start + sequence_length])
        for number, ids in enumerate(encode_documents(tokenizer, texts))
        for start in range(0, len(ids) - 1, stride)
    ]
    packing = plan([len(ids) for _, ids in windows], sequence_length)
    rows: list[list[int]] = [[] for _ in range(packing.sequences)]
    for window, sequence in zip(packing.document, packing.sequence, strict=True):
        rows[sequence].append(window)

    found = np.zeros(len(texts))
    device = model.lm_head.weight.device
    for first in range(0, len(rows), batch_sequences):
        chunk = rows[first : first + batch_sequences]
        pairs = [
            (np.concatenate([windows[w][1] for w in row]), np.array([len(windows[w][1]) for w in row])) for row in chunk
        ]
        batch = assemble(pairs, sequence_length, tokenizer.pad_token_id).to(device)
        wanted = batch.targets != IGNORED
        losses = token_losses(
            hidden_states(model, batch)[wanted],
            model.lm_head.weight,
            batch.targets[wanted],
            chunk_tokens=CHUNK_TOKENS,
        )
        owners = np.concatenate([np.repeat(windows[w][0], len(windows[w][1]) - 1) for row in chunk for w in row])
        found += np.bincount(owners, losses.double().cpu().numpy(), len(texts))
    return found
