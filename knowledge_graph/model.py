"""The graph in memory: typed nodes, and edges that affirm or exclude, as int32 arrays over both directions."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datagen.errors import UsageError
from knowledge_graph.schema import NODES
from knowledge_graph.statements import Statements, read_batches, sorted_by, starts_of

if TYPE_CHECKING:
    import networkx as nx

IS_A = "is_a"
FINDINGS = ("has_phenotype", "has_symptom")
"""Relations from a disease to what is found in a patient; they differ only in the ontology of their object."""


@dataclass(frozen=True)
class Node:
    """One thing: `id` is a CURIE (DOID:1287), `type` disease, phenotype, symptom, test, treatment, drug, gene, ...

    `prevalence` is a class in its source's words (1-9 / 100 000), `information` the content by place in the hierarchy:
    0 for a root, 1 for what has nothing below.
    """

    id: str
    type: str
    name_en: str | None
    name_zh: str | None
    synonyms: tuple[str, ...] = ()
    synonyms_zh: tuple[str, ...] = ()
    definition: str | None = None
    departments: tuple[str, ...] = ()
    prevalence: str | None = None
    information: float | None = None
    alt_ids: tuple[str, ...] = ()
    xrefs: tuple[str, ...] = ()
    license: str = "NOASSERTION"
    source: str = ""
    version: str | None = None

    def names(self, language: str) -> tuple[str, ...]:
        """Name and synonyms in `en` or `zh`, the name first; empty where there is none."""
        name, more = (self.name_zh, self.synonyms_zh) if language == "zh" else (self.name_en, self.synonyms)
        return (name, *more) if name else more


@dataclass(frozen=True)
class Edge:
    """One statement. `polarity` +1 affirms, -1 excludes; `frequency` (0..1) is the share of `n` patients who show it.

    `onset` is the HPO term of the age at which it most often first shows, `sex` is female or male where all that is
    known is of one sex, `evidence` are references (PMID:..., OMIM:...), `tier` is A (curated), B (derived) or C (mined
    from text), `origin` the file that states it.
    """

    subject: str
    relation: str
    object: str
    polarity: int
    frequency: float | None
    n: int | None
    evidence: tuple[str, ...]
    tier: str
    license: str
    origin: str
    key: str
    onset: str | None = None
    sex: str | None = None


class Graph:
    """A read-only graph over tables of the schemas NODES and EDGES.

    Arrays (N nodes, E edges, sorted by subject and object): `subject`, `object` int32[E] are rows of `nodes`;
    `relation` int16[E] indexes `relations`; `polarity` int8[E]; `frequency` float32[E], NaN where unknown; `type`
    int16[N] indexes `types`; `stated` holds the rest. Edges from node i are rows `out[i]` to `out[i + 1]`, those to it
    `into_rows[into[i] : into[i + 1]]`. `above` and `below` are (starts int64[N + 1], nodes int32): what affirmed edges
    put one step above node i by is_a, and below it, is `nodes[starts[i] : starts[i + 1]]`. Workers of one machine share
    them without a copy (`ray.put`).

    Raises UsageError for tables of another schema, repeated ids or edges to nodes that are not there.
    """

    def __init__(self, nodes: pa.Table, edges: pa.Table | Iterable[pa.RecordBatch]):
        self.nodes = _cast(nodes, NODES)
        ids = self.nodes["id"].combine_chunks()
        if pc.count_distinct(ids).as_py() != len(ids):
            raise UsageError("a node's id is there twice", "build the graph again")
        self.types, self.type = _codes(self.nodes["type"])
        self.stated = Statements.of(edges, ids)
        self.relations = self.stated.words["relation"]
        for name in ("subject", "object", "relation", "polarity", "frequency"):
            setattr(self, name, getattr(self.stated, name))
        is_a = self.relations.index(IS_A) if IS_A in self.relations else -1
        rows = np.flatnonzero((self.relation == is_a) & (self.polarity > 0))
        narrow, broad = self.subject[rows], self.object[rows]
        self.above, self.below = _lists(narrow, broad, len(ids)), _lists(broad, narrow, len(ids))
        self.out = starts_of(self.subject, len(ids))
        self.into, self.into_rows = sorted_by(self.object, len(ids))

    def __len__(self) -> int:
        return len(self.nodes)

    def __getstate__(self):
        lazy = {n for n, v in vars(type(self)).items() if isinstance(v, cached_property)}
        return {k: v for k, v in self.__dict__.items() if k not in lazy}

    # Nodes

    @cached_property
    def ids(self) -> list[str]:
        return self.nodes["id"].to_pylist()

    @cached_property
    def _index(self) -> dict[str, int]:
        index = {}
        for row, others in enumerate(self.nodes["alt_ids"].to_pylist()):
            for other in others:
                index.setdefault(other, row)
        return index | {node: row for row, node in enumerate(self.ids)}

    def __contains__(self, node: str) -> bool:
        return node in self._index

    def index(self, node: str) -> int:
        """Row of a node in `nodes`, by its id or one of its alternative ids. Raises KeyError."""
        return self._index[node]

    def node(self, node: str) -> Node:
        """Everything about a node, by its id or one of its alternative ids. Raises KeyError."""
        return _as(Node, self.nodes, self.index(node))

    def type_of(self, node: str) -> str:
        return self.types[self.type[self.index(node)]]

    def of_type(self, *types: str) -> list[str]:
        """Ids of all nodes of these types, in order."""
        wanted = [code for code, name in enumerate(self.types) if name in types]
        return [self.ids[row] for row in np.flatnonzero(np.isin(self.type, wanted))]

    @cached_property
    def departments(self) -> dict[str, tuple[str, ...]]:
        """The department view: department code -> ids of its nodes, both sorted."""
        view: dict[str, list[str]] = {}
        for node, codes in zip(self.ids, self.nodes["departments"].to_pylist(), strict=True):
            for code in codes:
                view.setdefault(code, []).append(node)
        return {code: tuple(sorted(view[code])) for code in sorted(view)}

    # Edges

    def rows_of(self, row: int, inverse: bool = False) -> np.ndarray:
        """Rows in `edges` whose subject (inverse: object) is the node at `row`: int32, shape [degree]."""
        if inverse:
            return self.into_rows[self.into[row] : self.into[row + 1]]
        return np.arange(self.out[row], self.out[row + 1], dtype=np.int32)

    def edges_of(
        self, node: str, relation: str | None = None, polarity: int | None = None, inverse: bool = False
    ) -> list[Edge]:
        """Edges whose subject (inverse: object) is `node`, of one relation and polarity if given. Raises KeyError."""
        rows = self.rows_of(self.index(node), inverse)
        if relation is not None:
            code = self.relations.index(relation) if relation in self.relations else -1
            rows = rows[self.relation[rows] == code]
        if polarity is not None:
            rows = rows[self.polarity[rows] == polarity]
        return [self.edge_at(row) for row in rows]

    def edge_at(self, row: int) -> Edge:
        """The edge at a row of the arrays."""
        ids = self.ids
        return Edge(
            ids[self.subject[row]], self.relations[self.relation[row]], ids[self.object[row]], *self.stated.at(row)
        )

    @cached_property
    def edges(self) -> pa.Table:
        """All edges as a table of the schema EDGES, in the order of the arrays: for analysis, made when asked for."""
        ids = self.nodes["id"].combine_chunks()
        return self.stated.table(ids)

    @cached_property
    def _by_key(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.stated.key, kind="stable")
        return self.stated.key[order], order

    def edge(self, key: str) -> Edge:
        """The edge of a key. Raises KeyError."""
        keys, order = self._by_key
        bits = np.uint64(int(key, 16))
        at = int(np.searchsorted(keys, bits))
        if at == len(keys) or keys[at] != bits:
            raise KeyError(key)
        return self.edge_at(order[at])

    @cached_property
    def degree(self) -> np.ndarray:
        """Edges at each node, both directions: int32[N]."""
        return (np.diff(self.out) + np.diff(self.into)).astype(np.int32)

    # Hierarchy

    @cached_property
    def _closures(self) -> dict[tuple[int, bool], frozenset[int]]:
        return {}

    def closure(self, row: int, down: bool = False) -> frozenset[int]:
        """Rows of a node and everything above it by is_a (down: below it)."""
        found = self._closures.get((row, down))
        if found is None:
            seen, queue = {row}, [row]
            starts, nodes = self.below if down else self.above
            while queue:
                at = queue.pop()
                for other in nodes[starts[at] : starts[at + 1]].tolist():
                    if other not in seen:
                        seen.add(other)
                        queue.append(other)
            found = self._closures[row, down] = frozenset(seen)
        return found

    def ancestors(self, node: str) -> set[str]:
        """Everything above a node by is_a, without itself. Raises KeyError."""
        row = self.index(node)
        return {self.ids[i] for i in self.closure(row) if i != row}

    def descendants(self, node: str) -> set[str]:
        """Everything below a node by is_a, without itself. Raises KeyError."""
        row = self.index(node)
        return {self.ids[i] for i in self.closure(row, down=True) if i != row}

    # Analysis

    def to_networkx(self, nodes: Iterable[str] | None = None) -> "nx.MultiDiGraph":
        """The graph, or what lies among `nodes`, for networkx: node and edge attributes by column name, edges keyed by
        `key`; empty values left out and lists joined by `|`, so that GraphML and GEXF can hold it."""
        import networkx as nx

        rows = np.arange(len(self)) if nodes is None else np.unique([self.index(node) for node in nodes])
        inside = np.zeros(len(self), bool)
        inside[rows] = True
        picked = self.edges.take(np.flatnonzero(inside[self.subject] & inside[self.object]))
        graph = nx.MultiDiGraph()
        graph.add_nodes_from((n["id"], _flat(n, "id")) for n in self.nodes.take(rows).to_pylist())
        graph.add_edges_from(
            (e["subject"], e["object"], e["key"], _flat(e, "subject", "object", "key")) for e in picked.to_pylist()
        )
        return graph


def load(path: str | Path) -> Graph:
    """The graph in an artefact folder (`datagen path RUN STAGE`): `nodes/*.parquet` and `edges/*.parquet`.

    Raises UsageError where there is none.
    """
    folder = Path(path)
    nodes, edges = (sorted((folder / kind).glob("*.parquet")) for kind in ("nodes", "edges"))
    if not nodes:
        raise UsageError(f"{folder} holds no graph: there is no nodes/*.parquet", "give the folder of a built graph")
    return Graph(pa.concat_tables([pq.read_table(file) for file in nodes]), read_batches(edges))


def _cast(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    try:
        return rows.select(schema.names).cast(schema).combine_chunks()
    except (KeyError, ValueError) as error:
        raise UsageError(f"this is not a graph's table: {error}", "build the graph with this version") from None


def _codes(column: pa.ChunkedArray) -> tuple[tuple[str, ...], np.ndarray]:
    """Distinct values, sorted, and each row's place among them."""
    values = sorted(column.unique().to_pylist())
    return tuple(values), pc.index_in(column, value_set=pa.array(values, pa.string())).to_numpy().astype(np.int16)


def _lists(ends: np.ndarray, others: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """(starts int64[nodes + 1], nodes int32): the others of each end, in order."""
    starts, rows = sorted_by(ends, nodes)
    return starts, others[rows]


def _as(kind: type, rows: pa.Table, row: int):
    values = (rows[field.name][row].as_py() for field in fields(kind))
    return kind(*(tuple(value) if isinstance(value, list) else value for value in values))


def _flat(row: dict, *without: str) -> dict:
    return {
        k: "|".join(v) if isinstance(v, list) else v for k, v in row.items() if k not in without and v not in (None, [])
    }
