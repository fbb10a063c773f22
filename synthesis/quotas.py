"""How many texts of which kind: departments, languages and tasks share evenly, and anchors are dealt to them."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow.compute as pc

from datagen.errors import UsageError
from knowledge_graph import Draw, Graph, anchors, capacity
from knowledge_graph.model import FINDINGS, IS_A
from synthesis.seeds import ASKED
from synthesis.tasks import TASKS
from synthesis.write import SCRIPTS, Order

DRAWS = 8
"""How often a round draws again for those that carried nothing."""
BARE = 0.1
"""Share of a cell's texts that may be about diseases of which the graph only says what kind they are."""


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


def orders(
    graph: Graph, missing: Counter[str], seed: int, drawn: Counter[str], weights: Mapping[str, float] | None = None
) -> Iterator[Order]:
    """Orders for the missing texts. Each department's draws go on where earlier rounds stopped; `drawn` counts them.
    Draws that can't carry any of the missing tasks are passed over, and others drawn instead, up to DRAWS times; so are
    draws of anchors with a weight under 1, by chance (`weights`: how likely a draw is used; default 1).

    Raises UsageError where a department has fewer bundles than are asked of it at first.
    """
    departments: dict[str, Counter[str]] = {}
    for cell, count in missing.items():
        departments.setdefault(cell.split("/")[0], Counter())[cell] = count
    carried = Carried(graph)
    for department, wanted in departments.items():
        for _ in range(DRAWS):
            total, before = wanted.total(), drawn[department]
            if not total:
                break
            try:
                draws = anchors(
                    graph, {department: total} if department else total, seed, start={department or None: before}
                )
            except UsageError:
                if not before:
                    raise
                break  # there are no more bundles to replace rejected ones with
            drawn[department] += total
            yield from _dealt(carried, [draw for draw in draws if _used(draw, seed, weights)], wanted)


def _used(draw: Draw, seed: int, weights: Mapping[str, float] | None) -> bool:
    chance = int.from_bytes(blake2b(f"{seed}/{draw.anchor}/{draw.number}/used".encode(), digest_size=4).digest(), "big")
    return not weights or chance < weights.get(draw.anchor, 1.0) * 2**32


class Carried:
    """Which tasks an anchor's edges can carry in which language. Its bundle may still hold too few of them."""

    def __init__(self, graph: Graph):
        finding = np.isin(graph.relation, [c for c, name in enumerate(graph.relations) if name in FINDINGS])
        asked = np.isin(graph.relation, [c for c, name in enumerate(graph.relations) if name in ASKED])
        self._there, self._absent, self._asked = (
            np.bincount(graph.subject[rows], minlength=len(graph.ids))
            for rows in (finding & (graph.polarity > 0), finding & (graph.polarity < 0), asked & (graph.polarity > 0))
        )
        kind = graph.relations.index(IS_A) if IS_A in graph.relations else -1
        self._bare = np.bincount(graph.subject[graph.relation != kind], minlength=len(graph.ids)) == 0
        self._graph = graph
        self._named = {name: pc.is_valid(graph.nodes[f"name_{name}"]).to_numpy() for name in SCRIPTS}

    def by(self, anchor: str, language: str, task: str) -> bool:
        row = self._graph.index(anchor)
        there, absent, asked = TASKS[task].needs
        enough = self._there[row] >= there and self._absent[row] >= absent and self._asked[row] >= asked
        return bool(self._named[language][row] and enough)

    def bare(self, anchor: str) -> bool:
        """Whether all that is known of it is what kind of disease it is."""
        return bool(self._bare[self._graph.index(anchor)])


def _dealt(carried: Carried, draws: list[Draw], wanted: Counter[str]) -> Iterator[Order]:
    """Each draw goes to the cell that lacks most of those that it can carry; takes what it gives from `wanted`."""
    written: Counter[str] = Counter()
    room = Counter({cell: math.ceil(BARE * count) for cell, count in wanted.items()})
    for draw in draws:
        bare = carried.bare(draw.anchor)
        cells = [c for c in wanted if wanted[c] > 0 and carried.by(draw.anchor, *c.split("/")[1:])]
        cells = [cell for cell in cells if room[cell] > 0] if bare else cells
        if cells:
            cell = max(cells, key=lambda cell: wanted[cell])
            _, language, task = cell.split("/")
            registers = TASKS[task].registers
            register = registers[(draw.number + written[cell]) % len(registers)]
            written[cell] += 1
            wanted[cell] -= 1
            room[cell] -= bare
            yield Order(draw.anchor, draw.number, draw.department, task, language, register)
