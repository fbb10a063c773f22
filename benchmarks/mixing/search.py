"""A search over seven kinds of text for the least declared loss (70 % medical, 30 % general, equal within each).
Targets: rank correlation on held-out mixtures >= 0.8 with at most 64 runs of at most 2M parameters in 60 minutes on 2
cores; the found mixture has the lowest mean loss over 3 fresh seeds."""

import os
import time
from pathlib import Path
from tempfile import gettempdir

from benchmarks.mixing._rows import MEDICAL, write_rows
from datagen.cluster import ray_session
from training_bridge.mixture import Plan, search
from training_bridge.mixture.runs import parameters

GENERAL = ("mathematics", "laws", "code")
OBJECTIVE = {**dict.fromkeys(MEDICAL, 0.7 / len(MEDICAL)), **dict.fromkeys(GENERAL, 0.3 / len(GENERAL))}
REPORT_LIKE = {
    "abstracts": 0.2,
    "textbook": 0.15,
    "consultations": 0.1,
    "classics": 0.05,
    "mathematics": 0.15,
    "laws": 0.15,
    "code": 0.2,
}
"""The report gives no shares by source. English over Chinese, and a good part code and mathematics, as its section 2.1
has them for general data; medical text half of all."""


def folder() -> Path:
    return Path(os.environ.get("FOLDER", Path(gettempdir()) / "datagen-mixture"))


def measure(data: Path) -> None:
    out = folder()
    out.mkdir(parents=True, exist_ok=True)
    rows = out / "rows.parquet"
    if not rows.exists():
        write_rows(data, rows)
    numbers = {
        name: int(os.environ[name.upper()])
        for name in ("runs", "heldout_runs", "seeds", "tokens", "max_minutes")
        if os.environ.get(name.upper())
    }
    plan = Plan(rows=str(rows), objective=OBJECTIVE, priors={"report_like": REPORT_LIKE}, **numbers)
    started = time.perf_counter()
    with ray_session(int(os.environ.get("WORKERS", 2))):
        found = search(plan, out / "search", lambda line: print(line, flush=True))
    minutes = (time.perf_counter() - started) / 60
    runs = plan.runs + plan.heldout_runs
    print(
        f"\n{runs} runs of {parameters(plan):,} parameters and {plan.tokens:,} tokens; {minutes:.1f} minutes this time"
    )
    print(f"rank correlation on {plan.heldout_runs} held-out mixtures: {found.spearman:.3f} (target >= 0.8)\n")
    print("| group | found | 90 % interval | uniform | natural |\n|---|---|---|---|---|")
    for place, group in enumerate(found.groups):
        best = found.optimum
        others = " | ".join(f"{found.checked[name].weights[place]:.3f}" for name in ("uniform", "natural"))
        print(f"| {group} | {best.weights[place]:.3f} | {best.low[place]:.3f} to {best.high[place]:.3f} | {others} |")
    print(
        "\n| mixture | declared loss, mean | 95 % interval | above the found one, paired by seed |\n|---|---|---|---|"
    )
    for name, check in found.checked.items():
        gain = found.gains.get(name)
        above = f"{gain[0]:+.4f} ({gain[1]:+.4f} to {gain[2]:+.4f})" if gain else "-"
        print(f"| {name} | {check.mean:.4f} | {check.low:.4f} to {check.high:.4f} | {above} |")
    print(f"\npicture: {found.picture}")
