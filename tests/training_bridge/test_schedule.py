from itertools import pairwise

import pytest

from training_bridge.schedule import wsd

REPORT = {"peak": 4e-4, "final": 2e-5, "warmup_tokens": 34, "decay_start": 18_000, "total_tokens": 20_000}


@pytest.mark.parametrize(
    "tokens, expected",
    [
        (0, 0.0),
        (17, 2e-4),
        (34, 4e-4),
        (9_000, 4e-4),
        (18_000, 4e-4),
        (19_000, 2.1e-4),  # half of the cosine: the mean of peak and final
        (20_000, 2e-5),
        (20_500, 2e-5),
    ],
)
def test_exact_values(tokens, expected):
    assert wsd(tokens, **REPORT) == pytest.approx(expected, rel=1e-12)


def test_monotone_and_continuous():
    values = [wsd(tokens, **REPORT) for tokens in range(0, 20_001)]
    rises = [b - a for a, b in pairwise(values)]
    assert all(rise > 0 for rise in rises[:34])
    assert all(rise == 0 for rise in rises[34:18_000])
    assert all(rise < 0 for rise in rises[18_000:])
    assert max(abs(rise) for rise in rises[34:]) < 4e-7


def test_without_warmup():
    assert wsd(0, **(REPORT | {"warmup_tokens": 0})) == 4e-4


@pytest.mark.parametrize("change", [{"warmup_tokens": 19_000}, {"decay_start": 20_000}, {"warmup_tokens": -1}])
def test_bad_order(change):
    with pytest.raises(ValueError, match="warmup_tokens <= decay_start < total_tokens"):
        wsd(1, **(REPORT | change))
