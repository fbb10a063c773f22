"""Two reports side by side: the same tables, with what each number was before and how it changed."""

import pandas as pd

from datagen.reports.tables import KEYS

NO_SUM = ("value", "target", "acceptance")
"""Numbers that are unknown, not zero, on a line that isn't there."""


def with_changes(after: dict[str, pd.DataFrame], before: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables of `after`, each number with `NAME_before` and `NAME_change` beside it; lines that only `before` had
    come last."""
    return {name: _merged(after[name], before[name], KEYS[name]) for name in after}


def _merged(after: pd.DataFrame, before: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    lines = pd.concat([after[keys], before[keys]]).drop_duplicates(ignore_index=True)
    now, then = (lines.merge(frame, on=keys, how="left") for frame in (after, before))
    has_now, has_then = (_index(lines).isin(_index(frame[keys])) for frame in (after, before))
    for name in after.columns.intersection(before.columns).drop(keys):
        if _is_number(after[name]) or _is_number(before[name]):
            old, new = pd.to_numeric(then[name]), pd.to_numeric(now[name])
            if name not in NO_SUM:
                old, new = old.where(has_then, 0), new.where(has_now, 0)
            now[name], now[f"{name}_before"], now[f"{name}_change"] = new, old, new - old
        else:
            now[name] = now[name].where(has_now, "" if name == "withheld" else then[name])
    return now


def _index(frame: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(frame)


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
