"""Text that a scanner, or a form, has set with a blank between characters: 姓 名 : 张 三."""

import re

_STRETCH = re.compile(
    r"(?<!\S)(?:(?:[^\s\w]|[^\W\da-zA-Z_]|[A-Za-z]|\d+)[ \u3000]){3,}(?:[^\s\w]|[^\W\da-zA-Z_]|[A-Za-z]|\d+)(?!\S)"
)
_HAN_BLANK = re.compile("[\u4e00-\u9fff][ \u3000][\u4e00-\u9fff][ \u3000]")


def closed(text: str) -> tuple[str, list[int]] | None:
    """The text without the single blanks between single characters, and where each of its characters stands in the
    text, with the text's length at the end; None for a text that isn't so set. Wider gaps stay as they are."""
    if not _HAN_BLANK.search(text):
        return None
    drop: set[int] = set()
    for stretch in _STRETCH.finditer(text):
        if _HAN_BLANK.search(stretch[0]):
            drop.update(place for place in range(*stretch.span()) if text[place] in " \u3000")
    if not drop:
        return None
    places = [place for place in range(len(text)) if place not in drop]
    return "".join(text[place] for place in places), [*places, len(text)]
