"""The engine: runs a plan's stages over Ray, shard by shard, and publishes each when all its shards have committed."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ray

from datagen.blame import blame
from datagen.errors import DatagenError, TooManyBadInputs
from datagen.events import EventLog
from datagen.lease import Lease
from datagen.plan import Plan
from datagen.publish import assert_current, publish
from datagen.store import Store
from datagen.task import Commit, Job
from datagen.worker import ShardFailed, all_phases, phase_named, run_shard

SYSTEM_RETRIES = 10
"""Attempts at a shard whose worker or node died. Errors raised by a stage are not retried: they would come again."""
MIN_BAD = 10
CLUSTER_SECONDS = 5


@dataclass
class StageRun:
    """Where one stage stands while it runs."""

    job: Job
    phases: list[str]
    started: float = field(default_factory=time.monotonic)
    todo: list[tuple[int, Any]] = field(default_factory=list)
    commits: dict[str, dict[int, Commit]] = field(default_factory=dict)
    inflight: int = 0
    shards: int = 0
    reference: Any = None

    @property
    def phase(self) -> str:
        return self.phases[0]

    @property
    def done(self) -> int:
        return len(self.commits.get(self.phase, ())) if self.phases else self.shards

    @property
    def rows(self) -> int:
        return sum(c.counts["inputs"] for shards in self.commits.values() for c in shards.values())


class Engine:
    """One execution of one plan by one driver."""

    def __init__(self, plan: Plan, store: Store, lease: Lease, watch: Callable[["Engine"], None], log: EventLog):
        self.plan, self.store, self.lease, self.watch, self.log = plan, store, lease, watch, log
        self.waiting = {p.step.name for p in plan.to_run}
        self.running: dict[str, StageRun] = {}
        self.finished: dict[str, dict] = {}
        self._tasks: dict[Any, tuple[str, int]] = {}
        self._remote = ray.remote(run_shard)
        self._slots, self._slots_known = 0, 0.0

    def run(self) -> None:
        """Publish everything in the plan that is not there yet. Ray must be up; `watch` is called about once a second.

        Raises the first stage's error; shards that have committed stay committed.
        """
        assert_current(self.plan, self.store, self.lease)
        try:
            while self.waiting or self.running:
                self.lease.check()
                self._start_ready()
                self._submit()
                self._collect()
                self.watch(self)
        except ray.exceptions.RayError as error:
            raise DatagenError(
                f"Ray failed: {type(error).__name__}", "run the same command again: it goes on where this one stopped"
            ) from error
        finally:
            with contextlib.suppress(ray.exceptions.RayError):
                for task in self._tasks:
                    ray.cancel(task, force=False)

    def _start_ready(self) -> None:
        for name in sorted(self.waiting, key=list(self.plan.stages).index):
            needed = self.plan.stages[name].step.upstream()
            if any(n in self.waiting or n in self.running for n in needed):
                continue
            self.waiting.remove(name)
            job = self.plan.job(name, self.store)
            stage_run = StageRun(job, [p.name for p in all_phases(job)], reference=ray.put(job))
            self.running[name] = stage_run
            self.log.write(
                "stage_start",
                stage=name,
                use=job.use,
                version=job.hash,
                parts=len(job.parts),
                items=len(job.items),
            )
            self._begin_phase(stage_run)

    def _begin_phase(self, stage_run: StageRun) -> None:
        """Plan the next phase; what has committed before is not done again."""
        while stage_run.phases:
            job, phase = stage_run.job, phase_named(stage_run.job, stage_run.phase)
            shards = phase.plan(job)
            shards = dict(shards) if isinstance(shards, dict) else dict(enumerate(shards))
            done = {c.key: c for c in job.commits(phase.name)}
            stage_run.commits[phase.name] = done
            stage_run.shards = len(shards)
            stage_run.todo = [(key, shard) for key, shard in shards.items() if key not in done]
            if stage_run.todo:
                return
            stage_run.phases.pop(0)
        self._finish(stage_run)

    def _free_slots(self) -> int:
        """Shards that may be handed to Ray now: enough to keep every CPU busy, also of nodes that joined meanwhile."""
        if time.monotonic() - self._slots_known > CLUSTER_SECONDS:
            self._slots = 2 * int(ray.cluster_resources().get("CPU", 1)) + 2
            self._slots_known = time.monotonic()
        return self._slots - len(self._tasks)

    def _submit(self) -> None:
        for stage_run in list(self.running.values()):
            need = stage_run.job.stage.resources
            options = {
                "num_cpus": need.cpus,
                "num_gpus": need.gpus,
                "memory": need.memory,
                "max_retries": SYSTEM_RETRIES,
                "name": f"{stage_run.job.name}:{stage_run.phases[0]}",
            }
            while stage_run.todo and self._free_slots() > 0:
                key, shard = stage_run.todo.pop(0)
                task = self._remote.options(**options).remote(stage_run.reference, stage_run.phase, key, shard)
                self._tasks[task] = (stage_run.job.name, key)
                stage_run.inflight += 1

    def _collect(self) -> None:
        if not self._tasks:
            return
        done, _ = ray.wait(list(self._tasks), num_returns=len(self._tasks), timeout=0.001)
        if not done:
            done, _ = ray.wait(list(self._tasks), num_returns=1, timeout=1)
        for task in done:
            name, key = self._tasks.pop(task)
            stage_run = self.running[name]
            stage_run.inflight -= 1
            commit = self._result(task, stage_run, key)
            stage_run.commits[stage_run.phase][key] = commit
            self.log.write("shard", stage=name, phase=stage_run.phase, shard=key, rows=commit.counts["inputs"])
            if not stage_run.todo and not stage_run.inflight:
                stage_run.phases.pop(0)
                self._begin_phase(stage_run)

    def _result(self, task: Any, stage_run: StageRun, key: int) -> Commit:
        where = f"stage {stage_run.job.name}, {stage_run.phase} shard {key}"
        try:
            return ray.get(task)
        except ray.exceptions.RayTaskError as error:
            cause = error.cause
            self.log.write("failed", stage=stage_run.job.name, shard=key, error=type(cause).__name__)
            if isinstance(cause, DatagenError):
                raise cause from None
            if isinstance(cause, ray.exceptions.RaySystemError):  # the job could not be unpacked there
                reason = str(cause).strip().splitlines()[-1][:300]
                raise DatagenError(
                    f"{where}: a worker can't load the stage: {reason}",
                    "every node needs the same packages as the driver",
                ) from None
            raise ShardFailed(f"{where}: {type(cause).__name__}", "run with --debug to see the stack trace") from error
        except (
            ray.exceptions.WorkerCrashedError,
            ray.exceptions.OutOfMemoryError,
            ray.exceptions.NodeDiedError,
        ) as error:
            self.log.write("failed", stage=stage_run.job.name, shard=key, error=type(error).__name__)
            raise DatagenError(
                f"{where}: its worker died {SYSTEM_RETRIES + 1} times ({type(error).__name__})",
                "most often memory: give the stage fewer workers (--workers) or a larger machine, then run again",
            ) from None

    def _finish(self, stage_run: StageRun) -> None:
        job = stage_run.job
        commits: dict[int, Commit] = {}
        for phase in all_phases(job):
            if phase.publishes:
                commits |= stage_run.commits[phase.name]
        final = [commits[key] for key in sorted(commits)]
        self._check_errors(job, final)
        results = {name: list(done.values()) for name, done in stage_run.commits.items()}
        single = {name: shards[0].result for name, shards in results.items() if len(shards) == 1}
        facts = self.plan.facts(job.name) | {"results": {n: r for n, r in single.items() if r is not None}}
        record = publish(job, final, facts, self.lease)
        del self.running[job.name]
        self.finished[job.name] = record
        seconds = time.monotonic() - stage_run.started
        size = sum(p.bytes for p in job.parts) + sum(i.bytes for i in job.items)
        self.log.write("stage_done", stage=job.name, seconds=round(seconds, 3), bytes=size, **record["counts"])

    def _check_errors(self, job: Job, commits: list[Commit]) -> None:
        inputs = sum(c.counts["inputs"] for c in commits)
        bad = sum(c.counts["quarantined"] for c in commits)
        share = job.stage.max_errors
        nothing_read = 0 < bad == inputs and share < 1
        if bad <= max(MIN_BAD, share * inputs) and not nothing_read:
            return
        raise TooManyBadInputs(
            f"stage {job.name}: {bad} of {inputs} inputs are bad, "
            + ("nothing could be read" if nothing_read else f"max_errors allows {share:.0%}")
            + f":\n{blame(self.store, commits)}",
            f"correct or remove these inputs, or raise {job.name}.max_errors; nothing of {job.name} was published",
        )
