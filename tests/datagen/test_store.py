import threading

import pytest

from datagen.errors import UsageError
from datagen.store import Store


@pytest.fixture(params=["local", "s3"])
def store(request, tmp_path):
    if request.param == "local":
        return Store(str(tmp_path))
    return Store(request.getfixturevalue("s3_url"))


def test_write_read_list_copy_delete(store):
    store.write("a/b.txt", b"one")
    store.write("a/b.txt", b"two")
    assert store.read("a/b.txt") == b"two"
    store.copy("a/b.txt", "c/d/e.txt")
    assert store.files("") == [("a/b.txt", 3), ("c/d/e.txt", 3)]
    assert store.files("c") == [("c/d/e.txt", 3)]
    assert store.folders() == ["a", "c"]
    store.delete_tree("a")
    store.delete(["nothing.txt"])
    assert store.folders("c") == ["d"]
    assert store.size("a/b.txt") is None
    with pytest.raises(FileNotFoundError):
        store.read("a/b.txt")


def test_the_first_to_create_wins(store):
    assert store.create("x", b"1")
    assert not store.create("x", b"2")
    assert store.read("x") == b"1"


def test_swap_compares_before_it_sets(store):
    assert store.swap("x", None, b"1")
    assert not store.swap("x", None, b"2")
    assert not store.swap("x", b"other", b"2")
    assert store.swap("x", b"1", b"2")
    assert store.read("x") == b"2"
    assert not store.swap("missing", b"1", b"2")


def test_of_many_swappers_one_wins(store):
    store.write("x", b"0")
    wins = []

    def compete(number: int) -> None:
        if store.swap("x", b"0", b"%d" % number):
            wins.append(number)

    threads = [threading.Thread(target=compete, args=(n,)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wins) == 1
    assert store.read("x") == b"%d" % wins[0]


def test_writer_hashes_what_it_writes(store):
    writer = store.writer("big.bin")
    for _ in range(30):
        writer.write(b"x" * 400_000)
    writer.close()
    assert store.size("big.bin") == writer.bytes == 12_000_000
    assert store.sha256("big.bin") == writer.sha256


def test_unknown_schemes_are_refused():
    with pytest.raises(UsageError, match="unknown scheme"):
        Store("ftp://example.org/x")
