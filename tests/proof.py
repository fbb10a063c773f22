"""Grades of proof: which tests passed on what decides what the product may say of itself.

A test marked `@pytest.mark.proof("collectors.jats", "real")` proves that stage on real data, with `"fixture"` on small
files written for tests. When a session ends, `datagen/proof.json` is brought up to date: a marked test that passed
raises a grade, one that failed takes it away, one that was skipped (real data is not everywhere) changes nothing.
"""

import json
from collections.abc import Iterable
from pathlib import Path

FILE = Path(__file__).parents[1] / "datagen" / "proof.json"
GRADES = ("fixture", "real")


def updated(proofs: dict[str, str], results: Iterable[tuple[str, str, bool]]) -> dict[str, str]:
    """Grades by name after (name, grade, passed) results."""
    passed: dict[str, set[str]] = {}
    failed: dict[str, set[str]] = {}
    for name, grade, good in results:
        (passed if good else failed).setdefault(name, set()).add(grade)
    proofs = dict(proofs)
    for name in {*passed, *failed}:
        standing = {proofs[name]} if name in proofs else set()
        grades = (standing | passed.get(name, set())) - failed.get(name, set())
        if grades:
            proofs[name] = max(grades, key=GRADES.index)
        else:
            proofs.pop(name, None)
    return dict(sorted(proofs.items()))


def read() -> dict[str, str]:
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def write(results: list[tuple[str, str, bool]]) -> None:
    before = read()
    after = updated(before, results)
    if after != before:
        FILE.write_text(json.dumps(after, indent=1) + "\n")
