"""A search from its plan to a mixture, checked by fresh runs."""

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from scipy.stats import t

from datagen.errors import UsageError
from training_bridge.mixture import draws
from training_bridge.mixture.corpus import Corpus, prepare
from training_bridge.mixture.fit import Optimum, Regression, rank_correlation
from training_bridge.mixture.plan import Plan
from training_bridge.mixture.runs import Job, Ran, parameters, run_all, speed

FOUND, UNIFORM, NATURAL = "found", "uniform", "natural"
MIXTURE, PICTURE, RATIOS, METRICS = "mixture.json", "mixture.svg", "ratios.csv", "metrics.csv"
LEVEL = 0.95


@dataclass(frozen=True)
class Checked:
    """A mixture's declared loss over fresh seeds; `low` and `high` by Student's t (equal to `mean` for one seed)."""

    weights: tuple[float, ...]
    losses: tuple[float, ...]
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        spearman: rank correlation of predicted and measured loss over the held-out mixtures.
        checked: the found mixture and those that it is compared with, on the same fresh seeds and tokens.
        gains: by mixture, its loss minus the found one's, paired by seed: mean, low, high.
    """

    groups: tuple[str, ...]
    objective: Mapping[str, float]
    optimum: Optimum
    spearman: float
    checked: Mapping[str, Checked]
    gains: Mapping[str, tuple[float, float, float]]
    picture: Path

    @property
    def weights(self) -> dict[str, float]:
        return {name: round(float(w), 4) for name, w in zip(self.groups, self.optimum.weights, strict=True)}


def search(plan: Plan, folder: Path, say: Callable[[str], None] = print) -> Found:
    """Finds the mixture of a plan; Ray must be up. Called again on the same folder it goes on where it was stopped.

    The budget is said before anything is trained. Writes `ratios.csv` and `metrics.csv` (a line per run, as Olmix reads
    them), `mixture.json` and `mixture.svg`. Raises UsageError where it would take longer than `max_minutes`.
    """
    from training_bridge.mixture.picture import picture

    corpus = prepare(plan, folder / "corpus")
    natural = np.array(corpus.natural)
    limits = draws.limits(np.array(corpus.available), plan.tokens, plan.cap)
    objective = plan.objective or {name: 1 / len(corpus.groups) for name in corpus.groups}
    compared = _compared(plan, corpus, limits)
    _budget(plan, corpus, folder, 1 + len(compared), say)

    # One seed for all: the same beginning, and the same order of each group's text, leave less to chance.
    drawn = draws.draw(plan.runs + plan.heldout_runs, natural, limits, plan.seed)
    jobs = [
        Job(f"{'train' if n < plan.runs else 'heldout'}-{n:03d}", tuple(map(float, weights)), plan.seed)
        for n, weights in enumerate(drawn)
    ]
    ran = run_all(jobs, plan, corpus, folder, say)
    losses = np.array([ran[job.name].loss(objective) for job in jobs])
    learnt, kept = slice(plan.runs), slice(plan.runs, None)
    predicted, errors = np.array([]), np.array([])
    if plan.heldout_runs:
        predicted, errors = Regression(drawn[learnt], losses[learnt]).predict(drawn[kept])
    regression = Regression(drawn, losses)
    optimum = regression.optimum(natural, limits, plan.seed)

    mixtures = {FOUND: optimum.weights, **compared}
    fresh = [
        Job(f"check-{name}-{seed}", tuple(map(float, weights)), plan.seed + 1 + seed)
        for name, weights in mixtures.items()
        for seed in range(plan.seeds)
    ]
    ran |= run_all(fresh, plan, corpus, folder, say)
    checked = {
        name: _checked(weights, [ran[f"check-{name}-{s}"].loss(objective) for s in range(plan.seeds)])
        for name, weights in mixtures.items()
        if plan.seeds
    }
    gains = {
        name: _interval([a - b for a, b in zip(check.losses, checked[FOUND].losses, strict=True)])
        for name, check in checked.items()
        if name != FOUND
    }
    found = Found(
        groups=corpus.groups,
        objective=objective,
        optimum=optimum,
        spearman=rank_correlation(predicted, losses[kept]),
        checked=checked,
        gains=gains,
        picture=folder / PICTURE,
    )
    _write(folder, plan, corpus, found, ran)
    tested = list(zip(predicted.tolist(), errors.tolist(), losses[kept].tolist(), strict=True))
    found.picture.write_text(picture(found, dict(zip(corpus.groups, corpus.natural, strict=True)), tested), "utf-8")
    return found


def _compared(plan: Plan, corpus: Corpus, limits: np.ndarray) -> dict[str, np.ndarray]:
    groups = len(corpus.groups)
    named = {
        UNIFORM: np.full(groups, 1 / groups),
        NATURAL: np.array(corpus.natural),
        **{name: np.array([w.get(group, 0.0) for group in corpus.groups]) for name, w in plan.priors.items()},
    }
    return {name: draws.within(weights, limits) for name, weights in named.items()}


def _budget(plan: Plan, corpus: Corpus, folder: Path, mixtures: int, say: Callable[[str], None]) -> None:
    import ray

    runs = plan.runs + plan.heldout_runs + mixtures * plan.seeds
    done = len(list((folder / "runs").glob("*.json")))
    cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))
    rate = speed(plan, corpus, folder)
    left = max(0, runs - done)
    minutes = ceil(left / cpus) * plan.tokens / rate / 60
    say(
        f"{runs} runs ({plan.runs} to learn from, {plan.heldout_runs} held out, {mixtures} mixtures x {plan.seeds} "
        f"seeds to check), {done} of them done, of {parameters(plan):,} parameters and {plan.tokens:,} tokens: "
        f"about {minutes:.0f} minutes at {rate:,.0f} tokens a second on each of {cpus} CPUs"
    )
    if minutes > plan.max_minutes:
        raise UsageError(
            f"that is more than max_minutes ({plan.max_minutes:g})", "lower `runs` or `tokens`, or raise `max_minutes`"
        )


def _checked(weights: np.ndarray, losses: list[float]) -> Checked:
    return Checked(tuple(map(float, weights)), tuple(losses), *_interval(losses))


def _interval(values: list[float]) -> tuple[float, float, float]:
    middle = mean(values)
    if len(values) < 2:
        return middle, middle, middle
    half = float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    return middle, middle - half, middle + half


def _write(folder: Path, plan: Plan, corpus: Corpus, found: Found, ran: Mapping[str, Ran]) -> None:
    with (folder / RATIOS).open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["run", *corpus.groups])
        out.writerows([name, *r.job.weights] for name, r in ran.items())
    with (folder / METRICS).open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["run", *corpus.groups, "declared"])
        out.writerows(
            [name, *(r.bits_per_byte[g] for g in corpus.groups), r.loss(found.objective)] for name, r in ran.items()
        )
    (folder / MIXTURE).write_text(
        json.dumps(_result(plan, corpus, found), indent=1, ensure_ascii=False) + "\n", "utf-8"
    )


def _result(plan: Plan, corpus: Corpus, found: Found) -> dict[str, Any]:
    intervals = zip(found.groups, found.optimum.low.tolist(), found.optimum.high.tolist(), strict=True)
    return {
        "column": plan.column,
        "groups": dict(corpus.values),
        "weights": found.weights,
        "intervals": {name: [round(low, 4), round(high, 4)] for name, low, high in intervals},
        "objective": dict(found.objective),
        "tokens": plan.tokens,
        "cap": plan.cap,
        "predicted_loss": [found.optimum.loss, found.optimum.error],
        "spearman": None if np.isnan(found.spearman) else found.spearman,
        "checked": {name: vars(check) for name, check in found.checked.items()},
        "gains": {name: list(gain) for name, gain in found.gains.items()},
    }
