"""Parts are cut by size, however large the rows are."""

import pyarrow as pa
import pyarrow.parquet as pq

from datagen.stage import Stage
from datagen.task import Job, Task


def test_large_rows_are_written_as_they_come(tmp_path, monkeypatch):
    monkeypatch.setattr("datagen.task.BATCH_BYTES", 10_000)
    monkeypatch.setattr("datagen.task.PART_BYTES", 50_000)
    job = Job("here", Stage(), "test", str(tmp_path), "0", None)
    task = Task(job, "rows", 0, None, tmp_path / "scratch")
    for number in range(100):
        task.write("data", pa.table({"text": [f"{number}" + "x" * 4000]}))
    paths = task.commit(None).paths()
    parts = [pq.ParquetFile(tmp_path / path) for path in paths]
    assert len(parts) == 7 and {part.metadata.row_group(0).num_rows for part in parts} == {3}
    texts = [text for part in parts for text in part.read()["text"].to_pylist()]
    assert [text.rstrip("x") for text in texts] == [str(number) for number in range(100)]
