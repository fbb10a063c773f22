"""Pretraining through the curriculum: one loop on one process, exact to the bit across interruptions."""

import copy
import hashlib
import json
import math
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from torch.nn import functional as F
from transformers import PreTrainedTokenizerFast

from training_bridge import checkpoint
from training_bridge.batches import IGNORED, Batches, assemble
from training_bridge.bits_per_byte import bits_per_byte
from training_bridge.config import CurriculumStage, TrainConfig
from training_bridge.guard import GradientGuard
from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM
from training_bridge.metrics import JsonLines, read
from training_bridge.schedule import wsd


@dataclass
class Progress:
    """Where a run stands; with weights, moments and guard all there is to resume."""

    step: int = 0
    tokens: int = 0
    stage: int = 0
    stage_tokens: int = 0
    stage_sequences: int = 0


@dataclass(frozen=True)
class Result:
    """`bits_per_byte` is by stage name, then by held-out label, at the end of that stage."""

    model: Path
    metrics: Path
    timings: Path
    steps: int
    tokens: int
    skipped: int
    bits_per_byte: dict[str, dict[str, float]]


def train(
    config: TrainConfig,
    architecture: BaichuanM1Config,
    data: Mapping[str, pa.Table],
    out: Path,
    *,
    work: Path,
    tokenizer: PreTrainedTokenizerFast,
    heldout: Mapping[str, Sequence[str]],
    on_step: Callable[[dict[str, Any]], None] | None = None,
) -> Result:
    """Trains a Baichuan-M1 from scratch through `config.stages` and writes it to `out`.

    `data` holds one table of `packing.PACKED_SCHEMA` per stage name, its rows no longer than the stage's
    `sequence_length`; rows are drawn without replacement in an order that depends on seed, stage and epoch
    alone. `heldout` holds texts per label (a language, a department); their bits per byte are measured at
    each stage's end. `work` keeps the last two checkpoints and the running metrics: after a kill at any
    moment, the same call goes on from the last checkpoint. `out` is written at the end, bit for bit the same
    whether or not the run was interrupted: `model/` (safetensors, config, generation config, tokenizer) and
    `metrics.jsonl`. Clock readings are in `work/timings.jsonl` only. `on_step` sees each step's metrics
    together with its clock fields.

    A metrics row per step: step, stage, loss (nats per token), lr, grad_norm (before clipping), skipped,
    tokens. A row per stage end: step, stage, tokens, bits_per_byte. Loss and norm are null where they were not finite.
    A skipped step consumes its data and its
    share of the schedule; weights and moments stay as they are.

    Raises ValueError when data, tokenizer and architecture don't fit each other, or when `work` belongs to
    another run; FloatingPointError when the gradients stay non-finite.
    """
    _check(config, architecture, data, tokenizer, heldout)
    streams = [
        Batches(
            data[stage.name],
            sequence_length=stage.sequence_length,
            vocab_size=architecture.vocab_size,
            pad=tokenizer.pad_token_id,
            seed=(config.seed, number),
        )
        for number, stage in enumerate(config.stages)
    ]
    run = _fingerprint(config, architecture, streams, tokenizer, heldout)
    with _threads(config.threads), torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = BaichuanM1ForCausalLM(copy.deepcopy(architecture)).train()
        optimizer = _adamw(model, config)
        guard = GradientGuard()
        progress = Progress()
        checkpoints = work / "checkpoints"
        checkpoints.mkdir(parents=True, exist_ok=True)
        state = checkpoint.load_latest(checkpoints, model, optimizer)
        if state is not None:
            if state["run"] != run:
                raise ValueError(f"{work} holds the checkpoints of another run (options, data or tokenizer differ)")
            progress = Progress(**state["progress"])
            guard.load_state_dict(state["guard"])
        sizes = state["sizes"] if state else {"metrics": 0, "timings": 0}
        metrics = JsonLines(work / "metrics.jsonl", sizes["metrics"])
        timings = JsonLines(work / "timings.jsonl", sizes["timings"])

        def save() -> None:
            state = {
                "run": run,
                "progress": asdict(progress),
                "guard": guard.state_dict(),
                "sizes": {"metrics": metrics.sync(), "timings": timings.sync()},
            }
            checkpoint.save(checkpoints, progress.step, model, optimizer, state)

        while progress.stage < len(config.stages):
            stage, stream = config.stages[progress.stage], streams[progress.stage]
            # All that a new stage changes: data, length and RoPE base. Weights and moments go on.
            model.config.rope_theta = stage.rope_theta
            while progress.stage_tokens < stage.tokens:
                started = time.perf_counter()
                before = progress.tokens
                row = _step(config, stage, stream, model, optimizer, guard, progress)
                seconds = time.perf_counter() - started
                clock = {"seconds": seconds, "tokens_per_second": (progress.tokens - before) / seconds}
                metrics.write(row)
                timings.write({"step": progress.step, **clock})
                if on_step is not None:
                    on_step(row | clock)
                if progress.step % config.checkpoint_every == 0 and progress.stage_tokens < stage.tokens:
                    save()
            bits = {
                label: bits_per_byte(model, tokenizer, texts, sequence_length=stage.sequence_length)
                for label, texts in heldout.items()
            }
            metrics.write(
                {"step": progress.step, "stage": stage.name, "tokens": progress.tokens, "bits_per_byte": bits}
            )
            progress.stage += 1
            progress.stage_tokens = progress.stage_sequences = 0
            save()
        metrics.close()
        timings.close()
        # Not left to the loop: a run killed while exporting has no stage left to set it.
        model.config.rope_theta = config.stages[-1].rope_theta
        _export(model, tokenizer, work / "metrics.jsonl", out)

    rows = read(out / "metrics.jsonl")
    return Result(
        model=out / "model",
        metrics=out / "metrics.jsonl",
        timings=work / "timings.jsonl",
        steps=progress.step,
        tokens=progress.tokens,
        skipped=sum(row.get("skipped", False) for row in rows),
        bits_per_byte={row["stage"]: row["bits_per_byte"] for row in rows if "bits_per_byte" in row},
    )


def _step(
    config: TrainConfig,
    stage: CurriculumStage,
    stream: Batches,
    model: BaichuanM1ForCausalLM,
    optimizer: torch.optim.Optimizer,
    guard: GradientGuard,
    progress: Progress,
) -> dict[str, Any]:
    """One optimizer step; advances `progress` and returns the metrics row."""
    rows = stream.rows(progress.stage_sequences, config.batch_tokens // stage.sequence_length)
    micro = config.micro_batch_tokens // stage.sequence_length
    batches = [assemble(rows[i : i + micro], stage.sequence_length, stream.pad) for i in range(0, len(rows), micro)]
    # The mean is over the whole batch's targets, so that accumulation changes nothing.
    targets = max(1, sum(int((batch.targets != IGNORED).sum()) for batch in batches))
    loss = 0.0
    for batch in batches:
        logits = model(batch.input_ids, position_ids=batch.position_ids, use_cache=False).logits
        part = F.cross_entropy(
            logits.flatten(0, 1).float(), batch.targets.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        part = part / targets
        part.backward()
        loss += part.item()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), config.max_grad_norm).item()

    tokens = sum(len(ids) for ids, _ in rows)
    guarded = config.guard_tokens is None or progress.tokens < config.guard_tokens
    progress.step += 1
    progress.tokens += tokens
    progress.stage_tokens += tokens
    progress.stage_sequences += len(rows)
    lr = wsd(
        progress.tokens,
        peak=config.peak_lr,
        final=config.final_lr,
        warmup_tokens=config.warmup_tokens,
        decay_start=config.decay_start,
        total_tokens=config.total_tokens,
    )
    applied = guard.accept(norm, may_skip=guarded)
    if applied:
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.step()
    optimizer.zero_grad()
    return {
        "step": progress.step,
        "stage": stage.name,
        "loss": _finite(loss),
        "lr": lr,
        "grad_norm": _finite(norm),
        "skipped": not applied,
        "tokens": progress.tokens,
    }


def _finite(value: float) -> float | None:
    """JSON has no NaN."""
    return value if math.isfinite(value) else None


def _adamw(model: BaichuanM1ForCausalLM, config: TrainConfig) -> torch.optim.AdamW:
    """Matrices decay. Norms and taps don't, nor does the head: its rows are normalised, so that decay would
    only raise its effective learning rate (our choice, the report does not say).
    """
    decayed, kept = [], []
    for name, parameter in model.named_parameters():
        (decayed if parameter.ndim == 2 and name != "lm_head.weight" else kept).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": kept, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.peak_lr, betas=config.betas, fused=True)


def _check(
    config: TrainConfig,
    architecture: BaichuanM1Config,
    data: Mapping[str, pa.Table],
    tokenizer: PreTrainedTokenizerFast,
    heldout: Mapping[str, Sequence[str]],
) -> None:
    names = [stage.name for stage in config.stages]
    if sorted(data) != sorted(names):
        raise ValueError(f"the stages are {', '.join(names)}, the data is for {', '.join(sorted(data))}")
    if len(tokenizer) > architecture.vocab_size:
        raise ValueError(f"the tokenizer has {len(tokenizer)} tokens, the model {architecture.vocab_size}")
    for kind in ("pad_token_id", "bos_token_id", "eos_token_id"):
        if getattr(tokenizer, kind) != getattr(architecture, kind):
            raise ValueError(f"{kind}: tokenizer {getattr(tokenizer, kind)}, model {getattr(architecture, kind)}")
    for label, texts in heldout.items():
        if not any(texts):
            raise ValueError(f"there is no held-out text for {label!r}")
    longest = max(stage.sequence_length for stage in config.stages)
    if longest > architecture.max_position_embeddings:
        raise ValueError(
            f"sequence_length {longest} exceeds the model's {architecture.max_position_embeddings} positions"
        )


def _fingerprint(
    config: TrainConfig,
    architecture: BaichuanM1Config,
    streams: Sequence[Batches],
    tokenizer: PreTrainedTokenizerFast,
    heldout: Mapping[str, Sequence[str]],
) -> str:
    """sha256 of all that decides the result."""
    parts = [
        config.model_dump_json(),
        architecture.to_json_string(use_diff=False),
        *(stream.sha256 for stream in streams),
        tokenizer.backend_tokenizer.to_str(),
        json.dumps({label: list(texts) for label, texts in heldout.items()}),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _export(model: BaichuanM1ForCausalLM, tokenizer: PreTrainedTokenizerFast, metrics: Path, out: Path) -> None:
    if (out / "model").exists():
        shutil.rmtree(out / "model")
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out / "model")
    tokenizer.save_pretrained(out / "model")
    shutil.copyfile(metrics, out / "metrics.jsonl")


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Sums over threads depend on their number, so a run fixes it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
