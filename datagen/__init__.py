"""Curated, department-balanced training data for medical language models.

`datagen.load(run, stage)` and `datagen.report(run)`; see the README for the command line.
"""

from typing import Any

__all__ = ["load", "report"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Lazy: both bring pandas along, which the command line mostly does without.
    if name == "load":
        from datagen.access import load

        return load
    if name == "report":
        from datagen.reports.build import report

        return report
    raise AttributeError(f"module 'datagen' has no attribute {name!r}")
