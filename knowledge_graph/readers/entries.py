"""What source files say, before it is one graph. Every format's reader yields these."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from datagen.errors import InputError


@dataclass(frozen=True, slots=True)
class Term:
    """A node as one file describes it; `kind` is the file's own word for its type, if it has one."""

    id: str
    name: str | None = None
    kind: str | None = None
    synonyms: tuple[str, ...] = ()
    definition: str | None = None
    alt_ids: tuple[str, ...] = ()
    xrefs: tuple[str, ...] = ()
    department: str | None = None
    """Department code, where the node is a department."""
    prevalence: str | None = None
    """How common a disease is, in the source's own classes (1-9 / 100 000)."""


@dataclass(frozen=True, slots=True)
class Label:
    """A Chinese name, synonym or definition (`field` of the node) of a term."""

    term: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One claim of a source. `shown` of `n` patients show it; `share` (0..1) where only that is known.

    `tier`: A curated, B derived, C mined from text.
    """

    subject: str
    relation: str
    object: str
    polarity: int = 1
    shown: int | None = None
    n: int | None = None
    share: float | None = None
    evidence: tuple[str, ...] = ()
    tier: str = "A"
    onset: str | None = None
    """HPO term of the age at which it first shows."""
    sex: str | None = None
    """female or male, where it is stated of one sex."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit of a file that gets one decision: an OBO stanza, a row, a patient; `line` says where.

    Attributes:
        defines: id of the term that the entry is there to define, "" for one known by its name alone; None where its
            statements or labels are its purpose.
        terms: the term defined, or those named in passing, which become nodes only where no other file defines them.
        replaces: (old id, new id or None) of a term that is obsolete.
        same: pairs of ids that the source says are the same thing.
        dropped, bad: reason code, if the entry is left out by rule or can't be read.
    """

    line: int
    defines: str | None = None
    terms: tuple[Term, ...] = ()
    labels: tuple[Label, ...] = ()
    statements: tuple[Statement, ...] = ()
    replaces: tuple[str, str | None] | None = None
    same: tuple[tuple[str, str], ...] = ()
    dropped: str | None = None
    bad: str | None = None


@dataclass
class Content:
    """A whole file: what its header says, and its entries in order."""

    entries: list[Entry] = field(default_factory=list)
    version: str | None = None
    license: str | None = None


def decode(data: bytes) -> str:
    """Text of a file. Raises InputError(not_utf8)."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("not_utf8", f"byte {error.start}") from None


def tab_rows(
    text: str, needed: tuple[str, ...], renamed: Mapping[str, str] = MappingProxyType({})
) -> Iterator[tuple[int, dict[str, str] | None]]:
    """(line number, row) of a tab-separated table under its header; None for a row of another width.

    Other lines that start with # are comments. `renamed` maps older column names to `needed` ones. Raises
    InputError(bad_header or empty_file).
    """
    names: list[str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        cells = [cell.strip() for cell in line.split("\t")]
        if names is None:
            found = [renamed.get(cell, cell.lower()) for cell in (cells[0].removeprefix("#"), *cells[1:])]
            if not line.strip() or (line.startswith("#") and found[0] not in needed):
                continue
            names = found
            if missing := sorted(set(needed) - set(names)):
                raise InputError("bad_header", f"no column {', '.join(missing)}")
        elif line.strip() and not line.startswith("#"):
            yield number, dict(zip(names, cells, strict=True)) if len(cells) == len(names) else None
    if names is None:
        raise InputError("empty_file")
