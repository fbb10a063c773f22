"""The recipe that reads every public source."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from benchmarks.intake.files import COUNTS, RECIPE, count, expected_total
from datagen.recipe import Recipe, load_recipe
from datagen.sources import load_sources

SOURCES = load_sources(Path(RECIPE).with_name("sources.yaml")).sources
STAGES = yaml.safe_load(RECIPE.read_text("utf-8"))["stages"]
ENTRIES = yaml.safe_load(COUNTS.read_text("utf-8"))


@pytest.fixture(scope="module")
def recipe(real_data) -> Recipe:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA", str(real_data))
        return load_recipe(RECIPE)


def paths(options: dict) -> list[str]:
    """What a stage reads, from the folder of its source on."""
    found = [options["path"]] if isinstance(options["path"], str) else options["path"]
    return [path.removeprefix("${DATA}/") for path in found]


def test_every_source_of_the_list_has_a_stage():
    assert {path.partition("/")[0] for options in STAGES.values() for path in paths(options)} == set(SOURCES)


def test_evaluation_sets_are_kept_from_whatever_learns():
    """What learns reads the train split only; a source of which one file is an evaluation set has stages of its own."""
    checked = set()
    for stage, options in STAGES.items():
        for path in paths(options):
            name, _, rest = path.partition("/")
            files = {f.path for f in SOURCES[name].files if f.use == "evaluation" and fnmatchcase(f.path, rest or "*")}
            if SOURCES[name].use == "evaluation" or files:
                assert options["constants"]["split"] == "test", stage
                checked |= files or {name}
    wanted = {name for name, source in SOURCES.items() if source.use == "evaluation"}
    assert checked == wanted | {f.path for s in SOURCES.values() for f in s.files if f.use == "evaluation"}


def test_counts_are_what_the_sources_say_of_themselves(recipe, real_data):
    assert set(ENTRIES) == set(recipe.steps)
    assert sum(expected_total(entry, real_data) is not None for entry in ENTRIES.values()) > 60
    with pytest.raises(ValueError, match="does not say"):
        expected_total({"said": {"qa_en_meqsum": {"1001 questions": 1001}}}, real_data)


@pytest.mark.parametrize("name", ["ncbi_disease_test", "cmb_clin", "trec_ct", "rarebench_example", "mts_dialog_tests"])
def test_small_sources_are_counted(recipe, real_data, name):
    found = count(name, recipe.steps[name].stage)
    assert found.kept == expected_total(ENTRIES[name], real_data) and not found.quarantined
