import json

import pyarrow as pa
import pytest

from classifiers.rate import ANSWER, POINTS, Rate, read_answer, request
from classifiers.rubric import AXES
from datagen.generator import Generator, Response
from datagen.record import conform, extended, record_id, table, with_column
from tests.classifiers.local import result_of, rows_of, run_stage

TEXT = (
    "Heart failure is treated with furosemide 40 mg daily, because it removes the fluid that the heart leaves behind."
)
QUOTE = "furosemide 40 mg daily"


def said(given: int, quote: str = QUOTE, dangerous: bool = False) -> str:
    points = {name: {"given": n < given, "quote": quote} for n, name in enumerate(POINTS)}
    return json.dumps({**points, **dict.fromkeys(AXES, 2), "dangerous": dangerous})


class Scripted(Generator):
    """Answers by what the document says, as a model would that reads it; the second rater is a point kinder."""

    def generate(self, requests):
        found = []
        for asked in requests:
            prompt = asked.messages[0]["content"]
            if "nonsense" in prompt:
                text = "I think it is a fine text."
            elif "bleach" in prompt:
                text = said(3, "bleach cures", dangerous=True)
            else:
                text = said(3 + int(asked.id.endswith("/1")))
            found.append(Response(asked.id, text))
        return found


@pytest.fixture
def scripted(monkeypatch):
    monkeypatch.setattr("classifiers.rate.make_generator", lambda name, **options: Scripted())
    return Rate


def rows(*texts: str, **columns) -> pa.Table:
    standard = {"group": "g", "split": "train", "source": "s", "language": "en", "license": "CC0-1.0"}
    return table(
        {**standard, "phi_status": "clean", "text": text, "id": record_id("s", f"{n}"), "source_id": f"{n}", **columns}
        for n, text in enumerate(texts)
    )


@pytest.mark.proof("classifiers.rate", "fixture")
def test_records_are_rated_by_quoted_points_and_the_rest_stays(scripted, tmp_path):
    stage = scripted(generator="any", raters=2)
    stage.setup({})
    made = run_stage(tmp_path, stage, [rows(TEXT, "nonsense", "bleach cures cancer")])
    found = {row["text"]: row for row in rows_of(made).to_pylist()}
    assert found[TEXT]["value"] == 3.5 and found[TEXT]["value_rater"] == "any"
    assert found[TEXT]["quality"] == dict.fromkeys(AXES, 0.5)
    assert found["nonsense"]["value"] is None and found["nonsense"]["value_rater"] is None
    assert found["bleach cures cancer"]["value"] == 1 and found["bleach cures cancer"]["safety"] == ["model_flagged"]
    agreement = result_of(made, "raters")
    assert agreement["pairs"] == 2 and agreement["same"] == 0.5


def test_what_somebody_else_rated_stays(scripted):
    stage = scripted(generator="any")
    stage.setup({})
    given = with_column(rows(TEXT, value=2.0), "value_rater", ["review"])
    found = conform(stage.apply(given).rows, extended(Rate.adds)).to_pylist()[0]
    assert (found["value"], found["value_rater"]) == (2.0, "review")


def test_a_share_is_drawn_by_id(scripted):
    stage = scripted(generator="any", share=0.3)
    stage.setup({})
    values = stage.apply(rows(*(f"{TEXT} {n}" for n in range(200)))).rows["value"]
    assert 30 < len(values) - values.null_count < 90


@pytest.mark.parametrize(
    "answer, value",
    [
        (said(5), 5),
        (said(5, "furosemide 80 mg daily"), 0),
        (said(5, "mg"), 0),
        (said(0), 0),
        ("{}", None),
        ("[1]", None),
        ("no JSON", None),
    ],
)
def test_a_point_needs_a_quote_that_stands_in_the_text(answer, value):
    found = read_answer(Response("1", answer), TEXT)
    assert (found and found[0]) == value
    assert read_answer(Response("1", answer, error="budget"), TEXT) is None


def test_a_prompt_fences_the_text_in_its_language_and_asks_for_the_schema():
    english, chinese = rows(TEXT).to_pylist()[0], rows("心力衰竭", language="zh").to_pylist()[0]
    asked = request(english, 0)
    lines = asked.messages[0]["content"].splitlines()
    assert lines[-2] == TEXT and lines[-3] == lines[-1] and asked.schema == ANSWER
    assert lines[-1] != request({**english, "text": TEXT + "!"}, 0).messages[0]["content"].splitlines()[-1]
    assert (
        "心力衰竭" in request(chinese, 0).messages[0]["content"]
        and "逐字" in request(chinese, 0).messages[0]["content"]
    )
    assert asked.licenses == ("CC0-1.0",) and asked.seed != request(english, 1).seed
