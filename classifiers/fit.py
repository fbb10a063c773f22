"""Training a fastText model: small, and the same bytes every time."""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import fasttext
import numpy as np

from datagen.errors import UsageError

PREFIX = "__label__"
DIMENSIONS = 32
MAX_TOKENS = 60_000
"""About 145 bytes each: with this many, a model stays under 10 MB."""


def fit(examples: Iterable[tuple[str, str]], seed: int) -> bytes:
    """Train on (label, line of features) and return the model file. The order of the examples does not matter.

    One thread: with several, fastText's updates race. Raises UsageError where the installed fastText trains wrongly.
    """
    lines = sorted((f"{PREFIX}{label} {line}" for label, line in examples), key=lambda line: _draw(seed, line))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lines.txt"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        model = fasttext.train_supervised(
            str(path),
            dim=DIMENSIONS,
            epoch=25,
            lr=0.5,
            minCount=_min_count(lines),
            thread=1,
            seed=seed,
            verbose=0,
        )
        weights = model.get_input_matrix()
        # fasttext 0.9.3 and its copies leave nine tenths of the matrix uninitialised when trained with one thread.
        if not (np.isfinite(weights).all() and np.abs(weights).max() < 1e4):
            raise UsageError(
                "the installed fasttext trains from uninitialised memory",
                "pip uninstall fasttext fasttext-wheel; pip install fasttext-community",
            )
        target = Path(folder) / "model.bin"
        model.save_model(str(target))
        return target.read_bytes()


@contextmanager
def opened(data: bytes) -> "Iterator[fasttext.FastText._FastText]":
    """A model from the bytes of its file: fastText only loads by path."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.bin"
        path.write_bytes(data)
        yield fasttext.load_model(str(path))


def _draw(seed: int, line: str) -> bytes:
    return hashlib.blake2b(line.encode(), digest_size=8, salt=seed.to_bytes(8, "big")).digest()


def _min_count(lines: list[str]) -> int:
    """The least count, from 2, that keeps the dictionary within bounds."""
    counts = Counter(token for line in lines for token in line.split())
    by_count = sorted(counts.values(), reverse=True)
    return max(2, by_count[MAX_TOKENS] + 1 if len(by_count) > MAX_TOKENS else 2)
