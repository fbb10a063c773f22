"""Downloads against a real server on this machine: what arrives, what is refused, and what is left behind."""

import gzip
import hashlib
import io
import os
import tarfile
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from datagen.commands import fetch as command
from datagen.errors import DatagenError, UsageError, VerificationError
from datagen.fetch import fetch, survey
from datagen.packs import content_of, read_pack
from datagen.sources import File, Pack, PublicSource, SourceList, load_sources
from datagen.web import Limits, Refused, Web
from tests.datagen.public_server import PublicServer, claiming, dripping, redirect, send, tls_server, unannounced

ROOT = Path(__file__).parents[2]
TEXT = "Häufige Fragen 常见问题\n".encode() * 500


@pytest.fixture
def server():
    running = PublicServer()
    yield running
    running.close()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def file(server: PublicServer, path: str, data: bytes, **more) -> File:
    return File(**{"path": path, "url": f"{server.origin}/{path}", "sha256": sha256(data), "bytes": len(data)} | more)


def pack(holds: dict[str, bytes], **more) -> Pack:
    content = content_of({name: (sha256(data), len(data)) for name, data in holds.items()})
    known = {"path": "all.tar.gz", "sha256": content.sha256, "bytes": content.bytes, "count": content.count}
    return Pack(**{**known, "members": list(holds), **more})


def listed(*entries: File | Pack, name: str = "books") -> SourceList:
    """A list of one source. Made unchecked, since its addresses are a test server's."""
    source = PublicSource(
        about="a test",
        home="https://files.example/books",
        version="1",
        date=date(2026, 1, 2),
        license="CC0-1.0",
        grade="A",
        use="text",
        proof="not run",
        files=[e for e in entries if isinstance(e, File)],
        packs=[e for e in entries if isinstance(e, Pack)],
    )
    return SourceList.model_construct(hosts=["files.example"], sources={name: source})


def bring(server: PublicServer, out: Path, *entries: File | Pack, **options) -> list:
    with Web(["files.example"], insecure=[server.origin], **options) as web:
        return list(fetch(listed(*entries), out, web))


def failure(server: PublicServer, out: Path, entry: File | Pack, **options) -> DatagenError:
    """The error of an entry that must fail, and must leave no file."""
    (item,) = bring(server, out, entry, **options)
    assert not item.present and item.error
    assert [path for path in out.rglob("*") if path.is_file()] == []
    return item.error


def tar(members: dict[str, bytes], top: str = "books-1/", extra: list[tarfile.TarInfo] | None = None) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(top + name)
            info.size, info.mtime = len(data), 1_700_000_000
            archive.addfile(info, io.BytesIO(data))
        for info in extra or []:
            archive.addfile(info)
    return held.getvalue()


CHAPTERS = {"chapters/a.txt": b"heart", "chapters/b.txt": TEXT, "chapters/中医.txt": b"qi"}


# What arrives


def test_files_arrive_whole_and_are_not_fetched_again(server, tmp_path):
    server.pages = {"/notes.txt": TEXT, "/big.csv": TEXT * 9}
    entries = (
        file(server, "notes.txt", TEXT),
        file(server, "big.csv.gz", TEXT * 9, url=f"{server.origin}/big.csv", gzip=True),
    )
    assert [(i.present, i.fetched, i.error) for i in bring(server, tmp_path, *entries)] == [(True, True, None)] * 2
    assert (tmp_path / "books/notes.txt").read_bytes() == TEXT
    assert gzip.decompress((tmp_path / "books/big.csv.gz").read_bytes()) == TEXT * 9
    assert server.asked == ["/notes.txt", "/big.csv"]

    again = bring(server, tmp_path, *entries)
    assert [(i.present, i.fetched) for i in again] == [(True, False)] * 2 and len(server.asked) == 2
    assert sorted(p.name for p in (tmp_path / "books").iterdir()) == ["big.csv.gz", "notes.txt"]


@pytest.mark.parametrize("damage", [b"", TEXT[:-1], TEXT + b"!", b"?" + TEXT[1:]])
@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_file_is_replaced(server, tmp_path, damage, packed):
    server.pages = {"/notes": TEXT}
    target = tmp_path / "books/notes"
    target.parent.mkdir()
    target.write_bytes(gzip.compress(damage)[: -2 if damage == b"" else None] if packed else damage)
    (item,) = bring(server, tmp_path, file(server, "notes", TEXT, gzip=packed))
    assert item.fetched
    assert (gzip.decompress(target.read_bytes()) if packed else target.read_bytes()) == TEXT


def test_a_pack_is_the_same_from_any_archive_and_from_single_files(server, tmp_path):
    other = {"README.md": b"not wanted", "chapters/deep/c.txt": b"not wanted either"}
    backwards = dict(reversed(CHAPTERS.items()))
    server.pages = {"/1": tar(CHAPTERS | other), "/2": tar(other | backwards, "x/")}
    server.pages |= {
        "/one/chapters/a.txt": CHAPTERS["chapters/a.txt"],
        "/one/chapters/b.txt": CHAPTERS["chapters/b.txt"],
    }
    server.pages |= {"/one/chapters/%E4%B8%AD%E5%8C%BB.txt": CHAPTERS["chapters/中医.txt"]}
    entries = [
        pack(CHAPTERS, path="1.tar.gz", archive=f"{server.origin}/1", members=["chapters/*.txt"]),
        pack(
            CHAPTERS, path="2.tar.gz", archive=f"{server.origin}/2", members=["chapters/[ab].txt", "chapters/中医.txt"]
        ),
        pack(backwards, path="3.tar.gz", base=f"{server.origin}/one/"),
    ]
    assert [i.error for i in bring(server, tmp_path, *entries)] == [None] * 3
    written = {(tmp_path / f"books/{n}.tar.gz").read_bytes() for n in (1, 2, 3)}
    assert len(written) == 1
    with tarfile.open(fileobj=io.BytesIO(written.pop())) as archive:
        assert {m.name: archive.extractfile(m).read() for m in archive} == CHAPTERS
        assert archive.getnames() == sorted(CHAPTERS)
    asked = len(server.asked)
    assert all(i.present and not i.fetched for i in bring(server, tmp_path, *entries)) and len(server.asked) == asked


def test_the_digest_of_a_pack_is_what_sha256sum_lists(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(tar(CHAPTERS, top=""))
    listing = "".join(f"{sha256(CHAPTERS[name])}  {name}\n" for name in sorted(CHAPTERS, key=str.encode))
    assert read_pack(tmp_path / "a.tar.gz").sha256 == sha256(listing.encode())


def test_one_failure_stops_nothing_else(server, tmp_path):
    server.pages = {"/b": b"b"}
    first, second = bring(server, tmp_path, file(server, "a", b"a"), file(server, "b", b"b"))
    assert "404" in str(first.error) and first.error.fix and second.fetched


def test_redirects_on_the_same_server_are_followed_thrice(server, tmp_path):
    hops = {f"/{n}": redirect(f"/{n - 1}" if n % 2 else f"{server.origin}/{n - 1}") for n in range(1, 5)}
    server.pages = {"/0": TEXT, **hops}
    assert bring(server, tmp_path / "a", file(server, "x", TEXT, url=f"{server.origin}/3"))[0].fetched
    assert "more than 3 times" in str(
        failure(server, tmp_path / "b", file(server, "x", TEXT, url=f"{server.origin}/4"))
    )


# What is refused


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://files.example/notes",  # not https
        "https://elsewhere.example/notes",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://[::ffff:127.0.0.1]/",
        "https://files.example@elsewhere.example/",
        "https://elsewhere.example\\@files.example/",
        "https://files.example:8443/",
        "https://files.example.elsewhere.example/",
        "file:///etc/passwd",
        "https://[/",
        "//elsewhere.example/notes",
    ],
)
def test_redirects_to_anywhere_else_are_refused_before_any_look_up(server, tmp_path, location):
    def never(host, port):
        assert host == "127.0.0.1", f"{host} was looked up"
        return [host]

    server.pages = {"/notes": redirect(location)}
    assert isinstance(failure(server, tmp_path, file(server, "notes", TEXT), resolve=never), Refused)


PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "168.63.129.16",
    "192.0.0.192",
    "192.88.99.1",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "2002:7f00:1::",
    "2001:0:1::1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_names_that_lead_into_private_networks_are_refused(address, connections):
    for answer in ([address], ["140.82.121.9", address]):
        with (
            Web(["files.example"], resolve=lambda host, port, answer=answer: answer) as web,
            pytest.raises(Refused, match="not a public address"),
            web.open("https://files.example/notes", 10),
        ):
            pass
    assert connections == []


@pytest.fixture
def connections(monkeypatch) -> list[tuple]:
    """Where connections go; none is made."""
    made = []

    def refuse(address, *_, **__):
        made.append(address)
        raise ConnectionRefusedError("not in a test")

    monkeypatch.setattr("socket.create_connection", refuse)
    return made


def test_the_address_that_was_checked_is_the_one_that_is_used(connections):
    answers = iter([["140.82.121.9", "2606:50c0:8000::154", "64:ff9b::140.82.121.9"], ["127.0.0.1"]])
    with Web(["files.example"], resolve=lambda host, port: next(answers)) as web:
        with pytest.raises(DatagenError, match="not in a test"), web.open("https://files.example/", 10):
            pass
        expected = [(a, 443) for a in ("140.82.121.9", "2606:50c0:8000::154", "64:ff9b::140.82.121.9")]
        assert connections == expected  # after one look-up; the answer of a second would have been loopback
        with pytest.raises(Refused, match=r"127\.0\.0\.1"), web.open("https://files.example/", 10):
            pass
        assert connections == expected


def test_a_redirect_is_looked_up_and_checked_anew(server, tmp_path):
    answers = {"127.0.0.1": ["127.0.0.1"], "files.example": ["10.0.0.5"]}
    server.pages = {"/notes": redirect("https://files.example/notes")}
    error = failure(server, tmp_path, file(server, "notes", TEXT), resolve=lambda host, port: answers[host])
    assert isinstance(error, Refused) and "10.0.0.5" in str(error)


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path):
    """TLS asks for the name, not for the address connected to, and checks it."""
    origin = f"https://files.example:{tls_server(tmp_path, names := [])}"
    with (
        Web([], insecure=[origin], resolve=lambda host, port: ["127.0.0.1"]) as web,
        pytest.raises(DatagenError, match="certificate verify failed"),
        web.open(f"{origin}/notes", 10),
    ):
        pass
    assert names == ["files.example"]


# What is not what it should be


def test_a_wrong_digest_names_both_and_leaves_nothing(server, tmp_path):
    server.pages = {"/notes": TEXT.swapcase()}
    error = failure(server, tmp_path, file(server, "notes", TEXT))
    assert isinstance(error, VerificationError) and error.exit_code == 4
    assert sha256(TEXT) in str(error) and sha256(TEXT.swapcase()) in str(error) and error.fix


def test_a_wrong_pack_names_both_and_leaves_nothing(server, tmp_path):
    server.pages = {"/1": tar(CHAPTERS | {"chapters/a.txt": b"liver"})}
    error = failure(server, tmp_path, pack(CHAPTERS, archive=f"{server.origin}/1"))
    assert isinstance(error, VerificationError) and pack(CHAPTERS, base="https://x.example/").sha256 in str(error)


def test_what_was_there_stays_where_a_download_fails(server, tmp_path):
    server.pages = {"/notes": b"wrong"}
    (tmp_path / "books").mkdir()
    (tmp_path / "books/notes").write_bytes(b"mine")
    assert bring(server, tmp_path, file(server, "notes", TEXT))[0].error
    assert [p.read_bytes() for p in (tmp_path / "books").iterdir()] == [b"mine"]


def test_a_body_that_says_it_is_too_large_is_not_read(server, tmp_path):
    server.pages = {"/notes": claiming(len(TEXT) + 1, b"")}
    assert "more than the" in str(failure(server, tmp_path, file(server, "notes", TEXT)))


def test_a_body_that_does_not_end_is_cut(server, tmp_path):
    server.pages = {"/notes": unannounced(TEXT * 50)}
    assert "more than the" in str(failure(server, tmp_path, file(server, "notes", TEXT)))


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 12500\r\n\r\n"]
)
def test_trickling_answers_end_with_the_time_for_a_download(server, tmp_path, start):
    server.pages = {"/notes": dripping(start)}
    error = failure(server, tmp_path, file(server, "notes", b"x" * 12500), limits=Limits(seconds=0.5))
    assert "not done after 0.5 s" in str(error) or "no answer in time" in str(error)


def test_silence_ends_the_download(server, tmp_path):
    server.pages = {"/notes": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 12500\r\n\r\n", seconds=3, pause=3)}
    error = failure(server, tmp_path, file(server, "notes", b"x" * 12500), limits=Limits(idle=0.3))
    assert "no answer in time" in str(error)


def test_truncated_bodies_are_errors(server, tmp_path):
    server.pages = {"/told": claiming(len(TEXT), TEXT[:100]), "/untold": unannounced(TEXT[:100])}
    assert "without sending complete message body" in str(failure(server, tmp_path, file(server, "told", TEXT)))
    assert "sent 100 bytes" in str(failure(server, tmp_path, file(server, "untold", TEXT)))


OK = b"HTTP/1.1 200 OK\r\n"
MALFORMED = {
    "no-http": b"\0\1\2\r\n\r\n",
    "length-of-6000-digits": OK + b"Content-Length: " + b"9" * 6000 + b"\r\n\r\n",
    "negative-length": OK + b"Content-Length: -1\r\n\r\n",
    "two-lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "bad-chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc",
    "endless-header": OK + b"X: " + b"y" * 10_000_000,
    "endless-headers": OK + b"X: y\r\n" * 1_000_000,
    "endless-continues": b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    "redirect-to-nowhere": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    "redirect-to-no-address": b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    "switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_answers_are_errors(server, tmp_path, name):
    def page(handler):
        with suppress(OSError):  # the client has gone
            handler.wfile.write(MALFORMED[name])

    server.pages = {"/notes": page}
    assert failure(server, tmp_path, file(server, "notes", TEXT)).fix


def test_an_encoding_that_was_not_asked_for_is_refused(server, tmp_path):
    server.pages = {"/notes": lambda handler: send(handler, 200, gzip.compress(TEXT), {"Content-Encoding": "gzip"})}
    assert "encoded" in str(failure(server, tmp_path, file(server, "notes", TEXT)))


# Hostile archives


def special(name: str, kind: bytes, target: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, size
    return info


def bomb() -> bytes:
    return tar({"chapters/a.txt": bytes(96 << 20)})


def long_header() -> bytes:
    info = tarfile.TarInfo("books-1/chapters/a.txt")
    info.pax_headers = {"comment": "x" * 100_000}
    return tar({}, extra=[info])


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (tar({"../../evil.txt": b"x"} | CHAPTERS), "leads out of its folder"),
        (tar({"/etc/evil.txt": b"x"} | CHAPTERS, top=""), "leads out of its folder"),
        (tar(CHAPTERS, extra=[special("books-1/chapters/d.txt", tarfile.SYMTYPE, "/etc/passwd")]), "link"),
        (tar(CHAPTERS, extra=[special("books-1/chapters/d.txt", tarfile.LNKTYPE, "books-1/chapters/a.txt")]), "link"),
        (tar(CHAPTERS, extra=[special("books-1/chapters/d.txt", tarfile.FIFOTYPE)]), "device"),
        (tar(CHAPTERS, extra=[special("books-1/chapters/d\\e.txt", tarfile.REGTYPE)]), "unsafe name"),
        (tar(CHAPTERS, extra=[special("books-1/chapters/a.txt", tarfile.REGTYPE)]), "twice"),
        (tar(CHAPTERS | {"chapters/e.txt": TEXT}), "more than the"),
        (tar(CHAPTERS)[:300], "not a whole"),
        (b"PK\x03\x04 something else", "not a whole"),
        (b"", "not a whole"),
        (bomb, "times its size"),
        (long_header, "oversized header"),
    ],
)
def test_hostile_archives_are_refused(server, tmp_path, archive, reason):
    server.pages = {"/1": archive() if callable(archive) else archive}
    limit = {"bytes": 200 << 20} if archive is bomb else {}
    error = failure(server, tmp_path, pack(CHAPTERS, archive=f"{server.origin}/1", members=["chapters/*.txt"], **limit))
    assert reason in str(error), error


def test_archives_of_too_many_members_are_refused(server, tmp_path, monkeypatch):
    monkeypatch.setattr("datagen.unpack.MAX_MEMBERS", 2)
    server.pages = {"/1": tar(CHAPTERS)}
    assert "over 2 members" in str(failure(server, tmp_path, pack(CHAPTERS, archive=f"{server.origin}/1")))


def test_unwanted_links_of_a_repository_do_no_harm(server, tmp_path):
    link = special("books-1/latest", tarfile.SYMTYPE, "chapters")
    server.pages = {"/1": tar(CHAPTERS, extra=[link])}
    assert bring(server, tmp_path, pack(CHAPTERS, archive=f"{server.origin}/1"))[0].fetched


# Source lists


GOOD = """
hosts: [files.example]
sources:
  books:
    {about: a, home: b, version: c, date: 2026-01-02, license: CC0-1.0, grade: A, use: text, proof: not run, files: [
      {path: notes, url: "https://files.example/notes", sha256: %s, bytes: 5}]}
""" % sha256(b"notes")  # noqa: UP031


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("hosts: [files.example]", "hosts: [127.0.0.1]", "not an IP address"),
        ("hosts: [files.example]", "hosts: [0x7f.1]", "not an IP address"),
        ("https://files.example/", "http://files.example/", "not an https address on one of `hosts`"),
        ("https://files.example/", "https://elsewhere.example/", "not an https address on one of `hosts`"),
        ("https://files.example/", "https://files.example@elsewhere.example/", "not an https address"),
        ("path: notes", "path: ../notes", "inside the source's folder"),
        ("path: notes", "path: /notes", "inside the source's folder"),
        ("  books:", "  ../books:", "books"),
        ("bytes: 5", "bytes: 5, bytes: 6", "bytes is there twice"),
        ("bytes: 5", "bytes: 5, btyes: 6", "btyes"),
        ("sha256: ", "sha256: 0", "sha256"),
        ("hosts: [", "hosts: [[", "not YAML"),
    ],
)
def test_mistakes_in_a_list_are_named(tmp_path, good, bad, message):
    path = tmp_path / "sources.yaml"
    path.write_text(GOOD)
    assert load_sources(path).sources["books"].files[0].bytes == 5
    path.write_text(GOOD.replace(good, bad, 1))
    with pytest.raises(UsageError, match=message.replace("[", r"\[")) as caught:
        load_sources(path)
    assert caught.value.exit_code == 2 and caught.value.fix


def test_all_mistakes_of_a_list_come_at_once(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text(GOOD.replace("path: notes", "path: ../notes").replace("grade: A", "grade: Z"))
    with pytest.raises(UsageError, match=r"2 mistakes(.|\n)*grade(.|\n)*path"):
        load_sources(path)


def test_the_list_of_the_project_covers_its_recipe():
    sources = load_sources(ROOT / "recipes/sources.yaml").sources
    folders = {
        line.split("${DATA}/")[1].split('"')[0] for line in _lines(ROOT / "recipes/medical.yaml") if "${DATA}/" in line
    }
    assert len(folders) > 10
    for folder in folders:
        name, _, path = folder.partition("/")
        assert any(entry.path.startswith(path) for entry in sources[name].entries), folder
        if path:
            assert any(entry.path == path or entry.path.startswith(f"{path}/") for entry in sources[name].entries)


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def test_the_list_of_the_project_is_true_of_the_real_files(real_data):
    sources = load_sources(ROOT / "recipes/sources.yaml")
    digests = dict(line.split("\t")[:3:2] for line in _lines(real_data / "MANIFEST.tsv")[1:])
    files = [(name, f) for name, source in sources.sources.items() for f in source.files if not f.gzip]
    assert len(files) > 100
    assert {f"{name}/{f.path}": f.sha256 for name, f in files}.items() <= digests.items()
    packed = ["kg_hpo_zh", "qa_zh_toyhom_sample", "paper_jats_pmc_nonmedical", "general_zh_laws", "guideline_en_nstg"]
    found = list(survey(sources, real_data, packed))
    assert len(found) == 12 and all(item.present for item in found)


# The command


@pytest.fixture
def books(server, monkeypatch):
    """The command, with a list of two files on the test server."""
    entries = (file(server, "notes", TEXT), file(server, "more", b"more", use="evaluation"))
    monkeypatch.setattr(command, "load_sources", lambda path: listed(*entries))
    monkeypatch.setattr(command, "Web", lambda hosts, watch: Web(hosts, insecure=[server.origin], watch=watch))
    return command.fetch


def test_the_command_says_what_came_and_under_which_licence(server, books, tmp_path, capsys):
    server.pages = {"/notes": TEXT, "/more": b"more"}
    books("list", str(tmp_path), dry_run=True)
    assert "2 of 2 to fetch" in capsys.readouterr().out and server.asked == [] and os.listdir(tmp_path) == []
    books("list", str(tmp_path))
    said = capsys.readouterr().out
    assert "books: 2 fetched; CC0-1.0 (grade A)" in said and "Licences: CC0-1.0 (1)" in said
    assert "never to train on: books/more" in said and f"DATA={tmp_path}" in said
    books("list", str(tmp_path))
    assert "books: 2 there" in capsys.readouterr().out


def test_the_command_goes_on_and_fails_with_the_right_code(server, books, tmp_path, capsys):
    server.pages = {"/more": b"more"}
    with pytest.raises(DatagenError, match="1 of 2 files were not fetched: books/notes") as caught:
        books("list", str(tmp_path))
    assert caught.value.exit_code == 1 and "404" in capsys.readouterr().err
    server.pages["/notes"] = b"wrong"
    with pytest.raises(VerificationError) as caught:
        books("list", str(tmp_path))
    assert caught.value.exit_code == 4
    server.pages["/notes"] = TEXT
    books("list", str(tmp_path))
    assert "books: 1 fetched, 1 there" in capsys.readouterr().out


def test_wrong_usage_is_exit_2_before_anything_starts(server, books, tmp_path):
    with pytest.raises(UsageError, match="no source boks") as caught:
        books("list", str(tmp_path), only=["boks"])
    assert "books" in caught.value.fix
    with pytest.raises(UsageError, match="local folder"):
        books("list", "s3://lake/data")
    assert server.asked == []
