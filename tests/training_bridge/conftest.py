from pathlib import Path

import pytest
import torch

from datagen.recipe import load_recipe
from datagen.runs import run_recipe
from tests.training_bridge.published import SAMPLE
from tests.training_bridge.tiny import tiny_model
from training_bridge.m1 import BaichuanM1ForCausalLM


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model() -> BaichuanM1ForCausalLM:
    return tiny_model()


@pytest.fixture(scope="module")
def recipe(request, tmp_path_factory) -> Path:
    """The file of the recipe that the module states."""
    path = tmp_path_factory.mktemp("recipe") / "recipe.yaml"
    path.write_text(request.module.RECIPE.replace("SAMPLE", str(SAMPLE)))
    return path


@pytest.fixture(scope="module")
def out(recipe, ray_local) -> Path:
    """Its run."""
    run_recipe(load_recipe(recipe), str(recipe.parent / "run"))
    return recipe.parent / "run"
