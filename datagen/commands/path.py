"""datagen path"""

from typing import Annotated

import typer

from datagen.access import existing_run, published


def path(
    run: Annotated[str, typer.Argument(help="A run folder or URL.")],
    stage: Annotated[str, typer.Argument(help="A stage of the run.")],
) -> None:
    """Print the folder of a stage's published data (or artefact)."""
    store = existing_run(run)
    print(store.join(f"{stage}/{published(store, stage)['version']}/data"))
