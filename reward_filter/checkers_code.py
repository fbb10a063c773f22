"""Whether code passes its tests: run apart, with little memory and time, no network, no processes, no writing.

What is run is a model's, so untrusted. The kernel keeps it in (reward_filter.sandbox); a machine whose kernel can't
is refused, never trusted. Tests run in the interpreter that ran the code, so a program written to forge its own verdict
may: that costs a label, not the machine.
"""

import re
import resource
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datagen.errors import UsageError
from reward_filter import sandbox

FENCE = re.compile(r"```(?:python|py)?\s*\n(.*?)```", re.S | re.I)
SECONDS = 5
BYTES = 512 << 20
MOST_OUTPUT = 1 << 16


def code(answer: Mapping[str, Any], response: str, seconds: float = SECONDS) -> bool:
    """Whether the last block of Python in a response (or all of it) passes `tests`: statements that raise where it is
    wrong. They run after the code, in its namespace. Raises UsageError where the machine can't confine it."""
    blocks = FENCE.findall(response)
    ready, passed = secrets.token_hex(8), secrets.token_hex(8)
    with tempfile.TemporaryDirectory() as folder:
        files = {"program.py": blocks[-1] if blocks else response, "tests.py": answer["tests"]}
        paths = [Path(folder, name) for name in files]
        for path, text in zip(paths, files.values(), strict=True):
            path.write_text(text, encoding="utf-8", errors="replace")
        output = Path(folder, "output")
        with output.open("wb") as file:
            try:
                done = subprocess.run(
                    [sys.executable, "-I", "-S", "-B", sandbox.__file__, *map(str, paths)],
                    input=f"{ready}{passed}\n".encode(),
                    stdout=file,  # a file, whose size is limited: a pipe would fill the parent's memory
                    stderr=subprocess.DEVNULL,
                    timeout=seconds + 2,
                    cwd=folder,
                    env={},
                    preexec_fn=lambda: _limits(seconds),
                )
            except subprocess.TimeoutExpired:
                return False
        lines = output.read_bytes()[: 2 * MOST_OUTPUT].decode("utf-8", "replace").splitlines()
    if lines[:1] != [ready]:
        raise UsageError(
            "this machine can't confine code that it runs",
            "check code on Linux (x86-64 or 64-bit ARM) with seccomp, which containers leave on by default",
        )
    return done.returncode == 0 and lines[-1] == passed


def _limits(seconds: float) -> None:
    whole = max(1, round(seconds))
    limits = (("CPU", whole), ("AS", BYTES), ("FSIZE", MOST_OUTPUT), ("NOFILE", 64), ("CORE", 0))
    for name, limit in limits:
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))
