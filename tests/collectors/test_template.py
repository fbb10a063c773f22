"""Sentences made of columns."""

import pytest

from collectors.tables.template import Template

ROW = {
    "name": "Flu",
    "synonyms": ["influenza", "grippe"],
    "none": None,
    "empty": " ",
    "number": 2.0,
    "object": {"onset": "sudden", "x": None, "signs": ["fever", "cough"]},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{name} is one.", "Flu is one."),
        ("{name}[, also {synonyms}].", "Flu, also influenza, grippe."),
        ("{name}[, also {none}][, or {empty}].", "Flu."),
        ("{name}[ ({synonyms}, {none})].", "Flu."),
        ("{name}又称{synonyms}。", "Flu又称influenza、grippe。"),
        ("{name} [[1]] {{x}} {number}", "Flu [1] {x} 2"),
        ("[{none}: ]{name}", "Flu"),
        ("{none} is one.", None),
        ("[{name}]", "Flu"),
        ("{name} ({object})", "Flu (onset: sudden; signs: fever, cough)"),
    ],
)
def test_columns_become_text(text, expected):
    assert Template(text).fill(ROW.get) == expected


def test_columns_are_known():
    template = Template("{a}[ and {b}] {c.d}")
    assert template.columns == {"a", "b", "c.d"} and template.required == {"a", "c.d"}


@pytest.mark.parametrize("text", ["", "no column", "{a", "a}", "{}", "[{a}", "{a}]", "[{a}[{b}]]", "{ }"])
def test_what_is_no_template_is_refused(text):
    with pytest.raises(ValueError):
        Template(text)
