import numpy as np

from reward_filter.background import FEATURES, Background, terms

ENGLISH = "Gout causes sudden pain in the big toe. Asthma causes wheezing and cough at night. " * 30
CHINESE = "痛风常引起大脚趾疼痛。哮喘常引起夜间喘息和咳嗽。" * 30


def known() -> Background:
    return Background.of([ENGLISH, CHINESE])


def seen(prompt: str, response: str) -> dict[str, float]:
    return dict(zip(FEATURES, known().features(prompt, response), strict=True))


def test_terms_of_both_languages():
    assert terms("Gout's pain 哮喘常引起咳嗽。") == ["gout's", "pain", "哮喘", "常", "引起", "咳嗽", "。"]


def test_sense_is_told_from_word_salad():
    for good, bad in (
        ("Gout causes sudden pain in the big toe.", "Toe in sudden the gout pain causes big."),
        ("痛风常引起大脚趾疼痛。", "疼痛引起脚趾大常痛风。"),
    ):
        assert seen("", good)["fluency"] > seen("", bad)["fluency"]
        assert seen("", good)["worst_run"] > seen("", bad)["worst_run"]


def test_an_answer_to_the_question_is_told_from_another():
    texts = [f"{d} causes {s}. " * 30 for d, s in (("gout", "toes"), ("asthma", "wheezing"), ("measles", "rash"))]
    apart = Background.of([*texts, "哮喘引起喘息和咳嗽。" * 30, "痛风引起大脚趾疼痛。" * 30])
    place = FEATURES.index("relevance")
    for question, good, bad in (("Asthma?", "wheezing", "rash"), ("哮喘?", "咳嗽", "大脚趾")):
        assert apart.features(question, good)[place] > apart.features(question, bad)[place]
    assert seen("", "Zyxomma quorp.")["unheard"] == 1


def test_nothing_is_known_before_anything_is_read():
    assert Background.empty().features("What?", "Gout hurts.") == [0.0] * len(FEATURES)
    assert Background.of([]).features("", "Gout hurts.") == [0.0] * len(FEATURES)


def test_what_was_counted_is_stored_and_read_back():
    again = Background.read(known().table())
    assert np.array_equal(again.words, known().words)
    assert again.features("Wheezing?", "Cough at night.") == known().features("Wheezing?", "Cough at night.")
