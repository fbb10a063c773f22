"""A language model as judge, by rubric: each criterion broken or not, shown by a quote that stands in the answer."""

import hashlib
import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from datagen.answers import Answers, Meter
from datagen.generator import Generator, Request, Response, make_generator
from datagen.task import Task
from reward_filter.calibrate import Calibration, read
from reward_filter.features import kind_of
from reward_filter.scorer import CONFIG, JUDGE, RewardModel, calibrated, configuration

WEIGHTS = {"facts": 3, "safety": 3, "answers": 2, "certainty": 1, "sense": 1}
"""What a broken criterion costs."""
LEAST_QUOTE = 2
HAN = re.compile("[\u3400-\u9fff]")
_VERDICT = {
    "type": "object",
    "properties": {"broken": {"type": "boolean"}, "quote": {"type": "string"}},
    "required": ["broken", "quote"],
}
ANSWER = {"type": "object", "properties": dict.fromkeys(WEIGHTS, _VERDICT), "required": [*WEIGHTS]}


class Judge:
    """Scores answers by asking a generator. Each is judged `times` times with the criteria in another order each time,
    so that their order cancels out; what can't be judged (no usable reply, policy) scores NaN and passes no gate."""

    def __init__(self, generator: Generator, calibration: Mapping[str, Calibration], times: int = 2):
        self.generator, self.calibration, self.times = generator, calibration, times

    @staticmethod
    def read(folder: Path) -> "Judge":
        """The one in an artefact folder; its server or model is named there, its key is not."""
        config = configuration(folder)
        generator = make_generator(config["generator"], **config["generator_options"])
        generator.setup()
        curves = {kind: read(curve) for kind, curve in config["calibration"].items()}
        return Judge(generator, curves, config["times"])

    def files(self, name: str, options: Mapping[str, Any]) -> dict[str, bytes]:
        """Its artefact, over the generator `name` with these options."""
        curves = {kind: asdict(curve) for kind, curve in sorted(self.calibration.items())}
        config = {"format": JUDGE, "generator": name, "generator_options": dict(options), "times": self.times}
        return {CONFIG: json.dumps(config | {"calibration": curves}, indent=1).encode()}

    def score(
        self, prompts: Sequence[str], responses: Sequence[str], records: Sequence[Mapping[str, Any]] | None = None
    ) -> np.ndarray:
        """As `RewardModel.score`. `records` (rows of the record schema) say what may be sent where: restricted text
        never reaches a remote model. Without them the texts are the caller's to send."""
        raw = self.raw(prompts, responses, records)
        return np.where(np.isnan(raw), np.nan, calibrated(self.calibration, raw, [kind_of(p) for p in prompts]))

    def raw(
        self, prompts: Sequence[str], responses: Sequence[str], records: Sequence[Mapping[str, Any]] | None = None
    ) -> np.ndarray:
        """Share of the criteria's weight that is not broken, mean over the times asked: float64[responses]."""
        requests = [
            self._request(prompt, response, number, records[place] if records is not None else None)
            for place, (prompt, response) in enumerate(zip(prompts, responses, strict=True))
            for number in range(self.times)
        ]
        found = [
            grade(answer, responses[place // self.times])
            for place, answer in enumerate(self.generator.generate(requests))
        ]
        judged = np.array([np.nan if grade is None else grade for grade in found]).reshape(len(responses), self.times)
        counts = np.sum(~np.isnan(judged), axis=1)
        return np.where(counts > 0, np.nansum(judged, axis=1) / np.maximum(counts, 1), np.nan)

    def _request(self, prompt: str, response: str, number: int, record: Mapping[str, Any] | None) -> Request:
        language = "zh" if 4 * len(HAN.findall(response)) > len(response) else "en"
        key = hashlib.blake2b(f"{number}\0{prompt}\0{response}".encode(), digest_size=8).hexdigest()
        criteria = [*_wording()["criteria"][language].items()]
        # The second time round is the first one backwards: what stands first gains nothing.
        random.Random(key[:8] if number > 1 else f"{prompt}\0{response}").shuffle(criteria)
        listed = "\n".join(f"- {name}: {text}" for name, text in (criteria[::-1] if number % 2 else criteria))
        text = _wording()["judge"][language].format(criteria=listed, prompt=prompt, response=response, fence=key)
        fields = {
            "id": key,
            "messages": ({"role": "user", "content": text},),
            "seed": int(key[:8], 16),
            "temperature": 0.0,
            "schema": ANSWER,
        }
        return Request(**fields) if record is None else Request.about([record], **fields)


POLICY = ("id", "source_id", "access", "phi_status", "license")
"""Columns of a record that say what may be sent where."""


def scored(
    scorer: RewardModel, prompts: Sequence[str], responses: Sequence[str], records: Sequence[Mapping[str, Any]]
) -> list[float | None]:
    """Scores of answers that come from records (rows with POLICY): a judge is sent only what may be sent. None where it
    gave no verdict."""
    sent = {"records": records} if isinstance(scorer, Judge) else {}
    found = scorer.score(prompts, responses, **sent)
    return [None if np.isnan(score) else score for score in found.tolist()]


def remembering(scorer: RewardModel, task: Task) -> None:
    """What a judge is asked in a run is paid for once, and counted."""
    if isinstance(scorer, Judge):
        scorer.generator.remember(Answers(task.job.store), Meter(task.job.store))


def grade(answer: Response, response: str) -> float | None:
    """1 where no criterion is broken, 0 where all are; None for a reply that is none. A criterion that is said to be
    broken without a quote that stands in the response counts as kept."""
    try:
        said = json.loads(answer.text) if not answer.error else None
        broken = [name for name in WEIGHTS if said[name]["broken"] and _stands(said[name]["quote"], response)]
    except (ValueError, KeyError, TypeError):
        return None
    return 1 - sum(WEIGHTS[name] for name in broken) / sum(WEIGHTS.values())


def _stands(quote: str, text: str) -> bool:
    bare = re.sub(r"\W", "", quote).lower()
    return len(bare) >= LEAST_QUOTE and bare in re.sub(r"\W", "", text).lower()


@cache
def _wording() -> dict[str, Any]:
    return yaml.safe_load((Path(__file__).parent / "prompts.yaml").read_text("utf-8"))
