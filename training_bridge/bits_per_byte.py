"""Held-out loss in bits per UTF-8 byte, comparable between tokenizers."""

import math
from collections.abc import Sequence

import torch
from torch.nn import functional as F
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from training_bridge.batches import IGNORED, assemble
from training_bridge.packing import plan
from training_bridge.tokenizer import encode_documents


@torch.no_grad()
def bits_per_byte(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    texts: Sequence[str],
    *,
    sequence_length: int,
    batch_sequences: int = 8,
) -> float:
    """Bits the model needs for `texts`, per UTF-8 byte of them.

    Each text is read as `<s> text </s>`; every token after `<s>` is paid for exactly once, `</s>` included.
    Texts longer than `sequence_length` tokens are read in windows that share one token, so that only the
    context is cut. Raises ValueError if there is no text.
    """
    total_bytes = sum(len(text.encode()) for text in texts)
    if not total_bytes:
        raise ValueError("no held-out text to measure bits per byte on")
    stride = sequence_length - 1
    windows = [
        ids[start : start + sequence_length]
        for ids in encode_documents(tokenizer, texts)
        for start in range(0, len(ids) - 1, stride)
    ]
    packing = plan([len(window) for window in windows], sequence_length)
    rows: list[list] = [[] for _ in range(packing.sequences)]
    for window, sequence in zip(packing.document, packing.sequence, strict=True):
        rows[sequence].append(torch.from_numpy(windows[window]))

    nats = 0.0
    for first in range(0, len(rows), batch_sequences):
        chunk = rows[first : first + batch_sequences]
        pairs = [(torch.cat(row).numpy(), [len(window) for window in row]) for row in chunk]
        batch = assemble(pairs, sequence_length, tokenizer.pad_token_id)
        logits = model(batch.input_ids, position_ids=batch.position_ids, use_cache=False).logits
        nats += F.cross_entropy(
            logits.flatten(0, 1).float(), batch.targets.flatten(), ignore_index=IGNORED, reduction="sum"
        ).item()
    return nats / math.log(2) / total_bytes
