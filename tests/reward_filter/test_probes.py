import random
from functools import cache

from knowledge_graph import Linker
from reward_filter import probes
from reward_filter.corrupt import Corruptor
from tests.reward_filter.answers import answers
from tests.synthesis.sample_graph import sample_graph


@cache
def corruptor() -> Corruptor:
    return Corruptor(sample_graph(), Linker(sample_graph()))


def test_candidates_have_as_many_errors_as_they_say():
    """No error puts another right, so only a copy without any is the good answer."""
    counts = set()
    for item in answers():
        for number in range(40):
            text, errors = probes.candidate(corruptor(), item, [item], random.Random(number))
            assert (text == item.response) == (errors == 0)
            counts.add(errors)
    assert counts >= {0, 1, 2}


def test_a_test_that_becomes_a_treatment_is_not_called_one_on_top(monkeypatch):
    monkeypatch.setattr(probes, "ERRORS", tuple(probes.UNDONE))
    for item in answers():
        assert max(probes.candidate(corruptor(), item, [item], random.Random(n))[1] for n in range(30)) == 1
