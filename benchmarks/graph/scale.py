"""A graph of 200,000 nodes and 22 million edges: how long it loads, what all workers together hold, bundles a second.

Its nodes have the types, and its edges the ends, of the real patients' and ontologies' graph, drawn with replacement:
each real node stands for many, with its degrees in both directions, so that hubs are hubs and the tail is long. Every
node but the first eight has one broader node, and no other edge is is_a. One edge in twelve is excluded, every edge
cites a paper, half have a frequency.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.graph.build import build
from knowledge_graph import Graph
from knowledge_graph.build import Build
from knowledge_graph.model import IS_A
from knowledge_graph.schema import EDGES, NODES

NODES_MADE, EDGES_MADE = 200_000, 22_000_000
ROWS = 1 << 20
BUNDLES = 100_000
WORKERS = 4
PAPERS = 40_000
SEED = 1


def measure(data: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        made = make(data, path)
        mine = [sys.executable, "-m", "benchmarks.graph.scale", folder]
        found = json.loads(subprocess.run(mine, check=True, capture_output=True, text=True).stdout.split("\n")[-2])
    rows = (
        ("nodes", made[0], "200000"),
        ("edges", made[1], "22000000"),
        ("largest degree", made[2], "-"),
        ("seconds to load from Parquet", found["load"], "<= 10"),
        ("CPU seconds of it, all threads", found["cpu"], "-"),
        ("GB of the graph in the object store", found["store"], "-"),
        (f"GB in {WORKERS} workers together, store included", found["workers"], "<= 1.5"),
        ("GB of the driver's own while loading, at most", found["peak"], "-"),
        ("bundles/s on one core, as arrays", found["arrays"], ">= 20000"),
        ("bundles/s on one core, as objects with all names", found["objects"], "-"),
    )
    print(f"{'measure':52} {'ours':>12} {'target':>10}")
    for name, value, target in rows:
        print(f"{name:52} {value:>12} {target:>10}")


def make(data: Path, folder: Path) -> tuple[int, int, int]:
    """Write the graph; (nodes, edges, largest degree)."""
    draw = np.random.default_rng(SEED)
    real, _, _ = build(
        Build(
            obo=[str(data / "kg_hpo_2015"), str(data / "kg_disease_ontology/src/ontology/doid.obo.gz")],
            phenopackets=str(data / "case_rare_phenopackets_A-M"),
        ),
        folder / "real",
    )
    stands_for = np.concatenate([np.arange(len(real)), draw.integers(0, len(real), NODES_MADE - len(real))])
    (folder / "nodes").mkdir()
    pq.write_table(_nodes(real, stands_for), folder / "nodes" / "part-00000.parquet")
    subject, object_ = _pairs(real, stands_for, draw)
    (folder / "edges").mkdir()
    _write_edges(real, subject, object_, draw, folder / "edges" / "part-00000.parquet")
    return NODES_MADE, len(subject), int(np.bincount(np.concatenate([subject, object_])).max())


def _nodes(real: Graph, stands_for: np.ndarray) -> pa.Table:
    table = real.nodes.take(stands_for)
    ids = pa.array([f"N:{i:06d}" for i in range(len(stands_for))])
    empty = pa.array([[]] * len(stands_for), NODES.field("alt_ids").type)
    for name, column in (("id", ids), ("alt_ids", empty)):
        table = table.set_column(NODES.names.index(name), NODES.field(name), column)
    return table


def _pairs(real: Graph, stands_for: np.ndarray, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Different pairs of different nodes, sorted: each end drawn by its real degree in that direction."""
    shares = []
    for ends in (real.subject, real.object):
        weight = np.bincount(ends, minlength=len(real))[stands_for].astype(float)
        shares.append(np.cumsum(weight / weight.sum()))
    broader = _broader()
    found = (np.arange(len(broader)) * NODES_MADE + broader)[broader >= 0]
    while len(found) < EDGES_MADE:
        ends = [
            np.searchsorted(share, np.sort(draw.random(EDGES_MADE // 2))).clip(max=NODES_MADE - 1) for share in shares
        ]
        pairs = ends[0].astype(np.int64) * NODES_MADE + draw.permutation(ends[1])
        pairs = pairs[pairs // NODES_MADE != pairs % NODES_MADE]
        found = np.unique(np.concatenate([found, pairs]))
    up = broader[found // NODES_MADE] == found % NODES_MADE
    left = np.flatnonzero(~up)
    kept = draw.choice(left, EDGES_MADE - int(up.sum()), replace=False)
    found = np.sort(np.concatenate([found[up], found[kept]]))
    return found // NODES_MADE, found % NODES_MADE


def _broader() -> np.ndarray:
    """The node above each: int64[nodes], -1 where there is none."""
    node = np.arange(NODES_MADE)
    return np.where(node < 8, -1, node // 8)


def _write_edges(real: Graph, subject: np.ndarray, object_: np.ndarray, draw: np.random.Generator, path: Path) -> None:
    ids = pa.array([f"N:{i:06d}" for i in range(NODES_MADE)])
    papers = pa.array([f"PMID:{i}" for i in draw.integers(1_000_000, 40_000_000, PAPERS)])
    broader = _broader()
    is_a = real.relations.index(IS_A)
    shares = np.bincount(real.relation, minlength=len(real.relations)).astype(float)
    shares[is_a] = 0
    shares /= shares.sum()
    with pq.ParquetWriter(path, EDGES, compression="zstd") as writer:
        for low in range(0, len(subject), ROWS):
            s, o = subject[low : low + ROWS], object_[low : low + ROWS]
            count = len(s)
            relation = np.where(broader[s] == o, is_a, draw.choice(len(shares), count, p=shares))
            known = draw.random(count) < 0.5
            n = draw.integers(1, 60, count)
            keys = draw.integers(0, 2**63, count, np.uint64)
            columns = {
                "subject": ids.take(pa.array(s)),
                "relation": pa.array(real.relations).take(pa.array(relation)),
                "object": ids.take(pa.array(o)),
                "polarity": np.where((draw.random(count) < 1 / 12) & (relation != is_a), -1, 1).astype(np.int8),
                "frequency": pa.array(draw.random(count).astype(np.float32), mask=~known),
                "n": pa.array(n.astype(np.int32), mask=~known),
                "evidence": pa.ListArray.from_arrays(
                    np.arange(count + 1, dtype=np.int32), papers.take(pa.array(draw.integers(0, PAPERS, count)))
                ).cast(EDGES.field("evidence").type),
                "tier": pa.array(["A", "B", "C"]).take(pa.array(draw.integers(0, 3, count))),
                "license": pa.array(["CC0-1.0", "CC-BY-4.0"]).take(pa.array(draw.integers(0, 2, count))),
                "origin": pa.array([f"file-{i}" for i in range(12)]).take(pa.array(draw.integers(0, 12, count))),
                "key": pa.array([f"{key:016x}" for key in keys.tolist()]),
                "onset": pa.nulls(count, pa.string()),
                "sex": pa.nulls(count, pa.string()),
            }
            writer.write_table(pa.table([columns[name] for name in EDGES.names], schema=EDGES))


def _in_one_process(folder: Path) -> None:
    """What one fresh process finds: prints JSON as its last line."""
    import resource

    import ray

    from knowledge_graph import load
    from knowledge_graph.deal import Bundles, Dealer

    before = psutil.Process().memory_info().rss
    started, cpu = time.monotonic(), time.process_time()
    graph = load(folder)
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    dealer = Dealer(graph)
    able = np.array(dealer.eligible(("disease",)), np.int32)
    draw = np.random.default_rng(SEED)
    rows = np.sort(draw.choice(able, BUNDLES)).astype(np.int32)
    numbers = np.arange(BUNDLES) - np.searchsorted(rows, rows)
    started = time.process_time()
    bundles = Bundles(dealer, SEED, rows, numbers)
    arrays = BUNDLES / (time.process_time() - started)
    started = time.process_time()
    for place in range(0, BUNDLES, BUNDLES // 5000):
        bundles[place]
    objects = 5000 / (time.process_time() - started)

    ray.init(num_cpus=WORKERS, object_store_memory=4 << 30, include_dashboard=False, log_to_driver=False)
    ref = ray.put(dealer)

    @ray.remote
    class Worker:
        def deal(self, shared: Dealer, part: int) -> tuple[float, float]:
            """Private memory, and memory shared with others, in bytes."""
            self.dealer = shared
            Bundles(shared, SEED, rows[part::WORKERS], numbers[part::WORKERS])[0]
            memory = psutil.Process().memory_full_info()
            return memory.uss, memory.pss

    workers = [Worker.remote() for _ in range(WORKERS)]
    used = ray.get([worker.deal.remote(ref, part) for part, worker in enumerate(workers)])
    store = ray.cluster_resources()["object_store_memory"] - ray.available_resources()["object_store_memory"]
    print(
        "\n"
        + json.dumps(
            {
                "load": round(seconds, 1),
                "cpu": round(cpu, 1),
                "peak": round(peak / 1e9, 2),
                "store": round(store / 1e9, 2),
                "workers": round((store + sum(uss for uss, _ in used)) / 1e9, 2),
                "arrays": round(arrays),
                "objects": round(objects),
            }
        )
    )


if __name__ == "__main__":
    _in_one_process(Path(sys.argv[1]))
