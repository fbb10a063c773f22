"""Running a recipe: plan, take the lease, execute."""

import shlex
import sys
from dataclasses import dataclass

from datagen.errors import DatagenError, Interrupted
from datagen.events import EventLog
from datagen.lease import Lease
from datagen.plan import Plan, committed_shards, make_plan
from datagen.publish import assert_current, manifest
from datagen.recipe import Recipe
from datagen.store import Store


@dataclass(frozen=True)
class Ran:
    """What a run did: its plan, and the manifests of the stages it published now."""

    plan: Plan
    published: dict[str, dict]


def run_recipe(
    recipe: Recipe,
    out: str,
    only: str | None = None,
    until: str | None = None,
    workers: int | None = None,
) -> Ran:
    """Bring every selected stage up to date. Raises what the first failing stage raised."""
    store = Store(out)
    lease = Lease.acquire(store, shlex.join(sys.argv[:6]))
    try:
        plan = make_plan(recipe, store.url, only, until)
        log = EventLog(store, lease.epoch)
        log.write("run_start", recipe=recipe.name, plan=plan.hash, stages=len(plan.to_run))
        try:
            published = _execute(plan, store, lease, log, workers)
        except DatagenError as error:
            log.write("run_failed", error=type(error).__name__)
            raise
        except KeyboardInterrupt:
            log.write("run_interrupted")
            raise Interrupted(
                f"interrupted; {_kept(plan, store)}", "the same command goes on where this one stopped"
            ) from None
        finally:
            log.save()
        log.write("run_done", plan=plan.hash, published=sorted(published))
        log.save()
        return Ran(plan, published)
    finally:
        lease.release()


def _execute(plan: Plan, store: Store, lease: Lease, log: EventLog, workers: int | None) -> dict[str, dict]:
    # Ray takes seconds to start: a run that is up to date never imports it.
    if not plan.to_run:
        assert_current(plan, store, lease)
        return {}
    from datagen.cluster import ray_session
    from datagen.engine import Engine
    from datagen.probe import check_nodes, check_resources
    from datagen.progress import Progress

    with ray_session(workers) as started_here:
        check_resources(plan)
        if not started_here:
            check_nodes(plan, store)
        with Progress() as progress:
            engine = Engine(plan, store, lease, progress, log)
            engine.run()
            progress(engine)
    return engine.finished


def _kept(plan: Plan, store: Store) -> str:
    """What an interrupted run has already done."""
    kept = []
    for planned in plan.to_run:
        name = planned.step.name
        if manifest(store, name, planned.version):
            kept.append(f"{name} is published")
        elif shards := committed_shards(store, name, planned.hash):
            kept.append(f"{shards} shards of {name} are kept")
    return ", ".join(kept) or "nothing was finished yet"
