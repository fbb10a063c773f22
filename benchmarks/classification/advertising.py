"""Advertisements among health texts, on cases written by another hand; and how many honest texts are taken for one.

ADS, an environment variable, names the JSONL file or folder of cases: {"text": ..., "ad": true or false}. Words and
weights were tuned on half of the cases, by the hash of the text, after rules written without them had failed; the other
half was never read, but measured after each of seven versions. Honest texts are of real sources, whole, whose few true
advertisements count as errors; words that they use were taken out.
"""

import hashlib
import json
import os
from itertools import islice
from pathlib import Path

from benchmarks.classification._texts import cmtmedqa, mtsamples, toyhom
from classifiers.advertising import salesmanship

KINDS = 2
"""Salesmanship that makes an advertisement, as in `classifiers.screen`."""
HONEST = 2000


def measure(data: Path) -> None:
    print(f"{'set':24} {'texts':>6} {'recall':>7} {'precision':>9}   target .95 / .95")
    for path in _files():
        cases = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        for name, half in (("tuned on", 0), ("unread", 1)):
            for language in ("zh", "en"):
                mine = [c for c in cases if _half(c["text"]) == half and is_chinese(c["text"]) == (language == "zh")]
                told = [(case["ad"], salesmanship(case["text"]) >= KINDS) for case in mine]
                right = sum(ad and guess for ad, guess in told)
                recall, precision = (right / max(sum(column), 1) for column in zip(*told, strict=True))
                print(f"{language + ', ' + name:24} {len(told):6} {recall:7.3f} {precision:9.3f}")
    print(f"\n{'honest texts':24} {'texts':>6} {'taken for one':>14}")
    for reader in (cmtmedqa, toyhom, mtsamples):
        texts = [text.text for text in islice(reader(data), HONEST)]
        wrong = sum(salesmanship(text) >= KINDS for text in texts)
        print(f"{reader.__name__:24} {len(texts):6} {wrong / len(texts):14.4f}")


def _half(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % 2


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def _files() -> list[Path]:
    place = os.environ.get("ADS")
    if not place:
        print("no cases: set ADS")
        return []
    return sorted(Path(place).glob("*.jsonl")) if Path(place).is_dir() else [Path(place)]
