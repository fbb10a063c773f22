import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_bridge.packing import PACKED_SCHEMA, pack, plan


def numbered(lengths) -> list[np.ndarray]:
    """Documents whose tokens are all different, so that any loss or mix-up shows."""
    ends = np.cumsum(lengths)
    return [np.arange(end - length, end, dtype=np.int64) for length, end in zip(lengths, ends, strict=True)]


def best_fit_decreasing(lengths, capacity) -> list[int]:
    """The room left in each sequence by the textbook definition: scan all for the least sufficient room."""
    pieces = [capacity] * sum(length // capacity for length in lengths)
    pieces += [length % capacity for length in lengths if length % capacity]
    rooms: list[int] = []
    for piece in sorted(pieces, reverse=True):
        fitting = [room for room in rooms if room >= piece]
        if fitting:
            rooms[rooms.index(min(fitting))] -= piece
        else:
            rooms.append(capacity - piece)
    return rooms


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, 70), max_size=60), st.integers(2, 33))
def test_every_token_once_in_whole_documents(lengths, capacity):
    documents = numbered(lengths)
    table, packing = pack(documents, capacity, "basic")
    assert table.schema.equals(PACKED_SCHEMA)
    assert len(table) == packing.sequences
    rooms = [capacity - sum(row) for row in table["document_lengths"].to_pylist()]
    assert sorted(rooms) == sorted(best_fit_decreasing(lengths, capacity))
    assert packing.tokens == sum(lengths)

    whole = {tuple(document) for document in documents if len(document) <= capacity}
    pieces = []
    for row in table.to_pylist():
        assert row["curriculum"] == "basic"
        assert sum(row["document_lengths"]) == len(row["input_ids"]) <= capacity
        start = 0
        for length in row["document_lengths"]:
            pieces.append(tuple(row["input_ids"][start : start + length]))
            start += length
    assert sorted(token for piece in pieces for token in piece) == list(range(sum(lengths)))
    assert whole <= set(pieces)
    # A longer document is cut at multiples of the capacity, into consecutive tokens.
    for piece in set(pieces) - whole:
        assert list(piece) == list(range(piece[0], piece[0] + len(piece)))
    cuts = sum((length - 1) // capacity for length in lengths)
    assert packing.continuations == cuts == len(pieces) - len(lengths)


def test_best_fit_prefers_the_fullest_sequence():
    packing = plan([6, 5, 4, 3], 10)
    assert packing.sequence.tolist() == [0, 0, 1, 1]
    assert packing.document.tolist() == [0, 2, 1, 3]
    assert plan([12, 9, 3], 20).sequence.tolist() == [0, 0, 1]


def test_deterministic_with_ties_in_input_order():
    lengths = np.random.default_rng(0).integers(1, 40, 500)
    first, second = plan(lengths, 64), plan(lengths, 64)
    for field in ("document", "start", "length", "sequence"):
        assert np.array_equal(getattr(first, field), getattr(second, field))
    assert plan([8, 8, 8], 8).document.tolist() == [0, 1, 2]


@pytest.mark.parametrize("seed", [0, 1])
def test_utilisation_on_an_ordinary_mix(seed):
    # Log-normal lengths, as web pages and papers have: median 400 tokens, a long tail.
    lengths = np.random.default_rng(seed).lognormal(6.0, 1.1, 4000).astype(np.int64) + 1
    packing = plan(lengths, 2048)
    assert packing.utilisation >= 0.99
    assert packing.tokens == lengths.sum()


def test_nothing_to_pack():
    table, packing = pack([], 8, "general")
    assert len(table) == packing.sequences == packing.tokens == 0
    assert table.schema.equals(PACKED_SCHEMA)


def test_bad_input():
    with pytest.raises(ValueError, match="document 1 has no tokens"):
        pack([np.arange(3), np.arange(0)], 8, "general")
    with pytest.raises(ValueError, match="sequence_length must be at least 2"):
        pack([np.arange(3)], 1, "general")
    with pytest.raises(ValueError, match="general, basic, advanced"):
        pack([np.arange(3)], 8, "medical")
