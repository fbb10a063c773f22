"""From examples to a calibrated, measured model with its card."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifiers import linear
from classifiers.card import card
from classifiers.examples import GUESSED, NAMED, TRAIN, VALIDATION, WEAK, Chosen
from classifiers.features import Features, features
from classifiers.heads import HEADS, VALUE, Head
from classifiers.linear import KNOWS_ALL, Linear
from classifiers.metrics import answer_table, measure, softmax, spearman, temperature
from classifiers.model import CARD, DESCRIPTION, ERRORS, MODEL, Description, HeadDescription, head_scores
from classifiers.terms import terms_digest
from classifiers.value import LEAST_RATINGS, ValueModel, fit_value
from classifiers.weak import skeleton_texts, term_lines
from datagen.errors import UsageError
from datagen.taxonomy import NOT_MEDICAL

FOLDS = 3
CALIBRATION_ROWS = 50
"""With fewer labelled rows a temperature would be noise: none is fitted, and the card says so."""
UNCALIBRATED_THRESHOLD = 0.3
SURE = 0.5
"""Confidence from which on no head abstains: it is more often right than not."""
TERMS = "terms"
CONTENT_TYPE = "content_type"
WEIGHTS = {TRAIN: 1.0, WEAK: 0.5, NAMED: 0.3, TERMS: 1.0}
"""How much a mistake costs on a text labelled by its source, one labelled by its terms, a name, and a line of terms."""


@dataclass(frozen=True)
class Learnt:
    """A trained classifier: its files by name; its quality on the validation split by head and language (`all` first);
    and how departments were answered for rows it had not seen, {labels, counts[label][answer]}, UNK last."""

    files: dict[str, bytes]
    held_out: dict[str, dict[str, dict[str, float]]]
    confusion: dict[str, Any] | None

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in self.files.items():
            (folder / name).write_bytes(data)


def learn(chosen: Chosen, coverage: float, seed: int) -> Learnt:
    """Train heads together on the chosen examples, on lines of terms and on skeletons of content types. `coverage` is
    the share of labelled rows that a head's threshold lets it answer for.

    Raises UsageError where there is no head.
    """
    ratings = chosen.get(VALUE, {TRAIN: [], VALIDATION: []})
    chosen = {name: kinds for name, kinds in chosen.items() if name != VALUE}
    if not chosen:
        raise UsageError("value alone makes no classifier", f"also train one of {', '.join(HEADS)}")
    lines = _made_rows(chosen, seed)
    labels = {name: _labels(HEADS[name], kinds, lines) for name, kinds in chosen.items()}
    model = _fit(chosen, lines, labels, seed)
    heads, seen = _calibrate(chosen, lines, labels, coverage, seed)
    held_out, errors = _measure(model, heads, chosen)
    value, rated = _value(ratings)
    data = model.dump()
    description = Description(heads, terms_digest(), hashlib.sha256(data).hexdigest(), value)
    calibrated_on = {name: len(seen[name][1]) if name in seen else 0 for name in heads}
    text = card(description, chosen, len(lines), calibrated_on, held_out, errors, rated, len(data))
    listing = "".join(json.dumps(error) + "\n" for found in errors.values() for error in found if error["guess"])
    files = {MODEL: data, DESCRIPTION: description.dump(), CARD: text.encode(), ERRORS: listing.encode()}
    confusion = None
    if "department" in seen:
        head = heads["department"]
        scores, truth = seen["department"]
        counts = answer_table(truth, scores, len(head.labels), head.threshold)
        confusion = {"labels": list(head.labels), "counts": counts.tolist()}
    rounded = {name: {lang: q.rounded() for lang, q in own.items()} for name, own in held_out.items()}
    return Learnt(files, rounded, confusion)


def _value(ratings: dict[str, list[dict]]) -> tuple[ValueModel | None, dict[str, float]]:
    """The model of value, None for too few ratings; and how many it learnt from, with the rank correlation on the
    validation split."""
    rows = ratings[TRAIN]
    if len(rows) < LEAST_RATINGS:
        return None, {"rows": 0}
    model = fit_value([row["signals"] for row in rows], [row["rating"] for row in rows])
    held = ratings[VALIDATION]
    found = [model.of_signals(row["signals"]) for row in held]
    figures = {"rows": len(rows), "held out": len(held)}
    if len(held) > 2:
        figures["Spearman"] = round(spearman(found, [row["rating"] for row in held]), 4)
    return model, figures


def _made_rows(chosen: Chosen, seed: int) -> list[dict]:
    """Rows made of the terms of every lexicon that a head of these has, and of skeletons of content types, which are
    filled with a department's terms."""
    rows = []
    for lexicon in sorted({HEADS[name].lexicon or "" for name in chosen} - {""}):
        for number, (code, language, text) in enumerate(term_lines(seed, lexicon)):
            mine = [name for name in chosen if HEADS[name].lexicon == lexicon]
            rows += [_made(name, HEADS[name].of_term(code), language, f"{lexicon}/{number}", text) for name in mine]
    for number, (code, department, language, text) in enumerate(skeleton_texts(seed)):
        for name in chosen:
            if name == CONTENT_TYPE or HEADS[name].lexicon == "departments":
                label = code if name == CONTENT_TYPE else HEADS[name].of_term(department)
                rows.append(_made(name, label, language, f"skeletons/{number}", text))
    return rows


def _made(name: str, label: str, language: str, identity: str, text: str) -> dict:
    return {"head": name, "label": label, "id": identity, "language": language, **features(text)._asdict()}


def _labels(head: Head, kinds: dict[str, list[dict]], lines: list[dict]) -> tuple[str, ...]:
    rows = [
        *kinds[TRAIN],
        *(row for kind in GUESSED for row in kinds[kind]),
        *(line for line in lines if line["head"] == head.name),
    ]
    known = {row["label"] for row in rows}
    return tuple(code for code in head.codes if code in known)


def _fit(
    chosen: Chosen, lines: list[dict], labels: dict[str, tuple[str, ...]], seed: int, left_out: int = -1
) -> Linear:
    """The model of all examples but those of one fold. A text that serves several heads is read once."""
    places: dict[str, int] = {}
    texts: list[Features] = []
    spoken: list[str] = []
    sources: dict[str, int] = {}
    found: dict[str, list[tuple[int, int, float, int]]] = {name: [] for name in labels}
    for kind, weight in WEIGHTS.items():
        for name, codes in labels.items():
            rows = (line for line in lines if line["head"] == name) if kind == TERMS else chosen[name][kind]
            for row in rows:
                if kind != TERMS and _fold(row["group"]) == left_out:
                    continue
                if row["id"] not in places:
                    places[row["id"]] = len(texts)
                    texts.append(_features(row))
                    spoken.append(row["language"])
                source = KNOWS_ALL
                if kind == TRAIN and HEADS[name].lexicon and row["label"] != NOT_MEDICAL:
                    source = sources.setdefault(row["source"], len(sources))
                found[name].append((places[row["id"]], codes.index(row["label"]), weight, source))
    _, languages = np.unique(spoken, return_inverse=True)
    targets = []
    for name, codes in labels.items():
        target = linear.Target(
            labels=np.full(len(texts), -1),
            weights=np.ones(len(texts)),
            sources=np.full(len(texts), KNOWS_ALL),
            languages=languages,
            count=len(codes),
            common=codes.index(NOT_MEDICAL) if NOT_MEDICAL in codes else -1,
            by_shape=HEADS[name].lexicon is None,
        )
        for place, label, weight, source in found[name]:
            target.labels[place], target.weights[place], target.sources[place] = label, weight, source
        targets.append(target)
    return linear.fit(texts, targets, seed)


def _calibrate(
    chosen: Chosen, lines: list[dict], labels: dict[str, tuple[str, ...]], coverage: float, seed: int
) -> tuple[dict[str, HeadDescription], dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Temperature and threshold of every head by what models say of labelled rows of families they have not seen; and
    by head calibrated scores (rows, labels) and true labels of those rows."""
    plain = {n: HeadDescription(codes, HEADS[n].version, 1.0, 0.0) for n, codes in labels.items()}
    margins: dict[str, list[np.ndarray]] = {name: [] for name in labels}
    truth: dict[str, list[int]] = {name: [] for name in labels}
    wanted = [name for name in labels if len(chosen[name][TRAIN]) >= CALIBRATION_ROWS]
    for fold in range(FOLDS) if wanted else ():
        model = _fit(chosen, lines, labels, seed, left_out=fold)
        for name in wanted:
            held = [row for row in chosen[name][TRAIN] if _fold(row["group"]) == fold]
            margins[name] += [np.log(row + 1e-12) for row in _scores(model, plain, name, held)]
            truth[name] += [labels[name].index(row["label"]) for row in held]
    heads, seen = {}, {}
    for name, codes in labels.items():
        heat, threshold = 0.0, UNCALIBRATED_THRESHOLD
        if name in wanted:
            scores = np.array(margins[name])
            heat = round(temperature(scores, np.array(truth[name])), 4)
            scores = softmax(scores, heat)
            best = np.sort(scores.max(1))
            threshold = round(min(float(best[int((1 - coverage) * len(best))]), SURE), 4)
            seen[name] = scores, np.array(truth[name])
        heads[name] = HeadDescription(codes, HEADS[name].version, heat, threshold)
    return heads, seen


def _measure(model: Linear, heads: dict[str, HeadDescription], chosen: Chosen) -> tuple[dict, dict[str, list[dict]]]:
    """Quality by head and language, and what was said of every row of the validation split (`guess` empty where it is
    right)."""
    qualities: dict[str, dict] = {name: {} for name in heads}
    answers: dict[str, list[dict]] = {name: [] for name in heads}
    for name, head in heads.items():
        rows = chosen[name][VALIDATION]
        if not rows:
            continue
        scores = _scores(model, heads, name, rows)
        for language in ("all", *sorted({row["language"] for row in rows})):
            mine = [index for index, row in enumerate(rows) if language in ("all", row["language"])]
            truth = [rows[index]["label"] for index in mine]
            qualities[name][language] = measure(truth, head.labels, scores[mine], head.threshold)
        for row, score in zip(rows, scores, strict=True):
            guess = head.labels[int(score.argmax())]
            answers[name].append(
                {"head": name, "id": row["id"], "language": row["language"], "label": row["label"]}
                | {"guess": "" if guess == row["label"] else guess, "confidence": round(float(score.max()), 4)}
            )
    return qualities, answers


def _scores(model: Linear, heads: dict[str, HeadDescription], name: str, rows: Sequence[dict]) -> np.ndarray:
    margins = np.array([model.margins(_features(row)) for row in rows], np.float32)
    return head_scores(margins.reshape(len(rows), len(model.biases)), heads)[name]


def _features(row: dict) -> Features:
    return Features(np.asarray(row["keys"], np.uint32), np.asarray(row["counts"], np.uint8))


def _fold(group: str) -> int:
    return int.from_bytes(hashlib.blake2b(group.encode(), digest_size=8, person=b"fold").digest(), "big") % FOLDS
