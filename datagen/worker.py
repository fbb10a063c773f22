"""What runs inside a Ray task: one attempt at one shard."""

import hashlib
import tempfile
import traceback
from pathlib import Path
from typing import Any

from datagen.errors import DatagenError
from datagen.stage import Phase, RowStage, Stage
from datagen.task import Commit, Job, Task

_ready: dict[str, Stage] = {}
"""Stages whose models this process has loaded, by version hash."""


class ShardFailed(DatagenError):
    """A stage's code raised. The message names types and places, never values: they may hold document text."""

    def __reduce__(self):
        return ShardFailed, (str(self), self.fix)


def run_shard(job: Job, phase_name: str, key: int, shard: Any) -> Commit:
    """Compute and commit one shard. Raises ShardFailed, or a DatagenError of the stage's own."""
    task = Task(job, phase_name, key, shard, scratch_folder(job, phase_name, key))
    try:
        if isinstance(job.stage, RowStage):
            _set_up(job, task)
        return task.commit(phase_named(job, phase_name).run(task))
    except DatagenError:
        raise
    except Exception as error:
        raise ShardFailed(describe(job, phase_name, key, error), "run with --debug to see the stack trace") from error


def phase_named(job: Job, name: str) -> Phase:
    return next(p for p in all_phases(job) if p.name == name)


def all_phases(job: Job) -> tuple[Phase, ...]:
    """The stage's phases, after a check for repeated ids where there are several inputs."""
    from datagen.unique import input_phase

    own = job.stage.phases()
    return (input_phase(), *own) if len(job.parts) > 1 else own


def _set_up(job: Job, task: Task) -> None:
    if job.hash not in _ready:
        _ready.clear()  # one model at a time: a worker serves many stages in its life
        job.stage.setup({option: task.artefact(option) for option in job.artefacts})
        _ready[job.hash] = job.stage
    # Each task arrives with a fresh copy of the stage; the one that was set up does the work.
    object.__setattr__(task.job, "stage", _ready[job.hash])


def scratch_folder(job: Job, phase: str, key: int) -> Path:
    """The same local folder for every attempt at a shard on this machine."""
    if not job.store.remote:
        return job.store.local(f"{job.work}/scratch/{phase}-{key:05d}")
    name = hashlib.sha256(f"{job.run_url}/{job.work}/{phase}-{key}".encode()).hexdigest()[:24]
    return Path(tempfile.gettempdir()) / "datagen-scratch" / name


def describe(job: Job, phase: str, key: int, error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    inner = frames[-1] if frames else None
    place = f" at {Path(inner.filename).name}:{inner.lineno} in {inner.name}" if inner else ""
    safe = f": {error}" if isinstance(error, ValueError) and inner and "datagen" in inner.filename else ""
    return f"stage {job.name} ({job.use}), {phase} shard {key}: {type(error).__name__}{place}{safe}"
