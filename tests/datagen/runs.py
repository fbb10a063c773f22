"""Small runs for tests."""

import hashlib
import random
from pathlib import Path

from datagen.recipe import load_recipe
from datagen.runs import Ran, run_recipe

RECIPE = """
name: toy
split: {validation: 0.1, test: 0.1}
stages:
  left: {use: toy.lines, path: left}
  right: {use: toy.lines, path: right}
  upper: {use: toy.upper, needs: [left, right], keep_dropped: true}
  words: {use: toy.vocabulary, needs: [upper]}
  common: {use: toy.common, needs: [upper], vocabulary: words}
"""
WORDS = ["fever", "cough", "rash", "pain", "发热", "咳嗽", "皮疹", "疼痛", "drop", "a|b", "nausea"]


def write_inputs(folder: Path, files: int = 4, lines: int = 40, seed: int = 0) -> None:
    """Two folders of text files, with bad lines, dropped lines, repeated ids."""
    for side in ("left", "right"):
        draw = random.Random(f"{seed}{side}")
        (folder / side).mkdir(parents=True, exist_ok=True)
        for number in range(files):
            rows = []
            for line in range(lines):
                text = " ".join(draw.choices(WORDS, k=6))
                text = {7: "BAD", 11: "NOTHING"}.get(line, text)
                rows.append(f"{side}-{number}-{line}\t{text}")
            rows.append(rows[0])  # a repeated id with the same text
            rows.append(rows[1].split("\t")[0] + "\tother text")  # and one with another
            (folder / side / f"{side}{number}.txt").write_text("\n".join(rows) + "\n")


def write_recipe(folder: Path, text: str = RECIPE) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text)
    return path


def run(recipe: Path, out: Path | str, *overrides: str, **options) -> Ran:
    return run_recipe(load_recipe(recipe, overrides), str(out), **options)


def digest(out: Path) -> dict[str, str]:
    """sha256 of every published file."""
    found = {}
    for path in sorted(out.rglob("*")):
        relative = path.relative_to(out).as_posix()
        if path.is_file() and not relative.startswith("_") and path.name != "CURRENT":
            found[relative] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
