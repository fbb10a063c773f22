"""The same twenty steps in several layouts, as a script: `python -m tests.training_bridge.ranks FOLDER`.

Each layout trains into a folder of its own, two ranks as two processes over gloo, forked after the imports. Prints exit
statuses as JSON.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from tests.training_bridge.small_run import ARCHITECTURE, DATA, HELDOUT, TOKENIZER, die_at
from training_bridge import checkpoint
from training_bridge.config import CurriculumStage, TrainConfig
from training_bridge.train import train
from training_bridge.trainer import Trainer

MIXTURE = dict.fromkeys(DATA, 1.0)
CONFIG = TrainConfig(
    stages=(
        CurriculumStage(name="general", tokens=4600, sequence_length=64),
        CurriculumStage(name="advanced", tokens=4600, sequence_length=128, rope_theta=1e6, mixture=MIXTURE),
    ),
    batch_tokens=512,
    micro_batch_tokens=512,
    peak_lr=1e-3,
    final_lr=1e-4,
    warmup_tokens=1024,
    checkpoint_every=3,
    prompts=("The patient",),
)


def run(folder: Path, **options) -> None:
    train(
        CONFIG.model_copy(update=options),
        ARCHITECTURE,
        DATA,
        folder / "out",
        work=folder / "work",
        tokenizer=TOKENIZER,
        heldout=HELDOUT,
    )


def ranks(folder: Path, world: int, arm=None, **options) -> list[int]:
    """Exit statuses of the processes, negative for a signal; `arm` prepares the last one."""
    folder.mkdir(exist_ok=True)
    (folder / "rendezvous").unlink(missing_ok=True)
    children = []
    for rank in range(world):
        child = os.fork()
        if child == 0:
            torch.set_num_threads(1)
            if arm and rank == world - 1:
                arm()
            if world > 1:
                method = f"file://{folder}/rendezvous"
                dist.init_process_group("gloo", init_method=method, rank=rank, world_size=world)
            try:
                run(folder, **options)
            except RuntimeError:  # gloo's, when another rank dies
                os._exit(1)
            os._exit(0)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def main(folder: Path) -> None:
    found = {
        "1x8": ranks(folder / "1x8", 1),
        "8x1": ranks(folder / "8x1", 1, micro_batch_tokens=128),
        "ddp": ranks(folder / "ddp", 2, parallel="ddp", micro_batch_tokens=128),
        "fsdp": ranks(folder / "fsdp", 2, parallel="fsdp", micro_batch_tokens=256),
    }
    options = {"parallel": "fsdp", "micro_batch_tokens": 256}
    # A rank that dies while a sharded checkpoint is being written, then as many ranks again; layers recomputed.
    killed, saving = folder / "killed", lambda: die_at(checkpoint.dcp, "save", 3, before=False)
    found["killed"] = ranks(killed, 2, saving, activation_checkpointing=True, **options)
    found["resumed"] = ranks(killed, 2, activation_checkpointing=True, **options)
    # Two ranks until the eighth step, one from there, and the other way round.
    fewer, more, eighth = folder / "fewer", folder / "more", lambda: die_at(Trainer, "step", 8, before=False)
    found["two"] = ranks(fewer, 2, eighth, **options)
    found["then one"] = ranks(fewer, 1, **options)
    found["one"] = ranks(more, 1, eighth, **options)
    found["then two"] = ranks(more, 2, **options)
    print(json.dumps(found))


if __name__ == "__main__":
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    Path(sys.argv[1]).mkdir()
    main(Path(sys.argv[1]))
