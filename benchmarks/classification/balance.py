"""What balancing does to departments whose true labels are known. What it does to the real recipe: gaps.py.

Texts of CMtMedQA, Toyhom and MTSamples, labels by their sources, each text in one of two halves by its hash. One
half trains a classifier (a third of it is held out: the confusion table), the other is labelled by it without its own
labels, and balanced to equal shares of the departments with 20 texts and more in it.

Targets: 0 departments off their goal by more than 10 % and not on the work list; nothing seen more than 10 times; true
shares within 15 % of the target.
"""

import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

import datagen
from benchmarks.classification._texts import Text, cmtmedqa, mtsamples, toyhom
from datagen.publish import manifest
from datagen.recipe import load_recipe
from datagen.runs import run_recipe
from datagen.store import Store

LEAST = 20
TOLERANCE, TRUE_TOLERANCE = 0.10, 0.15
RECIPE = """
name: gold
split: {{validation: 0.33, test: 0}}
stages:
  known:
    use: collectors.records
    path: known.jsonl
    license: CC0-1.0
    fields: {{id: id, text: text, language: language, department: department}}
  unseen:
    use: collectors.records
    path: unseen.jsonl
    license: CC0-1.0
    fields: {{id: id, text: text, language: language}}
  classifier: {{use: classifiers.train, needs: [known]}}
  labelled: {{use: classifiers.annotate, needs: [unseen], model: classifier}}
  balanced: {{use: classifiers.balance, needs: [labelled], drop_surplus: {drop}, targets: {{departments: {targets}}}}}
"""
GOLD = ("off goal", "most seen", "true in 15 %", "median off", "labels' error", "corrected", "in interval")


def measure(data: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        gold(data, Path(folder))


def gold(data: Path, folder: Path) -> None:
    texts = {text.key: text for read in (cmtmedqa, toyhom, mtsamples) for text in read(data)}
    halves = {name: [t for t in texts.values() if (t.draw < 0.5) == (name == "known")] for name in ("known", "unseen")}
    for name, half in halves.items():
        lines = [{"id": t.key, "text": t.text, "language": t.language, "department": t.department} for t in half]
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    sizes = Counter(text.department for text in halves["unseen"])
    codes = sorted(code for code, size in sizes.items() if size >= LEAST)
    targets = json.dumps({code: 1 / len(codes) for code in codes})
    print(f"gold: {len(halves['known'])} texts to learn from, {len(halves['unseen'])} unseen; {len(codes)} departments")
    print(f"{'surplus':12}" + "".join(f"{head:>14}" for head in GOLD))
    for drop in (True, False):
        (folder / "gold.yaml").write_text(RECIPE.format(drop=str(drop).lower(), targets=targets))
        run_recipe(load_recipe(folder / "gold.yaml"), str(folder / "run"))
        judged = _judged(str(folder / "run"), texts, codes)
        print(f"{'sampled' if drop else 'kept':12}" + "".join(f"{figure:>14}" for figure in judged))


def _judged(run: str, texts: dict[str, Text], codes: list[str]) -> tuple[str, ...]:
    """Departments off their goal and not on the work list; most repeats; departments whose true share is within 15 %
    of the target, and the median distance; mean error of shares by label and of corrected ones, as a part of the
    target; and how many true shares lie in their 95 % interval."""
    labelled, true, most = Counter(), Counter(), 0
    columns = ["source_id", "department", "split", "tokens", "repeats"]
    for row in datagen.load(run, "balanced").to_table(columns=columns).to_pylist():
        if row["split"] == "train":
            most = max(most, row["repeats"])
            labelled[row["department"]] += row["tokens"] * row["repeats"]
            if row["department"] in codes:
                true[texts[row["source_id"]].department] += row["tokens"] * row["repeats"]
    goals = manifest(Store(run), "balanced")["results"]["goals"]
    listed = {line["department"] for line in goals["work_list"]}
    wanted = {code: goals["departments"][code]["wanted"] for code in codes}
    off = [c for c in codes if abs(labelled[c] - wanted[c]) > TOLERANCE * wanted[c] and c not in listed]
    shares = np.array([true[c] for c in codes]) / sum(true[c] for c in codes)
    plain = np.array([labelled[c] for c in codes]) / sum(labelled[c] for c in codes)
    frame = datagen.report(run, "balanced").tables["departments"].set_index("department").loc[codes]
    scale = frame["corrected"].sum()  # the report's shares are of all departments, these of those with a target
    names = ("corrected", "corrected_low", "corrected_high")
    corrected, low, high = (frame[name].to_numpy(float) / scale for name in names)
    far = np.abs(shares * len(codes) - 1)
    return (
        str(len(off)),
        str(most),
        f"{(far <= TRUE_TOLERANCE).sum()} of {len(codes)}",
        f"{np.median(far):.1%}",
        f"{np.abs(plain - shares).mean() * len(codes):.1%}",
        f"{np.abs(corrected - shares).mean() * len(codes):.1%}",
        f"{((low <= shares) & (shares <= high)).mean():.0%}",
    )
