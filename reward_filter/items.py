"""Records as what was asked and what was answered."""

import pyarrow as pa

from reward_filter.corrupt import Item


def parts(rows: pa.Table) -> tuple[list[str], list[str]]:
    """Prompts and responses: of a dialogue the last message and what came before it, else "" and the text."""
    prompts, responses = [], []
    for text, messages in zip(rows["text"].to_pylist(), rows["messages"].to_pylist(), strict=True):
        prompts.append("\n\n".join(m["content"] for m in messages[:-1]) if messages else "")
        responses.append(messages[-1]["content"] if messages else text)
    return prompts, responses


def items(rows: pa.Table) -> list[Item]:
    """What can be corrupted, row for row."""
    columns = [rows[name].to_pylist() for name in ("id", "language", "group", "split")]
    return [
        Item(id, prompt, response, language, group, split)
        for id, prompt, response, language, group, split in zip(columns[0], *parts(rows), *columns[1:], strict=True)
    ]
