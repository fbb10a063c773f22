"""PubMed: the yearly baseline and the daily update files, or what E-utilities give (`PubmedArticleSet`)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from collectors.document import Document, DocumentSource
from collectors.papers.pubmed_citation import citation_documents, pmid_of
from datagen.archives import RawFile
from datagen.errors import InputError
from datagen.files import open_item
from datagen.stage import Phase
from datagen.xml import iter_elements

if TYPE_CHECKING:
    from datagen.task import Job, Task

_CITATIONS = ("PubmedArticle", "MedlineCitation", "PubmedBookArticle")
_DELETIONS = ("DeleteCitation", "DeleteDocument")
_HOLDERS = ("MedlineCitation", "BookDocument", *_DELETIONS)
_PMID = re.compile(r"pmid:(\d+)")
_MENTIONS = pa.schema([("pmid", pa.int32()), ("item", pa.int32()), ("deleted", pa.bool_())])


class PubMed(DocumentSource):
    """Citations of PubMed and MEDLINE (`.xml`, also `.xml.gz`), files of any size; each becomes a record.

    The text is Markdown: title, abstract, its sections under their own labels. From the citation: `content_type` by its
    publication types, `safety: [retracted]` for a retracted article and for the notice that retracts it, `language`
    (title and abstract are English whatever the article's; a title that was never translated has the article's), and in
    `meta` pmid, doi, pmc, MeSH headings, chemicals, publication types, journal, date, authors, references and more.

    Files are taken in the order of their names, as NLM numbers them: of a citation that a later file revises the last
    is kept, the others are dropped as `superseded`; one that the same or a later file deletes is dropped as `deleted`.
    One without an abstract, whose title may say no more than `Reply.`, is dropped as `no_abstract`. Another version of
    a citation is a record of its own, of the same family. The copyright in abstracts may be the publishers': `license`
    is what a citation states, else the option.

    Quarantined: not_pubmed, no_citation, bad_pmid, bad_xml, xml_entities, xml_limits, and what can't be unpacked.
    """

    version: ClassVar[str] = "5"
    suffixes: ClassVar[tuple[str, ...]] = (".xml",)

    patient_level: Literal[False] = Field(False, description="citations are public")
    translations: bool = Field(
        False, description="abstracts in other languages too, each a record of its own in its citation's family"
    )

    titles: bool = Field(False, description="citations without an abstract too: their text is the title alone")

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        found = False
        for element in iter_elements(file.stream, *_CITATIONS, *_DELETIONS):
            found = True
            if element.tag in _CITATIONS:
                try:
                    yield from citation_documents(element, self.translations, self.titles)
                except InputError as error:
                    yield error
                except RecursionError:  # formulas take several calls a level
                    yield InputError("xml_limits")
        if not found:
            raise InputError("not_pubmed")

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("mentions", self._shards, self._mentions),
            Phase("fates", lambda job: [0], _write_fates),
            *super().phases(),
        )

    def _run(self, task: "Task") -> None:
        fates = _Fates(task)
        for index in task.shard:
            for outcome in self.read(task.items[index], task):
                task.settle(None, replace(outcome, dropped={**outcome.dropped, **fates.dropped(index, outcome.rows)}))

    def _mentions(self, task: "Task") -> None:
        """Which citations each file holds or deletes."""
        for index in task.shard:
            pmids, deleted = [], []
            for file in open_item(task.items[index], self.suffixes, self.exclude):
                if isinstance(file, tuple):
                    continue
                try:
                    for element in iter_elements(file.stream, "PMID"):
                        holder = element.getparent()
                        if holder is not None and holder.tag in _HOLDERS and (pmid := pmid_of(element)):
                            pmids.append(pmid)
                            deleted.append(holder.tag in _DELETIONS)
                except InputError:
                    continue  # said when its records are read
            columns = [pa.array(pmids, pa.int32()), pa.array([index] * len(pmids), pa.int32()), deleted]
            task.write("mentions", pa.table(columns, schema=_MENTIONS))


def _write_fates(task: "Task") -> None:
    """Of each citation that several files mention or one deletes: the last that does, and whether that one deletes."""
    paths = [path for commit in task.commits("mentions") for path in commit.paths("mentions")]
    mentions = _tables(task, paths)
    pmid, item, deleted = (mentions[name].to_numpy() for name in _MENTIONS.names)
    order = np.lexsort((deleted, _ranks(task.job)[item], pmid))
    pmid, item, deleted = pmid[order], item[order], deleted[order]
    starts = np.concatenate(([True], pmid[1:] != pmid[:-1]))[: len(pmid)]
    ends = np.concatenate((pmid[1:] != pmid[:-1], [True]))[: len(pmid)]
    fates = ends & (~starts | deleted)
    task.write("fates", pa.table([pmid[fates], item[fates], deleted[fates]], schema=_MENTIONS))


def _tables(task: "Task", paths: list[str]) -> pa.Table:
    return pa.concat_tables([_MENTIONS.empty_table(), *(task.job.store.parquet(path).read() for path in paths)])


def _ranks(job: "Job") -> np.ndarray:
    """Of each item, its place in the order of file names, whatever their folders."""
    names = [PurePosixPath(item.name).name for item in job.items]
    ranks = np.empty(len(names), np.int32)
    ranks[sorted(range(len(names)), key=lambda index: (names[index], job.items[index].name))] = np.arange(len(names))
    return ranks


class _Fates:
    """What later files say of the citations of a file."""

    def __init__(self, task: "Task"):
        paths = [path for commit in task.commits("fates") for path in commit.paths("fates")]
        fates = _tables(task, paths)
        self._ranks = _ranks(task.job)
        self._pmids = fates["pmid"].to_numpy()  # sorted
        self._last = self._ranks[fates["item"].to_numpy()]
        self._deleted = fates["deleted"].to_numpy()

    def dropped(self, item: int, rows: pa.Table) -> dict[str, str]:
        """Ids of rows that came from an item -> why they are dropped."""
        pmids = np.array([int(_PMID.match(name)[1]) for name in rows["source_id"].to_pylist()], np.int32)
        places = np.searchsorted(self._pmids, pmids)
        found = {}
        for identity, pmid, place in zip(rows["id"].to_pylist(), pmids, places, strict=True):
            if place == len(self._pmids) or self._pmids[place] != pmid:
                continue
            if self._last[place] > self._ranks[item] or self._deleted[place]:
                found[identity] = "deleted" if self._deleted[place] else "superseded"
        return found
