"""Whether clinicians have reviewed labels: the artefact that `datagen review` writes and the report reads."""

import json
from typing import Any

from datagen.store import Store
from datagen.taxonomy import LANGUAGES, load_taxonomy

FOLDER, FILE, LABELS = "review", "review.json", "labels.jsonl"
"""In a run's folder: the folder, what was found, and the labels agreed on."""
ENOUGH_ITEMS, ENOUGH_REVIEWERS = 30, 2
"""Items of every department and language that so many reviewers must have seen before labels count as reviewed."""


def covers(facts: dict[str, Any]) -> bool:
    """Whether at least two reviewers have seen 30 items of every department in both languages."""
    seen: dict[tuple[str, str], int] = {}
    for cell in facts["items"]:
        if cell["reviewers"] >= ENOUGH_REVIEWERS:
            key = cell["department"], cell["language"]
            seen[key] = seen.get(key, 0) + cell["items"]
    wanted = [(code, language) for code in load_taxonomy().departments for language in LANGUAGES]
    return facts["taxonomy"] == load_taxonomy().version and all(seen.get(key, 0) >= ENOUGH_ITEMS for key in wanted)


def reviewed(store: Store) -> bool:
    """Whether the labels of a run are reviewed, by what its folder holds; a file that is no review doesn't count."""
    path = f"{FOLDER}/{FILE}"
    if store.size(path) is None:
        return False
    try:
        return covers(json.loads(store.read(path)))
    except (ValueError, KeyError, TypeError):
        return False
