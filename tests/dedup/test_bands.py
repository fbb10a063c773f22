from itertools import pairwise

import networkx
import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup import band_places, bucket_edges, keys_of, similar, verified
from dedup.bands import equal_edges, repeated, whole_keys

KEYS = st.lists(st.one_of(st.integers(0, 5), st.integers(0, 2**64 - 1)), max_size=60)


def spread(keys):
    """Small numbers as keys that differ in their upper bits, as hashes do."""
    return np.array([xxhash.xxh64_intdigest(key.to_bytes(8, "little")) for key in keys], np.uint64)


def xxh64(values):
    return xxhash.xxh64_intdigest(np.asarray(values, "<u4").tobytes())


@pytest.mark.parametrize("bands", [1, 2, 4, 7, 8, 14, 16, 28, 56, 112])
def test_keys_are_xxh64_of_the_values(bands):
    signatures = np.random.default_rng(0).integers(0, 1 << 32, (9, 112), np.uint32)
    places = band_places(112, bands)
    keys = keys_of(signatures, places)
    assert keys.shape == (len(places), 9) and keys.dtype == np.uint64
    for band, place in enumerate(places):
        assert keys[band].tolist() == [xxh64(row[place]) for row in signatures]


@pytest.mark.parametrize("bands", [1, 4, 14, 28, 56, 112])
def test_every_value_is_in_one_straight_band_and_at_most_one_across(bands):
    places = band_places(112, bands)
    straight, across = places[:bands], places[bands:]
    assert sorted(straight.ravel().tolist()) == list(range(112))
    assert len(set(across.ravel().tolist())) == across.size
    rows = 112 // bands
    assert len(across) == (bands // rows * rows if rows > 1 else 0)
    for one in straight:
        assert all(len(np.intersect1d(one, other)) <= 1 for other in across)


def test_whole_keys_are_those_of_the_halves():
    signatures = np.random.default_rng(0).integers(0, 1 << 32, (5, 112), np.uint32)
    assert whole_keys(signatures).T.tolist() == [[xxh64(row[:56]), xxh64(row[56:])] for row in signatures]


def ordered(count):
    """An order within buckets by position."""
    return np.stack([np.arange(count, dtype=np.uint64), np.zeros(count, np.uint64)])


@settings(deadline=None)
@given(KEYS)
def test_repeated_misses_no_equal_keys(numbers):
    keys = spread(numbers)
    found = repeated(keys).tolist()
    assert found == sorted(found)
    assert {i for i, key in enumerate(numbers) if numbers.count(key) > 1} == set(found)


@settings(deadline=None)
@given(KEYS)
def test_edges_connect_equal_keys_and_nothing_else(numbers):
    keys = spread(numbers)
    edges = bucket_edges(keys, ordered(len(keys)))
    assert edges.dtype == np.int64 and edges.shape[1] == 2
    found = networkx.Graph(edges.tolist())
    found.add_nodes_from(range(len(keys)))
    expected = {frozenset(np.flatnonzero(keys == key).tolist()) for key in keys}
    assert {frozenset(group) for group in networkx.connected_components(found)} == expected


@settings(deadline=None)
@given(KEYS, st.randoms(use_true_random=False))
def test_each_document_is_linked_to_the_one_before_and_to_the_first(numbers, random):
    keys = spread(numbers)
    rank = random.sample(range(len(keys)), len(keys))
    order = np.array([[r // 7 for r in rank], rank], np.uint64).reshape(2, -1)
    expected = set()
    for key in np.unique(keys):
        members = sorted(np.flatnonzero(keys == key).tolist(), key=rank.__getitem__)
        expected |= {(later, earlier) for earlier, later in pairwise(members)}
        expected |= {(member, members[0]) for member in members[1:]}
    edges = [tuple(edge) for edge in bucket_edges(keys, order).tolist()]
    assert sorted(edges) == sorted(expected)


def test_edges_grow_with_documents_not_with_pairs():
    assert len(bucket_edges(np.zeros(100_000, np.uint64), ordered(100_000))) == 2 * 100_000 - 3


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), max_size=40), st.randoms(use_true_random=False))
def test_equal_edges_lead_to_the_smallest_document(pairs, random):
    documents = random.sample(range(1000), len(pairs))
    keys = np.array(pairs, np.uint64).reshape(-1, 2).T
    keys[0] = spread(keys[0].tolist()) if len(pairs) else keys[0]
    smallest = {}
    for pair, document in zip(pairs, documents, strict=True):
        smallest[pair] = min(document, smallest.get(pair, document))
    expected = {(d, smallest[p]) for p, d in zip(pairs, documents, strict=True) if d != smallest[p]}
    assert {tuple(e) for e in equal_edges(keys, np.array(documents, np.int64)).tolist()} == expected


@pytest.mark.parametrize("agreeing", range(11))
def test_verified_compares_with_the_share_of_equal_values(agreeing):
    signatures = np.arange(20, dtype=np.uint32).reshape(2, 10)
    signatures[1, :agreeing] = signatures[0, :agreeing]
    for tenth in range(1, 11):
        kept = verified(signatures, np.array([[1, 0]]), tenth / 10)
        assert len(kept) == (agreeing >= tenth)


def signatures_of(groups, agreeing, rng):
    """Groups of signatures that agree with the first of their group in the first `agreeing` of 112 values."""
    rows = rng.integers(0, 1 << 32, (sum(groups), 112), np.uint32)
    start = 0
    for size in groups:
        rows[start : start + size, :agreeing] = rows[start, :agreeing]
        start += size
    return rows


def test_similar_joins_what_agrees_enough():
    rng = np.random.default_rng(1)
    signatures = signatures_of([3, 1, 2], 80, rng)
    edges = np.concatenate(list(similar(signatures, 80 / 112)))
    assert set(map(frozenset, edges.tolist())) >= {frozenset({4, 5})}
    assert {frozenset(c) for c in networkx.connected_components(networkx.Graph(edges.tolist()))} == {
        frozenset({0, 1, 2}),
        frozenset({4, 5}),
    }
    assert sum(map(len, similar(signatures, 81 / 112))) == 0


def test_strangers_between_neighbours_do_not_part_them():
    # all share 8 values, so two buckets hold everybody; pairs agree in 80 values more
    rng = np.random.default_rng(2)
    signatures = signatures_of([2] * 200, 88, rng)
    signatures[:, :8] = 7
    edges = np.concatenate(list(similar(signatures, 0.6)))
    found = {frozenset(edge) for edge in edges.tolist()}
    assert found == {frozenset({2 * i, 2 * i + 1}) for i in range(200)}


def test_input_order_does_not_matter_where_links_barely_hold():
    # any two agree in half of their values, give or take, so that which are compared decides what is joined
    rng = np.random.default_rng(4)
    signatures = rng.integers(0, 1 << 32, (200, 112), np.uint32)
    common = rng.random(signatures.shape) < 0.7
    signatures[common] = np.broadcast_to(signatures[0], signatures.shape)[common]
    order = rng.permutation(200)

    def clusters(rows, names):
        graph = networkx.Graph(names[np.concatenate(list(similar(rows, 0.58)))].tolist())
        return {frozenset(group) for group in networkx.connected_components(graph)}

    found = clusters(signatures, np.arange(200))
    assert 20 < len(frozenset().union(*found)) < 180
    assert clusters(signatures[order], order) == found


def test_signatures_without_tokens_get_no_edges():
    signatures = np.full((3, 8), 0xFFFFFFFF, np.uint32)
    assert sum(map(len, similar(signatures, 0.5))) == 0


def test_read_only_and_strided_signatures():
    signatures = signatures_of([2, 2], 80, np.random.default_rng(3))
    expected = [edges.tolist() for edges in similar(signatures, 0.5)]
    frozen = np.frombuffer(signatures.tobytes(), np.uint32).reshape(signatures.shape)
    wide = np.repeat(signatures, 2, axis=0)[::2]
    for same in (frozen, wide):
        assert [edges.tolist() for edges in similar(same, 0.5)] == expected


@pytest.mark.parametrize(
    ("num_perm", "threshold", "bands", "message"),
    [
        (112, 0, 28, "threshold=0"),
        (112, 1.1, 28, "threshold=1.1"),
        (112, float("nan"), 28, "threshold=nan"),
        (112, 0.5, 0, "bands=0"),
        (112, 0.5, 30, "bands=30: must divide num_perm=112"),
        (10, 0.5, None, "num_perm=10 is no multiple of 4"),
    ],
)
def test_shapes_that_do_not_fit(num_perm, threshold, bands, message):
    with pytest.raises(ValueError, match=message):
        list(similar(np.zeros((2, num_perm), np.uint32), threshold, bands))
