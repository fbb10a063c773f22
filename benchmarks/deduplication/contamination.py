"""Planted benchmark items found, clean documents dropped, and how fast, beside the n-gram rule that others use.

Items: MedQA (US), MedMCQA, six subjects of MMLU, PubMedQA, MedCalc-Bench, BioASQ and CMB-Clin. The constants of
`dedup.item_index` were tuned on every second item and on `TUNED` sources (and textbooks, statutes, classics); the other
items and sources are held out. Quizzes: Chinese multiple choice doesn't come with the data, so items are put together
from clauses of real questions and answers, half of the documents, and sought in the other half.

False drops are counted over all searched items, in documents as the collectors read them; PubMedQA's and MedCalc's own
articles aren't among the sources. The one TREC topic that is hit is MedCalc's note, word for word: no false drop. The
peer is the rule of GPT-3 and its followers: 13 equal words in one paragraph (13 characters for Chinese), words by
`\\w+` and lower case.
"""

import json
import random
import re
import statistics
import time
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from benchmarks.deduplication._planted import LAYOUTS, as_published, planted
from collectors.papers.jats import JATS
from collectors.tables.medquad import MedQuAD
from collectors.tables.records import Records
from datagen.errors import InputError
from datagen.files import open_item
from dedup.evaluation_sets import Item, files_of, read_items
from dedup.item_index import ItemIndex

BENCHMARKS = {
    "medqa": "bench_en_mirage_raw/medqa",
    "medmcqa": "bench_en_mirage_raw/medmcqa",
    "mmlu": "bench_en_mirage_raw/mmlu",
    "pubmedqa": "qa_en_pubmedqa",
    "medcalc": "bench_en_medcalc/dataset",
    "bioasq": "bench_en_mirage_raw/bioasq",
    "cmb_clin": "bench_zh_cmb_clin",
}
TUNED = ("plos", "medquad", "toyhom", "cmtmedqa", "abstracts")
SEED = 11
N = 13
_WORDS = re.compile(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+")


def measure(data: Path) -> None:
    items = [item for name, path in BENCHMARKS.items() for item in read_items(name, files_of(name, str(data / path)))]
    began = time.perf_counter()
    index = ItemIndex(items)
    print(
        f"{len(items)} items indexed in {time.perf_counter() - began:.1f} s, {index.searched.mean():.2%} searched for"
    )
    sources = {name: list(_texts(stage)) for name, stage in _sources(data).items()} | {"cdc": list(_cdc(data))}
    hosts = {
        "en": [text for text in sources["abstracts"] if 800 < len(text) < 4000],
        "zh": [text for text in sources["toyhom"] + sources["cmtmedqa"] if len(text) > 150],
    }
    peer = NGrams(items)
    _found(index, peer, items, hosts)
    _restructured(index, peer, data)
    _false_drops(index, peer, sources)
    _quizzes(sources["toyhom"] + sources["cmtmedqa"])
    _speed(index, hosts)


def _found(index: ItemIndex, peer: "NGrams", items: list[Item], hosts: dict[str, list[str]]) -> None:
    print(
        "\nfound (held-out items; target >= 0.98)    all    " + "  ".join(f"{b:>8}" for b in BENCHMARKS) + "   13-gram"
    )
    held_out = items[1::2]
    for name, layout, pages in [*((n, f, 1) for n, f in LAYOUTS.items()), ("inside 10 pages", as_published, 10)]:
        texts = planted(held_out, layout, hosts, SEED, pages)
        asked = defaultdict(set)
        for found in index.find(texts):
            asked[found.document].add(found.item.question)
        hit = [item.question in asked[n] for n, item in enumerate(held_out)]
        theirs = [peer.hits(text) for text in texts]
        by = {b: statistics.mean(h for h, i in zip(hit, held_out, strict=True) if i.benchmark == b) for b in BENCHMARKS}
        print(f"{name:38} {statistics.mean(hit):8.4f}  " + "  ".join(f"{v:8.4f}" for v in by.values()), end="")
        print(f"  {statistics.mean(theirs):8.4f}")


def _restructured(index: ItemIndex, peer: "NGrams", data: Path) -> None:
    name = "agentclinic_medqa"
    cases = read_items(name, files_of(name, str(data / "case_en_agentclinic_medqa")))
    texts = [as_published(case, random.Random(SEED)) for case in cases]
    found = {hit.document for hit in index.find(texts) if hit.item.benchmark == "medqa"}
    theirs = sum(peer.hits(text) for text in texts)
    print(
        f"\nMedQA retold as OSCE cases: {len(found)} of {len(texts)} found by text (13-gram {theirs}); barred by name"
    )


def _false_drops(index: ItemIndex, peer: "NGrams", sources: dict[str, list[str]]) -> None:
    print("\nfalse drops (target <= 0.01 %)   documents   dropped       %   13-gram drops   items")
    total = {True: [0, 0], False: [0, 0]}
    for name, texts in sources.items():
        found = defaultdict(set)
        for hit in index.find(texts):
            found[hit.document].add(f"{hit.item.benchmark}/{hit.item.id}")
        theirs = sum(map(peer.hits, texts))
        total[name in TUNED][0] += len(texts)
        total[name in TUNED][1] += len(found)
        named = ", ".join(sorted(item for hits in found.values() for item in hits)[:4])
        print(f"{name:30} {len(texts):11} {len(found):9} {len(found) / len(texts):8.4%} {theirs:13}   {named}")
    for tuned, (documents, dropped) in total.items():
        kind = "tuned on" if tuned else "held out"
        print(f"{'all ' + kind:30} {documents:11} {dropped:9} {dropped / documents:8.4%}")


def _quizzes(texts: list[str], size: int = 2000) -> None:
    rng = random.Random(SEED)
    rng.shuffle(texts := texts[:])
    half, other = texts[: len(texts) // 2], texts[len(texts) // 2 :]
    clauses = [re.split("[，。；！？\\s]+", text) for text in half]
    stems = [c for text in clauses for c in [c for c in text if 10 <= len(c) <= 24][:1]]
    options = [c for text in clauses for c in text if 4 <= len(c) <= 10]
    quizzes = [
        Item("quiz", str(n), s, tuple(rng.sample(options, 5)), language="zh") for n, s in enumerate(stems[:size])
    ]
    index = ItemIndex(quizzes)
    hit = {f.document for f in index.find(other) if f.passage != "question"}  # whole stems do come twice: templates
    print(f"\nChinese quizzes: {len(hit)} of {len(other)} other documents dropped; found by layout:")
    for name, layout in LAYOUTS.items():
        got = {(f.document, f.item.id) for f in index.find(planted(quizzes, layout, {"zh": other}, SEED))}
        print(f"{name:38} {sum((n, q.id) in got for n, q in enumerate(quizzes)) / len(quizzes):8.4f}")


def _speed(index: ItemIndex, hosts: dict[str, list[str]]) -> None:
    print("\none core (target >= 10,000 documents of 2 kB a second)    documents/s   MB/s")
    for language, texts in hosts.items():
        text = "\n".join(texts).encode()[: 40 << 20]
        cut = [text[i : i + 2000].decode("utf-8", "ignore") for i in range(0, len(text), 2000)]
        column = pa.array(cut)
        seconds = statistics.median(_seconds(index, column) for _ in range(5))
        print(f"{language:57} {len(cut) / seconds:11.0f} {len(text) / 1e6 / seconds:6.1f}")


def _seconds(index: ItemIndex, texts: pa.Array) -> float:
    began = time.process_time()
    index.find(texts)
    return time.process_time() - began


class NGrams:
    """The peer: a document is contaminated where one of its paragraphs holds N words in a row of an item."""

    def __init__(self, items: Iterable[Item]):
        self._known = {
            gram for item in items for gram in _grams(as_published(item, random.Random(0)).replace("\n", " "))
        }

    def hits(self, text: str) -> bool:
        return any(gram in self._known for paragraph in text.split("\n") for gram in _grams(paragraph))


def _grams(text: str) -> Iterable[int]:
    words = _WORDS.findall(text.lower())
    return (hash(tuple(words[i : i + N])) for i in range(len(words) - N + 1))


def _sources(data: Path) -> dict:
    def records(path: str, *exclude: str, **fields) -> Records:
        return Records(path=str(data / path), exclude=exclude, fields=fields)

    return {
        "plos": JATS(path=str(data / "paper_jats_plos")),
        "medquad": MedQuAD(path=str(data / "qa_en_medquad")),
        "toyhom": records("qa_zh_toyhom_sample", "*.txt", title="title", question="ask", answer="answer"),
        "cmtmedqa": records(
            "dialog_zh_cmtmedqa_test",
            id="id",
            messages="history",
            question=["instruction", "instruct"],
            answer="output",
        ),
        "abstracts": records("abstract_en_medical_tc", "*labels*", text="medical_abstract"),
        "gsm8k train": records("general_math_gsm8k", "test*", question="question", answer="answer"),
        "meqsum": records("qa_en_meqsum", text="CHQ"),
        "trec topics": records("case_en_trec_ct", text="text"),
        "icliniq": records("qa_en_icliniq_ehealthforum", question="question", answer="answer"),
    }


def _texts(stage) -> Iterable[str]:
    for item in stage.items():
        for file in open_item(item, stage.suffixes, stage.exclude):
            if isinstance(file, tuple):
                continue
            try:
                documents = [d for d in stage.documents(file) if not isinstance(d, InputError)]
            except InputError:
                continue
            for d in documents:
                yield d.text if d.text is not None else "\n\n".join(m["content"] for m in d.messages)


def _cdc(data: Path) -> Iterable[str]:
    """Articles in English, French, Spanish and Chinese, one JSON object of addresses and texts in each archive."""
    for path in sorted((data / "cdc_journals").rglob("*json.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield from json.loads(archive.read(name)).values()
