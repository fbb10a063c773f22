"""datagen review"""

from pathlib import Path
from typing import Annotated

import typer

from datagen.errors import UsageError
from datagen.review import ENOUGH_ITEMS, FOLDER


def review(
    run: Annotated[str, typer.Argument(help="A run folder, or a Parquet file or folder, of labelled records.")],
    stage: Annotated[str | None, typer.Option(help="Records of this stage; default the last one.")] = None,
    sheet: Annotated[
        list[Path] | None, typer.Option(help="A filled-in sheet, named after its reviewer; give each one.")
    ] = None,
    adjudicated: Annotated[Path | None, typer.Option(help="The sheet of disputed items, filled in.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; default RUN/review.")] = None,
    per_cell: Annotated[int, typer.Option(min=1, help="Items of each department and language.")] = ENOUGH_ITEMS,
    seed: Annotated[int, typer.Option(min=0, help="Of the choice of items.")] = 0,
) -> None:
    """Send labels to clinicians, and take their sheets back.

    Without --sheet: writes sheet.csv (items by department and language, without their labels) and guide.md, in English
    and Chinese. With two --sheet or more: agreement between reviewers (kappa), the labels that stand, and disputed.csv
    for an adjudicator, whose answers --adjudicated takes. `datagen train-classifier --review` learns from the labels;
    the report calls them reviewed once two reviewers have seen 30 items of every department in both languages.
    """
    from classifiers.review import combine, disputes, draw, guide, read_sheet
    from classifiers.review import sheet as blank

    if adjudicated and not sheet:
        raise UsageError("an adjudicated sheet alone says nothing", "give the reviewers' sheets too, by --sheet")
    folder = out or Path(run) / FOLDER
    if not sheet:
        chosen = draw(_open_rows(run, stage), per_cell, seed)
        if not chosen:
            raise UsageError(f"{run} has no open records with a department, in English or Chinese", "label them first")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sheet.csv").write_bytes(blank(chosen))
        (folder / "guide.md").write_text(guide(), "utf-8")
        cells = {(row["department"], row["language"]) for row in chosen}
        print(f"{len(chosen)} items of {len(cells)} departments and languages")
        print(folder / "sheet.csv")
        return
    sheets = [read_sheet(path) for path in sheet]
    found = combine(sheets, read_sheet(adjudicated) if adjudicated else None)
    found.save(folder)
    wanted = set(found.facts["open"])
    texts = {row["id"]: row for row in _open_rows(run, stage) if row["id"] in wanted} if wanted else {}
    (folder / "disputed.csv").write_bytes(disputes(texts, sheets, found))
    for pair in found.facts["agreement"]:
        print(
            f"{' and '.join(pair['reviewers'])}: kappa of departments {pair['department_kappa']} "
            f"({pair['departments']} items), of values {pair['value_kappa']} ({pair['values']} items)"
        )
    print(f"{len(found.labels)} labels stand, {len(wanted)} items are disputed")
    print(
        "the report calls these labels reviewed" if found.facts["covered"] else "too few items to call labels reviewed"
    )
    print(folder)


def _open_rows(run: str, stage: str | None):
    """Records that may be shown to people outside: of open sources, and no patient's."""
    from classifiers.train_command import batches

    wanted = ("id", "text", "language", "department")
    for rows in batches(run, stage):
        for row in rows.select([*wanted, "access", "phi_status", "source_id", "synthetic"]).to_pylist():
            private = row["phi_status"] == "unknown" or row["source_id"] == row["id"]
            if row["access"] != "restricted" and not private and not row["synthetic"]:
                yield {name: row[name] for name in wanted}
