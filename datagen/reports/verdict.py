"""The verdict: a few measures of the whole corpus, each with its light, and the check of declared targets."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from datagen.licence import allowed
from datagen.reports.facts import TRAINING, Facts
from datagen.reports.findings import decontaminations, unscreened_sources
from datagen.reports.numbers import count, decimal, percent
from datagen.reports.targets import Failure, Targets
from datagen.reports.words import Words, say
from datagen.taxonomy import ABSTAINED

Light = Literal["good", "look", "bad", "none"]

LIMITS = {
    "met": (1.0, 0.8),
    "effective": (0.8, 0.5),
    "unlabelled": (0.05, 0.2),
    "synthetic": (0.3, 0.5),
    "unscreened": (0.0, 0.01),
    "not_redistributable": (0.0, 0.2),
}
"""Green from the first number on, red past the second; shares. What a project wants instead goes into its targets."""


@dataclass(frozen=True)
class Tile:
    """One measure of the verdict strip."""

    name: str
    value: str
    light: Light
    note: Words


def measures(facts: Facts, departments: pd.DataFrame, tolerance: float) -> dict[str, float | None]:
    """Numbers by name (see `targets.LIMITED`); shares between 0 and 1, None where nothing was measured."""
    cube = facts.cube
    rows, training = int(cube["rows"].sum()), float(cube[TRAINING].sum())
    balanced = departments[departments["balanced"] & departments["target"].notna()]
    copies = float(cube["duplicates"].sum())
    return {
        "rows": rows,
        "tokens": int(cube["tokens"].sum()),
        "departments": int(_met(balanced, tolerance).sum()),
        "effective_departments": effective_number(departments.loc[departments["balanced"], "share"]),
        "unlabelled": _part(cube, cube["department"].isin(("", ABSTAINED)), TRAINING, training),
        "synthetic": _part(cube, cube["synthetic"], TRAINING, training),
        "duplicates": (copies - rows) / copies if copies else 0.0,
        "contaminated": _contaminated(facts),
        "unscreened": _part(cube, cube["phi_status"] == "unknown", "rows", rows),
        "not_redistributable": _part(
            cube,
            ~cube["license"].isin([s for s in cube["license"].unique() if "redistribute" in allowed(s)]),
            "rows",
            rows,
        ),
        "quarantined": _quarantined(facts),
    }


def effective_number(shares: pd.Series) -> float:
    """exp(H) of the shares: how many equally large departments would be as diverse (Hill 1973)."""
    p = shares.fillna(0).to_numpy(float)
    p = p[p > 0]
    return float(np.exp(-(p * np.log(p)).sum())) if len(p) else 0.0


def tiles(found: dict[str, float | None], departments: pd.DataFrame, facts: Facts) -> list[Tile]:
    """The eight tiles of the verdict strip."""
    wanted = int(departments["target"].notna().sum())
    labelled = bool(departments.loc[departments["balanced"], TRAINING].fillna(0).sum())
    repeated = int(facts.cube[TRAINING].sum())
    contaminated = found["contaminated"]
    unlooked = unscreened_sources(facts)

    def light(name: str, value: float) -> Light:
        good, bad = LIMITS[name]
        if good > bad:
            return "good" if value >= good else "bad" if value < bad else "look"
        return "good" if value <= good else "bad" if value > bad else "look"

    def share(name: str) -> Tile:
        return Tile(name, percent(found[name]), light(name, found[name]), say(f"tile.{name}.note"))

    met = light("met", found["departments"] / wanted) if labelled else "bad"
    effective = found["effective_departments"]
    return [
        Tile("rows", count(found["rows"]), "good" if found["rows"] else "bad", say("tile.rows.note")),
        Tile("tokens", count(found["tokens"]), "none", say("tile.tokens.note", training=count(repeated))),
        Tile(
            "departments",
            f"{found['departments']}/{wanted}",
            met,
            say("tile.departments.note" if labelled else "tile.departments.unlabelled"),
        ),
        Tile(
            "effective_departments",
            decimal(effective),
            light("effective", effective / wanted),
            say("tile.effective_departments.note", wanted=wanted),
        ),
        share("synthetic"),
        Tile(
            "contaminated",
            count(contaminated),
            "look" if contaminated is None or unlooked else "good",
            say(f"tile.contaminated.{'unchecked' if contaminated is None else 'partly' if unlooked else 'note'}"),
        ),
        share("unscreened"),
        share("not_redistributable"),
    ]


def check(found: dict[str, float | None], tables: dict[str, pd.DataFrame], targets: Targets) -> list[Failure]:
    """Every declared target that is missed; only what `targets` states is checked."""
    failures = []
    if targets.departments is not None:
        frame = tables["departments"]
        for row in frame[frame["target"].notna() & ~_met(frame, targets.tolerance)].to_dict("records"):
            wanted = f"{percent(row['target'], 2)} ± {percent(row['target'] * targets.tolerance, 2)}"
            failures.append(Failure(f"department {row['department']}", wanted, percent(row["share"], 2)))
    languages = tables["languages"].set_index("language")["share"]
    for language, share in targets.languages.items():
        has = float(languages.get(language, 0.0))
        if abs(has - share) > targets.tolerance * share:
            wanted = f"{percent(share, 2)} ± {percent(share * targets.tolerance, 2)}"
            failures.append(Failure(f"language {language}", wanted, percent(has, 2)))
    for word, limits, missed in (
        ("at least", targets.at_least, lambda has, limit: has < limit),
        ("at most", targets.at_most, lambda has, limit: has > limit),
    ):
        for name, limit in limits.items():
            has = found[name]
            if has is None or missed(has, limit):
                failures.append(Failure(name, f"{word} {limit:g}", "not measured" if has is None else f"{has:g}"))
    return failures


def _met(departments: pd.DataFrame, tolerance: float) -> pd.Series:
    target = departments["target"].fillna(0)
    return (departments["share"].fillna(0) - target).abs() <= tolerance * target + 1e-12


def _part(cube: pd.DataFrame, which: pd.Series, measure: str, whole: float) -> float:
    return float(cube.loc[which.astype(bool), measure].sum()) / whole if whole else 0.0


def _contaminated(facts: Facts) -> int | None:
    """Rows taken out because a benchmark holds them; None where no stage looked."""
    looked = decontaminations(facts)
    if not looked:
        return None
    found = pd.concat(s.decisions for s in looked)
    return int(found.loc[(found["outcome"] == "dropped") & (found["reason"] != "same_id"), "rows"].sum())


def _quarantined(facts: Facts) -> float | None:
    counts = [s.version.counts for s in facts.stages.values()]
    inputs = sum(c["inputs"] for c in counts)
    return sum(c["quarantined"] for c in counts) / inputs if inputs else None
