"""Claim extraction on real sentences, and Chinese negation on 150, annotated by other hands (forms: claims.md).

The sentences belong to their publishers and are not in this repository: the folder named by ANNOTATED holds
`claims.jsonl` and `negation_zh.jsonl`, the file named by BLIND sentences of the second form. The graph is that of all
sources (`build.py`) but Wikidata's diseases, whose synonyms are scraps; nothing is learned from the texts.

`read` is the verifier's generous reading, which was the only one at the first look (precision .266 of 229 claims);
`extract` was written after it and corrected at later looks at the sentences of ANNOTATED, so that its figure there is
no longer held out, like the negation figure after its first look. Of the sentences of BLIND, half by the hash of their
ids were read after the first look and corrected by; the others are held out.
"""

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.graph._annotated import Case, cases
from benchmarks.graph.build import build, sources
from benchmarks.graph.link import TYPES
from knowledge_graph import Graph, Linker
from knowledge_graph.claims import Reader, Stated, sentences
from knowledge_graph.extract import extract

DRAWS = 10_000

Reading = Callable[[Graph, Linker, str], list[Stated]]


def measure(data: Path) -> None:
    folder, blind = (Path(os.environ[name]) if os.environ.get(name) else None for name in ("ANNOTATED", "BLIND"))
    if not folder and not blind:
        print("neither ANNOTATED nor BLIND names annotated sentences: not measured")
        return
    with tempfile.TemporaryDirectory() as scratch:
        stage = sources(data, Path(scratch))
        stage = stage.model_copy(update={"wikidata": [path for path in stage.wikidata if path.endswith("drug")]})
        graph, _, _ = build(stage, Path(scratch) / "run")
    linker = Linker(graph)
    print(f"{'measure':58} {'ours':>7} {'95 % interval':>15} {'target':>8}")
    if folder:
        known = cases(folder / "claims.jsonl")
        for name, reading in (("extract", extracted), ("read", read)):
            report(graph, linker, known, f"looked at, {name}", reading, "-")
        agreed, unsure, found, all_ = negation(graph, linker, folder / "negation_zh.jsonl")
        _line("Chinese mentions of 150 sentences found", found, all_, "-")
        _line("Chinese negation, accuracy of those found", agreed, found, ">= 0.90")
        _line("Chinese uncertainty, accuracy of those found", unsure, found, "-")
    if blind:
        unread = cases(blind)
        report(graph, linker, [c for c in unread if not c.held_out], "tuned on", extracted, "-")
        report(graph, linker, [c for c in unread if c.held_out], "held out", extracted, ">= 0.90")
        report(graph, linker, unread, "both", extracted, "-")


def report(graph: Graph, linker: Linker, annotated: Sequence[Case], label: str, reading: Reading, target: str) -> None:
    """Lines for each language and for both, with intervals from draws of whole sentences."""
    counted = [compared(case, reading(graph, linker, case.text)) for case in annotated]
    for language in ("en", "zh", None):
        rows = [c for case, c in zip(annotated, counted, strict=True) if language in (case.language, None)]
        name = f"{label}, {language or 'all'}: "
        _interval(f"{name}precision", [(c.right, c.ours) for c in rows], "-" if language else target)
        _interval(f"{name}precision, hedges aside", [(c.right_but_hedges, c.ours) for c in rows], "-")
        _interval(f"{name}coverage, all relations", [(c.found, c.noted) for c in rows], "-")
        _interval(f"{name}coverage, relations we know", [(c.known_found, c.known) for c in rows], "-")


@dataclass
class Counts:
    """Of one sentence: our claims, those right, those right whatever is left open; those noted, found, of relations
    that we know, and found of these."""

    ours: int = 0
    right: int = 0
    right_but_hedges: int = 0
    noted: int = 0
    found: int = 0
    known: int = 0
    known_found: int = 0


def compared(case: Case, claims: Sequence[Stated]) -> Counts:
    """What to count of one sentence."""
    text, counts = case.text, Counts()
    ours, gold = [], [noted for noted in case.claims if noted.counts]
    for claim in claims:
        right = any(noted.said_by(text, claim) for noted in gold)
        if not right and any(noted.said_by(text, claim) for noted in case.claims if not noted.counts):
            continue
        ours.append(claim)
        counts.ours += 1
        counts.right += right
        counts.right_but_hedges += right or any(noted.said_by(text, claim, hedged=False) for noted in gold)
    for noted in gold:
        found = any(noted.said_by(text, claim) for claim in ours)
        counts.noted, counts.found = counts.noted + 1, counts.found + found
        counts.known, counts.known_found = counts.known + noted.known, counts.known_found + (found and noted.known)
    return counts


def _interval(name: str, parts: Sequence[tuple[int, int]], target: str) -> None:
    """A share of sums, with the interval that draws of the parts give (percentile bootstrap)."""
    pairs = np.array(parts, np.int64).reshape(-1, 2)
    picks = np.random.default_rng(0).integers(0, len(pairs), (DRAWS, len(pairs)))
    part, whole = pairs[picks].sum(axis=1).T
    low, high = np.percentile(part[whole > 0] / whole[whole > 0], (2.5, 97.5)) if pairs[:, 1].any() else (0.0, 1.0)
    if low == high == 1.0:
        low = 0.025 ** (1 / pairs[:, 1].sum())  # no draw can show an error: the exact binomial bound
    _line(name, *pairs.sum(axis=0), target, f"[{low:.3f}, {high:.3f}]")


def _line(name: str, part: int, whole: int, target: str, interval: str = "") -> None:
    print(f"{name:58} {part / max(1, whole):7.3f} {interval:>15} {target:>8}  of {whole}")


def extracted(graph: Graph, linker: Linker, text: str) -> list[Stated]:
    return extract(text, linker.link(text), graph.type_of)


def read(graph: Graph, linker: Linker, text: str) -> list[Stated]:
    """Claims that name what they are about."""
    reader = Reader(text, graph.type_of)
    split = sentences(text, linker.link(text))
    return [claim for s in split for claim in reader.read(s) if not s.question and claim.at and claim.by]


def negation(graph: Graph, linker: Linker, path: Path) -> tuple[int, int, int, int]:
    """Mentions found whose negation agrees, whose uncertainty agrees, found, and all."""
    agreed = unsure = found = whole = 0
    for line in path.read_text("utf-8").splitlines():
        case = json.loads(line)
        mentions = [m for m in linker.link(case["text"]) if any(graph.type_of(c) in TYPES for c in m.candidates)]
        for gold in case["mentions"]:
            whole += 1
            mine = [m for m in mentions if m.start < gold["end"] and gold["start"] < m.end]
            if mine:
                found += 1
                agreed += mine[0].negated == gold["negated"]
                unsure += mine[0].uncertain == gold["uncertain"]
    return agreed, unsure, found, whole
