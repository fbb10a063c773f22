"""Web archives: pages out of WARC, ARC and WET, whatever is broken in them."""

import gzip
import io
import json
import random
import resource
import time
import zlib

import pytest

from collectors.web.warc import WARC
from collectors.web.warc_records import MAX_BLOCK, WebRecord, web_records
from datagen.archives import unpacked
from datagen.errors import InputError
from tests.collectors.reading import Read, read
from tests.collectors.test_html import BODY, page

DATE = "2024-05-17T08:00:00Z"


def record(
    kind: str, block: bytes, url: str = "https://example.org/a", length: int | None = None, **fields: str
) -> bytes:
    head = {"WARC-Type": kind, "WARC-Target-URI": url, "WARC-Date": DATE, **fields}
    head["Content-Length"] = str(len(block) if length is None else length)
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in head.items())
    return f"WARC/1.0\r\n{lines}\r\n".encode() + block + b"\r\n\r\n"


def response(body: bytes, *headers: str, status: str = "200 OK", media_type: str = "text/html") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


PAGE = page(*BODY["en"]).encode()
TEXT = "\n\n".join(BODY["en"])
GOOD = record("response", response(PAGE), "https://example.org/good")


def read_archive(folder, data: bytes, name: str = "a.warc") -> Read:
    path = folder / "raw" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return read(WARC(path=str(path)), folder)


@pytest.mark.proof("collectors.warc", "fixture")
@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_pages_and_nothing_else(tmp_path, name):
    chinese = page(*BODY["zh"]).encode("gb18030")
    records = [
        record("warcinfo", b"software: test\r\n", ""),
        record("request", b"GET / HTTP/1.1\r\n\r\n"),
        record("response", response(PAGE), WARC_Record_ID="<urn:uuid:1>"),
        record("response", response(chinese, media_type="text/html; charset=gb2312"), "https://example.org/zh"),
        record("revisit", response(b"")),
        record("response", response(PAGE, status="404 Not Found"), "https://example.org/gone"),
        record("response", response(b"\x89PNG\r\n", media_type="image/png"), "https://example.org/i.png"),
        record("resource", PAGE, "https://example.org/saved", Content_Type="text/html"),
        record("metadata", b"fetchTimeMs: 5\r\n"),
        record("response", response(page().encode()), "https://example.org/empty"),
    ]
    data = b"".join(map(gzip.compress, records)) if name.endswith(".gz") else b"".join(records)
    found = read_archive(tmp_path, data, name)
    assert found.texts == [TEXT, "\n\n".join(BODY["zh"]), TEXT] and not found.quarantined
    assert sorted(found.dropped.values()) == ["empty", "http_status", "not_html"]
    first = found.rows[0]
    assert (first["source_id"], first["url"]) == ("urn:uuid:1", "https://example.org/a")
    assert json.loads(first["meta"]) == {"captured": DATE, "title": "Aspirin"}


def test_captures_of_an_address_are_one_family(tmp_path):
    records = [record("response", response(PAGE), WARC_Record_ID=f"<urn:uuid:{n}>") for n in (1, 2)]
    rows = read_archive(tmp_path, b"".join(records)).rows
    assert rows[0]["group"] == rows[1]["group"] and rows[0]["id"] != rows[1]["id"]


def test_wet(tmp_path):
    found = read_archive(
        tmp_path, record("conversion", BODY["zh"][0].encode(), Content_Type="text/plain"), "a.warc.wet"
    )
    assert found.texts == [BODY["zh"][0]] and found.rows[0]["url"] == "https://example.org/a"


@pytest.mark.parametrize("version", [1, 2])
def test_arc(tmp_path, version):
    block = response(PAGE)
    more = " 200 - - 99 x.arc" if version == 2 else ""
    head = f"filedesc://x.arc 0.0.0.0 20240517080000 text/plain{more} 20\n1 0 Test\nURL IP-add\n"
    url = "http://example.org/a page with blanks"
    data = f"{head}\n{url} 93.184.216.119 20240517080000 text/html{more} {len(block)}\n".encode() + block + b"\n"
    found = read_archive(tmp_path, data, "x.arc")
    assert found.texts == [TEXT] and not found.quarantined
    assert found.rows[0]["url"] == url and json.loads(found.rows[0]["meta"])["captured"] == DATE


ENCODINGS = {
    "gzip": (gzip.compress(PAGE), "Content-Encoding: gzip"),
    "deflate": (zlib.compress(PAGE), "Content-Encoding: deflate"),
    "chunked": (b"%x\r\n%b\r\n0\r\n\r\n" % (len(PAGE), PAGE), "Transfer-Encoding: chunked"),
    "decoded-already": (PAGE, "Content-Encoding: gzip"),
    "unchunked-already": (PAGE, "Transfer-Encoding: chunked"),
    "unknown-but-plain": (PAGE, "Content-Encoding: secret"),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_encodings_of_http(tmp_path, name):
    body, header = ENCODINGS[name]
    assert read_archive(tmp_path, record("response", response(body, header))).texts == [TEXT]


BROKEN = {
    "garbage-between": (b"garbage\r\nmore garbage\r\n", ["bad_record"]),
    "length-too-small": (record("response", response(PAGE), length=100), ["bad_record"]),
    "length-too-large": (record("response", response(PAGE), length=len(response(PAGE)) + 100), ["bad_record"]),
    "length-beyond-the-file": (record("response", response(PAGE), length=10**9), ["truncated"]),
    "length-negative": (record("response", response(PAGE), length=-5), ["bad_record"]),
    "length-missing": (record("response", response(PAGE)).replace(b"Content-Length", b"X"), ["bad_record"]),
    "header-too-long": (record("response", response(PAGE), X="x" * 200_000), ["bad_record"]),
    "header-without-colon": (
        record("response", response(PAGE)).replace(b"WARC-Type: response", b"nonsense"),
        ["bad_record"],
    ),
    "no-http": (record("response", b"HTTP/1.1 \xff\xff\r\n\r\n" + PAGE), ["bad_http"]),
    "bad-gzip": (record("response", response(b"\x1f\x8bnot gzip", "Content-Encoding: gzip")), ["bad_http"]),
    "bomb": (
        record("response", response(gzip.compress(bytes(300 << 20), 1), "Content-Encoding: gzip")),
        ["too_large"],
    ),
    "too-large": (record("response", response(b"<p>" + bytes(MAX_BLOCK + 9))), ["too_large"]),
    "no-page": (record("response", response(b"<!-- -->")), ["no_html"]),
    "deep-page": (record("response", response(b"<div>" * 10_000)), ["html_limits"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_record_is_told_and_the_rest_is_read(tmp_path, name):
    data, reasons = BROKEN[name]
    started = time.process_time()
    found = read_archive(tmp_path, GOOD + data + GOOD.replace(b"/good", b"/last"))
    assert [row["url"] for row in found.rows] == ["https://example.org/good", "https://example.org/last"]
    assert list(found.quarantined.values()) == reasons and time.process_time() - started < 10


def member(url: str) -> bytes:
    return gzip.compress(record("response", response(PAGE), url))


def flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 0x55
    return bytes(changed)


BAD_MEMBERS = {
    "data": flipped(member("https://example.org/bad"), 100),
    "header": flipped(member("https://example.org/bad"), 3),
    "checksum": flipped(member("https://example.org/bad"), -6),
    "cut": member("https://example.org/bad")[:-50],
    "garbage": b"garbage" * 9,
    "a false beginning": b"\x1f\x8b\x08\xff" * 3 + member("https://example.org/bad")[3:],
    "over a chunk": flipped(gzip.compress(record("response", response(random.Random(7).randbytes(200_000)))), 99_000),
}


@pytest.mark.parametrize("name", BAD_MEMBERS)
@pytest.mark.parametrize("first", [False, True])
def test_a_damaged_gzip_member_does_not_spoil_the_rest(tmp_path, name, first):
    before, after = [] if first else [member("https://example.org/1")], [member("https://example.org/2")] * 2
    found = read_archive(tmp_path, b"".join([*before, BAD_MEMBERS[name], *after]), "a.warc.gz")
    assert [row["url"][-1] for row in found.rows] == ["2", "2"] if first else ["1", "2", "2"]
    assert set(found.quarantined.values()) == {"bad_compression"}


def test_damage_of_every_member_takes_no_time():
    beginnings = io.BytesIO(member("https://example.org/1") + b"\x1f\x8b\x08\xff" * 3_000_000)
    started, refused = time.process_time(), 0
    with pytest.raises(InputError, match="archive_bomb"):
        for found in web_records(unpacked("a", "a.warc.gz", beginnings, 12_000_000).stream):
            refused += isinstance(found, InputError)
    assert refused > 1000 and time.process_time() - started < 5


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "empty"), (b"PK\x03\x04 a zip", "not_warc"), (GOOD[:-300], "truncated")]
)
def test_files_that_cant_be_read(tmp_path, data, reason):
    assert list(read_archive(tmp_path, data).quarantined.values()) == [reason]


def test_a_media_file_of_any_size_is_passed_over_in_flat_memory():
    class Endless(io.RawIOBase):
        """A record of a gigabyte that is nowhere."""

        def __init__(self) -> None:
            head = record("response", b"", length=1 << 30)[:-4]
            self._parts = [head, *[bytes(1 << 20)] * 1024, b"\r\n\r\n" + GOOD]
            self._place = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            if self._place == len(self._parts):
                return 0
            part = self._parts[self._place]
            buffer[: len(part)] = part
            self._place += 1
            return len(part)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    large, good = web_records(io.BufferedReader(Endless(), 2 << 20))
    assert isinstance(large, WebRecord) and large.cut and len(large.block) == MAX_BLOCK
    assert isinstance(good, WebRecord) and good.url == "https://example.org/good"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 128 << 10


def test_records_that_claim_more_than_there_is_take_no_time():
    claims = b"WARC/1.0\r\nContent-Length: 9000000\r\n\r\nx" * 300_000
    started = time.process_time()
    found = list(web_records(io.BytesIO(GOOD + claims)))
    assert isinstance(found[0], WebRecord) and all(isinstance(error, InputError) for error in found[1:])
    assert time.process_time() - started < 5


REAL = {
    "general_warc_edge/test/data/example.warc.gz": (1, 0),
    "general_warc_edge/test/data/example.arc": (1, 0),
    "general_warc_edge/test/data/example.arc.gz": (1, 0),
    "general_warc_edge/test/data/example-bad-non-chunked.warc.gz": (1, 0),
    "general_warc_edge/test/data/example-wrong-chunks.warc.gz": (1, 0),
    "general_warc_edge/test/data/example-resource.warc.gz": (1, 0),
    "general_warc_edge/test/data/example-trunc.warc": (0, 1),
    "general_warc_edge/test/data/bad.arc": (0, 2),
    "general_warc_format/src/test/resources/org/archive/format/gzip/IAH-urls-wget.warc.gz": (2, 0),
    "general_warc_format/src/test/resources/org/archive/resource/html/link-extraction-test.warc": (3, 0),
    "general_cc_docs/warc/sample-0000.warc.gz": (22, 0),
    "general_cc_docs/warc/sample-0001.warc.gz": (15, 0),
}


@pytest.mark.proof("collectors.warc", "real")
def test_archives_of_other_tools(real_data, tmp_path):
    for name, (pages, refused) in REAL.items():
        found = read(WARC(path=str(real_data / name)), tmp_path)
        assert (len(found.rows), len(found.quarantined)) == (pages, refused), name
