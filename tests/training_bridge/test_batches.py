import numpy as np
import pytest

from training_bridge.batches import BLOCK, Batches, Mixture
from training_bridge.packing import pack


def table(name: str, first: int, count: int, length: int):
    """`count` full rows of two documents, whose tokens name them."""
    documents = [np.full(length // 2, first + i // 2) for i in range(2 * count)]
    return pack(documents, length, name)[0]


def batches(name: str, first: int, count: int, length: int = 8, sequence_length: int = 8) -> Batches:
    rows = table(name, first, count, length)
    return Batches(rows, sequence_length=sequence_length, vocab_size=10_000, seed=(0, first))


@pytest.fixture
def mixture() -> Mixture:
    parts = {
        "general": batches("general", 0, 70),
        "basic": batches("basic", 1000, 300),
        "advanced": batches("advanced", 2000, 9),
    }
    return Mixture(parts, {"general": 0.2, "basic": 0.45, "advanced": 0.35}, seed=(0, 0))


def names(rows) -> list[int]:
    return [int(ids[0]) // 1000 for ids, _ in rows]


def test_every_block_has_the_shares_in_an_order_of_its_own(mixture):
    blocks = [names(mixture.rows(n * BLOCK, BLOCK)) for n in range(2)]
    assert [np.bincount(block).tolist() for block in blocks] == [[200, 450, 350]] * 2
    assert blocks[0] != blocks[1]
    # Mixed within the block too: any tenth of it is near its shares.
    assert np.abs(np.bincount(blocks[0][:100], minlength=3) / 100 - [0.2, 0.45, 0.35]).max() < 0.12


def test_shares_that_do_not_divide_fill_the_block(mixture):
    thirds = Mixture(dict(zip("abc", mixture.parts, strict=True)), dict.fromkeys("abc", 1 / 3), seed=(0,))
    assert sorted(np.bincount(names(thirds.rows(0, BLOCK)))) == [333, 333, 334]


def test_each_part_is_read_in_its_own_order_without_loss_or_repetition(mixture):
    rows = [int(ids[0]) for ids, _ in mixture.rows(0, 3 * BLOCK)]
    for number, part in enumerate(mixture.parts):
        found = [value for value in rows if value // 1000 == number]
        assert found == [int(ids[0]) for ids, _ in part.rows(0, len(found))]
        assert sorted(found[: len(part)]) == [number * 1000 + i for i in range(len(part))]


def test_any_place_is_reached_directly(mixture):
    whole = [tuple(ids) for ids, _ in mixture.rows(0, 2 * BLOCK + 50)]
    for place in (0, 17, BLOCK - 1, BLOCK, 2 * BLOCK + 3):
        assert [tuple(ids) for ids, _ in mixture.rows(place, 5)] == whole[place : place + 5]


def test_one_part_is_itself():
    alone = batches("basic", 1000, 300)
    mixed = Mixture({"basic": batches("basic", 1000, 300)}, {"basic": 1.0}, seed=(9,))
    ours, theirs = alone.rows(0, 700), mixed.rows(0, 700)
    assert all(np.array_equal(a, b) for (a, _), (b, _) in zip(ours, theirs, strict=True))


def test_rows_packed_for_a_shorter_length_are_joined():
    short = batches("general", 0, 7, length=8, sequence_length=20)
    rows = short.rows(0, 7)
    assert all(len(ids) == 16 and lengths.tolist() == [4, 4, 4, 4] for ids, lengths in rows)
    # Seven sequences of two rows are two epochs of the seven rows.
    seen = [int(ids[start]) for ids, _ in rows for start in (0, 8)]
    assert sorted(seen[:7]) == sorted(seen[7:]) == list(range(7))
