"""Curated, department-balanced training data for medical language models."""

from datagen.access import load

__all__ = ["load"]
__version__ = "0.1.0"
