"""The mixture of data by small models: many tiny trainings on random mixtures, a regression, and its optimum."""

from training_bridge.mixture.plan import Plan, read_plan
from training_bridge.mixture.search import Found, search

__all__ = ["Found", "Plan", "read_plan", "search"]
