"""The gate for synthetic text: a reward model trained on known errors, calibrated, reported by error class."""

from reward_filter.corrupt import CLASSES, Corruptor, Item, Pair
from reward_filter.scorer import Scorer, load

__all__ = ["CLASSES", "Corruptor", "Item", "Pair", "Scorer", "load"]
