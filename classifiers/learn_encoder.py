"""From records to a calibrated classifier whose engine is a transformer encoder."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from classifiers.card import card
from classifiers.encoder import Encoder, fine_tune
from classifiers.examples import GUESSED, TRAIN, VALIDATION, Chosen, Sample
from classifiers.features import clip
from classifiers.heads import HEADS
from classifiers.learn import CALIBRATION_ROWS, SURE, UNCALIBRATED_THRESHOLD
from classifiers.metrics import Quality, measure, softmax, temperature
from classifiers.model import CARD, DESCRIPTION, ENCODER, ERRORS, MODEL, Description, HeadDescription, head_scores
from classifiers.terms import terms_digest
from datagen.errors import UsageError


def learn_encoder(
    tables: Iterable[pa.Table], pretrained: str | Path, folder: Path, epochs: int, size: int, coverage: float, seed: int
) -> dict[str, dict[str, dict[str, float]]]:
    """Fine-tune an encoder on the labels that sources give, calibrate it on one half of the validation split, measure
    it on the other, and write it to a folder that `classifiers.load` reads. Value stays by rule. Returns its quality by
    head and language.

    Raises UsageError where no head has two labels to tell apart, and where there is no such encoder.
    """
    chosen = _choose(tables, size, seed)
    labels = {name: _labels(name, kinds) for name, kinds in chosen.items()}
    chosen = {name: kinds for name, kinds in chosen.items() if len(labels[name]) > 1}
    if not chosen:
        raise UsageError("there is nothing to tell apart", "give it labelled records of the train split")
    labels = {name: labels[name] for name in chosen}
    texts = {row["id"]: row["text"] for kinds in chosen.values() for row in kinds[TRAIN]}
    place = {identity: n for n, identity in enumerate(texts)}
    targets = {}
    for name, codes in labels.items():
        target = np.full(len(texts), -1)
        for row in chosen[name][TRAIN]:
            target[place[row["id"]]] = codes.index(row["label"])
        targets[name] = len(codes), target
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # the new layer's first weights too
        encoder = Encoder.pretrained(pretrained, sum(map(len, labels.values())))
        fine_tune(encoder, list(texts.values()), targets, epochs, seed)
    heads, held_out, answers = {}, {}, {}
    calibrated_on = dict.fromkeys(labels, 0)
    plain = {name: HeadDescription(codes, HEADS[name].version, 1.0, 0.0) for name, codes in labels.items()}
    halves = {name: _halves(chosen[name][VALIDATION]) for name in labels}
    for name, codes in labels.items():
        rows, heat, threshold = halves[name][0], 0.0, UNCALIBRATED_THRESHOLD
        if len(rows) >= CALIBRATION_ROWS:
            logits = np.log(_scores(encoder, plain, name, rows) + 1e-12)
            heat = round(temperature(logits, np.array([codes.index(row["label"]) for row in rows])), 4)
            best = np.sort(softmax(logits, heat).max(1))
            threshold = round(min(float(best[int((1 - coverage) * len(best))]), SURE), 4)
            calibrated_on[name] = len(rows)
        heads[name] = HeadDescription(codes, HEADS[name].version, heat, threshold)
    for name, head in heads.items():
        rows = halves[name][1]
        held_out[name], answers[name] = _measured(name, rows, _scores(encoder, heads, name, rows), head)
    folder.mkdir(parents=True, exist_ok=True)
    data = encoder.write(folder)
    description = Description(heads, terms_digest(), hashlib.sha256(data).hexdigest(), engine=ENCODER)
    text = card(description, chosen, 0, calibrated_on, held_out, answers, {"rows": 0}, len(data))
    errors = "".join(json.dumps(error) + "\n" for found in answers.values() for error in found if error["guess"])
    for name, content in {
        MODEL: data,
        DESCRIPTION: description.dump(),
        CARD: text.encode(),
        ERRORS: errors.encode(),
    }.items():
        (folder / name).write_bytes(content)
    return {name: {language: q.rounded() for language, q in own.items()} for name, own in held_out.items()}


def _choose(tables: Iterable[pa.Table], size: int, seed: int) -> Chosen:
    sample = Sample(size, seed)
    for table in tables:
        for row in table.to_pylist():
            if row["synthetic"] or row["split"] not in (TRAIN, VALIDATION):
                continue
            row |= {"language": row["language"] or "und", "text": clip(row["text"]), "kind": row["split"]}
            for name, head in HEADS.items():
                if (label := head.given(row)) in head.codes:
                    sample.offer({**row, "head": name, "label": label})
    chosen: Chosen = {name: {kind: [] for kind in (TRAIN, VALIDATION, *GUESSED)} for name in HEADS}
    for row in sample.examples():
        chosen[row["head"]][row["kind"]].append(row)
    for kinds in chosen.values():  # a label that was never learnt can't be told
        known = {row["label"] for row in kinds[TRAIN]}
        kinds[VALIDATION] = [row for row in kinds[VALIDATION] if row["label"] in known]
    return chosen


def _labels(name: str, kinds: dict[str, list[dict]]) -> tuple[str, ...]:
    known = {row["label"] for row in kinds[TRAIN]}
    return tuple(code for code in HEADS[name].codes if code in known)


def _halves(rows: list[dict]) -> tuple[list[dict], list[dict]]:
    """Rows to calibrate on and rows to measure on, families kept together."""
    halves: tuple[list[dict], list[dict]] = [], []
    for row in rows:
        halves[hashlib.blake2b(row["group"].encode(), digest_size=1, person=b"half").digest()[0] % 2].append(row)
    return halves


def _scores(encoder: Encoder, heads: dict[str, HeadDescription], name: str, rows: list[dict]) -> np.ndarray:
    return head_scores(encoder.margins_of([row["text"] for row in rows], []), heads)[name]


def _measured(
    name: str, rows: list[dict], scores: np.ndarray, head: HeadDescription
) -> tuple[dict[str, Quality], list[dict]]:
    qualities = {}
    for language in ("all", *sorted({row["language"] for row in rows})) if rows else ():
        mine = [n for n, row in enumerate(rows) if language in ("all", row["language"])]
        truth = [rows[n]["label"] for n in mine]
        qualities[language] = measure(truth, head.labels, scores[mine], head.threshold)
    answers = []
    for row, score in zip(rows, scores, strict=True):
        guess = head.labels[int(score.argmax())]
        answers.append(
            {"head": name, "id": row["id"], "language": row["language"], "label": row["label"]}
            | {"guess": "" if guess == row["label"] else guess, "confidence": round(float(score.max()), 4)}
        )
    return qualities, answers
