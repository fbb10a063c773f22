from pathlib import Path

import pytest

from datagen.recipe import load_recipe
from datagen.recipe_file import RecipeError
from tests.datagen.runs import RECIPE, write_inputs, write_recipe


@pytest.fixture
def folder(tmp_path) -> Path:
    write_inputs(tmp_path, files=1, lines=3)
    return tmp_path


def mistakes(folder: Path, text: str, *overrides: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        load_recipe(write_recipe(folder, text), overrides)
    assert caught.value.exit_code == 2
    return [str(m).removeprefix(f"{folder}/") for m in caught.value.mistakes]


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
    named = "recipe.yaml:7: stages.upper.use: no stage is named toy.uper"
    assert any(m.startswith(named) and "'toy.upper'" in m for m in found)
    assert any("recipe.yaml:6: stages.right.pth: unknown option" in m and "'path'" in m for m in found)
    assert any("stages.right.path: is required" in m for m in found)
    assert any("recipe.yaml:9: stages.common.vocabulary" in m and "'words'" in m for m in found)
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
        ("name: toy", "name: toy\naccess_token: abcdefghijklmnopqrstuv", "literal secret"),
        ("name: toy", "name: toy\ntokens: utf9", "utf8"),
        ("name: toy", "name: toy\nname: toy", "is there twice"),
        ("name: toy", "name: [toy", "YAML"),
        ("name: toy", "name: 2020-99-99", "YAML"),
        ("name: toy", "name: " + "[" * 2000, "nested too deeply"),
        ("name: toy", "name: &a {b: *a}", "nested too deeply"),
        ("{use: toy.lines, path: left}", "{<<: left}", "`<<` merges maps"),
        ("  left:", "  Left:", "lower-case"),
        ("keep_dropped: true", "about: {lift: x}", "stages.upper.about.lift: the recipe has no stage lift"),
        ("keep_dropped: true", "notes: 3", "should be a list, not 3"),
    ],
)
def test_each_mistake_has_a_message_to_act_on(folder, old, new, message):
    found = mistakes(folder, RECIPE.replace(old, new, 1))
    assert any(message in m for m in found), found


def test_one_mistake_hides_no_other(folder):
    text = RECIPE.replace("keep_dropped: true", "keep_droped: true, about: {lift: x}").replace("left, right]", "gone]")
    found = mistakes(folder, text.replace("path: right", "path: nowhere, paus: 1"))
    for message in ("keep_droped", "no stage lift", "no stage gone", "paus", "nowhere: no such file"):
        assert sum(message in m for m in found) == 1, (message, found)
    assert len(found) == 5


def test_the_name_of_a_stage_is_no_secret(folder):
    text = RECIPE.replace("words:", "words_of_everybody:").replace("vocabulary: words", "tokens: words_of_everybody")
    assert not any("secret" in m for m in mistakes(folder, text))


def test_a_stage_named_twice_is_one_mistake(folder):
    (found,) = mistakes(folder, RECIPE + "  upper: {use: toy.upper, needs: [upper]}\n")
    assert found == "recipe.yaml:10: stages.upper: is there twice"


def test_a_stage_that_is_wrong_itself_is_still_a_stage(folder):
    (found,) = mistakes(folder, RECIPE.replace("toy.vocabulary", "toy.vocablary"))
    assert "toy.vocabulary" in found


def test_one_text_is_a_list_of_one(folder):
    recipe = load_recipe(write_recipe(folder, RECIPE.replace("keep_dropped: true", "keep_dropped: true, notes: a*")))
    assert recipe.steps["upper"].stage.notes == ("a*",)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("license: CC-BY4.0", "did you mean 'CC-BY-4.0'?"),
        ("language: english", "did you mean 'en'?"),
        ("constants: {language: english}", "did you mean 'en'?"),
        ("constants: {license: see website}", "must be an SPDX expression"),
        ("constants: {a: x, b: y}", "constants.a, constants.b is no label"),
    ],
)
def test_labels_of_sources_are_checked(folder, option, message):
    text = f"name: x\nstages:\n  a: {{use: collectors.records, path: left, fields: {{text: t}}, {option}}}\n"
    found = mistakes(folder, text)
    assert any(message in m for m in found), found


def test_misspelt_benchmarks_are_no_sets_of_ones_own(folder):
    text = "name: x\nstages:\n  a: {use: toy.lines, path: left}\n"
    text += "  b: {use: dedup.decontaminate, needs: [a], benchmarks: {medqaa: left/left0.txt}}\n"
    assert "medqaa is hardly to be told from medqa" in mistakes(folder, text)[0]


def test_overrides_are_yaml_and_checked(folder):
    recipe = load_recipe(write_recipe(folder), ["upper.keep_dropped=false", "split.test=0.3"])
    assert recipe.steps["upper"].stage.keep_dropped is False
    assert recipe.settings.split.test == 0.3
    assert any("did you mean 'upper'" in m for m in mistakes(folder, RECIPE, "uper.keep_dropped=true"))
    assert any("stage.option=value" in m for m in mistakes(folder, RECIPE, "nonsense"))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("upper.notes=sk-abcdefghijklmnopqrstuv", "looks like a literal secret"),
        ("left.path=${NOT_SET_ANYWHERE}", "${NOT_SET_ANYWHERE} is not set"),
        ("left.path.x=3", "stages.left.path is not a map"),
        ("left.path.x.y=3", "stages.left.path is not a map"),
        ("upper.needs.a=b", "stages.upper.needs is not a map"),
        ("left.path=[a", "not valid YAML"),
        ("left.path=" + "[" * 2000, "nested too deeply"),
        ("left.pth=left", "unknown option; did you mean 'path'?"),
        ("left.pause=soon", "not 'soon'"),
        ("split.test=2", "less than or equal to 0.5"),
    ],
)
def test_overrides_are_held_to_the_rules_of_the_file(folder, override, message):
    (found,) = mistakes(folder, RECIPE, override)
    assert found.startswith(f"--set {override.partition('=')[0]}: ") and message in found
    assert "sk-" not in found


def test_overrides_of_what_is_no_recipe(folder):
    assert any("must map stage names" in m for m in mistakes(folder, "name: x\nstages: [a, b]", "a.path=x"))
    no_map = RECIPE.replace("split: {validation: 0.1, test: 0.1}", "split: 3")
    assert any("split is not a map" in m for m in mistakes(folder, no_map, "split.test=0.1"))


def test_overrides_expand_variables_too(folder, monkeypatch):
    monkeypatch.setenv("WHERE", str(folder))
    recipe = load_recipe(write_recipe(folder), ["left.path=${WHERE}/right"])
    assert recipe.steps["left"].stage.path == str(folder / "right")


def test_merge_keys_take_over_what_is_not_said_again(folder):
    text = RECIPE.replace("left: {", "left: &left {pause: 0, ").replace("path: right}", "path: right, <<: *left}")
    recipe = load_recipe(write_recipe(folder, text))
    assert recipe.steps["right"].stage.pause == 0
    assert recipe.steps["right"].stage.path == str(folder / "right")
    found = mistakes(folder, text.replace("pause: 0", "paus: 0"))
    assert [m.split(":")[1] for m in found] == ["5", "5"]  # where it is said, for both that say it


def test_a_value_of_no_kind_that_is_allowed_is_one_mistake_at_the_users_key(folder):
    text = "name: x\nstages:\n  api:\n    use: collectors.records\n    path: left\n    fields: {text: 3}\n"
    (found,) = mistakes(folder, text)
    assert found.startswith("recipe.yaml:6: stages.api.fields.text: input should be a valid string or ")
    assert found.endswith(", not 3")


def test_variables_expand_from_the_environment(folder, monkeypatch):
    monkeypatch.setenv("WHERE", str(folder))
    recipe = load_recipe(write_recipe(folder, RECIPE.replace("path: left", 'path: "${WHERE}/left"')))
    assert recipe.steps["left"].stage.path == str(folder / "left")


def test_not_a_mapping(folder):
    assert mistakes(folder, "- a\n- b")
    assert mistakes(folder, "name: x")
