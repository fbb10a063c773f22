"""Ways to treat the same data, each trained with equal tokens and the same seeds, and the differences between them."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pyarrow as pa
import ray
from scipy.stats import t

from training_bridge.mixture.plan import Plan
from training_bridge.mixture.runs import CURRICULUM, train_table
from training_bridge.packing import PACKED_SCHEMA, pack
from training_bridge.tokenizer import encode_documents, train_tokenizer

TOKENIZER_BYTES = 6_000_000


@dataclass(frozen=True)
class Arm:
    """Texts, how often each is read in an epoch, and whether they are chopped at the ends of sequences."""

    name: str
    texts: Sequence[str]
    weights: Sequence[int] | None = None
    chopped: bool = False


def compare(claim: str, arms: Sequence[Arm], heldout: Mapping[str, Sequence[str]], plan: Plan, folder: Path) -> None:
    """Trains every arm with every seed, prints the mean bits per byte over the held-out labels, and each arm's
    difference from the first, paired by seed, with its 95 % interval. Goes on from the results of the same plan in
    `folder`."""
    from transformers import AutoTokenizer

    folder = folder / claim / hashlib.sha256(plan.model_dump_json().encode()).hexdigest()[:12]
    if not (folder / "tokenizer").exists():
        train_tokenizer(_some(arms), plan.vocabulary).save_pretrained(folder / "tokenizer")
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    encoded = {text: ids for text, ids in _encoded(tokenizer, arms)}
    jobs = {}
    for arm in arms:
        documents = [encoded[text] for text in arm.texts]
        weights = arm.weights or [1] * len(documents)
        for seed in range(plan.seeds):
            path = folder / f"{arm.name.replace(' ', '-')}-{seed}.json"
            if not path.exists():
                table = _table(documents, weights, plan, seed, arm.chopped)
                jobs[_train.remote(plan, table, folder / "tokenizer", dict(heldout), seed, path)] = path
    while jobs:
        (done,), _ = ray.wait(list(jobs), num_returns=1)
        ray.get(done)
        print(f"{jobs.pop(done).stem}: done", flush=True)
    _tell(claim, arms, plan, folder)


def _tell(claim: str, arms: Sequence[Arm], plan: Plan, folder: Path) -> None:
    found = {
        arm.name: [
            mean(json.loads((folder / f"{arm.name.replace(' ', '-')}-{seed}.json").read_text()).values())
            for seed in range(plan.seeds)
        ]
        for arm in arms
    }
    print(f"\n{claim}: {plan.tokens:,} tokens, {plan.seeds} seeds, bits per byte of held-out text")
    print("| arm | texts | mean | against the first, 95 % interval | verdict |\n|---|---|---|---|---|")
    for arm in arms:
        gaps = [a - b for a, b in zip(found[arm.name], found[arms[0].name], strict=True)]
        middle = mean(gaps)
        half = float(t.ppf(0.975, len(gaps) - 1)) * stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else float("nan")
        verdict = "-" if arm is arms[0] else "lower" if middle + half < 0 else "higher" if middle - half > 0 else "open"
        interval = f"{middle:+.4f} ({middle - half:+.4f} to {middle + half:+.4f})" if arm is not arms[0] else "-"
        print(f"| {arm.name} | {len(arm.texts):,} | {mean(found[arm.name]):.4f} | {interval} | {verdict} |")


def _some(arms: Sequence[Arm]) -> list[str]:
    """Text of all arms alike, for the tokenizer that they share."""
    texts = sorted(
        {text for arm in arms for text in arm.texts}, key=lambda text: hashlib.sha256(text.encode()).digest()
    )
    ends = np.cumsum([len(text.encode()) for text in texts])
    return texts[: int(np.searchsorted(ends, TOKENIZER_BYTES)) + 1]


def _encoded(tokenizer, arms: Sequence[Arm]):
    texts = list(dict.fromkeys(text for arm in arms for text in arm.texts))
    return zip(texts, encode_documents(tokenizer, texts), strict=True)


def _table(documents: list[np.ndarray], weights: Sequence[int], plan: Plan, seed: int, chopped: bool) -> pa.Table:
    """Sequences of `plan.tokens` tokens: epochs of the documents, each as often as its weight, in random order."""
    rng = np.random.default_rng([seed, 77])
    epoch = np.repeat(np.arange(len(documents)), weights)
    drawn, tokens = [], 0
    while tokens < plan.tokens:
        for place in rng.permutation(epoch):
            drawn.append(documents[place])
            tokens += len(documents[place])
            if tokens >= plan.tokens:
                break
    if not chopped:
        return pack(drawn, plan.sequence_length, CURRICULUM)[0]
    return _chopped(drawn, plan.sequence_length)


def _chopped(documents: list[np.ndarray], length: int) -> pa.Table:
    """The documents one after another, cut wherever a sequence is full; a piece sees nothing of another."""
    stream = np.concatenate(documents)
    ends = np.cumsum([len(d) for d in documents])
    rows = []
    for start in range(0, len(stream), length):
        stop = min(start + length, len(stream))
        cuts = [start, *ends[(ends > start) & (ends < stop)].tolist(), stop]
        rows.append({"input_ids": stream[start:stop], "document_lengths": np.diff(cuts), "curriculum": CURRICULUM})
    return pa.Table.from_pylist(rows, PACKED_SCHEMA)


@ray.remote(num_cpus=1, max_retries=2)
def _train(plan: Plan, table: pa.Table, tokenizer: Path, heldout: dict, seed: int, path: Path) -> None:
    import shutil

    work = path.with_suffix(".working")
    result = train_table(plan, table, tokenizer, heldout, seed, work)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(result.bits_per_byte[CURRICULUM]))
    os.replace(partial, path)
    shutil.rmtree(work, ignore_errors=True)
