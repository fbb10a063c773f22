"""Memory of a worker that reads one huge file, from its bytes to Parquet: it must not grow with the file.

One file of GIGABYTES (environment, default 5) a format is written to a temporary folder; a process of its own hashes
it and runs the real stage over it, all phases. Shown is the most that the process held, resident, in each fifth of
the file, in MB. The texts are words drawn at random, every tenth in Chinese too; articles have thirty references, pages
20 kB of script, as real ones do. FORMATS (environment) names some of the formats, between commas; all take hours, since
every text is cleaned and de-identified.
"""

import gzip
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from datagen.stage import stage_class, stage_names

GIGABYTES = float(os.environ.get("GIGABYTES", 5))
STEPS = 5
TARGET_MB = 1024
ONLY = set(filter(None, os.environ.get("FORMATS", "").split(",")))
ENGLISH = ["fever", "cough", "aspirin", "the", "of", "in", "patients", "trial", "dose", "renal", "study", "was", "with"]
CHINESE = [*ENGLISH, "发热", "咳嗽", "心脏", "患者", "治疗"]


def _texts() -> Iterator[tuple[int, str]]:
    draw = random.Random(7)
    number = 0
    while True:
        words = draw.choices(ENGLISH if draw.random() < 0.9 else CHINESE, k=4000)
        for start in range(0, 3600, 12):  # overlapping windows: quick to make, none like another
            number += 1
            yield number, f"Report {number}. " + " ".join(words[start : start + 300]) + "."


def _id(number: int) -> int:
    """Every thousandth id is one that came before, so that the stage must look for repeats and rewrite its shard."""
    return number - 500 if number % 1000 == 0 else number


def _jsonl(number: int, text: str) -> str:
    return f'{{"id": "{_id(number)}", "text": "{text}"}}\n'


def _csv(number: int, text: str) -> str:
    return f'{_id(number)},"{text}"\n'


def _pubmed(number: int, text: str) -> str:
    cited = "".join(
        f"<Reference><Citation>Author {n}. Fever and cough. J Test. 2020;{n}(3):1-9.</Citation><ArticleIdList>"
        f'<ArticleId IdType="pubmed">{number + n}</ArticleId></ArticleIdList></Reference>'
        for n in range(30)
    )
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{_id(number)}</PMID><Article><ArticleTitle>Report {number}'
        f"</ArticleTitle><Abstract><AbstractText>{text}</AbstractText></Abstract><Language>eng</Language></Article>"
        f"</MedlineCitation><PubmedData><ReferenceList>{cited}</ReferenceList></PubmedData></PubmedArticle>\n"
    )


def _warc(number: int, text: str) -> str:
    script = "".join(
        f"window.f{n} = function (a, b) {{ return a < b ? a + {number} : '<p>' + b }};\n" for n in range(300)
    )
    head = f"<head><title>Report {number}</title><script>{script}</script></head>"
    page = f"<html>{head}<body><article><p>{text}</p></article></body></html>"
    body = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{page}"
    return (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{number:012d}>\r\nWARC-Target-URI: https://example.org/"
        f"{number}\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {len(body.encode())}\r\n\r\n"
        f"{body}\r\n\r\n"
    )


Make = Callable[[int, str], str]
FORMATS: dict[str, tuple[str, str, dict, str, Make, str]] = {
    "JSONL": ("collectors.records", "a.jsonl", {"fields": {"id": "id", "text": "text"}}, "", _jsonl, ""),
    "JSONL.gz": ("collectors.records", "a.jsonl.gz", {"fields": {"id": "id", "text": "text"}}, "", _jsonl, ""),
    "JSON list": (
        "collectors.records",
        "a.json",
        {"fields": {"id": "id", "text": "text"}},
        "[{}\n",
        lambda n, t: "," + _jsonl(n, t),
        "]",
    ),
    "CSV": ("collectors.records", "a.csv", {"fields": {"id": "id", "text": "text"}}, "id,text\n", _csv, ""),
    "PubMed XML": ("collectors.pubmed", "a.xml", {}, "<PubmedArticleSet>", _pubmed, "</PubmedArticleSet>"),
    "WARC": ("collectors.warc", "a.warc", {}, "", _warc, ""),
}
"""Name -> stage, file, options, what the file begins with, its documents, what it ends with."""


def measure(data: Path) -> None:
    """Print the table; formats whose stage is not installed are left out."""
    steps = [f"{GIGABYTES * (step + 1) / STEPS:g} GB" for step in range(STEPS)]
    print(f"| format | stage | rows | {' | '.join(steps)} | after | MB/s | target (MB) |")
    print("|" + "---|" * (STEPS + 7))
    for name, (stage, *_) in FORMATS.items():
        if stage in stage_names() and (not ONLY or name in ONLY):
            print(f"| {name} | {stage} | {_measured(name)} | <= {TARGET_MB} |", flush=True)


def _measured(name: str) -> str:
    _, leaf, *_ = FORMATS[name]
    with TemporaryDirectory() as folder:
        path = Path(folder, leaf)
        _write(path, name)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        child = context.Process(target=_read, args=(name, str(path), folder, theirs))
        started = time.perf_counter()
        child.start()
        peaks, watched = [0] * STEPS, psutil.Process(child.pid)
        after = 0
        while child.is_alive():
            held, place = _resident(watched), _place(child.pid, path)
            if place is None:
                after = max(after, held)
            else:
                step = min(int(place / path.stat().st_size * STEPS), STEPS - 1)
                peaks[step] = max(peaks[step], held)
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        rows = ours.recv() if ours.poll() else f"failed ({child.exitcode})"
        cells = " | ".join(str(peak >> 20) for peak in peaks)
        return f"{rows} | {cells} | {after >> 20} | {GIGABYTES * 1e3 / seconds:.1f}"


def _write(path: Path, name: str) -> None:
    _, _, _, head, make, tail = FORMATS[name]
    left = int(GIGABYTES * 1e9)
    with gzip.open(path, "wt", 1) if path.suffix == ".gz" else path.open("w") as file:
        left -= file.write(head)
        for number, text in _texts():
            left -= len(piece := make(number, text).encode())
            file.write(piece.decode())
            if left < 0:
                break
        file.write(tail)


def _read(name: str, path: str, folder: str, pipe) -> None:
    """All that a worker does for one file, in one process: hash, read, commit, resolve repeated ids."""
    from datagen.record import extended
    from datagen.stage import Item
    from datagen.store import Store
    from datagen.task import Job
    from datagen.worker import run_shard

    use, leaf, options, *_ = FORMATS[name]
    stage = stage_class(use)(path=path, **options)
    item = Item(leaf, path, os.path.getsize(path), Store(os.path.dirname(path)).sha256(leaf))
    settings = {"split": {}, "tokens": "words"}
    job = Job("huge", stage, use, f"{folder}/run", "0", extended(()), items=(item,), settings=settings)
    published = {}
    for phase in stage.phases():
        shards = phase.plan(replace(job))
        for key, shard in shards.items() if isinstance(shards, dict) else enumerate(shards):
            commit = run_shard(job, phase.name, key, shard)
            if phase.publishes:
                published[key] = sum(file["rows"] for file in commit.files.get("data", ()))
    pipe.send(f"{sum(published.values()):,}")


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def _place(pid: int, path: Path) -> int | None:
    """How far a process has read a file that it has open."""
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):
            if os.readlink(f"/proc/{pid}/fd/{number}") == str(path):
                with open(f"/proc/{pid}/fdinfo/{number}") as facts:
                    return int(facts.readline().split()[1])
    except OSError:
        pass
    return None
