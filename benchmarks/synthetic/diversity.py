"""Grammar text beside naive templates and real text, each at 150,000 words, in English and Chinese."""

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.synthetic._graph import accepted, graph
from benchmarks.synthetic._measures import diversity

TARGETS = {"distinct-4": ">= .60", "top-50": "<= 6 %", "zlib": "<= 4.0"}
NAIVE = {
    "en": ("{d} causes {o}.", "{o} is a symptom of {d}.", "Patients with {d} have {o}.", "{d} presents with {o}."),
    "zh": ("{d}引起{o}。", "{o}是{d}的症状。", "{d}患者有{o}。", "{d}表现为{o}。"),
}


def measure(data: Path) -> None:
    print(f"{'text':28} {'tokens':>8} {'distinct-4':>10} {'top-50':>7} {'zlib':>6}")
    for language in ("en", "zh"):
        show("naive templates", language, naive(language))
        show("grammar, accepted", language, (r["text"] for r in accepted(60_000, (language,))))
        for name, texts in real(data, language):
            show(name, language, texts)
    print("target", TARGETS)


def show(name: str, language: str, texts: Iterator[str]) -> None:
    found = diversity(texts, language)
    print(
        f"{name + ', ' + language:28} {found['tokens']:8,} {found['distinct-4']:10.3f} {found['top-50']:7.1%} "
        f"{found['zlib']:6.2f}",
        flush=True,
    )


def naive(language: str) -> Iterator[str]:
    """Every edge of the graph by one of four templates."""
    names = [graph().node(node).names(language) for node in graph().ids]
    for number, row in enumerate(range(len(graph().edges))):
        subject, object_ = names[graph().subject[row]], names[graph().object[row]]
        if subject and object_:
            yield NAIVE[language][number % 4].format(d=subject[0], o=object_[0])


def real(data: Path, language: str) -> Iterator[tuple[str, Iterator[str]]]:
    if language == "en":
        rows = (data / "bench_en_mirage_raw").rglob("*medqa*/**/*.jsonl*")
        yield "MedQA", (json.loads(line)["question"] for file in sorted(rows) for line in lines(file))
    else:
        files = sorted((data / "bench_zh_cmb_clin").rglob("*.json*"))
        yield "CMB-Clin", (text for file in files for text in strings(json.loads(whole(file))))


def whole(file: Path) -> str:
    import gzip

    return (gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8")).read()


def lines(file: Path) -> Iterator[str]:
    return (line for line in whole(file).splitlines() if line.strip())


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str) and len(value) > 30:
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)
