import pytest

from classifiers.curriculum import Curriculum
from datagen.record import table, with_column


@pytest.mark.parametrize(
    "columns, stage",
    [
        ({"department": "NONE"}, "general"),
        ({"department": "NONE", "content_type": "EXAM", "value": 5.0}, "general"),
        ({"department": "NONE", "synthetic": True}, "advanced"),
        ({}, "general"),
        ({"department": "UNK", "content_type": "NEWS"}, "general"),
        ({"department": "UNK", "content_type": "QA"}, "basic"),
        ({"department": "CARD", "content_type": "QA"}, "basic"),
        ({"department": "CARD", "content_type": "QA", "value": 1.9}, "general"),
        ({"department": "CARD", "content_type": "QA", "value": 4.0}, "basic"),
        ({"department": "CARD", "content_type": "QA", "value": 4.0, "tokens": 2000}, "advanced"),
        ({"department": "CARD", "content_type": "NOTE"}, "advanced"),
        ({"department": "CARD", "content_type": "NOTE", "value": 2.9}, "basic"),
        ({"department": "CARD", "content_type": "NOTE", "value": 3.0}, "advanced"),
        ({"department": "CARD", "content_type": "REVIEW"}, "basic"),
        ({"department": "CARD", "content_type": "REVIEW", "tokens": 2000}, "advanced"),
        ({"department": "CARD", "content_type": "TEXT", "tokens": 9000}, "basic"),
        ({"department": "CARD", "content_type": "TEXT", "value": 4.5, "tokens": 9000}, "advanced"),
    ],
)
def test_the_rule(columns, stage):
    row = {"id": "0" * 32, "group": "g", "split": "train", "text": "t", "source": "s", "source_id": "1", **columns}
    rows = with_column(table([row]), "tokens", [columns.get("tokens", 100)])
    assert Curriculum().apply(rows).rows["curriculum"].to_pylist() == [stage]
