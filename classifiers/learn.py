"""From examples to a calibrated, measured model with its card."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifiers.card import card
from classifiers.examples import TRAIN, VALIDATION, WEAK
from classifiers.fit import fit, opened
from classifiers.metrics import confusion, measure, sharpened, temperature
from classifiers.model import CARD, DESCRIPTION, MODEL, TAXONOMIES, Description, raw_scores
from classifiers.terms import terms_digest
from classifiers.weak import term_lines
from datagen.errors import UsageError
from datagen.taxonomy import load_taxonomy

FOLDS = 3
CALIBRATION_ROWS = 50
"""With fewer labelled rows a temperature would be noise: none is fitted, and the card says so."""


@dataclass(frozen=True)
class Learnt:
    """A trained classifier: its files by name, its quality on the validation split by language (`all` first), and there
    its confusion table (see `metrics.confusion`)."""

    files: dict[str, bytes]
    held_out: dict[str, dict[str, float]]
    confusion: dict[str, list] | None

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in self.files.items():
            (folder / name).write_bytes(data)


def learn(chosen: dict[str, list[dict]], target: str, threshold: float, seed: int) -> Learnt:
    """Train on the chosen examples (of kinds train, weak and validation), for departments also on lines of terms.

    Raises UsageError where there are not two labels to tell apart.
    """
    taxonomy = load_taxonomy(TAXONOMIES[target])
    lines = list(term_lines(seed)) if target == "department" else []
    known = {row["label"] for row in chosen[TRAIN] + chosen[WEAK]} | {label for label, _, _ in lines}
    labels = tuple(code for code in taxonomy.codes if code in known)
    if len(labels) < 2:
        raise UsageError(
            f"the train split knows {len(labels)} kinds of {target} ({len(chosen[TRAIN])} labelled rows)",
            "give it inputs whose sources label them",
        )
    terms = [(label, line) for label, _, line in lines]
    model = fit([*((row["label"], row["line"]) for row in chosen[TRAIN] + chosen[WEAK]), *terms], seed)
    heat, calibrated_on = _temperature(chosen, terms, labels, seed)
    held_out, table = _held_out(model, chosen[VALIDATION], labels, heat, threshold)
    description = Description(
        target=target,
        labels=labels,
        taxonomy=taxonomy.version,
        terms=terms_digest(),
        temperature=round(heat, 4),
        threshold=threshold,
        sha256=hashlib.sha256(model).hexdigest(),
    )
    text = card(description, chosen, len(terms), calibrated_on, held_out, len(model))
    return Learnt({MODEL: model, DESCRIPTION: description.dump(), CARD: text.encode()}, held_out, table)


def _temperature(
    chosen: dict[str, list[dict]], terms: list[tuple[str, str]], labels: tuple[str, ...], seed: int
) -> tuple[float, int]:
    """Fitted to what models say of labelled rows of families they have not seen; and how many rows those were."""
    if len(chosen[TRAIN]) < CALIBRATION_ROWS:
        return 1.0, 0
    scores, truth = [], []
    for fold in range(FOLDS):
        kept = [(r["label"], r["line"]) for r in chosen[TRAIN] + chosen[WEAK] if _fold(r["group"]) != fold]
        held = [r for r in chosen[TRAIN] if _fold(r["group"]) == fold]
        with opened(fit([*kept, *terms], seed)) as model:
            scores.append(raw_scores(model, labels, [row["line"] for row in held]))
        truth += [labels.index(row["label"]) for row in held]
    return temperature(np.concatenate(scores), np.array(truth)), len(truth)


def _held_out(
    data: bytes, rows: list[dict], labels: tuple[str, ...], heat: float, threshold: float
) -> tuple[dict[str, dict[str, float]], dict[str, list] | None]:
    if not rows:
        return {}, None
    with opened(data) as model:
        scores = sharpened(raw_scores(model, labels, [row["line"] for row in rows]), heat)
    found = {}
    for language in ("all", *sorted({row["language"] for row in rows})):
        mine = [index for index, row in enumerate(rows) if language in ("all", row["language"])]
        truth = [rows[index]["label"] for index in mine]
        found[language] = measure(truth, labels, scores[mine], threshold).rounded()
    return found, confusion([row["label"] for row in rows], labels, scores, threshold)


def _fold(group: str) -> int:
    return int.from_bytes(hashlib.blake2b(group.encode(), digest_size=8, person=b"fold").digest(), "big") % FOLDS
