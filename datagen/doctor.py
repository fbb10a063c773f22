"""What can be wrong with a machine before anything runs."""

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

import psutil
from packaging.requirements import Requirement

RAY_FLOOR = (2, 60)
MIN_MEMORY = 4 << 30
MIN_DISK = 2 << 30
# CVE-2025-4517 and others: archive members could be written outside their folder.
SAFE_TAR = {(3, 11): 13, (3, 12): 11, (3, 13): 4}


@dataclass(frozen=True)
class Finding:
    """One check: what was found and, where it isn't well, what to do."""

    level: Literal["ok", "warn", "fail"]
    what: str
    fix: str = ""


def examine() -> list[Finding]:
    """All checks, in the order a reader wants them."""
    return [_python(), *_packages(), *_ray(), _memory(), _disk(), _file_locks()]


def _python() -> Finding:
    here = sys.version_info
    text = f"Python {here.major}.{here.minor}.{here.micro}"
    if here.micro < SAFE_TAR.get((here.major, here.minor), 0):
        return Finding(
            "warn",
            f"{text}: its tarfile can be tricked when extracting (datagen never extracts to disk)",
            "update Python",
        )
    return Finding("ok", text)


def _packages() -> list[Finding]:
    wrong, checked = [], 0
    for requirement in map(Requirement, requires("datagen") or ()):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        checked += 1
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(Finding("fail", f"{requirement.name} is not installed", "make install"))
            continue
        if not requirement.specifier.contains(found.split("+")[0], prereleases=True):
            wrong.append(Finding("fail", f"{requirement.name} {found}, needed {requirement.specifier}", "make install"))
    return wrong or [Finding("ok", f"{checked} packages in the versions needed")]


def _ray() -> list[Finding]:
    found = tuple(int(x) for x in version("ray").split(".")[:2])
    findings = []
    if found < RAY_FLOOR:
        findings.append(
            Finding(
                "fail", f"Ray {version('ray')} can be made to run code by a Parquet file", "install Ray 2.60 or newer"
            )
        )
    if os.environ.get("RAY_AUTH_MODE") == "disabled":
        findings.append(
            Finding(
                "fail", "RAY_AUTH_MODE=disabled: anyone who reaches Ray's ports can run code", "unset RAY_AUTH_MODE"
            )
        )
    unsafe = [name for name in os.environ if name.startswith("RAY_DATA_AUTOLOAD_")]
    findings += [Finding("fail", f"{name} is set: Parquet files may run code", f"unset {name}") for name in unsafe]
    where = os.environ.get("RAY_ADDRESS")
    findings.append(
        Finding("ok", f"Ray {version('ray')}, " + (f"cluster {where}" if where else "started locally when needed"))
    )
    return findings


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    text = f"{free / 2**30:.1f} GiB of memory free, {os.cpu_count()} CPUs"
    return Finding("ok", text) if free >= MIN_MEMORY else Finding("warn", text, "free some: the demo needs 4 GiB")


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    text = f"{free / 2**30:.1f} GiB of disk free here"
    return Finding("ok", text) if free >= MIN_DISK else Finding("warn", text, "choose another --out")


def _file_locks() -> Finding:
    import fcntl
    import tempfile

    with tempfile.NamedTemporaryFile(dir=Path.cwd()) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return Finding(
                "fail", f"this file system has no locks ({error.strerror})", "choose another --out, or an object store"
            )
    return Finding("ok", "file locks work here")
