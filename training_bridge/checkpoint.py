"""Checkpoints that are complete or absent: safetensors for tensors, JSON for the rest, one rename."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

KEEP = 2
PREFIX = "step-"


def save(
    folder: Path, step: int, model: torch.nn.Module, optimizer: torch.optim.Optimizer, state: dict[str, Any]
) -> None:
    """Writes `folder/step-N/` (model.safetensors, optimizer.safetensors, state.json) and keeps the last two.

    Parameters are stored by name, moments as `NAME.exp_avg`. A kill leaves a folder with a dot in front,
    which `load_latest` never reads and the next save removes.
    """
    for left_over in folder.glob(f".{PREFIX}*"):
        shutil.rmtree(left_over)
    name = f"{PREFIX}{step:010d}"
    partial = folder / f".{name}"
    partial.mkdir(parents=True)
    parameters = dict(model.named_parameters())
    moments = {
        f"{name}.{key}": tensor
        for name, parameter in parameters.items()
        for key, tensor in optimizer.state.get(parameter, {}).items()
    }
    save_file({name: parameter.detach() for name, parameter in parameters.items()}, partial / "model.safetensors")
    save_file(moments, partial / "optimizer.safetensors")
    (partial / "state.json").write_text(json.dumps(state))
    for path in (*partial.iterdir(), partial):
        _fsync(path)
    os.rename(partial, folder / name)
    _fsync(folder)
    for old in _complete(folder)[:-KEEP]:
        # Out of sight before it is taken apart.
        shutil.rmtree(old.rename(folder / f".{old.name}"))


def load_latest(folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any] | None:
    """Restores the newest checkpoint into model and optimizer; returns its state, null without one.

    Raises ValueError when its parameters are not the model's.
    """
    checkpoints = _complete(folder)
    if not checkpoints:
        return None
    latest = checkpoints[-1]
    parameters = dict(model.named_parameters())
    weights = load_file(latest / "model.safetensors")
    if {name: tensor.shape for name, tensor in weights.items()} != {n: p.shape for n, p in parameters.items()}:
        raise ValueError(f"{latest} holds another model")
    with torch.no_grad():
        for name, tensor in weights.items():
            parameters[name].copy_(tensor)
    for key, tensor in load_file(latest / "optimizer.safetensors").items():
        name, moment = key.rsplit(".", 1)
        optimizer.state[parameters[name]][moment] = tensor.clone()
    return json.loads((latest / "state.json").read_text())


def _complete(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PREFIX}*"))


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
