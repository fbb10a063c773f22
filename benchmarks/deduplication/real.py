"""Near-duplicates that nobody planted: two releases of the Toyhom questions and answers (a table and a text file), and
dated versions of Chinese statutes. What is found at several thresholds, what share of a release has its twin, and
whether versions of one statute meet and different statutes stay apart. Half a minute."""

import csv
import gzip
import re
import tarfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from dedup import find_duplicates

THRESHOLDS = (0.3, 0.5, 0.7, 0.9)
ARTICLE = re.compile(r"(?m)^第[〇一二三四五六七八九十百千零]+条")


def measure(data: Path) -> None:
    table, text = releases(data)
    print("| release by release | threshold | records | clusters | with a twin in the other | twins not equal |")
    print("|---|---|---|---|---|---|")
    for name in ("question", "answer"):
        for threshold in THRESHOLDS:
            labels = find_duplicates(table[name] + text[name], threshold)
            ours, theirs = labels[: len(table[name])], labels[len(table[name]) :]
            twin = np.isin(theirs, ours)
            equal = np.isin(text[name], table[name])
            print(
                f"| {name}s | {threshold} | {len(labels):,} | {len(set(labels)):,} | {twin.mean():.4f} "
                f"| {int((twin & ~equal).sum())} |"
            )
    laws = statutes(data)
    names = [name for name, _, _ in laws]
    versions = Counter(names)
    print(f"\n{len(laws)} statutes, {sum(n > 1 for n in versions.values())} of them in several versions")
    print("| unit | threshold | units | removed | clusters | of them with several statutes |")
    print("|---|---|---|---|---|---|")
    articles = [(name, article) for name, _, body in laws for article in ARTICLE.split(body)[1:]]
    for unit, units in (("statute", [(name, body) for name, _, body in laws]), ("article", articles)):
        for threshold in THRESHOLDS:
            labels = find_duplicates([body for _, body in units], threshold)
            members = defaultdict(set)
            for label, (name, _) in zip(labels, units, strict=True):
                members[label].add(name)
            several = [label for label, count in Counter(labels.tolist()).items() if count > 1]
            mixed = sum(len(members[label]) > 1 for label in several)
            removed = len(labels) - len(members)
            print(f"| {unit} | {threshold} | {len(units):,} | {removed:,} | {len(several):,} | {mixed} |")


def releases(data: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    folder = data / "qa_zh_toyhom_sample"
    rows = gzip.decompress((folder / "样例_内科5000-6000.csv.gz").read_bytes()).decode("gb18030", "replace")
    rows = list(csv.DictReader(rows.splitlines()))
    lines = gzip.decompress((folder / "Data_数据/IM_内科/内科.txt.gz").read_bytes()).decode("gb18030", "replace")
    lines = [line for line in lines.splitlines() if line.strip()]
    table = {"question": [f"{r['title']},{r['ask']}" for r in rows], "answer": [r["answer"] for r in rows]}
    return table, {"question": lines[::2], "answer": lines[1::2]}


def statutes(data: Path) -> list[tuple[str, str, str]]:
    """(name, date, text) of each file."""
    found = []
    with tarfile.open(data / "general_zh_laws" / "laws_zh.tar.gz") as files:
        for file in sorted(files, key=lambda file: file.name):
            name = re.match(r"(.+?)\((.+)\)\.md$", file.name.rpartition("/")[2])
            if name:
                found.append((name[1], name[2], files.extractfile(file).read().decode()))
    return found
