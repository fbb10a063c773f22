"""Text made of the columns of a row: how an entry of a knowledge base becomes a sentence."""

import re
from collections.abc import Callable
from typing import Any

_TOKEN = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{([^{}]*)\}|[\[\]{}]")
_DOUBLED = {"{{": "{", "}}": "}", "[[": "[", "]]": "]"}
_HAN = re.compile("[\u4e00-\u9fff]")


class Template:
    """Text with `{column}` where a column's value goes, and `[optional parts]`, left out where a column in one is
    empty.

    A list is joined by `, `, in a template with Chinese characters by `、`; of an object the text is its `key: value`
    pairs. Doubled brackets and braces stand for themselves. Parts aren't nested. Raises ValueError for a text that is
    no template, or names no column.

    >>> template = Template("{name}[ is also called {synonyms}].")
    >>> template.fill({"name": "Flu", "synonyms": ["influenza", "grippe"]}.get)
    'Flu is also called influenza, grippe.'
    >>> template.fill({"name": "Flu", "synonyms": []}.get)
    'Flu.'
    """

    def __init__(self, text: str):
        self._parts: list[tuple[bool, list[tuple[bool, str]]]] = [(False, [])]
        self._joint = "、" if _HAN.search(text) else ", "
        end = 0
        for token in _TOKEN.finditer(text):
            self._add(False, text[end : token.start()])
            self._token(token)
            end = token.end()
        self._add(False, text[end:])
        if self._parts[-1][0]:
            raise ValueError("a [ without its ]")
        if not self.columns:
            raise ValueError("no {column} in it")

    @property
    def columns(self) -> set[str]:
        return {name for _, pieces in self._parts for is_column, name in pieces if is_column}

    @property
    def required(self) -> set[str]:
        """Columns outside optional parts: without one of them there is no text."""
        return {name for optional, pieces in self._parts if not optional for is_column, name in pieces if is_column}

    def fill(self, value: Callable[[str], Any]) -> str | None:
        """The text for the row whose columns `value` looks up; None where a required column is empty."""
        text = []
        for optional, pieces in self._parts:
            filled = [self._written(value(piece)) if is_column else piece for is_column, piece in pieces]
            if all(filled):
                text += filled
            elif not optional:
                return None
        return "".join(text)

    def _token(self, token: re.Match) -> None:
        found = token[0]
        if found in _DOUBLED:
            self._add(False, _DOUBLED[found])
        elif token[1] is not None:
            if not token[1].strip():
                raise ValueError("{} without a column's name")
            self._add(True, token[1].strip())
        elif found == "[" and not self._parts[-1][0]:
            self._parts.append((True, []))
        elif found == "]" and self._parts[-1][0]:
            self._parts.append((False, []))
        else:
            raise ValueError(f"a {found} that doesn't belong there; doubled it stands for itself")

    def _add(self, is_column: bool, piece: str) -> None:
        if piece:
            self._parts[-1][1].append((is_column, piece))

    def _written(self, value: Any) -> str:
        if isinstance(value, list):
            return self._joint.join(filter(None, map(self._written, value)))
        if isinstance(value, dict):
            pairs = ((key, self._written(inner)) for key, inner in value.items())
            return "; ".join(f"{key.replace('_', ' ')}: {text}" for key, text in pairs if text)
        if isinstance(value, float) and value.is_integer():  # how spreadsheets have whole numbers
            value = int(value)
        return "" if value is None else str(value).strip()
