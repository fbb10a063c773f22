"""Accepted (verified) items per second of the grammar on one core, by task."""

import time
from collections import Counter
from pathlib import Path

from benchmarks.synthetic._graph import graph, writer
from synthesis.quotas import cells, department_quotas, orders
from synthesis.tasks import TASKS

ITEMS = 3000


def measure(data: Path) -> None:
    del data
    found = list(orders(graph(), cells(department_quotas(graph(), ITEMS), ("en", "zh"), tuple(TASKS)), 0, Counter()))
    writer().write(found[:50])  # names are looked up once
    total = accepted = 0
    print(f"{'task':12} {'items':>6} {'accepted':>9} {'accepted/s':>11}")
    whole = 0.0
    for task in TASKS:
        mine = [order for order in found if order.task == task]
        start = time.perf_counter()
        outcome = writer().write(mine)
        seconds = time.perf_counter() - start
        kept = len(mine) - len(outcome.dropped) - len(outcome.quarantined)
        print(f"{task:12} {len(mine):6,} {kept:9,} {kept / seconds:11,.0f}")
        total, accepted, whole = total + len(mine), accepted + kept, whole + seconds
    print(f"{'all':12} {total:6,} {accepted:9,} {accepted / whole:11,.0f}  (target 2,000 on one core)")
