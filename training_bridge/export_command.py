"""datagen export"""

from pathlib import Path
from typing import Annotated

import typer

from datagen.errors import UsageError


def export(
    source: Annotated[str, typer.Argument(help="A model folder, or a run (its trained model, or its rows).")],
    out: Annotated[Path, typer.Option(help="Folder to write; must be new or empty.")],
    apply_repeats: Annotated[
        bool, typer.Option("--apply-repeats", help="Export the run's rows, each as often as `repeats` says, shuffled.")
    ] = False,
    split: Annotated[str | None, typer.Option(help="Rows: train (default), validation or test.")] = None,
    stage: Annotated[str | None, typer.Option(help="Rows: of this stage; default the last one.")] = None,
) -> None:
    """Export a model that loads without datagen (remote code, tokenizer, card), or a run's rows for other trainers."""
    if apply_repeats:
        from training_bridge.export_rows import export_rows

        print(export_rows(source, out, split=split or "train", stage=stage))
        return
    if split or stage:
        raise UsageError("--split and --stage are for rows", "add --apply-repeats, or leave them out")
    from transformers.utils.logging import disable_progress_bar

    from training_bridge.export import export_model, model_folder

    disable_progress_bar()
    print(export_model(model_folder(source), out))
