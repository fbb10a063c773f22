"""Answers that a policy writes: in batches by the model's own `generate`, and kept, so that a killed step has them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedTokenizerBase,
    StoppingCriteria,
    StoppingCriteriaList,
)

from training_bridge.m1 import BaichuanM1ForCausalLM

TAIL = 32
"""Tokens in which an end is looked for."""
SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), False),
        pa.field("prompt", pa.list_(pa.int32()), False),
        pa.field("response", pa.list_(pa.int32()), False),
        pa.field("ended", pa.bool_(), False),
        pa.field("text", pa.string(), False),
        pa.field("reward", pa.float64()),
    ]
)


class Rollout(NamedTuple):
    """Tokens int32; the response with the token or tokens that ended it, if it `ended` before its length did."""

    prompt: np.ndarray
    response: np.ndarray
    ended: bool


@torch.no_grad()
def generate(
    model: BaichuanM1ForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[np.ndarray],
    *,
    max_new_tokens: int,
    stops: Sequence[int],
    ends: Sequence[str | None] | None = None,
    seeds: Sequence[Sequence[int]] | None = None,
    batch: int,
) -> list[Rollout]:
    """An answer to each prompt: int32 tokens, ended by one of the tokens `stops`, or by a line that is no more than the
    prompt's own entry in `ends`.

    With `seeds`, drawn from the model's distribution: an answer depends on its prompt and its seed, not on what else is
    in the batch (but for rounding). Without, the likeliest token each time.
    """
    found: list[Rollout | None] = [None] * len(prompts)
    # By length, for the least padding.
    order = sorted(range(len(prompts)), key=lambda n: len(prompts[n]))
    training = model.training
    model.eval()
    with torch.compiler.set_stance("force_eager"):
        for start in range(0, len(order), batch):
            these = order[start : start + batch]
            own = [ends[n] if ends else None for n in these]
            draws = None if seeds is None else [seeds[n] for n in these]
            answers = _batch(model, tokenizer, [prompts[n] for n in these], max_new_tokens, stops, own, draws)
            for n, rollout in zip(these, answers, strict=True):
                found[n] = rollout
    model.train(training)
    return found


def _batch(
    model: BaichuanM1ForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    prompts: list[np.ndarray],
    max_new_tokens: int,
    stops: Sequence[int],
    ends: list[str | None],
    seeds: list[Sequence[int]] | None,
) -> list[Rollout]:
    width = max(map(len, prompts))
    ids = torch.full((len(prompts), width), model.config.pad_token_id)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.from_numpy(prompt.astype(np.int64))
        mask[row, width - len(prompt) :] = 1
    ended = Ended(tokenizer, ends, width)
    written = model.generate(
        input_ids=ids.to(model.device),
        attention_mask=mask.to(model.device),
        max_new_tokens=max_new_tokens,
        do_sample=False,
        eos_token_id=list(stops),
        pad_token_id=model.config.pad_token_id,
        logits_processor=LogitsProcessorList([] if seeds is None else [Gumbel(seeds, model.device)]),
        stopping_criteria=StoppingCriteriaList([ended] if any(ends) else []),
    )
    found = []
    for number, row in enumerate(written[:, width:].cpu().numpy().astype(np.int32)):
        places = np.flatnonzero(np.isin(row, stops))
        stop = min([*places[:1].tolist(), *ended.places.get(number, ())], default=None)
        length = len(row) if stop is None else stop + 1
        found.append(Rollout(prompts[number], row[:length], stop is not None))
    return found


class Gumbel(LogitsProcessor):
    """Draws by the Gumbel-max trick: the greatest of log-probability plus Gumbel noise is a sample. Each row has a
    generator of its own, so that what it draws depends on its seed alone."""

    def __init__(self, seeds: Sequence[Sequence[int]], device: torch.device) -> None:
        self.generators = [
            torch.Generator(device).manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
            for seed in seeds
        ]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        noise = torch.stack(
            [
                torch.empty(scores.shape[1], device=scores.device).exponential_(generator=generator)
                for generator in self.generators
            ]
        )
        return scores.float() - noise.log()


class Ended(StoppingCriteria):
    """Ends a row with a line that is no more than the row's own word."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, words: list[str | None], prompt_width: int) -> None:
        self.tokenizer = tokenizer
        self.words = words
        self.width = prompt_width
        self.places: dict[int, list[int]] = {}
        """Where each row ended: its last token's place in the answer."""

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: object) -> torch.Tensor:
        written = input_ids[:, self.width :]
        lines = self.tokenizer.batch_decode(written[:, -TAIL:], skip_special_tokens=True)
        done = [
            word is not None and line.rpartition("\n")[2] == word for line, word in zip(lines, self.words, strict=True)
        ]
        for row in np.flatnonzero(done).tolist():
            self.places.setdefault(row, [written.shape[1] - 1])
        return torch.tensor(done, device=input_ids.device)


def keep(path: Path, ids: Sequence[str], rollouts: Sequence[Rollout], texts: Sequence[str], rewards: Sequence) -> None:
    """Writes rollouts to a Parquet file, complete or not at all."""
    rows = [
        {"id": id, "prompt": r.prompt, "response": r.response, "ended": r.ended, "text": text, "reward": reward}
        for id, r, text, reward in zip(ids, rollouts, texts, rewards, strict=True)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}")
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), partial, compression="zstd")
    os.replace(partial, path)


def kept(path: Path) -> tuple[list[Rollout], list[float | None]] | None:
    """Rollouts and rewards of a file that `keep` wrote, null where there is none."""
    if not path.exists():
        return None
    rows = pq.read_table(path, schema=SCHEMA).to_pylist()
    arrays = [Rollout(np.array(r["prompt"], np.int32), np.array(r["response"], np.int32), r["ended"]) for r in rows]
    return arrays, [row["reward"] for row in rows]
