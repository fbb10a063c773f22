"""Decoding bytes whose encoding nobody states: Unicode by its marks or its form, Chinese by its frequent characters,
others by charset-normalizer."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from collectors.text.language import latin_likelihood
from datagen.errors import InputError
from datagen.unpack import chunks

CHUNK = 1 << 20
MAX_BYTES = 64 << 20
"""Of a text that is decoded whole: in memory each may become four."""
SAMPLE = 1 << 15
"""Bytes looked at where an encoding must be guessed by statistics."""
WINDOW = 1 << 18
"""Bytes, from the first that is not ASCII, that must be UTF-8 or GB18030 for a text to be so."""
MAX_DAMAGE = 0.1
"""Share of a file's characters that may be undecodable."""
MIN_FREQUENT = 0.02
"""Share of `_FREQUENT` among Han characters: 4 % (a list of foods) to 37 % (a classic) in Chinese of every kind, under
0.2 % in EUC-JP, EUC-KR, KOI8-R, Shift JIS and Latin-1 that were taken for GB18030."""
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_FREQUENT = frozenset(
    "的一是不了在人有我他中大上到地出也年得要下以生自去之可子和其而者用分多日月能方法心性病症炎手口水血气氣部体體小三二四五六七八九十"
)
_CANDIDATES = [
    *("big5", "cp932", "cp949", "euc_jp", "gb18030"),
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp866", "cp874"),
    *("iso8859_2", "iso8859_5", "iso8859_7", "koi8_r", "koi8_u"),
]
"""What files are written in; rarer ones only take texts from these. Wider sets stand for their parts: cp1252 for
Latin-1, cp949 for EUC-KR, cp932 for Shift JIS."""
COMMONEST = "cp1252"
_HAN = re.compile("[\u4e00-\u9fff]")
_KANA = re.compile("[\u3041-\u30ff]")
_DAMAGED = re.compile("[\udc80-\udcff]")
_FOREIGN = re.compile("[^\x00-\x7f]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
_FOREIGN_BYTE = re.compile(rb"[\x80-\xff]")


def decode(data: bytes, encoding: str | None = None) -> str:
    """Text in the encoding named, or detected.

    Where some bytes can't be decoded they become lone surrogates, so that the records that hold them can be refused and
    the rest kept. Raises InputError: bad_encoding where these are over a tenth, or where no encoding fits; too_large
    over MAX_BYTES.
    """
    if len(data) > MAX_BYTES:
        raise InputError("too_large", f"over {MAX_BYTES} bytes of text")
    if encoding is None:
        encoding = detect(data)
    try:
        text = data.decode(encoding, "surrogateescape").removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError):
        raise InputError("bad_encoding", encoding) from None
    _check(len(_DAMAGED.findall(text)), len(text), encoding)
    return text


def decoded(stream: BinaryIO, encoding: str | None = None) -> Iterator[str]:
    """The text of a stream of any length, in pieces, as `decode` would read it; what is guessed is guessed from the
    first megabyte that is not plain ASCII. Raises InputError(bad_encoding)."""
    pieces = chunks(stream, CHUNK)
    chunk = next(pieces, b"")
    while encoding is None and chunk.isascii() and b"\0" not in chunk:
        if not chunk:
            return
        yield chunk.decode("ascii")
        chunk = next(pieces, b"")
    name = encoding or detect(chunk)
    characters = damaged = 0
    try:
        decoder = codecs.getincrementaldecoder(name)("surrogateescape")
        while True:
            text = decoder.decode(chunk, final=not chunk)
            text = text if characters else text.removeprefix("\ufeff")
            characters, damaged = characters + len(text), damaged + len(_DAMAGED.findall(text))
            _check(damaged, characters, name)
            yield text
            if not chunk:
                return
            chunk = next(pieces, b"")
    except (UnicodeDecodeError, LookupError):
        raise InputError("bad_encoding", name) from None


def detect(data: bytes) -> str:
    """The name of the encoding of a text, or of its beginning: by a byte order mark, UTF-16 without one, UTF-8 (some
    bytes of which may be damaged), GB18030, else what charset-normalizer says.

    GB18030 is believed where it yields Chinese as people write it: Big5, EUC-KR or Latin-1 can be read as GB18030 too,
    but come out as odd characters. Raises InputError(bad_encoding) where nothing fits.
    """
    if name := next((name for mark, name in _MARKS.items() if data.startswith(mark)), None):
        return name
    if b"\0" in data[:SAMPLE]:
        return _utf16(data[:SAMPLE])
    if (found := _FOREIGN_BYTE.search(data)) is None:
        return "utf-8"
    foreign = data[found.start() : found.start() + WINDOW]
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(foreign)
    damaged = len(_DAMAGED.findall(text))
    if damaged <= len(_FOREIGN.findall(text)) - damaged:
        return "utf-8"
    name = "gb18030" if _is_gb18030(foreign) else _guessed(data)
    if name is None and damaged > MAX_DAMAGE * len(text):
        raise InputError("bad_encoding", "none that is known")
    return name or "utf-8"  # a few bad bytes, for which `decode` leaves marks


def _utf16(sample: bytes) -> str:
    """UTF-16 without a mark, in the order of bytes that gives more of what is frequent."""
    shares = {}
    for name in ("utf-16-le", "utf-16-be"):
        text = codecs.getincrementaldecoder(name)("replace").decode(sample)
        if _is_text(text) and "\ufffd" not in text:
            shares[name] = sum(c.isascii() or c in _FREQUENT for c in text)
    if not shares:
        raise InputError("bad_encoding", "binary")
    return max(shares, key=shares.__getitem__)


def _check(damaged: int, characters: int, name: str) -> None:
    if damaged > MAX_DAMAGE * characters:
        raise InputError("bad_encoding", name)


def _is_gb18030(data: bytes) -> bool:
    """Whether it reads as Chinese, and better so than as Big5."""
    share = _chinese_share(data, "gb18030")
    return share is not None and share >= (_chinese_share(data, "big5") or 0.0)


def _chinese_share(data: bytes, name: str) -> float | None:
    """Share of frequent characters among the Han ones, if it is Chinese: at most 1 % undecodable."""
    try:
        text = codecs.getincrementaldecoder(name)("surrogateescape").decode(data)
    except UnicodeDecodeError:
        return None
    foreign = _FOREIGN.findall(text)
    if len(_DAMAGED.findall(text)) > 0.01 * len(foreign) or _has_kana(text):
        return None
    han = _HAN.findall(text)
    if not han:  # full-width punctuation or symbols alone
        return 0.0 if all(len(c.encode("gb2312", "ignore")) == 2 for c in foreign) else None
    share = sum(c in _FREQUENT for c in han) / len(han)
    return share if share >= MIN_FREQUENT else None


def _has_kana(text: str) -> bool:
    """EUC-JP read as GB18030 keeps its kana, since both have them at the same place."""
    return len(_KANA.findall(text)) > 0.1 * len(_FOREIGN.findall(text))


def _guessed(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    found = from_bytes(_foreign_lines(data), cp_isolation=_CANDIDATES, enable_fallback=False)
    texts = {match.encoding: str(match) for match in found}
    if "gb18030" in texts and _has_kana(texts["gb18030"]):
        del texts["gb18030"]
    texts = {name: text for name, text in texts.items() if _is_text(text)}
    return _most_like_language(texts) if texts else None


def _is_text(text: str) -> bool:
    return not _CONTROL.search(text) and 2 * sum(c.isalnum() or c in " \t\r\n" for c in text) > len(text)


def _foreign_lines(data: bytes) -> bytes:
    """The first lines that are not plain ASCII; of a very long one what surrounds its first foreign character."""
    lines, size, end = [], 0, 0
    while size < SAMPLE and (found := _FOREIGN_BYTE.search(data, end)):
        start = max(data.rfind(b"\n", end, found.start()) + 1, end, found.start() - SAMPLE)
        stop = data.find(b"\n", found.start(), found.start() + SAMPLE)
        end = found.start() + SAMPLE if stop < 0 else stop + 1
        lines.append(data[start:end])
        size += len(lines[-1])
    return b"".join(lines)


def _most_like_language(texts: dict[str, str]) -> str:
    """The first, except that single-byte encodings of Latin letters differ too little for statistics of characters:
    among those, the one whose text a language model finds most likely, the commonest where others are no likelier."""
    first = next(iter(texts))
    if latin_likelihood(texts[first]) is None:
        return first
    scores = {name: score for name, text in texts.items() if (score := latin_likelihood(text)) is not None}
    best = max(scores, key=scores.__getitem__)
    return COMMONEST if scores.get(COMMONEST, -1) >= 0.99 * scores[best] else best
