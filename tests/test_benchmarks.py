"""What the faces of the benchmarks say of themselves."""

import ast
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
ROOM = re.compile(r'run\("(\w+)"')
FACES = [file for file in sorted(FOLDER.glob("*.py")) if ROOM.search(file.read_text("utf-8"))]


@pytest.mark.parametrize("file", FACES, ids=lambda file: file.stem)
def test_examples_name_measures_that_there_are(file):
    text = file.read_text("utf-8")
    (room,) = ROOM.findall(text)
    examples = re.findall(rf"python benchmarks/{file.name} (\w+(?: \w+)*)  ", ast.get_docstring(ast.parse(text)))
    assert examples
    for name in " ".join(examples).split():
        assert (FOLDER / room / f"{name}.py").is_file()
