"""One way to files: local folders and object stores (S3, GCS, Azure) behind the same small set of atomic operations."""

import fcntl
import hashlib
import io
import os
import shutil
from functools import cached_property
from pathlib import Path

import obstore
import pyarrow as pa
import pyarrow.parquet as pq
from obstore.exceptions import AlreadyExistsError, NotFoundError, PreconditionError
from obstore.store import LocalStore, from_url

from datagen.errors import UsageError

REMOTE_SCHEMES = ("s3://", "gs://", "az://", "abfss://")


def is_remote(url: str) -> bool:
    return url.startswith(REMOTE_SCHEMES)


class Store:
    """A folder, local or remote, addressed by `/`-separated relative paths.

    Credentials and endpoints come from the environment alone (`AWS_*`, `GOOGLE_*`, `AZURE_*`), so that no secret can
    land in a recipe or a manifest. Every write is atomic: a path holds the old bytes, the new bytes, or nothing.
    """

    def __init__(self, url: str):
        self.url = str(url).rstrip("/")
        self.remote = is_remote(self.url)
        if not self.remote:
            if "://" in self.url:
                schemes = ", ".join(REMOTE_SCHEMES)
                raise UsageError(f"{self.url}: unknown scheme", f"use a local path or one of {schemes}")
            self.url = str(Path(self.url).absolute())

    @cached_property
    def _store(self):
        # Made at first need: reading from a folder that isn't there must not create it.
        try:
            if self.remote:
                return from_url(self.url)
            self.local().mkdir(parents=True, exist_ok=True)
            return LocalStore(prefix=self.url)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise UsageError(f"cannot make the folder {self.url}: {reason}", "choose another place") from None
        except Exception as error:
            reason = type(error).__name__
            raise UsageError(f"cannot open {self.url}: {reason}", "check the URL and credentials") from None

    def __reduce__(self):
        return Store, (self.url,)

    def join(self, path: str) -> str:
        return f"{self.url}/{path}"

    def local(self, path: str = "") -> Path:
        """The local path behind `path`; only for local stores."""
        assert not self.remote
        return Path(self.url) / path

    # Reading

    def read(self, path: str) -> bytes:
        """The whole object. Raises FileNotFoundError."""
        if not self.remote:
            try:
                return self.local(path).read_bytes()
            except NotADirectoryError as error:  # a file is where the folder should be
                raise FileNotFoundError(*error.args) from None
        try:
            return bytes(obstore.get(self._store, path).bytes())
        except NotFoundError:
            raise FileNotFoundError(self.join(path)) from None

    def size(self, path: str) -> int | None:
        """Bytes, or None where there is no such object."""
        found = self._facts(path)
        return found[0] if found else None

    def modified(self, path: str) -> float | None:
        """Seconds since the epoch, or None where there is no such object."""
        found = self._facts(path)
        return found[1] if found else None

    def _facts(self, path: str) -> tuple[int, float] | None:
        try:
            if not self.remote:
                stat = self.local(path).stat()
                return stat.st_size, stat.st_mtime
            head = obstore.head(self._store, path)
            return head["size"], head["last_modified"].timestamp()
        except (FileNotFoundError, NotADirectoryError, NotFoundError):
            return None

    def open(self, path: str):
        """A seekable binary reader."""
        if self.remote:
            return io.BufferedReader(_RemoteReader(obstore.open_reader(self._store, path)), 1 << 20)
        return self.local(path).open("rb")

    def files(self, prefix: str) -> list[tuple[str, int]]:
        """(path, bytes) of every object under the folder `prefix`, sorted by path."""
        if not self.remote:
            root = self.local(prefix)
            found = []
            for folder, _, names in os.walk(root):
                for name in names:
                    file = Path(folder) / name
                    try:
                        found.append((file.relative_to(self.url).as_posix(), file.stat().st_size))
                    except FileNotFoundError:
                        continue
            return sorted(found)
        return sorted(
            (m["path"], m["size"]) for page in obstore.list(self._store, f"{prefix}/" if prefix else None) for m in page
        )

    def folders(self, prefix: str = "") -> list[str]:
        """Names of the folders directly under `prefix`, sorted."""
        if not self.remote:
            root = self.local(prefix)
            return sorted(p.name for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
        listing = obstore.list_with_delimiter(self._store, f"{prefix}/" if prefix else None)
        return sorted(p.rstrip("/").rsplit("/", 1)[-1] for p in listing["common_prefixes"])

    def parquet(self, path: str) -> pq.ParquetFile:
        """A Parquet file opened lazily; local files are memory-mapped."""
        if self.remote:
            return pq.ParquetFile(pa.PythonFile(self.open(path), mode="r"))
        return pq.ParquetFile(str(self.local(path)), memory_map=True)

    def sha256(self, path: str) -> str:
        digest = hashlib.sha256()
        with self.open(path) as file:
            while chunk := bytes(file.read(1 << 20)):
                digest.update(chunk)
        return digest.hexdigest()

    # Writing

    def write(self, path: str, data: bytes) -> None:
        """Create or replace, atomically."""
        obstore.put(self._store, path, data)

    def create(self, path: str, data: bytes) -> bool:
        """Create only if absent; False if another writer came first, whose bytes stay."""
        try:
            obstore.put(self._store, path, data, mode="create")
        except AlreadyExistsError:
            return False
        return True

    def swap(self, path: str, old: bytes | None, new: bytes) -> bool:
        """Compare and set: write `new` only while the object still holds `old` (None: is absent)."""
        if old is None:
            return self.create(path, new)
        if not self.remote:
            return self._swap_locally(path, old, new)
        try:
            found = obstore.get(self._store, path)
            tag = found.meta["e_tag"]
            if bytes(found.bytes()) != old:
                return False
            obstore.put(self._store, path, new, mode={"e_tag": tag})
        except (PreconditionError, NotFoundError, FileNotFoundError):
            return False
        return True

    def _swap_locally(self, path: str, old: bytes, new: bytes) -> bool:
        # Object stores compare by ETag; a file system needs a lock that dies with its holder.
        guard = self.local("_run/swap.lock")
        guard.parent.mkdir(parents=True, exist_ok=True)
        with guard.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                if self.local(path).read_bytes() != old:
                    return False
            except FileNotFoundError:
                return False
            self.write(path, new)
            return True

    def copy(self, source: str, target: str) -> None:
        """Server-side copy (a hard link on local file systems): no bytes travel through this process."""
        obstore.copy(self._store, source, target)

    def delete(self, paths: list[str]) -> None:
        for path in paths:
            try:
                obstore.delete(self._store, path)
            except (FileNotFoundError, NotFoundError):
                continue

    def delete_tree(self, prefix: str) -> None:
        if self.remote:
            self.delete([path for path, _ in self.files(prefix)])
        else:
            shutil.rmtree(self.local(prefix), ignore_errors=True)

    def writer(self, path: str) -> "HashingWriter":
        """A streaming writer; the object appears when it is closed."""
        return HashingWriter(obstore.open_writer(self._store, path))

    def flush_to_disk(self, path: str) -> None:
        """Make a local file survive a power cut; object stores do so by themselves."""
        if self.remote:
            return
        descriptor = os.open(self.local(path), os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class _RemoteReader(io.RawIOBase):
    """An object as the standard library's raw stream, which archives, decompressors and Arrow all take."""

    def __init__(self, source):
        self._source = source

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        data = memoryview(self._source.read(len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()


class HashingWriter(io.RawIOBase):
    """Counts and hashes what passes through, so that a file is never read again only to learn its sha256."""

    def __init__(self, sink):
        self._sink = sink
        self._digest = hashlib.sha256()
        self.bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        view = memoryview(data).cast("B")  # Arrow's buffers are of signed bytes
        self._digest.update(view)
        self._sink.write(view)
        self.bytes += view.nbytes
        return view.nbytes

    def close(self) -> None:
        if not self.closed:
            self._sink.close()
            super().close()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()
