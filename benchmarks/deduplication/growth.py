"""The stage by two Ray workers over 50,000, 500,000 and 5 million documents (ten workloads of 500,000, seeds 1 to 10):
time per document, memory of the workers at 5 million, and the same result as the first workload alone has. About 45
minutes, 25 of them to make the workloads; 45 GB of disk in CACHE, 20 of which stay there for the next run."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

import datagen
from benchmarks.deduplication._runs import CACHE, Memory, Timed, dedup, prepare, records
from benchmarks.deduplication._workload import workload
from datagen.cluster import ray_session
from datagen.store import Store

SEEDS = range(1, 11)
WORKERS = 2


def documents() -> Path:
    """Record files of 5 million documents, ids prefixed by the seed."""
    folder = CACHE / "records-5m"
    for seed in SEEDS:
        done = CACHE / f"records-5m-{seed}.done"
        if not done.exists():
            made = workload(500_000, seed)
            records(made / "docs.parquet", folder, f"s{seed}-")
            shutil.rmtree(made)
            done.touch()
    return folder


def merges(run: str) -> pa.Table:
    """(id, into) of the merged records of a run, by id."""
    store = Store(str(CACHE / f"run-{run}"))
    version = store.read("unique/CURRENT").decode().split()[0]
    paths = [path for path, _ in store.files(f"unique/{version}/ledger")]
    ledger = pa.concat_tables([store.parquet(path).read(["id", "outcome", "into"]) for path in paths])
    return ledger.filter(pc.equal(ledger["outcome"], "merged")).select(["id", "into"]).sort_by("id")


def sized(folder: Path, name: str, files: int) -> Path:
    """The first record files, as a folder of their own."""
    part = CACHE / f"records-{name}"
    part.mkdir(exist_ok=True)
    for file in sorted(folder.glob("s1-*"))[:files] if files else sorted(folder.glob("*.parquet")):
        if not (part / file.name).exists():
            (part / file.name).hardlink_to(file)
    return part


def run(folder: Path, name: str, files: int) -> tuple[int, Timed, Memory]:
    with ray_session(workers=WORKERS):
        small = sized(folder, "62k", 1)
        prepare("small", small)
        dedup("small")
        shutil.rmtree(CACHE / "run-small")
        out = prepare(name, sized(folder, name, files))
        with Memory() as memory:
            timed = dedup(name)
    return datagen.load(str(out), "rows").count_rows(), timed, memory


def measure(data: Path) -> None:
    folder = documents()
    print("| documents | seconds to clusters | us/document | published, seconds | private MB | with mapped files MB |")
    print("|---|---|---|---|---|---|")
    cost = []
    for name, files in (("62k", 1), ("500k", 8), ("5m", 0)):
        count, timed, memory = run(folder, name, files)
        cost.append(timed.clusters / count)
        print(
            f"| {count:,} | {timed.clusters:.1f} | {1e6 * cost[-1]:.1f} | {timed.published:.1f} "
            f"| {memory.private / 1e6:,.0f} | {memory.resident / 1e6:,.0f} |",
            flush=True,
        )
        print(f"  phases end at {', '.join(f'{n} {s:.1f}' for n, s in timed.phases.items())} s", flush=True)
    first, second = cost[1] / cost[0], cost[2] / cost[1]
    print(f"\nper document, {first:.2f} times and {second:.2f} times what it was a decade below (target 1.15)")
    alone, together = merges("500k"), merges("5m")
    same = together.filter(pc.is_in(together["id"], value_set=alone["id"].combine_chunks()))
    print(f"{len(alone):,} merges of the first workload alone, {'the same' if same.equals(alone) else 'OTHERS'} in all")
    for name in ("62k", "500k", "5m"):
        shutil.rmtree(CACHE / f"run-{name}")
