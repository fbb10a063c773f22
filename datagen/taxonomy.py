"""Taxonomies as data: departments (`dept@1.0`), content types (`type@1.0`), categories of knowledge (`category@1.0`),
other label sets, and terms."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from datagen.errors import UsageError

LANGUAGES = ("en", "zh")
NOT_MEDICAL = "NONE"
ABSTAINED = "UNK"
TAXONOMIES = ("departments", "content_types", "categories")


@dataclass(frozen=True)
class Taxonomy:
    """Codes with names in both languages.

    Attributes:
        version: `NAME@MAJOR.MINOR`; labels carry it.
        names: code -> language -> name, in the taxonomy's order.
        buckets: codes that stand outside the balance (none for content types).
        anchors: code -> `abms` boards, `nhs` main specialty codes, `nhc` codes of 诊疗科目名录.
    """

    version: str
    names: dict[str, dict[str, str]]
    buckets: frozenset[str]
    anchors: dict[str, dict[str, tuple[str, ...]]]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.names)

    @property
    def departments(self) -> tuple[str, ...]:
        """Codes that are no bucket: what a corpus is balanced over."""
        return tuple(code for code in self.names if code not in self.buckets)

    def name(self, code: str, language: str = "en") -> str:
        """Raises KeyError for an unknown code or language."""
        return self.names[code][language]


@dataclass(frozen=True)
class Lexicon:
    """Terms that point to one label (of departments, also to text that isn't medical), with the words around them.

    Attributes:
        terms: code -> language -> terms, folded to lower case; no term has two labels.
        medical: language -> words of any medical text.
        filler: language -> words of any text at all.
    """

    terms: dict[str, dict[str, tuple[str, ...]]]
    medical: dict[str, tuple[str, ...]]
    filler: dict[str, tuple[str, ...]]


@cache
def load_taxonomy(name: str = "departments") -> Taxonomy:
    """`departments`, `content_types` or `categories`. Raises UsageError for any other."""
    if name not in TAXONOMIES:
        raise UsageError(f"there is no taxonomy {name}", f"there are {', '.join(TAXONOMIES)}")
    data = _read(f"{name}.yaml")
    entries: dict[str, dict[str, Any]] = data[name]
    return Taxonomy(
        version=data["version"],
        names={code: {language: entry[language] for language in LANGUAGES} for code, entry in entries.items()},
        buckets=frozenset(code for code, entry in entries.items() if entry.get("bucket")),
        anchors={
            code: {key: tuple(entry[key]) for key in ("abms", "nhs", "nhc") if key in entry}
            for code, entry in entries.items()
        },
    )


@cache
def load_lexicon(taxonomy: str = "departments") -> Lexicon:
    """The terms of `departments` or `categories`."""
    data = _read("lexicon.yaml")
    own = data if taxonomy == "departments" else _read(f"{taxonomy}.yaml")
    return Lexicon(
        terms={code: _terms(entry) for code, entry in own["terms"].items()},
        medical=_terms(data["medical"]),
        filler=_terms(data["filler"]),
    )


@cache
def mapping_schemes() -> tuple[str, ...]:
    """Label sets that `map_label` knows."""
    folder = files("datagen") / "taxonomies" / "mappings"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir()))


def map_label(scheme: str, label: str | None) -> str | None:
    """The department that a label of another scheme stands for; None for labels that name none, and unknown ones.

    Labels of several levels are looked up whole, then by their last level, then by their first; codes of a tree (mesh)
    by their longest prefix, those of a list (icd10) by the narrowest range. Raises UsageError for an unknown scheme.

    >>> map_label("mtsamples", "Urology"), map_label("mtsamples", "Letters"), map_label("cmtmedqa", "外科/骨科")
    ('UROL', None, 'ORTHO')
    >>> map_label("icd10", "I63.9"), map_label("mesh", "C05.799.114")
    ('NEUR', 'RHEUM')
    """
    if scheme not in mapping_schemes():
        raise UsageError(f"no label mapping is named {scheme}", f"there are {', '.join(mapping_schemes())}")
    if label is None:
        return None
    data, label = _read(f"mappings/{scheme}.yaml"), label.strip()
    if "ranges" in data:
        return _in_range(data["ranges"], label[:3].upper())
    labels, candidates = data["labels"], [label]
    if separator := data.get("separator"):
        levels = [level.strip() for level in label.split(separator)]
        if data.get("prefixes"):
            candidates += [separator.join(levels[:count]) for count in range(len(levels) - 1, 0, -1)]
        else:
            candidates += [levels[-1], levels[0]]
    return next((labels[c] for c in candidates if c in labels), None)


def allowed_departments(scheme: str, label: str) -> frozenset[str]:
    """Every department that a text under a label of another scheme may truly have: the label's own, and those that the
    mapping lists besides because the label isn't one of departments. Raises UsageError for an unknown scheme.

    >>> sorted(allowed_departments("medmcqa", "Skin"))
    ['DERM', 'INFD', 'RHEUM']
    """
    own = map_label(scheme, label)
    also = _read(f"mappings/{scheme}.yaml").get("also", {})
    return frozenset(also.get(label.strip(), ())) | ({own} if own else frozenset())


def _in_range(ranges: dict[str, str | None], category: str) -> str | None:
    for bounds, department in ranges.items():
        first, _, last = bounds.partition("-")
        if len(category) == 3 and first <= category <= last:
            return department
    return None


@cache
def _read(path: str) -> dict[str, Any]:
    return yaml.safe_load((files("datagen") / "taxonomies" / path).read_text("utf-8"))


def _terms(entry: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {language: tuple(t.strip().lower() for t in entry[language].split(",")) for language in LANGUAGES}
