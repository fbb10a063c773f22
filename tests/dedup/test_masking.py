import pytest

from dedup.fold import tokens
from dedup.masking import OMISSION, cut_turns, token_spans, without

TEXTS = ["A  baker's ﬁne Çafé, №5", "ＷＩＤＥ　字 咳鐵鏽色痰，37.2℃", "ﷺ ½ e\u0301te\u0301 soft\u00adhyphen", "", "…"]


@pytest.mark.parametrize("text", TEXTS)
def test_every_token_has_its_place_in_the_text(text):
    spans = token_spans(text)
    assert len(spans) == len(tokens(text))
    for (start, stop), token in zip(spans, tokens(text), strict=True):
        assert token in tokens(text[start:stop])


def test_a_mark_goes_with_its_letter():
    assert token_spans("cafe\u0301 noir\u200b.") == [(0, 5), (6, 11)]
    assert without("cafe\u0301 noir", [token_spans("cafe\u0301 noir")[0]]) == f"{OMISSION} noir"


def test_cuts_that_touch_are_one_omission():
    assert without("0123456789", [(4, 6), (2, 5), (8, 9)]) == f"01{OMISSION}67{OMISSION}9"
    assert without("text", []) == "text"


def test_a_cut_over_a_border_goes_into_both_turns():
    assert cut_turns(["abcd", "efgh", "ij"], "\n\n", [(2, 8)]) == [f"ab{OMISSION}", f"{OMISSION}gh", "ij"]
