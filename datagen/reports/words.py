"""The report's words, in English and Chinese."""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import yaml

from datagen import notice


class Words(NamedTuple):
    """The same thing said in both languages. Plain text: the page escapes it."""

    en: str
    zh: str


def say(key: str, **values: object) -> Words:
    """Words by key, with `{name}` places filled in; a value may itself be Words."""
    english, chinese = _all()[key]
    return Words(english.format(**_in(values, 0)), chinese.format(**_in(values, 1)))


def is_known(key: str) -> bool:
    return key in _all()


def _in(values: dict[str, object], language: int) -> dict[str, object]:
    return {name: v[language] if isinstance(v, Words) else v for name, v in values.items()}


@cache
def _all() -> dict[str, list[str]]:
    words = yaml.safe_load((files("datagen.reports") / "words.yaml").read_text("utf-8"))
    return words | {
        "notice": [notice.EN, notice.ZH],
        "method.review": [notice.UNREVIEWED_EN, notice.UNREVIEWED_ZH],
    }
