"""Four claims of the report about data, at small scale: equal tokens, three seeds, bits per byte of held-out text, less
is better; 95 % intervals paired by seed. Target: each answered, whatever the answer.

- copies (section 2.1, figure 2): repeating a text by the number of its copies, against each text once.
- quality (figure 3): the best third three times, and the best tenth ten times, against leaving out the worst third.
- packing (section 2.1): whole documents, against chopping at the ends of sequences.
- curation: pages with their main text taken out and near-copies removed, against all the text of the same pages.

CLAIMS names those wanted (environment variable; default: all).
"""

import hashlib
import os
import tarfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import trafilatura
from lxml import html

from benchmarks.mixing._arms import Arm, compare
from benchmarks.mixing._rows import MEDICAL, write_rows
from benchmarks.mixing.search import folder
from classifiers import load
from datagen.cluster import ray_session
from dedup import find_duplicates
from dedup.upsample import TXT360
from training_bridge.mixture import Plan

TOKENS = 400_000
HELDOUT_BYTES = 50_000
LONG = 6000
ARTICLE = 60
BYTES_PER_TOKEN = 3
"""About; only to cut a corpus down to what a run can read."""


def measure(data: Path) -> None:
    out = folder()
    out.mkdir(parents=True, exist_ok=True)
    rows = out / "rows.parquet"
    if not rows.exists():
        write_rows(data, rows)
    plan = Plan(rows=str(rows), tokens=int(os.environ.get("TOKENS") or TOKENS), seeds=int(os.environ.get("SEEDS") or 3))
    claims = {"copies": _copies, "quality": _quality, "packing": _packing, "curation": _curation}
    wanted = (os.environ.get("CLAIMS") or ",".join(claims)).split(",")
    texts = pq.read_table(rows).to_pylist()
    with ray_session(int(os.environ.get("WORKERS", 2))):
        for name in wanted:
            arms, heldout = claims[name](texts, plan, data)
            compare(name, arms, heldout, plan, out / "claims")


def _copies(rows: list[dict], plan: Plan, data: Path) -> tuple[list[Arm], dict[str, list[str]]]:
    """Articles of laws in their dated versions, and questions that were posted more than once: copies by nature."""
    train = [r for r in rows if r["split"] == "train"]
    articles = [line for r in train if r["source"] == "laws" for line in r["text"].split("\n") if len(line) >= ARTICLE]
    texts = _sampled([*articles, *(r["text"] for r in train if r["source"] == "consultations")], plan)
    labels = find_duplicates(texts, threshold=0.5).tolist()
    copies = Counter(labels)
    first = [n for n, label in enumerate(labels) if n == label]
    kept = [texts[n] for n in first]
    weights = [max(weight for least, weight in TXT360 if copies[n] >= least) for n in first]
    arms = [Arm("once each", kept), Arm("by copies", kept, weights), Arm("all copies", texts)]
    return arms, _heldout(rows, ("laws", "consultations"), texts)


def _quality(rows: list[dict], plan: Plan, data: Path) -> tuple[list[Arm], dict[str, list[str]]]:
    """Medical rows by the bundled classifier's value, then its mean quality."""
    texts = _sampled([r["text"] for r in rows if r["source"] in MEDICAL and r["split"] == "train"], plan)
    scores = [(f["value"] or 0, sum(f["quality"].values())) for f in load("base").predict(texts)]
    order = sorted(range(len(texts)), key=lambda n: scores[n], reverse=True)
    best = {name: [texts[n] for n in order[: round(share * len(texts))]] for name, share in SHARES.items()}
    return [Arm(name, kept) for name, kept in best.items()] + [Arm("all", texts)], _heldout(rows, MEDICAL, texts)


SHARES = {"without the worst third": 2 / 3, "best third": 1 / 3, "best tenth": 1 / 10}
"""With equal tokens the best third is read twice as often as two thirds are, the best tenth nearly seven times."""


def _packing(rows: list[dict], plan: Plan, data: Path) -> tuple[list[Arm], dict[str, list[str]]]:
    texts = _sampled([r["text"] for r in rows if r["source"] in MEDICAL and r["split"] == "train"], plan)
    heldout = _heldout(rows, MEDICAL, texts)
    return [Arm("chopped", texts, chopped=True), Arm("whole", texts)], heldout


def _curation(rows: list[dict], plan: Plan, data: Path) -> tuple[list[Arm], dict[str, list[str]]]:
    """The same pages raw and curated; what is held out is other English text."""
    pages = _pages(data / "general_html_articles")
    raw = [text for page in pages if (text := _all_text(page))]
    curated = [text for page in pages if (text := trafilatura.extract(page, include_comments=False))]
    labels = find_duplicates(curated, threshold=0.5).tolist()
    curated = [text for n, text in enumerate(curated) if labels[n] == n]
    return [Arm("raw", raw), Arm("curated", curated)], _heldout(rows, ("abstracts", "textbook", "mathematics"), curated)


def _pages(where: Path) -> list[str]:
    (path,) = where.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        members = [m for m in archive if m.isfile() and ".html" in m.name]
        return [_unpacked(archive.extractfile(m).read(), m.name) for m in members]


def _unpacked(content: bytes, name: str) -> str:
    import gzip

    return (gzip.decompress(content) if name.endswith(".gz") else content).decode("utf-8", "replace")


def _all_text(page: str) -> str:
    """What a browser without layout would show: everything but scripts and styles."""
    tree = html.fromstring(page.encode(), parser=html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False))
    return "\n".join(
        " ".join(t.split()) for t in tree.xpath("//text()[not(ancestor::script|ancestor::style)]") if t.strip()
    )


def _sampled(texts: Sequence[str], plan: Plan) -> list[str]:
    """As many texts, by hash, as are about one run's tokens."""
    found, size = [], 0
    for text in sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest()):
        if size >= plan.tokens * BYTES_PER_TOKEN:
            break
        found.append(text)
        size += len(text.encode())
    return found


def _heldout(rows: list[dict], kinds: Sequence[str], training: Sequence[str]) -> Mapping[str, list[str]]:
    """Validation texts by kind, none with a near-copy among those trained on."""
    found: dict[str, list[str]] = {}
    texts = [r["text"] for r in rows if r["split"] == "validation" and r["source"] in kinds]
    kind_of = [r["source"] for r in rows if r["split"] == "validation" and r["source"] in kinds]
    labels = find_duplicates([*training, *texts], threshold=0.5)[len(training) :].tolist()
    for text, kind, label in zip(texts, kind_of, labels, strict=True):
        mine = found.setdefault(kind, [])
        if label >= len(training) and sum(len(t.encode()) for t in mine) < HELDOUT_BYTES:
            mine.append(text.encode()[:LONG].decode(errors="ignore"))
    return {kind: mine for kind, mine in found.items() if mine}
