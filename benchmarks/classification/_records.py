"""Every public source as records, read once by its recipe and kept between runs."""

import os
from pathlib import Path

import pyarrow as pa

import datagen
from datagen.recipe import Recipe, load_recipe
from datagen.runs import run_recipe

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("CACHE", "/tmp/classify-bench"))
COLUMNS = ["id", "group", "split", "text", "language", "source", "license", "access", "content_type", "department"]


def records(data: Path, *columns: str) -> pa.Table:
    """All rows of recipes/all_sources.yaml, with these columns besides COLUMNS.

    Evaluation sets have the split `test`.
    """
    recipe = all_sources(data)
    wanted = [*COLUMNS, *columns]
    return pa.concat_tables(
        datagen.load(str(CACHE / "sources"), stage).to_table(columns=wanted) for stage in recipe.steps
    )


def all_sources(data: Path) -> Recipe:
    """The recipe, brought up to date in CACHE / "sources"."""
    os.environ["DATA"] = str(data)
    recipe = load_recipe(REPOSITORY / "recipes" / "all_sources.yaml")
    run_recipe(recipe, str(CACHE / "sources"))
    return recipe
