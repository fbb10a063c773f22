"""How many texts of which kind: departments, languages and tasks share evenly, and anchors are dealt to them."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow.compute as pc

from datagen.errors import UsageError
from knowledge_graph import Draw, Graph, anchors, capacity
from synthesis.tasks import TASKS
from synthesis.write import Order


def department_quotas(graph: Graph, number: int, weights: Mapping[str, int] | None = None) -> dict[str, int]:
    """`number` texts over the graph's departments in proportion to `weights` (default: evenly), as far as their anchors
    allow; "" where the graph has no departments. Departments that the graph doesn't know get none."""
    rooms = {
        code: sum(capacity(graph, n) // len(graph.node(n).departments) for n in nodes if graph.type_of(n) == "disease")
        for code, nodes in graph.departments.items()
    }
    if weights is None and not any(rooms.values()):
        return {"": number}
    weights = {code: weights.get(code, 0) if weights is not None else 1 for code, room in rooms.items() if room}
    quotas, left = {}, sum(weights.values())
    for code in sorted((c for c in weights if weights[c]), key=lambda c: (rooms[c] / weights[c], c)):
        quotas[code] = min(rooms[code], number * weights[code] // left)
        number -= quotas[code]
        left -= weights[code]
    return quotas


def listed_cells(
    lines: Iterable[Mapping[str, Any]], graph: Graph, number: int, languages: tuple[str, ...], tasks: tuple[str, ...]
) -> Counter[str]:
    """`number` texts over what a work list (lines of `datagen.work_list.WORK_LIST`) is short of, in proportion to the
    tokens, by department, language and task. Lines that no task, language or department here serves are passed over."""
    wanted: dict[str, list[tuple[int, list[str]]]] = {}
    for line in lines:
        kinds = [
            f"{language}/{task}"
            for task in tasks
            for language in languages
            if line["language"] in (None, language) and line["content_type"] in (None, TASKS[task].content_type)
        ]
        if kinds:
            wanted.setdefault(line["department"], []).append((line["short"], kinds))
    short = {code: sum(tokens for tokens, _ in mine) for code, mine in wanted.items()}
    found: Counter[str] = Counter()
    for code, quota in department_quotas(graph, number, short).items():
        left = short[code]
        for tokens, kinds in wanted[code]:
            texts = quota * tokens // left
            quota, left = quota - texts, left - tokens
            found.update(_dealt_evenly(code, texts, kinds))
    return found


def cells(quotas: dict[str, int], languages: tuple[str, ...], tasks: tuple[str, ...]) -> Counter[str]:
    """Texts by department, language and task ("CARD/en/qa"), each department's spread evenly."""
    kinds = [f"{language}/{task}" for task in tasks for language in languages]
    found: Counter[str] = Counter()
    for department, wanted in sorted(quotas.items()):
        found.update(_dealt_evenly(department, wanted, kinds))
    return found


def _dealt_evenly(department: str, texts: int, kinds: list[str]) -> dict[str, int]:
    share, more = divmod(texts, len(kinds))
    return {f"{department}/{kind}": share + (place < more) for place, kind in enumerate(kinds)}


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
