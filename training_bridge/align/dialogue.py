"""Dialogues as tokens by the model's chat template, with the assistant's own marked."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from transformers import PreTrainedTokenizerBase

from datagen.errors import UsageError

Messages = Sequence[Mapping[str, str]]
PLACE = re.compile("\ue000([0-9]+)\ue001")


class Tokens(NamedTuple):
    """int32 [n], and which of them the assistant says: bool [n]."""

    ids: np.ndarray
    said: np.ndarray


def encode(
    tokenizer: PreTrainedTokenizerBase,
    messages: Messages,
    *,
    answered: bool = True,
    around: tuple[np.ndarray, np.ndarray] | None = None,
) -> Tokens:
    """A dialogue as the chat template writes it. Special tokens spelt out in a message are read as plain text, so that
    no message can forge a turn.

    `answered`: it ends with the assistant's turn, and the end token behind it, which belongs to what the assistant
    says. Otherwise the assistant's turn is opened, for the model to go on. `around`: tokens that are put before and
    behind the user's last message, within its turn.

    Raises UsageError where the tokenizer has no chat template, ValueError for a dialogue that the template refuses.
    """
    if tokenizer.chat_template is None:
        raise UsageError("the model's tokenizer has no chat template", "align a model that was made for dialogues")
    places = [{"role": m["role"], "content": f"\ue000{number}\ue001"} for number, m in enumerate(messages)]
    try:
        # Contents are put in afterwards: in a rendered text nobody can tell a turn from a forged one.
        text = tokenizer.apply_chat_template(places, tokenize=False, add_generation_prompt=not answered)
    except Exception as error:
        raise ValueError(f"the chat template refuses the dialogue: {type(error).__name__}") from None
    last = max((n for n, m in enumerate(messages) if m["role"] == "user"), default=None)
    ids: list[int] = []
    said: list[bool] = []
    for number, piece in enumerate(PLACE.split(text)):
        if not piece:
            continue
        content = number % 2 == 1
        message = messages[int(piece)] if content else None
        words = message["content"] if content else piece
        found = tokenizer(words, add_special_tokens=False, split_special_tokens=content)["input_ids"]
        if around is not None and content and int(piece) == last:
            found = [*around[0].tolist(), *found, *around[1].tolist()]
        ids += found
        said += [content and message["role"] == "assistant"] * len(found)
    if answered:
        ids.append(tokenizer.eos_token_id)
        said.append(True)
    return Tokens(np.array(ids, np.int32), np.array(said, bool))


def question(prompt: str) -> Messages:
    return [{"role": "user", "content": prompt}]


def answer(prompt: str, response: str) -> Messages:
    return [*question(prompt), {"role": "assistant", "content": response}]


def text_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> np.ndarray:
    """Plain text, as part of a turn: int32."""
    found = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return np.array(found, np.int32)
