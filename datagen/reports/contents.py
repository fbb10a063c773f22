"""The sections about what the corpus holds: cubes, sources, value, duplicates, rights."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from datagen.reports.blocks import Block, Cell, Column, Legend, Note, Part, Section, Table, Text
from datagen.reports.cells import change_cell, counted, department_cell, label, sort_key
from datagen.reports.numbers import count, percent, short
from datagen.reports.tables import OPERATIONS
from datagen.reports.words import say
from datagen.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from datagen.reports.result import Report

TIER_ORDER = ("T1", "T2", "T3", "T4", "T5", "")
CUBES = {"language": "language", "value": "tier", "content_type": "content_type", "source": "source"}
MOST_COLUMNS = 14


def cubes(report: "Report") -> Section:
    blocks: list[Block] = [Note(say("cubes.note"))]
    for name, key in CUBES.items():
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


def values(report: "Report") -> Section:
    blocks: list[Block] = []
    if set(report.tables["values"]["tier"]) <= {""}:
        blocks.append(Note(say("values.none")))
    else:
        blocks += [Note(say("values.note")), simple_table(report, "values", "tier"), *_tiers(report)]
    if set(report.tables["curriculum"]["curriculum"]) > {""}:
        blocks.append(simple_table(report, "curriculum", "curriculum"))
    return Section("values", say("section.values"), blocks)


def _tiers(report: "Report") -> list[Block]:
    cube = report._tables["department_value"]
    counts = cube[cube["rows"].fillna(0) > 0]
    lines = []
    for code in (*load_taxonomy().codes, ""):
        mine = counts[counts["department"] == code].set_index("tier")["rows"].astype(float)
        if not len(mine):
            continue
        parts = tuple(Part(float(mine.get(t, 0)) / mine.sum(), f"tier-{t or 'none'}") for t in TIER_ORDER)
        best = float(mine.get("T1", 0) + mine.get("T2", 0)) / mine.sum()
        lines.append([department_cell(code), Cell("", best, parts=parts), Cell(percent(best), best)])
    columns = [Column(say(head), number=head == "values.best") for head in ("department", "values.mix", "values.best")]
    return [Legend(tuple(Part(0, f"tier-{t or 'none'}", label("tier", t)) for t in TIER_ORDER)), Table(columns, lines)]


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
            counted(r["rows"], r["withheld"]),
            Cell(count(r["duplicates"]), sort_key(r["duplicates"])),
            Cell(percent(r["copies_folded"]), sort_key(r["copies_folded"])),
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
            counted(r["rows"], r["withheld"]),
            Cell(count(r["tokens"]), sort_key(r["tokens"])),
            Cell(percent(r["share"]), sort_key(r["share"])),
        ]
        for r in frame.to_dict("records")
    ]
    blocks: list[Block] = [
        Note(say("licenses.note")),
        Table(columns, lines, caption=say("licenses")),
        simple_table(report, "privacy", "access", "phi_status"),
        simple_table(report, "splits", "split", share="share.tokens"),
        Note(say("safety.none")),
    ]
    return Section("rights", say("section.rights"), blocks)


def simple_table(report: "Report", name: str, *keys: str, share: str = "share.training") -> Table:
    """Records, tokens and share by one or two labels, and how they changed in a comparison."""
    frame = report.tables[name]
    compared = report.before is not None
    columns = [*(Column(say(key), number=False) for key in keys), Column(say("records")), Column(say("tokens"))]
    columns += [Column(say(share)), *([Column(say("change"))] if compared else [])]
    lines = [
        [
            *(Cell(label(key, r[key])) for key in keys),
            counted(r["rows"], r["withheld"]),
            Cell(count(r["tokens"]), sort_key(r["tokens"])),
            Cell(percent(r["share"]), sort_key(r["share"])),
            *([change_cell(r["share_change"])] if compared else []),
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
            counted(r["rows"], r["withheld"]),
            Cell(count(r["tokens"]), sort_key(r["tokens"])),
            Cell(percent(r["share"]), sort_key(r["share"])),
            *([change_cell(r["share_change"])] if compared else []),
            *(Cell(r[c]) for c in ("language", "license", "access")),
        ]
        for r in frame.to_dict("records")
    ]
    return Section("sources", say("section.sources"), [Table(columns, lines, filterable=True)])
