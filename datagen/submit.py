"""Names for runs that are handed to a cluster: a plan asked for twice has one name for as long as it runs."""

import json
from pathlib import PurePosixPath

from datagen.lease import PATH, is_held
from datagen.plan import Plan
from datagen.store import Store


def submission_id(plan: Plan, store: Store) -> str:
    """`NAME-HASH-ATTEMPT`, for `ray job submit --submission-id`: Ray refuses a second job of the same name.

    An attempt is a driver of this plan that has ended; while one runs the name stays its own. Lower-case letters,
    digits and hyphens only, so that Kubernetes objects can be called so too.
    """
    running, ended = _running(store), 0
    for path, _ in store.files("_run/logs"):
        started = json.loads(store.read(path).split(b"\n", 1)[0])
        ended += started["plan"] == plan.hash and int(PurePosixPath(path).stem) != running
    return f"{plan.recipe.name.replace('_', '-')}-{plan.hash}-{ended + 1}"


def _running(store: Store) -> int | None:
    """Epoch of the driver that holds the run's lease."""
    try:
        owner = json.loads(store.read(PATH))
    except FileNotFoundError:
        return None
    return owner["epoch"] if is_held(owner) else None
