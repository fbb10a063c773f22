"""Calculations come out, by formulas written a second time."""

import json
import re

import pytest

from datagen import load
from datagen.record import split_of
from reward_filter.checkers import number
from synthesis.numeric import PROBLEMS, Numeric, problem, wordings
from tests.datagen.runs import digest, run, write_recipe

BY_HAND = {
    "ppv": lambda s, c, i: 100 * i * s / (i * s + (1000 - i) * (100 - c)),
    "nnt": lambda control, treated: 100 / (control - treated),
    "relative_risk": lambda a, n, b, m: (a / n) / (b / m),
    "bmi": lambda weight, height: weight / height / height,
    "mean_pressure": lambda systolic, diastolic: (systolic + 2 * diastolic) / 3,
    "clearance": lambda age, weight, creatinine: (140 - age) * weight / 72 / creatinine,
    "anion_gap": lambda sodium, chloride, bicarbonate: sodium - chloride - bicarbonate,
    "calcium": lambda calcium, albumin: calcium + 0.8 * (4 - albumin),
    "ldl": lambda total, hdl, triglycerides: total - hdl - triglycerides / 5,
    "sample_size": lambda sd, difference: 2 * (1.96 + 0.84) ** 2 * sd**2 / difference**2,
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_the_answer_is_right_by_a_second_formula(name, language):
    ask = wordings()[name][language]["ask"][0]
    order = re.findall(r"\{(\w+)\}", ask)
    questions = set()
    for seed in range(60):
        found = problem(name, language, str(seed))
        questions.add(found["question"])
        pattern = re.escape(ask)
        for key in order:
            pattern = pattern.replace(re.escape(f"{{{key}}}"), r"([\d.]+)", 1)
        given = re.fullmatch(pattern, found["question"])
        if given is None:
            continue  # the other wording
        values = dict(zip(order, map(float, given.groups()), strict=True))
        expected = BY_HAND[name](*(values[key] for key in PROBLEMS[name][0]))
        room = max(0.012 * abs(expected), 0.06) + (name == "sample_size")
        assert abs(found["answer"]["value"] - expected) <= room, found
        assert number(found["answer"], found["response"])
        assert not number({"value": found["answer"]["value"] * 1.2 + 1}, found["response"])
    assert len(questions) > 40


@pytest.mark.proof("synthesis.numeric", "fixture")
def test_the_stage_publishes_problems_with_their_answers(tmp_path, ray_local):
    recipe = "name: n\nsplit: {validation: 0.2, test: 0.2}\nstages:\n  sums: {use: synthesis.numeric, number: 60}\n"
    run(write_recipe(tmp_path, recipe), tmp_path / "run")
    rows = load(tmp_path / "run", "sums").to_table().to_pylist()
    assert len(rows) == 60
    assert {r["language"] for r in rows} == {"en", "zh"}
    assert {json.loads(r["meta"])["problem"] for r in rows} == {*PROBLEMS}
    for row in rows:
        assert number(json.loads(row["meta"])["answer"], row["messages"][1]["content"])
        assert (row["split"], row["synthetic"]) == (split_of(row["group"], 0.2, 0.2), True)
    run(write_recipe(tmp_path, recipe), tmp_path / "again")
    one, two = ({k: v for k, v in digest(tmp_path / name).items() if "manifest" not in k} for name in ("run", "again"))
    assert one == two


def test_languages_are_checked():
    with pytest.raises(ValueError, match="fr is not among"):
        Numeric(languages=("fr",))
