"""One table of samples to the views that trainers read: sft, preference, unpaired, stepwise, verifiable."""

import difflib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import pyarrow as pa

from reward_filter.people import Question

CORRUPTED = "corruption"
CHECKED, PEOPLE = "checked", "people"
PREFERENCES = "preference"
ORIGINS = ("accepted", "reflection", "correction", CORRUPTED, CHECKED, PEOPLE)
"""Where a sample comes from: accepted as it was, corrected by reflection or by its source, damaged on purpose, one of
several answers that a checker or people compared. A worse one names what it is worse than in `than`."""
_STOPS = ".!?;。\uff01\uff1f\uff1b"
SENTENCE = re.compile(rf"[^{_STOPS}\n]+(?:\.(?=\d)[^{_STOPS}\n]+)*[{_STOPS}]*\s*")

_TEXT = pa.string()
_SPAN = pa.struct([pa.field(name, pa.int32(), False) for name in ("start", "end")])
MESSAGES = pa.list_(pa.struct([pa.field("role", _TEXT, False), pa.field("content", _TEXT, False)]))
ABOUT = [pa.field(name, _TEXT, False) for name in ("id", "origin", "language", "group", "split")]
VIEWS: dict[str, pa.Schema] = {
    "sft": pa.schema([pa.field("messages", MESSAGES, False), *ABOUT]),
    PREFERENCES: pa.schema(
        [
            *(pa.field(name, _TEXT, False) for name in ("prompt", "chosen", "rejected")),
            pa.field("margin", pa.float32(), False),
            pa.field("error_class", _TEXT),
            *(pa.field(f"{side}_spans", pa.list_(_SPAN), False) for side in ("chosen", "rejected")),
            *ABOUT,
        ]
    ),
    "unpaired": pa.schema(
        [
            pa.field("prompt", _TEXT, False),
            pa.field("completion", _TEXT, False),
            pa.field("label", pa.bool_(), False),
            *ABOUT,
        ]
    ),
    "stepwise": pa.schema(
        [
            pa.field("prompt", _TEXT, False),
            pa.field("completions", pa.list_(_TEXT), False),
            pa.field("labels", pa.list_(pa.bool_()), False),
            *ABOUT,
        ]
    ),
    "verifiable": pa.schema([*(pa.field(name, _TEXT, False) for name in ("prompt", "answer", "checker")), *ABOUT]),
}
"""Columns of each view. `chosen_spans`, `rejected_spans`: characters where the two differ; `answer` is JSON that the
checker (reward_filter.checkers) of that name takes; `margin` is 0 where nothing scored the two."""


@dataclass(frozen=True)
class Sample:
    """A response to a prompt ("" for plain text). `good` is what was found of it, `than` the id of the better sample
    that it is a worse version of, `score` a calibrated reward, `check` the checker and its answer."""

    id: str
    prompt: str
    response: str
    good: bool
    origin: str
    language: str
    group: str
    split: str
    score: float | None = None
    than: str | None = None
    error_class: str | None = None
    check: tuple[str, str] | None = None
    steps: bool = False


def views(
    samples: Sequence[Sample], max_corrupted: float = 0.4, preferred: Sequence[tuple[str, str]] = ()
) -> dict[str, pa.Table]:
    """All views of a table of samples. Of the preference pairs, at most `max_corrupted` are damage done on purpose;
    which of them stay depends on their ids alone. `preferred` are ids of a better and a worse sample, as people say."""
    known = {sample.id: sample for sample in samples}
    pairs = [(known[s.than], s) for s in samples if s.than in known]
    pairs += [(known[a], replace(known[b], origin=PEOPLE)) for a, b in preferred if a in known and b in known]
    judged = {frozenset((a, b)) for a, b in preferred}
    compared = [*right_and_wrong(samples), *best_and_worst(samples)]
    pairs += [(a, b) for a, b in compared if frozenset((a.id, b.id)) not in judged]
    pairs = capped(pairs, max_corrupted)
    kept = {sample.id for pair in pairs for sample in pair}
    seen = [s for s in samples if s.origin != CORRUPTED or s.id in kept]
    rows = {
        "sft": [_about(s) | {"messages": _messages(s)} for s in samples if s.good and s.prompt],
        PREFERENCES: [_preference(better, worse) for better, worse in pairs],
        "unpaired": [_about(s) | {"prompt": s.prompt, "completion": s.response, "label": s.good} for s in seen],
        "stepwise": [row for s in seen if s.steps for row in _stepwise(s, known.get(s.than))],
        "verifiable": [
            _about(s) | {"prompt": s.prompt, "checker": s.check[0], "answer": s.check[1]}
            for s in samples
            if s.check and s.good
        ],
    }
    return {name: pa.Table.from_pylist(rows[name], schema) for name, schema in VIEWS.items()}


def right_and_wrong(samples: Iterable[Sample]) -> Iterator[tuple[Sample, Sample]]:
    """Of several answers to a prompt that a checker went over, each wrong one against a right one."""
    answers: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.origin == CHECKED:
            answers[sample.language, sample.prompt].append(sample)
    for found in answers.values():
        right, wrong = ([s for s in sorted(found, key=lambda s: s.id) if s.good == good] for good in (True, False))
        yield from ((right[i % len(right)], sample) for i, sample in enumerate(wrong) if right)


def questions(samples: Iterable[Sample]) -> list[Question]:
    """Two different answers to each prompt that has several, for people to compare."""
    answers: dict[tuple[str, str], dict[str, Sample]] = defaultdict(dict)
    for sample in sorted(samples, key=lambda s: s.id):
        if sample.prompt and sample.than is None and sample.origin != CORRUPTED:
            answers[sample.language, sample.prompt].setdefault(sample.response, sample)
    several = [list(found.values())[:2] for found in answers.values() if len(found) > 1]
    return sorted(
        (Question(f"{a.id} {b.id}", a.prompt, a.response, b.response) for a, b in several), key=lambda q: q.id
    )


def best_and_worst(samples: Iterable[Sample]) -> Iterator[tuple[Sample, Sample]]:
    """Of several scored answers to a prompt the best against the worst, where they differ."""
    answers: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.good and sample.score is not None and sample.prompt:
            answers[sample.language, sample.prompt].append(sample)
    for found in answers.values():
        ordered = sorted(found, key=lambda s: (s.score, s.id))
        if ordered[-1].score > ordered[0].score:
            yield ordered[-1], ordered[0]


def capped(pairs: list[tuple[Sample, Sample]], share: float) -> list[tuple[Sample, Sample]]:
    natural = [pair for pair in pairs if pair[1].origin != CORRUPTED]
    made = [pair for pair in pairs if pair[1].origin == CORRUPTED]
    room = len(made) if share >= 1 else int(share / (1 - share) * len(natural))
    made.sort(key=lambda pair: blake2b(pair[1].id.encode(), digest_size=8).digest())
    keep = {pair[1].id for pair in made[:room]}
    return [pair for pair in pairs if pair[1].origin != CORRUPTED or pair[1].id in keep]


def differences(a: str, b: str) -> tuple[list[dict[str, int]], list[dict[str, int]]]:
    """Where two texts differ, by words (Chinese: characters): character spans of each."""
    pieces = [re.findall(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+|\s+", text) for text in (a, b)]
    starts = []
    for words in pieces:
        offsets = [0]
        for word in words:
            offsets.append(offsets[-1] + len(word))
        starts.append(offsets)
    spans: tuple[list, list] = ([], [])
    for tag, *places in difflib.SequenceMatcher(None, *pieces, autojunk=False).get_opcodes():
        if tag != "equal":
            for side in (0, 1):
                start, end = (starts[side][place] for place in places[2 * side : 2 * side + 2])
                if end > start:
                    spans[side].append({"start": start, "end": end})
    return spans


def _about(sample: Sample) -> dict:
    return {name: getattr(sample, name) for name in ("id", "origin", "language", "group", "split")}


def _messages(sample: Sample) -> list[dict[str, str]]:
    return [{"role": "user", "content": sample.prompt}, {"role": "assistant", "content": sample.response}]


def _preference(better: Sample, worse: Sample) -> dict:
    scored = better.score is not None and worse.score is not None
    margin = min(1.0, max(0.0, better.score - worse.score)) if scored else 0.0
    spans = differences(better.response, worse.response)
    return _about(worse) | {
        "prompt": better.prompt,
        "chosen": better.response,
        "rejected": worse.response,
        "margin": margin,
        "error_class": worse.error_class,
        "chosen_spans": spans[0],
        "rejected_spans": spans[1],
    }


def _stepwise(sample: Sample, better: Sample | None) -> Iterator[dict]:
    """Sentences as steps. Of a worse version, those that the better one doesn't have are wrong."""
    steps = [step.strip() for step in SENTENCE.findall(sample.response) if step.strip()]
    if len(steps) < 2 or (better is None and not sample.good):
        return
    right = {step.strip() for step in SENTENCE.findall(better.response)} if better else {*steps}
    labels = [step in right for step in steps]
    yield _about(sample) | {"prompt": sample.prompt, "completions": steps, "labels": labels}


def checked(task: str, meta: dict, prompt: str, response: str) -> tuple[str, str] | None:
    """The checker of a synthetic question and the answer that it takes, both as strings."""
    if task == "mcq":
        letter = re.match(r"(?:Answer|答案)[:：]\s*([A-H])\.", response)
        return ("choice", letter[1]) if letter else None
    if task in ("qa", "case"):
        return "entity", json.dumps({"id": meta["anchor"], "up": 0})
    if task == "numeric":
        return "number", json.dumps(meta["answer"])
    return None
