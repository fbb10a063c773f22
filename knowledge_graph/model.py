"""The graph in memory: typed nodes, and edges that affirm or exclude, as int32 arrays over both directions."""

import hashlib
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

if TYPE_CHECKING:
    import networkx as nx

TEXTS = pa.list_(pa.field("element", pa.string(), False))

NODES = pa.schema(
    [
        pa.field("id", pa.string(), False),
        pa.field("type", pa.string(), False),
        pa.field("name_en", pa.string()),
        pa.field("name_zh", pa.string()),
        pa.field("synonyms", TEXTS, False),
        pa.field("synonyms_zh", TEXTS, False),
        pa.field("definition", pa.string()),
        pa.field("departments", TEXTS, False),
        pa.field("alt_ids", TEXTS, False),
        pa.field("xrefs", TEXTS, False),
        pa.field("license", pa.string(), False),
        pa.field("source", pa.string(), False),
        pa.field("version", pa.string()),
    ]
)
EDGES = pa.schema(
    [
        pa.field("subject", pa.string(), False),
        pa.field("relation", pa.string(), False),
        pa.field("object", pa.string(), False),
        pa.field("polarity", pa.int8(), False),
        pa.field("frequency", pa.float32()),
        pa.field("n", pa.int32()),
        pa.field("evidence", TEXTS, False),
        pa.field("tier", pa.string(), False),
        pa.field("license", pa.string(), False),
        pa.field("origin", pa.string(), False),
        pa.field("key", pa.string(), False),
    ]
)
IS_A = "is_a"
FINDINGS = ("has_phenotype", "has_symptom")
"""Relations from a disease to what is found in a patient; they differ only in the ontology of their object."""


def edge_key(subject: str, relation: str, object: str, polarity: int) -> str:
    """What names an edge for good: 64 bits in hex over what it states, whoever states it."""
    fact = f"{subject}\0{relation}\0{object}\0{polarity:+d}".encode()
    return hashlib.blake2b(fact, digest_size=8).hexdigest()


@dataclass(frozen=True)
class Node:
    """One thing: `id` is a CURIE (DOID:1287), `type` disease, phenotype, symptom, test, treatment, drug, gene, ..."""

    id: str
    type: str
    name_en: str | None
    name_zh: str | None
    synonyms: tuple[str, ...] = ()
    synonyms_zh: tuple[str, ...] = ()
    definition: str | None = None
    departments: tuple[str, ...] = ()
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

    `evidence` are references (PMID:..., OMIM:...), `tier` is A (curated), B (derived) or C (mined from text),
    `origin` the file that states it.
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


class Graph:
    """A read-only graph over tables of the schemas NODES and EDGES.

    Arrays (N nodes, E edges, sorted by subject): `subject`, `object` int32[E] are rows of `nodes`; `relation` int16[E]
    indexes `relations`; `polarity` int8[E]; `frequency` float32[E], NaN where unknown; `type` int16[N] indexes `types`.

    Raises UsageError for tables of another schema, repeated ids or edges to nodes that are not there.
    """

    def __init__(self, nodes: pa.Table, edges: pa.Table):
        self.nodes, edges = _cast(nodes, NODES), _cast(edges, EDGES)
        ids = self.nodes["id"].combine_chunks()
        if pc.count_distinct(ids).as_py() != len(ids):
            raise UsageError("a node's id is there twice", "build the graph again")
        subject, object_ = (pc.index_in(edges[end], value_set=ids) for end in ("subject", "object"))
        if subject.null_count or object_.null_count:
            raise UsageError(
                f"{subject.null_count + object_.null_count} ends of edges are not among the nodes",
                "build the graph again",
            )
        order = np.argsort(subject.to_numpy(), kind="stable")
        self.edges = edges.take(order)
        self.subject = subject.to_numpy()[order].astype(np.int32)
        self.object = object_.to_numpy()[order].astype(np.int32)
        self.relations, self.relation = _codes(self.edges["relation"])
        self.types, self.type = _codes(self.nodes["type"])
        self.polarity = self.edges["polarity"].to_numpy()
        self.frequency = self.edges["frequency"].to_numpy()
        self._out = _starts(self.subject, len(ids))
        self._in = _starts(self.object, len(ids))
        self._in_edges = np.argsort(self.object, kind="stable").astype(np.int32)

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
            return self._in_edges[self._in[row] : self._in[row + 1]]
        return np.arange(self._out[row], self._out[row + 1], dtype=np.int32)

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
        return _as(Edge, self.edges, int(row))

    @cached_property
    def _by_key(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.key_bits, kind="stable")
        return self.key_bits[order], order

    @cached_property
    def key_bits(self) -> np.ndarray:
        """Edge keys as numbers: uint64[E]."""
        return np.frombuffer(bytes.fromhex("".join(self.edges["key"].to_pylist())), ">u8").astype(np.uint64)

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
        return (np.diff(self._out) + np.diff(self._in)).astype(np.int32)

    # Hierarchy

    @cached_property
    def _closures(self) -> dict[tuple[int, bool], frozenset[int]]:
        return {}

    def closure(self, row: int, down: bool = False) -> frozenset[int]:
        """Rows of a node and everything above it by is_a (down: below it)."""
        found = self._closures.get((row, down))
        if found is None:
            code = self.relations.index(IS_A) if IS_A in self.relations else -1
            seen, queue = {row}, [row]
            while queue:
                rows = self.rows_of(queue.pop(), inverse=down)
                rows = rows[(self.relation[rows] == code) & (self.polarity[rows] > 0)]
                for other in (self.subject if down else self.object)[rows].tolist():
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
    return Graph(*(_read(Path(path), kind, schema) for kind, schema in (("nodes", NODES), ("edges", EDGES))))


def _read(folder: Path, kind: str, schema: pa.Schema) -> pa.Table:
    files = sorted((folder / kind).glob("*.parquet"))
    if not files and not (kind == "edges" and (folder / "nodes").is_dir()):
        raise UsageError(f"{folder} holds no graph: there is no {kind}/*.parquet", "give the folder of a built graph")
    tables = [pq.read_table(file) for file in files]
    return pa.concat_tables(tables) if tables else schema.empty_table()


def _cast(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    try:
        return rows.select(schema.names).cast(schema).combine_chunks()
    except (KeyError, ValueError) as error:
        raise UsageError(f"this is not a graph's table: {error}", "build the graph with this version") from None


def _codes(column: pa.ChunkedArray) -> tuple[tuple[str, ...], np.ndarray]:
    """Distinct values, sorted, and each row's place among them."""
    values = sorted(column.unique().to_pylist())
    return tuple(values), pc.index_in(column, value_set=pa.array(values, pa.string())).to_numpy().astype(np.int16)


def _starts(ends: np.ndarray, nodes: int) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=nodes))]).astype(np.int64)


def _as(kind: type, rows: pa.Table, row: int):
    values = (rows[field.name][row].as_py() for field in fields(kind))
    return kind(*(tuple(value) if isinstance(value, list) else value for value in values))


def _flat(row: dict, *without: str) -> dict:
    return {
        k: "|".join(v) if isinstance(v, list) else v for k, v in row.items() if k not in without and v not in (None, [])
    }
