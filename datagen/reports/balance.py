"""The sections about the balance: departments, targets, and what each stage did to the shares."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from datagen.reports.blocks import Block, Cell, Column, Dumbbell, Dumbbells, Legend, Note, Part, Section, Table
from datagen.reports.cells import change_cell, counted, department_cell, department_name, label, sort_key
from datagen.reports.findings import goals
from datagen.reports.numbers import count, decimal, percent, points, signed
from datagen.reports.tables import divergence
from datagen.reports.words import Words, say
from datagen.work_list import DIMENSIONS

if TYPE_CHECKING:
    from datagen.reports.result import Report

TICKS = (0, 0.01, 0.03, 0.05, 0.1, 0.2, 0.4, 0.7, 1)
LONGEST = 46


def departments(report: "Report") -> Section:
    frame = report.tables["departments"]
    compared = report.before is not None
    columns = [
        Column(say("department"), number=False),
        Column(say("records")),
        Column(say("tokens")),
        Column(say("share"), note=say("share.note")),
        *([Column(say("before")), Column(say("change"))] if compared else []),
        Column(say("target")),
        Column(say("gap"), note=say("gap.note")),
        Column(say("gap_tokens"), note=say("gap_tokens.note")),
        Column(say("en_zh"), number=False),
        Column(say("value"), note=say("value.note")),
        Column(say("synthetic")),
        Column(say("copies"), note=say("copies.note")),
        *([] if compared else [Column(say("top_source"), number=False)]),
    ]
    widest = max(frame["gap"].abs().max(), report.targets.tolerance * frame["target"].max())
    lines = [_department(row, widest, compared, report.targets.tolerance) for row in frame.to_dict("records")]
    balanced = frame["balanced"].fillna(False).astype(bool).tolist()
    main = [line for line, is_balanced in zip(lines, balanced, strict=True) if is_balanced]
    rest = [line for line, is_balanced in zip(lines, balanced, strict=True) if not is_balanced]
    legend = Legend(
        (Part(0, "en-part", say("language.en")), Part(0, "zh-part", say("language.zh")), Part(0, "other", say("other")))
    )
    blocks: list[Block] = [Note(say("departments.note")), legend, Table(columns, main, rest, filterable=True)]
    if (frame["withheld"] != "").any():
        blocks.append(Note(say("withheld.note")))
    return Section("departments", say("section.departments"), blocks)


def _department(row: dict, widest: float, compared: bool, tolerance: float) -> list[Cell]:
    gap, has_gap = row["gap"], pd.notna(row["gap"])
    is_met = has_gap and pd.notna(row["target"]) and abs(gap) <= tolerance * row["target"] + 1e-12
    tone = "" if not has_gap else "good" if is_met else "look" if gap > 0 else "bad"
    bar = None  # no room for it beside the changes
    if has_gap and not compared:
        bar = 0.0 if is_met else gap / widest
    share = row["share"] if pd.notna(row["share"]) else row["share_of_all"]
    changes = []
    if compared:
        was = row["share_before"] if pd.notna(row["share"]) else row["share_of_all_before"]
        changes = [Cell(percent(was, 2), sort_key(was)), change_cell(share - was if pd.notna(was) else None)]
    return [
        department_cell(row["department"]),
        counted(row["rows"], row["withheld"]),
        Cell(count(row["tokens"]), sort_key(row["tokens"])),
        Cell(percent(share, 2), sort_key(share), tone="" if pd.notna(row["share"]) else "muted"),
        *changes,
        Cell(percent(row["target"], 2), sort_key(row["target"])),
        Cell(points(gap, 2), sort_key(gap), bar=bar, tone=tone),
        Cell(signed(row["gap_tokens"]), sort_key(row["gap_tokens"])),
        _languages(row),
        Cell(decimal(row["value"]), sort_key(row["value"])),
        Cell(percent(row["synthetic"]), sort_key(row["synthetic"])),
        Cell(percent(row["copies_folded"]), sort_key(row["copies_folded"])),
        *([] if compared else [Cell(row["top_source"])]),
    ]


def _languages(row: dict) -> Cell:
    if pd.isna(row["en"]):
        return Cell("–", sort=-1)
    parts = (Part(row["en"], "en-part"), Part(row["zh"], "zh-part"), Part(row["other_languages"], "other"))
    return Cell(f"{row['en'] * 100:.0f} / {row['zh'] * 100:.0f}", row["en"], parts=parts)


def targets(report: "Report") -> Section:
    """Dumbbells on a square-root axis, so that a share of 0.1 % and one of 40 % are both readable."""
    frame = report._tables["departments"]
    frame = frame[frame["target"].notna() & frame["share"].notna()]
    if not len(frame):
        return Section("targets", say("section.targets"), (Note(say("targets.none")),))
    most = max(frame["share"].max(), frame["target"].max() * (1 + report.targets.tolerance), 0.05)
    end = next((t for t in TICKS if t >= most), 1.0)

    def place(share: float) -> float:
        return float(np.sqrt(min(max(share, 0.0), end) / end))

    rows = []
    for row in frame.sort_values(["gap", "department"]).to_dict("records"):
        band = row["target"] * report.targets.tolerance
        rows.append(
            Dumbbell(
                name := department_name(row["department"]),
                Words(_cut(name.en), name.zh),
                place(row["target"]),
                place(row["target"] - band),
                place(row["target"] + band),
                place(row["share"]),
                abs(row["gap"]) <= band + 1e-12,
                f"{percent(row['share'], 2)} / {percent(row['target'], 2)}",
            )
        )
    ticks = [(place(t), percent(t, 0)) for t in TICKS if t <= end]
    legend = Legend(
        (
            Part(0, "dot good", say("dumbbell.met")),
            Part(0, "dot bad", say("dumbbell.missed")),
            Part(0, "diamond", say("target")),
            Part(0, "band", say("dumbbell.band", tolerance=percent(report.targets.tolerance, 0))),
        )
    )
    chart = Dumbbells(rows, ticks, say("section.targets"))
    blocks = (Note(say("targets.note")), legend, chart, *_corrected(frame), *_work_list(report))
    return Section("targets", say("section.targets"), blocks)


def _corrected(frame: pd.DataFrame) -> list[Block]:
    """Shares by what departments truly are, the smallest first."""
    if "corrected" not in frame:
        return []
    heads = ("department", "share", "corrected", "corrected.interval", "target")
    lines = [
        [
            department_cell(r["department"]),
            Cell(percent(r["share"], 2), sort_key(r["share"])),
            Cell(percent(r["corrected"], 2), sort_key(r["corrected"]), tone="strong"),
            Cell(f"{percent(r['corrected_low'], 2)} – {percent(r['corrected_high'], 2)}", sort_key(r["corrected_low"])),
            Cell(percent(r["target"], 2), sort_key(r["target"])),
        ]
        for r in frame.sort_values(["corrected", "department"]).to_dict("records")
    ]
    columns = [Column(say(head), number=head != "department") for head in heads]
    return [Note(say("corrected.note")), Table(columns, lines, filterable=True, caption=say("corrected.title"))]


def _work_list(report: "Report") -> list[Block]:
    if goals(report.facts) is None:
        return []
    frame = report._tables["work_list"]
    if not len(frame):
        return [Note(say("work_list.none"), "good")]
    labels = ("department", *(name for name in DIMENSIONS[1:] if frame[name].any()))
    columns = [Column(say(name), number=False) for name in labels]
    columns += [Column(say(f"work_list.{name}")) for name in ("tokens", "reach", "wanted", "short")]
    lines = [
        [
            department_cell(r["department"]),
            *(Cell(label(name, r[name]) if r[name] else say("any")) for name in labels[1:]),
            *(Cell(count(r[name]), sort_key(r[name])) for name in ("tokens", "reach", "wanted")),
            Cell(count(r["short"]), sort_key(r["short"]), tone="bad"),
        ]
        for r in frame.to_dict("records")
    ]
    table = Table(columns, lines, filterable=True, caption=say("work_list.title", number=len(lines)))
    return [Note(say("work_list.note")), table]


def _cut(name: str) -> str:
    """A name that fits beside a chart, cut between words."""
    return name if len(name) <= LONGEST else name[:LONGEST].rsplit(" ", 1)[0].rstrip(" ,&") + " …"


def history(report: "Report") -> Section:
    """Shares by department after each stage, where at least half of the tokens have a department."""
    title = say("section.history")
    frame = report._tables["history"]
    if not len(frame):
        return Section("history", title, (Note(say("history.no_run")),))
    labelled = frame.drop_duplicates("stage").set_index("stage")["labelled"]
    stages = [s for s in labelled.index if labelled[s] >= 0.5]
    skipped = [s for s in labelled.index if labelled[s] < 0.5]
    blocks: list[Block] = [Note(say("history.note"))]
    if skipped:
        names = Words(*(", ".join(s or all_ for s in skipped) for all_ in say("all_sources")))
        blocks.append(Note(say("history.unlabelled", names=names)))
    if len(stages) < 2:
        blocks.append(Note(say("history.too_few")))
        return Section("history", title, blocks)
    shares = frame[frame["stage"].isin(stages)].pivot(index="department", columns="stage", values="share")
    shares = shares.reindex(columns=stages).dropna(how="all").fillna(0)
    change = (shares[stages[-1]] - shares[stages[0]]).rename("change")
    wanted = report.targets.department_shares()
    most = max(float(shares.to_numpy().max()), 1e-9)
    lines = []
    for code in change.sort_values(key=lambda c: -c.abs(), kind="stable").index:
        cells = [Cell(percent(v, 2), v, shade=v / most) for v in shares.loc[code]]
        lines.append([department_cell(code), *cells, change_cell(change[code])])
    far = [Cell(decimal(divergence(shares[s], wanted), 3)) for s in stages]
    foot = [[Cell(say("history.divergence")), *far, Cell("")]]
    heads = [Column(say("all_sources") if s == "" else s) for s in stages]
    blocks.append(
        Table([Column(say("department"), number=False), *heads, Column(say("change"))], lines, foot, heat=True)
    )
    return Section("history", title, blocks)
