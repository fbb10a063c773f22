"""The stage killed (SIGKILL, driver and workers) at random instants and resumed until it is done, beside an
uninterrupted run: every published byte must be the same. KILLS in the environment, 20 by default. About 6 minutes."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.deduplication._runs import CACHE, prepare, records
from benchmarks.deduplication._workload import REPOSITORY, workload
from datagen.cluster import ray_session

KILLS = int(os.environ.get("KILLS", "20"))
SMALL = 16 << 20  # bytes a task may hold: several shards in every phase


def measure(data: Path) -> None:
    folder = CACHE / "records-50k"
    if not folder.exists():
        records(workload(50_000) / "docs.parquet", folder)
    with ray_session(workers=2):
        out = prepare("kills", folder, memory=SMALL)
    clean, harmed = CACHE / "run-clean", CACHE / "run-harmed"
    for run in (clean, harmed):
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(out, run)
    started = time.perf_counter()
    _start(clean).wait()
    whole = time.perf_counter() - started
    draw, kills = random.Random(1), 0
    while kills < KILLS:
        process = _start(harmed)
        time.sleep(draw.uniform(0.1, 1) * whole)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        elif _digest(harmed) != _digest(clean):
            break
        else:
            shutil.rmtree(harmed / "unique")  # done in spite of the kills: begin again
        process.wait()
    code = _start(harmed).wait()
    same = _digest(harmed) == _digest(clean)
    print(f"{kills} kills of a run of {whole:.0f} s; exit code {code} at last; bytes {'equal' if same else 'DIFFER'}")
    for run in (out, clean, harmed):
        shutil.rmtree(run)
    if code or not same:
        sys.exit(1)


def _start(out: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "datagen", "run", str(CACHE / "kills.yaml"), "--out", str(out), "--only", "unique"]
    return subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def _digest(out: Path) -> str:
    """Of what is published: rows, ledger and statistics, not when and by whom."""
    digest = hashlib.sha256()
    for path in sorted((out / "unique").glob("v-*/*/*.parquet")):
        digest.update(path.relative_to(out).as_posix().encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
