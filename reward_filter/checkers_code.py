"""Whether code passes its tests: run apart, with little memory and time, no network, no processes, no writing.

What is run is a model's, so untrusted. Limits of the kernel (time, memory, files, processes) and an audit hook of the
interpreter keep it in; where the system has `bwrap`, it gets no network, no home and no writable disk at all. Without
bwrap this is no jail against code made to break out of Python: run such checks in a container.
"""

import re
import resource
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FENCE = re.compile(r"```(?:python|py)?\s*\n(.*?)```", re.S | re.I)
SECONDS = 5
BYTES = 512 << 20
MOST_OUTPUT = 1 << 16
RUNNER = """
import sys
def _guard(event, args):
    if event == "open":
        if isinstance(args[0], int) or set(str(args[1] or "r")) <= set("rbtU") and not (args[2] or 0) & 0o1103:
            return
        raise PermissionError(event)
    if event.partition(".")[0] in ("socket", "subprocess", "ctypes", "shutil", "gc"):
        raise PermissionError(event)
    if event in ("os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.kill", "os.remove",
                 "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate",
                 "sys._getframe", "sys.addaudithook"):
        raise PermissionError(event)
def _run(passed):
    sys.stdin.close()
    scope = {"__name__": "__main__"}
    programs = [open(name, encoding="utf-8").read() for name in sys.argv[1:]]
    sys.addaudithook(_guard)
    for program in programs:
        exec(program, scope)
    print(passed)
_run(sys.stdin.readline().strip())
"""
"""Runs files one after the other in one namespace; says the word that it was given if none of them raised."""


def code(answer: Mapping[str, Any], response: str, seconds: float = SECONDS) -> bool:
    """Whether the last block of Python in a response (or all of it) passes `tests`: statements that raise where it is
    wrong. They run after the code, in its namespace."""
    blocks = FENCE.findall(response)
    passed = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder:
        files = {"runner.py": RUNNER, "program.py": blocks[-1] if blocks else response, "tests.py": answer["tests"]}
        paths = [Path(folder, name) for name in files]
        for path, text in zip(paths, files.values(), strict=True):
            path.write_text(text, encoding="utf-8", errors="replace")
        try:
            done = subprocess.run(
                [*_jail(folder), sys.executable, "-I", "-S", "-B", *map(str, paths)],
                input=f"{passed}\n".encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=seconds + 1,
                cwd=folder,
                env={},
                preexec_fn=lambda: _limits(seconds),
            )
        except (subprocess.TimeoutExpired, OSError):
            return False
    lines = done.stdout[-MOST_OUTPUT:].decode("utf-8", "replace").splitlines()
    return done.returncode == 0 and lines[-1:] == [passed]


def _limits(seconds: float) -> None:
    whole = max(1, round(seconds))
    limits = (("CPU", whole), ("AS", BYTES), ("FSIZE", MOST_OUTPUT), ("NOFILE", 64), ("CORE", 0))
    for name, limit in limits:
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))


def _jail(folder: str) -> list[str]:
    program = shutil.which("bwrap")
    if program is None:
        return []
    apart = ("--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--tmpfs", "/home", "--bind", folder, folder)
    return [program, *apart]
