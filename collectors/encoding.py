"""Decoding bytes whose encoding nobody states: UTF-8, UTF-16 and UTF-32 by their mark, GB18030."""

import codecs
import re

from datagen.errors import InputError

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
MAX_DAMAGE = 0.1
"""Share of a file's characters that may be undecodable."""
MIN_FREQUENT = 0.02
"""Share of `_FREQUENT` among Han characters: 4 % (a list of foods) to 37 % (a classic) in Chinese of every kind, under
0.2 % in Big5, EUC-JP, EUC-KR, KOI8-R, Shift JIS and Latin-1 that were taken for GB18030."""
_FREQUENT = frozenset(
    "的一是不了在人有我他中大上到地出也年得要下以生自去之可子和其而者用分多日月能方法心性病症炎手口水血气部体小三二四五六七八九十"
)
_HAN = re.compile("[\u4e00-\u9fff]")
_DAMAGED = re.compile("[\udc80-\udcff]")
_FOREIGN = re.compile("[^\x00-\x7f]")


def decode(data: bytes, encoding: str | None = None) -> str:
    """Text in the encoding named, or detected: a byte order mark, else UTF-8, else GB18030.

    GB18030 is believed only where it yields Chinese as people write it: Big5, EUC-KR or Latin-1 can be read as GB18030
    too, but come out as odd characters. Where some bytes can't be decoded they become lone surrogates, so that the
    records that hold them can be refused and the rest kept. Raises InputError(bad_encoding) where these are over a
    tenth.
    """
    name = encoding or next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    try:
        return data.decode(name or "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        if name is None and (text := _chinese(data)) is not None:
            return text
    try:
        text = data.decode(name or "utf-8", "surrogateescape").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise InputError("bad_encoding", name or "") from None
    if len(_DAMAGED.findall(text)) > MAX_DAMAGE * len(text):
        raise InputError("bad_encoding", name or "neither UTF-8 nor GB18030")
    return text


def _chinese(data: bytes) -> str | None:
    """The text if it is GB18030: at most 1 % undecodable, and with the characters that all Chinese is full of."""
    try:
        text = data.decode("gb18030", "surrogateescape")
    except UnicodeDecodeError:
        return None
    if len(_DAMAGED.findall(text)) > 0.01 * len(_FOREIGN.findall(text)):
        return None
    han = _HAN.findall(text)
    if not han:
        return text if all(len(c.encode("gb2312", "ignore")) == 2 for c in _FOREIGN.findall(text)) else None
    return text if sum(c in _FREQUENT for c in han) >= MIN_FREQUENT * len(han) else None
