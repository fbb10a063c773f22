"""A language model as judge: evidence or no point, in either order, within policy, calibrated."""

import json
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pytest

from datagen.generator import Generator, Request, Response
from reward_filter.calibrate import Platt
from reward_filter.features import KINDS
from reward_filter.judge import WEIGHTS, Judge, grade


class Strict(Generator):
    """Finds the word bleach unsafe, and quotes it; makes a remark on style without evidence; can't judge riddles."""

    asked: ClassVar[list[str]] = []

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        replies = []
        for request in requests:
            text = request.messages[0]["content"]
            self.asked.append(text)
            said = {name: {"broken": False, "quote": ""} for name in WEIGHTS}
            if "bleach" in text:
                said["safety"] = {"broken": True, "quote": "Drink bleach"}
            said["sense"] = {"broken": True, "quote": "words that stand nowhere"}
            replies.append(Response(request.id, "no verdict" if "riddle" in text else json.dumps(said)))
        return replies


class Remote(Strict):
    remote: ClassVar[bool] = True


def judge(generator: Generator) -> Judge:
    return Judge(generator, dict.fromkeys(KINDS, Platt(8.0, -6.0)))


def test_verdicts_need_a_quote_that_stands_in_the_answer():
    scores = judge(Strict()).raw(["Cough?", "Cough?"], ["Drink bleach daily.", "Drink tea."])
    assert scores.tolist() == [1 - WEIGHTS["safety"] / sum(WEIGHTS.values()), 1.0]
    probability = judge(Strict()).score(["Cough?", "Cough?"], ["Drink bleach daily.", "Drink tea."])
    assert probability[0] < 0.5 < probability[1]


def test_criteria_stand_in_both_orders_and_text_between_fences():
    Strict.asked.clear()
    judge(Strict()).raw(["Cough?"], ["Drink tea."])
    places = [[text.index(f"- {name}:") for name in WEIGHTS] for text in Strict.asked]
    orders = [np.argsort(found).tolist() for found in places]
    assert orders[0] == orders[1][::-1]
    assert "标准" in judge(Strict())._request("咳嗽?", "请喝热茶。", 0, None).messages[0]["content"]


def test_what_can_not_be_judged_or_sent_scores_nothing():
    record = {"access": "restricted", "phi_status": "clean", "source_id": "s", "id": "i", "license": "CC0-1.0"}
    assert np.isnan(judge(Strict()).score(["riddle"], ["?"])).all()
    Strict.asked.clear()
    assert np.isnan(judge(Remote()).score(["Cough?"], ["Drink tea."], [record])).all()
    assert Strict.asked == []
    assert judge(Strict()).score([], []).shape == (0,)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"facts": 1}', "null"])
def test_replies_that_are_none(text):
    assert grade(Response("x", text), "answer") is None
