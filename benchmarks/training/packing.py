"""Best-fit packing of real documents: how full sequences are, what is lost, how fast; beside chopping a stream of all
tokens (no padding, documents cut) and one document per sequence. A dash is what a way has by definition.

One core, from tokenised text to a table of sequences; English and Chinese medical text, tokenizer of 8,192 entries.
"""

import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks.training._texts import medical
from training_bridge.packing import pack
from training_bridge.tokenizer import encode_documents, train_tokenizer

LENGTHS, ROUNDS = (512, 2048, 8192), 5


def measure(data: Path) -> None:
    texts = [text for learn, _ in medical(data).values() for text in learn]
    tokenizer = train_tokenizer(texts[::4], 8192)
    documents = encode_documents(tokenizer, texts)
    lengths = np.array([len(document) for document in documents])
    pack(documents[:10], 512, "general")
    print(f"{len(documents):,} documents of {lengths.sum():,} tokens, median {int(np.median(lengths))}")
    print(f"{'length':>7}  {'way':<18}{'full':>8}{'lost':>7}{'cut, of those that fit':>24}{'tokens/s':>14}")
    for length in LENGTHS:
        seconds = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            table, packing = pack(documents, length, "general")
            seconds.append(time.perf_counter() - started)
        lost = int(lengths.sum()) - sum(map(len, table["input_ids"]))
        fits = lengths <= length
        cut = (np.bincount(packing.document, minlength=len(lengths)) > 1)[fits].mean()
        rate = packing.tokens / statistics.median(seconds)
        print(f"{length:>7,}  {'best fit':<18}{packing.utilisation:>8.2%}{lost:>7}{cut:>24.1%}{rate:>14,.0f}")
        ends = np.cumsum(lengths)
        cut = ((ends - 1) // length > (ends - lengths) // length)[fits].mean()
        print(f"{'':>7}  {'chopped stream':<18}{'-':>8}{'-':>7}{cut:>24.1%}")
        alone = np.ceil(lengths / length).sum()
        print(f"{'':>7}  {'one per sequence':<18}{lengths.sum() / alone / length:>8.2%}{'-':>7}{'-':>24}")
    print("targets: full >= 99.5 %, lost 0, tokens/s >= 1,000,000")
