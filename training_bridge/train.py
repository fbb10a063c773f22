"""Pretraining through the curriculum: one loop, on one process or on many, exact to the bit across interruptions."""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from transformers import PreTrainedTokenizerFast

from datagen.errors import UsageError
from training_bridge.batches import Batches, Mixture
from training_bridge.bits_per_byte import bits_per_byte
from training_bridge.config import CurriculumStage, TrainConfig
from training_bridge.distributed import Ranks, whole
from training_bridge.loop import Loop, reproducible
from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM
from training_bridge.metrics import read
from training_bridge.plot import curves
from training_bridge.trainer import Progress, Trainer

SAMPLE_TOKENS = 40
ROUNDING_ONLY = {"parallel", "checkpoint_every"}
"""Options that may change when a run goes on."""


@dataclass(frozen=True)
class Result:
    """`bits_per_byte` is by stage name, then by held-out label, at the end of that stage."""

    model: Path
    metrics: Path
    curves: Path
    timings: Path
    steps: int
    tokens: int
    skipped: int
    bits_per_byte: dict[str, dict[str, float]]

    @staticmethod
    def of(out: Path, work: Path) -> "Result":
        """Of a finished run, from its files."""
        rows = read(out / "metrics.jsonl")
        return Result(
            model=out / "model",
            metrics=out / "metrics.jsonl",
            curves=out / "curves.svg",
            timings=work / "timings.jsonl",
            steps=rows[-1]["step"],
            tokens=rows[-1]["tokens"],
            skipped=sum(row.get("skipped", False) for row in rows),
            bits_per_byte={row["stage"]: row["bits_per_byte"] for row in rows if "bits_per_byte" in row},
        )


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

    `data` holds one table of `packing.PACKED_SCHEMA` per curriculum name that a stage reads, its rows no longer than
    that stage's `sequence_length`; rows are drawn without replacement in an order that depends on seed, stage and epoch
    alone. `heldout` holds texts per label (a language, a department); their bits per byte are measured at
    each stage's end. `work` keeps the last two checkpoints and the running metrics: after a kill at any
    moment, the same call goes on from the last checkpoint. `out` is written at the end, bit for bit the same
    whether or not the run was interrupted: `model/` (safetensors, config, generation config, tokenizer),
    `metrics.jsonl` and `curves.svg`. Clock readings are in `work/timings.jsonl` and, with the metrics, as TensorBoard
    events in `work/tensorboard`. `on_step` sees each step's metrics together with its clock fields.

    Where torch.distributed is initialised every rank makes the same call, and they share the work: `data` is the
    same on all, `work` and `out` are folders that all see, and the first rank writes and reports. The result differs
    from one process's by rounding; a run may go on with another number of ranks.

    A metrics row per step: step, stage, loss (nats per token), lr, grad_norm (before clipping), skipped,
    tokens. A row per stage end: step, stage, tokens, bits_per_byte, samples. Loss and norm are null where they were not
    finite. A skipped step consumes its data and its share of the schedule; weights and moments stay as they are.

    Raises UsageError when data, tokenizer, architecture and ranks don't fit each other, or when `work` belongs to
    another run; FloatingPointError when the gradients stay non-finite.
    """
    ranks = Ranks.here()
    _check(config, architecture, data, tokenizer, heldout, ranks)
    streams, contents = _streams(config, architecture, data)
    run = _fingerprint(config, architecture, contents, tokenizer, heldout)
    with reproducible(config.threads, config.seed):
        trainer = Trainer(config, architecture, ranks)
        loop = Loop(trainer, work, run, on_step=on_step)
        progress = trainer.progress
        while progress.stage < len(config.stages):
            stage, stream = config.stages[progress.stage], streams[progress.stage]
            trainer.enter(stage)
            take, more = partial(trainer.step, stage, stream), partial(_unfinished, progress, stage)
            while more():
                loop.step(take, more)
            complete = whole(trainer.model, ranks)
            if loop.log:
                measured = _measure(complete, config, stage, tokenizer, heldout)
                loop.log.stage_end({"step": progress.step, "stage": stage.name, "tokens": progress.tokens, **measured})
            progress.stage += 1
            progress.stage_tokens = progress.stage_sequences = 0
            loop.save()
        # Not left to the loop: a run killed while exporting has no stage left to enter.
        trainer.enter(config.stages[-1])
        complete = whole(trainer.model, ranks)
        if loop.log:
            loop.log.close()
            _export(complete, tokenizer, work / "metrics.jsonl", out)
        ranks.barrier()
    return Result.of(out, work)


def _unfinished(progress: Progress, stage: CurriculumStage) -> bool:
    return progress.stage_tokens < stage.tokens


def _streams(
    config: TrainConfig, architecture: BaichuanM1Config, data: Mapping[str, pa.Table]
) -> tuple[list[Mixture], list[str]]:
    """Each stage's sequences, and digests of what they are drawn from."""
    streams, digests = [], []
    for number, stage in enumerate(config.stages):
        parts = {
            name: Batches(
                data[name],
                sequence_length=stage.sequence_length,
                vocab_size=architecture.vocab_size,
                seed=(config.seed, number, place),
            )
            for place, name in enumerate(stage.shares)
        }
        streams.append(Mixture(parts, stage.shares, seed=(config.seed, number)))
        digests += [part.sha256 for part in parts.values()]
    return streams, digests


def _measure(
    model: BaichuanM1ForCausalLM,
    config: TrainConfig,
    stage: CurriculumStage,
    tokenizer: PreTrainedTokenizerFast,
    heldout: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """Held-out bits per byte, and how the model goes on from the prompts (greedily)."""
    model.eval()
    with torch.compiler.set_stance("force_eager"):
        bits = bits_per_byte(model, tokenizer, heldout, sequence_length=stage.sequence_length)
        samples = {}
        for prompt in config.prompts:
            inputs = tokenizer(prompt, return_tensors="pt").to(model.device)
            written = model.generate(**inputs, max_new_tokens=SAMPLE_TOKENS, do_sample=False)
            samples[prompt] = tokenizer.decode(written[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    model.train()
    return {"bits_per_byte": bits, "samples": samples}


def _check(
    config: TrainConfig,
    architecture: BaichuanM1Config,
    data: Mapping[str, pa.Table],
    tokenizer: PreTrainedTokenizerFast,
    heldout: Mapping[str, Sequence[str]],
    ranks: Ranks,
) -> None:
    read = {name for stage in config.stages for name in stage.shares}
    if set(data) != read:
        raise UsageError(f"the stages read {', '.join(sorted(read))}, the data is for {', '.join(sorted(data))}")
    if len(tokenizer) > architecture.vocab_size:
        raise UsageError(f"the tokenizer has {len(tokenizer)} tokens, the model {architecture.vocab_size}")
    for kind in ("pad_token_id", "bos_token_id", "eos_token_id"):
        if getattr(tokenizer, kind) != getattr(architecture, kind):
            raise UsageError(f"{kind}: tokenizer {getattr(tokenizer, kind)}, model {getattr(architecture, kind)}")
    for label, texts in heldout.items():
        if not any(texts):
            raise UsageError(f"there is no held-out text for {label!r}")
    longest = max(stage.sequence_length for stage in config.stages)
    if longest > architecture.max_position_embeddings:
        raise UsageError(
            f"sequence_length {longest} exceeds the model's {architecture.max_position_embeddings} positions"
        )
    if config.batch_tokens % (config.micro_batch_tokens * ranks.world):
        raise UsageError(
            f"batch_tokens {config.batch_tokens} is not a multiple of micro_batch_tokens "
            f"{config.micro_batch_tokens} on {ranks.world} ranks"
        )


def _fingerprint(
    config: TrainConfig,
    architecture: BaichuanM1Config,
    contents: Sequence[str],
    tokenizer: PreTrainedTokenizerFast,
    heldout: Mapping[str, Sequence[str]],
) -> str:
    """sha256 of all that decides the result, but for rounding over ranks."""
    parts = [
        config.model_dump_json(exclude=ROUNDING_ONLY),
        architecture.to_json_string(use_diff=False),
        *contents,
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
    (out / "curves.svg").write_text(curves(read(metrics)), "utf-8")
    shutil.copyfile(metrics, out / "metrics.jsonl")


if __name__ == "__main__":
    from training_bridge.launch import main

    if len(sys.argv) != 2:
        sys.exit("usage: python (or torchrun) -m training_bridge.train TRAINING.yaml")
    main(sys.argv[1])
