"""datagen report"""

import sys
import webbrowser
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datagen.reports.result import Report


class Language(StrEnum):
    en = "en"
    zh = "zh"


def report(
    run: Annotated[str, typer.Argument(help="A run folder or URL, or a Parquet file or folder.")],
    out: Annotated[Path | None, typer.Option(help="The page; default RUN/report.html.")] = None,
    stage: Annotated[str | None, typer.Option(help="Report on this stage's records; default the last one.")] = None,
    targets: Annotated[
        str | None, typer.Option(help="Shares to hold it against (YAML or JSON); exit code 5 where one is missed.")
    ] = None,
    samples: Annotated[bool, typer.Option(help="Show a few records of open sources.")] = True,
    language: Annotated[Language, typer.Option(help="Language that the page opens in.")] = Language.en,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Write the department-balance report, one HTML page, and print its path."""
    from datagen.reports import CheckFailed
    from datagen.reports import report as make

    made = make(run, stage, targets, samples)
    path = made.save(out or default_page(made, "report.html"), language.value)
    print(path)
    if made.facts.others:
        left_out = ", ".join(made.facts.others)
        print(f"It tells of {made.facts.stage} and what that was made from; `--stage` for {left_out}.", file=sys.stderr)
    if open_:
        webbrowser.open(path.absolute().as_uri())
    if targets and (failures := made.check()):
        shown = "\n".join(f"  {failure}" for failure in failures)
        raise CheckFailed(f"{len(failures)} targets are missed:\n{shown}", f"the page shows where: {path}")


def default_page(made: "Report", name: str) -> Path:
    """Beside a local run's stages; else in the working folder (Parquet folders hold data alone)."""
    from datagen.store import is_remote

    is_local_run = made.facts.stage and not is_remote(made.facts.where)
    return Path(made.facts.where if is_local_run else ".") / name
