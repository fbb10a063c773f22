"""Texts of 2 kB labelled and rated per second on one core: `classifiers.annotate` with all it says, its reading alone,
and bare fastText once per label set, interleaved in the same run.

fastText is trained on the same texts with the guesses of our classifier as labels (words and pairs of words, 100
dimensions, its default of 2 million buckets), and predicts from Python, one text at a time, as it is used on the web.
`all label sets` are the eleven that annotate fills: department, content type, category, medical or not, value, four
scores of quality, advertisement and safety.
"""

import statistics
import tempfile
import time
from pathlib import Path

import fasttext
import pyarrow as pa

from benchmarks.classification._texts import cmtmedqa, mtsamples, not_medical, toyhom
from classifiers import load
from classifiers.annotate import Annotate
from classifiers.features import features
from datagen.record import table

BYTES = 2048
TEXTS = 1500
ROUNDS = 5
SETS = 11
TRAINED = ("department", "content_type", "category", "medical")


def measure(data: Path) -> None:
    texts = _texts(data)
    stage = Annotate()
    stage.setup({})
    batch = _records(texts)
    guesses = load("base").predict(texts)
    with tempfile.TemporaryDirectory() as folder:
        models = [_fasttext(Path(folder), texts, [guess[name] for guess in guesses]) for name in TRAINED]
    lines = [" ".join(text.split()) for text in texts]
    ways = {
        "annotate": lambda: stage.apply(batch),
        "reading alone": lambda: [features(text) for text in texts],
        "fastText, one label set": lambda: [models[0].predict(line) for line in lines],
        f"fastText, {len(TRAINED)} label sets": lambda: [m.predict(line) for m in models for line in lines],
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started = time.process_time()
            way()
            seconds[name].append(time.process_time() - started)
    rates = {name: len(texts) / statistics.median(times) for name, times in seconds.items()}
    rates[f"fastText, all {SETS} label sets"] = rates["fastText, one label set"] / SETS
    print(f"{'way':32} {'texts/s':>9} {'annotate is':>12}   target 2,000; 3x fastText once per label set")
    for name, rate in rates.items():
        print(f"{name:32} {rate:9,.0f} {rates['annotate'] / rate:11.2f}x")


def _texts(data: Path) -> list[str]:
    """Texts of 2,048 bytes, of all sources in turn: shorter ones of a source are joined, longer ones cut."""
    readers = [iter(_joined(reader(data))) for reader in (cmtmedqa, toyhom, mtsamples, not_medical)]
    found: list[str] = []
    while readers and len(found) < TEXTS:
        for reader in list(readers):
            if (text := next(reader, None)) is None:
                readers.remove(reader)
            else:
                found.append(text)
    return found[:TEXTS]


def _joined(texts):
    waiting = b""
    for text in texts:
        waiting += text.text.encode() + b"\n"
        if len(waiting) >= BYTES:
            yield waiting[:BYTES].decode("utf-8", "ignore")
            waiting = b""


def _records(texts: list[str]) -> pa.Table:
    rows = ({"id": f"{n:032x}", "group": f"{n}", "text": text} for n, text in enumerate(texts))
    return table({**row, "split": "train", "source": "s", "source_id": row["group"]} for row in rows)


def _fasttext(folder: Path, texts: list[str], labels: list[str]):
    path = folder / "lines.txt"
    path.write_text("".join(f"__label__{la} {' '.join(t.split())}\n" for la, t in zip(labels, texts, strict=True)))
    return fasttext.train_supervised(str(path), wordNgrams=2, epoch=5, thread=1, verbose=0)
