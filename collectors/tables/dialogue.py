"""Turns of a dialogue, whatever convention a file has for them."""

import json
import re
from typing import Any

from datagen.errors import InputError

_ROLES = {
    "system": "system",
    "user": "user",
    "human": "user",
    "patient": "user",
    "guest_family": "user",
    "患者": "user",
    "病人": "user",
    "家属": "user",
    "用户": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
    "doctor": "assistant",
    "guest_clinician": "assistant",
    "医生": "assistant",
    "医师": "assistant",
    "大夫": "assistant",
    "助手": "assistant",
}
_SPEAKER = re.compile(r"\s*([^\W\d]\w{0,30})\s*[:：]\s*(.*)", re.DOTALL)

Message = dict[str, str]


def as_messages(value: Any) -> list[Message]:
    """Messages of role and content, from a list (or its JSON) of {role, content}, of {from, value}, of {question,
    answer} or such pairs, or of alternating strings; or from one text whose lines begin with who speaks (`Doctor: ...`,
    `患者：...`), where what one speaker says in a row is one turn. Nothing is an empty list.

    Raises InputError(bad_messages).
    """
    if isinstance(value, str):
        value = _from_text(value.strip().strip('"'))
    if value is None:
        return []
    if not isinstance(value, list):
        raise InputError("bad_messages")
    value = [side for turn in value for side in _sides(turn)]
    messages = []
    for number, turn in enumerate(value):
        role, content = ("user", "assistant")[number % 2], turn
        if isinstance(turn, dict):
            role = _role(turn.get("role", turn.get("from")))
            content = turn.get("content", turn.get("value"))
        if role is None or not isinstance(content, str):
            raise InputError("bad_messages")
        messages.append({"role": role, "content": content})
    return messages


def _sides(turn: Any) -> list[Any]:
    """What two speakers say, where a turn is a question and its answer."""
    if isinstance(turn, dict) and {"question", "answer"} <= set(turn):
        return [turn["question"], turn["answer"]]
    return turn if isinstance(turn, list) and len(turn) == 2 else [turn]


def _from_text(text: str) -> Any:
    if not text:
        return None
    if text.startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise InputError("bad_messages") from None
    turns: list[Message] = []
    for line in text.splitlines():
        found = _SPEAKER.fullmatch(line)
        if found and (role := _role(found[1])):
            if turns and turns[-1]["role"] == role:
                turns[-1]["content"] += f"\n{found[2]}"
            else:
                turns.append({"role": role, "content": found[2]})
        elif turns:
            turns[-1]["content"] += f"\n{line}"
        elif line.strip():
            raise InputError("bad_messages")
    return turns


def _role(name: Any) -> str | None:
    return _ROLES.get(name.strip().lower()) if isinstance(name, str) else None
