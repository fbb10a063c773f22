"""Prompts: versioned templates in files, one for each task and language, and what a graph's facts look like in them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

FOLDER = Path(__file__).parent / "prompts"
LANGUAGES = ("en", "zh")
RELATIONS = {
    "has_symptom": ("symptom", "症状"),
    "has_phenotype": ("finding", "表现"),
    "diagnosed_by": ("diagnosed by", "检查"),
    "treated_by": ("treated with", "治疗"),
    "located_in": ("site", "部位"),
    "belongs_to_department": ("department", "科室"),
    "is_a": ("kind of", "属于"),
}
"""Relation of the graph -> what stands before its object in a prompt, in English and Chinese."""
ASKED = {
    "treated_by": ("a treatment for it", "它的治疗"),
    "diagnosed_by": ("the test that confirms it", "确诊它的检查"),
    "located_in": ("the organ or place that it affects", "它累及的部位"),
    "belongs_to_department": ("the department that looks after it", "它的就诊科室"),
}
TRUTH = {"en": (("true", "True"), ("false", "False")), "zh": (("正确", "正确"), ("错误", "错误"))}
NOT = ("never a ", "没有的")
_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
)


@dataclass(frozen=True)
class Prompt:
    """A template. `name` and `version` go with every text made by it; a change of wording raises the version."""

    name: str
    language: str
    version: int
    system: str
    user: str

    @property
    def label(self) -> str:
        return f"{self.name}.{self.language}@{self.version}"

    def messages(self, **values: Any) -> tuple[dict[str, str], ...]:
        """The chat that asks. Values are inserted as they are, never read as templates.

        Raises jinja2.UndefinedError where the template names a value that is not given."""
        parts = (("system", self.system), ("user", self.user))
        return tuple({"role": role, "content": _template(source).render(**values).strip()} for role, source in parts)


@cache
def prompts(file: str, language: str) -> dict[str, Prompt]:
    """The prompts of a file (`graph`, `text`, `reflect`) in a language, by name."""
    data = yaml.safe_load((FOLDER / f"{file}.{language}.yaml").read_text("utf-8"))
    return {name: Prompt(name, language, p["version"], p["system"], p["user"]) for name, p in data.items()}


@cache
def _template(source: str):
    return _ENVIRONMENT.from_string(source)


@cache
def _variety() -> dict[str, dict[str, list[str]]]:
    return yaml.safe_load((FOLDER / "variety.yaml").read_text("utf-8"))


def drawn(kind: str, language: str, seed: Any) -> str:
    """One audience, style, ... of the lists in variety.yaml, by seed."""
    choices = _variety()[kind][language]
    return choices[random.Random(f"{kind}/{seed}").randrange(len(choices))]


def listed(facts: Sequence[Mapping[str, Any]], language: str) -> str:
    """Facts (as in `Request.facts`) as numbered lines: "1. symptom: fever (40 %)"."""
    second = language == "zh"
    lines = []
    for number, fact in enumerate(facts, 1):
        relation = RELATIONS.get(fact["relation"], (fact["relation"].replace("_", " "),) * 2)[second]
        share = f" ({fact['frequency']:.0%})" if fact["frequency"] is not None else ""
        denied = NOT[second] if fact["polarity"] < 0 else ""
        lines.append(f"{number}. {denied}{relation}: {fact['names'][0]}{share}")
    return "\n".join(lines)


def asking(facts: Mapping[str, Any], seed: int) -> tuple[dict[str, str], ...]:
    """The messages that ask a language model for what `facts` (of a request over the graph) describe."""
    task, language, bundle = facts["task"], facts["language"], facts["bundle"]
    comma = ", " if language == "en" else "、"
    absent = {fact["id"] for fact in bundle["negatives"]}
    rivals = [(s["names"][0], [f["names"][0] for f in s["facts"] if f["id"] in absent]) for s in bundle["siblings"]]
    values = {
        "name": bundle["anchor"]["names"][0],
        "facts": listed([*bundle["facts"], *bundle["negatives"]], language),
        "rivals": "\n".join(f"- {name}: {comma.join(shown)}" for name, shown in rivals if shown),
        "choices": comma.join(s["names"][0] for s in bundle["siblings"][:4]),
        "audience": drawn("audience", language, seed),
        "style": drawn("article" if task == "article" else "question", language, seed),
    }
    if target := facts.get("target"):
        values |= {"asked": ASKED.get(target["relation"], ("", ""))[language == "zh"], "answer": target["names"][0]}
        values |= dict(zip(("truth", "verdict"), TRUTH[language][not facts["truth"]], strict=True))
    return prompts("graph", language)[task].messages(**values)
