"""Text hygiene: mojibake undone, one Unicode form, no invisible characters, no debris of layout."""

import re
import unicodedata

import ftfy

_JOINED_SCRIPTS = "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u17ff"
"""Arabic and Brahmic scripts: there, and between emoji, and nowhere else, the zero-width joiners are spelling."""
_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    f"\ufff9-\ufffc\U000e0000-\U000e007f]|(?<![{_JOINED_SCRIPTS}])\u200c|(?<![{_JOINED_SCRIPTS}{_EMOJI}])\u200d"
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}"  # one variation selector chooses a form, a row of them hides bytes
)
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_BLANK_LINES = re.compile(r"\n{3,}")

_TWO_FOREIGN = re.compile("[\x80-\u052f\u2010-\u2122][\x80-\u052f\u2010-\u2122]")
"""Mojibake of UTF-8 read as a single-byte encoding has such pairs; Chinese, units and formulas have few."""
_HAN = re.compile("[\u4e00-\u9fff]")
_COMMON = frozenset("的一是不了在人有我他中大上到地出也年得要下以生自去之可子和而者用分多日方法心性病症")
MIN_HAN = 3


def clean_text(text: str, code: bool = False) -> str:
    """Mojibake undone, NFC, `\\n` line ends, no control or invisible characters, runs of blanks folded to one, at most
    one empty line between paragraphs. Indentation by ASCII blanks stays, since nested lists mean something by it; in
    code all blanks and empty lines inside do. Compatibility forms (superscripts, ligatures, full width) stay, since
    units and formulas do."""
    if not text.isascii():
        text = "\n".join(line if line.isascii() else repair(line) for line in text.split("\n"))
        text = visible(unicodedata.normalize("NFC", text))
    text = _CONTROL.sub("", _LINE_END.sub("\n", text))
    if code:
        return text.rstrip().lstrip("\n")
    return _BLANK_LINES.sub("\n\n", "\n".join(map(_fold, text.split("\n")))).strip()


def visible(text: str) -> str:
    """Text without the characters that a reader can't see."""
    return _INVISIBLE.sub("", text)


def repair(line: str) -> str:
    """A line with its mojibake undone, where that is sure: GB2312 once read as Latin-1 (`»¼Õß` for `患者`), and what
    ftfy undoes, UTF-8 once read as a single-byte encoding (`æ‚£è€…`)."""
    if not _TWO_FOREIGN.search(line):
        return line
    try:
        chinese = line.encode("latin-1").decode("gb2312")
    except UnicodeError:
        chinese = ""
    if len(_HAN.findall(chinese)) >= MIN_HAN and not _COMMON.isdisjoint(chinese):
        return chinese
    return ftfy.fix_encoding(line, restore_byte_a0=False, replace_lossy_sequences=False)


def _fold(line: str) -> str:
    folded = " ".join(line.split())
    if folded and line[0] in " \t":
        return line[: len(line) - len(line.lstrip(" \t"))] + folded
    return folded
