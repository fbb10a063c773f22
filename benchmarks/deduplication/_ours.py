"""One run of `find_duplicates` on a file, for `_workload.ours`: prints seconds by the clock and of the processor."""

import sys
import time
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.deduplication._workload import THRESHOLD, write_clusters
from dedup import find_duplicates

if __name__ == "__main__":
    docs, out = map(Path, sys.argv[1:])
    find_duplicates(["a text of a few words 和一点中文", "another"], THRESHOLD)
    started, processor = time.perf_counter(), time.process_time()
    texts = pq.ParquetFile(docs).read(["text"], use_threads=False)["text"]  # threads only get in each other's way
    labels = find_duplicates(texts, THRESHOLD)
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    write_clusters(out, pq.read_table(docs, columns=["id"])["id"], labels)
    print(seconds, processor)
