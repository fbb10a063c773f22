"""The sections about what the corpus holds: departments, targets, cubes, history, value, duplicates, rights."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from datagen.reports.blocks import (
    Block,
    Cell,
    Column,
    Dumbbell,
    Dumbbells,
    Legend,
    Note,
    Part,
    Section,
    Table,
    Text,
)
from datagen.reports.numbers import count, decimal, percent, points, short, signed
from datagen.reports.tables import OPERATIONS, divergence
from datagen.reports.words import Words, is_known, say
from datagen.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from datagen.reports.report import Report

TICKS = (0, 0.01, 0.03, 0.05, 0.1, 0.2, 0.4, 0.7, 1)
TIER_ORDER = ("T1", "T2", "T3", "T4", "T5", "")
CUBES = {"language": "language", "value": "tier", "content_type": "content_type", "source": "source"}
MOST_COLUMNS = 14
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
    widest = frame["gap"].abs().max()
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
    missing = "-" if pd.isna(row["gap"]) else row["gap"]
    is_met = missing != "-" and pd.notna(row["target"]) and abs(row["gap"]) <= tolerance * row["target"] + 1e-12
    gap_tone = "" if missing == "-" else "good" if is_met else "look" if row["gap"] > 0 else "bad"
    share = row["share"] if pd.notna(row["share"]) else row["share_of_all"]
    changes = []
    if compared:
        was = row["share_before"] if pd.notna(row["share"]) else row["share_of_all_before"]
        changes = [Cell(percent(was, 2), _sort(was)), _change(share - was if pd.notna(was) else None)]
    return [
        department_cell(row["department"]),
        _counted(row["rows"], row["withheld"]),
        Cell(count(row["tokens"]), _sort(row["tokens"])),
        Cell(percent(share, 2), _sort(share), tone="" if pd.notna(row["share"]) else "muted"),
        *changes,
        Cell(percent(row["target"], 2), _sort(row["target"])),
        Cell(
            points(row["gap"], 2),
            _sort(row["gap"]),
            bar=None if missing == "-" or not widest or compared else row["gap"] / widest,
            tone=gap_tone,
        ),
        Cell(signed(row["gap_tokens"]), _sort(row["gap_tokens"])),
        _languages(row),
        Cell(decimal(row["value"]), _sort(row["value"])),
        Cell(percent(row["synthetic"]), _sort(row["synthetic"])),
        Cell(percent(row["copies_folded"]), _sort(row["copies_folded"])),
        *([] if compared else [Cell(row["top_source"])]),
    ]


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


def _languages(row: dict) -> Cell:
    if pd.isna(row["en"]) or not row["tokens"]:
        return Cell("–", sort=-1)
    parts = (Part(row["en"], "en-part"), Part(row["zh"], "zh-part"), Part(row["other_languages"], "other"))
    return Cell(f"{row['en'] * 100:.0f} / {row['zh'] * 100:.0f}", row["en"], parts=parts)


def targets(report: "Report") -> Section:
    """Dumbbells on a square-root axis, so that a share of 0.1 % and one of 40 % are both readable."""
    frame = report._tables["departments"]
    frame = frame[frame["target"].notna()]
    if frame["share"].isna().all():
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
    return Section("targets", say("section.targets"), (Note(say("targets.note")), legend, chart))


def _cut(name: str) -> str:
    """A name that fits beside a chart, cut between words."""
    return name if len(name) <= LONGEST else name[:LONGEST].rsplit(" ", 1)[0].rstrip(" ,&") + " …"


def cubes(report: "Report") -> Section:
    blocks: list[Block] = [Note(say("cubes.note"))]
    for name, key in (
        ("language", "language"),
        ("value", "tier"),
        ("content_type", "content_type"),
        ("source", "source"),
    ):
        frame = report.tables[f"department_{name}"]
        if set(frame[key]) <= {""}:
            blocks.append(Note(say("cube.empty", what=say(key))))
            continue
        blocks.append(heatmap(frame, key, say("cube.title", what=say(key))))
    return Section("cubes", say("section.cubes"), blocks)


def heatmap(frame: pd.DataFrame, key: str, caption: Text) -> Table:
    """Departments down, labels across, records in the cells; the strength of a cell is the logarithm of its count."""
    sums = frame.assign(rows=frame["rows"].fillna(0)).groupby(key)["rows"].sum()
    if key == "tier":
        heads = [t for t in TIER_ORDER if t in sums.index]
    else:
        heads = sums.sort_index().sort_values(ascending=False, kind="stable").index.tolist()
    kept, folded = heads[:MOST_COLUMNS], heads[MOST_COLUMNS:]
    cells = {(r["department"], r[key]): r for r in frame.to_dict("records")}
    codes = load_taxonomy().codes
    named = sorted({d for d, _ in cells} - set(codes) - {""})
    most = max((float(r["rows"]) for r in cells.values() if pd.notna(r["rows"])), default=1.0)
    lines = []
    for code in (*codes, *named, ""):
        mine = [cells.get((code, head)) for head in kept]
        if code not in load_taxonomy().departments and not any(mine):
            continue
        line = [department_cell(code), *(_heat(cell, most) for cell in mine)]
        if folded:
            others = sum(int(c["rows"]) for h in folded if (c := cells.get((code, h))) and pd.notna(c["rows"]))
            line.append(_heat({"rows": others, "tokens": None, "withheld": ""} if others else None, most))
        lines.append(line)
    columns = [Column(say("department"), number=False), *(Column(label(key, head)) for head in kept)]
    if folded:
        columns.append(Column(say("others", number=len(folded))))
    return Table(columns, lines, caption=caption, heat=True)


def _heat(cell: dict | None, most: float) -> Cell:
    if cell is None:
        return Cell("0", 0, tone="zero")
    if pd.isna(cell["rows"]):
        return Cell(cell["withheld"], 0, shade=0.02)
    rows = int(cell["rows"])
    mark = "+" if cell["withheld"] else ""
    strength = float(np.log1p(rows) / np.log1p(max(most, 1)))
    note = say("cube.note", rows=count(rows), tokens=count(cell["tokens"])) if cell["tokens"] is not None else ""
    return Cell(f"{short(rows)}{mark}", rows, shade=strength, note=note)


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
        lines.append([department_cell(code), *cells, _change(change[code])])
    far = [Cell(decimal(divergence(shares[s], wanted), 3)) for s in stages]
    foot = [[Cell(say("history.divergence")), *far, Cell("")]]
    heads = [Column(say("all_sources") if s == "" else s) for s in stages]
    blocks.append(
        Table([Column(say("department"), number=False), *heads, Column(say("change"))], lines, foot, heat=True)
    )
    return Section("history", title, blocks)


def values(report: "Report") -> Section:
    title = say("section.values")
    frame = report.tables["values"]
    if set(frame["tier"]) <= {""}:
        return Section("values", title, (Note(say("values.none")),))
    blocks: list[Block] = [Note(say("values.note")), simple_table(report, "values", "tier")]
    cube = report._tables["department_value"]
    rated = cube[(cube["rows"].fillna(0) > 0)]
    lines = []
    for code in (*load_taxonomy().codes, ""):
        mine = rated[rated["department"] == code].set_index("tier")["rows"].astype(float)
        if not len(mine):
            continue
        parts = tuple(Part(float(mine.get(t, 0)) / mine.sum(), f"tier-{t or 'none'}") for t in TIER_ORDER)
        best = float(mine.get("T1", 0) + mine.get("T2", 0)) / mine.sum()
        lines.append([department_cell(code), Cell("", best, parts=parts), Cell(percent(best), best)])
    legend = Legend(tuple(Part(0, f"tier-{t or 'none'}", label("tier", t)) for t in TIER_ORDER))
    columns = [
        Column(say("department"), number=False),
        Column(say("values.mix"), number=False),
        Column(say("values.best")),
    ]
    return Section("values", title, [*blocks, legend, Table(columns, lines)])


def duplicates(report: "Report") -> Section:
    frame = report.tables["duplicates"]
    folded = report.measures["duplicates"]
    blocks: list[Block] = [Note(say("duplicates.note", share=percent(folded)))]
    columns = [
        Column(say("source"), number=False),
        Column(say("records")),
        Column(say("copies.found")),
        Column(say("copies")),
    ]
    lines = [
        [
            Cell(r["source"]),
            _counted(r["rows"], r["withheld"]),
            Cell(count(r["duplicates"]), _sort(r["duplicates"])),
            Cell(percent(r["copies_folded"]), _sort(r["copies_folded"])),
        ]
        for r in frame.to_dict("records")
    ]
    return Section("duplicates", say("section.duplicates"), [*blocks, Table(columns, lines)])


def rights(report: "Report") -> Section:
    """Licences and what they allow, access, screening for identifiers, splits."""
    frame = report.tables["licenses"]
    columns = [
        Column(say("license"), number=False),
        *(Column(say(f"operation.{o}"), number=False) for o in OPERATIONS),
        Column(say("records")),
        Column(say("tokens")),
        Column(say("share.training")),
    ]
    lines = [
        [
            Cell(r["license"]),
            *(Cell(say("yes"), 1, tone="good") if r[o] else Cell(say("no"), 0, tone="muted") for o in OPERATIONS),
            _counted(r["rows"], r["withheld"]),
            Cell(count(r["tokens"]), _sort(r["tokens"])),
            Cell(percent(r["share"]), _sort(r["share"])),
        ]
        for r in frame.to_dict("records")
    ]
    blocks: list[Block] = [
        Note(say("licenses.note")),
        Table(columns, lines, caption=say("licenses")),
        simple_table(report, "privacy", "access", "phi_status"),
        simple_table(report, "splits", "split"),
        Note(say("safety.none")),
    ]
    return Section("rights", say("section.rights"), blocks)


def simple_table(report: "Report", name: str, *keys: str) -> Table:
    """Records, tokens and share by one or two labels, and how they changed in a comparison."""
    frame = report.tables[name]
    compared = report.before is not None
    columns = [*(Column(say(key), number=False) for key in keys), Column(say("records")), Column(say("tokens"))]
    columns += [Column(say("share.training")), *([Column(say("change"))] if compared else [])]
    lines = [
        [
            *(Cell(label(key, r[key])) for key in keys),
            _counted(r["rows"], r["withheld"]),
            Cell(count(r["tokens"]), _sort(r["tokens"])),
            Cell(percent(r["share"]), _sort(r["share"])),
            *([_change(r["share_change"])] if compared else []),
        ]
        for r in frame.to_dict("records")
    ]
    return Table(columns, lines, caption=say(f"table.{name}"))


def sources(report: "Report") -> Section:
    frame = report.tables["sources"]
    compared = report.before is not None
    heads = ("source", "records", "tokens", "share.training", *(["change"] if compared else []))
    columns = [Column(say(h), number=h != "source") for h in heads]
    columns += [Column(say(h), number=False) for h in ("languages", "licenses", "access")]
    lines = [
        [
            Cell(r["source"], small=say("synthetic.short") if r["synthetic"] else ""),
            _counted(r["rows"], r["withheld"]),
            Cell(count(r["tokens"]), _sort(r["tokens"])),
            Cell(percent(r["share"]), _sort(r["share"])),
            *([_change(r["share_change"])] if compared else []),
            *(Cell(r[c]) for c in ("language", "license", "access")),
        ]
        for r in frame.to_dict("records")
    ]
    return Section("sources", say("section.sources"), [Table(columns, lines, filterable=True)])


def _counted(rows, withheld: str) -> Cell:
    if pd.isna(rows):
        return Cell(withheld, 0)
    return Cell(count(rows) + ("+" if withheld else ""), _sort(rows))


def _change(share) -> Cell:
    if share is None or pd.isna(share):
        return Cell("–", 0)
    return Cell(points(share, 2), float(share), tone="muted" if abs(share) < 5e-5 else "up" if share > 0 else "down")


def _sort(value) -> float:
    return -1e18 if value is None or pd.isna(value) else float(value)
