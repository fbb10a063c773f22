"""The text of PDF pages with its places, read by PDFium in a process of its own, within limits of time and memory."""

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from datagen.errors import InputError

MAX_FILE_BYTES = 128 << 20
"""The reading process holds the file, this one doesn't."""
SECONDS = 6
SECONDS_PER_MEGABYTE = 10
"""Of processor time: a thousand pages of text come to 10 MB and 40 s."""
CHUNK_BYTES = 1 << 20


class Run(NamedTuple):
    """Letters in a row on one baseline in one size; places in points from the lower left corner of the page.

    A soft hyphen (U+00AD) at its end is a hyphen that the line broke at.
    """

    text: str
    left: float
    right: float
    baseline: float
    size: float
    starts_word: bool
    font: str
    is_white: bool


@dataclass(frozen=True)
class Page:
    width: float
    height: float
    runs: list[Run]


def read_pages(stream: BinaryIO) -> Iterator[Page]:
    """The pages of a PDF file, their runs in the order of the file.

    Raises InputError: bad_pdf, encrypted, too_large, timeout, pdf_crash where PDFium died, for want of memory too, and
    what reading the stream raises.
    """
    if _workers.reader is None:
        _workers.reader = _Reader()
    reader, is_complete = _workers.reader, False
    try:
        for message in reader.answers(stream):
            if "runs" in message:
                yield Page(message["width"], message["height"], [Run(*run) for run in message["runs"]])
            else:
                is_complete = True
                if "error" in message:
                    raise InputError(message["error"])
                return
    finally:
        if not is_complete:
            reader.stop()
            _workers.reader = None


class _Reader:
    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("pdf_worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
        )

    def answers(self, stream: BinaryIO) -> Iterator[dict[str, Any]]:
        """The messages of the worker, the last of which has no runs. Raises InputError where it dies."""
        with contextlib.suppress(BrokenPipeError):
            self._send(stream)
        while (line := self._process.stdout.readline()).endswith(b"\n"):
            yield json.loads(line)
        raise InputError("timeout" if self._process.wait() == -signal.SIGXCPU else "pdf_crash")

    def _send(self, stream: BinaryIO) -> None:
        size = 0
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            if size > MAX_FILE_BYTES:
                raise InputError("too_large", f"over {MAX_FILE_BYTES} bytes")
            self._process.stdin.write(len(chunk).to_bytes(4))
            self._process.stdin.write(chunk)
        seconds = SECONDS + SECONDS_PER_MEGABYTE * size / 1e6
        self._process.stdin.write(bytes(4) + int(1000 * seconds).to_bytes(4))
        self._process.stdin.flush()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        with contextlib.suppress(OSError):  # what it had not read yet
            self._process.stdin.close()


class _Workers(threading.local):
    """One reader a thread, started when first needed and after a death; it ends with its parent, whose pipe closes."""

    reader: _Reader | None = None


_workers = _Workers()
