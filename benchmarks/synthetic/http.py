"""The HTTP generator at a server's own limit, and under faults: throughput, calls made twice, rows lost.

The server is the scripted one of the tests, in a process of its own: 256 slots, answers after 50 ms to 2 s. Its own
maximum is its slots over its mean time of an answer.
"""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datagen.generator import Request
from synthesis.generators.openai import OpenAI

SLOTS = 256
SLOW = (0.05, 2.0)
REQUESTS = 12_000
FAULTS = {"429": 0.05, "500": 0.05, "cut": 0.05, "empty": 0.05}


@contextmanager
def serving(**script) -> Iterator[str]:
    """A scripted server's address."""
    command = [sys.executable, "-m", "tests.synthesis.scripted_server", json.dumps(script)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root) as server:
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.stdin.close()
            server.wait(10)


def counts(address: str) -> dict:
    return json.load(urllib.request.urlopen(f"{address}/counts", timeout=30))


def requests(number: int) -> list[Request]:
    return [Request(str(i), ({"role": "user", "content": f"say {i}"},)) for i in range(number)]


def measure(data: Path) -> None:
    del data
    ideal = SLOTS / (sum(SLOW) / 2)
    with serving(slots=SLOTS, refuse=True, slow=SLOW) as address:
        generator = OpenAI(url=f"{address}/v1", model="m", private=True, parallel=SLOTS, tries=50)
        # Each batch ends with its slowest answers: what counts is the rate while there is work.
        start = time.monotonic()
        found = generator.generate(requests(REQUESTS))
        seconds = time.monotonic() - start
        served = counts(address)
    steady = (REQUESTS - SLOTS) / (seconds - SLOW[1])
    print(
        f"{REQUESTS:,} calls in {seconds:.1f} s: {REQUESTS / seconds:.0f}/s, {steady / ideal:.3f} of the server's own"
    )
    print(f"{ideal:.0f}/s in the steady state (target .95), {REQUESTS / seconds / ideal:.3f} with start and end")
    print(f"rows lost {sum(r.error is not None for r in found)}, refused {served.get('refused', 0)}")
    with serving(slots=SLOTS, slow=(0.05, 0.5), faults=FAULTS) as address:
        generator = OpenAI(url=f"{address}/v1", model="m", private=True, parallel=SLOTS, tries=50)
        found = generator.generate(requests(4000))
        served = counts(address)
    lost = sum(r.error is not None or r.text != f"echo: say {r.id}" for r in found)
    extra = served["repeated"] / len(found)
    print(f"20 % injected faults, {len(found):,} texts, {served['calls']:,} calls: rows lost {lost} (target 0)")
    print(f"answered whole and asked again: {extra:.2%} (target <= 2 %)")
