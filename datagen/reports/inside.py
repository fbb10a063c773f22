"""The sections about what is inside the records: benchmarks, entities of a graph, and a few texts to read."""

from typing import TYPE_CHECKING

import pandas as pd

from datagen.reports.blocks import Block, Cell, Column, Note, Section, Table
from datagen.reports.cells import change_cell, counted, department_cell, label, sort_key
from datagen.reports.findings import TIMES, decontaminations, unscreened_sources
from datagen.reports.numbers import count, percent, signed
from datagen.reports.words import say

if TYPE_CHECKING:
    from datagen.reports.result import Report


def contamination(report: "Report") -> Section:
    title = say("section.contamination")
    looked = decontaminations(report.facts)
    if not looked:
        return Section("contamination", title, (Note(say("contamination.none"), "look"),))
    blocks: list[Block] = [Note(say("contamination.found", rows=count(report.measures["contaminated"])))]
    if missed := unscreened_sources(report.facts):
        blocks.append(Note(say("contamination.missed", stages=", ".join(missed)), "bad"))
    blocks.append(_searched(looked))
    frame = report.tables["contamination"]
    if len(frame):
        compared = report.before is not None
        columns = [Column(say(h), number=False) for h in ("stage", "benchmark", "contamination.kind", "source")]
        columns += [Column(say("records")), *([Column(say("change"))] if compared else []), Column(say("tokens"))]
        lines = [
            [
                Cell(r["stage"]),
                Cell(r["benchmark"]),
                Cell(label("contamination", r["kind"])),
                Cell(r["source"]),
                counted(r["rows"], r["withheld"]),
                *([Cell(signed(r["rows_change"]), sort_key(r["rows_change"]))] if compared else []),
                Cell(count(r["tokens"]), sort_key(r["tokens"])),
            ]
            for r in frame.to_dict("records")
        ]
        blocks.append(Table(columns, lines, filterable=True, caption=say("contamination.taken")))
    return Section("contamination", title, blocks)


def _searched(looked: list) -> Table:
    """Items of each benchmark, and those long enough to be searched for."""
    columns = [Column(say("stage"), number=False), Column(say("benchmark"), number=False)]
    columns += [Column(say("contamination.items")), Column(say("contamination.searched"))]
    lines = [
        [Cell(stage.version.stage), Cell(name), *(Cell(count(found[k]), found[k]) for k in ("items", "searched"))]
        for stage in looked
        for name, found in stage.version.manifest.get("results", {}).get("report", {}).items()
    ]
    return Table(columns, lines, caption=say("contamination.looked"))


def long_tail(report: "Report") -> Section:
    title = say("section.long_tail")
    frame = report.tables["coverage"]
    if not len(frame):
        return Section("long_tail", title, (Note(say("long_tail.none")),))
    blocks: list[Block] = [Note(say("long_tail.note"))]
    for axis in ("types", "departments"):
        mine = frame[frame["axis"] == axis]
        if len(mine):
            blocks.append(_coverage(report, mine, axis))
    return Section("long_tail", title, blocks)


def _coverage(report: "Report", frame: pd.DataFrame, axis: str) -> Table:
    compared = report.before is not None
    columns = [Column(say("department" if axis == "departments" else "long_tail.type"), number=False)]
    columns += [Column(say("long_tail.nodes")), *(Column(say(f"long_tail.{name}")) for name in TIMES)]
    columns += [*([Column(say("change"))] if compared else []), Column(say("long_tail.missing"), number=False)]
    lines = []
    for r in frame.to_dict("records"):
        nodes = r["nodes"]
        line = [
            department_cell(r["label"]) if axis == "departments" else Cell(label("entity", r["label"])),
            Cell(count(nodes), sort_key(nodes)),
        ]
        shares = [r[name] / nodes if pd.notna(nodes) and nodes else None for name in TIMES]
        line += [Cell(percent(s), sort_key(s), shade=s or 0) for s in shares]
        if compared:
            was = r["named_1_before"] / r["nodes_before"] if r["nodes_before"] else None
            line.append(change_cell(shares[0] - was if shares[0] is not None and was is not None else None))
        lines.append([*line, Cell(r["missing"], tone="text")])
    return Table(columns, lines, filterable=True, caption=say(f"long_tail.{axis}"))


def samples(report: "Report") -> Section:
    title = say("section.samples")
    frame = report.samples
    if frame is None:
        return Section("samples", title, (Note(say("samples.off")),))
    if not len(frame):
        return Section("samples", title, (Note(say("samples.none")),))
    heads = ("department", "language", "tier", "source", "text")
    lines = [
        [
            department_cell(r["department"]),
            Cell(label("language", r["language"])),
            Cell(label("tier", r["tier"])),
            Cell(r["source"], small=r["license"]),
            Cell(r["text"], small=r["id"], tone="text"),
        ]
        for r in frame.to_dict("records")
    ]
    table = Table([Column(say(h), number=False) for h in heads], lines, filterable=True, most=len(lines))
    return Section("samples", title, (Note(say("samples.note")), table))
