from pathlib import Path

import pytest

from datagen.recipe import RecipeError, load_recipe
from tests.datagen.runs import RECIPE, write_inputs, write_recipe


@pytest.fixture
def folder(tmp_path) -> Path:
    write_inputs(tmp_path, files=1, lines=3)
    return tmp_path


def mistakes(folder: Path, text: str, *overrides: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        load_recipe(write_recipe(folder, text), overrides)
    assert caught.value.exit_code == 2
    return [str(m) for m in caught.value.mistakes]


def test_steps_come_in_an_order_that_can_run(folder):
    recipe = load_recipe(write_recipe(folder))
    assert list(recipe.steps).index("words") < list(recipe.steps).index("common")
    assert recipe.steps["common"].artefacts == {"vocabulary": "words"}
    assert recipe.steps["left"].stage.path == str(folder / "left")


def test_all_mistakes_come_at_once_each_with_line_key_and_nearest(folder):
    text = (
        RECIPE.replace("toy.upper", "toy.uper")
        .replace("path: right", "pth: right")
        .replace("vocabulary: words", "vocabulary: word")
    )
    found = mistakes(folder, text.replace("validation: 0.1", "validation: much"))
    assert any(
        m.startswith("line 7: stages.upper.use: no stage is named toy.uper") and "'toy.upper'" in m for m in found
    )
    assert any("line 6: stages.right.pth: there is no such key" in m and "'path'" in m for m in found)
    assert any("stages.right.path: is required" in m for m in found)
    assert any("line 9: stages.common.vocabulary" in m and "'words'" in m for m in found)
    assert any("split.validation" in m and "'much'" in m for m in found)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("path: left", "path: lost", "lost"),
        ("needs: [left, right]", "needs: [left, upper]", "upper -> upper is a circle"),
        ("needs: [left, right]", "needs: [lft]", "did you mean 'left'"),
        ("needs: [left, right]", "needs: []", "needs at least one input"),
        ("needs: [left, right]", "needs: [left, left]", "names an input twice"),
        ("needs: [upper], vocabulary", "needs: [left.dropped], vocabulary", "keep_dropped: true"),
        ("needs: [upper], vocabulary", "needs: [words], vocabulary", "publishes vocabulary, not records"),
        ("vocabulary: words", "vocabulary: upper", "upper publishes records"),
        (
            "{use: toy.lines, path: left}",
            "{use: toy.lines, path: left, needs: [right]}",
            "a source has no record inputs",
        ),
        ("keep_dropped: true", "keep_dropped: perhaps", "keep_dropped"),
        ("path: left", "path: '${NOT_SET_ANYWHERE}/x'", "NOT_SET_ANYWHERE"),
        ("name: toy", "name: toy\napi_key: sk-abcdefghijklmnopqrstuv", "literal secret"),
        ("name: toy", "name: toy\ntokens: utf9", "utf8"),
        ("name: toy", "name: toy\nname: toy", "is there twice"),
        ("name: toy", "name: [toy", "YAML"),
        ("  left:", "  Left:", "lower-case"),
    ],
)
def test_each_mistake_has_a_message_to_act_on(folder, old, new, message):
    found = mistakes(folder, RECIPE.replace(old, new, 1))
    assert any(message in m for m in found), found


def test_overrides_are_yaml_and_checked(folder):
    recipe = load_recipe(write_recipe(folder), ["upper.keep_dropped=false", "split.test=0.3"])
    assert recipe.steps["upper"].stage.keep_dropped is False
    assert recipe.settings.split.test == 0.3
    assert any("did you mean 'upper'" in m for m in mistakes(folder, RECIPE, "uper.keep_dropped=true"))
    assert any("stage.option=value" in m for m in mistakes(folder, RECIPE, "nonsense"))


def test_variables_expand_from_the_environment(folder, monkeypatch):
    monkeypatch.setenv("WHERE", str(folder))
    recipe = load_recipe(write_recipe(folder, RECIPE.replace("path: left", 'path: "${WHERE}/left"')))
    assert recipe.steps["left"].stage.path == str(folder / "left")


def test_not_a_mapping(folder):
    assert mistakes(folder, "- a\n- b")
    assert mistakes(folder, "name: x")
