"""Turns of dialogues, whatever the convention."""

import pytest

from collectors.tables.dialogue import as_messages
from datagen.errors import InputError

Q, A = {"role": "user", "content": "Q1"}, {"role": "assistant", "content": "A1"}


@pytest.mark.parametrize(
    "value",
    [
        [Q, A],
        [{"from": "human", "value": "Q1"}, {"from": "gpt", "value": "A1"}],
        [{"role": "患者", "content": "Q1"}, {"role": "医生", "content": "A1"}],
        [{"question": "Q1", "answer": "A1"}],
        [["Q1", "A1"]],
        ["Q1", "A1"],
        '["Q1", "A1"]',
        "Patient: Q1\nDoctor: A1",
        '"Patient: Q1\nDoctor: A1"',
        "患者：Q1\n医生：A1\n",
        "Guest_family: Q1\r\nGuest_clinician: A1",
    ],
)
def test_every_convention(value):
    assert as_messages(value) == [Q, A]


def test_what_one_speaker_says_in_a_row_is_one_turn():
    text = "Doctor: Hello.\nDoctor: What is it?\nPatient: My knee.\nIt hurts: badly.\n\nDoctor: I see."
    assert as_messages(text) == [
        {"role": "assistant", "content": "Hello.\nWhat is it?"},
        {"role": "user", "content": "My knee.\nIt hurts: badly.\n"},
        {"role": "assistant", "content": "I see."},
    ]


@pytest.mark.parametrize("value", [None, "", "  ", []])
def test_nothing_is_no_turn(value):
    assert as_messages(value) == []


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "narrator", "content": "x"}],
        [{"role": "user"}],
        [{"role": ["user"], "content": "x"}],
        [1, 2],
        [[1, 2]],
        [{"question": 1, "answer": "x"}],
        {"role": "user", "content": "x"},
        7,
        "[broken",
        "[" * 50_000,
        "Once upon a time.",
        "Narrator: Once.\nDoctor: Yes.",
    ],
)
def test_what_is_no_dialogue_is_refused(value):
    with pytest.raises(InputError, match="bad_messages"):
        as_messages(value)
