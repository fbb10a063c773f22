import pytest
import xxhash
from hypothesis import given, settings
from unicode_text import TEXT

from dedup import fold, shingle_hashes, tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ｔｙｐｅ　２", "type 2"),
        ("HEART Failure", "heart failure"),
        ("Sjögren", "sjogren"),
        ("Sjo\u0308gren", "sjögren"),
        ("ﬁbrosis", "fibrosis"),
        ("5㎎", "5mg"),
        ("STRASSE", "straße"),
        ("ΑΣΘΜΑ", "ασθμα"),
        ("АСТМА", "астма"),
        ("hyper\u00adtension", "hypertension"),
        ("臺灣衛生福利部", "台湾卫生福利部"),
        ("高血壓、糖尿病", "高血压，糖尿病"),
        ("⼼臓", "心臓"),
        ("ｶﾝｾﾝｼｮｳ", "カンセンショウ"),
    ],
)
def test_forms_that_do_not_tell_texts_apart(one, other):
    assert tokens(one) == tokens(other) != []


@pytest.mark.parametrize(
    ("one", "other"), [("肺炎", "肝炎"), ("type 1", "type 2"), ("mg", "g"), ("a_b", "a b"), ("дом", "том")]
)
def test_forms_that_do(one, other):
    assert tokens(one) != tokens(other)


def test_tokens_are_words_and_single_han_characters():
    assert tokens("用Aspirin 100mg治疗，COVID-19。") == [*"用", "aspirin", "100mg", *"治疗", "covid", "19"]
    assert tokens("カタカナとひらがな・々") == list("カタカナとひらかな々")
    assert tokens("한국어 텍스트") == [fold("한국어"), fold("텍스트")]
    assert tokens(" …—！😀\n") == []


@settings(deadline=None)
@given(TEXT, TEXT)
def test_texts_fold_apart_as_they_do_together(one, other):
    assert fold(one + " " + other) == fold(one) + " " + fold(other)


def test_every_character_folds_in_the_kernel_as_in_python():
    characters = [
        chr(c) for c in [*range(0xD800), *range(0xE000, 0x32400), *range(0xE0000, 0xE0200), 0xF0000, 0x10FFFF]
    ]
    texts = [f"x{c}y{c}漢" for c in characters]
    hashes, offsets = shingle_hashes(texts, 99)
    expected = [xxhash.xxh32_intdigest(" ".join(tokens(text)).encode()) for text in texts]
    assert offsets.tolist() == list(range(len(texts) + 1))
    wrong = [hex(ord(c)) for c, h, e in zip(characters, hashes.tolist(), expected, strict=True) if h != e]
    assert not wrong
