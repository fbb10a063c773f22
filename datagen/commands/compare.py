"""datagen compare"""

import webbrowser
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from datagen.commands.report import Language, default_page

GROUP = "datagen.comparisons"
"""Modules with `handles(path)` and `write(before, after, out, language)`, for what isn't rows: evaluations, say."""


def compare(
    before: Annotated[str, typer.Argument(help="A run folder or URL, Parquet files, or an evaluation.")],
    after: Annotated[str, typer.Argument(help="Another one, made later.")],
    out: Annotated[Path | None, typer.Option(help="The page; default AFTER/compare.html.")] = None,
    stage: Annotated[str | None, typer.Option(help="Compare this stage's records; default the last ones.")] = None,
    samples: Annotated[bool, typer.Option(help="Show a few records of open sources of AFTER.")] = True,
    language: Annotated[Language, typer.Option(help="Language that the page opens in.")] = Language.en,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Write what differs between two runs, or two evaluations of models, and print the page's path."""
    other = next((kind for kind in _kinds() if kind.handles(before) and kind.handles(after)), None)
    if other is not None:
        path = other.write(before, after, out, language.value)
    else:
        from datagen.reports import report

        made = report(after, stage, samples=samples).compare(report(before, stage))
        path = made.save(out or default_page(made, "compare.html"), language.value)
    print(path)
    if open_:
        webbrowser.open(path.absolute().as_uri())


def _kinds() -> list:
    return [point.load() for point in sorted(entry_points(group=GROUP))]
