"""Rows of seven kinds, medical and general, English, Chinese and code, from the folder DATA; no benchmark, and nothing
made from one, is among them."""

import gzip
import hashlib
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.training._texts import abstracts, classics, consultations, textbook

MEDICAL = ("abstracts", "textbook", "consultations", "classics")
PAGE = 4000


def write_rows(data: Path, path: Path) -> Path:
    """Parquet of text, split (a tenth of each kind is validation, by hash) and source."""
    kinds = {
        "abstracts": abstracts(data),
        "textbook": textbook(data),
        "consultations": consultations(data),
        "classics": classics(data),
        "mathematics": _mathematics(data),
        "laws": _archive(data / "general_zh_laws"),
        "code": _archive(data / "general_code_python"),
    }
    rows = [
        {"text": text, "source": kind, "split": "validation" if _draw(text) == 0 else "train"}
        for kind, texts in kinds.items()
        for text in texts
        if text.strip()
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def _draw(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % 10


def _mathematics(data: Path) -> Iterator[str]:
    (path,) = (data / "general_math_gsm8k").rglob("train.jsonl*")
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        yield from (f"{row['question']}\n{row['answer']}" for row in map(json.loads, lines))


def _archive(folder: Path) -> Iterator[str]:
    (path,) = folder.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and not member.name.endswith((".md5", ".json")):
                text = archive.extractfile(member).read().decode("utf-8", "replace")
                yield from (text[start : start + PAGE] for start in range(0, len(text), PAGE))
