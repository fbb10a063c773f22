"""Accepted (verified) items per second of the grammar: on one core by task, and by one and by two Ray workers."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import ray

from benchmarks.synthetic._graph import graph, writer
from synthesis.quotas import cells, department_quotas, orders
from synthesis.tasks import TASKS
from synthesis.write import Order

ITEMS = 3000
BATCH = 250
WARM = 50
"""Orders written before the clock starts: names are looked up once."""


def measure(data: Path) -> None:
    del data
    found = list(orders(graph(), cells(department_quotas(graph(), ITEMS), ("en", "zh"), tuple(TASKS)), 0, Counter()))
    kept(found[:WARM])
    total = accepted = 0
    print(f"{'task':12} {'items':>6} {'accepted':>9} {'accepted/s':>11}")
    whole = 0.0
    for task in TASKS:
        mine = [order for order in found if order.task == task]
        start = time.perf_counter()
        good = kept(mine)
        seconds = time.perf_counter() - start
        print(f"{task:12} {len(mine):6,} {good:9,} {good / seconds:11,.0f}")
        total, accepted, whole = total + len(mine), accepted + good, whole + seconds
    print(f"{'all':12} {total:6,} {accepted:9,} {accepted / whole:11,.0f}  (target 2,000 on one core)")
    one, two = workers(found)
    print(f"Ray workers: one {one:,.0f}/s, two {two:,.0f}/s, {two / one:.2f} times (target 1.7)")


def kept(found: Sequence[Order]) -> int:
    outcome = writer().write(found)
    return len(found) - len(outcome.dropped) - len(outcome.quarantined)


def workers(found: Sequence[Order]) -> list[float]:
    """Accepted items per second by one worker and by two, over the same batches."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    actors = [ray.remote(num_cpus=1)(Worker).remote() for _ in range(2)]
    ray.get([actor.write.remote(found[:WARM]) for actor in actors])
    batches = [found[at : at + BATCH] for at in range(0, len(found), BATCH)]
    rates = []
    for count in (1, 2):
        pool = ray.util.ActorPool(actors[:count])
        start = time.perf_counter()
        good = sum(pool.map_unordered(lambda actor, batch: actor.write.remote(batch), batches))
        rates.append(good / (time.perf_counter() - start))
    ray.shutdown()
    return rates


class Worker:
    """Holds a graph and its writer in a process of its own."""

    def write(self, found: Sequence[Order]) -> int:
        return kept(found)
