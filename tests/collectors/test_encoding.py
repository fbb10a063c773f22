"""Encodings: detected, declared, damaged, refused; whole and in pieces."""

import random
import tarfile
from io import BytesIO

import pytest

from collectors.text.encoding import decode, decoded, detect
from datagen.errors import InputError

CHINESE = "科室,问题\n心内科,我有高血压,可以吃党参吗?这是一个在门诊常见的问题。\n" * 5
TRADITIONAL = "科室,問題\n心臟科,我有高血壓,可以吃人參嗎?這是一個在門診常見的問題。\n" * 5
FRENCH = "Le caf\u00e9 \u00e9tait tr\u00e8s agr\u00e9able, na\u00efve r\u00e9sum\u00e9 \u00e0 l'h\u00f4pital. " * 5
RUSSIAN = "Больной поступил с лихорадкой и кашлем, получал антибиотики и выписан на третий день. " * 3
POLISH = "Chorą przyjęto z gorączką i kaszlem; leczenie trwało trzy dni, po czym została wypisana do domu. " * 3
JAPANESE = "患者は発熱と咳が三日間続いたため入院し、抗菌薬による治療を受けた。" * 5
KOREAN = "환자는 발열과 기침으로 입원하여 항생제 치료를 받았다. " * 5


class Dribble(BytesIO):
    """A stream that gives a few bytes at a time, so that characters are cut."""

    def read(self, size=-1):
        return super().read(min(size, 7) if size >= 0 else 7)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", [CHINESE, TRADITIONAL])
def test_detected(text, encoding):
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TRADITIONAL, "big5"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "shift_jis"),
        (KOREAN, "euc_kr"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "cp866"),
        (FRENCH, "cp1252"),
        (POLISH, "cp1250"),
        (CHINESE, "utf-16-le"),
        (RUSSIAN, "utf-16-be"),
    ],
)
def test_other_encodings_are_told_apart(text, encoding):
    assert decode(text.encode(encoding)) == text
    if not encoding.startswith("utf-16"):
        assert decode(b"key,value\n" * 5000 + text.encode(encoding)).endswith(text)


def test_declared():
    assert decode(FRENCH.encode("latin-1"), "latin-1") == FRENCH
    assert decode(TRADITIONAL.encode("big5"), "big5") == TRADITIONAL
    for wrong in ("utf-8", "no-such-encoding"):
        with pytest.raises(InputError, match="bad_encoding"):
            decode(CHINESE.encode("gb18030"), wrong)


def test_a_damaged_byte_is_marked_where_it_is():
    for encoding in ("utf-8", "gb18030"):
        data = CHINESE.encode(encoding)
        cut = CHINESE.index("\n", 40) + 1
        start = len(CHINESE[:cut].encode(encoding))
        text = decode(data[:start] + b"\xff\n" + data[start:])
        assert text == f"{CHINESE[:cut]}\udcff\n{CHINESE[cut:]}"


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 20,
        random.Random(0).randbytes(5000),
        b"\xff" * 500,
        b"\x89PNG\r\n\x1a\n" + b"\0\xff\x13" * 99,
    ],
)
def test_binary_is_refused(data):
    with pytest.raises(InputError, match="bad_encoding"):
        decode(data)
    with pytest.raises(InputError, match="bad_encoding"):
        list(decoded(BytesIO(data)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32"])
def test_streams_are_read_in_pieces(encoding, monkeypatch):
    text = "plain,words\n" * 3 + CHINESE
    data = text.encode(encoding)
    monkeypatch.setattr("collectors.text.encoding.CHUNK", 200)
    assert "".join(decoded(BytesIO(data))) == text
    assert "".join(decoded(Dribble(data), encoding)) == text
    assert "".join(decoded(BytesIO(b""))) == ""


def test_a_stream_that_turns_into_something_else_is_stopped(monkeypatch):
    monkeypatch.setattr("collectors.text.encoding.CHUNK", 500)
    pieces = decoded(BytesIO(CHINESE.encode() + CHINESE.encode("gb18030") * 20))
    with pytest.raises(InputError, match="bad_encoding"):
        list(pieces)


@pytest.mark.proof("collectors.records", "real")
def test_real_gb18030_files(real_data):
    """Fifteen centuries of Chinese medicine, and a questions' table: all of them GB18030, none damaged."""
    with tarfile.open(real_data / "textbook_zh_tcm_classics" / "tcm_classics_dev.tar.gz") as archive:
        books = [archive.extractfile(member).read() for member in archive if member.name.endswith(".txt")]
    assert len(books) == 45
    for data in books[::3]:
        assert detect(data) == "gb18030"
        assert decode(data).encode("gb18030") == data
