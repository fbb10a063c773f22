"""datagen train-classifier"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import typer

from datagen.errors import UsageError

BATCH = 4096
VALIDATION = 0.1
"""Share of the families to measure on, where a file names no splits."""


def train_classifier(
    rows: Annotated[
        str,
        typer.Argument(help="Labelled records: a run folder or URL, or Parquet with `text` and `department` at least."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write; must be new or empty.")],
    stage: Annotated[str | None, typer.Option(help="Records of this stage of the run; default the last one.")] = None,
    scheme: Annotated[
        str | None, typer.Option("--map", help="Label set that the departments are of: mtsamples, cmexam, icd10, ...")
    ] = None,
    review: Annotated[
        Path | None, typer.Option(help="A folder of `datagen review`, whose labels go before the rows' own.")
    ] = None,
    encoder: Annotated[
        Path | None, typer.Option(help="A local transformer encoder (safetensors) to fine-tune; default: linear.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Of the encoder.")] = 3,
    per_label: Annotated[int, typer.Option(min=1, help="Most rows of a label and language.")] = 1000,
    coverage: Annotated[float, typer.Option(min=0.01, max=1, help="Share of labelled rows to answer for.")] = 0.93,
    seed: Annotated[int, typer.Option(min=0, help="Of the choice of rows and their order.")] = 0,
) -> None:
    """Train, calibrate and measure a classifier of departments, content types, categories, medical or not, and value.

    Writes the model, its card (calibration, thresholds, confusions, F1 by label) and the list of its errors.
    """
    from classifiers.examples import gather, merge
    from classifiers.heads import HEADS
    from classifiers.learn import learn
    from classifiers.review import read_labels

    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty", "name a new folder")
    labels = read_labels(review) if review else {}
    tables = (_checked(_labelled(_complete(batch), scheme, labels)) for batch in batches(rows, stage))
    if encoder:
        from classifiers.learn_encoder import learn_encoder

        held_out = learn_encoder(tables, encoder, out, epochs, per_label, coverage, seed)
    else:
        heads = list(HEADS.values())
        found = [gather([table], heads, True, per_label, seed, True) for table in tables]
        learnt = learn(merge(found, heads, per_label, seed), coverage, seed)
        learnt.save(out)
        held_out = learnt.held_out
    for head, by_language in held_out.items():
        for language, quality in by_language.items():
            print(f"{head} {language}: " + ", ".join(f"{name} {value}" for name, value in quality.items()))
    print(out)


def batches(place: str, stage: str | None) -> Iterator[pa.Table]:
    """Records of a run or of Parquet files, a few thousand at a time; columns that a file lacks are null."""
    from datagen.record import SCHEMA
    from datagen.reports.facts import gather as facts_of
    from datagen.store import Store

    found = facts_of(place, stage)
    for path in found.files:
        parquet = Store(found.where).parquet(path) if found.stage else None
        data = (
            parquet.iter_batches(BATCH) if parquet else ds.dataset(path, format="parquet").to_batches(batch_size=BATCH)
        )
        for batch in data:
            table = pa.Table.from_batches([batch])
            for field in SCHEMA:
                if field.name not in table.column_names:
                    table = table.append_column(field, pa.nulls(len(table), field.type))
            yield table


def _complete(rows: pa.Table) -> pa.Table:
    """Rows of a plain file with what every record has: an id by its text, a family, a split by that family."""
    from datagen.licence import UNKNOWN
    from datagen.record import content_hash, split_of, with_column

    if rows["text"].null_count:
        raise UsageError("there are rows without a text", "name its column `text`, and leave out rows that have none")
    given = zip(*(rows[name].to_pylist() for name in ("text", "id", "group", "split")), strict=True)
    found = []
    for text, identity, group, split in given:
        identity = identity or content_hash(text)
        found.append((identity, group or identity, split or split_of(group or identity, VALIDATION, 0)))
    for name, values in zip(("id", "group", "split"), zip(*found, strict=True), strict=True) if found else ():
        rows = with_column(rows, name, values)
    rows = with_column(rows, "license", pc.fill_null(rows["license"], UNKNOWN))
    return with_column(rows, "synthetic", pc.fill_null(rows["synthetic"], False))


def _checked(rows: pa.Table) -> pa.Table:
    """The rows, where all of their labels are codes; else UsageError."""
    from classifiers.heads import HEADS
    from classifiers.train import LABELLED
    from datagen.taxonomy import ABSTAINED, mapping_schemes

    for name in LABELLED:
        unknown = set(rows[name].unique().to_pylist()) - {*HEADS[name].codes, ABSTAINED, None}
        if unknown:
            raise UsageError(
                f"`{name}` holds {min(unknown)[:40]!r}, which is no code of {HEADS[name].version}",
                f"--map names the label set that departments are of: {', '.join(mapping_schemes())}",
            )
    return rows


def _labelled(rows: pa.Table, scheme: str | None, labels: dict[str, dict]) -> pa.Table:
    from classifiers.heads import HEADS, RATER
    from datagen.record import SCHEMA, with_column
    from datagen.taxonomy import map_label

    departments = rows["department"].to_pylist()
    if scheme:
        departments = [map_label(scheme, label) for label in departments]
    if not labels and not scheme:
        return rows
    said = [labels.get(identity, {}) for identity in rows["id"].to_pylist()]
    reviewed = [own.get("department") is not None for own in said]
    departments = [
        own["department"] if mine else old for own, mine, old in zip(said, reviewed, departments, strict=True)
    ]
    values = [
        own["value"] if own.get("value") is not None else old for own, old in zip(said, _of(rows, "value"), strict=True)
    ]
    raters = [
        "review" if own.get("value") is not None else old for own, old in zip(said, _of(rows, RATER), strict=True)
    ]
    confidence = HEADS["department"].confidence
    sure = [None if mine else old for mine, old in zip(reviewed, _of(rows, confidence), strict=True)]
    rows = with_column(rows, "department", pa.array(departments, SCHEMA.field("department").type))
    rows = with_column(rows, "value", pa.array(values, SCHEMA.field("value").type))
    rows = with_column(rows, confidence, pa.array(sure, pa.float32()))
    return with_column(rows, RATER, pa.array(raters, pa.string()))


def _of(rows: pa.Table, name: str) -> list:
    return rows[name].to_pylist() if name in rows.column_names else [None] * len(rows)
