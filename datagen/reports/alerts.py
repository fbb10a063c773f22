"""Alerts: what is wrong, worst first, each with the command that shows the rows."""

import shlex
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from datagen.licence import UNKNOWN
from datagen.reports.facts import TRAINING, Facts, StageFacts
from datagen.reports.findings import decontaminations, unscreened_sources
from datagen.reports.numbers import count, percent, signed
from datagen.reports.tables import mismatches
from datagen.reports.words import Words, say
from datagen.taxonomy import load_taxonomy

UNLABELLED = 0.05
ONE_SOURCE = 0.5
ONE_LANGUAGE = 0.1
QUARANTINED = 0.01
BIASED = 3.0
BIASED_ROWS = 20
MOSTLY = 0.5
SHOWN_BIASES = 5
NAMED = 6
IN_ORDER = ("bad", "look")


@dataclass(frozen=True)
class Alert:
    """One thing to look at. `command` is what to run or type to see the rows; empty where there are none to see."""

    level: Literal["bad", "look"]
    what: Words
    command: str = ""


def find_alerts(facts: Facts, tables: dict[str, pd.DataFrame], measures: dict, tolerance: float) -> list[Alert]:
    """All alerts, worst first."""
    alerts = [
        *_unsound(facts),
        *_departments(facts, tables["departments"], tolerance),
        *_labels(facts, tables, measures),
        *_mixture(facts, tables),
        *_unlooked(facts),
        *_rights(facts, tables, measures),
        *_biased(facts),
        *_quarantine(facts),
    ]
    return sorted(alerts, key=lambda alert: IN_ORDER.index(alert.level))


def filter_command(facts: Facts, condition: str) -> str:
    """Python that loads the rows for which `condition` (a pyarrow expression) holds."""
    if facts.stage:
        rows = f"datagen.load({facts.where!r}, {facts.stage!r})"
        return f"import datagen, pyarrow.dataset as ds; {rows}.to_table(filter={condition})"
    return f"import pyarrow.dataset as ds; ds.dataset({facts.where!r}, format='parquet').to_table(filter={condition})"


def _unsound(facts: Facts) -> list[Alert]:
    run = shlex.quote(facts.where)
    return [
        Alert(
            "bad",
            say("alert.mismatch", stage=stage, offered=count(offered), inputs=count(inputs)),
            f"datagen verify {run} {shlex.quote(stage)}",
        )
        for stage, offered, inputs in mismatches(facts)
    ]


def _departments(facts: Facts, frame: pd.DataFrame, tolerance: float) -> list[Alert]:
    wanted = frame[frame["target"].notna() & (frame["target"] > 0)]
    if not wanted[TRAINING].fillna(0).sum():
        return []
    alerts = []
    empty = wanted[(wanted["rows"].fillna(0) == 0) & (wanted["withheld"] == "")]
    if len(empty):
        alerts.append(Alert("bad", say("alert.empty", number=len(empty), names=_names(empty))))
    short = wanted[(wanted["gap"] < -tolerance * wanted["target"]) & ~wanted["department"].isin(empty["department"])]
    for row in short.head(3).to_dict("records"):
        alerts.append(
            Alert(
                "look",
                say(
                    "alert.short",
                    name=Words(row["name_en"], row["name_zh"]),
                    share=percent(row["share"]),
                    target=percent(row["target"]),
                    tokens=signed(row["gap_tokens"]),
                ),
                filter_command(facts, f"ds.field('department') == {row['department']!r}"),
            )
        )
    if len(short) > 3:
        alerts.append(Alert("look", say("alert.short.more", number=len(short) - 3)))
    return alerts


def _is_in(departments: pd.Series) -> str:
    return f"ds.field('department').isin({departments.tolist()!r})"


def _name(code: str) -> Words:
    taxonomy = load_taxonomy()
    return Words(*(taxonomy.name(code, language) if code in taxonomy.codes else code for language in ("en", "zh")))


def _names(frame: pd.DataFrame) -> Words:
    more = len(frame) > NAMED
    english, chinese = frame["name_en"].head(NAMED), frame["name_zh"].head(NAMED)
    return Words("; ".join(english) + ("; …" if more else ""), "；".join(chinese) + ("；……" if more else ""))


def _labels(facts: Facts, tables: dict[str, pd.DataFrame], measures: dict) -> list[Alert]:
    alerts = []
    if measures["unlabelled"] > UNLABELLED:
        level = "bad" if measures["unlabelled"] > 0.5 else "look"
        condition = "ds.field('department').is_null() | (ds.field('department') == 'UNK')"
        alerts.append(
            Alert(
                level, say("alert.unlabelled", share=percent(measures["unlabelled"])), filter_command(facts, condition)
            )
        )
    foreign = sorted({d for d in tables["departments"]["department"] if d} - set(load_taxonomy().codes))
    if foreign:
        alerts.append(
            Alert(
                "look",
                say(
                    "alert.foreign",
                    number=len(foreign),
                    names=", ".join(foreign[:5]) + (", …" if len(foreign) > 5 else ""),
                    taxonomy=load_taxonomy().version,
                ),
                filter_command(facts, f"ds.field('department') == {foreign[0]!r}"),
            )
        )
    return alerts


def _mixture(facts: Facts, tables: dict[str, pd.DataFrame]) -> list[Alert]:
    alerts = []
    sources = tables["sources"]
    if len(sources) > 1 and sources.iloc[0]["share"] > ONE_SOURCE:
        top = sources.iloc[0]
        alerts.append(
            Alert(
                "look",
                say("alert.one_source", source=top["source"], share=percent(top["share"])),
                filter_command(facts, f"ds.field('source') == {top['source']!r}"),
            )
        )
    shares = tables["languages"].set_index("language")["share"]
    for language in ("en", "zh"):
        has = float(shares.get(language, 0.0) or 0.0)
        if has < ONE_LANGUAGE:
            alerts.append(Alert("look", say(f"alert.{language}", share=percent(has))))
    frame = tables["departments"]
    made = frame[frame["balanced"] & (frame["synthetic"] > MOSTLY)]
    if len(made):
        alerts.append(
            Alert(
                "look",
                say("alert.synthetic", number=len(made), names=_names(made), share=percent(MOSTLY, 0)),
                filter_command(
                    facts, f"ds.field('synthetic') & ds.field('department').isin({list(made['department'])!r})"
                ),
            )
        )
    return alerts


def _unlooked(facts: Facts) -> list[Alert]:
    """Sources that no decontamination looked at, where another was looked at."""
    missed = unscreened_sources(facts) if decontaminations(facts) else []
    if not missed:
        return []
    command = filter_command(facts, f"ds.field('source').isin({missed!r})")
    return [Alert("bad", say("alert.unlooked", stages=", ".join(missed)), command)]


def _rights(facts: Facts, tables: dict[str, pd.DataFrame], measures: dict) -> list[Alert]:
    alerts = []
    licences = tables["licenses"].set_index("license")["rows"]
    unknown = int(licences.reindex([UNKNOWN]).fillna(0).iloc[0])
    if unknown:
        alerts.append(
            Alert(
                "look",
                say("alert.licence", rows=count(unknown)),
                filter_command(facts, f"ds.field('license') == {UNKNOWN!r}"),
            )
        )
    if measures["unscreened"]:
        alerts.append(
            Alert(
                "bad" if measures["unscreened"] > 0.01 else "look",
                say("alert.unscreened", share=percent(measures["unscreened"])),
                filter_command(facts, "ds.field('phi_status') == 'unknown'"),
            )
        )
    return alerts


def _biased(facts: Facts) -> list[Alert]:
    """Reasons that hit one department far harder than all departments together: curation may be tilting the balance.

    Stages that balance do so by intent."""
    found = []
    for stage in facts.stages.values():
        if "goals" in stage.version.manifest.get("results", {}):
            continue
        seen = stage.decisions[(stage.decisions["outcome"] != "derived") & (stage.decisions["department"] != "")]
        inputs = seen.groupby("department")["rows"].sum()
        dropped = seen[seen["outcome"] == "dropped"]
        for reason, rows in dropped.groupby("reason"):
            mean = rows["rows"].sum() / inputs.sum()
            by_department = rows.groupby("department")["rows"].sum()
            rates = by_department / inputs.reindex(by_department.index)
            for department in by_department.index[(by_department >= BIASED_ROWS) & (rates >= BIASED * mean)]:
                found.append((rates[department] / mean, stage, reason, department, rates[department], mean))
    found.sort(key=lambda f: (-f[0], f[2], f[3]))
    return [
        Alert(
            "look",
            say(
                "alert.biased",
                stage=stage.version.stage,
                reason=reason,
                department=_name(department),
                rate=percent(rate),
                mean=percent(mean),
            ),
            _ledger_command(facts, stage, f"ds.field('reason') == {reason!r}"),
        )
        for _, stage, reason, department, rate, mean in found[:SHOWN_BIASES]
    ]


def _quarantine(facts: Facts) -> list[Alert]:
    return [
        Alert(
            "look",
            say(
                "alert.quarantine",
                stage=s.version.stage,
                rows=count(s.version.counts["quarantined"]),
                share=percent(s.version.counts["quarantined"] / s.version.counts["inputs"]),
            ),
            _ledger_command(facts, s, "ds.field('outcome') == 'quarantined'"),
        )
        for s in facts.stages.values()
        if s.version.counts["inputs"] and s.version.counts["quarantined"] > QUARANTINED * s.version.counts["inputs"]
    ]


def _ledger_command(facts: Facts, stage: StageFacts, condition: str) -> str:
    ledger = f"{facts.where}/{stage.version.stage}/{stage.version.name}/ledger"
    return f"import pyarrow.dataset as ds; ds.dataset({ledger!r}).to_table(filter={condition})"
