"""Small valid files of every format, and what chance makes of them: seeded, so that every one can be made again."""

import bz2
import gzip
import io
import json
import lzma
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from datagen.archives import stem
from tests.collectors.hostile_files import GOOD, GOOD_PDF, PAGE, WORDS, ipc, parquet, record, xlsx_with
from tests.datagen.test_files import tar, zipped

MAX_REAL = 100_000
"""Bytes of a real file used as a seed."""

_PUBMED = b"""<?xml version="1.0"?><!DOCTYPE PubmedArticleSet SYSTEM "x.dtd"><PubmedArticleSet><PubmedArticle>
<MedlineCitation Status="MEDLINE"><PMID Version="1">1</PMID><Article><Journal><Title>J</Title></Journal>
<ArticleTitle>Aspirin.</ArticleTitle><Abstract><AbstractText Label="AIM">To see.</AbstractText></Abstract>
<Language>eng</Language><PublicationTypeList><PublicationType UI="D1">Case Reports</PublicationType>
</PublicationTypeList></Article><MeshHeadingList><MeshHeading><DescriptorName UI="D2">Aspirin</DescriptorName>
</MeshHeading></MeshHeadingList></MedlineCitation></PubmedArticle><DeleteCitation><PMID>9</PMID></DeleteCitation>
</PubmedArticleSet>"""
_MEDQUAD = b"""<Document id="1" source="S" url="http://e.org/1"><Focus>Flu</Focus><QAPairs><QAPair pid="1">
<Question qid="1-1" qtype="symptoms">What are the signs?</Question><Answer>Fever and cough.</Answer></QAPair></QAPairs>
</Document>"""
_TABLE = b"<t><row id='1'><text>Fever.</text><n>1</n></row><row><text>Cough.</text></row></t>"
_BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1950-01-01"}},
        {
            "resource": {
                "resourceType": "Encounter",
                "id": "e",
                "subject": {"reference": "Patient/p"},
                "period": {"start": "2020-01-01T10:00:00Z"},
                "reasonCode": [{"text": "cough"}],
            }
        },
        {
            "resource": {
                "resourceType": "Observation",
                "subject": {"reference": "Patient/p"},
                "encounter": {"reference": "Encounter/e"},
                "code": {"coding": [{"display": "Pulse"}]},
                "valueQuantity": {"value": 80, "unit": "/min"},
                "effectiveDateTime": "2020-01-01T10:05:00Z",
            }
        },
        {
            "resource": {
                "resourceType": "DocumentReference",
                "subject": {"reference": "Patient/p"},
                "content": [{"attachment": {"contentType": "text/plain", "data": "RmV2ZXIu"}}],
            }
        },
    ],
}
_PACKET = {
    "id": "a",
    "subject": {"id": "s", "sex": "MALE", "timeAtLastEncounter": {"age": {"iso8601duration": "P5Y"}}},
    "phenotypicFeatures": [
        {"type": {"id": "HP:0001250", "label": "Seizure"}},
        {"type": {"id": "HP:1"}, "excluded": True},
    ],
    "interpretations": [{"id": "i", "diagnosis": {"disease": {"id": "OMIM:1", "label": "A disease"}}}],
    "metaData": {"externalReferences": [{"id": "PMID:1", "description": "A case"}]},
}
_PMC = {"pmcid": "PMC1", "version": 1, "xml_url": "s3://b/PMC1.1.xml", "license_code": "CC BY", "is_retracted": True}
_OBO = b'format-version: 1.2\n\n[Term]\nid: X:1\nname: fever\ndef: "A rise." [A:1]\nsynonym: "heat" EXACT []\n'
_CONLLU = b"# sent_id = 1\n# text = Good row.\n"
_CONLLU += b"1\tGood\tgood\tADJ\t_\t_\t2\tamod\t_\t_\n2\trow\trow\tNOUN\t_\t_\t0\troot\t_\t_\n\n"
_MARKDOWN = b"---\ntitle: T\n---\n# Chapter 1\n\nText with `code`.\n\n"
_MARKDOWN += b"| a | b |\n|---|---|\n| 1 | 2 |\n\n## Part\n\n- one\n- two\n"
_WARC = record() + record(b"<html>", kind=b"metadata") + record(WORDS.encode(), kind=b"conversion")
_EPUB = {
    "mimetype": b"application/epub+zip",
    "META-INF/container.xml": b'<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    b'<rootfile full-path="b.opf"/></rootfiles></container>',
    "b.opf": b'<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="c" href="c.xhtml"'
    b' media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/></spine></package>',
    "c.xhtml": PAGE.format(WORDS).encode(),
}
_ROWS = b'{"text": "one", "n": [1, {"a": null}]}\n{"text": "\xe4\xba\x8c", "n": 2.5}\n' * 3

_MIXED = pa.table(
    {
        "text": ["one", "two"] * 20,
        "f": [1.5] * 40,
        "s": [{"a": 1, "b": ["x"]}] * 40,
        "d": pa.array(["a", "b"] * 20).dictionary_encode(),
    }
)

SEEDS: dict[str, list[bytes]] = {
    ".xml": [GOOD, _PUBMED, _MEDQUAD, _TABLE],
    ".nxml": [GOOD],
    ".json": [
        b'{"data": [{"text": "one"}, {"text": "two"}]}',
        json.dumps(_BUNDLE).encode(),
        json.dumps(_PACKET).encode(),
        json.dumps(_PMC).encode(),
        json.dumps({"https://example.org/": PAGE.format(WORDS)}).encode(),
        _ROWS,
    ],
    ".jsonl": [_ROWS],
    ".ndjson": [b"\n".join(json.dumps(entry["resource"]).encode() for entry in _BUNDLE["entry"])],
    ".csv": [b'text,n\n"one, ""two""",1\nthree,2\n', "\u6587\u672c;text\n发热;二\n".encode("gb18030")],
    ".tsv": [b"text\tn\none\t1\n"],
    ".txt": ["第一章 总论\n\n发热是常见症状。\n\nChapter 2\n\nCough.\n".encode(), b"one\ntwo\n"],
    ".md": [_MARKDOWN],
    ".xlsx": [xlsx_with(), xlsx_with(strings=b"<sst><si><t>a</t></si></sst>")],
    ".parquet": [
        parquet(pa.table({"text": ["one", "two"] * 50, "n": [[1, 2], None] * 50})),
        parquet(pa.table({"text": pa.array(["a", "b"] * 20).dictionary_encode()}), compression="zstd"),
        parquet(_MIXED, use_dictionary=False, column_encoding={"text": "DELTA_BYTE_ARRAY", "f": "BYTE_STREAM_SPLIT"}),
        parquet(_MIXED, data_page_version="2.0", write_page_index=True, write_page_checksum=True, compression="gzip"),
    ],
    ".arrow": [ipc(pa.table({"text": ["one", "two"], "n": [[1], None]})), ipc(_MIXED), ipc(_MIXED, "zstd")],
    ".html": [PAGE.format(WORDS).encode()],
    ".warc": [_WARC],
    ".warc.gz": [gzip.compress(record()) + gzip.compress(record(WORDS.encode(), kind=b"conversion"))],
    ".pdf": [GOOD_PDF],
    ".epub": [zipped(_EPUB)],
    ".obo": [_OBO],
    ".conllu": [_CONLLU],
    ".iob": [b"Fever B-D\nand O\n\nCough B-D\n"],
    ".py": [b"# SPDX-License-Identifier: MIT\n\ndef f(x):\n    return x + 1\n"],
}
PACKED = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
    ".zip": lambda data: zipped({"a.xml": data, "b.xml.gz": gzip.compress(data)}),
    ".tar": lambda data: tar({"a.xml": data, "b.xml": data}),
    ".tar.gz": lambda data: tar({"a.xml": data}, "w:gz"),
}
MAGIC = [
    *(b"\0", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\x7f", b"\x1b[0m", b"\r"),
    *(b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\0" * 8, b"9" * 30, b"-1", b"1e999", b"NaN"),
    *(b"<", b">", b"&", b"&#0;", b"&#xD800;", b"&a;", b"]]>", b"<![CDATA[", b"<!--", b"<?x", b"<!ENTITY a 'b'>"),
    *(b"<a>" * 300, b"</p>", b"<table><tr><td>", b"<script>", b"<p><i><b>" * 50, b'xmlns="x"', b"encoding='utf-16'"),
    *(b"[" * 300, b"{" * 300, b'{"a":', b"\\ud800", b"\\u0000", b'"', b'""', b"null", b"[]", b"{}", b"true", b'"x"'),
    *(b",", b"\t", b"\n\n", b";" * 100, b"|" * 100, b"```", b"# ", b"> " * 100, b"$$", b"\\begin{a}"),
    *(b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PAR1", b"%PDF-1.7"),
    *(
        b"WARC/1.0\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Encoding: gzip\r\n",
        b"obj",
        b"endstream",
        b"<< /Length 5 0 R >>",
    ),
]


def mutated(data: bytes, suffix: str, draw: random.Random, others: list[bytes]) -> bytes:
    """A file changed in one to ten places; of a packed one, often what is packed."""
    if suffix in (".xlsx", ".epub", ".zip") and draw.random() < 0.6:
        return _rezipped(data, draw, others)
    if suffix.endswith(".gz") and draw.random() < 0.5:
        try:
            return gzip.compress(_changed(gzip.decompress(data), draw, others), 1)
        except (OSError, EOFError):
            pass
    return _changed(data, draw, others)


def _rezipped(data: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        names = source.namelist()
        chosen = draw.choice(names)
        for name in names:
            content = source.read(name)
            target.writestr(name, _changed(content, draw, others) if name == chosen else content)
    return changed.getvalue()


def _changed(seed: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    data = bytearray(seed)
    for _ in range(draw.choice((1, 1, 2, 4, 10))):
        place = draw.randrange(len(data) + 1)
        end = min(len(data), place + draw.choice((1, 8, 60, 1000)))
        match draw.randrange(8):
            case 0 | 1 if place < len(data):
                data[place] ^= 1 << draw.randrange(8)
            case 2:
                data[place:end] = draw.randbytes(end - place)
            case 3:
                del data[place:end]
            case 4:
                data[place:place] = data[place:end] * draw.choice((1, 2, 50))
            case 5 | 6:
                data[place:place] = draw.choice(MAGIC)
            case 7:
                other = draw.choice(others)
                start = draw.randrange(len(other) + 1)
                data[place:end] = other[start : start + draw.choice((8, 100, 2000))]
    if draw.random() < 0.1:
        del data[draw.randrange(len(data) + 1) :]
    return bytes(data[: 4 * MAX_REAL])


def seeds_for(suffixes: tuple[str, ...]) -> list[tuple[str, bytes]]:
    """(suffix, file) of what a reader of these suffixes reads, some of it packed."""
    plain = [(suffix, seed) for suffix, seeds in SEEDS.items() if suffix.endswith(suffixes) for seed in seeds]
    plain += [(suffix, seed) for suffix, seeds in SEEDS.items() if stem(suffix).endswith(suffixes) for seed in seeds]
    plain = list(dict.fromkeys(plain))
    packed = []
    if ".xml" in suffixes:
        packed = [
            (suffix if "tar" in suffix or "zip" in suffix else f".xml{suffix}", pack(GOOD))
            for suffix, pack in PACKED.items()
        ]
    return plain + packed


def real_seeds(data: Path, suffixes: tuple[str, ...], limit: int = 3) -> Iterator[tuple[str, bytes]]:
    """(suffix, file) of small real files, at most `limit` a suffix."""
    found: dict[str, int] = {}
    for path in sorted(data.rglob("*")) if data.is_dir() else ():
        suffix = next((s for s in suffixes if s and stem(path.name).endswith(s)), None)
        if suffix and path.stat().st_size <= MAX_REAL and found.get(suffix, 0) < limit:
            found[suffix] = found.get(suffix, 0) + 1
            yield path.name[path.name.rindex(suffix) :], path.read_bytes()


def mutations(seeds: list[tuple[str, bytes]], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """(suffix, file): `count` mutations, the seeds taken in turn."""
    draw = random.Random(seed)
    others = [data for _, data in seeds]
    for number in range(count):
        suffix, data = seeds[number % len(seeds)]
        yield suffix, mutated(data, suffix, draw, others)
