"""Cells that several sections have: names of departments and labels, counts, changes."""

import pandas as pd

from datagen.reports.blocks import Cell, Text
from datagen.reports.numbers import count, points
from datagen.reports.words import Words, is_known, say
from datagen.taxonomy import load_taxonomy


def department_cell(code: str) -> Cell:
    name = department_name(code)
    order = load_taxonomy().codes.index(code) if code in load_taxonomy().codes else 1000
    return Cell(name, sort=order, small=code if code in load_taxonomy().codes else "", tone="name")


def department_name(code: str) -> Words:
    taxonomy = load_taxonomy()
    if not code:
        return say("no_label")
    if code in taxonomy.codes:
        return Words(taxonomy.name(code, "en"), taxonomy.name(code, "zh"))
    return Words(code, code)


def label(key: str, value: object) -> Text:
    """How a label of a column is called."""
    if value == "":
        return say("no_label") if key != "tier" else say("unrated")
    if key == "content_type" and value in load_taxonomy("content_types").codes:
        names = load_taxonomy("content_types")
        return Words(names.name(value, "en"), names.name(value, "zh"))
    if key == "department":
        return department_name(str(value))
    if is_known(f"{key}.{value}"):
        return say(f"{key}.{value}")
    return str(value)


def counted(rows, withheld: str) -> Cell:
    if pd.isna(rows):
        return Cell(withheld, 0)
    return Cell(count(rows) + ("+" if withheld else ""), sort_key(rows))


def change_cell(share) -> Cell:
    if share is None or pd.isna(share):
        return Cell("–", 0)
    return Cell(points(share, 2), float(share), tone="muted" if abs(share) < 5e-5 else "up" if share > 0 else "down")


def sort_key(value) -> float:
    return -1e18 if value is None or pd.isna(value) else float(value)
