import pytest

from knowledge_graph import Linker, sample_bundle
from synthesis.checking import announces, claims_of
from synthesis.critic import Critic, Subject
from synthesis.findings import Findings
from synthesis.reflection import reflect
from synthesis.reviser import Reviser
from synthesis.seeds import Lexicon, Seed
from tests.synthesis.sample_graph import node_named, sample_graph

GRAPH = sample_graph()
LINKER = Linker(GRAPH)
CRITIC = Critic(GRAPH, LINKER)


def whole(disease: str) -> Seed:
    """Bundles of a disease until one has a test and a treatment."""
    for number in range(40):
        seed = Seed.of(sample_bundle(GRAPH, node_named(disease), 0, number), Findings(GRAPH))
        if {"diagnosed_by", "treated_by", "has_symptom"} <= {f.relation for f in seed.bundle.facts}:
            return seed
    raise AssertionError(disease)


SEED = whole("gout")
NAMES = {
    (fact.relation, language): Lexicon(GRAPH, LINKER).names(fact.object, language)[0]
    for fact in SEED.bundle.facts
    for language in ("en", "zh")
}


def kinds(text: str, language: str) -> list[str]:
    text = text.format(**{relation: name for (relation, spoken), name in NAMES.items() if spoken == language})
    return [finding.kind for finding in CRITIC.findings(text, Subject(SEED.bundle, language))]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Gout is treated with {diagnosed_by}."),
        ("en", "The diagnosis of gout calls for {treated_by}."),
        ("en", "Gout prevents {has_symptom}."),
        ("en", "{treated_by} is part of the diagnosis of gout."),
        ("zh", "痛风可治疗{has_symptom}。"),
        ("zh", "{has_symptom}是痛风的病因。"),
        ("zh", "痛风的治疗要依靠{diagnosed_by}。"),
        ("zh", "诊断痛风后，用{treated_by}诊断。"),
    ],
)
def test_a_thing_in_the_wrong_part_is_found(language, text):
    assert kinds(text, language) != []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Gout is diagnosed by {diagnosed_by} and treated with {treated_by}."),
        ("en", "Once {diagnosed_by} has confirmed gout, treatment consists of {treated_by}."),
        ("en", "Doctors treating patients with gout often find {has_symptom}."),
        ("en", "The diagnosis of gout rests on {diagnosed_by}; {treated_by} is part of the treatment of gout."),
        ("zh", "痛风经{diagnosed_by}确诊后，可给予{treated_by}治疗。"),
        ("zh", "医生诊治痛风患者时，可见{has_symptom}。"),
    ],
)
def test_things_in_their_own_parts_are_left_alone(language, text):
    assert kinds(text, language) == []


def test_people_that_nobody_spoke_of_and_a_treatment_before_the_diagnosis():
    text = "Gout causes {has_symptom} in women."
    assert kinds(text, "en") == ["people"]
    assert kinds("儿童中，痛风可见{has_symptom}。", "zh") == ["people"]
    asked = Subject(SEED.bundle, "en", "A man has this.")
    said = text.replace("women", "a man").format(has_symptom=NAMES["has_symptom", "en"])
    assert CRITIC.findings(said, asked) == []
    early = "Prior to confirmation by {diagnosed_by}, patients with gout receive {treated_by} as treatment."
    assert "order" in kinds(early, "en")
    assert "order" not in kinds(early.replace("Prior to", "After"), "en")


def test_several_omissions_are_all_made_good_and_a_wrong_name_may_go_where_the_right_one_fits():
    seed = whole("measles")
    lexicon = Lexicon(GRAPH, LINKER)
    reviser = Reviser(LINKER, lexicon)
    findings = [f for f in seed.bundle.facts if f.relation == "has_symptom" and f.subject == seed.bundle.anchor]
    names = [lexicon.names(f.object, "en")[0] for f in findings]
    question = f"Which disease causes {' and '.join(names)}?"
    result = reflect("Measles.", Subject(seed.bundle, "en", question), CRITIC, [reviser.revised])
    assert result.left == 0
    assert all(CRITIC.claims(result.text, Subject(seed.bundle, "en")))
    mentioned = {m.node for m in LINKER.link(result.text)}
    assert {f.object for f in findings} <= mentioned


def test_words_that_announce_a_claim_are_no_objects():
    graph = GRAPH
    assert not announces(graph, node_named("gout"))
    text = f"The diagnosis of gout rests on {NAMES['diagnosed_by', 'en']}."
    claims = claims_of(text, graph, SEED.bundle, LINKER)
    assert [claim.verdict for claim in claims if claim.relation == "diagnosed_by"] == ["supported"]
