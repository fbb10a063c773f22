"""What a recipe on the bundled corpus publishes; its run is the fixture `out` of the module that states it."""

from importlib.resources import files
from pathlib import Path

from datagen.publish import manifest
from datagen.store import Store

SAMPLE = files("datagen") / "sample"


def data(out: Path, stage: str) -> Path:
    return out / stage / manifest(Store(str(out)), stage)["version"] / "data"
