"""datagen demo"""

from typing import Annotated

import typer

from datagen.demo import run_demo


def demo(
    out: Annotated[str, typer.Option(help="Run folder or object-store URL.")] = "runs/demo",
    workers: Annotated[int | None, typer.Option(min=1, help="CPUs of the local Ray.")] = None,
) -> None:
    """The whole way on the bundled corpus: raw sources to report to trained model. No network, no GPU, no key."""
    run_demo(out, workers)
