"""Every number of the report as a DataFrame, computed from the facts alone."""

import numpy as np
import pandas as pd

from datagen.ledger import OUTCOMES
from datagen.licence import allowed
from datagen.lineage import Version
from datagen.reports.corrected import corrected
from datagen.reports.facts import TRAINING, Facts, StageFacts
from datagen.reports.findings import contamination, coverage, work_list
from datagen.reports.privacy import visible
from datagen.taxonomy import load_taxonomy
from datagen.work_list import DIMENSIONS

MEASURES = ["rows", "tokens", TRAINING, "duplicates"]
CROSSED = ("language", "content_type", "tier", "source", "synthetic", "curriculum")
INPUT_OUTCOMES = OUTCOMES[:-1]
HISTORY = ["stage", "department", "share", "labelled"]
OPERATIONS = ("keep", "redistribute", "derive", "commercial")

KEYS = {
    "departments": ["department"],
    **{f"department_{'value' if by == 'tier' else by}": ["department", by] for by in CROSSED},
    "history": ["department", "stage"],
    "funnel": ["stage", "measure"],
    "flow": ["line"],
    "reasons": ["stage", "outcome", "reason"],
    "contamination": ["stage", "benchmark", "kind", "source"],
    "coverage": ["axis", "label"],
    "work_list": list(DIMENSIONS),
    "sources": ["source"],
    "languages": ["language"],
    "values": ["tier"],
    "curriculum": ["curriculum"],
    "duplicates": ["source"],
    "synthetic": ["source"],
    "licenses": ["license"],
    "privacy": ["access", "phi_status"],
    "splits": ["split"],
}
"""The columns by which each table's rows are told apart."""


def make_tables(facts: Facts, targets: dict[str, float]) -> dict[str, pd.DataFrame]:
    """All tables by name. `targets`: share of training tokens by department.

    Counts of restricted records in cells of 1 to 4 are withheld: `withheld` then holds the mark, and the numbers are
    those of the open records alone (<NA> where there are none).
    """
    cube = facts.cube
    tables = {"departments": departments(cube, targets)}
    balanced = tables["departments"].query("balanced")["department"]
    if (shares := corrected(facts, balanced)) is not None:
        tables["departments"] = tables["departments"].join(shares, on="department")
    for name in CROSSED:
        tables[f"department_{'value' if name == 'tier' else name}"] = by(cube, "department", name)
    for name, key in (("languages", "language"), ("values", "tier"), ("splits", "split"), ("curriculum", "curriculum")):
        tables[name] = by(cube, key)
    tables["splits"]["share"] = _ratio(tables["splits"]["tokens"], tables["splits"]["tokens"].sum())
    tables["sources"] = sources(cube)
    tables["duplicates"] = duplicates(cube)
    tables["licenses"] = licenses(cube)
    tables["privacy"] = by(cube, "access", "phi_status")
    tables["history"] = history(facts, targets)
    tables["funnel"] = funnel(facts)
    tables["flow"] = flow(facts)
    tables["reasons"] = reasons(facts)
    tables["contamination"] = contamination(facts)
    tables["coverage"] = coverage(facts)
    tables["work_list"] = work_list(facts)
    tables["synthetic"] = synthetic(facts)
    return tables


def by(cube: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Sums by one or two labels, and shares of all training tokens (in `splits`, of all tokens)."""
    shown, marks = visible(cube, list(keys))
    summed = shown.groupby(list(keys))[MEASURES].sum().astype("Int64")
    if len(marks):
        summed = summed.reindex(summed.index.union(marks.index, sort=True), fill_value=0)
    summed["withheld"] = marks.reindex(summed.index).fillna("").astype(object) if len(marks) else ""
    summed.loc[(summed["withheld"] != "") & (summed["rows"] == 0), MEASURES] = pd.NA
    summed["share"] = _ratio(summed[TRAINING], summed[TRAINING].sum())
    return summed.reset_index()


def departments(cube: pd.DataFrame, targets: dict[str, float]) -> pd.DataFrame:
    """One row per department: what is there, what should be, and the gap; the widest shortage first.

    `share`, `target` and `gap` (share - target) are of the training tokens of all departments; buckets count among them
    where they have a target, else they come last, with the rows that have no label. `gap_tokens` is the gap in training
    tokens, negative where they are missing. Counts are withheld where restricted records are few; shares are of tokens,
    over all records, and stand where there are others besides those few.
    """
    frame = by(cube, "department").rename(columns={"share": "share_of_all"})
    present = set(frame["department"])
    absent = [{"department": code, "withheld": "", "share_of_all": 0.0} for code in targets if code not in present]
    if absent:
        absent = pd.DataFrame(absent).assign(**dict.fromkeys(MEASURES, 0)).astype(dict.fromkeys(MEASURES, "Int64"))
        frame = pd.concat([frame, absent], ignore_index=True)
    frame["name_en"] = [_name(code, "en") for code in frame["department"]]
    frame["name_zh"] = [_name(code, "zh") for code in frame["department"]]
    frame["balanced"] = _is_balanced(frame["department"], targets)
    training = frame["department"].map(cube.groupby("department")[TRAINING].sum()).fillna(0).astype(float)
    total = float(training[frame["balanced"]].sum())
    target = frame["department"].map(targets).astype(float)
    share = training / total if total else training * np.nan
    frame["share"] = share.where(frame["balanced"] & frame["rows"].notna())
    frame["target"] = target
    frame["gap"] = frame["share"] - target
    frame["gap_tokens"] = (training - target * total).where(frame["gap"].notna()).round().astype("Int64")
    frame = frame.set_index("department")
    _add_languages(frame, cube)
    _add_qualities(frame, cube)
    frame["top_source"] = _top_source(cube).reindex(frame.index).fillna("").astype(object)
    frame = frame.reset_index()
    order = ["department", "name_en", "name_zh", "balanced", *MEASURES[:3], "share", "target", "gap", "gap_tokens"]
    order += ["en", "zh", "other_languages", "value", "synthetic", "copies_folded", "top_source"]
    frame["rank"] = frame["gap"].fillna(np.inf)
    frame = frame.sort_values(["balanced", "rank", "department"], ascending=[False, True, True], ignore_index=True)
    return frame[[*order, "share_of_all", "withheld"]]


def _add_languages(frame: pd.DataFrame, cube: pd.DataFrame) -> None:
    grid = cube.pivot_table(TRAINING, "department", "language", aggfunc="sum", fill_value=0).reindex(frame.index)
    grid = grid.where(frame["rows"].notna())
    total = grid.sum(axis=1)
    for language in ("en", "zh"):
        frame[language] = _ratio(grid[language] if language in grid else total * 0, total)
    frame["other_languages"] = (1 - frame["en"] - frame["zh"]).clip(lower=0)


def _add_qualities(frame: pd.DataFrame, cube: pd.DataFrame) -> None:
    shown, _ = visible(cube, ["department"])
    rated = shown[shown["value"].notna()]
    points = (rated["value"] * rated["rows"]).groupby(rated["department"]).sum()
    frame["value"] = (points / rated.groupby("department")["rows"].sum()).reindex(frame.index)
    total = shown.groupby("department")[MEASURES].sum().reindex(frame.index)
    made = cube[cube["synthetic"]].groupby("department")[TRAINING].sum().reindex(frame.index).fillna(0)
    whole = cube.groupby("department")[TRAINING].sum().reindex(frame.index)
    frame["synthetic"] = _ratio(made, whole).where(frame["rows"].notna())
    frame["copies_folded"] = _ratio(total["duplicates"] - total["rows"], total["duplicates"])


def _top_source(cube: pd.DataFrame) -> pd.Series:
    sums = cube.groupby(["department", "source"])["tokens"].sum().reset_index()
    best = sums.sort_values(["tokens", "source"], ascending=[False, True]).drop_duplicates("department")
    return best.set_index("department")["source"]


def sources(cube: pd.DataFrame) -> pd.DataFrame:
    frame = by(cube, "source")
    for column in ("license", "access", "language"):
        labels = cube.groupby("source")[column].agg(lambda values: ", ".join(sorted({v for v in values if v})))
        frame[column] = frame["source"].map(labels)
    frame["synthetic"] = frame["source"].map(cube.groupby("source")["synthetic"].any())
    return frame.sort_values([TRAINING, "source"], ascending=[False, True], ignore_index=True)


def duplicates(cube: pd.DataFrame) -> pd.DataFrame:
    """Copies found per source (`duplicates`, each row counting itself) and the share of them folded into other rows."""
    frame = by(cube, "source")[["source", "rows", "duplicates", "withheld"]]
    frame["copies_folded"] = _ratio(frame["duplicates"] - frame["rows"], frame["duplicates"])
    return frame.sort_values(["copies_folded", "source"], ascending=[False, True], ignore_index=True)


def licenses(cube: pd.DataFrame) -> pd.DataFrame:
    """Rows by licence and what it allows. Not legal advice."""
    frame = by(cube, "license")
    for operation in OPERATIONS:
        frame[operation] = [operation in allowed(license) for license in frame["license"]]
    return frame.sort_values([TRAINING, "license"], ascending=[False, True], ignore_index=True)


def history(facts: Facts, targets: dict[str, float]) -> pd.DataFrame:
    """Shares by department: in all raw sources together (stage ""), then after each stage that read records.

    `share` is of all that is balanced, `labelled` the part of the stage's training tokens with any label.
    """
    versions = [(s.version.stage, s.history) for s in facts.stages.values() if s.version.needs]
    first = [s.history for s in facts.stages.values() if s.version.is_source]
    stages = ([("", pd.concat(first))] if first else []) + versions
    frames = []
    for stage, counted in stages:
        frame = counted.groupby("department")[[TRAINING]].sum().reset_index()
        balanced = _is_balanced(frame["department"], targets)
        total, of_departments = frame[TRAINING].sum(), frame.loc[balanced, TRAINING].sum()
        frame["share"] = _ratio(frame[TRAINING], of_departments).where(balanced)
        labelled = frame.loc[frame["department"] != "", TRAINING].sum()
        frame["labelled"] = labelled / total if total else 0.0
        frames.append(frame.assign(stage=stage))
    if not frames:
        return pd.DataFrame(columns=HISTORY)
    return pd.concat(frames, ignore_index=True)[HISTORY]


def divergence(shares: pd.Series, targets: dict[str, float]) -> float:
    """Jensen-Shannon divergence in bits between shares and targets by department (Lin 1991): 0 equal, 1 disjoint."""
    codes = sorted({*shares.index, *targets})
    p, q = shares.reindex(codes).fillna(0).to_numpy(float), np.array([targets.get(c, 0.0) for c in codes])
    middle = (p + q) / 2

    def bits(a: np.ndarray) -> float:
        some = a > 0
        return float((a[some] * np.log2(a[some] / middle[some])).sum())

    return (bits(p) + bits(q)) / 2


def funnel(facts: Facts) -> pd.DataFrame:
    """What every stage did with its inputs, in rows and in tokens; each line adds up.

    inputs = kept + dropped + merged + split + quarantined; outputs = kept + derived + changed, where `changed` is what
    editing did to the tokens of kept rows.
    """
    lines = []
    for stage in facts.stages.values():
        for measure in ("rows", "tokens"):
            sums = stage.decisions.groupby("outcome")[measure].sum()
            line = {o: int(sums.get(o, 0)) for o in OUTCOMES}
            outputs = int(stage.history[measure].sum())
            lines.append(
                {
                    "stage": stage.version.stage,
                    "uses": stage.version.use,
                    "measure": measure,
                    "inputs": sum(line[o] for o in INPUT_OUTCOMES),
                    **line,
                    "changed": outputs - line["kept"] - line["derived"],
                    "outputs": outputs,
                }
            )
    columns = ["stage", "uses", "measure", "inputs", *OUTCOMES, "changed", "outputs"]
    return pd.DataFrame(lines, columns=columns)


def flow(facts: Facts) -> pd.DataFrame:
    """The whole way from raw input to the published rows, in one sum of rows that comes out to the row.

    read + written + unknown + derived + reread - dropped - merged - split - quarantined = published. `written` counts
    rows of stages that read neither raw input nor records, `unknown` those of versions that were deleted since,
    `reread` those that more than one stage reads (a dropped row that another stage takes up again among them).
    """
    if not facts.stages:
        return pd.DataFrame(columns=["line", "rows"])
    rows = funnel(facts).query("measure == 'rows'").set_index("stage")
    versions = {s.version.stage: s.version for s in facts.stages.values()}
    raw = [s for s, v in versions.items() if v.is_source]
    unread = [s for s, v in versions.items() if not v.is_source and not v.needs]
    edges = sum(_offered(facts, v) for v in versions.values())
    gone = [s for s, v in versions.items() if any(e.stage not in versions for e in v.needs)]
    passed_on = int(rows["outputs"].sum() - rows.loc[facts.stage, "outputs"])
    lines = {
        "read": int(rows.loc[raw, "inputs"].sum()),
        "written": int(rows.loc[unread, "inputs"].sum()),
        "unknown": int(sum(rows.loc[s, "inputs"] - _offered(facts, versions[s]) for s in gone)),
        "derived": int(rows["derived"].sum()),
        "reread": edges - passed_on,
        **{o: -int(rows[o].sum()) for o in INPUT_OUTCOMES[1:]},
    }
    lines["published"] = int(rows.loc[facts.stage, "outputs"])
    return pd.DataFrame({"line": list(lines), "rows": list(lines.values())})


def _offered(facts: Facts, version: Version) -> int:
    """Rows that the inputs of a version published, as far as they are still there."""
    known = [edge for edge in version.needs if edge.stage in facts.stages]
    return sum(facts.stages[e.stage].version.rows("dropped" if e.dropped else "data") for e in known)


def mismatches(facts: Facts) -> list[tuple[str, int, int]]:
    """(stage, rows its inputs published, rows it accounts for) wherever the two differ."""
    wrong = []
    for stage in facts.stages.values():
        version = stage.version
        if version.needs and all(e.stage in facts.stages for e in version.needs):
            offered = _offered(facts, version)
            if offered != version.counts["inputs"]:
                wrong.append((version.stage, offered, version.counts["inputs"]))
    return wrong


def reasons(facts: Facts) -> pd.DataFrame:
    """Rows and tokens lost, by stage, outcome and reason, most first within each stage."""
    frames = [_reasons(stage) for stage in facts.stages.values()]
    columns = ["stage", "outcome", "reason", "rows", "tokens", "share_of_inputs"]
    found = [f for f in frames if len(f)]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def _reasons(stage: StageFacts) -> pd.DataFrame:
    lost = stage.decisions[~stage.decisions["outcome"].isin(("kept", "derived"))]
    frame = lost.groupby(["outcome", "reason"])[["rows", "tokens"]].sum().reset_index()
    frame["stage"] = stage.version.stage
    frame["share_of_inputs"] = _ratio(frame["rows"], stage.version.counts["inputs"])
    return frame.sort_values(["rows", "outcome", "reason"], ascending=[False, True, True])


def synthetic(facts: Facts) -> pd.DataFrame:
    """What each stage that writes records wrote, how much of it the stage itself turned down, and what is published."""
    published = facts.cube[facts.cube["synthetic"]].groupby("source")[["rows", "tokens"]].sum()
    lines = []
    for source, row in published.iterrows():
        stage = facts.stages.get(source)
        counts = stage.version.counts if stage else None
        written = counts["inputs"] + counts["derived"] if counts else None
        lines.append(
            {
                "source": source,
                "written": written,
                "accepted": counts["outputs"] if counts else None,
                "acceptance": counts["outputs"] / written if counts and written else None,
                "rows": int(row["rows"]),
                "tokens": int(row["tokens"]),
            }
        )
    return pd.DataFrame(lines, columns=["source", "written", "accepted", "acceptance", "rows", "tokens"])


def _name(code: str, language: str) -> str:
    taxonomy = load_taxonomy()
    return taxonomy.name(code, language) if code in taxonomy.codes else code


def _is_balanced(departments: pd.Series, targets: dict[str, float]) -> pd.Series:
    """Which labels count in the balance: departments and labels of another scheme, buckets only where targeted."""
    outside = {"", *load_taxonomy().buckets} - set(targets)
    return ~departments.isin(outside)


def _ratio(part, whole):
    part = part.astype(float) if hasattr(part, "astype") else part
    if np.isscalar(whole):
        return part / whole if whole else part * 0.0
    whole = whole.astype(float)
    return (part / whole).where(whole > 0)
