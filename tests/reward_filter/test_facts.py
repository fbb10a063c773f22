from functools import cache

import pytest

from knowledge_graph import Linker
from reward_filter.facts import VERIFIER, Facts
from tests.synthesis.sample_graph import sample_graph


@cache
def facts() -> Facts:
    return Facts(sample_graph(), Linker(sample_graph()))


def seen(response: str, prompt: str = "") -> dict[str, float]:
    return dict(zip(VERIFIER, facts().of(prompt, response), strict=True))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            "Once asthma is confirmed by spirometry, patients are given inhaled corticosteroids as treatment.",
            "Once asthma is confirmed by spirometry, patients are given spirometry as treatment.",
        ),
        (
            "Doctors diagnose asthma with spirometry and treat it with bronchodilators.",
            "Doctors diagnose asthma with bronchodilators and treat it with bronchodilators.",
        ),
        ("哮喘经肺功能检查确诊后，用吸入性糖皮质激素治疗。", "哮喘经肺功能检查确诊后，用肺功能检查治疗。"),
        ("哮喘经肺功能检查确诊后，用吸入性糖皮质激素治疗。", "哮喘经吸入性糖皮质激素确诊后，用吸入性糖皮质激素治疗。"),
    ],
)
def test_a_test_where_its_own_clause_speaks_of_treatment_is_miscast(right, wrong):
    assert seen(right)["miscast"] == 0 < seen(wrong)["miscast"]


def test_a_bare_name_is_cast_by_what_is_asked():
    asked = "A patient has wheezing and cough. How is the disease treated?"
    assert seen("Bronchodilators. Asthma causes wheezing.", asked)["miscast"] == 0
    assert seen("Spirometry. Asthma causes wheezing.", asked)["miscast"] == 1


@pytest.mark.parametrize(
    ("said", "denied"),
    [
        ("Asthma causes wheezing. Spirometry confirms the disease.", 0),
        ("Asthma causes wheezing. Spirometry does not confirm the disease.", 0.5),
        ("Asthma causes wheezing, but not finger clubbing.", 0),
        ("Asthma causes not only wheezing.", 0),
        ("哮喘引起喘息。吸入性糖皮质激素可用于治疗该疾病。", 0),
        ("哮喘引起喘息。吸入性糖皮质激素不可用于治疗该疾病。", 0.5),
        ("哮喘引起不同程度的喘息。", 0),
    ],
)
def test_a_denial_that_reaches_no_name_counts_against_what_the_graph_bears_out(said, denied):
    assert seen(said)["denied"] == denied


def test_probabilities_of_all_that_comes_into_question_make_a_whole():
    shares = "Weighing all of this: asthma {}%, gout 7.5% and measles 3.1%."
    assert seen(shares.format("89.4"))["summed"] == 1
    assert seen(shares.format("49.4"))["summed"] == 0
    assert seen("依次为：哮喘 89.4%、痛风 7.5%、麻疹 3.1%。")["summed"] == 1
    assert seen("Half (50%) recover and half (50%) don't.")["summed"] == 0


def test_findings_that_the_answer_leaves_unexplained_count_against_it():
    asked = "A patient has wheezing and cough, but no finger clubbing. Which disease?"
    assert seen("Asthma.", asked)["clues_explained"] == 1
    assert seen("Gout.", asked)["clues_explained"] == -1
    assert seen("Gout.")["clues_explained"] == 0
