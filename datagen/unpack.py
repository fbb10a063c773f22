"""Decompressing what nobody vouches for: as a stream, in bounded memory, in proportion to what was packed.

Every refusal is an InputError: truncated, archive_bomb, or the reason that the caller names. What was read of a stream
before it was refused had been unpacked rightly, as far as its format has checksums.
"""

import errno
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from bz2 import BZ2Decompressor
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyarrow as pa

from datagen.errors import InputError

MAX_RATIO = 100
FREE_BYTES = 16 << 20
"""Expansion up to this size is never called out of proportion."""
MAX_MEMBERS = 1_000_000
MAX_EMPTY_STREAMS = 10_000
"""One after another in one file: each costs time and yields nothing."""
MAX_DICTIONARY = 128 << 20
"""Memory that a decompressor may take: what `xz -9` needs, twice. Arrow's zstd has the same limit."""
CHUNK_BYTES = 1 << 20
_PACKED_BYTES = 16 << 10
"""Read at a time: what follows a stream is copied, so a chunk of many small streams is quadratic."""


class Budget:
    """Stops what holds too many members, or expands out of proportion to its `size`."""

    def __init__(self, size: int = 0):
        self.size = size
        """Bytes as they came. Where nobody knows beforehand, grows while they are read (`counted`)."""
        self._members = self._bytes = 0

    def count(self) -> None:
        """One more member."""
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise InputError("archive_bomb", f"over {MAX_MEMBERS} members")
        self.spend(0)

    def spend(self, size: int) -> None:
        """So many more bytes unpacked."""
        self._bytes += size
        if self._bytes > max(FREE_BYTES, MAX_RATIO * self.size):
            raise InputError("archive_bomb", f"expands to over {MAX_RATIO} times its size")

    def counted(self, file: BinaryIO) -> BinaryIO:
        """A file whose bytes, as they are read, make up the `size`."""
        return io.BufferedReader(_Counted(file, self), CHUNK_BYTES)


def resume(stream: BinaryIO) -> bool:
    """Whether a `guarded` stream that was refused goes on after the damage: with the next member of a gzip file, of
    which there is one a record in files that are made so (WARC)."""
    return isinstance(guard := getattr(stream, "raw", None), _Guarded) and guard.resume()


def chunks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """A stream in pieces of `size` bytes; of one that breaks off, what came before the damage, then the refusal."""
    while True:
        data = bytearray()
        try:
            while len(data) < size and (piece := stream.read1(size - len(data))):
                data += piece
        except InputError:
            if data:
                yield bytes(data)
            raise
        if not data:
            return
        yield bytes(data)


def guarded(stream: BinaryIO, reason: str, budget: Budget | None = None) -> BinaryIO:
    """A stream whose failures are InputErrors (of `reason`, truncated, archive_bomb), charged to a budget if to any."""
    return io.BufferedReader(_Guarded(stream, reason, budget), CHUNK_BYTES)


@contextmanager
def refusals(reason: str) -> Iterator[None]:
    """Turns what decompressors and archive readers raise into InputErrors. Errors of the storage itself, which carry an
    errno, pass: another attempt may succeed."""
    try:
        yield
    except EOFError:
        raise InputError("truncated") from None
    except tarfile.ReadError as error:
        raise InputError("truncated" if "end of data" in str(error) else reason) from None
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # EINVAL: a seek to where the archive says, before its beginning
            raise
        raise InputError("truncated" if "Truncated" in str(error) else reason, type(error).__name__) from None
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        ValueError,
        OverflowError,
        NotImplementedError,
        RuntimeError,
        IndexError,
    ) as error:
        raise InputError(reason, type(error).__name__) from None


class _Guarded(io.RawIOBase):
    def __init__(self, stream: BinaryIO, reason: str, budget: Budget | None):
        self._stream, self._reason, self._budget = stream, reason, budget
        self._refusal: InputError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        if self._refusal:  # a decompressor that failed may be in any state
            raise self._refusal
        try:
            with refusals(self._reason):
                data = self._stream.read(len(buffer))
            if self._budget:
                self._budget.spend(len(data))
        except InputError as error:
            self._refusal = error
            raise
        buffer[: len(data)] = data
        return len(data)

    def resume(self) -> bool:
        if (
            self._refusal is None
            or self._refusal.reason == "archive_bomb"
            or not isinstance(self._stream, _Decompressed)
        ):
            return False
        if resumed := self._stream.resume():
            self._refusal = None
        return resumed


class _Counted(io.RawIOBase):
    def __init__(self, file: BinaryIO, budget: Budget):
        self._file, self._budget = file, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        data = self._file.read(len(buffer))
        self._budget.size += len(data)
        buffer[: len(data)] = data
        return len(data)


class _Gunzip:
    """zlib's decompressor with the interface of bz2's and lzma's. (`gzip` reads headers byte by byte, in Python.)"""

    MAGIC = b"\x1f\x8b\x08"

    def __init__(self):
        self._zlib = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self.last = b""
        """What it was given last."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        self.last = self._zlib.unconsumed_tail + data
        return self._zlib.decompress(self.last, max_length)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data


class _Decompressed(io.RawIOBase):
    """What a file of one or more compressed streams unpacks to. Zero bytes may follow each, as padding."""

    def __init__(self, file: BinaryIO, new: Callable[[], Any]):
        self._file, self._new, self._engine = file, new, new()
        self._ended = False
        self._empty = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while not self._ended:
            data = self._engine.decompress(self._packed(), len(buffer))
            self._empty = 0 if data else self._empty
            if self._engine.eof:
                self._next_stream()
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0

    def _packed(self) -> bytes:
        if not self._engine.needs_input:
            return b""
        if data := self._file.read(_PACKED_BYTES):
            return data
        raise EOFError

    def resume(self) -> bool:
        """After damage, go on with what looks like the next gzip member; False where there is none."""
        if not isinstance(self._engine, _Gunzip):
            return False
        self._count_empty()
        rest = self._engine.last[1:]  # the damaged member may begin it
        while (place := rest.find(_Gunzip.MAGIC)) < 0:
            chunk = self._file.read(_PACKED_BYTES)
            if not chunk:
                return False
            rest = rest[1 - len(_Gunzip.MAGIC) :] + chunk
        self._engine, self._file = self._new(), _Before(rest[place:], self._file)
        return True

    def _count_empty(self) -> None:
        self._empty += 1
        if self._empty > MAX_EMPTY_STREAMS:
            raise InputError("archive_bomb", f"{MAX_EMPTY_STREAMS} empty streams")

    def _next_stream(self) -> None:
        self._count_empty()
        rest = self._engine.unused_data.lstrip(b"\0")
        while not rest:
            chunk = self._file.read(_PACKED_BYTES)
            if not chunk:
                self._ended = True
                return
            rest = chunk.lstrip(b"\0")
        self._engine, self._file = self._new(), _Before(rest, self._file)


class _Before:
    """Bytes that come before the rest of a file."""

    def __init__(self, data: bytes, file: "BinaryIO | _Before"):
        self._data = data
        self._file = file._file if isinstance(file, _Before) else file

    def read(self, size: int) -> bytes:
        data, self._data = self._data, b""
        return data or self._file.read(size)


DECOMPRESSORS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    ".gz": lambda file: _Decompressed(file, _Gunzip),
    ".bz2": lambda file: _Decompressed(file, BZ2Decompressor),
    ".xz": lambda file: _Decompressed(file, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, MAX_DICTIONARY)),
    ".zst": lambda file: pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd"),
}
"""By suffix, for `guarded`."""
