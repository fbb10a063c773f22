"""The tiny trainings: side by side on Ray, each with its result in a file, so that none is ever made twice."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training_bridge.mixture.corpus import Corpus
from training_bridge.mixture.plan import Plan

CURRICULUM = "general"
WARMUP = 0.05
FINAL_LR = 0.05
PROBE_STEPS = 12


@dataclass(frozen=True)
class Job:
    """One training: its name within the search, mixture and seed."""

    name: str
    weights: tuple[float, ...]
    seed: int


@dataclass(frozen=True)
class Ran:
    """What a job gave: held-out bits per byte by group, and what it took."""

    job: Job
    bits_per_byte: Mapping[str, float]
    tokens: int
    seconds: float

    def loss(self, objective: Mapping[str, float]) -> float:
        return sum(weight * self.bits_per_byte[name] for name, weight in objective.items())


def parameters(plan: Plan) -> int:
    """Of the tiny model."""
    import torch

    from training_bridge.m1 import BaichuanM1ForCausalLM

    with torch.device("meta"):
        return sum(p.numel() for p in BaichuanM1ForCausalLM(_architecture(plan, plan.vocabulary)).parameters())


def run_all(
    jobs: Sequence[Job], plan: Plan, corpus: Corpus, folder: Path, say: Callable[[str], None]
) -> dict[str, Ran]:
    """Every job's result by name: from the folder, or trained now, as many at once as Ray has CPUs."""
    import ray

    found = {job.name: ran for job in jobs if (ran := _kept(job, plan, corpus, folder)) is not None}
    missing = [job for job in jobs if job.name not in found]
    train_one = ray.remote(num_cpus=1, max_retries=2)(_train)
    waiting = {train_one.remote(job, plan, corpus, folder): job for job in missing}
    while waiting:
        (done,), _ = ray.wait(list(waiting), num_returns=1)
        job = waiting.pop(done)
        ray.get(done)
        found[job.name] = _kept(job, plan, corpus, folder)
        say(f"{len(found)} of {len(jobs)} runs, the last in {found[job.name].seconds:.0f} s")
    return {job.name: found[job.name] for job in jobs}


def speed(plan: Plan, corpus: Corpus, folder: Path) -> float:
    """Tokens a second of one run on one CPU here, by a few steps."""
    from statistics import median

    weights = np.full(len(corpus.groups), 1 / len(corpus.groups))
    speeds: list[float] = []
    tokens = min(plan.tokens, PROBE_STEPS * plan.batch_tokens)
    _fit(plan, corpus, weights, tokens, plan.seed, folder / "probe", lambda m: speeds.append(m["tokens_per_second"]))
    shutil.rmtree(folder / "probe", ignore_errors=True)
    return median(speeds[len(speeds) // 3 :])


def _train(job: Job, plan: Plan, corpus: Corpus, folder: Path) -> None:
    import time

    started = time.perf_counter()
    work = folder / "working" / job.name
    result = _fit(plan, corpus, np.array(job.weights), plan.tokens, job.seed, work)
    kept = {
        "key": _key(job, plan, corpus),
        "weights": job.weights,
        "seed": job.seed,
        "bits_per_byte": result.bits_per_byte[CURRICULUM],
        "tokens": result.tokens,
        "seconds": time.perf_counter() - started,
    }
    path = _path(job, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(kept, indent=1))
    os.replace(partial, path)
    shutil.rmtree(work, ignore_errors=True)


def _fit(
    plan: Plan,
    corpus: Corpus,
    weights: np.ndarray,
    tokens: int,
    seed: int,
    work: Path,
    on_step: Callable[[dict[str, Any]], None] | None = None,
) -> Any:
    from training_bridge.packing import pack

    table, _ = pack(corpus.draw(weights, tokens, seed), plan.sequence_length, CURRICULUM)
    return train_table(plan, table, corpus.folder / "tokenizer", corpus.heldout, seed, work, on_step)


def train_table(
    plan: Plan,
    table: Any,
    tokenizer: Path,
    heldout: Mapping[str, Sequence[str]],
    seed: int,
    work: Path,
    on_step: Callable[[dict[str, Any]], None] | None = None,
) -> Any:
    """Trains the plan's tiny model once over packed sequences; returns a `train.Result`."""
    from transformers import AutoTokenizer

    from training_bridge.config import CurriculumStage, TrainConfig
    from training_bridge.train import train

    opened = AutoTokenizer.from_pretrained(tokenizer)
    tokens = sum(map(len, table["input_ids"]))
    config = TrainConfig(
        stages=(CurriculumStage(name=CURRICULUM, tokens=tokens, sequence_length=plan.sequence_length),),
        batch_tokens=plan.batch_tokens,
        micro_batch_tokens=plan.batch_tokens,
        peak_lr=plan.peak_lr,
        final_lr=FINAL_LR * plan.peak_lr,
        warmup_tokens=int(WARMUP * tokens),
        guard="norm",
        seed=seed,
    )
    return train(
        config,
        _architecture(plan, len(opened)),
        {CURRICULUM: table},
        work / "out",
        work=work / "work",
        tokenizer=opened,
        heldout=heldout,
        on_step=on_step,
    )


def _architecture(plan: Plan, vocabulary: int) -> Any:
    from training_bridge.m1 import BaichuanM1Config

    return BaichuanM1Config.preset("2m", vocab_size=vocabulary, **plan.shape)


def _path(job: Job, folder: Path) -> Path:
    return folder / "runs" / f"{job.name}.json"


def _kept(job: Job, plan: Plan, corpus: Corpus, folder: Path) -> Ran | None:
    try:
        found = json.loads(_path(job, folder).read_text())
    except FileNotFoundError:
        return None
    if found["key"] != _key(job, plan, corpus):
        return None
    return Ran(job, found["bits_per_byte"], found["tokens"], found["seconds"])


def _key(job: Job, plan: Plan, corpus: Corpus) -> str:
    """What decides a run's result."""
    options = plan.model_dump(include={"tokens", "shape", "vocabulary", "sequence_length", "batch_tokens", "peak_lr"})
    return json.dumps([corpus.fingerprint, options, [round(w, 12) for w in job.weights], job.seed])
