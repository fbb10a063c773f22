"""Before a cluster is given any work: can each of its nodes do what the plan asks?"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from datagen.errors import DatagenError, UsageError
from datagen.plan import Plan
from datagen.stage import stage_class
from datagen.store import Store, is_remote

PATIENCE = 60
"""Seconds for a node to answer; a cold one starts a Python first."""
SHOWN_LINES, SHOWN_REASON = 10, 300
FIXES = {
    "packages": "give every node the packages that the driver has, best by one container image",
    "input": "keep raw files where every node reads them: in an object store or on a shared file system",
    "folder": "use an object-store URL or a shared file system for --out",
    "store": "give every node access to the object store, with credentials in its environment",
    "silence": "see `ray status`; a node that looks for an object store's credentials in vain is slow to answer too",
}
"""What to do about each kind of failing."""

Failing = tuple[str, str]
"""A kind (a key of FIXES), and what exactly is wrong."""


@dataclass(frozen=True)
class Asked:
    """What every node is asked to do.

    Attributes:
        run_url: the run folder.
        marker: path in the run folder of a file that the driver has just written.
        versions: stage names as recipes use them, with the version that the driver has.
        inputs: one raw file of each stage that reads any, by the stage's name.
    """

    run_url: str
    marker: str
    versions: dict[str, str]
    inputs: dict[str, str]


def check_resources(plan: Plan) -> None:
    """Raise UsageError for a stage that asks for more than any node has: Ray would wait for such a node for ever."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    for planned in plan.to_run:
        need = planned.step.stage.resources
        asked = {"CPU": need.cpus, "GPU": need.gpus, "memory": need.memory or 0}
        if not any(all(node.get(what, 0) >= amount for what, amount in asked.items()) for node in nodes):
            wanted = ", ".join(f"{amount:g} {what}" for what, amount in asked.items() if amount)
            raise UsageError(
                f"stage {planned.step.name} asks for {wanted}: more than any of {len(nodes)} nodes has",
                "lower the option of the stage that says so, or add a larger node",
            )


def check_nodes(plan: Plan, store: Store) -> None:
    """Ask every alive node to load the plan's stages, open a raw file of each and write the run folder.

    Raises UsageError naming the nodes that can't, what failed there and what to do.
    """
    _check_outlives_job(store)
    asked = Asked(
        store.url,
        f"_run/probe/{uuid.uuid4().hex}",
        {p.step.use: p.step.stage.version for p in plan.to_run},
        {p.step.name: p.items[0].url for p in plan.to_run if p.items},
    )
    store.write(asked.marker, b"")
    try:
        failings = _ask(asked)
    except ray.exceptions.RayError as error:
        raise DatagenError(
            f"Ray failed: {type(error).__name__}", "run the same command again: it goes on where this one stopped"
        ) from error
    finally:
        store.delete_tree("_run/probe")
    if objection := verdict(failings):
        raise objection


def verdict(failings: Mapping[str, list[Failing]]) -> UsageError | None:
    """One error for what any node can't do (node -> its failings), or None where all can do all."""
    bad = {node: found for node, found in failings.items() if found}
    if not bad:
        return None
    lines = [f"  {node}: {what}" for node, found in bad.items() for _, what in found]
    if len(lines) > SHOWN_LINES:
        lines = [*lines[:SHOWN_LINES], f"  and {len(lines) - SHOWN_LINES} more"]
    kinds = {kind for found in bad.values() for kind, _ in found}
    return UsageError(
        f"{len(bad)} of {len(failings)} Ray nodes can't run this plan, nothing was started:\n" + "\n".join(lines),
        "; ".join(fix for kind, fix in FIXES.items() if kind in kinds),
    )


def _check_outlives_job(store: Store) -> None:
    working_folder = ray.get_runtime_context().runtime_env.get("working_dir")
    if working_folder and not store.remote and Path(store.url).is_relative_to(Path.cwd()):
        raise UsageError(
            f"the run folder {store.url} lies in this job's copy of its working directory, which Ray deletes",
            "name --out by an object-store URL, or by an absolute path that all nodes share",
        )


def _ask(asked: Asked) -> dict[str, list[Failing]]:
    nodes = {node["NodeID"]: node for node in ray.nodes() if node["Alive"]}
    ask = ray.remote(num_cpus=0, name="probe")(examine)
    tasks = {
        ask.options(scheduling_strategy=NodeAffinitySchedulingStrategy(key, soft=False)).remote(asked): _name(node)
        for key, node in nodes.items()
    }
    done, _ = ray.wait(list(tasks), num_returns=len(tasks), timeout=PATIENCE)
    failings = {}
    for task, node in tasks.items():
        if task not in done:
            failings[node] = [("silence", f"no answer in {PATIENCE} s")]
            continue
        try:
            failings[node] = ray.get(task)
        except (ray.exceptions.NodeDiedError, ray.exceptions.TaskUnschedulableError):
            continue  # it is gone: no work will go there
        except ray.exceptions.RayTaskError as error:  # unpickling it failed: it catches all that it raises itself
            reason = str(error.cause).strip().rpartition("\n")[2][:SHOWN_REASON]
            failings[node] = [("packages", f"can't load datagen: {reason}")]
        except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as error:
            failings[node] = [("silence", f"its worker died ({type(error).__name__})")]
    return failings


def _name(node: dict) -> str:
    return f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']}, node {node['NodeID'][:8]})"


def examine(asked: Asked) -> list[Failing]:
    """What this node can't do."""
    return [*_stages(asked), *_inputs(asked), *_run_folder(asked)]


def _stages(asked: Asked) -> Iterator[Failing]:
    for use, version in asked.versions.items():
        try:
            found = stage_class(use).version
        except Exception as error:  # an import runs the code of others
            yield "packages", f"can't load stage {use}: {error}"
            continue
        if found != version:
            yield "packages", f"has version {found} of stage {use}, the driver has {version}"


def _inputs(asked: Asked) -> Iterator[Failing]:
    for name, url in asked.inputs.items():
        try:
            folder, _, leaf = url.rpartition("/")
            with Store(folder).open(leaf) if is_remote(url) else open(url, "rb") as file:
                file.read(1)
        except Exception as error:  # every object store has its own
            yield "input", f"can't read {url} of stage {name}: {_reason(error)}"


def _run_folder(asked: Asked) -> Iterator[Failing]:
    if not is_remote(asked.run_url) and not Path(asked.run_url, asked.marker).exists():
        yield "folder", f"doesn't see the driver's run folder {asked.run_url}"
        return
    try:
        store = Store(asked.run_url)
        store.read(asked.marker)
        own = f"{asked.marker}-{uuid.uuid4().hex}"
        store.write(own, b"")
        store.delete([own])
    except Exception as error:
        yield "store" if is_remote(asked.run_url) else "folder", f"can't write {asked.run_url}: {_reason(error)}"


def _reason(error: Exception) -> str:
    """One line: object stores add pages of debugging."""
    first = next(iter(str(error).splitlines()), "")
    return getattr(error, "strerror", None) or f"{type(error).__name__}: {first}"[:SHOWN_REASON]
