"""How many identifiers are found, how much else is taken, and how fast: recall and precision per class with 95 % Wilson
intervals, on texts that others wrote.

- The Presidio synthetic set (English, 209 templates), split by template (`_part_of`): the recognisers were first tuned
  on `tuning`, then on `second`, and nobody looked at the texts of `last`. An identifier counts as found when no word of
  it is left, titles aside. Precision is the share of replaced stretches that touch an identifier, a place or a date:
  names of firms that are family names, jobs and nationalities count as wrong.
- `pii_en.jsonl` and `pii_zh.jsonl` beside this file: written by another hand than the recognisers. Both halves of their
  templates have been looked at by now.
- `pii_fresh_en.jsonl` and `pii_fresh_zh.jsonl`: whole documents of many forms by a third hand, full of names that are
  words. Scored once before anyone had looked (see LOG.md). First the half called `tuning` was tuned on, then
  `held-out` too: both have been read now, and neither tells how an unseen document fares.
- `pii_third_en.jsonl` and `pii_third_zh.jsonl`: by a fourth hand, many layouts, a tenth of the Chinese names words or
  herbs. Scored once, before anyone had read any of it (see LOG.md). Since then the half called `tuning` has been tuned
  on; nobody has read `held-out`, whose score was looked at a few times.
- Facts: how many mentions that others marked in open medical text (NCBI disease corpus) or listed (Chinese dictionaries
  of diseases, drugs and findings, in dialogues) full de-identification alters. All of it is loss.
- Speed in MB of UTF-8 per second of one core's time, median of three; texts as collectors hand them over.
"""

import gzip
import hashlib
import json
import math
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import ahocorasick

from collectors.document import DocumentSource
from collectors.papers.jats import JATS
from collectors.privacy.deidentify import Deidentifier
from collectors.tables.medquad import MedQuAD
from datagen.errors import InputError

DIRECT = {
    *("PERSON", "STREET_ADDRESS", "PHONE_NUMBER", "EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS"),
    *("DOMAIN_NAME", "US_DRIVER_LICENSE", "ZIP_CODE"),
}
INDIRECT = {"GPE", "DATE_TIME", "DATE", "AGE_OVER_89", "HOSPITAL_DOCTOR"}
_NUMBER = re.compile(r"\d+|[零一二三四五六七八九十百]+|")
_TITLE = re.compile(r"(?:Dr|Mr|Mrs|Ms|MD|PhD|DDS|DVM|Jr|Sr|II|III|IV|V)$", re.IGNORECASE)


class Marked(NamedTuple):
    """A text, and what someone marked in it: (start, end, class)."""

    text: str
    spans: list[tuple[int, int, str]]


def measure(data: Path) -> None:
    print("targets: recall >= 0.99 on direct identifiers, precision >= 0.95; light >= 5 MB/s, full >= 1 MB/s")
    sets = {f"Presidio synthetic set, {part} templates": presidio(data, part) for part in ("tuning", "second", "last")}
    for name in ("pii_en", "pii_zh", "pii_fresh_en", "pii_fresh_zh", "pii_third_en", "pii_third_zh"):
        for half, texts in marked(Path(__file__).with_name(f"{name}.jsonl")).items():
            sets[f"{name}, {half} templates"] = texts
    for name, texts in sets.items():
        print(f"\n{name}: {len(texts)} texts")
        score(texts)
    print("\nmentions altered by full de-identification")
    for name, (altered, total) in _facts(data).items():
        print(f"{name:<44}{altered:>7} of {total:<8}{_interval(altered, total)}")
    print("\nMB/s of one core")
    for name, texts in _real(data).items():
        print(f"{name:<44}" + "".join(f"{level} {_speed(texts, level):<8.1f}" for level in ("light", "full")))


def presidio(data: Path, *parts: str) -> list[Marked]:
    """The texts of these parts of the set."""
    with gzip.open(data / "pii_synth_presidio" / "data" / "synth_dataset_v2.json.gz") as file:
        records = json.load(file)
    return [
        Marked(
            record["full_text"],
            [(s["start_position"], s["end_position"], s["entity_type"]) for s in record["spans"]],
        )
        for record in records
        if _part_of(record["template_id"]) in parts
    ]


def _part_of(template: int) -> str:
    if _is_even(template, b"presidio"):
        return "tuning"
    return "second" if _is_even(template, b"presidio-2") else "last"


def _is_even(template: int, purpose: bytes) -> bool:
    return hashlib.blake2b(str(template).encode(), digest_size=1, person=purpose).digest()[0] % 2 == 0


def marked(path: Path) -> dict[str, list[Marked]]:
    """The texts of a set by the half of its templates that they come from. Of an age, the number alone has to go."""
    halves: dict[str, list[Marked]] = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        record = json.loads(line)
        spans = [(s["start"], s["end"], s["type"]) for s in record["spans"]]
        text = record["text"]
        halves[record["half"]].append(
            Marked(
                text,
                [
                    (start, _NUMBER.match(text, start).end() if kind == "AGE_OVER_89" else end, kind)
                    for start, end, kind in spans
                ],
            )
        )
    return halves


def score(texts: Iterable[Marked]) -> dict[str, tuple[int, int]]:
    """Print the table of one set; class -> (found, all), with `direct` and `precision`."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for text, spans in texts:
        found = Deidentifier("full").find(text)[0]
        hidden, marked = bytearray(len(text)), bytearray(len(text))
        for start, end, _ in found:
            hidden[start:end] = b"\1" * (end - start)
        for start, end, kind in spans:
            if kind in DIRECT or kind in INDIRECT or kind not in _PRESIDIO_OTHERS:
                marked[start:end] = b"\1" * (end - start)
                counts[kind][0] += _is_hidden(text, start, end, hidden)
                counts[kind][1] += 1
        for start, end, _ in found:
            counts["precision"][0] += any(marked[start:end])
            counts["precision"][1] += 1
    direct = [pair for kind, pair in counts.items() if kind not in INDIRECT and kind != "precision"]
    counts["direct"] = [sum(pair[0] for pair in direct), sum(pair[1] for pair in direct)]
    for kind in sorted(counts, key=lambda kind: (kind in ("direct", "precision"), kind in INDIRECT, kind)):
        good, total = counts[kind]
        name = f"recall, {kind}" if kind != "precision" else "precision"
        print(f"{name:<44}{good:>7} of {total:<8}{_interval(good, total)}")
    return {kind: (good, total) for kind, (good, total) in counts.items()}


_PRESIDIO_OTHERS = {"ORGANIZATION", "NRP", "TITLE", "AGE"}
"""Classes of the set that Safe Harbor doesn't list (ages there are under 90)."""


def _is_hidden(text: str, start: int, end: int, hidden: bytearray) -> bool:
    words = [match for match in re.finditer(r"\w+", text[start:end]) if not _TITLE.match(match[0])]
    return all(all(hidden[start + word.start() : start + word.end()]) for word in words)


def _interval(good: int, total: int) -> str:
    """The share, with its 95 % Wilson score interval."""
    if not total:
        return "-"
    z, share = 1.959964, good / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return f"{share:.4f}  [{max(0.0, middle - half):.4f}, {min(1.0, middle + half):.4f}]"


def _facts(data: Path) -> dict[str, tuple[int, int]]:
    english = list(_ncbi_disease(data))
    words = ahocorasick.Automaton()
    folder = data / "kg_zh_disease_kb_dicts"
    for name in ("disease", "drug", "symptom", "check", "department"):
        for term in (folder / f"{name}.txt").read_text("utf-8").split():
            if len(term) > 1:
                words.add_word(term, len(term))
    words.make_automaton()
    chinese = []
    for text in _cmtmedqa(data):
        mentions = [(end + 1 - size, end + 1, "term") for end, size in words.iter_long(text)]
        chinese.append(Marked(text, mentions))
    return {
        "diseases in abstracts, English": _altered(english),
        "dictionary terms in dialogues, Chinese": _altered(chinese),
    }


def _altered(texts: Iterable[Marked]) -> tuple[int, int]:
    altered = total = 0
    for text, mentions in texts:
        hidden = bytearray(len(text))
        for start, end, _ in Deidentifier("full").find(text)[0]:
            hidden[start:end] = b"\1" * (end - start)
        altered += sum(any(hidden[start:end]) for start, end, _ in mentions)
        total += len(mentions)
    return altered, total


def _ncbi_disease(data: Path) -> Iterator[Marked]:
    """Sentences of the IOB files, words set apart by blanks unless they are punctuation."""
    folder = data / "ner_en_ncbi_disease" / "data" / "NCBI-disease-IOB"
    for path in (folder / "train.tsv.gz", folder / "devel.tsv", folder / "test.tsv"):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for sentence in content.decode().split("\n\n"):
            text, spans = "", []
            for line in filter(None, sentence.split("\n")):
                word, _, tag = line.partition("\t")
                text += " " if text and (word[0].isalnum() or word[0] == "(") and text[-1] not in "(-/'" else ""
                if tag[0] == "B":
                    spans.append((len(text), len(text) + len(word), "disease"))
                elif tag[0] == "I" and spans:
                    spans[-1] = (spans[-1][0], len(text) + len(word), "disease")
                text += word
            yield Marked(text, spans)


def _cmtmedqa(data: Path) -> Iterator[str]:
    with gzip.open(data / "dialog_zh_cmtmedqa_test" / "data" / "CMtMedQA_test.json.gz") as file:
        for record in json.load(file):
            turns = [turn for pair in record.get("history", ()) for turn in pair]
            yield "\n".join([*turns, record.get("instruction") or record.get("instruct") or "", record["output"]])


def _real(data: Path) -> dict[str, list[str]]:
    return {
        "JATS articles": _documents(JATS(path=str(data / "paper_jats_plos")), 100),
        "MedQuAD pairs": _documents(MedQuAD(path=str(data / "qa_en_medquad")), 3000),
        "Chinese dialogues": list(_cmtmedqa(data)),
    }


def _documents(source: DocumentSource, limit: int) -> list[str]:
    texts: list[str] = []
    for item in source.items():
        for file in source.files(item):
            for document in () if isinstance(file, tuple) else source.documents(file):
                if not isinstance(document, InputError):
                    turns = document.messages or [{"content": document.text or ""}]
                    texts += filter(None, ["\n\n".join(turn["content"] for turn in turns)])
                if len(texts) == limit:
                    return texts
    return texts


def _speed(texts: list[str], level: str) -> float:
    size, rates = sum(len(text.encode()) for text in texts), []
    for _ in range(3):
        started = time.process_time()
        for text in texts:
            Deidentifier(level)(text)
        rates.append(size / 1e6 / (time.process_time() - started))
    return statistics.median(rates)
