import re
from pathlib import Path

from datagen.stage import stage_names
from tests.proof import GRADES, read, updated


def test_the_best_grade_that_passed_stands_and_failure_takes_it_away():
    assert updated({}, [("a", "fixture", True), ("a", "real", True)]) == {"a": "real"}
    assert updated({"a": "real"}, [("a", "fixture", True)]) == {"a": "real"}
    assert updated({"a": "real"}, [("a", "real", False), ("a", "fixture", True)]) == {"a": "fixture"}
    assert updated({"a": "fixture"}, [("a", "fixture", False)]) == {}


def test_every_claim_has_a_test_that_makes_it():
    marked = set()
    for file in Path(__file__).parents[1].rglob("test_*.py"):
        for call in re.findall(r"mark\.proof\(([^)]*)\)", file.read_text("utf-8")):
            *names, grade = re.findall(r'"([^"]+)"', call)
            marked |= {(name, grade) for name in names}
    assert {grade for _, grade in marked} <= set(GRADES)
    assert set(read().items()) <= marked


def test_every_stage_of_ours_is_proved():
    ours = {name for name in stage_names() if not name.startswith(("toy.", "bench."))}
    assert ours - set(read()) == set()
