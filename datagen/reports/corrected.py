"""Shares corrected for the labeller's errors, with intervals, from the confusion table of the classifier that was used.

The table is measured on held-out rows labelled by their source; it speaks for other sources as far as these resemble
them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from datagen.reports.facts import TRAINING, Facts
from datagen.taxonomy import ABSTAINED

DRAWS = 300
STEPS = 40
PRIOR = 5.0
"""Rows that the pooled error rate counts for in each department's line of the table."""
INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Confusion:
    """Counts of held-out rows by true label (rows) and by answer (columns: the labels, then the abstentions)."""

    labels: tuple[str, ...]
    counts: np.ndarray

    def draws(self, number: int, seed: int = 0) -> np.ndarray:
        """P(answer | true label), float64 of shape (number, labels, labels + 1): the expected one, then random ones.

        Posteriors under a Dirichlet prior: the pooled rate of errors, which go to labels that are taken for this one or
        this one for them, so that a label with few held-out rows borrows from the others and has a wide interval. And
        errors that were never seen are not impossible: their part of all rows is that of the errors seen once (Good
        1953), spread evenly. Where one department is most of a corpus they weigh, however rare.
        """
        size = len(self.labels)
        diagonal = (np.arange(size), np.arange(size))
        wrong = self.counts.astype(float)
        wrong[diagonal] = 0
        rate, unseen = ((n + 1) / (self.counts.sum() + 2) for n in (wrong.sum(), (wrong == 1).sum()))
        never = wrong == 0
        never[diagonal] = False
        mass = never / np.maximum(never.sum(1, keepdims=True), 1) * unseen * self.counts.sum(1, keepdims=True)
        wrong[:, :size] += wrong[:, :size].T
        wrong += (self.counts.sum(0) + 1) / (self.counts.sum() + size + 1)
        wrong[diagonal] = 0
        prior = rate * wrong / wrong.sum(1, keepdims=True)
        prior[diagonal] = 1 - rate
        posterior = self.counts + PRIOR * prior + mass
        random = np.random.default_rng(seed).standard_gamma(np.broadcast_to(posterior, (number - 1, *posterior.shape)))
        found = np.concatenate([posterior[None], random])
        return found / found.sum(2, keepdims=True)


def true_given_answer(confusions: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """P(true label | answer), of shape (draws, labels, answers), in a population whose `answers` are known.

    Its true shares are the maximum-likelihood ones, found by expectation-maximisation (Saerens, Latinne and
    Decaestecker 2002, for hard answers): never negative, unlike those by inverting the table.
    """
    draws, labels, _ = confusions.shape
    weights = answers / max(answers.sum(), 1e-300)
    true = np.full((draws, labels), 1 / labels)
    for _ in range(STEPS):
        joint = confusions * true[:, :, None]
        posterior = joint / np.maximum(joint.sum(1, keepdims=True), 1e-300)
        true = posterior @ weights
    return posterior


def corrected(facts: Facts, departments: pd.Series) -> pd.DataFrame | None:
    """`corrected`, `corrected_low`, `corrected_high` (95 %) by department: shares of training tokens by what their
    department truly is, of all `departments` together. None where no classifier of the run has a confusion table.

    Labels that came from a source, and those of synthetic records, are taken as they are. How much of each label the
    classifier gave is counted where it labelled; what was chosen afterwards is taken to err as the rest.
    """
    if facts.labeller is None:
        return None
    table, stage = facts.labeller
    confusion = Confusion(tuple(table["labels"]), np.array(table["counts"], float))
    codes = [code for code in departments if code not in ("", ABSTAINED)]
    by_model = _by_model(facts, stage)
    answers = by_model.reindex([*confusion.labels, ABSTAINED]).fillna(0).to_numpy(float)
    posterior = true_given_answer(confusion.draws(DRAWS + 1), answers)
    everything = sorted({*codes, *confusion.labels})
    place = {code: index for index, code in enumerate(everything)}
    moved = np.zeros((DRAWS + 1, len(everything)))
    tokens = facts.cube.groupby(["department", "synthetic"])[TRAINING].sum()
    labelled = _labelled(facts, stage)
    columns = [place[label] for label in confusion.labels]
    for code in codes:
        given, written = (float(tokens.get((code, synthetic), 0)) for synthetic in (False, True))
        guessed = given * (by_model.get(code, 0) / labelled[code] if labelled.get(code) else 0)
        moved[:, place[code]] += given - guessed + written
        if code in confusion.labels:
            moved[:, columns] += guessed * posterior[:, :, confusion.labels.index(code)]
        else:
            moved[:, place[code]] += guessed
    mine = moved[:, [place[code] for code in codes]]
    shares = mine / np.maximum(mine.sum(1, keepdims=True), 1e-300)
    low, high = np.percentile(shares[1:], INTERVAL, axis=0)
    return pd.DataFrame({"corrected": shares[0], "corrected_low": low, "corrected_high": high}, index=codes)


def _labelled(facts: Facts, stage: str) -> Mapping[str, float]:
    """Training tokens by department, after the stage that labelled."""
    return facts.stages[stage].history.groupby("department")[TRAINING].sum().to_dict()


def _by_model(facts: Facts, stage: str) -> pd.Series:
    """Training tokens by the department that the classifier gave them: what has it after the stage and had not before.

    Rows that abstain come out as UNK."""
    after = facts.stages[stage].history.groupby("department")[TRAINING].sum()
    if facts.stages[stage].version.options.get("overwrite"):
        return after
    inputs = [facts.stages[e.stage].history for e in facts.stages[stage].version.needs if e.stage in facts.stages]
    before = pd.concat(inputs).groupby("department")[TRAINING].sum() if inputs else pd.Series(dtype=float)
    before = before.drop(labels=["", ABSTAINED], errors="ignore")
    return (after - before.reindex(after.index).fillna(0)).clip(lower=0)
