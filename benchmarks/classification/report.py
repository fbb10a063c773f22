"""How long the report takes and how large the page is, by how much there is to count; and whether its funnel adds up.

A run of 1,000 to 300,000 records is written through the engine's own tasks (labels drawn at random, so that nearly
every combination occurs), then reported on in this process: median of five, in processor time. Targets: < 2 s, < 2 MB.
"""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

import datagen
from datagen.record import with_column
from datagen.reports import report
from datagen.stage import Outcome
from datagen.taxonomy import load_taxonomy
from tests.datagen.written import Written, rows

SIZES = (1_000, 30_000, 300_000)
SOURCES = 40
REPEATS = 5


def measure(data: Path) -> None:
    print(f"{'records':>10}{'combinations':>14}{'CPU s':>9}{'page, MB':>10}{'funnel adds up':>16}")
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            _write(folder, size)
            times = []
            for _ in range(REPEATS):
                started = time.process_time()  # other work on the machine is not counted
                made = report(folder)
                page = made.html()
                times.append(time.process_time() - started)
            flow = made.tables["flow"].set_index("line")["rows"]
            sound = flow.drop("published").sum() == flow["published"] == datagen.load(folder, "kept").count_rows()
            print(
                f"{size:10,}{len(made.facts.cube):14,}{statistics.median(times):9.2f}"
                f"{len(page.encode()) / 1e6:10.2f}{'yes' if sound else 'NO':>16}"
            )


def _write(folder: str, size: int) -> None:
    draw = np.random.default_rng(0)
    values = {
        "department": [*load_taxonomy().codes, None],
        "language": ["en", "zh"],
        "source": [f"source_{n}" for n in range(SOURCES)],
        "license": ["CC-BY-4.0", "CC0-1.0", "NOASSERTION"],
        "access": ["open", "restricted"],
        "content_type": list(load_taxonomy("content_types").codes),
        "value": [float(n) for n in range(6)],
        "tokens": [50, 500, 5000],
    }
    made = rows("made", size, "Some words about number {n}. " * 20)
    for name, choices in values.items():
        column = [choices[i] for i in draw.integers(0, len(choices), size)]
        made = with_column(made, name, pa.array(column, made.schema.field(name).type))
    run = Written(Path(folder))
    run.source("made", "collectors.records", Outcome(made))

    def drop(batch: pa.Table) -> Outcome:
        return Outcome(batch, {i: "short" for i in batch["id"].to_pylist() if int(i[:8], 16) % 10 == 0})

    run.stage("kept", "toy.filter", ["made"], drop)
