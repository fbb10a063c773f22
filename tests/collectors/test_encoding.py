"""Encodings: detected, declared, damaged, refused."""

import pytest

from collectors.encoding import decode
from datagen.errors import InputError

CHINESE = "科室,问题\n心内科,我有高血压,可以吃党参吗?这是一个在门诊常见的问题。\n" * 5
TRADITIONAL = "科室,問題\n心臟科,我有高血壓,可以吃人參嗎?這是一個在門診常見的問題。\n" * 5
LATIN = "Le caf\u00e9 \u00e9tait tr\u00e8s agr\u00e9able, na\u00efve r\u00e9sum\u00e9 \u00e0 l'h\u00f4pital. " * 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", [CHINESE, TRADITIONAL])
def test_detected(text, encoding):
    assert decode(text.encode(encoding)) == text


def test_declared():
    assert decode(LATIN.encode("latin-1"), "latin-1") == LATIN
    assert decode(TRADITIONAL.encode("big5"), "big5") == TRADITIONAL
    with pytest.raises(InputError, match="bad_encoding"):
        decode(CHINESE.encode("gb18030"), "utf-8")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TRADITIONAL, "big5"),
        ("患者は発熱と咳が三日間続いたため入院し、治療を受けた。" * 5, "euc_jp"),
        ("환자는 발열과 기침으로 입원하여 치료를 받았다. " * 5, "euc_kr"),
        ("Больной поступил с лихорадкой и кашлем. " * 5, "koi8-r"),
    ],
)
def test_other_encodings_are_refused_rather_than_misread(text, encoding):
    with pytest.raises(InputError, match="bad_encoding"):
        decode(text.encode(encoding))


def test_a_damaged_byte_is_marked_where_it_is():
    data = CHINESE.encode()
    assert decode(data[:100] + b"\xff" + data[100:]).encode("utf-8", "surrogateescape").count(b"\xff") == 1
    assert "caf\udce9" in decode((LATIN + "Plain words. " * 50).encode("latin-1"))


def test_binary_is_refused():
    with pytest.raises(InputError, match="bad_encoding"):
        decode(bytes(range(256)) * 20)
