"""A graph and texts made from it: that of a run (GRAPH, the folder of a graph artefact), else the bundled sample."""

import os
from collections import Counter
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path

from datagen.generator import make_generator
from knowledge_graph import Graph, Linker, load
from synthesis.quotas import cells, department_quotas, orders
from synthesis.tasks import TASKS
from synthesis.write import Writer
from tests.synthesis.sample_graph import sample_graph


@cache
def graph() -> Graph:
    return load(Path(os.environ["GRAPH"])) if "GRAPH" in os.environ else sample_graph()


@cache
def linker() -> Linker:
    return Linker(graph())


@cache
def writer(generator: str = "grammar") -> Writer:
    found = make_generator(generator)
    found.setup()
    return Writer(graph(), linker(), found, generator, 0)


def accepted(number: int, languages=("en", "zh"), tasks=tuple(TASKS)) -> Iterator[dict]:
    """Rows of the record schema: those accepted of the first `number` orders, evenly over departments and tasks, in
    the order that a hash gives, as training sees them."""
    wanted = cells(department_quotas(graph(), number), languages, tasks)
    found = list(orders(graph(), wanted, 0, Counter()))
    found.sort(key=lambda order: (order.number, blake2b(order.key(0).encode()).digest()))
    for start in range(0, len(found), 500):
        outcome = writer().write(found[start : start + 500])
        yield from (row for row in outcome.rows.to_pylist() if row["id"] not in outcome.dropped)
