"""A server that speaks OpenAI's chat completions and goes wrong as told, in ways that real ones do.

    python -m tests.synthesis.scripted_server '{"slots": 64, "slow": [0.05, 2], "faults": {"500": 0.1}}'

prints its port and serves until its input is closed. GET /counts says what it has done.
"""

import asyncio
import json
import random
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

FAULTS = ("429", "500", "cut", "hang", "truncated", "bad_json", "wrong_schema", "empty")


@dataclass
class Script:
    """How the server behaves. `faults`: share of calls that go wrong, by kind; `slots`: answers it works on at once,
    the rest wait, or with `refuse` get 429; `slow`: seconds that an answer takes, from and to."""

    slots: int = 10_000
    refuse: bool = False
    slow: tuple[float, float] = (0.0, 0.0)
    faults: dict[str, float] = field(default_factory=dict)
    first: list[str] = field(default_factory=list)
    """Faults of the first calls, in order ("" for none), before chance decides."""
    retry_after: float = 0.0
    same_id: bool = False
    key: str | None = None
    seed: int = 0


class Server:
    """Counts: `calls` it got, `answered` whole, `refused`, faults by kind; `bodies` that it was sent."""

    def __init__(self, script: Script):
        self.script = script
        self.counts: Counter[str] = Counter()
        self.bodies: list[dict] = []
        self.headers: list[dict] = []
        self.most_at_once = 0
        self._answered: Counter[str] = Counter()
        self._rng = random.Random(script.seed)
        self._working = 0

    async def start(self) -> int:
        self._slots = asyncio.Semaphore(self.script.slots)
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=4096)
        return self._server.sockets[0].getsockname()[1]

    def totals(self) -> dict:
        repeated = sum(n - 1 for n in self._answered.values())
        return {**self.counts, "repeated": repeated, "most_at_once": self.most_at_once}

    async def _connection(self, reader, writer):
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._request(reader, writer):
                pass
        writer.close()

    async def _request(self, reader, writer) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:]) if k}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if head[0].startswith("GET"):
            return self._send(writer, 200, self.totals())
        self.counts["calls"] += 1
        if self.script.key and headers.get("authorization") != f"Bearer {self.script.key}":
            return self._send(writer, 401, {"error": "no such key"})
        asked = json.loads(body)
        self.bodies.append(asked)
        self.headers.append(headers)
        fault = self._fault()
        self.counts[fault or "fine"] += 1
        if fault == "429" or (self.script.refuse and self._working >= self.script.slots):
            self.counts["refused"] += 1
            return self._send(writer, 429, {"error": "busy"}, {"Retry-After": str(self.script.retry_after)})
        self._working += 1
        try:
            async with self._slots:
                self.most_at_once = max(self.most_at_once, self.script.slots - self._slots._value)
                await asyncio.sleep(self._rng.uniform(*self.script.slow))
                return await self._answer(writer, asked, fault, headers.get("idempotency-key", ""))
        finally:
            self._working -= 1

    def _fault(self) -> str:
        if self.script.first:
            return self.script.first.pop(0)
        draw = self._rng.random()
        for kind, share in self.script.faults.items():
            draw -= share
            if draw < 0:
                return kind
        return ""

    async def _answer(self, writer, asked: dict, fault: str, key: str) -> bool:
        if fault == "500":
            return self._send(writer, 500, {"error": "broken"})
        if fault == "hang":
            await asyncio.sleep(30)
        schema = asked.get("response_format", {}).get("json_schema", {}).get("schema")
        text = (
            json.dumps(example(schema), ensure_ascii=False) if schema else f"echo: {asked['messages'][-1]['content']}"
        )
        reason = "stop"
        if fault == "truncated":
            text, reason = text[: len(text) // 2], "length"
        if fault == "bad_json":
            text = f"Sure! {text[:-1]}"
        if fault == "wrong_schema":
            text = json.dumps({"surprise": 1})
        if fault == "empty":
            text = ""
        number = 0 if self.script.same_id else self.counts["calls"]
        reply = {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "model": asked["model"],
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }
        if fault == "cut":
            data = json.dumps(reply).encode()
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data[: len(data) // 2])
            writer.close()
            return False
        self.counts["answered"] += 1
        if not fault:
            self._answered[key] += 1
        return self._send(writer, 200, reply)

    def _send(self, writer, status: int, body: dict, headers: dict | None = None) -> bool:
        data = json.dumps(body, ensure_ascii=False).encode()
        more = "".join(f"{k}: {v}\r\n" for k, v in (headers or {}).items())
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n{more}\r\n"
        writer.write(head.encode() + data)
        return True


def example(schema: dict) -> object:
    """Something that a schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: example(part) for name, part in schema["properties"].items()}
    if kind == "array":
        return [example(schema["items"])] * max(1, schema.get("minItems", 1))
    return {"string": "words", "number": 1.5, "integer": schema.get("maximum", 1), "boolean": True}[kind]


class Serving:
    """The server in a thread: `with Serving(Script(...)) as server: server.url`."""

    def __init__(self, script: Script):
        self.server = Server(script)

    def __enter__(self) -> "Serving":
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self.server.start(), self._loop).result(10)
        self.url = f"http://127.0.0.1:{self.port}/v1"
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _stop(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    @property
    def counts(self) -> dict:
        return Counter(self.server.totals())


async def _main(script: Script) -> None:
    print(await Server(script).start(), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(Script(**json.loads(sys.argv[1]))))
