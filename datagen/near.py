"""What a misspelt word was most likely meant to be."""

import difflib
from collections.abc import Iterable


def nearest(word: str, choices: Iterable[str]) -> str:
    """The choice that is most like a word, or nothing where none is."""
    found = difflib.get_close_matches(word, list(choices), 1, 0.5)
    return found[0] if found else ""


def did_you_mean(choice: str) -> str:
    """A question; nothing for nothing."""
    return f"did you mean {choice!r}?" if choice else ""
