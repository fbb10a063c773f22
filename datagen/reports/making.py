"""The sections about how the corpus was made: funnel, synthesis, method."""

import shlex
from typing import TYPE_CHECKING

import pandas as pd

from datagen.ledger import OUTCOMES
from datagen.reports.blocks import Bar, Bars, Block, Cell, Code, Column, Legend, Note, Part, Section, Table
from datagen.reports.numbers import count, percent, short, signed
from datagen.reports.tables import INPUT_OUTCOMES, mismatches
from datagen.reports.words import say
from datagen.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from datagen.reports.result import Report


def funnel(report: "Report") -> Section:
    title = say("section.funnel")
    facts = report.facts
    if not facts.stages:
        return Section("funnel", title, (Note(say("funnel.no_run")),))
    frame = report._tables["funnel"]
    wrong = mismatches(facts)
    sound = Note(say("funnel.sound"), "good") if not wrong else Note(say("funnel.unsound", number=len(wrong)), "bad")
    blocks: list[Block] = [
        Note(say("funnel.note")),
        sound,
        _flow(report),
        Legend(tuple(Part(0, o, say(f"outcome.{o}")) for o in OUTCOMES)),
        _bars(frame),
        _stages(report, frame, "rows"),
        _stages(report, frame, "tokens"),
        _reasons(report),
    ]
    return Section("funnel", title, blocks)


def _flow(report: "Report") -> Table:
    lines = []
    for row in report._tables["flow"].to_dict("records"):
        if row["rows"] or row["line"] in ("read", "published"):
            is_total = row["line"] == "published"
            text = f"= {count(row['rows'])}" if is_total else signed(row["rows"]) if lines else count(row["rows"])
            lines.append([Cell(say(f"flow.{row['line']}")), Cell(text, row["rows"], tone="strong" if is_total else "")])
    columns = [Column(say("flow"), number=False), Column(say("records"))]
    return Table(columns, lines[:-1], lines[-1:], caption=say("flow.title"))


def _bars(frame: pd.DataFrame) -> Bars:
    rows = frame[frame["measure"] == "rows"]
    widest = max(int((rows["inputs"] + rows["derived"]).max()), 1)
    return Bars(
        [
            Bar(r["stage"], tuple(Part(r[o] / widest, o, say(f"outcome.{o}")) for o in OUTCOMES), short(r["outputs"]))
            for r in rows.to_dict("records")
        ],
        say("section.funnel"),
    )


def _stages(report: "Report", frame: pd.DataFrame, measure: str) -> Table:
    used = [o for o in OUTCOMES if o == "kept" or frame[o].any()]
    has_changed = measure == "tokens" and frame["changed"].any()
    before = report.before._tables["funnel"].set_index(["stage", "measure"]) if report.before else None
    columns = [
        Column(say("stage"), number=False),
        Column(say("inputs")),
        *(Column(say(f"outcome.{o}")) for o in used),
        *([Column(say("changed"), note=say("changed.note"))] if has_changed else []),
        Column(say("outputs")),
        *([Column(say("outputs.before"))] if before is not None else []),
    ]
    lines = []
    for r in frame[frame["measure"] == measure].to_dict("records"):
        line = [Cell(r["stage"], small=r["uses"]), Cell(count(r["inputs"]), r["inputs"])]
        line += [Cell(_loss(r[o], o), r[o], tone="zero" if not r[o] else "") for o in used]
        if has_changed:
            line.append(
                Cell(signed(r["changed"]) if r["changed"] else "0", r["changed"], tone="" if r["changed"] else "zero")
            )
        line.append(Cell(count(r["outputs"]), r["outputs"], tone="strong"))
        if before is not None:
            key = (r["stage"], measure)
            was = int(before.loc[key, "outputs"]) if key in before.index else None
            line.append(Cell(count(was), was or 0))
        lines.append(line)
    return Table(columns, lines, caption=say(f"funnel.{measure}"))


def _loss(number: int, outcome: str) -> str:
    if not number or outcome == "kept":
        return count(number)
    return signed(-number if outcome in INPUT_OUTCOMES else number)


def _reasons(report: "Report") -> Table | Note:
    frame = report.tables["reasons"]
    if not len(frame):
        return Note(say("reasons.none"))
    compared = report.before is not None
    columns = [Column(say(h), number=False) for h in ("stage", "outcome", "reason")]
    columns += [Column(say(h)) for h in ("records", "tokens", "share.inputs", *(["change.rows"] if compared else []))]
    lines = [
        [
            Cell(r["stage"]),
            Cell(say(f"outcome.{r['outcome']}")),
            Cell(r["reason"] or "–"),
            Cell(count(r["rows"]), r["rows"]),
            Cell(count(r["tokens"]), r["tokens"]),
            Cell(percent(r["share_of_inputs"], 2), r["share_of_inputs"]),
            *([Cell(signed(r["rows_change"]), r["rows_change"])] if compared else []),
        ]
        for r in frame.to_dict("records")
    ]
    return Table(columns, lines, filterable=True, caption=say("reasons"))


def synthetic(report: "Report") -> Section:
    title = say("section.synthetic")
    frame = report._tables["synthetic"]
    if not len(frame):
        return Section("synthetic", title, (Note(say("synthetic.none")),))
    columns = [Column(say("source"), number=False)]
    columns += [Column(say(h)) for h in ("written", "accepted", "acceptance", "published", "tokens")]
    lines = [
        [
            Cell(r["source"]),
            Cell(count(r["written"])),
            Cell(count(r["accepted"])),
            Cell(percent(r["acceptance"])),
            Cell(count(r["rows"]), r["rows"]),
            Cell(count(r["tokens"]), r["tokens"]),
        ]
        for r in frame.to_dict("records")
    ]
    return Section("synthetic", title, (Note(say("synthetic.note")), Table(columns, lines)))


def method(report: "Report") -> Section:
    facts = report.facts
    blocks: list[Block] = [
        *(() if facts.reviewed else (Note(say("method.review"), "look"),)),
        Note(say("notice"), "look"),
        Note(say("method.denominators")),
        Note(say("method.taxonomy", version=load_taxonomy().version)),
        Note(say("method.privacy")),
    ]
    where = shlex.quote(facts.where)
    if not facts.stages:
        blocks.append(Code((f"python -c 'import datagen; datagen.report({facts.where!r}).save(\"report.html\")'",)))
        return Section("method", say("section.method"), blocks)
    manifest = facts.manifest
    blocks.append(
        Note(
            say(
                "method.made",
                recipe=manifest["recipe"]["name"],
                sha=manifest["recipe"]["sha256"][:12],
                datagen=manifest["datagen"],
                tokens=manifest["tokens"],
            )
        )
    )
    if facts.others:
        blocks.append(Note(say("method.others", stages=", ".join(facts.others))))
    blocks.append(
        Code(
            (
                f"datagen run RECIPE --out {where}",
                f"datagen verify {where}",
                f"datagen report {where} --stage {shlex.quote(facts.stage)}",
                f"datagen trace {where} ID",
            )
        )
    )
    columns = [Column(say(h), number=False) for h in ("stage", "uses", "version", "code")]
    lines = [
        [
            Cell(name),
            Cell(s.version.use),
            Cell(s.version.name),
            Cell(s.version.manifest["identity"]["stage_version"]),
        ]
        for name, s in facts.stages.items()
    ]
    blocks.append(Table(columns, lines, caption=say("method.stages")))
    return Section("method", say("section.method"), blocks)
