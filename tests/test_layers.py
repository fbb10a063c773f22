"""Arrows go downwards only: no package imports one of its own floor or above."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = {
    "datagen": 0,
    "collectors": 1,
    "dedup": 1,
    "knowledge_graph": 1,
    "classifiers": 2,
    "synthesis": 2,
    "reward_filter": 2,
    "training_bridge": 3,
}


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found & set(FLOORS)


@pytest.mark.parametrize("package", FLOORS)
def test_imports_go_downwards(package):
    wrong = [
        f"{file.relative_to(ROOT)} imports {other}"
        for file in sorted((ROOT / package).rglob("*.py"))
        for other in imported(file) - {package}
        if FLOORS[other] >= FLOORS[package]
    ]
    assert not wrong


def test_packages_name_what_is_public_and_define_nothing():
    for package in FLOORS:
        tree = ast.parse((ROOT / package / "__init__.py").read_text("utf-8"))
        defined = [
            n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name != "__getattr__"
        ]
        assert not defined, package
