"""What the README shows works."""

import json
import re
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from datagen.cli import GROUP
from datagen.recipe import load_recipe
from synthesis.preview import chosen

ROOT = Path(__file__).parents[2]
READMES = ["README.md", "README.zh.md"]


@pytest.mark.parametrize("name", READMES)
def test_the_recipe_is_valid(name, tmp_path):
    (recipe,) = re.findall(r"```yaml\n(.*?)```", (ROOT / name).read_text("utf-8"), re.S)
    sample = files("datagen") / "sample"
    shutil.copytree(str(sample / "papers"), tmp_path / "papers")
    shutil.copytree(str(sample / "qa"), tmp_path / "medquad")
    (tmp_path / "recipe.yaml").write_text(recipe)
    assert list(load_recipe(tmp_path / "recipe.yaml").steps)[-1] == "curated"


@pytest.mark.parametrize("name", READMES)
def test_commands_and_files_exist(name):
    from importlib.metadata import entry_points

    text = (ROOT / name).read_text("utf-8")
    commands = set(re.findall(r"^(?:ray job submit .* -- )?datagen (\w+)", text, re.M))
    assert commands and commands <= {point.name for point in entry_points(group=GROUP)}
    for path in re.findall(r"\]\(((?!http)[^)#]+)\)", text):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"`((?:tests|benchmarks|recipes|deploy)/[\w/.]+)`", text):
        assert (ROOT / path).exists(), path
    for target in re.findall(r"^make (\w+)", text, re.M):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)


@pytest.mark.parametrize("name", READMES)
def test_the_recipe_of_a_preview_has_something_to_preview(name):
    (recipe,) = re.findall(r"^datagen synthesize (\S+)", (ROOT / name).read_text("utf-8"), re.M)
    assert chosen(load_recipe(ROOT / recipe), None).use == "synthesis.generate"


@pytest.mark.parametrize("name", READMES)
def test_benchmarks_are_counted_by_their_proof(name):
    grades = json.loads((ROOT / "datagen" / "proof.json").read_text())
    read = [grade for row, grade in grades.items() if row.startswith("training_bridge.evaluate/")]
    told = re.search(r"datagen evaluate .*# (\d+)\D+(\d+)", (ROOT / name).read_text("utf-8"))
    assert (len(read), read.count("real")) == tuple(map(int, told.groups()))


def test_both_languages_give_the_same_figures():
    figures = [re.findall(r"\d+(?= ?%)", (ROOT / name).read_text("utf-8")) for name in READMES]
    assert figures[0] == figures[1] != []


def test_both_languages_say_the_same_things():
    shapes = [re.findall(r"^(#+|```\w*|\|)", (ROOT / name).read_text("utf-8"), re.M) for name in READMES]
    assert shapes[0] == shapes[1]
