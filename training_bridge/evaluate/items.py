"""A row's items: read from published files, cut to the row, sampled, and each with its department."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datagen.errors import UsageError
from datagen.files import find, open_item
from datagen.taxonomy import ABSTAINED, map_label
from dedup.evaluation_sets import Item, files_of, read_items
from training_bridge.evaluate.suite import Paths, Row

LETTERS = "ABCDEFGHIJ"
UNKNOWN = ABSTAINED
CLASSIFIER = "base"


@dataclass(frozen=True)
class Question:
    """An item as it is put to a model.

    Attributes:
        cluster: items of one case or note share it; intervals draw clusters.
        department: code of the taxonomy, UNK where nothing says it.
    """

    item: Item
    cluster: str
    department: str = UNKNOWN

    @property
    def id(self) -> str:
        return self.item.id

    @property
    def letters(self) -> str:
        return LETTERS[: len(self.item.options)]

    @property
    def gold(self) -> str:
        """Letters of the right options."""
        return "".join(LETTERS[place] for place in self.item.gold)


@dataclass(frozen=True)
class Read:
    """What a row's files hold: questions that can be scored, in their files' order, and how many were left out why."""

    questions: tuple[Question, ...]
    published: int
    left_out: Mapping[str, int]


def read(row: Row, paths: Paths, *, limit: int | None = 1000, seed: int = 0) -> Read:
    """The row's items, at most `limit` of them, drawn at random by `seed` alone (the report: at most 1,000).

    Raises UsageError that names file, row and what is wrong there, or says that nothing in them can be scored.
    """
    items = _unique([item for item in _items(row, paths) if item.id.startswith(row.only)], row)
    published = len(items)
    left_out: dict[str, int] = {}
    questions = []
    for item in items:
        if reason := _unusable(row, item):
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            questions.append(Question(item, _cluster(row, item)))
    if not questions:
        told = ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or f"no item of {row.only}"
        raise UsageError(f"{row.name}: nothing can be scored: {told}", f"{row.title}: {row.wanted}")
    if limit is not None and len(questions) > limit:
        chosen = set(random.Random(f"{row.name}/{seed}").sample(range(len(questions)), limit))
        questions = [q for number, q in enumerate(questions) if number in chosen]
    return Read(tuple(_with_departments(row, questions)), published, left_out)


def check(row: Row, paths: Paths) -> str:
    """Whether a row's files can be run, in a few words: how many items, or what is wrong where."""
    try:
        items = [item for item in _items(row, paths) if item.id.startswith(row.only)]
    except UsageError as error:
        return f"wrong: {error}"
    usable = sum(not _unusable(row, item) for item in items)
    expected = f", {row.items:,} published" if row.items not in (None, len(items)) else ""
    return f"{usable:,} of {len(items):,} items can be scored{expected}" if usable < len(items) or expected else "yes"


def _items(row: Row, paths: Paths) -> list[Item]:
    beside, mine = _split(row, [paths] if isinstance(paths, str) else list(paths))
    items = list(read_items(row.benchmark, files_of(row.benchmark, mine)))
    if row.benchmark == "pubmedqa":
        items = [_without_conclusion(item) for item in items]
    if row.names:
        items = [_named(item, beside) for item in items]
    if row.test_ids in beside:
        items = [item for item in items if item.id in beside[row.test_ids]]
    return items


def _split(row: Row, paths: list[str]) -> tuple[dict[str, Any], list[str]]:
    """What goes with a row's files, by name, and the paths of these."""
    extra = {*row.names, *filter(None, [row.test_ids])}
    beside: dict[str, Any] = {}
    mine = []
    for path in paths:
        if Path(path).is_dir() and extra:
            found = [f for f in find(path, (".json",)) if f.name.rpartition("/")[2].removesuffix(".gz") in extra]
            if found:
                beside |= {f.name.rpartition("/")[2].removesuffix(".gz"): _json(f) for f in found}
                theirs = {f.url for f in found}
                mine += [f.url for f in files_of(row.benchmark, path) if f.url not in theirs]
                continue
        name = Path(path).name.removesuffix(".gz")
        if name in extra:
            beside[name] = _json(find(path, (".json",))[0])
        else:
            mine.append(path)
    return beside, mine


def _json(file: Any) -> Any:
    for opened in open_item(file, (".json",)):
        try:
            return json.loads(opened.data.decode("utf-8-sig"))
        except (ValueError, RecursionError, AttributeError):
            break
    raise UsageError(f"{file.name} can't be read as JSON")


def _unique(items: Sequence[Item], row: Row) -> list[Item]:
    """Files of several parts may number their items alike; what is the same twice is one item."""
    seen: dict[str, Item] = {}
    for item in items:
        name = item.id
        while name in seen and seen[name] != replace(item, id=name):
            name += "'"
        seen[name] = replace(item, id=name)
    return list(seen.values())


def _unusable(row: Row, item: Item) -> str:
    if row.kind == "choice":
        return "" if item.gold else "without a right answer"
    if row.kind == "rubric":
        return "" if _rubrics(item) else "without rubrics"
    if row.kind == "safety":
        return ""
    if row.kind == "number" and not (item.answer and item.row.get("Lower Limit") and item.row.get("Upper Limit")):
        return "without an answer and its limits"
    return "" if item.answer else "without a right answer"


def _rubrics(item: Item) -> list[dict[str, Any]]:
    """`criterion` and `points` of HealthBench's rubric; positive points, without which there is no score."""
    found = item.row.get("rubrics")
    if not isinstance(found, list) or not all(isinstance(r, dict) and r.get("criterion") for r in found):
        return []
    if not all(isinstance(r.get("points"), int | float) for r in found) or not any(r["points"] > 0 for r in found):
        return []
    return found


def _cluster(row: Row, item: Item) -> str:
    if row.kind == "number":
        return str(item.row.get("Note ID") or item.id)
    return item.id.rpartition("-")[0] if row.benchmark == "cmb_clin" else item.id


def _without_conclusion(item: Item) -> Item:
    """PubMedQA asks without the abstract's conclusion, which would give the answer away."""
    contexts = item.row.get("contexts", item.row.get("context"))
    contexts = contexts.get("contexts") if isinstance(contexts, dict) else contexts
    return replace(item, context="\n".join(map(str, contexts)))


def _named(item: Item, beside: Mapping[str, Any]) -> Item:
    """RareBench's identifiers as names, where its mapping is at hand."""
    names = {key: value for table in beside.values() if isinstance(table, dict) for key, value in table.items()}

    def name(code: str) -> str:
        found = names.get(code.strip(), code)
        return str(found[0] if isinstance(found, list) and found else found).split("/")[0].strip()

    codes = item.row.get("Phenotype", item.row.get(0)), item.row.get("RareDisease", item.row.get(1))
    findings, diseases = (list(dict.fromkeys(map(name, map(str, listed)))) for listed in codes)
    return replace(item, context=", ".join(findings), answer=" / ".join(diseases))


def _with_departments(row: Row, questions: list[Question]) -> list[Question]:
    """By the set's own labels where these name departments, else by the bundled classifier."""
    own = [_own_department(row, q.item) for q in questions]
    asked = [place for place, department in enumerate(own) if department is None]
    if asked:
        from classifiers import load

        texts = [f"{questions[i].item.context or ''}\n{questions[i].item.question}".strip() for i in asked]
        for place, found in zip(asked, load(CLASSIFIER).predict(texts), strict=True):
            own[place] = found["department"] or UNKNOWN
    return [replace(q, department=department) for q, department in zip(questions, own, strict=True)]


def _own_department(row: Row, item: Item) -> str | None:
    if row.subject is None:
        return None
    return map_label(row.subject["scheme"], str(item.row.get(row.subject["column"], "")))


def limits(item: Item) -> tuple[str, str]:
    """MedCalc's limits of what counts as right."""
    return str(item.row["Lower Limit"]), str(item.row["Upper Limit"])
