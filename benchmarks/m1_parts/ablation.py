"""The convolution on real medical text: bits per byte on held-out text after equal steps of the same data, for M1, M1
without its convolution and the Llama nearest in shape; three seeds each, and one run each at ten times the learning
rate. The rate is that of RATES at which the Llama's first seed ends lowest.

2M parameters, English and Chinese, 1,200,000 tokens in 1,170 steps, WSD with a fifth to decay. Finished runs are
kept in CACHE (environment, /tmp/m1-bench), so that a stopped ablation goes on; RUNS (2) go at a time, one thread each.
Targets: convolution lower on every seed; the Llama's last figure reached with at most 0.9 of its tokens; at ten times
the rate the plain models diverge or are worse.
"""

import json
import multiprocessing
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.m1_parts._models import adamw, llama_like, without_convolution
from benchmarks.training._texts import medical
from training_bridge.batches import IGNORED, Batches, assemble
from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM
from training_bridge.packing import pack
from training_bridge.schedule import wsd
from training_bridge.tokenizer import encode_documents, train_tokenizer

VOCABULARY, LENGTH, ROWS, TOKENS, EVALUATE = 2048, 256, 4, 1_200_000, 120_000
RATES, SEEDS = (3.5e-4, 7e-4, 1.4e-3, 2.8e-3), (0, 1, 2)
MODELS = ("M1", "M1, no convolution", "Llama")
HELD_OUT = 40
"""Texts per language."""


def measure(data: Path) -> None:
    cache = Path(os.environ.get("CACHE", "/tmp/m1-bench"))
    cache.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(int(os.environ.get("RUNS", 2)), maxtasksperchild=1) as pool:
        pilots = [(data, cache, "Llama", 0, rate) for rate in RATES]
        ends = [curve[-1][1] for curve in pool.imap(once, pilots, chunksize=1)]
        print("Llama by rate: " + ", ".join(f"{rate:g} {end:.4f}" for rate, end in zip(RATES, ends, strict=True)))
        rate = RATES[ends.index(min(ends))]
        jobs = [(data, cache, model, seed, rate) for seed in SEEDS for model in MODELS]
        jobs += [(data, cache, model, 0, 10 * rate) for model in MODELS]
        found = {job[2:]: curve for job, curve in zip(jobs, pool.imap(once, jobs, chunksize=1), strict=True)}
    print(f"{'model':<20}{'rate':>7}" + "".join(f"{f'seed {seed}':>9}" for seed in SEEDS))
    for used in (rate, 10 * rate):
        for model in MODELS:
            cells = [found.get((model, seed, used)) for seed in SEEDS]
            print(f"{model:<20}{used:>7g}" + "".join(f"{c[-1][1]:>9.4f}" for c in cells if c))
    shares = [_reached(found["M1", seed, rate], found["Llama", seed, rate][-1][1]) for seed in SEEDS]
    print("share of its tokens at which M1 is where Llama ends: " + ", ".join(f"{share:.2f}" for share in shares))


def _reached(curve: list[list[float]], bits: float) -> float:
    """By interpolation between evaluations; above 1 where it never is."""
    for (before, high), (after, low) in pairwise(curve):
        if low <= bits:
            return (before + (after - before) * (high - bits) / (high - low)) / curve[-1][0]
    return float("inf")


def once(job: tuple[Path, Path, str, int, float]) -> list[list[float]]:
    """One run: [tokens, bits per byte] at each evaluation."""
    data, cache, name, seed, rate = job
    file = cache / f"{name.replace(', ', '-').replace(' ', '-')}-{seed}-{rate}-{TOKENS}.json"
    if file.exists():
        return json.loads(file.read_text())
    torch.set_num_threads(1)
    texts = medical(data)
    tokenizer = train_tokenizer([t for learn, _ in texts.values() for t in learn[::8]], VOCABULARY)
    documents = encode_documents(tokenizer, [t for learn, _ in texts.values() for t in learn])
    held = [text for _, found in texts.values() for text in found[:HELD_OUT]]
    held_rows = Batches(_table(encode_documents(tokenizer, held)), **_shape(tokenizer, 0))
    stream = Batches(_table(documents), **_shape(tokenizer, seed))
    torch.manual_seed(seed)
    model = _model(name, len(tokenizer))
    optimizer = adamw(model, rate)
    curve, seen, step = [], 0, 0
    while seen < TOKENS:
        rows = stream.rows(step * ROWS, ROWS)
        step += 1
        before, seen = seen, seen + sum(len(ids) for ids, _ in rows)
        for group in optimizer.param_groups:
            group["lr"] = wsd(
                seen,
                peak=rate,
                final=rate / 20,
                warmup_tokens=TOKENS // 20,
                decay_start=TOKENS * 4 // 5,
                total_tokens=TOKENS,
            )
        _loss(model, rows, "mean").backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.grad is not None], 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if before // EVALUATE < seen // EVALUATE or seen >= TOKENS:
            curve.append([seen, _bits(model, held_rows, held)])
    file.write_text(json.dumps(curve))
    return curve


def _model(name: str, vocabulary: int) -> torch.nn.Module:
    config = BaichuanM1Config.preset("2m", vocab_size=vocabulary)
    if name == "Llama":
        return llama_like(config).train()
    model = BaichuanM1ForCausalLM(config).train()
    return model if name == "M1" else without_convolution(model)


def _table(documents: list[np.ndarray]):
    return pack(documents, LENGTH, "general")[0]


def _shape(tokenizer, seed: int) -> dict:
    return {"sequence_length": LENGTH, "vocab_size": len(tokenizer), "seed": (seed,)}


def _loss(model: torch.nn.Module, rows: list, reduction: str) -> torch.Tensor:
    """Packed documents are apart for both: M1 reads restarting positions, so does Llama's mask."""
    batch = assemble(rows, LENGTH, 0)
    logits = model(batch.input_ids, position_ids=batch.position_ids, use_cache=False).logits
    return F.cross_entropy(logits.flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORED, reduction=reduction)


@torch.no_grad()
def _bits(model: torch.nn.Module, rows: Batches, texts: list[str]) -> float:
    nats = sum(_loss(model, rows.rows(n, min(8, len(rows) - n)), "sum").item() for n in range(0, len(rows), 8))
    return nats / np.log(2) / sum(len(text.encode()) for text in texts)
