"""datagen evaluate"""

from pathlib import Path
from typing import Annotated, Any

import typer

from datagen.errors import UsageError

SEPARATOR = "="


def evaluate(
    model: Annotated[
        str | None, typer.Argument(help="A model folder, a run with a trained model, or an endpoint (.yaml).")
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option("--task", help="A benchmark or one of its parts (`--list`), or NAME=FILES; default: all found."),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder in which published files are found by name.")] = None,
    judge: Annotated[
        Path | None, typer.Option(help="YAML of the judge: generator, generator_options. Without: likelihoods only.")
    ] = None,
    trained_on: Annotated[str | None, typer.Option(help="Run or Parquet that is searched for items.")] = None,
    canaries: Annotated[
        Path | None, typer.Option(help="canaries.json of planted secrets, which the model is asked for.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Items of a row, at most.")] = 1000,
    seed: Annotated[int, typer.Option(help="Draws the items.")] = 0,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest response, in tokens.")] = 1024,
    likely: Annotated[bool, typer.Option("--likelihood/--no-likelihood", help="Measure likelihoods too.")] = True,
    out: Annotated[Path, typer.Option(help="Folder for the page and the numbers.")] = Path("evaluation"),
    list_: Annotated[
        bool, typer.Option("--list", help="Show every row, where to get it and whether it is here.")
    ] = False,
) -> None:
    """Evaluate a model on medical benchmarks, from files that you bring; prints the page's path."""
    from training_bridge.evaluate.suite import suite

    given = dict(_given(task) for task in tasks or ())
    if data is not None and not data.is_dir():
        raise UsageError(f"there is no folder {data}", "--data names the folder that holds the benchmarks' files")
    if list_:
        _show(given, data)
        return
    if model is None:
        raise UsageError("name a model, or ask for --list")
    if not given and data is None and canaries is None:
        raise UsageError("say where the benchmarks are", "--data FOLDER, or --task NAME=FILES; --list shows all")
    from transformers.utils.logging import disable_progress_bar

    from training_bridge.evaluate import run

    disable_progress_bar()
    found = run(
        _generator(Path(model)) if model.endswith((".yaml", ".yml")) else model,
        given or dict.fromkeys(suite()),
        data=data,
        judge=_generator(judge) if judge else None,
        trained_on=trained_on,
        limit=limit,
        seed=seed,
        max_tokens=max_tokens,
        work=out / "work",
        likely=likely,
        canaries=canaries,
    )
    print(found.save(out))


def _given(task: str) -> tuple[str, list[str] | None]:
    name, separator, paths = task.partition(SEPARATOR)
    return name, paths.split(",") if separator else None


def _generator(path: Path) -> Any:
    """A generator that a YAML file names, in the words of the synthesis stages."""
    import yaml
    from pydantic import ValidationError

    from datagen.generator import make_generator
    from datagen.stated import mistakes

    try:
        fields = yaml.safe_load(path.read_text("utf-8"))
        return make_generator(fields["generator"], **fields.get("generator_options", {}))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        fix = "its fields: generator (openai, transformers, ...), generator_options"
        raise UsageError(f"{path} names no generator: {type(error).__name__}", fix) from None
    except ValidationError as error:
        raise UsageError(f"{path}: {mistakes(error)}") from None


def _show(given: dict[str, list[str] | None], data: Path | None) -> None:
    from training_bridge.evaluate.items import check
    from training_bridge.evaluate.suite import grade, locate, rows_of, suite

    print(f"{'row':<27} {'answer':<10} {'M1-14B':>6}  {'access':<13} {'loader':<8} here")
    for row in rows_of(given or suite()):
        files = given.get(row.name) or given.get(row.benchmark) or (locate(row, data) if data else [])
        report = f"{row.report[0]:.1f}" if row.report else "-"
        here = check(row, files) if files else "no"
        print(f"{row.name:<27} {row.kind:<10} {report:>6}  {row.access:<13} {grade(row):<8} {here}")
        print(f"    {row.title}; {row.licence}; {row.source}")
        print(f"    {row.wanted}" + (f"; {row.note}" if row.note else ""))
    print(
        "\nM1-14B: the report's figure, judged free text, per cent. loader: real = tested on real items, fixture = on"
    )
    print("small files in the published form. here: whether --data or --task has it, in the form that is read.")
