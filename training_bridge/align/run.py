"""One method of alignment from a model to a model: exact to the bit across interruptions, as pretraining is."""

import hashlib
import json
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from transformers import AutoTokenizer

from datagen.errors import UsageError
from training_bridge.align.aligner import Aligner, Given, load, read_view
from training_bridge.align.config import AlignConfig, ELOConfig, PPOConfig, SFTConfig, TDPOConfig
from training_bridge.align.elo import ELO
from training_bridge.align.measure import SPLIT, measure
from training_bridge.align.page import page
from training_bridge.align.ppo import PPO
from training_bridge.align.reward import Judge, folder_sha256
from training_bridge.align.sft import SFT
from training_bridge.align.tdpo import TDPO
from training_bridge.distributed import Ranks
from training_bridge.loop import Loop, reproducible
from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM
from training_bridge.metrics import read
from training_bridge.progress import OnStep
from training_bridge.train import ROUNDING_ONLY

METHODS: dict[type[AlignConfig], type[Aligner]] = {SFTConfig: SFT, ELOConfig: ELO, TDPOConfig: TDPO, PPOConfig: PPO}
HISTORY = "alignment.json"
PAGE = "alignment.html"
MOST_DOCUMENTS = 10_000
MOST_STEPS = 500


@dataclass(frozen=True)
class Result:
    """`history` is `alignment.json`: an entry for the model that the first method began with, and one for each method
    since; `measured` is what `measure.measure` found of the model that came out."""

    model: Path
    metrics: Path
    page: Path
    steps: int
    tokens: int
    skipped: int
    history: list[dict[str, Any]]

    @property
    def measured(self) -> dict[str, Any]:
        return self.history[-1]["measured"]

    @staticmethod
    def of(out: Path) -> "Result":
        """Of a finished run, from its files."""
        rows = read(out / "metrics.jsonl")
        return Result(
            model=out / "model",
            metrics=out / "metrics.jsonl",
            page=out / PAGE,
            steps=rows[-1]["step"],
            tokens=rows[-1]["tokens"],
            skipped=sum(row["skipped"] for row in rows),
            history=json.loads((out / "model" / HISTORY).read_text("utf-8")),
        )


def align(
    config: AlignConfig,
    model: Path,
    pairs: Path,
    out: Path,
    *,
    work: Path,
    graph: Path | None = None,
    scorer: Path | None = None,
    documents: Path | None = None,
    on_step: OnStep | None = None,
) -> Result:
    """Aligns the Baichuan-M1 of the folder `model` by the method that `config` is of, and writes it to `out`.

    `pairs` is the folder of `reward_filter.pairs`; `graph` and `scorer` are what answers are judged by (see
    `reward.Judge`); `documents` is the folder of `training_bridge.pack`, whose texts SFT puts around questions. `work`
    keeps the last two checkpoints, running metrics, and every answer that was sampled (`rollouts/`); after a kill at
    any moment the same call goes on from there, and `out` is bit for bit what it would have been: `model/` (with
    `alignment.json`, what is known of every method so far), `metrics.jsonl` and `alignment.html`.

    As for `train`, where torch.distributed is initialised every rank makes the same call.

    Raises UsageError for a model that can't be aligned, answers that can't be judged, and a `work` that belongs to
    another run, DatagenError where there is nothing to learn from, and FloatingPointError when the gradients stay
    non-finite.
    """
    ranks = Ranks.here()
    tokenizer = _tokenizer(model)
    judge = Judge(graph, scorer)
    judge.require(read_view(pairs, "verifiable", SPLIT))
    run = _fingerprint(config, model, pairs, judge, documents)
    with reproducible(config.threads, config.seed):
        given = Given(
            model=model,
            pairs=pairs,
            rollouts=work / "rollouts" / run[:16],
            tokenizer=tokenizer,
            ranks=ranks,
            judge=judge,
            documents=_documents(documents, tokenizer) if documents else (),
        )
        aligner = METHODS[type(config)](config, given)
        loop = Loop(aligner, work, run, on_step=on_step)
        while aligner.more:
            loop.step(aligner.step, lambda: aligner.more)
            if not aligner.more:
                loop.save()
        complete = aligner.finished()
        if loop.log:
            loop.log.close()
            _export(complete.eval(), config, given, aligner, work / "metrics.jsonl", out)
        ranks.barrier()
    return Result.of(out)


def _tokenizer(model: Path) -> Any:
    try:
        config = BaichuanM1Config.from_pretrained(model)
        tokenizer = AutoTokenizer.from_pretrained(model)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{model} has no model that transformers can load: {type(error).__name__}",
            "give the folder of a Baichuan-M1",
        ) from None
    if config.model_type != "baichuan_m1":
        raise UsageError(f"{model} is a {config.model_type}, not a baichuan_m1", "align other models with their tools")
    return tokenizer


def _documents(tokens: Path, tokenizer: Any) -> list[np.ndarray]:
    """Whole documents that were packed, without the tokens that begin and end them."""
    found: list[np.ndarray] = []
    whole = (tokenizer.bos_token_id, tokenizer.eos_token_id)
    for file in sorted((tokens / "sequences").rglob("*.parquet")):
        for batch in pq.ParquetFile(file).iter_batches(1024, columns=["input_ids", "document_lengths"]):
            for row in batch.to_pylist():
                pieces = np.split(np.array(row["input_ids"], np.int32), np.cumsum(row["document_lengths"])[:-1])
                # A piece of a longer document lacks its beginning or its end.
                found += [p[1:-1] for p in pieces if len(p) > 2 and (p[0], p[-1]) == whole]
                if len(found) >= MOST_DOCUMENTS:
                    return found[:MOST_DOCUMENTS]
    return found


def _fingerprint(config: AlignConfig, model: Path, pairs: Path, judge: Judge, documents: Path | None) -> str:
    """sha256 of all that decides the result, but for rounding over ranks."""
    parts = [
        type(config).__name__,
        config.model_dump_json(exclude=ROUNDING_ONLY),
        folder_sha256(model),
        folder_sha256(pairs),
        judge.sha256(),
        folder_sha256(documents) if documents else "",
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _export(
    model: BaichuanM1ForCausalLM, config: AlignConfig, given: Given, aligner: Aligner, metrics: Path, out: Path
) -> None:
    if (out / "model").exists():
        shutil.rmtree(out / "model")
    out.mkdir(parents=True, exist_ok=True)
    before = given.model / HISTORY
    if before.exists():
        history = json.loads(before.read_text("utf-8"))
    else:
        start = load(given.model).eval().to(model.device)
        history = [
            {"method": "start", "options": {}, "data": {}, "steps": [], "measured": measure(start, config, given)}
        ]
    history.append(
        {
            "method": aligner.name,
            "options": config.model_dump(mode="json"),
            "data": aligner.data,
            "steps": _thinned(read(metrics)),
            "measured": measure(model, config, given),
        }
    )
    model.save_pretrained(out / "model")
    given.tokenizer.save_pretrained(out / "model")
    (out / "model" / HISTORY).write_text(json.dumps(history, ensure_ascii=False, indent=1), "utf-8")
    (out / PAGE).write_text(page(history), "utf-8")
    shutil.copyfile(metrics, out / "metrics.jsonl")


def _thinned(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most so many, evenly spread, the last among them; metrics.jsonl has all."""
    return rows[:: -math.ceil(len(rows) / MOST_STEPS)][::-1]
