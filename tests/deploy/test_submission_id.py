"""A run handed to a cluster has one name until it has ended."""

import re
from pathlib import Path

import pytest

from datagen.events import EventLog
from datagen.lease import Lease
from datagen.plan import Plan, make_plan
from datagen.recipe import load_recipe
from datagen.store import Store
from datagen.submit import submission_id
from tests.datagen.runs import RECIPE, write_inputs, write_recipe


@pytest.fixture(params=["local", "s3"])
def plan(request, tmp_path) -> Plan:
    write_inputs(tmp_path, files=1, lines=3)
    recipe = write_recipe(tmp_path, RECIPE.replace("name: toy", "name: my_toy"))
    run = str(tmp_path / "run") if request.param == "local" else request.getfixturevalue("s3_url")
    return make_plan(load_recipe(recipe), run)


def drive(plan: Plan, plan_hash: str) -> Lease:
    """A driver that has just begun, as `run_recipe` begins."""
    store = Store(plan.run_url)
    lease = Lease.acquire(store, "test")
    log = EventLog(store, lease.epoch)
    log.write("run_start", recipe=plan.recipe.name, plan=plan_hash, stages=1)
    log.write("stage_start", stage="left", use="toy.lines")
    log.save()
    return lease


def test_the_name_stays_while_a_driver_runs_and_changes_once_it_has_ended(plan):
    store = Store(plan.run_url)
    first = submission_id(plan, store)
    assert first == f"my-toy-{plan.hash}-1"
    assert re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", first)  # a Kubernetes name too
    lease = drive(plan, plan.hash)
    assert submission_id(plan, store) == first
    lease.release()
    assert submission_id(plan, store) == f"my-toy-{plan.hash}-2"
    drive(plan, plan.hash).release()
    assert submission_id(plan, store) == f"my-toy-{plan.hash}-3"


def test_other_plans_of_the_same_run_do_not_count(plan):
    drive(plan, "ffffffffffff").release()
    assert submission_id(plan, Store(plan.run_url)) == f"my-toy-{plan.hash}-1"


def test_another_plan_has_another_name(plan):
    recipe = Path(plan.recipe.path)
    part = make_plan(load_recipe(recipe), plan.run_url, until="upper")
    changed = make_plan(load_recipe(recipe, ["upper.pause=0.1"]), plan.run_url)
    names = {submission_id(p, Store(plan.run_url)) for p in (plan, part, changed)}
    assert len(names) == 3
