"""Main text of web pages: how exactly and how fast, beside trafilatura, resiliparse and readability.

The 181 pages with hand-made ground truth of Zyte's article extraction benchmark, by its authors' own measure
(`evaluate.py`): the text is a bag of its 4-word shingles; true and false positives and false negatives are counted per
page and normalised, so that a long page weighs no more than a short one; precision and recall are means over the pages,
where precision leaves out pages of which nothing was extracted; F1 is their harmonic mean.

Each peer runs with the settings that are best for it among those its documentation offers for articles, and gets text,
not bytes. Ours is the stage's whole way from text to Markdown: parsing within limits, hidden text taken out, two
extractions, furniture removed. What is ours to choose (the rule in `collectors.web.page_text`, the words in
`collectors.web.page_furniture`) was chosen on the half called `chosen on`; `other` is the other half. The shapes in
`collectors.web.page_shape` were found by looking at pages of both, so that neither half is blind to them.

readability comes by `pip install readability-lxml`, and is no part of the development extra: pip before 23.3 cannot
resolve it beside trafilatura (both ask for `lxml[html_clean]`, spelled in two ways).
"""

import gzip
import io
import json
import random
import re
import tarfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

import lxml.html

from collectors.web.page import parse_page
from collectors.web.page_text import main_text

ROUNDS = 3
_WORD = re.compile(r"\w+")

Counts = tuple[float, float, float]


def measure(data: Path) -> None:
    pages, truth = _read(data / "general_html_articles" / "article_extraction.tar.gz")
    keys = sorted(pages)
    random.Random(1).shuffle(keys)
    half = set(keys[: len(keys) // 2])
    systems = _systems()
    texts: dict[str, dict[str, str]] = {name: {} for name in systems}
    seconds: dict[str, list[float]] = {name: [0.0] * ROUNDS for name in systems}
    for turn in range(ROUNDS):  # interleaved, so that all have the same neighbours on the machine
        for key in keys:
            for name, extract in systems.items():
                started = time.process_time()
                texts[name][key] = extract(pages[key])
                seconds[name][turn] += time.process_time() - started
    size = sum(len(page.encode()) for page in pages.values()) / 1e6
    print(f"{len(pages)} pages, {size:.1f} MB; {len(half)} of them chosen on; medians of {ROUNDS} interleaved rounds")
    print(f"{'':<28}{'F1':>7}{'prec.':>7}{'recall':>7}{'chosen on':>11}{'other':>7}{'pages/s':>9}{'MB/s':>7}")
    scores = {}
    for name, found in texts.items():
        counts = {key: _counts(_shingles(truth[key]), _shingles(found[key])) for key in keys}
        precision, recall, scores[name] = _scores(list(counts.values()))
        halves = [_scores([c for k, c in counts.items() if (k in half) is inside])[2] for inside in (True, False)]
        spent = median(seconds[name])
        print(
            f"{name:<28}{scores[name]:>7.4f}{precision:>7.4f}{recall:>7.4f}{halves[0]:>11.4f}{halves[1]:>7.4f}"
            f"{len(pages) / spent:>9.1f}{size / spent:>7.1f}"
        )
    best = max(score for name, score in scores.items() if name != "ours")
    ours = scores["ours"]
    print(f"F1 of ours {ours:.4f}, of the best peer {best:.4f}; target: at least the best peer's: {ours >= best}")


def _systems() -> dict[str, Callable[[str], str]]:
    import trafilatura
    from readability import Document
    from resiliparse.extract.html2text import extract_plain_text

    def trafilatura_with(**options: bool) -> Callable[[str], str]:
        return lambda html: trafilatura.extract(html, include_comments=False, **options) or ""

    def readability(html: str) -> str:
        return "\n".join(lxml.html.fromstring(Document(html).summary()).itertext())

    return {
        "trafilatura": trafilatura_with(),
        "trafilatura, precision": trafilatura_with(favor_precision=True),
        "trafilatura, recall": trafilatura_with(favor_recall=True),
        "trafilatura, fast": trafilatura_with(fast=True),
        "resiliparse": lambda html: extract_plain_text(html, main_content=True),
        "resiliparse, no alt texts": lambda html: extract_plain_text(html, main_content=True, alt_texts=False),
        "readability": readability,
        "ours": lambda html: main_text(parse_page(html)),
    }


def _read(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Pages and their true texts, by key."""
    pages = {}
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is None:
                continue
            if member.name.endswith(".html.gz"):
                with gzip.open(io.BytesIO(content.read())) as page:
                    pages[Path(member.name).name.removesuffix(".html.gz")] = page.read().decode()
            elif member.name.endswith("ground-truth.json"):
                truth = {key: entry["articleBody"] for key, entry in json.load(content).items()}
    return pages, truth


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    return Counter(shingle for i in range(max(1, len(words) - 3)) if (shingle := tuple(words[i : i + 4])))


def _counts(true: Counter, found: Counter) -> Counts:
    """True positives, false positives and false negatives as shares of all three."""
    hit, wrong, missed = (true & found).total(), (found - true).total(), (true - found).total()
    total = hit + wrong + missed
    return (hit / total, wrong / total, missed / total) if total else (0.0, 0.0, 0.0)


def _scores(counts: list[Counts]) -> tuple[float, float, float]:
    precision = mean(_share(hit, wrong, missed) for hit, wrong, missed in counts if hit + wrong > 0)
    recall = mean(_share(hit, missed, wrong) for hit, wrong, missed in counts if hit + missed > 0)
    return precision, recall, 2 * precision * recall / (precision + recall)


def _share(hit: float, other: float, third: float) -> float:
    if other == third == 0:
        return 1.0
    return hit / (hit + other) if hit + other else 0.0
