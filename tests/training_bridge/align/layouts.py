"""Every method in several layouts, as a script: `python -m tests.training_bridge.align.layouts FOLDER`.

Whole; killed in the middle of a step and gone on with; on two ranks (processes over gloo) in smaller micro-batches,
with whole weights and, PPO, with sharded ones. Forked after the imports. Prints exit statuses as
JSON.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from tests.training_bridge.align.small import samples, write_model, write_pairs
from training_bridge import checkpoint
from training_bridge.align import aligner, sampling
from training_bridge.align.config import ELOConfig, PPOConfig, SFTConfig, TDPOConfig
from training_bridge.align.run import align

COMMON = {"max_tokens": 96, "heldout": 1, "checkpoint_every": 2, "max_new_tokens": 8, "peak_lr": 1e-3}
SAMPLED = COMMON | {"steps": 3, "samples": 2, "kl": 0.1, "generation_batch": 8}
CONFIGS = {
    "sft": SFTConfig(batch=4, micro_batch=2, rounds=1, **COMMON),
    "elo": ELOConfig(batch=4, micro_batch=2, **SAMPLED),
    "tdpo": TDPOConfig(batch=8, micro_batch=4, **COMMON),
    "ppo": PPOConfig(batch=8, micro_batch=2, minibatches=2, soft_tokens=4, kl_target=0.5, **SAMPLED),
}


def die_at(module, name: str, call: int) -> None:
    """Makes the `call`-th use of a function fatal, just after it has done its work."""
    original, calls = getattr(module, name), iter(range(1, 1000))

    def wrapped(*args, **kwargs):
        result = original(*args, **kwargs)
        if next(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, name, wrapped)


INSTANTS = {
    "sft": [lambda: die_at(aligner.Aligner, "finish", 3)],
    "elo": [lambda: die_at(sampling, "keep", 2)],
    "tdpo": [lambda: die_at(checkpoint.dcp, "save", 1)],
    "ppo": [lambda: die_at(sampling, "keep", 5), lambda: die_at(aligner.Aligner, "apply", 3)],
}


def ranks(folder: Path, method: str, world: int = 1, arm=None, **options) -> list[int]:
    """Exit statuses of the processes, negative for a signal."""
    out = folder / method
    out.mkdir(parents=True, exist_ok=True)
    (out / "rendezvous").unlink(missing_ok=True)
    children = []
    for rank in range(world):
        child = os.fork()
        if child == 0:
            torch.set_num_threads(1)
            if arm:
                arm()
            if world > 1:
                dist.init_process_group("gloo", init_method=f"file://{out}/rendezvous", rank=rank, world_size=world)
            config = CONFIGS[method].model_copy(update=options)
            root = folder.parent
            align(config, root / "model", root / "pairs", out / "out", work=out / "work")
            os._exit(0)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def main(root: Path) -> None:
    write_model(root / "model")
    write_pairs(root / "pairs", samples(30))
    # Once, before the forks: what torch loads at the first packed batch takes longer than a method.
    align(CONFIGS["sft"].model_copy(update={"rounds": 1}), root / "model", root / "pairs", root / "x", work=root / "y")
    found = {}
    for method in CONFIGS:
        found[method] = {
            "whole": ranks(root / "whole", method),
            "killed": [ranks(root / "killed", method, arm=arm)[0] for arm in INSTANTS[method]],
            "resumed": ranks(root / "killed", method),
            "ddp": ranks(root / "ddp", method, 2, micro_batch=1),
        }
    # PPO has all there is to shard: a policy, its value head, and a reference.
    found["ppo"]["fsdp"] = ranks(root / "fsdp", "ppo", 2, parallel="fsdp")
    print(json.dumps(found))


if __name__ == "__main__":
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    Path(sys.argv[1]).mkdir()
    main(Path(sys.argv[1]))
