"""Medical text of the folder DATA that may be trained on: abstracts and a textbook in English, consultations and
classics in Chinese. A tenth, by hash, is held out."""

import csv
import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

PAGE = 2000
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def medical(data: Path) -> dict[str, tuple[list[str], list[str]]]:
    """By language, texts to learn from and texts held out."""
    found = {"en": [*abstracts(data), *textbook(data)], "zh": [*consultations(data), *classics(data)]}
    return {language: _split(texts) for language, texts in found.items()}


def _split(texts: list[str]) -> tuple[list[str], list[str]]:
    drawn = [hashlib.sha256(text.encode()).digest()[0] % 10 == 0 for text in texts]
    return tuple([t for t, held in zip(texts, drawn, strict=True) if held is wanted] for wanted in (False, True))


def abstracts(data: Path) -> Iterator[str]:
    text = gzip.decompress((data / "abstract_en_medical_tc/medical_tc_test.csv.gz").read_bytes()).decode()
    yield from (row["medical_abstract"] for row in csv.DictReader(io.StringIO(text)))


def textbook(data: Path) -> Iterator[str]:
    for name, content in _members(data / "textbook_en_openstax_nursing/openstax_nursing_cnxml.tar.gz"):
        if name.endswith("index.cnxml"):
            root = etree.fromstring(content, PARSER)
            lines = [" ".join("".join(node.itertext()).split()) for node in root.iter("{*}para", "{*}title")]
            yield "\n".join(filter(None, lines))


def consultations(data: Path) -> Iterator[str]:
    (path,) = (data / "qa_zh_toyhom_sample").glob("*.csv.gz")
    text = gzip.decompress(path.read_bytes()).decode("gb18030")
    for row in csv.DictReader(io.StringIO(text)):
        yield f"{row['title']}\n{row['ask']}\n{row['answer']}"


def classics(data: Path) -> Iterator[str]:
    for _, content in _members(data / "textbook_zh_tcm_classics/tcm_classics_dev.tar.gz"):
        text = content.decode("gb18030", "replace")
        yield from (text[start : start + PAGE] for start in range(0, len(text), PAGE))


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as opened:
        for member in opened:
            if member.isfile():
                yield member.name, opened.extractfile(member).read()
