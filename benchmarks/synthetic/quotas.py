"""How many cells of department, language and task are filled to quota, and which are not."""

from collections import Counter
from pathlib import Path

from benchmarks.synthetic._graph import graph, writer
from datagen.record import record_id
from synthesis.quotas import cells, department_quotas, orders
from synthesis.tasks import TASKS

ITEMS = 4200
ROUNDS = 8


def measure(data: Path) -> None:
    del data
    wanted = cells(department_quotas(graph(), ITEMS), ("en", "zh"), tuple(TASKS))
    missing, drawn = Counter(wanted), Counter()
    for number in range(1, ROUNDS + 1):
        found = list(orders(graph(), missing, 0, drawn))
        for start in range(0, len(found), 1000):
            batch = found[start : start + 1000]
            outcome = writer().write(batch)
            kept = set(outcome.rows["id"].to_pylist()) - outcome.dropped.keys()
            missing.subtract(o.cell for o in batch if record_id("synthetic", o.key(0)) in kept)
        missing = +missing
        filled = sum(not missing[cell] for cell in wanted) / len(wanted)
        print(f"round {number}: {len(found):,} drawn, {filled:.1%} of {len(wanted)} cells filled", flush=True)
        if not missing or not found:
            break
    print(f"filled {filled:.1%} (target 95 %); short by: {dict(missing.most_common(12))}")
