"""Checkpoints that are complete or absent: tensors by torch's distributed checkpoint in safetensors, the rest as JSON,
one rename."""

import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import HuggingFaceStorageReader, HuggingFaceStorageWriter

from training_bridge.distributed import Ranks

KEEP = 2
PREFIX = "step-"
MOMENTS = ("exp_avg", "exp_avg_sq")


def tensors(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Parameters by name and AdamW's moments as `optimizer.NAME.exp_avg`: the very tensors, sharded or not."""
    found = dict(model.named_parameters())
    moments = {
        f"optimizer.{name}.{kind}": optimizer.state[parameter][kind]
        for name, parameter in found.items()
        for kind in MOMENTS
    }
    return {name: parameter.detach() for name, parameter in found.items()} | moments


def save(folder: Path, step: int, values: dict[str, torch.Tensor], state: dict[str, Any], ranks: Ranks) -> None:
    """Writes `folder/step-N/` (every rank its shards, the first rank state.json) and keeps the last two.

    `folder` is one that all ranks share. A kill leaves a folder with a dot in front, which `latest` never sees and the
    next save removes.
    """
    name = f"{PREFIX}{step:010d}"
    partial = folder / f".{name}"
    if ranks.first:
        for left_over in folder.glob(f".{PREFIX}*"):
            shutil.rmtree(left_over)
        partial.mkdir(parents=True)
    ranks.barrier()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is disabled")
        dcp.save(values, storage_writer=HuggingFaceStorageWriter(str(partial), save_distributed=True))
    if not ranks.first:
        return
    (partial / "state.json").write_text(json.dumps(state))
    for path in (*partial.iterdir(), partial):
        _fsync(path)
    os.rename(partial, folder / name)
    _fsync(folder)
    for old in _complete(folder)[:-KEEP]:
        # Out of sight before it is taken apart.
        shutil.rmtree(old.rename(folder / f".{old.name}"))


def latest(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The newest checkpoint and its state, null without one."""
    found = _complete(folder)
    return (found[-1], json.loads((found[-1] / "state.json").read_text())) if found else None


def restore(checkpoint: Path, values: dict[str, torch.Tensor]) -> None:
    """Fills the tensors, however they are sharded now and were then."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is disabled")
        dcp.load(values, storage_reader=HuggingFaceStorageReader(str(checkpoint)))


def _complete(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PREFIX}*"))


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
