"""Ratings of value: which half is learnt from, and which measures."""

import json
from pathlib import Path

RATINGS = [
    json.loads(line)
    for line in (Path(__file__).parent / "value_ratings.jsonl").read_text("utf-8").splitlines()
    if line.strip()
]


def learns_from(rating: dict) -> bool:
    """Half of the documents, by their ids."""
    return int(rating["id"][:2], 16) % 2 == 0


def mean_rating(rating: dict) -> float:
    return (rating["rater_a"]["value"] + rating["rater_b"]["value"]) / 2
