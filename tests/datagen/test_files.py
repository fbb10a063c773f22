"""Finding files, and opening them whatever they are packed in."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from datagen.archives import RawFile
from datagen.errors import UsageError
from datagen.files import find, open_item
from datagen.store import Store

XML = (".xml",)


def tar(members: dict[str, bytes], mode: str = "w") -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def contents(path: Path | str, exclude: tuple[str, ...] = ()) -> list[tuple[str, str, bytes]]:
    found = []
    for item in find(str(path), XML, exclude):
        for file in open_item(item, XML, exclude):
            assert isinstance(file, RawFile), file
            found.append((file.position, file.name, file.data))
    return found


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".gz", lambda data: gzip.compress(data[:2]) + gzip.compress(data[2:])),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", lambda data: pa.compress(data, codec="zstd", asbytes=True)),
    ],
)
def test_compressed_files_and_archives(tmp_path, suffix, pack):
    (tmp_path / f"a.xml{suffix}").write_bytes(pack(b"<a/>"))
    assert contents(tmp_path) == [(f"a.xml{suffix}", "a.xml", b"<a/>")]
    (tmp_path / f"a.xml{suffix}").unlink()
    members = {"b/a.xml": b"<a/>", "c.txt": b"no", "d.xml.gz": gzip.compress(b"<d/>")}
    (tmp_path / f"x.tar{suffix}").write_bytes(pack(tar(members)))
    found = [("b/a.xml", "b/a.xml", b"<a/>"), ("d.xml.gz", "d.xml", b"<d/>")]
    assert contents(tmp_path) == [(f"x.tar{suffix}!{position}", name, data) for position, name, data in found]


def test_zip_archives_in_a_fixed_order_without_litter(tmp_path):
    members = {"z.xml": b"<z/>", "a.xml": b"<a/>", "__MACOSX/._a.xml": b"", ".hidden/b.xml": b"", "./c.xml": b"<c/>"}
    (tmp_path / "x.zip").write_bytes(zipped(members))
    assert [name for _, name, _ in contents(tmp_path)] == ["./c.xml", "a.xml", "z.xml"]
    (tmp_path / "x.zip").rename(tmp_path / "x.ZIP")
    assert len(contents(tmp_path / "x.ZIP")) == 3


def test_folders_globs_files_and_excluded_names(tmp_path):
    for name in ("a.xml", "sub/b.XML", "sub/c.xml.gz", "sub/d.txt", ".git/e.xml", "test_1.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(gzip.compress(b"<a/>") if name.endswith("gz") else b"<a/>")
    (tmp_path / "dangling.xml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.xml").mkdir()
    assert [i.name for i in find(str(tmp_path), XML)] == ["a.xml", "sub/b.XML", "sub/c.xml.gz", "test_1.xml"]
    assert [i.name for i in find(str(tmp_path), XML, ("test_*", "sub/*"))] == ["a.xml"]
    assert [i.name for i in find(str(tmp_path / "sub" / "*.xml*"), XML)] == ["c.xml.gz"]
    assert [i.name for i in find([str(tmp_path / "a.xml"), str(tmp_path / "sub")], XML)] == [
        "a.xml",
        "b.XML",
        "c.xml.gz",
    ]
    assert len(contents(tmp_path)) == 4


def test_two_roots_with_a_file_of_one_name(tmp_path):
    for side in "left", "right":
        (tmp_path / side).mkdir()
        (tmp_path / side / "a.xml").write_text("<a/>")
    items = find([str(tmp_path / "left"), str(tmp_path / "right")], XML)
    assert len({item.name for item in items}) == 2


@pytest.mark.parametrize(("name", "message"), [("absent", "no such file"), ("", "no .xml file among 1 files")])
def test_nothing_to_read_is_said_before_anything_starts(tmp_path, name, message):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UsageError, match=message):
        find(str(tmp_path / name), XML)


def test_file_names_that_are_no_plain_text_are_escaped(tmp_path):
    for name in ("bad\udcff.xml", "red\x1b[31m\n.xml", "中 文.xml"):
        (tmp_path / name).write_text("<a/>")
    names = [position for position, _, _ in contents(tmp_path)]
    assert names == [r"bad\udcff.xml", r"red\x1b[31m\n.xml", "中 文.xml"]
    (tmp_path / r"bad\udcff.xml").write_text("<b/>")
    assert len({name for name, _, _ in contents(tmp_path)}) == 4


def test_archives_in_a_bucket(s3_url):
    store = Store(s3_url)
    store.write("raw/x.zip", zipped({"a.xml": b"<a/>" * 1000}))
    store.write("raw/y.tar.gz", tar({"b.xml": b"<b/>"}, "w:gz"))
    store.write("raw/c.xml.gz", gzip.compress(b"<c/>"))
    found = {position: len(data) for position, _, data in contents(f"{s3_url}/raw")}
    assert found == {"c.xml.gz": 4, "x.zip!a.xml": 4000, "y.tar.gz!b.xml": 4}
    assert [position for position, _, _ in contents(f"{s3_url}/raw/*.gz")] == ["c.xml.gz", "y.tar.gz!b.xml"]


def test_files_that_were_all_excluded_are_said_to_be(tmp_path):
    (tmp_path / "a.xml").write_text("<a/>")
    with pytest.raises(UsageError, match="`exclude` leaves out all 1 of its files"):
        find(str(tmp_path), XML, ("*.xml",))
