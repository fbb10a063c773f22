"""What a report is made from: counts kept beside the published versions, or counted from the columns of Parquet files.

Text is not read here, but to count tokens in files that don't say them.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from datagen.errors import InputError, UsageError
from datagen.extensions import footer_has_extension, parquet_footer
from datagen.lineage import Version, final_stages, lineage, published_versions
from datagen.record import DEFAULTS, SCHEMA, count_tokens
from datagen.reports.privacy import is_restricted
from datagen.review import reviewed
from datagen.stats import BY, CUBE, cube_of, merge_cubes
from datagen.store import Store, is_remote

TIERS = {5: "T1", 4: "T2", 3: "T3", 2: "T4", 1: "T5", 0: "T5"}
"""Value tiers by whole points of the rubric."""
TRAINING = "training_tokens"
"""tokens x repeats of the train split: what training sees."""
LABEL_CHARACTERS = 60


@dataclass(frozen=True)
class StageFacts:
    """One stage above the report's, or the report's own. `history` has rows and tokens by department alone."""

    version: Version
    decisions: pd.DataFrame
    history: pd.DataFrame


@dataclass(frozen=True)
class Facts:
    """The rows reported on, counted (`cube`), and for a run how they came to be.

    Attributes:
        cube: one row per combination of labels; "" stands for no label.
        stages: the stages that the rows passed, upstream first; empty for plain Parquet files.
        others: further stages of the run whose rows nothing reads.
        files: the Parquet files of the rows; of a run, as paths in it.
        labeller: the confusion table ({labels, counts}) of the classifier that gave departments, and the stage where.
        reviewed: whether enough labels were reviewed by clinicians.
    """

    where: str
    cube: pd.DataFrame
    stage: str | None = None
    stages: dict[str, StageFacts] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    labeller: tuple[dict[str, Any], str] | None = None
    reviewed: bool = False

    @property
    def manifest(self) -> dict[str, Any] | None:
        return self.stages[self.stage].version.manifest if self.stage else None


def gather(place: str | Path, stage: str | None = None) -> Facts:
    """Facts of a run (a folder or object-store URL), or of a Parquet file or folder.

    Raises UsageError where `place` is neither, or has no such stage.
    """
    place = str(place)
    if not is_remote(place) and not Path(place).exists():
        raise UsageError(f"{place} doesn't exist", "give a run folder, or Parquet files")
    if is_remote(place) or Path(place).is_dir():
        store = Store(place)
        if versions := published_versions(store):
            return _of_run(store, versions, stage)
        files = [] if store.remote else sorted(map(str, Path(place).rglob("*.parquet")))
    else:
        files = [place]
    if files and stage:
        raise UsageError(f"{place} is not a run: it has no stage {stage}", "leave the stage out")
    if files:
        return _of_parquet(place, files)
    raise UsageError(f"{place} is neither a run nor Parquet files", "`datagen run RECIPE --out RUN` makes a run")


def _of_run(store: Store, versions: dict[str, Version], stage: str | None) -> Facts:
    ends = final_stages(versions)
    if stage is None:
        if not ends:
            raise UsageError(f"{store.url} has published no records", "run a stage that publishes records")
        stage = ends[0]
    if stage not in versions or not versions[stage].has_records:
        has = ", ".join(s for s, v in versions.items() if v.has_records)
        raise UsageError(f"{store.url} has no records of a stage {stage}", f"it has {has}")
    made_from = lineage(store, versions[stage])
    personal = frozenset(s for s, v in made_from.items() if v.options.get("patient_level"))
    stages = {s: _stage_facts(store, v, personal) for s, v in made_from.items() if v.has_records}
    cube = _frame(_stats(store, versions[stage], "cube"), personal)
    files = tuple(path for path in versions[stage].paths("data") if path.endswith(".parquet"))
    others = tuple(s for s in ends if s != stage)
    return Facts(store.url, cube, stage, stages, others, files, _labeller(made_from), reviewed(store))


def _labeller(made_from: dict[str, Version]) -> tuple[dict[str, Any], str] | None:
    classifiers = {
        version.name: table
        for version in made_from.values()
        if version.manifest["publishes"] == "classifier"
        and (table := version.manifest.get("results", {}).get("train", {}).get("confusion"))
    }
    labelled = [
        (classifiers[name], version.stage)
        for version in made_from.values()
        for name in version.artefacts.values()
        if name in classifiers and version.has_records
    ]
    return labelled[-1] if labelled else None


def _stage_facts(store: Store, version: Version, personal: frozenset[str]) -> StageFacts:
    columns = ["department", "source", "split", "access", "phi_status", "repeats", "rows", "tokens"]
    history = _derived(_stats(store, version, "cube", columns), personal)
    decisions = _clean(_stats(store, version, "decisions"))
    return StageFacts(version, decisions, history)


def _stats(store: Store, version: Version, name: str, columns: list[str] | None = None) -> pa.Table:
    return store.parquet(f"{version.stage}/{version.name}/stats/{name}.parquet").read(columns=columns)


def _of_parquet(place: str, files: list[str]) -> Facts:
    try:
        for path in files:
            with open(path, "rb") as file:
                if footer_has_extension(parquet_footer(file)):
                    raise UsageError(f"{path} has a column of an extension type", "write it as plain values")
        rows = ds.dataset(files, format="parquet")
    except (OSError, pa.ArrowInvalid, InputError):
        raise UsageError(f"{place} can't be read as Parquet", "give a run folder, or Parquet files") from None
    known = [name for name in BY if name in rows.schema.names]
    if not known:
        raise UsageError(
            f"{place} has none of the columns that a report counts by", f"at least one of {', '.join(BY)} is needed"
        )
    wanted = [*known, *(n for n in ("tokens", "duplicates") if n in rows.schema.names)]
    if "tokens" not in rows.schema.names and "text" in rows.schema.names:
        wanted.append("text")
    cube = CUBE.empty_table()
    try:
        for batch in rows.to_batches(columns=wanted):
            if len(batch):
                cube = merge_cubes([cube, cube_of(_counted(batch))])
    except (OSError, pa.ArrowInvalid):
        raise UsageError(f"{place}: a Parquet file is damaged", "get it again, or leave it out") from None
    return Facts(place, _frame(cube), files=tuple(files))


def _counted(batch: pa.RecordBatch) -> pa.Table:
    """The columns that are counted. Those that the files lack hold the record's defaults."""
    columns = {}
    for name in (*BY, "tokens", "duplicates"):
        kind = SCHEMA.field(name).type
        if name in batch.schema.names:
            columns[name] = _cast(batch, name, kind)
        elif name == "tokens" and "text" in batch.schema.names:
            columns[name] = count_tokens(pc.fill_null(_cast(batch, "text", pa.string()), ""))
        else:
            columns[name] = pa.nulls(len(batch), kind)
        default = 0 if name == "tokens" else DEFAULTS.get(name)
        if default is not None:
            columns[name] = pc.fill_null(columns[name], default)
    return pa.table(columns)


def _cast(batch: pa.RecordBatch, name: str, kind: pa.DataType) -> pa.Array:
    try:
        return batch[name].cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        found = batch.schema.field(name).type
        raise UsageError(f"column {name} is {found}, records have {kind}", "cast it before you report on it") from None


def _frame(cube: pa.Table, personal: frozenset[str] = frozenset()) -> pd.DataFrame:
    frame = _derived(cube, personal)
    frame["tier"] = frame["value"].clip(0, 5).map(TIERS).fillna("")
    return frame


def _derived(cube: pa.Table, personal: frozenset[str]) -> pd.DataFrame:
    """`personal` names the patient-level sources."""
    frame = _clean(cube)
    is_train = frame["split"].isin(("train", ""))  # files without splits are all for training
    frame[TRAINING] = (frame["tokens"] * frame["repeats"]).where(is_train, 0)
    frame["restricted"] = is_restricted(frame, personal)
    return frame


def _clean(rows: pa.Table) -> pd.DataFrame:
    """Labels fit to be shown: they may come from hostile files."""
    columns = {}
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if pa.types.is_string(column.type):
            coded = column.combine_chunks().dictionary_encode("encode")
            labels = np.array([shown(label) for label in coded.dictionary.to_pylist()], dtype=object)
            columns[name] = pd.Series(labels[coded.indices.to_numpy()], dtype=object)
        else:
            columns[name] = column.to_pandas()
    return pd.DataFrame(columns)


def shown(text: Any, characters: int = LABEL_CHARACTERS) -> str:
    """No control, bidirectional or invisible characters, no novels; "" for what is no text."""
    if not isinstance(text, str):
        return ""
    text = "".join(c for c in text[: 4 * characters] if c.isprintable())
    return text if len(text) <= characters else text[: characters - 1] + "…"
