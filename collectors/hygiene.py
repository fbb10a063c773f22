"""Text hygiene: one Unicode form, no invisible characters, no debris of layout; texts that talk to the machine."""

import re
import unicodedata

_JOINED_SCRIPTS = "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u17ff"
"""Arabic and Brahmic scripts: there, and only there, the zero-width joiners U+200C and U+200D are spelling."""
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    f"\ufff9-\ufffb\U000e0000-\U000e007f]|(?<![{_JOINED_SCRIPTS}])[\u200c\u200d]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BLANK_LINES = re.compile(r"\n{3,}")
_TAGS = {0xE0000 + code: code for code in range(0x20, 0x7F)}

_ADDRESSES_MACHINE = re.compile(
    r"(?:ignore|disregard|forget) (?:all |any )?(?:of )?(?:the |your )?(?:previous|above|prior|earlier)"
    r" (?:instruction|prompt)"
    r"|(?:rate|score|grade) (?:this|the) (?:text|document|article|paper|passage|page|sample)"
    r" (?:as |with |at |an? )*(?:5|five|10|ten)\b"
    r"|(?:rate|score|grade) (?:this |it )?(?:as |with |at |an? )*(?:5|five|10|ten)(?: ?/ ?| out of )(?:5|five|10|ten)"
    r"|you are now (?:an? )?(?:ai|assistant|chatbot|language model|dan|in developer mode)\b"
    r"|(?:reveal|print|show|repeat) (?:me )?(?:your|the) system prompt"
    r"|(?:give|write) (?:a |only )?positive reviews? only|do not (?:highlight|mention) any (?:negatives|weaknesses)"
    r"|as an? (?:ai |large )?language model[,\uff0c]? you (?:should|must|will)"
    r"|忽略(?:你)?(?:之前|以上|上述|前面|先前)的?(?:所有|全部|任何)?(?:指令|提示词?|要求)"
    r"|请?(?:你)?给(?:本文|这篇文章|此文|该文)(?:打|评)(?:5|五|满|最高|10|十)分|请?只(?:给|写)出?(?:正面|积极)的?(?:评价|审稿意见)"
)
_ASCII_CUES = ("ignore ", "disregard ", "forget ", "rate ", "score ", "grade ", "you are now ", "system prompt")
_ASCII_CUES += ("positive review", "do not ", "language model")
_CUES = (*_ASCII_CUES, "忽略", "分", "评价", "审稿")


def clean_text(text: str) -> str:
    """NFC, `\\n` line ends, no control or invisible characters, runs of blanks folded to one, at most one empty line
    between paragraphs. Indentation by ASCII blanks stays, since code and nested lists mean something by it."""
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(map(_fold, text.split("\n")))).strip()


def _fold(line: str) -> str:
    folded = " ".join(line.split())
    if folded and line[0] in " \t":
        return line[: len(line) - len(line.lstrip(" \t"))] + folded
    return folded


def hidden_instructions(text: str) -> bool:
    """Whether a text addresses the model that reads it, rather than a human reader; also where the words are hidden
    behind invisible characters, or written in Unicode tag characters."""
    cues = _ASCII_CUES
    if not text.isascii():
        cues = _CUES
        text = _INVISIBLE.sub("", text.translate(_TAGS) if max(text) >= "\U000e0020" else text)
    lowered = text.lower()
    for cue in cues:
        if cue in lowered:
            return _ADDRESSES_MACHINE.search(lowered) is not None
    return False
