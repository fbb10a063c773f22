"""The turns of a record: the messages of a dialogue, or the text alone; and writing them back after a change."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from datagen.record import with_column

SEPARATOR = "\n\n"
"""Between the messages of a dialogue that is rendered into its text."""


def turns_of(row: Mapping[str, Any]) -> list[str] | None:
    """The turns of a record (text, messages); None where its text is not what its messages say."""
    turns = [message["content"] or "" for message in row["messages"]] if row["messages"] else [row["text"]]
    return turns if SEPARATOR.join(turns) == row["text"] else None


def with_turns(rows: pa.Table, changed: Mapping[int, Sequence[str]]) -> pa.Table:
    """The rows with other turns at some positions, as many as there were, in `text` and `messages`."""
    if not changed:
        return rows
    texts, dialogues = rows["text"].to_pylist(), rows["messages"].to_pylist()
    for row, turns in changed.items():
        texts[row] = SEPARATOR.join(turns)
        if dialogues[row]:
            dialogues[row] = [{**m, "content": turn} for m, turn in zip(dialogues[row], turns, strict=True)]
    return with_column(with_column(rows, "text", texts), "messages", dialogues)
