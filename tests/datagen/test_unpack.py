"""Decompression of strangers' files: in proportion, in bounded memory, and nothing lost in silence."""

import bz2
import gzip
import io
import lzma
import random
import struct
import zlib
from collections.abc import Iterator

import pyarrow as pa
import pytest

from datagen.archives import RawFile, archive_members, unpacked
from datagen.errors import InputError
from datagen.unpack import Budget
from tests.datagen.test_files import tar, zipped

PACK = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}
NOISE = random.Random(7).randbytes(300_000)


def read(name: str, data: bytes, size: int = -1) -> bytes:
    stream = unpacked("here", name, io.BytesIO(data), len(data)).stream
    return b"".join(iter(lambda: stream.read(size), b""))


def reason(name: str, data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(name, data)
    return caught.value.reason


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("size", [-1, 7, 70_000])
def test_one_stream_several_and_none(suffix, size):
    pack = PACK[suffix]
    text = NOISE if size != 7 else NOISE[:2000]
    assert read(f"a{suffix}", pack(text), size) == text
    assert read(f"a{suffix.upper()}", pack(text[:500]) + pack(b"") + pack(text[500:]), size) == text
    assert read(f"a{suffix}", pack(b"")) == b""


@pytest.mark.parametrize("suffix", PACK)
def test_damage_is_seen(suffix):
    packed = PACK[suffix](NOISE)
    if suffix != ".zst":  # of which no frames are a file, too
        assert reason(f"a{suffix}", b"") == "truncated"
    assert reason(f"a{suffix}", packed[: len(packed) // 2]) == "truncated"
    assert reason(f"a{suffix}", packed + b"garbage" * 9) == "bad_compression"
    assert reason(f"a{suffix}", b"garbage" * 9) == "bad_compression"


def test_padding_after_a_gzip_stream_is_no_garbage():
    assert read("a.gz", gzip.compress(b"x") + bytes(100_000) + gzip.compress(b"y") + bytes(512)) == b"xy"


@pytest.mark.parametrize("suffix", PACK)
def test_a_bomb_is_stopped_and_stays_so(suffix):
    stream = unpacked("here", f"a{suffix}", io.BytesIO(PACK[suffix](bytes(20 << 20))), 1000).stream
    for _ in range(2):
        with pytest.raises(InputError, match="archive_bomb"):
            while stream.read(1 << 20):
                pass


def test_headers_and_empty_streams_cost_little():
    long_name = b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"x" * (8 << 20) + b"\0" + zlib.compress(b"text")[2:-4]
    assert read("a.gz", long_name + struct.pack("<II", zlib.crc32(b"text"), 4)) == b"text"
    assert reason("a.gz", gzip.compress(b"") * 20_000) == "archive_bomb"
    assert read("a.gz", gzip.compress(b"") * 9000 + gzip.compress(b"x") + gzip.compress(b"") * 9000) == b"x"


def test_a_dictionary_larger_than_memory_is_refused():
    packed = bytearray(lzma.compress(b"text", filters=[{"id": lzma.FILTER_LZMA2, "preset": 0}]))
    packed[packed.index(0x21, 12) + 2] = 39  # 3 GB
    packed[20:24] = struct.pack("<I", zlib.crc32(packed[12:20]))
    assert reason("a.xz", bytes(packed)) == "bad_compression"


def members(name: str, data: bytes) -> Iterator[RawFile | tuple[str, InputError]]:
    return archive_members(name, io.BytesIO(data), len(data), lambda name: True)


def test_a_member_that_was_not_read_does_not_disturb_the_next():
    for name, data in (
        ("a.zip", zipped({f"{n}.txt": NOISE for n in range(3)})),
        ("a.tar.gz", tar({f"{n}.txt": NOISE for n in range(3)}, "w:gz")),
    ):
        sizes = [member.stream.read(size) for member, size in zip(members(name, data), (10, 0, -1), strict=False)]
        assert [len(part) for part in sizes] == [10, 0, len(NOISE)]


def test_a_zip_member_shorter_than_it_says_is_truncated():
    data = zipped({"a.txt": NOISE})
    place = data.rindex(b"PK\x01\x02") + 24
    longer = data[:place] + struct.pack("<I", len(NOISE) + 1) + data[place + 4 :]
    member = next(members("a.zip", longer))
    with pytest.raises(InputError, match="truncated"):
        _ = member.data


def test_the_budget_of_what_nobody_knows_the_size_of_grows_with_what_is_read(monkeypatch):
    monkeypatch.setattr("datagen.unpack.FREE_BYTES", 1000)
    budget = Budget()
    with pytest.raises(InputError, match="archive_bomb"):
        budget.spend(1001)
    budget = Budget()
    assert len(budget.counted(io.BytesIO(bytes(100))).read()) == 100
    budget.spend(10_000)
    with pytest.raises(InputError, match="archive_bomb"):
        budget.spend(1)
