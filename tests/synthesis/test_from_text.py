"""From source texts to training text: what each step sees, what is refused, and where every row comes from."""

import json
from dataclasses import dataclass, field

import pytest

from datagen.generator import Generator, Request, Response, Usage
from datagen.publish import manifest
from datagen.record import record_id, table
from datagen.store import Store
from synthesis.chain import EXPECTED
from synthesis.from_text import FromText, passages
from synthesis.grounding import Grounds, copied_share, fault, quoted
from synthesis.streams import STREAMS
from synthesis.tasks import Draft
from synthesis.usage import Tally
from tests.datagen.runs import run as run_recipe
from tests.datagen.runs import write_recipe
from tests.synthesis.scripted_server import Script as Behaviour
from tests.synthesis.scripted_server import Serving

SOURCES = {
    "en": "Wilson disease is an inherited disorder of copper. Kayser-Fleischer rings are found in most patients with "
    "neurological signs. Penicillamine 250 mg is given four times daily. Family members should be screened.",
    "zh": "肝豆状核变性是一种遗传性铜代谢障碍。多数有神经系统症状的患者可见角膜色素环。青霉胺每次250毫克,每日四次。"
    "家庭成员应当接受筛查。",
}
REASONED = {
    "en": "First, what is asked: a sign of the eye in a disorder of copper. Rings at the edge of the cornea come to "
    "mind, and the pattern of inheritance fits; nothing else explains both.",
    "zh": "首先看问的是什么:铜代谢障碍时眼部的体征。应当想到角膜边缘的色素环,遗传方式也符合;"
    "其他情况难以同时解释这两点。",
}


@dataclass
class Script:
    """What a model is to say, by step; `seen` is what it was asked."""

    said: dict
    seen: dict[str, list[Request]] = field(default_factory=dict)


class Told(Generator):
    """Answers each step as its script says, to stand for a model."""

    script: object

    def generate(self, requests):
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        step = next(name for name in self.script.said if record_of(request, name))
        self.script.seen.setdefault(step, []).append(request)
        said = self.script.said[step]
        if isinstance(said, Response):
            return Response(request.id, said.text, error=said.error, finish_reason=said.finish_reason)
        text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        return Response(request.id, text, Usage(10, 5))


def record_of(request: Request, name: str) -> bool:
    """Whether a request is of this step: its fields, or for prose its prompt, tell."""
    fields = {
        "knowledge": {"knowledge"},
        "point": {"point", "quote"},
        "question": {"question"},
        "correct": {"answer", "quote"},
        "decisions": {"decisions"},
        "evidence": {"evidence"},
        "integrate": {"text", "quote"},
        "evidence_": {"evidence", "conclusion"},
        "bridge": {"reasoning"},
    }
    asked = set(request.schema["properties"]) if request.schema else set()
    return asked == fields.get(name, set())


def record(language: str = "en", **more) -> dict:
    base = {"group": "book", "split": "train", "language": language, "source": "book", "phi_status": "exempt"}
    base |= {"license": "CC-BY-4.0", "department": "NEUR", "script": "Latn"}
    number = more.pop("number", "1")
    return base | {"id": record_id("book", number), "source_id": number, "text": SOURCES.get(language, "x")} | more


ASKED = {"en": "Which sign of the eye is typical of Wilson disease?", "zh": "肝豆状核变性的典型眼部体征是什么?"}
ADDED = {"en": " They are called Kayser-Fleischer rings.", "zh": "这就是角膜色素环。"}


def textbook(language: str = "en") -> dict:
    sentence = SOURCES[language].replace("。", "。|").replace(". ", ".|").split("|")[1].strip()
    return {
        "knowledge": {"knowledge": 4},
        "point": {"point": "rings", "quote": sentence},
        "question": {"question": ASKED[language]},
        "answer": REASONED[language],
        "correct": {"answer": REASONED[language] + ADDED[language], "quote": sentence},
    }


def written(stream: str, said: dict, *records: dict):
    script = Script(said)
    stage = FromText(stream=stream)
    stage._generator = Told(script=script)
    tally = Tally()
    outcome = stage.written(table(records), "made", tally)
    return outcome, script, tally


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_textbook_becomes_a_question_whose_answer_was_corrected_by_the_source(language):
    outcome, script, tally = written("textbook", textbook(language), record(language))
    (row,) = outcome.rows.to_pylist()
    said = textbook(language)
    assert row["messages"] == [
        {"role": "user", "content": said["question"]["question"]},
        {"role": "assistant", "content": said["correct"]["answer"]},
    ]
    assert (row["synthetic"], row["parents"], row["license"]) == (True, [record()["id"]], "CC-BY-4.0 AND CC0-1.0")
    assert (row["group"], row["split"], row["department"], row["content_type"]) == ("book", "train", "NEUR", "QA")
    meta = json.loads(row["meta"])
    assert meta["before"] == said["answer"]  # a pair: before and after the source was seen
    assert meta["prompts"] == [f"textbook.{s.name}.{language}@1" for s in STREAMS["textbook"].steps]
    assert outcome.split == {record()["id"]}
    asked = {name: " ".join(m["content"] for r in rs for m in r.messages) for name, rs in script.seen.items()}
    assert SOURCES[language] in asked["point"] and SOURCES[language] in asked["correct"]
    assert SOURCES[language] not in asked["answer"] and said["point"]["quote"] not in asked["answer"]
    assert all(r.licenses == ("CC-BY-4.0",) for rs in script.seen.values() for r in rs)
    assert tally.facts == {
        "tokens": {"textbook": {"prompt": 50, "completion": 25}},
        "ends": {"textbook": {"accepted": 1}},
        "claims": {"textbook": {}},
    }


@pytest.mark.parametrize(
    ("step", "said", "reason"),
    [
        ("knowledge", {"knowledge": 1}, "no_knowledge"),
        ("point", {"point": "p", "quote": "Copper is found in every cell."}, "misquoted"),
        ("answer", "  ", "malformed"),
        ("answer", Response("", "cut", finish_reason="length"), "truncated"),
        ("correct", {"answer": REASONED["en"], "quote": "never said"}, "misquoted"),
        ("correct", {"answer": REASONED["en"] + " Give 500 mg of penicillamine.", "quote": "copper"}, "unsafe"),
        ("correct", {"answer": SOURCES["en"], "quote": "copper"}, "copied"),
        ("correct", {"answer": REASONED["zh"], "quote": "copper"}, "language"),
        ("correct", {"answer": "Rings.", "quote": "copper"}, None),
        *(("question", Response("", "", error=error, finish_reason="error"), error) for error in EXPECTED),
    ],
)
def test_what_is_wrong_ends_a_text_with_its_reason(step, said, reason):
    outcome, script, _ = written("textbook", textbook() | {step: said}, record())
    if reason is None:
        assert len(outcome.rows) == 1
        return
    assert (len(outcome.rows), outcome.dropped) == (0, {record()["id"]: reason})
    later = [s.name for s in STREAMS["textbook"].steps]
    assert set(script.seen) <= {*later[: later.index(step) + 1]}  # nothing is paid for after the end


def test_faults_of_the_generator_are_quarantined_and_records_that_may_not_be_read_are_named():
    broken = {"knowledge": Response("", "", error="timeout", finish_reason="error")}
    outcome, _, _ = written("textbook", broken, record())
    assert outcome.quarantined == {record()["id"]: "timeout"}
    others = [record(number="2", split="test"), record(number="3", language="fr")]
    others += [record(number="4")]
    outcome, _, _ = written("answers", textbook(), *others)
    assert list(outcome.dropped.values()) == ["not_train", "language", "no_question"]


def test_a_case_is_taken_apart_and_put_together_again():
    text = "A man of 54 came with chest pain. Troponin was raised. Aspirin was given. He went home well on day five."
    told = "The story begins with pain in the chest in a man of 54; the raised marker decides, and all ends well."
    said = {
        "decisions": {"decisions": [{"decision": "infarction", "quote": "Troponin was raised."}]},
        "evidence": {"evidence": [{"for": ["chest pain"], "against": []}]},
        "reasoning": "The pain and the marker speak for it.",
        "integrate": {"text": told, "quote": "Troponin was raised."},
    }
    outcome, script, _ = written("case", said, record(text=text))
    (row,) = outcome.rows.to_pylist()
    assert (row["text"], row["messages"], row["content_type"]) == (told, None, "CASE")
    shown = script.seen["reasoning"][0].messages[-1]["content"]
    assert "* infarction\n  + chest pain" in shown
    assert text not in shown
    uneven = said | {"evidence": {"evidence": [{"for": [], "against": []}] * 2}}
    assert list(written("case", uneven, record(text=text))[0].dropped.values()) == ["malformed"]


def test_a_paper_gives_the_reasoning_from_its_evidence_to_its_conclusion():
    text = "Mortality fell from 12 % to 8 %. Bleeding was rare. We conclude that early treatment helps."
    said = {
        "evidence_": {
            "evidence": ["Mortality fell from 12 % to 8 %.", "Bleeding was rare."],
            "conclusion": "We conclude that early treatment helps.",
        },
        "bridge": {"reasoning": "Fewer died and hardly anyone was harmed, so the balance favours starting early."},
    }
    outcome, script, _ = written("paper", said, record(text=text))
    (row,) = outcome.rows.to_pylist()
    assert "- Bleeding was rare." in row["messages"][0]["content"]
    assert row["messages"][1]["content"].endswith("Conclusion: We conclude that early treatment helps.")
    assert "- Bleeding was rare." in script.seen["bridge"][0].messages[-1]["content"]


def test_a_doctors_answer_corrects_the_models_own():
    doctor = "Better wait until it is dry."
    talk = [{"role": "user", "content": "Can I swim with this rash?"}, {"role": "assistant", "content": doctor}]
    said = {
        "answer": "Let me think: water may spread it, so ask first, but it is often harmless.",
        "correct": {
            "answer": "Let me think: water may spread it, so wait until it is dry.",
            "quote": "wait until it is dry",
        },
    }
    outcome, script, _ = written("answers", said, record(text="x", messages=talk))
    (row,) = outcome.rows.to_pylist()
    assert row["messages"][0] == talk[0]
    assert json.loads(row["meta"])["before"] == said["answer"]
    assert talk[1]["content"] not in script.seen["answer"][0].messages[-1]["content"]


def test_restricted_and_patients_texts_are_marked_for_the_generator():
    patient = record() | {"access": "restricted"}
    _, script, _ = written("textbook", textbook(), patient)
    assert all(r.restricted for rs in script.seen.values() for r in rs)


def test_passages_hold_whole_paragraphs_and_all_of_the_text():
    text = "\n\n".join(["a" * 30, "b" * 50, "c" * 250, "d"])
    found = list(passages(text, 100))
    assert all(len(p) <= 101 for p in found)
    assert "".join(found).replace("\n", "") == text.replace("\n", "")
    assert found[0] == "a" * 30 + "\n" + "b" * 50


def test_grounding_by_letter():
    assert quoted(["copper.  Kayser-Fleischer", "“rings”"], SOURCES["en"])
    assert not quoted([""], SOURCES["en"])
    assert copied_share(SOURCES["en"], SOURCES["en"]) > 0.95
    assert copied_share(REASONED["en"], SOURCES["en"]) == 0
    assert copied_share(SOURCES["zh"], SOURCES["zh"]) > 0.95
    grounds = Grounds(SOURCES["zh"], "zh")
    good = "青霉胺每次250毫克,每日服用四次,这是驱铜治疗的常用办法,同时应检查家中其他成员是否患病,以便尽早发现。"
    assert fault(Draft("问题", good, good), grounds)[0] is None
    assert fault(Draft("问题", good.replace("250", "500"), good), grounds)[0] == "unsafe"


def test_a_generator_that_reads_facts_is_refused():
    with pytest.raises(ValueError, match="reads facts, not prose"):
        FromText(stream="case", generator="grammar")


@pytest.mark.proof("synthesis.from_text", "fixture")
def test_the_stage_runs_against_a_server_and_asks_nothing_twice(tmp_path, ray_local):
    """The scripted server's answers are "words": they are in the source, so that all steps are taken, and too short."""
    (tmp_path / "book.jsonl").write_text(json.dumps({"text": f"These words are enough. {SOURCES['en']}"}))
    with Serving(Behaviour()) as server:
        recipe = f"""
name: books
stages:
  book:
    use: collectors.records
    path: book.jsonl
    fields: {{text: text}}
    license: CC-BY-4.0
    constants: {{language: en}}
  made:
    use: synthesis.from_text
    needs: [book]
    stream: textbook
    generator_options: {{url: "{server.url}", model: m, private: true}}
"""
        run_recipe(write_recipe(tmp_path, recipe), tmp_path / "run")
        found = manifest(Store(str(tmp_path / "run")), "made")
        calls = server.counts["calls"]
        assert calls == 5
        run_recipe(write_recipe(tmp_path, recipe), tmp_path / "run", "made.keep_dropped=true")
        assert server.counts["calls"] == calls
    assert found["counts"]["reasons"]["dropped"] == {"length": 1}
    assert found["results"]["usage"]["tokens"] == {"textbook": {"prompt": 50, "completion": 25}}
    assert found["results"]["usage"]["ends"] == {"textbook": {"length": 1}}
