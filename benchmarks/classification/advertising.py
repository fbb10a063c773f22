"""Advertisements among health texts, on cases written by another hand; and how many honest texts are taken for one.

ADS, an environment variable, names the JSONL file or folder of cases: {"text": ..., "ad": true or false}; every file is
told apart. The acts, their phrases and weights (classifiers/advertising.yaml) were written after reading two files, of
240 and of 280 cases: only files written later say how well unknown advertisements are found. Honest texts are of real
sources, whole, whose few true advertisements (pages on sales and tickets among those of the web) count as errors;
phrases that they use were taken out.
"""

import json
import os
from itertools import islice
from pathlib import Path

from benchmarks.classification._texts import articles, cmtmedqa, medquad, mtsamples, sums, toyhom
from classifiers.advertising import salesmanship

ACTS = 2
"""Salesmanship that makes an advertisement, as in `classifiers.screen`."""
MOST = 8000
"""Honest texts of a source."""


def measure(data: Path) -> None:
    print(f"{'cases':24} {'texts':>6} {'recall':>7} {'precision':>9}   target .95 / .95")
    for path in _files():
        cases = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        for language in ("zh", "en"):
            mine = [case for case in cases if is_chinese(case["text"]) == (language == "zh")]
            told = [(case["ad"], salesmanship(case["text"]) >= ACTS) for case in mine]
            right = sum(ad and guess for ad, guess in told)
            recall, precision = (right / max(sum(column), 1) for column in zip(*told, strict=True))
            print(f"{path.stem + ', ' + language:24} {len(told):6} {recall:7.3f} {precision:9.3f}")
    print(f"\n{'honest texts':24} {'texts':>6} {'taken for one':>14}")
    for reader in (cmtmedqa, toyhom, mtsamples, medquad, sums, articles):
        texts = [text.text for text in islice(reader(data), MOST)]
        wrong = sum(salesmanship(text) >= ACTS for text in texts)
        print(f"{reader.__name__:24} {len(texts):6} {wrong / len(texts):14.4f}")


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def _files() -> list[Path]:
    place = os.environ.get("ADS")
    if not place:
        print("no cases: set ADS")
        return []
    return sorted(Path(place).glob("*.jsonl")) if Path(place).is_dir() else [Path(place)]
