"""Benchmarks, item by item, from the files in which they are published."""

from dedup.evaluation_sets.item import Item
from dedup.evaluation_sets.registry import FORMATS, Format, files_of, read_items

__all__ = ["FORMATS", "Format", "Item", "files_of", "read_items"]
