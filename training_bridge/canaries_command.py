"""datagen canaries"""

from pathlib import Path
from typing import Annotated

import typer

STAGE = """\
  planted:
    use: collectors.records
    path: "{path}"
    license: CC0-1.0
    deidentify: none
    fields: {{id: id, text: text, language: language}}
    constants: {{split: train}}"""


def canaries(
    out: Annotated[Path, typer.Argument(help="Folder for canaries.json, to be kept, and planted.jsonl.")],
    count: Annotated[int, typer.Option(min=1, help="Secrets, half of them English, half Chinese.")] = 32,
    copies: Annotated[
        str, typer.Option(help="How often each is planted, by turns; those of 0 are what chance recovers.")
    ] = "0,1,10,100",
    seed: Annotated[int, typer.Option(help="Draws the secrets.")] = 0,
) -> None:
    """Make secrets to plant in training data, which `datagen evaluate --canaries` then asks the model for.

    Prints the stage that takes them in. Put it behind deduplication, which would leave one copy of each.
    """
    from datagen.errors import UsageError
    from training_bridge.evaluate.canaries import make_canaries, write_canaries

    times = copies.split(",")
    if not all(time.strip().isdecimal() for time in times):
        raise UsageError(f"--copies {copies} is not a list of numbers", "for example --copies 0,1,10")
    planted = write_canaries(make_canaries(count, seed, [int(time) for time in times]), out)
    print(STAGE.format(path=planted.absolute()))
    print(f"then: datagen evaluate MODEL --canaries {out / 'canaries.json'}")
