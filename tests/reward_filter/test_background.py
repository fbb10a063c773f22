import numpy as np
import pyarrow as pa
import pytest

from datagen.errors import UsageError
from reward_filter.background import FEATURES, Background
from reward_filter.lexicon import meanings
from reward_filter.words import number, read, terms

ENGLISH = "Gout causes sudden pain in the big toe. Asthma causes wheezing and cough at night. " * 30
CHINESE = "痛风常引起大脚趾疼痛。哮喘常引起夜间喘息和咳嗽。" * 30
APART = [f"{d} causes {s}. " * 15 for d, s in (("gout", "tophi"), ("asthma", "wheezing"), ("measles", "rash"))]
NAMES = [("asthma", "哮喘"), ("acute asthma", "急性哮喘"), ("severe asthma", "重度哮喘")]


def seen(known: Background, prompt: str, response: str) -> dict[str, float]:
    return dict(zip(FEATURES, known.features(read(prompt), read(response)), strict=True))


def test_terms_of_both_languages():
    assert terms("Gout's pain 哮喘常引起咳嗽。") == ["gout's", "pain", "哮喘", "常", "引起", "咳嗽", "。"]
    assert terms("X-linked, 15 mg/kg or 0.5毫升。") == ["x", "linked", "15 mg/kg", "or", "0.5毫升", "。"]


def test_spellings_of_a_word_have_one_number_and_others_have_another():
    for same in (
        ("antibody", "antibodies"),
        ("days", "day"),
        ("gout's", "gout"),
        ("15 mg", "15毫克"),
        ("3 weeks", "3周"),
    ):
        assert number(same[0]) == number(same[1])
    assert len({number(word) for word in ("toe", "5 mg", "5 ml", "50 mg", "virus", "viru", "哮喘", "咳嗽")}) == 8
    assert number("。") == number("?") == 0


def test_sense_is_told_from_word_salad():
    known = Background.of([ENGLISH, CHINESE])
    for good, bad in (
        ("Gout causes sudden pain in the big toe.", "Toe in sudden the gout pain causes big."),
        ("痛风常引起大脚趾疼痛。", "疼痛引起脚趾大常痛风。"),
    ):
        assert seen(known, "", good)["fluency"] > seen(known, "", bad)["fluency"]
        assert seen(known, "", good)["worst_run"] > seen(known, "", bad)["worst_run"]


def test_an_answer_that_is_borne_out_is_told_from_another():
    known = Background.of([*APART, "哮喘引起喘息和咳嗽。" * 15, "痛风引起大脚趾疼痛。" * 15])
    for question, good, bad in (("Asthma?", "wheezing", "rash"), ("痛风?", "大脚趾", "咳嗽")):
        right, wrong = seen(known, question, good), seen(known, question, bad)
        assert right["borne_out"] > 0 > wrong["borne_out"]
        assert right["covered"] == 1 > wrong["covered"]
    mixed = seen(known, "Asthma?", "Wheezing. Rash.")
    assert mixed["worst_sentence"] == seen(known, "Asthma?", "rash")["borne_out"] < mixed["borne_out"]
    assert seen(known, "", "Zyxomma quorp.")["unheard"] == 1


def test_an_amount_is_borne_out_where_the_drug_is_given_so():
    doses = ["Asthma needs prednisolone 40 mg. ", "Gout needs colchicine 0.5 mg. "]
    known = Background.of([text * 30 for text in doses])
    right, wrong = (seen(known, "Colchicine?", f"It takes {dose}.")["amounts"] for dose in ("0.5毫克", "40 mg"))
    assert right > 0 > wrong


def test_evidence_is_the_same_whatever_was_asked_before():
    known = Background.of(APART)
    first = seen(known, "Asthma?", "Wheezing, no rash.")
    seen(known, "Gout tophi?", "Gout gout tophi wheezing.")
    assert seen(known, "Asthma?", "Wheezing, no rash.") == first


def test_english_evidence_bears_out_a_chinese_answer():
    assert meanings(NAMES)[number("哮喘")] == number("asthma")
    assert meanings(NAMES)[number("asthma")] == number("asthma")
    assert meanings(NAMES[1:2])[number("哮喘")] in (number("acute"), number("asthma"))
    known = Background.of(APART, NAMES)
    assert seen(known, "哮喘?", "wheezing")["borne_out"] > 0 > seen(known, "哮喘?", "rash")["borne_out"]


def test_nothing_is_known_before_anything_is_read():
    for known in (Background.empty(), Background.of([])):
        assert set(seen(known, "What?", "Gout hurts.").values()) == {0.0}


def test_what_was_counted_is_stored_and_read_back():
    known = Background.of([ENGLISH, CHINESE, *APART], NAMES)
    again = Background.read(known.table())
    assert np.array_equal(again.words, known.words)
    assert np.array_equal(again.passages.at, known.passages.at)
    for question in ("Asthma?", "哮喘?"):
        assert seen(again, question, "Cough at night.") == seen(known, question, "Cough at night.")


@pytest.mark.parametrize("row", [("passages", 4, 10**6), ("passages", -1, 0), ("words", 2**30, 1), ("meanings", 5, -1)])
def test_places_that_there_are_none_of_are_refused(row):
    table = Background.of(APART).table()
    more = pa.table([[value] for value in row], table.schema)
    with pytest.raises(UsageError, match="damaged"):
        Background.read(pa.concat_tables([table, more]))
