import numpy as np
import pytest

from training_bridge.mixture.draws import draw
from training_bridge.mixture.fit import Regression, rank_correlation

NATURAL, LIMITS = np.array([0.6, 0.2, 0.1, 0.1]), np.array([1.0, 1.0, 1.0, 0.25])
OBJECTIVE = np.array([0.1, 0.3, 0.3, 0.3])


def loss(mixtures: np.ndarray) -> np.ndarray:
    """Falls with the logarithm of what is seen of each group; the second helps the third."""
    seen = mixtures + 0.03
    seen[:, 2] += 0.3 * mixtures[:, 1]
    return 3 - 0.25 * np.log(seen) @ OBJECTIVE


def test_losses_of_mixtures_not_seen_are_foreseen_and_the_lowest_is_found():
    rng = np.random.default_rng(0)
    drawn = draw(60, NATURAL, LIMITS, seed=3)
    measured = loss(drawn) + rng.normal(0, 0.003, 60)
    regression = Regression(drawn[:48], measured[:48])
    predicted, errors = regression.predict(drawn[48:])
    assert rank_correlation(predicted, measured[48:]) > 0.9
    assert np.mean(np.abs(predicted - measured[48:]) < 2.5 * errors) >= 0.8

    best = regression.optimum(NATURAL, LIMITS, seed=1)
    everywhere = draw(20_000, NATURAL, LIMITS, seed=9)
    assert best.weights.sum() == pytest.approx(1) and best.weights[3] <= 0.25 + 1e-9
    (reached,) = loss(best.weights[None])
    regret = reached - loss(everywhere).min()
    assert regret < 0.1 * (np.median(loss(everywhere)) - loss(everywhere).min())
    assert (best.low <= best.weights + 0.02).all() and (best.weights <= best.high + 0.02).all()
    truth = everywhere[loss(everywhere).argmin()]
    assert np.mean((best.low - 0.05 <= truth) & (truth <= best.high + 0.05)) >= 0.75


def test_noise_alone_is_not_mistaken_for_knowledge():
    rng = np.random.default_rng(1)
    drawn = draw(40, NATURAL, LIMITS, seed=4)
    best = Regression(drawn, 2 + rng.normal(0, 0.1, 40)).optimum(NATURAL, LIMITS, seed=1)
    assert (best.high - best.low).max() > 0.3 and best.error > 0.05
