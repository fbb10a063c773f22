"""The stage `knowledge_graph.build`: ontologies, translations, annotations and patients in, one graph out."""

import gc
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BeforeValidator, Field

from datagen.archives import RawFile
from datagen.errors import InputError, UsageError
from datagen.files import find, open_item
from datagen.ledger import QUARANTINE, Settled
from datagen.licence import UNKNOWN, Licence, inherited
from datagen.record import split_of
from datagen.stage import InputPath, Item, Phase, Source
from knowledge_graph.merge import File, Merger
from knowledge_graph.readers.babelon import read_babelon
from knowledge_graph.readers.entries import Content, Entry
from knowledge_graph.readers.hetionet import read_hetionet
from knowledge_graph.readers.hpoa import read_hpoa
from knowledge_graph.readers.icd10 import read_icd10
from knowledge_graph.readers.mesh import read_mesh
from knowledge_graph.readers.obo import read_obo
from knowledge_graph.readers.orphadata import read_orphadata
from knowledge_graph.readers.phenopackets import read_phenopacket
from knowledge_graph.readers.sssom import read_sssom
from knowledge_graph.readers.tables import Columns, read_table
from knowledge_graph.readers.wikidata import read_wikidata

if TYPE_CHECKING:
    from datagen.task import Task

READERS: dict[str, Callable[[bytes], Content]] = {
    "obo": read_obo,
    "babelon": read_babelon,
    "hpoa": read_hpoa,
    "sssom": read_sssom,
    "orphadata": read_orphadata,
    "mesh": read_mesh,
    "icd10": read_icd10,
    "hetionet": read_hetionet,
    "wikidata": read_wikidata,
}
SUFFIXES = {
    "obo": (".obo",),
    "babelon": (".tsv",),
    "hpoa": (".hpoa", ".tab", ".tsv"),
    "phenopackets": (".json",),
    "sssom": (".tsv",),
    "orphadata": (".xml",),
    "mesh": (".xml", ".tsv"),
    "icd10": (".json", ".xlsx"),
    "hetionet": (".tsv", ".sif"),
    "wikidata": (".xml", ".json", ".srx"),
    "tables": (".csv", ".tsv", ".txt", ".rrf", ".xlsx", ".parquet"),
}
PATIENTS, TABLES = "phenopackets", "tables"
Paths = Annotated[str | list[str] | None, InputPath()]


def _for_all(license: Any) -> Any:
    return {"*": license} if isinstance(license, str) else license


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles: entries are many and in none, and each search would look at all of them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Build(Source):
    """Builds a typed, bilingual graph whose edges say where they come from and whether they affirm or exclude.

    Where files disagree the newest release counts. Ids that sources call the same become one node; what was merged and
    what clashed is in `crosswalk/` beside the nodes. What was observed in patients becomes edges with a frequency; what
    was looked for and never found becomes an excluded edge. Patients of papers in the validation or test split are left
    out, so that diagnosis can be measured on them.
    """

    version: ClassVar[str] = "3"

    obo: Paths = Field(None, description="ontologies in OBO (.obo): files, folders, globs, archives or URLs")
    babelon: Paths = Field(None, description="Chinese translations in Babelon (.tsv)")
    hpoa: Paths = Field(None, description="disease-phenotype annotations in HPOA (.hpoa, .tab, .tsv)")
    phenopackets: Paths = Field(None, description="patients in GA4GH phenopackets (.json)")
    sssom: Paths = Field(None, description="cross-walks in SSSOM (.tsv): exact matches make one node of two")
    orphadata: Paths = Field(None, description="Orphadata's products (.xml): names, phenotypes, genes, prevalence")
    mesh: Paths = Field(None, description="MeSH descriptors (.xml), or tables with mesh_id and mesh_name (.tsv)")
    icd10: Paths = Field(None, description="ICD-10: hierarchy (.json) or the Chinese clinical edition (.xlsx)")
    hetionet: Paths = Field(None, description="Hetionet's nodes (.tsv) and edges (.sif)")
    wikidata: Paths = Field(None, description="results of Wikidata queries (.xml, .srx, .json) and dictionaries")
    tables: Paths = Field(None, description="other tables (.csv, .tsv, .txt, .rrf, .xlsx, .parquet), read by `columns`")
    columns: dict[str, Columns] = Field({}, description="name pattern -> what the columns of these tables mean")
    license: Annotated[dict[str, Licence], BeforeValidator(_for_all)] = Field(
        {}, description="SPDX licence of files that state none: one for all, or by name pattern, first match first"
    )
    exclude: tuple[str, ...] = Field((), description="name patterns of files to leave out")

    publishes: ClassVar[str] = "graph"

    def items(self) -> list[Item]:
        items = []
        for kind, suffixes in SUFFIXES.items():
            if path := getattr(self, kind):
                items += [
                    Item(f"{kind}/{item.name}", item.url, item.bytes) for item in find(path, suffixes, self.exclude)
                ]
        if not items:
            raise UsageError("a graph needs at least one source", f"give one of {', '.join(SUFFIXES)}")
        return sorted(items, key=lambda item: item.name)

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("graph", lambda job: [0], self._build, publishes=True),)

    @_uncollected()
    def _build(self, task: "Task") -> dict[str, Any]:
        files: list[File] = []
        patients: dict[str, Entry] = {}
        failed: list[tuple[str, InputError]] = []
        seen: set[bytes] = set()
        for item in task.items:
            kind = item.name.partition("/")[0]
            for raw in open_item(item, SUFFIXES[kind], self.exclude):
                if isinstance(raw, tuple):
                    failed.append(raw)
                    continue
                try:
                    if kind == PATIENTS:
                        patients[raw.position] = _patient(raw.data, seen, task.job.settings["split"])
                    else:
                        files.append(self._file(raw.position, self._read(kind, raw)))
                except InputError as error:
                    failed.append((raw.position, error))
        if patients:
            # All of them are one source, however they are packed: a finding's frequency is over all patients.
            licenses = {self._license(item.name) for item in task.items if item.name.startswith(f"{PATIENTS}/")}
            content = Content(list(patients.values()))
            files.append(File(PATIENTS, content, inherited(licenses), tuple(patients)))
        files.sort(key=lambda file: file.released, reverse=True)
        graph = Merger(task.job.name, files, failed).merge()
        for kind in ("nodes", "edges", "crosswalk"):
            task.write(kind, getattr(graph, kind))
        task.account(_settled(graph.ledger, task.job.name))
        return graph.report

    def _read(self, kind: str, raw: RawFile) -> Content:
        if kind != TABLES:
            return READERS[kind](raw.data)
        for pattern, columns in self.columns.items():
            if fnmatch(raw.position, pattern):
                return read_table(raw.data, columns)
        raise InputError("no_columns", "no pattern of `columns` fits this table's name")

    def _file(self, name: str, content: Content) -> File:
        return File(name, content, content.license or self._license(name))

    def _license(self, name: str) -> str:
        return next((spdx for pattern, spdx in self.license.items() if fnmatch(name, pattern)), UNKNOWN)


def _patient(data: bytes, seen: set[bytes], split: dict[str, float]) -> Entry:
    digest = hashlib.blake2b(data, digest_size=16).digest()
    if digest in seen:
        return Entry(1, dropped="same_content")
    seen.add(digest)
    entry, family = read_phenopacket(data)
    if family and not entry.bad and split_of(family, **split) != "train":
        return Entry(1, dropped="held_out")
    return entry


def _settled(ledger: pa.Table, source: str) -> Settled:
    quarantined = ledger.filter(pc.equal(ledger["outcome"], "quarantined")).select(QUARANTINE.names).cast(QUARANTINE)
    nothing = ledger.slice(0, 0)
    decided = pa.table({"source": pa.array([source] * len(ledger), pa.string())})
    return Settled(nothing, ledger, quarantined, nothing, decided)
