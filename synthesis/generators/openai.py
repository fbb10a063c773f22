"""The generator `openai`: any server that speaks OpenAI's chat completions (vLLM, SGLang, Ollama, llama.cpp, ...)."""

import asyncio
import os
import random
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field, PrivateAttr, field_validator, model_validator

from datagen.answers import BudgetSpent, Spent, key_of
from datagen.errors import DatagenError, UsageError
from datagen.generator import Generator, Request, Response, Usage
from datagen.licence import Licence
from datagen.record import count_tokens
from synthesis.generators.batched import CUT, repair_of, settled
from synthesis.generators.limiter import Limiter
from synthesis.generators.wire import Reply, Wire, checked_url

SLOWEST_RETRY = 30.0
"""Seconds at most between tries, jitter included."""
FIRST_RETRY = 0.5
OURS = {"model", "messages", "seed", "max_tokens", "temperature", "response_format", "stream"}
FATAL = {401: "refuses the key", 403: "refuses access", 404: "knows no such address or model"}


class OpenAI(Generator):
    """Asks servers over HTTP, as many calls at once as they bear, and remembers every answer that was paid for.

    Too many requests (429), overload and broken connections are tried again after a random, growing wait, or the one
    that the server asks for; refusals for load don't count as tries. Answers that should be JSON are held against the
    schema, and asked for again with the mistake named. The budget stops the run cleanly: calls under way are kept, and
    the next run with a larger one goes on from them.
    """

    url: str | tuple[str, ...] = Field(description="where the API is, like https://host/v1; several share the calls")
    model: str = Field(description="the model's name there")
    output_license: Licence = Field("NOASSERTION", description="SPDX licence of what the model writes, by its terms")
    revision: str = Field("", description="which weights that is; another one asks everything anew")
    key_env: str = Field("OPENAI_API_KEY", description="environment variable with the key, if the server wants one")
    private: bool = Field(False, description="the servers are in a private network: http is allowed, nothing leaves it")
    parallel: int = Field(256, ge=1, le=4096, description="calls at once per server, at most; how many is found out")
    tries: int = Field(6, ge=1, le=50, description="times a call is made before its text is given up")
    timeout: float = Field(300, gt=0, description="seconds for one answer")
    patience: float = Field(3600, gt=0, description="seconds for one text, waiting for a busy server included")
    repairs: int = Field(1, ge=0, le=5, description="times that an answer which isn't the JSON wanted is asked again")
    structured: Literal["json_schema", "json_object", "prompt"] = Field(
        "json_schema", description="how the server is told of a schema; `prompt`: only in words"
    )
    extra: dict[str, Any] = Field({}, description="more fields of the call, as the server knows them (top_p, ...)")
    price: tuple[float, float] = Field((0.0, 0.0), description="of a million tokens: of the prompt, of the answer")
    max_tokens_total: int | None = Field(None, ge=1, description="tokens after which the run stops")
    max_cost: float | None = Field(None, gt=0, description="cost after which the run stops, in the currency of `price`")

    _limiters: dict[str, Limiter] = PrivateAttr(default_factory=dict)

    @field_validator("extra")
    @classmethod
    def _not_ours(cls, extra: dict[str, Any]) -> dict[str, Any]:
        if ours := sorted(
            {"model", "messages", "seed", "max_tokens", "temperature", "response_format", "stream"} & {*extra}
        ):
            raise ValueError(f"{', '.join(ours)} can't be given as extra")
        return extra

    @model_validator(mode="after")
    def _usable(self) -> "OpenAI":
        try:
            for url in self.urls:
                checked_url(url, self.private)
        except UsageError as error:
            raise ValueError(f"{error}; {error.fix}") from None
        if self.max_cost is not None and not any(self.price):
            raise ValueError("max_cost needs the price of a million tokens: price: [2.5, 10]")
        return self

    @property
    def urls(self) -> tuple[str, ...]:
        return (self.url,) if isinstance(self.url, str) else self.url

    @property
    def license(self) -> str:
        return self.output_license

    @property
    def remote(self) -> bool:
        """A private server is not: its addresses are checked to be of a private network."""
        return not self.private

    def setup(self) -> None:
        self._limiters.update({checked_url(url, self.private): Limiter(self.parallel) for url in self.urls})

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        # In a thread of its own, for a notebook's thread already runs a loop.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, self._all(requests)).result()

    async def _all(self, requests: Sequence[Request]) -> list[Response]:
        if not self._limiters:
            self.setup()
        call = _Calls(self, Wire(os.environ.get(self.key_env), self.private, self.parallel * len(self._limiters)))
        try:
            return await _gathered([call.response(request) for request in requests], 4 * self.parallel)
        finally:
            await call.wire.close()
            if self._meter:
                self._meter.note()


async def _gathered(work: list[Coroutine], most: int) -> list[Any]:
    """Results in order, `most` under way at once. After a failure nothing new begins; what is under way ends."""
    results: list[Any] = [None] * len(work)
    waiting = iter(enumerate(work))
    failure: list[BaseException] = []

    async def worker() -> None:
        for place, coroutine in waiting:
            if failure:
                coroutine.close()
                continue
            try:
                results[place] = await coroutine
            except Exception as error:
                failure.append(error)

    await asyncio.gather(*(worker() for _ in range(min(most, len(work)))))
    if failure:
        raise failure[0]
    return results


class _Calls:
    """The calls of one batch."""

    def __init__(self, options: OpenAI, wire: Wire):
        self.options, self.wire = options, wire
        self._asked: dict[str, asyncio.Future] = {}
        self._stopped: DatagenError | None = None

    async def response(self, request: Request) -> Response:
        """Ask, and ask again while the answer isn't what the schema says."""
        talk = list(request.messages)
        prompt_tokens = completion_tokens = 0
        for turn in range(self.options.repairs + 1):
            reply = await self._remembered(self._payload(request, talk))
            if "error" in reply:
                return Response(request.id, "", finish_reason="error", error=reply["error"])
            prompt_tokens += reply["prompt_tokens"]
            completion_tokens += reply["completion_tokens"]
            response = settled(request, reply, Usage(prompt_tokens, completion_tokens), turn)
            if response.error != "schema":
                break
            talk = repair_of(request, reply["text"], response.trace["problem"])
        return response

    def _payload(self, request: Request, talk: list[dict[str, str]]) -> dict[str, Any]:
        options = self.options
        payload = {
            "model": options.model,
            "messages": talk,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed % 2**31,
            **options.extra,
        }
        if request.schema and options.structured == "json_schema":
            named = {"name": "answer", "schema": request.schema, "strict": True}
            payload["response_format"] = {"type": "json_schema", "json_schema": named}
        elif request.schema and options.structured == "json_object":
            payload["response_format"] = {"type": "json_object"}
        return payload

    async def _remembered(self, payload: dict[str, Any]) -> dict[str, Any]:
        """An answer from the cache, from a call of the same content under way, or from a server."""
        key = key_of([self.options.urls, self.options.revision, payload])
        if key in self._asked:
            return await asyncio.shield(self._asked[key])
        future = self._asked[key] = asyncio.get_running_loop().create_future()
        try:
            answers = self.options._answers
            found = await asyncio.to_thread(answers.get, key) if answers else None
            if found is None:
                found = await self._paid(payload, key)
                if answers and "error" not in found:
                    await asyncio.to_thread(answers.put, key, found)
        except BaseException as error:
            future.set_exception(error)
            future.exception()  # nobody else may be waiting
            raise
        future.set_result(found)
        return found

    async def _paid(self, payload: dict[str, Any], key: str) -> dict[str, Any]:
        options = self.options
        loop = asyncio.get_running_loop()
        end = loop.time() + options.patience
        # A text's waits depend on it alone; those of many are spread.
        draw = random.Random(key)
        tries = 0
        while True:
            url, limiter = min(options._limiters.items(), key=lambda item: item[1].load)
            await limiter.acquire()
            reply, throttled = Reply(0, failure="connection"), False
            try:
                self._check_budget()
                seconds = min(options.timeout, max(1.0, end - loop.time()))
                reply = await self.wire.post(f"{url}/chat/completions", payload, seconds, key)
                throttled = reply.status in (429, 503)
            finally:
                limiter.release(throttled, reply.retry_after)
            if reply.status in FATAL:
                self._stopped = DatagenError(
                    f"{url} {FATAL[reply.status]} ({reply.status})",
                    f"see to `url`, `model` ({options.model}) and the key in ${options.key_env}",
                )
                raise self._stopped
            answer = _answer(reply, payload)
            if answer is not None:
                if options._meter and "error" not in answer:
                    options._meter.count(Spent(1, answer["prompt_tokens"], answer["completion_tokens"]))
                return answer
            tries += not throttled
            if tries >= options.tries or loop.time() >= end:
                return {"error": _failure(reply)}
            longest = min(SLOWEST_RETRY, FIRST_RETRY * 2**tries)
            await asyncio.sleep(max(reply.retry_after, draw.uniform(0, longest)))

    def _check_budget(self) -> None:
        if self._stopped:
            raise self._stopped
        options, meter = self.options, self.options._meter
        if meter is None or (options.max_tokens_total is None and options.max_cost is None):
            return
        spent = meter.total()
        cost = spent.cost(*options.price)
        over = (options.max_tokens_total is not None and spent.tokens >= options.max_tokens_total) or (
            options.max_cost is not None and cost >= options.max_cost
        )
        if over:
            self._stopped = BudgetSpent(
                f"the budget is spent: {spent.calls:,} calls, {spent.tokens:,} tokens, cost {cost:,.2f}",
                "raise max_tokens_total or max_cost and run again: every answer so far is kept",
            )
            raise self._stopped


def _answer(reply: Reply, payload: dict[str, Any]) -> dict[str, Any] | None:
    """What a reply says, an error that trying again can't mend, or None where it might."""
    if reply.status and reply.status != 200:
        mendable = reply.status in (408, 409, 425, 429) or reply.status >= 500
        return None if mendable else {"error": f"http_{reply.status}"}
    try:
        choice = reply.body["choices"][0]
        message = choice["message"]
        if message.get("refusal") or choice.get("finish_reason") == "content_filter":
            return {"error": "refused"}
        text = message["content"] or ""
        if not isinstance(text, str):
            return None
    except (KeyError, IndexError, TypeError, AttributeError):
        return None
    thought = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(thought, str) and thought:
        text = f"<think>{thought}</think>{text}"
    cut = choice.get("finish_reason") == CUT
    if not text and not cut:
        return None
    return {"text": text, "finish_reason": CUT if cut else "stop"} | _usage(reply.body, payload, text)


def _usage(body: dict[str, Any], payload: dict[str, Any], text: str) -> dict[str, int]:
    """The server's count of tokens, or our estimate where it has none."""
    usage = body.get("usage") or {}
    counts = [usage.get(name) if isinstance(usage, dict) else None for name in ("prompt_tokens", "completion_tokens")]
    if not all(isinstance(count, int) and count >= 0 for count in counts):
        asked = "".join(message["content"] for message in payload["messages"])
        counts = count_tokens(pa.array([asked, text])).to_pylist()
    return dict(zip(("prompt_tokens", "completion_tokens"), counts, strict=True))


def _failure(reply: Reply) -> str:
    if reply.failure:
        return reply.failure
    return {200: "no_answer", 429: "rate_limit"}.get(reply.status, f"http_{reply.status}")
