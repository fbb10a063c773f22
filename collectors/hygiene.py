"""Text hygiene: one Unicode form, no invisible characters, no debris of layout."""

import re
import unicodedata

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")
_INSTRUCTION = re.compile(
    r"ignore (?:all |any )?(?:the )?(?:previous|above|prior) (?:instructions|prompts)"
    r"|disregard (?:all |any )?(?:previous|prior) instructions"
    r"|(?:rate|score|grade) this (?:\w+ )?(?:as )?(?:a )?(?:5|five|10|ten)\b"
    r"|you are now (?:a|an|in) \w+|system prompt"
    r"|忽略(?:之前|以上|上述|前面)的?(?:所有)?(?:指令|提示|要求)|请?给(?:本文|这篇文章|此文)?(?:打|评)(?:5|五|满|最高)分",
    re.IGNORECASE,
)


def clean_text(text: str) -> str:
    """NFC, `\\n` line ends, no control or invisible characters, runs of blanks folded, paragraphs by one empty line."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    lines = [_SPACES.sub(" ", line).strip() for line in text.split("\n")]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def hidden_instructions(text: str) -> bool:
    """Whether a text addresses the model that reads it, rather than a human reader."""
    return bool(_INSTRUCTION.search(_INVISIBLE.sub("", text)))
