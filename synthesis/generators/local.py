"""The generator `transformers`: a model on this machine."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from datagen.answers import key_of
from datagen.errors import UsageError
from datagen.generator import Generator, Request, Response
from datagen.licence import Licence
from synthesis.generators.batched import Talk, answered

if TYPE_CHECKING:
    import torch


class Local(Generator):
    """Writes with a causal language model of Hugging Face's format, from a folder or the hub.

    Only safetensors are read and no code that comes with a model is run. A text depends on its request alone, not on
    what is in the batch with it: each draws its own random numbers.
    """

    model: str = Field(description="a folder, or a name on the hub")
    revision: str | None = Field(None, description="which version of a model on the hub")
    output_license: Licence = Field("NOASSERTION", description="SPDX licence of what the model writes, by its terms")
    batch: int = Field(16, ge=1, description="texts written at once")
    device: str = Field("cpu", description="cpu, cuda, cuda:1, ...")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field("auto", description="of the weights in memory")
    repairs: int = Field(1, ge=0, le=5, description="times that an answer which isn't the JSON wanted is asked again")

    @property
    def license(self) -> str:
        return self.output_license

    def setup(self) -> None:
        _opened(self.model, self.revision, self.device, self.dtype)

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        identity = ["transformers", self.model, self.revision, _fingerprint(self.model), self.dtype]
        return answered(requests, self._ask, identity, self._answers, self.repairs)

    def _ask(self, talks: list[Talk]) -> list[dict[str, Any]]:
        model = _opened(self.model, self.revision, self.device, self.dtype)
        order = sorted(range(len(talks)), key=lambda i: talks[i][0].max_tokens)
        replies: list[dict[str, Any]] = [{}] * len(talks)
        for start in range(0, len(order), self.batch):
            places = order[start : start + self.batch]
            for place, reply in zip(places, model.write([talks[i] for i in places]), strict=True):
                replies[place] = reply
        return replies


@lru_cache(maxsize=1)
def _opened(name: str, revision: str | None, device: str, dtype: str) -> "_Model":
    return _Model(name, revision, device, dtype)


def _fingerprint(name: str) -> str:
    """Of a model in a folder: names, sizes and times of its files, so that new weights aren't answered for by old."""
    folder = Path(name)
    if not folder.is_dir():
        return ""
    files = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in sorted(folder.iterdir()) if f.is_file()]
    return key_of(files)


class _Model:
    def __init__(self, name: str, revision: str | None, device: str, dtype: str):
        from transformers import AutoModelForCausalLM, AutoTokenizer

        safe = {"revision": revision, "trust_remote_code": False}
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(name, padding_side="left", **safe)
            model = AutoModelForCausalLM.from_pretrained(name, dtype=dtype, use_safetensors=True, **safe)
        except (OSError, ValueError) as error:
            raise UsageError(f"the model {name} can't be opened: {error}", "see to `model` and `revision`") from None
        self.model = model.to(device).eval()
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        room = getattr(model.config, "max_position_embeddings", None)
        self.room = room or self.tokenizer.model_max_length

    def write(self, talks: list[Talk]) -> list[dict[str, Any]]:
        import torch

        replies: list[dict[str, Any]] = [{"error": "prompt_too_long"}] * len(talks)
        prompts = [self._prompt(talk) for _, talk in talks]
        fitting = [i for i, p in enumerate(prompts) if len(p) + talks[i][0].max_tokens <= self.room]
        if not fitting:
            return replies
        batch = self.tokenizer.pad({"input_ids": [prompts[i] for i in fitting]}, return_tensors="pt")
        batch = batch.to(self.model.device)
        requests = [talks[i][0] for i in fitting]
        longest = max(r.max_tokens for r in requests)
        with torch.inference_mode():
            # Greedy over noisy scores (Gumbel-max) is sampling whose randomness each row brings along.
            out = self.model.generate(
                **batch, max_new_tokens=longest, do_sample=False, logits_processor=[_Gumbel(requests)]
            )
        for i, request, row in zip(fitting, requests, out[:, batch["input_ids"].shape[1] :].tolist(), strict=True):
            replies[i] = self._reply(row[: request.max_tokens], len(prompts[i]))
        return replies

    def _prompt(self, talk: list[dict[str, str]]) -> list[int]:
        if self.tokenizer.chat_template:
            text = self.tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
        else:
            text = "\n\n".join(message["content"] for message in talk) + "\n\n"
        return self.tokenizer(text, add_special_tokens=not self.tokenizer.chat_template)["input_ids"]

    def _reply(self, row: list[int], prompt_tokens: int) -> dict[str, Any]:
        ends = self.model.generation_config.eos_token_id
        ends = {*ends} if isinstance(ends, list) else {ends}
        end = next((place for place, token in enumerate(row) if token in ends), None)
        text = self.tokenizer.decode(row[:end], skip_special_tokens=True).strip()
        written = len(row) if end is None else end + 1
        reason = "length" if end is None else "stop"
        return {"text": text, "finish_reason": reason, "prompt_tokens": prompt_tokens, "completion_tokens": written}


class _Gumbel:
    """Adds noise to scores such that the largest is a draw from their softmax at the request's temperature.

    logits: float[batch, vocabulary]. Row i draws from a generator seeded by its request.
    """

    def __init__(self, requests: Sequence[Request]):
        import torch

        self._requests = requests
        self._draws = [torch.Generator().manual_seed(request.seed % 2**63) for request in requests]

    def __call__(self, input_ids: "torch.Tensor", scores: "torch.Tensor") -> "torch.Tensor":
        import torch

        rows = []
        for request, draw, row in zip(self._requests, self._draws, scores, strict=True):
            if request.temperature > 0:
                uniform = torch.rand(row.shape, generator=draw, dtype=torch.float64).clamp_min(1e-30)
                row = row / request.temperature - torch.log(-torch.log(uniform)).to(row)
            rows.append(row)
        return torch.stack(rows)
