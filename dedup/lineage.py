"""Records that are kin to a benchmark by where they come from, whatever their text says."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import pyarrow as pa
import yaml

from dedup.evaluation_sets import Item

ARTICLE_KEYS = {"pmid": "pmid", "pmc": "pmc", "pmcid": "pmc", "doi": "doi", "patient_uid": "pmc"}
"""Keys of `meta` that name an article, and what the identifier is; PMC-Patients' patient is `article-patient`."""
_NUMBER = re.compile(r"\d+")
_DOI = re.compile(r"10\.\d{4,9}/[^\s?#]+")
_ADDRESSES = {
    "pmid": re.compile(r"(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/(\d+)", re.I),
    "pmc": re.compile(r"(?:^|/)(PMC\d+)", re.I),
    "doi": re.compile(r"doi\.org/(10\..+)", re.I),
}
"""Where the address of an article says which one it is."""


@cache
def kinship() -> list[dict]:
    """The table of data sets and benchmarks: data_set, relation, benchmarks, names, ids, fact."""
    return yaml.safe_load(files("dedup.evaluation_sets").joinpath("lineage.yaml").read_text(encoding="utf-8"))


class Lineage:
    """What is barred with some benchmarks.

    items: the benchmarks' items, whose `origins` bar articles by PMID, PMCID and DOI. benchmarks: their names, by which
    `kinship` bars data sets. sources: further sources of the recipe, with the benchmark that each is kin to.
    """

    def __init__(self, items: Iterable[Item], benchmarks: Iterable[str], sources: Mapping[str, str] | None = None):
        origins = [(origin.partition(":"), item.benchmark) for item in items for origin in item.origins]
        articles = {_article_name(kind, value): benchmark for (kind, _, value), benchmark in origins}
        self._articles = {name: benchmark for name, benchmark in articles.items() if name}
        named = [(entry, b) for b in benchmarks for entry in kinship() if b in entry["benchmarks"]]
        self._names = [(_words(name), benchmark) for entry, benchmark in named for name in entry.get("names", ())]
        self._sources = dict(sources or {})

    def barred(self, rows: pa.Table) -> dict[str, str]:
        """id -> benchmark of the rows (with id, source, source_id, url and meta) that are kin to one."""
        found: dict[str, str] = {}
        of_source: dict[str, str | None] = {}
        columns = [rows[name].to_pylist() for name in ("id", "source", "source_id", "url", "meta")]
        for identity, source, source_id, url, meta in zip(*columns, strict=True):
            if source not in of_source:
                of_source[source] = self._sources.get(source) or self._named(source)
            benchmark = of_source[source] or (self._named(url) if url else None) or self._article(source_id, url, meta)
            if benchmark:
                found[identity] = benchmark
        return found

    def _named(self, place: str) -> str | None:
        return next((benchmark for name, benchmark in self._names if name.search(place.lower())), None)

    def _article(self, source_id: str, url: str | None, meta: str | None) -> str | None:
        if not self._articles:
            return None
        return next((b for name in _articles(source_id, url, meta) if (b := self._articles.get(name))), None)


def _words(name: str) -> re.Pattern:
    """A name of one or more words, joined or not, that isn't the beginning or end of a longer word."""
    return re.compile(rf"(?<![a-z]){'[^a-z0-9]*'.join(map(re.escape, name.split()))}(?![a-z])")


def _articles(source_id: str, url: str | None, meta: str | None) -> Iterable[str | None]:
    """Names of the article in the form that items' origins have."""
    kind, _, value = source_id.partition(":")
    if kind in ARTICLE_KEYS:
        yield _article_name(ARTICLE_KEYS[kind], value)
    for kind, address in _ADDRESSES.items():
        for found in filter(None, (address.search(source_id), address.search(url or ""))):
            yield _article_name(kind, found[1])
    try:
        facts = json.loads(meta) if meta else {}
    except (ValueError, RecursionError):
        facts = {}
    if isinstance(facts, dict):
        for key, kind in ARTICLE_KEYS.items():
            if key in facts:
                yield _article_name(kind, str(facts[key]))


def _article_name(kind: str, value: str) -> str | None:
    found = (_DOI if kind == "doi" else _NUMBER).search(value.lower())
    return f"{kind}:{found[0]}" if found else None
