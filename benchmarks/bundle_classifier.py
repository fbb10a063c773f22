"""Trains the classifier that comes with the package, on text that anyone may pass on, and writes its files.

    python benchmarks/bundle_classifier.py [FOLDER]        default: classifiers/bundled/base

Sources: those of recipes/sources.yaml whose licence grade is A or PD and whose use is no evaluation; of their rows
those in English or Chinese that may be changed and passed on, without the test split. Besides the package's own sample,
names of MeSH and of the Disease Ontology, and half of the ratings of value (benchmarks/classification/
value_ratings.jsonl; the other half measures). Setting DATA: see classify.py.
"""

import json
import os
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[0] = str(REPOSITORY)

import datagen  # noqa: E402
from benchmarks.classification._records import CACHE, COLUMNS, all_sources  # noqa: E402
from benchmarks.classification._texts import Text, names  # noqa: E402
from benchmarks.classification._value import RATINGS, learns_from, mean_rating  # noqa: E402
from classifiers.examples import gather, merge  # noqa: E402
from classifiers.heads import HEADS, RATER  # noqa: E402
from classifiers.learn import learn  # noqa: E402
from datagen.licence import allowed  # noqa: E402
from datagen.record import table, with_column  # noqa: E402
from datagen.sources import load_sources  # noqa: E402
from datagen.taxonomy import LANGUAGES  # noqa: E402

GRADES = ("A", "PD")
NEEDED = {"redistribute", "derive", "commercial"}
"""What the licence of every row must allow."""
PER_LABEL, COVERAGE, SEED = 600, 0.95, 0
NOT_MEDICAL = {"laws": "REG", "techdocs": "TEXT", "code": "OTHER", "treebanks": None, "mathematics": None}
"""Stages that read text that isn't medical, and what kind of text it is."""
NAMES = ("KB", "CODE")
MOST_NAMES = 3000
"""Rows of a stage of names and codes: enough to show what they look like."""
SAMPLE = {"textbook": "TEXT", "dialogues": "DIALOG", "general": None, "cases": "CASE"}


def main(folder: Path) -> None:
    data = Path(os.environ.get("DATA", REPOSITORY.parent / "shared" / "data"))
    heads = list(HEADS.values())
    tables = [gather([rows], heads, True, PER_LABEL, SEED, True) for rows in (*sources(data), sample(), named(data))]
    learnt = learn(merge(tables, heads, PER_LABEL, SEED), COVERAGE, SEED)
    learnt.save(folder)
    print(f"{folder}: {sum(map(len, learnt.files.values())):,} bytes")
    print(json.dumps(learnt.held_out, indent=1))


def sources(data: Path) -> Iterator[pa.Table]:
    """The rows of every stage of recipes/all_sources.yaml that may be learnt from, with their ratings."""
    listed = load_sources(REPOSITORY / "recipes" / "sources.yaml").sources
    ratings = {rating["id"]: mean_rating(rating) for rating in RATINGS if learns_from(rating)}
    for name, step in all_sources(data).steps.items():
        paths = step.stage.path if isinstance(step.stage.path, tuple | list) else [step.stage.path]
        mine = [listed[Path(path).relative_to(data).parts[0]] for path in paths]
        if any(source.grade not in GRADES or source.use == "evaluation" for source in mine):
            continue
        rows = datagen.load(str(CACHE / "sources"), name).to_table(columns=[*COLUMNS, "synthetic", "value"])
        free = [license for license in rows["license"].unique().to_pylist() if allowed(license) >= NEEDED]
        wanted = pc.is_in(rows["license"], pa.array(free, pa.string()))
        wanted = pc.and_(wanted, pc.is_in(rows["language"], pa.array(LANGUAGES)))
        rows = rows.filter(pc.and_(wanted, pc.not_equal(rows["split"], "test")))
        if set(rows["content_type"].unique().to_pylist()) <= set(NAMES):
            rows = rows.slice(0, MOST_NAMES)
        if name in NOT_MEDICAL:
            rows = with_column(rows, "department", ["NONE"] * len(rows))
            rows = with_column(rows, "content_type", [NOT_MEDICAL[name]] * len(rows))
        rated = [ratings.get(identity) for identity in rows["id"].to_pylist()]
        rows = with_column(rows, "value", pa.array(rated, pa.float32()))
        print(f"{name}: {len(rows)} rows", flush=True)
        raters = pa.array(["models" if value is not None else None for value in rated], pa.string())
        yield with_column(rows, RATER, raters)


def sample() -> pa.Table:
    """The package's own corpus."""
    rows = []
    for kind, content_type in SAMPLE.items():
        for language in ("en", "zh"):
            text = (files("datagen") / "sample" / kind / f"{language}.jsonl").read_text("utf-8")
            for entry in map(json.loads, text.splitlines()):
                body = entry.get("text") or "\n".join(turn["content"] for turn in entry["messages"])
                made = Text("sample", language, body, entry["department"], content_type)
                rows.append(row(made, entry["license"]))
    return table(rows)


def named(data: Path) -> pa.Table:
    return table(row(text, "CC0-1.0") for text in {text.key: text for text in names(data)}.values())


def row(text: Text, license: str) -> dict:
    return {
        **{"id": text.key, "group": text.key, "split": "train", "source_id": text.key, "license": license},
        **{"text": text.text, "language": text.language, "source": text.source},
        **{"department": text.department, "content_type": text.content_type},
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "classifiers" / "bundled" / "base")
