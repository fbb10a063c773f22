"""The stage `synthesis.numeric`: calculations whose answers are computed, not written."""

import json
import math
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import yaml
from pydantic import Field, field_validator

from datagen.record import record_id, split_of, table
from datagen.stage import Item, Outcome, Phase, Source
from datagen.task import Job, Task
from knowledge_graph.arithmetic import results
from synthesis.prompting import LANGUAGES
from synthesis.write import SCRIPTS

DIGITS = 6
"""Significant ones that intermediate results are given with."""
Values = dict[str, float]
Range = tuple[float, float, float]
"""Lowest, highest, step."""
ANSWER = {"en": "Answer: {value}{unit}", "zh": "答案:{value}{unit}"}


def _ppv(v: Values) -> Values:
    v["tp"] = v["ill"] * v["sensitivity"] / 100
    v["well"], v["miss"] = 1000 - v["ill"], 100 - v["specificity"]
    v["fp"] = v["well"] * v["miss"] / 100
    v["positives"] = v["tp"] + v["fp"]
    return v | {"answer": round(100 * v["tp"] / v["positives"], 1)}


def _nnt(v: Values) -> Values:
    reduction = round(v["control"] - v["treated"], 1)
    return v | {"reduction": reduction, "answer": round(100 / reduction, 1)}


def _relative_risk(v: Values) -> Values:
    first, second = round(100 * v["a"] / v["n"], 2), round(100 * v["b"] / v["m"], 2)
    return v | {"first": first, "second": second, "answer": round(first / second, 2)}


def _bmi(v: Values) -> Values:
    square = round(v["height"] ** 2, 4)
    return v | {"square": square, "answer": round(v["weight"] / square, 1)}


def _mean_pressure(v: Values) -> Values:
    pulse = v["systolic"] - v["diastolic"]
    return v | {"pulse": pulse, "third": round(pulse / 3, 1), "answer": round(v["diastolic"] + round(pulse / 3, 1), 1)}


def _clearance(v: Values) -> Values:
    years, bottom = 140 - v["age"], round(72 * v["creatinine"], 1)
    top = years * v["weight"]
    return v | {"years": years, "top": top, "bottom": bottom, "answer": round(top / bottom, 1)}


def _anion_gap(v: Values) -> Values:
    anions = v["chloride"] + v["bicarbonate"]
    return v | {"anions": anions, "answer": v["sodium"] - anions}


def _calcium(v: Values) -> Values:
    lack = round(4 - v["albumin"], 1)
    return v | {"lack": lack, "more": round(lack * 0.8, 2), "answer": round(v["calcium"] + round(lack * 0.8, 2), 2)}


def _ldl(v: Values) -> Values:
    vldl = round(v["triglycerides"] / 5, 1)
    return v | {"vldl": vldl, "answer": round(v["total"] - v["hdl"] - vldl, 1)}


def _sample_size(v: Values) -> Values:
    z, variance, dd = 2.8, round(v["sd"] ** 2, 2), round(v["difference"] ** 2, 2)
    raw = round(2 * 7.84 * variance / dd, 2)
    return v | {"z": z, "zz": 7.84, "variance": variance, "dd": dd, "raw": raw, "answer": math.ceil(raw)}


PROBLEMS: dict[str, tuple[dict[str, Range], Callable[[Values], Values]]] = {
    "ppv": ({"sensitivity": (60, 99, 1), "specificity": (60, 99, 1), "ill": (5, 400, 5)}, _ppv),
    "nnt": ({"control": (12, 60, 0.5), "treated": (1, 11, 0.5)}, _nnt),
    "relative_risk": ({"a": (20, 90, 1), "n": (100, 400, 10), "b": (5, 60, 1), "m": (100, 400, 10)}, _relative_risk),
    "bmi": ({"weight": (42, 140, 1), "height": (1.45, 2.0, 0.01)}, _bmi),
    "mean_pressure": ({"systolic": (95, 210, 1), "diastolic": (50, 90, 1)}, _mean_pressure),
    "clearance": ({"age": (19, 92, 1), "weight": (45, 120, 1), "creatinine": (0.6, 6.0, 0.1)}, _clearance),
    "anion_gap": ({"sodium": (128, 150, 1), "chloride": (88, 112, 1), "bicarbonate": (6, 16, 1)}, _anion_gap),
    "calcium": ({"calcium": (6.5, 12.0, 0.1), "albumin": (1.5, 3.9, 0.1)}, _calcium),
    "ldl": ({"total": (140, 320, 1), "hdl": (25, 75, 1), "triglycerides": (60, 390, 1)}, _ldl),
    "sample_size": ({"sd": (4, 30, 0.5), "difference": (2, 12, 0.5)}, _sample_size),
}
"""Name -> the ranges of its parameters, and what computes every step from them."""


@cache
def wordings() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(Path(__file__).with_name("problems.yaml").read_text("utf-8"))


def problem(name: str, language: str, seed: str) -> dict[str, Any]:
    """One problem: `question`, `response` (steps, then the answer) and `answer` {value, relative, absolute}.

    Raises ValueError where the text states a sum that doesn't come out: an error of problems.yaml."""
    rng = random.Random(f"{name}/{seed}")
    ranges, solve = PROBLEMS[name]
    values = solve({key: _drawn(rng, *bounds) for key, bounds in ranges.items()})
    shown = {key: _shown(value) for key, value in values.items()}
    words = wordings()[name]
    unit = words["unit"] and f" {words['unit']}"
    steps = "\n".join(step.format(**shown) for step in words[language]["steps"])
    worked = list(results(steps))
    if len(worked) < len(words[language]["steps"]) or not all(right for _, _, right in worked):
        raise ValueError(f"{name}, {language}: a step doesn't come out")
    answer = ANSWER[language].format(value=shown["answer"], unit=unit)
    return {
        "question": rng.choice(words[language]["ask"]).format(**shown),
        "response": f"{steps}\n{answer}",
        "answer": {"value": values["answer"], "relative": 0.01},
        "department": words["department"],
    }


def _drawn(rng: random.Random, low: float, high: float, step: float) -> float:
    return round(low + step * rng.randint(0, round((high - low) / step)), 4)


def _shown(value: float) -> str:
    return f"{value:.{DIGITS}g}" if abs(value) < 10**DIGITS else f"{value:.0f}"


class Numeric(Source):
    """Writes calculations of medicine and statistics, step by step, in English and Chinese. Every answer is computed
    and every sum that the text states is worked out again; the answer stands in `meta`, for checkers."""

    number: int = Field(200, ge=1, description="problems wanted")
    languages: tuple[str, ...] = Field(LANGUAGES, description="languages of the problems")
    seed: int = Field(0, description="another seed draws other numbers")

    writes: ClassVar[tuple[str, ...]] = ("text", "messages", "department", "content_type")

    @field_validator("languages")
    @classmethod
    def _known(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        if not languages or (unknown := sorted({*languages} - {*LANGUAGES})):
            raise ValueError(f"{', '.join(unknown) if languages else 'nothing'} is not among {', '.join(LANGUAGES)}")
        return languages

    def items(self) -> list[Item]:
        return []

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("rows", _shards, self._write, publishes=True),)

    def _write(self, task: Task) -> None:
        start, stop = task.shard
        rows, dropped, seen = [], {}, set()
        for row in self.rows(start, min(stop, self.number), task.job.name, task.job.settings["split"]):
            rows.append(row)
            if row["text"] in seen:
                dropped[row["id"]] = "duplicate"
            seen.add(row["text"])
        task.settle(None, Outcome(table(rows), dropped=dropped))

    def rows(self, start: int, stop: int, source: str, split: dict[str, float]) -> Iterator[dict[str, Any]]:
        kinds = [(name, language) for name in PROBLEMS for language in self.languages]
        for number in range(start, stop):
            name, language = kinds[number % len(kinds)]
            key = f"{self.seed}/{name}/{language}/{number}"
            found = problem(name, language, key)
            talk = [("user", found["question"]), ("assistant", found["response"])]
            meta = {"task": "numeric", "problem": name, "answer": found["answer"]}
            yield {
                "id": record_id(source, key),
                "group": key,
                "split": split_of(key, **split),
                "text": f"{found['question']}\n\n{found['response']}",
                "messages": [{"role": role, "content": content} for role, content in talk],
                "language": language,
                "script": SCRIPTS[language],
                "source": source,
                "source_id": key,
                "license": "CC0-1.0",
                "content_type": "EXAM",
                "department": found["department"],
                "synthetic": True,
                "parents": [],
                "evidence": [],
                "phi_status": "clean",
                "meta": json.dumps(meta, sort_keys=True),
            }


def _shards(job: Job) -> list[list[int]]:
    size = 5000
    return [[at, at + size] for at in range(0, job.stage.number, size)]
