"""Evaluation on the report's 22 medical benchmarks and others, from files that the user brings."""

from training_bridge.evaluate.result import Result, RowResult
from training_bridge.evaluate.run import run
from training_bridge.evaluate.suite import Row, suite

__all__ = ["Result", "Row", "RowResult", "run", "suite"]
