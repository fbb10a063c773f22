"""PubMed Central's open articles as the PMC Cloud Service gives them since 2026: one folder per article version.

    s3://pmc-oa-opendata/PMC123.1/PMC123.1.xml    JATS; beside it PMC123.1.json, .txt, .pdf and media
    s3://pmc-oa-opendata/metadata/PMC123.1.json   the same record again

https://pmc.ncbi.nlm.nih.gov/tools/cloud/ describes it. There are no packages any more, and what licence an article has,
which version is current and which articles were retracted is said by those records alone.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, ClassVar

from collectors.document import Document
from collectors.papers.jats import JATS
from datagen.archives import MAX_BYTES, RawFile
from datagen.errors import InputError, UsageError
from datagen.licence import UNKNOWN, from_text, inherited
from datagen.stage import Item
from datagen.store import Store, is_remote

_VERSION = re.compile(r"(PMC[1-9]\d{0,9})\.([1-9]\d{0,3})\.json")
_RECORD_BYTES = 4 << 20
_TDM = "LicenseRef-PMC-TDM"
"""Author manuscripts without a licence of their own: text and data mining, and nothing else."""
_FACTS = {"is_manuscript": "manuscript", "is_historical_ocr": "scanned", "citation": "citation"}


class PMC(JATS):
    """Articles of PubMed Central in the layout of its Cloud Service, from `s3://pmc-oa-opendata` or from a mirror;
    each becomes a record, as `collectors.jats` makes it. `path` may name the whole bucket, its folder `metadata`, or
    single articles (`s3://pmc-oa-opendata/PMC123.1`).

    An input is the JSON record of an article version; it names the MD5 of the XML, so a changed article, licence or
    retraction is always noticed. Of several versions of an article only the newest is read.

    `license` is what the XML states; where it names none, that of the record's class (`CC BY` becomes LicenseRef-CC-BY,
    for it says no version); where they contradict each other, both at once. `safety` has `retracted` if either says so.
    `meta` has the version, and whether it is an author's manuscript or scanned.

    The bucket is public: set AWS_REGION=us-east-1 and AWS_SKIP_SIGNATURE=true.

    Quarantined: bad_record, no_xml (an article that exists as PDF only), no_file, bad_checksum, and as collectors.jats.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    def items(self) -> list[Item]:
        newest: dict[str, tuple[int, bool, Item]] = {}
        for item in super().items():
            if match := _VERSION.fullmatch(_leaf(item)):
                found = (int(match[2]), _is_beside_its_article(item), item)
                newest[match[1]] = max(newest.get(match[1], found), found, key=lambda entry: entry[:2])
        if not newest:
            raise UsageError(f"{self.path}: no record named like PMC123.1.json", "name the bucket, or a mirror of it")
        return sorted((item for _, _, item in newest.values()), key=lambda item: item.name)

    def files(self, item: Item) -> Iterator[RawFile | tuple[str, InputError]]:
        try:
            yield _article(item)
        except InputError as error:
            yield item.name, error

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        for document in super().documents(file):
            yield document if isinstance(document, InputError) else _with_record(document, file.record)


class _Article(RawFile):
    """The XML of an article, with its record."""

    def __init__(self, position: str, name: str, data: bytes, record: dict[str, Any]):
        super().__init__(position, name, io.BytesIO(data))
        self.record = record


def _leaf(item: Item) -> str:
    return PurePosixPath(item.url).name


def _is_beside_its_article(item: Item) -> bool:
    return PurePosixPath(item.url).parent.name == _leaf(item).removesuffix(".json")


def _article(item: Item) -> _Article:
    folder, _, leaf = item.url.rpartition("/")
    name = leaf.removesuffix(".json")
    record = _record(_read(folder, leaf, _RECORD_BYTES), name)
    address = record.get("xml_url")
    if not isinstance(address, str) or not address:
        raise InputError("no_xml")
    # Where the XML is follows from the layout: an address in a record could point anywhere.
    if not _is_beside_its_article(item) and PurePosixPath(folder).name == "metadata":
        folder = f"{folder.rpartition('/')[0]}/{name}"
    data = _read(folder, f"{name}.xml", MAX_BYTES)
    checksum = re.search(r"[?&]md5=([0-9a-fA-F]{32})", address)
    if checksum and hashlib.md5(data, usedforsecurity=False).hexdigest() != checksum[1].lower():
        raise InputError("bad_checksum")
    return _Article(item.name, f"{name}.xml", data, record)


def _read(folder: str, leaf: str, limit: int) -> bytes:
    root = "/".join(folder.split("/", 3)[:3]) if is_remote(folder) else folder
    path = f"{folder}/{leaf}"[len(root) + 1 :]
    size = _store(root).size(path)
    if size is None:
        raise InputError("no_file", leaf)
    if size > limit:
        raise InputError("too_large", f"over {limit} bytes")
    return _store(root).read(path)


@lru_cache(maxsize=4)
def _store(root: str) -> Store:
    """One for a whole bucket: its connections are used again for millions of small objects."""
    return Store(root)


def _record(data: bytes, name: str) -> dict[str, Any]:
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        raise InputError("bad_record", "not JSON") from None
    if not isinstance(record, dict) or f"{record.get('pmcid')}.{record.get('version')}" != name:
        raise InputError("bad_record", "not of this article")
    return record


def _with_record(document: Document, record: dict[str, Any]) -> Document:
    numbers = {"pmc": record["pmcid"], **{name: str(record.get(name) or "").lower() for name in ("pmid", "doi")}}
    facts = {name: record.get(key) for key, name in _FACTS.items()} | {"version": record["version"]}
    flags = {*document.safety, *(("retracted",) if record.get("is_retracted") else ())}
    return replace(
        document,
        license=_licence(document.license, record.get("license_code")),
        safety=tuple(sorted(flags)),
        meta={name: value for name, value in {**numbers, **document.meta, **facts}.items() if value},
    )


def _licence(stated: str | None, code: Any) -> str | None:
    """The licence that an article states, checked against the class in its record (`CC BY`, `CC0`, `TDM`, ...)."""
    classed = _TDM if code == "TDM" else from_text(code) if isinstance(code, str) else UNKNOWN
    if classed == UNKNOWN or stated is None:
        return stated or (classed if classed != UNKNOWN else None)
    agree = _without_version(stated) == _without_version(classed)
    return stated if agree else inherited([stated, classed])


def _without_version(license: str) -> str:
    return re.sub(r"-\d\.\d.*", "", license.removeprefix("LicenseRef-"))
