"""The ways to start a training: here, under torchrun, or on Ray with failure recovery. None adds to what `train` does.

datagen train TRAINING.yaml                                         one process
datagen train TRAINING.yaml --workers 4                             Ray Train; on a cluster: RAY_ADDRESS
torchrun --nproc-per-node 4 -m training_bridge.train TRAINING.yaml  torchrun, also over nodes
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from datagen.errors import DatagenError
from datagen.stated import read_folders, read_stated
from training_bridge.config import CurriculumStage, Run
from training_bridge.progress import OnStep, Reporter

PATIENCE = timedelta(hours=1)
"""Ranks wait for the first one while it measures, saves or exports."""
Execute = Callable[[dict[str, Any], OnStep | None], None]


def read_run(path: Path) -> Run:
    """A `config.Run` from YAML; relative paths are meant from the file's folder. Raises UsageError for a wrong one,
    and where there are no tokens."""
    return read_folders(path, read_stated(path, Run, "training"), "tokens")


def execute(run: Run, on_step: OnStep | None = None) -> Any:
    """Trains in this process, as one rank where torch.distributed is initialised; returns a `train.Result`.

    Raises DatagenError where `run.tokens` has nothing for a stage of the curriculum.
    """
    import pyarrow.parquet as pq
    from transformers import AutoTokenizer

    from training_bridge.m1 import BaichuanM1Config
    from training_bridge.train import train

    tokenizer = AutoTokenizer.from_pretrained(run.tokens / "tokenizer")
    heldout: dict[str, list[str]] = {}
    for row in pq.read_table(run.tokens / "heldout").to_pylist():
        heldout.setdefault(row["label"], []).append(row["text"])
    return train(
        run.config,
        BaichuanM1Config.preset(run.preset, vocab_size=len(tokenizer)),
        _sequences(run.tokens / "sequences", run.config.stages),
        run.out,
        work=run.work,
        tokenizer=tokenizer,
        heldout=heldout,
        on_step=on_step,
    )


def _sequences(folder: Path, stages: tuple[CurriculumStage, ...]) -> dict[str, Any]:
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    from training_bridge.packing import PACKED_SCHEMA

    packed = ds.dataset(folder, PACKED_SCHEMA)
    names = {name for stage in stages for name in stage.shares}
    data = {name: packed.to_table(filter=pc.field("curriculum") == name) for name in sorted(names)}
    empty = [name for name, rows in data.items() if not len(rows)]
    if empty:
        raise DatagenError(
            f"no packed sequences for the curriculum stage{'s' if len(empty) > 1 else ''} {', '.join(empty)}",
            "give rows a `curriculum` before packing, or leave these stages out of `stages` and mixtures",
        )
    return data


def fit(run: Run, workers: int, *, gpu: bool = False, max_failures: int = 3, on_step: OnStep | None = None) -> Any:
    """Trains on `workers` ranks of Ray Train; Ray must be up. When a worker dies all begin again and go on from the
    last checkpoint, up to `max_failures` times. `on_step` is pickled; it is called by the first rank.

    Each worker takes `threads` CPUs and, with `gpu`, a GPU. `run`'s folders must be the same on all nodes. Returns a
    `train.Result`; raises DatagenError when training has failed.
    """
    from training_bridge.train import Result

    fields, options = run.model_dump(mode="json"), {"gpu": gpu, "max_failures": max_failures}
    spread(_train, fields, workers, work=run.work, threads=run.config.threads, on_step=on_step, **options)
    return Result.of(run.out, run.work)


def spread(
    execute: Execute,
    fields: dict[str, Any],
    workers: int,
    *,
    work: Path,
    threads: int,
    gpu: bool,
    max_failures: int,
    on_step: OnStep | None,
) -> None:
    """Calls `execute(fields, on_step)`, a function of a module, on each of `workers` ranks, as `fit` says."""
    from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError
    from ray.train.torch import TorchConfig, TorchTrainer

    trainer = TorchTrainer(
        partial(_rank, execute, on_step),
        train_loop_config=fields,
        torch_config=TorchConfig(backend="nccl" if gpu else "gloo", timeout_s=int(PATIENCE.total_seconds())),
        scaling_config=ScalingConfig(
            num_workers=workers, use_gpu=gpu, resources_per_worker={"CPU": threads, "GPU": int(gpu)}
        ),
        run_config=RunConfig(
            name="train",
            storage_path=str(work / "ray"),
            failure_config=FailureConfig(max_failures=max_failures),
        ),
    )
    try:
        trainer.fit()
    except TrainingFailedError as error:
        raise DatagenError(
            f"training failed on {workers} workers: {str(error).splitlines()[0]}",
            "run the same command again: it goes on from the last checkpoint",
        ) from error


def _train(fields: dict[str, Any], on_step: OnStep | None) -> None:
    execute(Run.model_validate(fields), on_step)


def _rank(execute: Execute, on_step: OnStep | None, fields: dict[str, Any]) -> None:
    import torch
    from ray.train.torch import get_device

    if get_device().type == "cuda":
        torch.cuda.set_device(get_device())
    execute(fields, on_step)


@contextmanager
def process_group() -> Iterator[None]:
    """Joins the ranks that torchrun started, if it did."""
    if "WORLD_SIZE" not in os.environ:
        yield
        return
    import torch
    import torch.distributed as dist

    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    try:
        yield
    finally:
        dist.destroy_process_group()


def main(path: str) -> None:
    """What `python -m training_bridge.train` and torchrun call in each process."""
    run = read_run(Path(path))
    with process_group():
        result = execute(run, Reporter(partial(print, flush=True), run.config.total_tokens))
    if int(os.environ.get("RANK", 0)) == 0:
        print(f"{result.steps:,} steps, {result.tokens:,} tokens, {result.skipped} skipped: {result.model}")
