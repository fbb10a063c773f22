"""Prompts hold what they must and nothing that they must not, in both languages, and change only with their version."""

import hashlib
import json
from pathlib import Path

import pytest
from jinja2 import UndefinedError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from synthesis.prompting import LANGUAGES, Prompt, asking, drawn, prompts
from synthesis.streams import STREAMS
from synthesis.tasks import TASKS
from tests.synthesis.test_grammar import LEXICON, seed_of

LOCK = Path(__file__).with_name("prompts.json")
FILES = ("graph", "text", "reflect")
EVERY = [(file, language) for file in FILES for language in LANGUAGES]


def names_in(prompt: Prompt) -> set[str]:
    parse = ImmutableSandboxedEnvironment().parse
    return set().union(*(meta.find_undeclared_variables(parse(part)) for part in (prompt.system, prompt.user)))


def test_a_prompt_that_changed_has_a_new_version():
    """After a change of wording raise `version` and write the new hash into prompts.json."""
    found = {
        f"{file}/{prompt.label}": hashlib.sha256(f"{prompt.system}\0{prompt.user}".encode()).hexdigest()[:16]
        for file, language in EVERY
        for prompt in prompts(file, language).values()
    }
    assert found == json.loads(LOCK.read_text())


@pytest.mark.parametrize("file", FILES)
def test_both_languages_ask_the_same_things_by_the_same_values(file):
    english, chinese = (prompts(file, language) for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    for name, prompt in english.items():
        assert names_in(prompt) == names_in(chinese[name]), name
        assert any("\u4e00" <= c <= "\u9fff" for c in chinese[name].user)
        assert not any("\u4e00" <= c <= "\u9fff" for c in prompt.user)


def test_every_task_and_step_has_its_prompt_and_names_the_fields_of_its_answer():
    for language in LANGUAGES:
        for name, task in TASKS.items():
            asked = prompts("graph", language)[name]
            assert all(f'"{field}"' in asked.user for field in task.fields)
        for stream in STREAMS.values():
            for step in stream.steps:
                asked = prompts("text", language)[f"{stream.name}.{step.name}"]
                assert all(f'"{field}"' in asked.user for field in step.fields)
                assert names_in(asked) <= {*step.sees, "audience", "style"}


def test_an_answer_without_reference_never_sees_the_source():
    for language in LANGUAGES:
        for name in ("textbook.answer", "answers.answer"):
            assert names_in(prompts("text", language)[name]) == {"question"}
    for stream, step in (("textbook", "answer"), ("answers", "answer"), ("case", "reasoning"), ("paper", "bridge")):
        assert "source" not in next(s for s in STREAMS[stream].steps if s.name == step).sees


def test_the_critic_sees_evidence_and_text_and_nothing_of_how_it_came_about():
    for language in LANGUAGES:
        assert names_in(prompts("reflect", language)["critic"]) == {"principle", "facts", "text"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_prompt_holds_every_fact_of_its_bundle_with_its_sign(language):
    facts = seed_of("acute myocardial infarction").facts(LEXICON, "mcq", language, "textbook")
    system, user = asking(facts, 7)
    assert (system["role"], user["role"]) == ("system", "user")
    for fact in (*facts["bundle"]["facts"], *facts["bundle"]["negatives"]):
        lines = [line for line in user["content"].splitlines() if line[:1].isdigit()]
        (line,) = [line for line in lines if line.partition(": ")[2] == fact["names"][0]]
        assert (("never" in line) or ("没有" in line)) == (fact["polarity"] < 0)


def test_texts_are_never_read_as_templates_and_missing_values_are_errors():
    prompt = prompts("text", "en")["textbook.knowledge"]
    nasty = "{{ 7 * 7 }} {% for x in y %} {{ ''.__class__ }}"
    assert nasty in prompt.messages(source=nasty)[1]["content"]
    with pytest.raises(UndefinedError):
        prompt.messages()


def test_audiences_and_styles_vary_and_depend_on_the_seed():
    for kind in ("audience", "article", "question", "text", "principle"):
        found = {language: [drawn(kind, language, i) for i in range(200)] for language in LANGUAGES}
        assert len(set(found["en"])) == len(set(found["zh"])) >= 6
        assert found["en"] == [drawn(kind, "en", i) for i in range(200)]
