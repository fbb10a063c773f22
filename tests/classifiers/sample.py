"""The bundled corpus as records, and a classifier trained on it."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

import pyarrow as pa

from classifiers.examples import TRAIN, VALIDATION, gather, merge
from classifiers.heads import HEADS
from classifiers.learn import Learnt, learn
from datagen.record import record_id, table

ALL = list(HEADS.values())
TYPES = {"textbook": "TEXT", "dialogues": "DIALOG", "general": "OTHER", "cases": "CASE"}


@cache
def sample_rows() -> pa.Table:
    """Textbook chapters, dialogues and general text to train on; cases, an unseen genre, to measure on."""
    rows = []
    for kind in ("textbook", "dialogues", "general", "cases"):
        for language in ("en", "zh"):
            text = (files("datagen") / "sample" / kind / f"{language}.jsonl").read_text("utf-8")
            for entry in map(json.loads, text.splitlines()):
                body = entry.get("text") or "\n".join(turn["content"] for turn in entry["messages"])
                rows.append(
                    {
                        "id": record_id(kind, entry["id"] + body[:20]),
                        "group": entry.get("patient", entry["id"]),
                        "split": VALIDATION if kind == "cases" else TRAIN,
                        "text": body,
                        "language": language,
                        "source": kind,
                        "source_id": entry["id"],
                        "license": entry["license"],
                        "department": entry["department"],
                        "content_type": TYPES[kind],
                    }
                )
    return table(rows)


@cache
def sample_learnt() -> Learnt:
    return learn(merge([gather([sample_rows()], ALL, True, 1000, 0)], ALL, 1000, 0), 0.93, 0)


def saved(folder: Path) -> Path:
    sample_learnt().save(folder)
    return folder
