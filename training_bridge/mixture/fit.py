"""From mixtures and their losses to a loss for any mixture, and the mixture where it is lowest."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel

from training_bridge.mixture.draws import draw, within

FLOOR = 0.02
"""Added to shares before their logarithm: below it a group is as good as absent."""
CANDIDATES, BEST, LIKELY, FUNCTIONS = 20_000, 64, 1000, 256
LEVEL = 0.9


@dataclass(frozen=True)
class Optimum:
    """The mixture of least predicted loss.

    Attributes:
        weights: float[groups], the mean of the 64 best of 20,000 candidates, as RegMix takes the mean of its best.
        low, high: float[groups], where the optimum lies with 90 % probability, group by group, under the regression.
        loss, error: predicted there, and the standard deviation of the prediction.
    """

    weights: np.ndarray
    low: np.ndarray
    high: np.ndarray
    loss: float
    error: float


class Regression:
    """A Gaussian process over the logarithms of shares: a linear part, since held-out loss falls with the logarithm of
    the text seen (data mixing laws, arXiv 2403.16952), a smooth part for how groups help each other, and noise for
    seeds. Its hyperparameters are those of greatest marginal likelihood, found by scikit-learn.
    """

    def __init__(self, mixtures: np.ndarray, losses: np.ndarray, seed: int = 0):
        groups = mixtures.shape[1]
        smooth = ConstantKernel(1.0, (1e-3, 1e3)) * RBF(np.full(groups, 2.0), (0.3, 30.0))
        kernel = ConstantKernel(0.1, (1e-4, 1e2)) * DotProduct(1.0, (1e-2, 1e2)) + smooth
        self._model = GaussianProcessRegressor(
            kernel + WhiteKernel(0.05, (1e-5, 1.0)), normalize_y=True, n_restarts_optimizer=2, random_state=seed
        )
        with warnings.catch_warnings():
            # A length at its bound says that a group hardly matters, or matters linearly: nothing is wrong with it.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._model.fit(_features(mixtures), losses)

    def predict(self, mixtures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Losses and their standard deviations, noise of seeds included: float[mixtures] each."""
        return self._model.predict(_features(mixtures), return_std=True)

    def optimum(self, natural: np.ndarray, limits: np.ndarray, seed: int) -> Optimum:
        candidates = draw(CANDIDATES, natural, limits, seed)
        losses, _ = self.predict(candidates)
        order = np.argsort(losses)
        weights = within(candidates[order[:BEST]].mean(0), limits)
        # The likeliest optima, each of a function that the posterior holds possible.
        few = candidates[order[:LIKELY]]
        functions = self._model.sample_y(_features(few), FUNCTIONS, random_state=seed)
        minima = few[functions.argmin(0)]
        low, high = np.quantile(minima, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
        (loss,), (error,) = self.predict(weights[None])
        return Optimum(weights, low, high, float(loss), float(error))


def rank_correlation(predicted: np.ndarray, measured: np.ndarray) -> float:
    """Spearman's; nan for fewer than three mixtures."""
    return float(spearmanr(predicted, measured).statistic) if len(predicted) > 2 else float("nan")


def _features(mixtures: np.ndarray) -> np.ndarray:
    return np.log(np.asarray(mixtures) + FLOOR)
