"""How many texts of which kind: departments, languages and tasks share evenly, and anchors are dealt to them."""

from collections import Counter, deque
from collections.abc import Iterator

import pyarrow.compute as pc

from datagen.errors import UsageError
from knowledge_graph import Draw, Graph, anchors, capacity
from synthesis.tasks import TASKS
from synthesis.write import Order


def even_quotas(graph: Graph, number: int) -> dict[str, int]:
    """`number` texts over the graph's departments, as evenly as their anchors allow; "" where it has none."""
    rooms = {
        code: sum(capacity(graph, n) // len(graph.node(n).departments) for n in nodes if graph.type_of(n) == "disease")
        for code, nodes in graph.departments.items()
    }
    rooms = {code: room for code, room in rooms.items() if room}
    if not rooms:
        return {"": number}
    quotas = {}
    for done, code in enumerate(sorted(rooms, key=lambda c: (rooms[c], c))):
        quotas[code] = min(rooms[code], number // (len(rooms) - done))
        number -= quotas[code]
    return quotas


def cells(quotas: dict[str, int], languages: tuple[str, ...], tasks: tuple[str, ...]) -> Counter[str]:
    """Texts by department, language and task ("CARD/en/qa"), each department's spread evenly."""
    kinds = [f"{language}/{task}" for task in tasks for language in languages]
    return Counter(
        {
            f"{department}/{kind}": wanted // len(kinds) + (place < wanted % len(kinds))
            for department, wanted in sorted(quotas.items())
            for place, kind in enumerate(kinds)
        }
    )


def orders(graph: Graph, missing: Counter[str], seed: int, drawn: Counter[str]) -> Iterator[Order]:
    """Orders for the missing texts. Each department's draws go on where earlier rounds stopped; `drawn` counts them.

    Raises UsageError where a department has fewer bundles than are asked of it at first.
    """
    departments: dict[str, Counter[str]] = {}
    for cell, count in missing.items():
        departments.setdefault(cell.split("/")[0], Counter())[cell] = count
    for department, wanted in departments.items():
        total, before = wanted.total(), drawn[department]
        try:
            draws = anchors(
                graph, {department: total} if department else total, seed, start={department or None: before}
            )
        except UsageError:
            if not before:
                raise
            continue  # there are no more bundles to replace rejected ones with
        drawn[department] += total
        yield from _dealt(graph, draws, wanted)


def _dealt(graph: Graph, draws: list[Draw], wanted: Counter[str]) -> Iterator[Order]:
    """Each draw goes to the language that lacks most of those that it has a name in, whose tasks take turns."""
    queues: dict[str, deque[str]] = {}
    for turn in range(max(wanted.values())):
        for cell in (cell for cell, count in wanted.items() if count > turn):
            queues.setdefault(cell.split("/")[1], deque()).append(cell)
    ids = graph.nodes["id"]
    named = {name: set(ids.filter(pc.is_valid(graph.nodes[f"name_{name}"])).to_pylist()) for name in queues}
    written: Counter[str] = Counter()
    for draw in draws:
        languages = [name for name, queue in queues.items() if queue and draw.anchor in named[name]]
        if languages:
            cell = queues[max(languages, key=lambda name: len(queues[name]))].popleft()
            _, language, task = cell.split("/")
            registers = TASKS[task].registers
            register = registers[written[cell] % len(registers)]
            written[cell] += 1
            yield Order(draw.anchor, draw.number, draw.department, task, language, register)
