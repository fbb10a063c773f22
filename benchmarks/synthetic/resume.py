"""A run with a paid endpoint, killed at random points and resumed: how many answers are paid for twice.

The endpoint is the scripted server, which counts. A killed run may lose what was under way at that moment, no more.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.synthetic.http import counts, serving

KILLS = 20
TEXTS = 400
PARALLEL = 16
WORKER = """
import sys
from datagen.answers import Answers, Meter
from datagen.store import Store
from synthesis.generators.openai import OpenAI
from benchmarks.synthetic.http import requests
generator = OpenAI(url=sys.argv[1], model="m", private=True, parallel=int(sys.argv[3]))
store = Store(sys.argv[2])
generator.remember(Answers(store), Meter(store))
found = generator.generate(requests(int(sys.argv[4])))
print(sum(r.text == f"echo: say {r.id}" for r in found))
"""


def measure(data: Path) -> None:
    del data
    rng = random.Random(0)
    root = Path(__file__).resolve().parents[2]
    with TemporaryDirectory() as folder, serving(slow=(0.1, 0.4)) as address:
        command = [sys.executable, "-c", WORKER, f"{address}/v1", folder, str(PARALLEL), str(TEXTS)]
        kills, done = 0, ""
        while not done:
            before = counts(address).get("calls", 0)
            run = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
            if kills < KILLS:
                while counts(address).get("calls", 0) == before and run.poll() is None:
                    time.sleep(0.02)  # it is at work
                time.sleep(rng.uniform(0, 0.4))
                if run.poll() is None:
                    os.kill(run.pid, signal.SIGKILL)
                    kills += 1
            done = run.communicate()[0].strip()
        calls = counts(address)["calls"]
    print(f"{TEXTS} texts, killed {kills} times, {done} right at the end, {calls} calls: {calls - TEXTS} paid twice")
    print(f"under way at the kills, at most: {kills * PARALLEL} (target: no more than that)")
