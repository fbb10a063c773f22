"""Tables of what stages found out about a corpus: benchmarks in it, entities it speaks of, what its balance lacks."""

import pandas as pd

from datagen.reports.facts import Facts, StageFacts
from datagen.reports.privacy import FEW, SMALL
from datagen.work_list import DIMENSIONS

TIMES = ("named_1", "named_5", "named_20")
CONTAMINATION = ["stage", "benchmark", "kind", "source", "rows", "tokens", "withheld"]
COVERAGE = ["axis", "label", "nodes", *TIMES, "missing"]
WORK_LIST = [*DIMENSIONS, "rows", "tokens", "reach", "wanted", "short"]


def decontaminations(facts: Facts) -> list[StageFacts]:
    return [stage for stage in facts.stages.values() if "decontaminat" in stage.version.use]


def contamination(facts: Facts) -> pd.DataFrame:
    """Records taken out by benchmark and source: `kind` is benchmark (it holds an item) or lineage (it is kin to the
    benchmark). Small counts of restricted sources are withheld."""
    decided = [stage.decisions.assign(stage=stage.version.stage) for stage in decontaminations(facts)]
    found = pd.concat([pd.DataFrame(columns=["stage", "outcome", "reason", "source", "rows", "tokens"]), *decided])
    found = found[(found["outcome"] == "dropped") & found["reason"].astype(str).str.contains(":")]
    parts = found["reason"].astype(str).str.partition(":").reindex(columns=[0, 2])
    found = found.assign(kind=parts[0], benchmark=parts[2])
    frame = found.groupby(["stage", "benchmark", "kind", "source"])[["rows", "tokens"]].sum().reset_index()
    frame = frame.astype({"rows": "Int64", "tokens": "Int64"})
    few = frame["source"].isin(_restricted_sources(facts)) & (frame["rows"] < SMALL)
    frame["withheld"] = few.map({True: FEW, False: ""}).astype(object)
    frame.loc[few, ["rows", "tokens"]] = pd.NA
    frame = frame.sort_values(["benchmark", "rows", "source"], ascending=[True, False, True], ignore_index=True)
    return frame[CONTAMINATION]


def unscreened_sources(facts: Facts) -> list[str]:
    """Stages whose rows reach the report's without passing a decontamination, upstream first."""
    looked = {stage.version.stage for stage in decontaminations(facts)}
    queue, reached = [facts.stage], set()
    while queue:
        stage = queue.pop()
        if stage in facts.stages and stage not in looked and stage not in reached:
            reached.add(stage)
            queue += [edge.stage for edge in facts.stages[stage].version.needs]
    return [stage for stage in facts.stages if stage in reached and not facts.stages[stage].version.needs]


def coverage(facts: Facts) -> pd.DataFrame:
    """How many entities of a graph the records speak of, by type and by department, as the last stage that linked them
    counted: `nodes`, of which at least 1, 5 and 20 records name so many, and some that none does."""
    counted = [r for stage in facts.stages.values() if (r := _results(stage).get("coverage"))]
    lines = [
        {
            "axis": axis,
            "label": label,
            "nodes": line["nodes"],
            **dict(zip(TIMES, line["named"], strict=True)),
            "missing": "; ".join(_name(node) for node in line["missing"]),
        }
        for axis in ("types", "departments")
        for label, line in (counted[-1].get(axis, {}) if counted else {}).items()
    ]
    return pd.DataFrame(lines, columns=COVERAGE).astype(dict.fromkeys(("nodes", *TIMES), "Int64"))


def goals(facts: Facts) -> dict | None:
    """What the last stage that balanced says of itself; None where none did."""
    told = [found for stage in facts.stages.values() if (found := _results(stage).get("goals"))]
    return told[-1] if told else None


def work_list(facts: Facts) -> pd.DataFrame:
    """What the last balance could not reach, in training tokens, the most first; "" stands for any label."""
    told = goals(facts)
    frame = pd.DataFrame(told["work_list"] if told else [], columns=WORK_LIST)
    return frame.fillna(dict.fromkeys(DIMENSIONS, "")).astype(dict.fromkeys(WORK_LIST[len(DIMENSIONS) :], "Int64"))


def _results(stage: StageFacts) -> dict:
    return stage.version.manifest.get("results", {})


def _restricted_sources(facts: Facts) -> set[str]:
    return {source for s in facts.stages.values() for source in s.history.loc[s.history["restricted"], "source"]}


def _name(node: list[str | None]) -> str:
    identity, english, chinese = node
    return " ".join(dict.fromkeys(name for name in (english, chinese) if name)) or identity
