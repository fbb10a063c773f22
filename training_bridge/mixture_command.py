"""datagen mixture"""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer


def mixture(
    plan: Annotated[Path, typer.Argument(help="A search's YAML file.")],
    out: Annotated[Path, typer.Option(help="Folder of the search; run again, it goes on.")],
    workers: Annotated[int | None, typer.Option(min=1, help="CPUs to use on this machine.")] = None,
) -> None:
    """Find the mixture of data of least loss by many tiny trainings; says what that costs before it begins.

    \b
    For example, paths being relative to the file:
    rows: curated    # a folder as `datagen path RUN STAGE` prints
    column: source   # or department, category, language, ...
    runs: 40
    tokens: 300000
    """
    from datagen.cluster import ray_session
    from training_bridge.mixture import read_plan, search

    found = read_plan(plan)
    with ray_session(workers):
        result = search(found, out.absolute(), partial(print, flush=True))
    for name, weight in result.weights.items():
        print(f"{name:<24} {weight:7.2%}")
    print(f"rank correlation on held-out mixtures: {result.spearman:.2f}")
    for name, (gain, low, high) in result.gains.items():
        print(f"lower than {name} by {gain:.4f} bits per byte (95 %: {low:.4f} to {high:.4f})")
    print(result.picture.with_name("mixture.json"))
