"""The generator `ray_llm`: vLLM in the cluster, placed and fed by Ray Data."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from datagen.errors import DatagenError, UsageError
from datagen.generator import Generator, Request, Response
from datagen.licence import Licence
from synthesis.generators.batched import Talk, answered

ENGINE = "vllm"


class RayLLM(Generator):
    """Writes with vLLM engines that `ray.data.llm` starts on the cluster's GPUs. One bad prompt is one error, not the
    run's end; JSON answers are decoded under their schema.
    """

    model: str = Field(description="a folder that every node sees, or a name on the hub")
    output_license: Licence = Field("NOASSERTION", description="SPDX licence of what the model writes, by its terms")
    engines: int = Field(1, ge=1, description="copies of the model")
    batch: int = Field(64, ge=1, description="texts that one engine takes at once")
    accelerator: str | None = Field(None, description="which GPUs (A100, H100, ...), where a cluster has several kinds")
    engine: dict[str, Any] = Field({}, description="options of vLLM's engine: tensor_parallel_size, max_model_len, ...")
    repairs: int = Field(1, ge=0, le=5, description="times that an answer which isn't the JSON wanted is asked again")

    @property
    def license(self) -> str:
        return self.output_license

    def setup(self) -> None:
        from importlib.util import find_spec

        if find_spec(ENGINE) is None:
            raise UsageError(
                "the generator ray_llm needs vLLM, which is not installed",
                "on machines with GPUs: pip install vllm; elsewhere use the generator openai or transformers",
            )

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        identity = ["ray_llm", self.model, self.engine]
        return answered(requests, self._ask, identity, self._answers, self.repairs)

    def config(self) -> Any:
        """The processor's configuration, as `ray.data.llm` takes it."""
        from ray.data.llm import vLLMEngineProcessorConfig

        return vLLMEngineProcessorConfig(
            model_source=self.model,
            engine_kwargs=self.engine,
            concurrency=self.engines,
            batch_size=self.batch,
            accelerator_type=self.accelerator,
            should_continue_on_error=True,
        )

    def _ask(self, talks: list[Talk]) -> list[dict[str, Any]]:
        import ray.data
        from ray.data.llm import build_processor

        self.setup()
        rows = [asked(place, request, talk) for place, (request, talk) in enumerate(talks)]
        processor = build_processor(self.config(), preprocess=lambda row: row, postprocess=lambda row: row)
        found = {row["place"]: reply(row) for row in processor(ray.data.from_items(rows)).iter_rows()}
        if missing := len(talks) - len(found):
            raise DatagenError(f"{missing} of {len(talks)} prompts never came back from the engines", "run again")
        return [found[place] for place in range(len(talks))]


def asked(place: int, request: Request, talk: list[dict[str, str]]) -> dict[str, Any]:
    """One row for the engines."""
    sampling: dict[str, Any] = {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed % 2**31,
    }
    if request.schema:
        # Free white space lets a model write nothing else, without end.
        sampling["structured_outputs"] = {"json": request.schema, "disable_any_whitespace": True}
    return {"place": place, "limit": request.max_tokens, "messages": talk, "sampling_params": sampling}


def reply(row: dict[str, Any]) -> dict[str, Any]:
    """What an engine's row says. A text that used up its tokens was cut: the row doesn't say why it ended."""
    if row.get("__inference_error__"):
        return {"error": "engine"}
    written = int(row["num_generated_tokens"])
    cut = written >= row["limit"]
    return {
        "text": row["generated_text"],
        "finish_reason": "length" if cut else "stop",
        "prompt_tokens": int(row["num_input_tokens"]),
        "completion_tokens": written,
    }
