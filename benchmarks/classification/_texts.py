"""Labelled texts of the folder DATA. Labels are the sources' own."""

import csv
import gzip
import importlib.util
import io
import json
import re
import sys
import tarfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from itertools import islice
from pathlib import Path

from datagen.record import content_hash
from datagen.taxonomy import map_label


@dataclass(frozen=True)
class Text:
    source: str
    language: str
    text: str
    department: str | None
    content_type: str | None = None

    @property
    def key(self) -> str:
        return content_hash(self.text)

    @property
    def draw(self) -> float:
        return int(self.key[:8], 16) / 2**32


def cmtmedqa(data: Path) -> Iterator[Text]:
    for row in json.loads(_gz(data / "dialog_zh_cmtmedqa_test/data/CMtMedQA_test.json.gz")):
        department = map_label("cmtmedqa", f"{row.get('cate1')}/{row.get('cate2')}")
        if department:
            turns = [turn for pair in row.get("history", []) for turn in pair]
            yield Text("CMtMedQA", "zh", "\n".join([*turns, row["instruction"], row["output"]]), department)


def toyhom(data: Path) -> Iterator[Text]:
    text = _gz(data / "qa_zh_toyhom_sample/样例_内科5000-6000.csv.gz").decode("gb18030")
    for row in csv.DictReader(io.StringIO(text)):
        if department := map_label("toyhom", row["department"]):
            yield Text("Toyhom", "zh", f"{row['title']}\n{row['ask']}\n{row['answer']}", department)


def mtsamples(data: Path) -> Iterator[Text]:
    if not importlib.util.find_spec("rdata"):
        print("MTSamples left out: pip install rdata", file=sys.stderr)
        return
    import rdata

    frame = rdata.read_rda(data / "case_en_mtsamples/data/mtsamples.rda")["mtsamples"]
    found: dict[str, set[str]] = defaultdict(set)
    titles: dict[str, str] = {}
    columns = ("sample_name", "transcription", "medical_specialty")
    for title, text, specialty in zip(*(frame[column] for column in columns), strict=True):
        if isinstance(text, str) and (department := map_label("mtsamples", specialty)):
            found[text].add(department)
            titles.setdefault(text, title)
    for text, departments in found.items():
        if len(departments) == 1 or "RAD" in departments:
            department = "RAD" if "RAD" in departments else next(iter(departments))
            yield Text("MTSamples", "en", f"{titles[text]}\n{text}", department)


def not_medical(data: Path) -> Iterator[Text]:
    for archive, language in (
        ("general_zh_laws/laws_zh.tar.gz", "zh"),
        ("general_zh_techdocs/wangdoc_javascript.tar.gz", "zh"),
        ("general_code_python/thealgorithms_python.tar.gz", "en"),
    ):
        with tarfile.open(data / archive) as members:
            for member in members:
                file = members.extractfile(member)
                text = file.read().decode("utf-8", "replace") if file else ""
                if len(text) > 200:
                    yield Text("not medical", language, text, "NONE")
    yield from islice(sums(data), 1000)


def sums(data: Path) -> Iterator[Text]:
    """School mathematics (GSM8K, training part), many of it about prices."""
    for line in _gz(data / "general_math_gsm8k/train.jsonl.gz").decode().splitlines():
        row = json.loads(line)
        yield Text("not medical", "en", f"{row['question']}\n{row['answer']}", "NONE")


def articles(data: Path) -> Iterator[Text]:
    """Pages of the web, news and shops among them, as people took them out of their HTML."""
    with tarfile.open(data / "general_html_articles/article_extraction.tar.gz") as archive:
        pages = json.load(archive.extractfile("ground-truth.json"))
    for page in pages.values():
        yield Text("articles", "en", page["articleBody"], None)


def medmcqa(data: Path) -> Iterator[Text]:
    """Question, options and explanation; of subjects that name one department."""
    for subject, text in medmcqa_items(data):
        if department := map_label("medmcqa", subject):
            yield Text("MedMCQA", "en", text, department)


def medmcqa_items(data: Path) -> Iterator[tuple[str, str]]:
    """Subject and text of every item: question, options and explanation."""
    for line in _gz(data / "bench_en_mirage_raw/medmcqa/data/dev.json.gz").decode().splitlines():
        row = json.loads(line)
        parts = [row["question"], *(row[f"op{letter}"] for letter in "abcd"), row["exp"]]
        yield row["subject_name"], "\n".join(filter(None, parts))


def names(data: Path) -> Iterator[Text]:
    """Names of MeSH by their places in its trees, and of diseases by their ICD-10 codes: what most of these say."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    tree = io.StringIO(_gz(data / "kg_mesh/data/tree-numbers.tsv.gz").decode())
    for row in csv.DictReader(tree, delimiter="\t"):
        if department := map_label("mesh", row["mesh_tree_number"]):
            found["MeSH", row["mesh_name"]][department] += 1
    diseases = (data / "kg_disease_ontology/DOreports/ICD10inDO.tsv").read_text("utf-8")
    for row in csv.DictReader(io.StringIO(diseases), delimiter="\t"):
        for code in re.findall(r"ICD10CM:([A-Z]\d\d)", row["xrefs"]):
            if department := map_label("icd10", code):
                found["Disease Ontology", row["label"]][department] += 1
    for (source, name), departments in found.items():
        yield Text(source, "en", name, departments.most_common(1)[0][0], "KB")


def unlabelled(data: Path) -> Iterator[Text]:
    """Medical prose whose sources name no department: answers, abstracts, guidelines, public health."""
    yield from medquad(data)
    rows = csv.DictReader(io.StringIO(_gz(data / "abstract_en_medical_tc/medical_tc_test.csv.gz").decode()))
    yield from (Text("abstracts", "en", row["medical_abstract"], None) for row in rows)
    for raw in members(data / "guideline_en_nstg/nstg_2022.tar.gz"):
        yield Text("guideline", "en", raw.decode("utf-8", "replace"), None)
    for path in sorted((data / "cdc_journals").rglob("*.zip")):
        language = "zh" if "_zhs_md" in path.name else "en" if "_en_" in path.name else None
        if language:
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    found = (text for text in strings(json.loads(archive.read(name))) if len(text) > 500)
                    yield from (Text("CDC", language, text, None) for text in found)


def medquad(data: Path) -> Iterator[Text]:
    """Answers of more than a line."""
    for path in sorted((data / "qa_en_medquad").rglob("*.tar.gz")):
        for raw in members(path):
            for found in re.findall(r"<Answer>(.*?)</Answer>", raw.decode("utf-8", "replace"), re.S):
                if len(found) > 200:
                    yield Text("MedQuAD", "en", unescape(found), None)


def members(path: Path) -> Iterator[bytes]:
    with tarfile.open(path) as archive:
        for member in archive:
            if file := archive.extractfile(member):
                yield file.read()


def strings(value: object) -> Iterator[str]:
    """Every string of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


def treebanks(data: Path) -> Iterator[Text]:
    for language in ("en", "zh"):
        text = _gz(data / f"general_ud_pud_{language}/{language}_pud-ud-test.conllu.gz").decode()
        sentences = [line.removeprefix("# text = ") for line in text.splitlines() if line.startswith("# text = ")]
        for start in range(0, len(sentences), 5):
            yield Text("PUD", language, " ".join(sentences[start : start + 5]), "NONE")


def _gz(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())
