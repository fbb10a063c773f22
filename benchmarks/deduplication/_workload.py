"""The workload whose answer is known: made once by its own script, kept in the cache, scored by its own script."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

REPOSITORY = Path(__file__).resolve().parents[2]
BENCH = Path(os.environ.get("BENCH", REPOSITORY.parent / "shared" / "bench"))
CACHE = Path(os.environ.get("CACHE", "/tmp/dedup-bench"))
PEERS = os.environ.get("PEERS", "/tmp/peers-venv/bin/python")
REPEAT = int(os.environ.get("REPEAT", "3"))
THRESHOLD = 0.5
CORE = 0


def workload(documents: int, seed: int = 7, language: str = "en", flood: int = 0) -> Path:
    """A folder with docs.parquet and truth.parquet."""
    folder = CACHE / f"{language}-{documents}-{seed}-{flood}"
    if not (folder / "truth.parquet").exists():
        command = [sys.executable, BENCH / "dedup_workload.py", "--docs", documents, "--seed", seed]
        command += ["--language", language, "--flood", flood, "--out", folder]
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    return folder


def score(folder: Path, clusters: Path) -> dict:
    """What the workload's scorer says of a file of `id` and `cluster`."""
    command = [sys.executable, BENCH / "dedup_score.py", folder / "truth.parquet", clusters, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def recall(scored: dict, kind: str) -> float:
    return scored["recall"][kind][0]


def write_clusters(path: Path, ids: pa.ChunkedArray, labels: np.ndarray) -> None:
    pq.write_table(pa.table({"id": ids, "cluster": pa.array(labels, pa.int64())}), path)


def ours(docs: Path, out: Path) -> tuple[float, float]:
    """(seconds, seconds of the processor) on one core, from reading Parquet to a cluster for each document, in a fresh
    process whose imports and compiled loops are loaded before the clock starts."""
    command = [sys.executable, "-m", "benchmarks.deduplication._ours", docs, out]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}
    done = subprocess.run(
        ["taskset", "-c", str(CORE), *map(str, command)],
        cwd=REPOSITORY,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, processor = map(float, done.stdout.split())
    return seconds, processor


def peer(name: str, docs: Path, out: Path, tokens: str) -> tuple[float, float] | None:
    """The same of a peer, or None where it can't run."""
    command = [PEERS, BENCH / "peers.py", docs, "--out", out, "--peer", name, "--tokens", tokens, "--core", CORE]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    row = re.search(rf"^{name}\s+\S+\s+([\d.]+)\s+([\d.]+)", done.stdout, re.MULTILINE)
    if row is None:
        print(f"{name} not measured: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
        return None
    return float(row[1]), float(row[2])
