"""`ray job submit --working-dir . -- datagen run ...` on a real head with token authentication."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from datagen.events import read_events
from datagen.store import Store
from datagen.verify import verify_run
from tests.conftest import TOY
from tests.datagen.runs import write_inputs, write_recipe

BIN = Path(sys.executable).parent
SLOW = ["--set", "left.pause=0.02", "--set", "right.pause=0.02"]
PATIENCE = 180


@dataclass(frozen=True)
class Head:
    """A cluster of one node, and the environment in which commands reach it."""

    url: str
    env: dict[str, str]

    def command(self, *arguments: object) -> subprocess.Popen:
        return subprocess.Popen(
            [*map(str, arguments)], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def submit(self, folder: Path, *command: object, name: str | None = None) -> subprocess.Popen:
        """`ray job submit`, which ends with its job."""
        named = ["--submission-id", name] if name else []
        ray = [BIN / "ray", "job", "submit", "--address", self.url, "--working-dir", folder, *named, "--", *command]
        return self.command(*ray)


@pytest.fixture(scope="module")
def head():
    """Its Python knows datagen, and no stage of tests/toy: these come with the working directory."""
    temp = tempfile.mkdtemp(prefix="ray", dir="/tmp")  # the paths of sockets are short
    ports = free_ports(4)
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "RAY_ADDRESS")}
    env |= {
        "PATH": f"{BIN}{os.pathsep}{env['PATH']}",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }
    options = {
        "port": ports[0],
        "dashboard-port": ports[1],
        "dashboard-agent-listen-port": ports[2],
        "ray-client-server-port": ports[3],
        "min-worker-port": 0,
        "max-worker-port": 0,
        "num-cpus": 2,
        "object-store-memory": 128 << 20,
        "temp-dir": temp,
    }
    command = [BIN / "ray", "start", "--head", "--block", "--disable-usage-stats"]
    command += [f"--{name}={value}" for name, value in options.items()]
    with open(Path(temp) / "head.log", "w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{ports[1]}"
    try:
        wait_until(lambda: status(url) is not None or process.poll() is not None)
        assert process.poll() is None, (Path(temp) / "head.log").read_text()
        yield Head(url, env)
    finally:
        tree = [*psutil.Process(process.pid).children(recursive=True), process]
        for one in tree:
            one.kill()
        process.wait()
        psutil.wait_procs(tree[:-1], timeout=10)
        shutil.rmtree(temp, ignore_errors=True)


@pytest.fixture
def folder(tmp_path) -> Path:
    """What a user has in the working directory: a recipe, raw files, a package of stages."""
    working = tmp_path / "work"
    shutil.copytree(TOY, working, ignore=shutil.ignore_patterns("__pycache__"))
    write_inputs(working, files=2, lines=12)
    write_recipe(working)
    return working


def free_ports(count: int) -> list[int]:
    found = [socket.create_server(("", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in found]
    for one in found:
        one.close()
    return ports


def wait_until(condition, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def status(url: str) -> int | None:
    """HTTP status for someone without a token; None where nobody answers."""
    try:
        with urllib.request.urlopen(f"{url}/api/jobs/", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def done_by_driver(run: Path) -> list[str]:
    return sorted(e["stage"] for e in read_events(Store(str(run))) if e["event"] == "stage_done")


def test_one_stage_then_the_whole_recipe(head, folder, tmp_path):
    assert status(head.url) == 401
    run = tmp_path / "run"
    only = ["datagen", "run", "recipe.yaml", "--out", run]
    refused = head.submit(folder, "datagen", "run", "recipe.yaml", "--until", "left")  # meanwhile
    one = head.submit(folder, *only, "--until", "left")
    output, _ = one.communicate(timeout=PATIENCE)
    assert one.returncode == 0 and "Published 1 stages" in output, output
    assert done_by_driver(run) == ["left"]

    output, _ = refused.communicate(timeout=PATIENCE)
    assert refused.returncode == 1 and "exit code 2" in output, output
    assert "working directory, which Ray deletes" in output and "name --out by an object-store URL" in output

    command = [BIN / "datagen", "plan", folder / "recipe.yaml", "--out", run, "--json"]
    answer = subprocess.run(command, env=head.env | {"PYTHONPATH": str(TOY)}, capture_output=True, check=True)
    plan = json.loads(answer.stdout)
    states = {stage["name"]: stage["state"] for stage in plan["stages"]}
    assert states == {"left": "up to date"} | dict.fromkeys(["right", "upper", "words", "common"], "run")
    assert plan["submission_id"] == f"toy-{plan['plan']}-1"

    whole = head.submit(folder, *only, name=plan["submission_id"])
    output, _ = whole.communicate(timeout=PATIENCE)
    assert whole.returncode == 0 and "Published 4 stages" in output, output
    wrong, checked = verify_run(Store(str(run)))
    assert not wrong and checked > 15
    # The job that ran is the plan that was named: by content, though it read a copy of the files.
    assert [e["plan"] for e in read_events(Store(str(run))) if e["event"] == "run_start"][-1] == plan["plan"]

    again = head.submit(folder, *only, name=plan["submission_id"])
    output, _ = again.communicate(timeout=PATIENCE)
    assert again.returncode != 0 and "already exists" in output, output


def test_two_jobs_at_once_publish_once(head, folder, tmp_path):
    run = tmp_path / "run"
    command = ["datagen", "run", "recipe.yaml", "--out", run, *SLOW]
    jobs = [head.submit(folder, *command, name=f"double-{number}") for number in (1, 2)]
    outputs = [job.communicate(timeout=PATIENCE)[0] for job in jobs]
    assert 0 in [job.returncode for job in jobs], outputs
    for job, output in zip(jobs, outputs, strict=True):
        # The other one found the run being written, or (when it came late) all done.
        assert job.returncode == 0 or "is being written by process" in output, output
    assert done_by_driver(run) == ["common", "left", "right", "upper", "words"]
    assert not verify_run(Store(str(run)))[0]
