"""A conversation with a local causal language model, ours or another."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, TextStreamer, set_seed

import training_bridge.m1  # noqa: F401  registers Baichuan-M1
from datagen.errors import UsageError
from training_bridge.export import ends_of_turn


class Conversation:
    """Keeps the turns and answers them with the model in `folder` (safetensors and tokenizer).

    A model without a chat template continues the conversation's text. What no longer fits the context is forgotten,
    oldest turns first, the system's last. `trust_remote_code` runs Python files of the folder.

    Raises UsageError where the folder can't be loaded.
    """

    def __init__(self, folder: Path, *, system: str | None = None, trust_remote_code: bool = False):
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
            model = AutoModelForCausalLM.from_pretrained(
                folder, trust_remote_code=trust_remote_code, use_safetensors=True, dtype="auto"
            )
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise UsageError(
                f"{folder} can't be loaded as a causal language model: {type(error).__name__}",
                "it must hold config.json, *.safetensors and a tokenizer; code of its own needs --trust-remote-code",
            ) from error
        self._model: Any = model.eval().to("cuda" if torch.cuda.is_available() else "cpu")
        self._ends = ends_of_turn(model, self._tokenizer)
        self._system = [{"role": "system", "content": system}] if system else []
        self.turns: list[dict[str, str]] = []

    def answer(
        self,
        text: str,
        *,
        max_new_tokens: int = 256,
        temperature: float = 0.7,
        seed: int | None = None,
        on_text: Callable[[str], Any] = sys.stdout.write,
    ) -> str:
        """The answer to `text`, given to `on_text` piece by piece as it comes; temperature 0 takes the likeliest token.

        Raises UsageError for a text that does not fit the model's context; the conversation is then as before.
        """
        turns = [*self.turns, {"role": "user", "content": text}]
        inputs, turns = self._fit(turns, max_new_tokens)
        if seed is not None:
            set_seed(seed)
        sampling = {"do_sample": True, "temperature": temperature} if temperature > 0 else {"do_sample": False}
        found = self._model.generate(
            **inputs,
            **sampling,
            max_new_tokens=max_new_tokens,
            eos_token_id=self._ends or None,
            pad_token_id=self._tokenizer.pad_token_id or (self._ends or [0])[0],
            streamer=_Streamer(self._tokenizer, on_text),
        )
        new = found[0, inputs["input_ids"].shape[1] :]
        answer = printable(self._tokenizer.decode(new, skip_special_tokens=True))
        self.turns = [*turns, {"role": "assistant", "content": answer}]
        return answer

    def _fit(self, turns: list[dict[str, str]], max_new_tokens: int) -> tuple[Any, list[dict[str, str]]]:
        context = getattr(self._model.config.get_text_config(), "max_position_embeddings", None) or sys.maxsize
        while True:
            inputs = self._encode([*self._system, *turns])
            if inputs["input_ids"].shape[1] + max_new_tokens <= context:
                return inputs.to(self._model.device), turns
            if len(turns) <= 2:
                raise UsageError(
                    f"that and an answer of {max_new_tokens} tokens don't fit the model's {context} tokens",
                    "say it shorter, or lower --max-tokens",
                )
            turns = turns[2:]

    def _encode(self, turns: list[dict[str, str]]) -> Any:
        if self._tokenizer.chat_template is None:
            return self._tokenizer("\n".join(turn["content"] for turn in turns), return_tensors="pt")
        return self._tokenizer.apply_chat_template(
            turns, add_generation_prompt=True, return_dict=True, return_tensors="pt"
        )


class _Streamer(TextStreamer):
    def __init__(self, tokenizer: Any, on_text: Callable[[str], Any]):
        super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self._on_text = on_text

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        self._on_text(printable(text))


def printable(text: str) -> str:
    """Without control characters: a model's text must not steer the terminal."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable())
