"""The department-balance report: tables for a notebook, one self-contained HTML page, checks for CI."""

from datagen.reports.build import report
from datagen.reports.targets import CheckFailed, Failure, Targets

__all__ = ["CheckFailed", "Failure", "Targets", "report"]
