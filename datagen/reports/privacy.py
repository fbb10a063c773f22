"""Small cells: where 1 to 4 restricted records fall together, a count could point at a person."""

from collections.abc import Collection

import numpy as np
import pandas as pd

SMALL = 5
FEW = "<5"
"""The mark of a cell that holds 1 to 4 restricted records."""
WITHHELD = "*"
"""The mark of a cell withheld so that a neighbour marked `<5` can't be worked out from a total."""


def is_restricted(cube: pd.DataFrame, personal: Collection[str] = ()) -> pd.Series:
    """Records of restricted access, those of sources about single patients, and those that nobody screened for
    identifiers."""
    restricted = (cube["access"] == "restricted") | (cube["phi_status"] == "unknown")
    return restricted | cube["source"].isin(personal) if personal else restricted


def visible(cube: pd.DataFrame, keys: list[str]) -> tuple[pd.DataFrame, pd.Series]:
    """(the cube without the restricted records of withheld cells, the mark of each such cell by its keys).

    `cube` has a column `restricted`, `keys` are one or two others. Cell suppression as statistical offices do it:
    primary below 5, then in each row and column that would show exactly one gap, the next smallest cell too. Each
    table is made safe by itself.
    """
    restricted = cube["restricted"]
    counts = cube[restricted].groupby(keys)["rows"].sum()
    if not ((counts > 0) & (counts < SMALL)).any():
        return cube, pd.Series(dtype=object)
    grid = counts.unstack(fill_value=0) if len(keys) == 2 else counts.to_frame().T
    small = (grid.to_numpy() > 0) & (grid.to_numpy() < SMALL)
    hidden = _complemented(grid.to_numpy(), small)
    marks = pd.DataFrame(np.where(small, FEW, np.where(hidden, WITHHELD, "")), grid.index, grid.columns)
    flat = marks.stack() if len(keys) == 2 else marks.iloc[0]
    flat = flat[flat != ""]
    flat.index = flat.index.set_names(keys) if len(keys) == 2 else flat.index.set_names(keys[0])
    cell_of = pd.MultiIndex.from_frame(cube[keys]) if len(keys) == 2 else pd.Index(cube[keys[0]])
    return cube[~(restricted.to_numpy() & cell_of.isin(flat.index))], flat


def _complemented(counts: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Hide one more cell in every row and column with a single gap, until none is left that can be helped."""
    hidden = small.copy()
    changed = True
    while changed:
        changed = False
        for values, gaps in ((counts, hidden), (counts.T, hidden.T)):
            for row in np.flatnonzero(gaps.sum(axis=1) == 1):
                others = np.where((values[row] > 0) & ~gaps[row], values[row], np.iinfo(np.int64).max)
                smallest = int(others.argmin())
                if others[smallest] < np.iinfo(np.int64).max:
                    gaps[row, smallest] = True
                    changed = True
    return hidden
