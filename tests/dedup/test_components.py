import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup import Components

COUNT = 30
EDGES = st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)), max_size=40)


def labels(*batches, count=COUNT):
    components = Components(count)
    for edges in batches:
        components.join(np.array(edges, np.int64).reshape(-1, 2))
    return components.labels().tolist()


@settings(deadline=None)
@given(EDGES)
def test_labels_are_the_smallest_of_each_component(edges):
    graph = networkx.Graph(edges)
    graph.add_nodes_from(range(COUNT))
    expected = {member: min(group) for group in networkx.connected_components(graph) for member in group}
    assert labels(edges) == [expected[member] for member in range(COUNT)]


@settings(deadline=None)
@given(EDGES, st.randoms(use_true_random=False), st.integers(0, 40))
def test_order_and_batches_do_not_matter(edges, random, cut):
    shuffled = [edge[::-1] if random.random() < 0.5 else edge for edge in random.sample(edges, len(edges))]
    assert labels(shuffled[:cut], shuffled[cut:]) == labels(edges)


def test_a_chain_of_a_million():
    count = 1_000_000
    components = Components(count)
    components.join(np.stack([np.arange(1, count), np.arange(count - 1)], axis=1)[::-1])
    assert not components.labels().any()


@settings(deadline=None)
@given(EDGES, EDGES)
def test_apart_are_the_edges_between_clusters(edges, others):
    components = Components(COUNT)
    components.join(np.array(edges, np.int64).reshape(-1, 2))
    others = np.array(others, np.int64).reshape(-1, 2)
    label = components.labels()
    assert components.apart(others).tolist() == [[a, b] for a, b in others.tolist() if label[a] != label[b]]


def test_no_members():
    assert labels([], count=0) == []


@pytest.mark.parametrize("edge", [(0, COUNT), (-1, 0)])
def test_an_edge_to_nowhere(edge):
    with pytest.raises(IndexError, match="outside the members 0 to 29"):
        labels([edge])
