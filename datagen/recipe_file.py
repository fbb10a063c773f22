"""A recipe's YAML, and what the command line sets in it, as plain data of which every key knows where it was said."""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from datagen.errors import UsageError
from datagen.near import did_you_mean, nearest

VARIABLE = re.compile(r"\$\{(\w+)\}")
SECRET_KEY = re.compile(r"(api_?keys?|token|passwords?|passwd|secrets?|credentials?)$", re.IGNORECASE)
SECRET_VALUE = re.compile(
    r"\b(sk-[\w-]{16,}|hf_\w{20,}|AKIA[A-Z0-9]{12,}|gh[pousr]_\w{20,})\b|-----BEGIN [A-Z ]*PRIVATE KEY"
)
MERGE = "tag:yaml.org,2002:merge"

Key = tuple[str | int, ...]
Place = tuple[int, str]
"""A line (0: not of the file), and what names it to the user."""


@dataclass(frozen=True)
class Mistake:
    """One thing wrong with a recipe: where, what, and the nearest right thing."""

    place: Place
    where: str
    message: str
    nearest: str = ""

    def __str__(self):
        told = "; ".join(filter(None, (self.message, did_you_mean(self.nearest))))
        return f"{self.place[1]}: {self.where}: {told}"


class RecipeError(UsageError):
    """All mistakes of a recipe together."""

    def __init__(self, mistakes: list[Mistake]):
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        count = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
        super().__init__(f"{count} in the recipe, nothing was started:\n{lines}", "fix these, then run it again")
        self.mistakes = mistakes


class RecipeFile:
    """`data` is what a recipe says, after the overrides. Raises RecipeError where it isn't a mapping in YAML.

    Aliases and merge keys are resolved, `${VAR}` is expanded. Literal secrets and unset variables are mistakes.
    """

    def __init__(self, path: Path, text: str, overrides: Iterable[str]):
        self.mistakes: list[Mistake] = []
        self._path = path
        self._places: dict[Key, Place] = {(): self._line(1)}
        self.data = self._read(text, (), self._line)
        if not isinstance(self.data, dict):
            if not self.mistakes:
                self.complain((), "must be a mapping with `name` and `stages`")
            self.stop_if_wrong()
        for override in overrides:
            self._override(override)

    def complain(self, key: Key, message: str, nearest: str = "") -> None:
        """A mistake at a key, or at what should hold that key."""
        known = next(key[:n] for n in range(len(key), -1, -1) if key[:n] in self._places)
        self._mistake(self._places[known], key, message, nearest)

    def stop_if_wrong(self) -> None:
        if self.mistakes:
            raise RecipeError(sorted(self.mistakes, key=lambda m: m.place[0]))

    def _mistake(self, place: Place, key: Key, message: str, nearest: str = "") -> None:
        self.mistakes.append(Mistake(place, ".".join(map(str, key)) or "recipe", message, nearest))

    def _line(self, number: int) -> Place:
        return number, f"{self._path}:{number}"

    def _override(self, override: str) -> None:
        name, equals, text = override.partition("=")
        names, place = name.split("."), (0, f"--set {name}")
        stages = self.data.get("stages")
        stages = stages if isinstance(stages, dict) else {}
        if not equals or len(names) < 2:
            self._mistake(place, tuple(names), "must look like stage.option=value")
            return
        if names[0] not in (*stages, "split"):
            self._mistake(place, tuple(names), f"the recipe has no stage {names[0]}", nearest(names[0], stages))
            return
        key = ("stages", *names) if names[0] in stages else tuple(names)
        target = self.data
        for depth, part in enumerate(key[:-1], 1):
            target = target.setdefault(part, {})
            if not isinstance(target, dict):
                self._mistake(place, key, f"{'.'.join(key[:depth])} is not a map")
                return
        self._places = {k: v for k, v in self._places.items() if k[: len(key)] != key}
        before = len(self.mistakes)
        value = self._read(text, key, lambda _: place)
        if len(self.mistakes) == before:
            target[key[-1]] = value

    def _read(self, text: str, key: Key, place: Callable[[int], Place]) -> Any:
        try:
            node = yaml.compose(text, yaml.SafeLoader)
            return self._build(node, key, place) if node else None
        except RecursionError:
            self._mistake(place(1), key, "is nested too deeply")
        except (yaml.YAMLError, ValueError) as error:  # a date that no calendar has is a ValueError
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            self._mistake(place(line), key, f"not valid YAML: {getattr(error, 'problem', error)}")
        return None

    def _build(self, node: yaml.Node, key: Key, place: Callable[[int], Place]) -> Any:
        self._places.setdefault(key, place(node.start_mark.line + 1))
        if isinstance(node, yaml.MappingNode):
            return self._map(node, key, place)
        if isinstance(node, yaml.SequenceNode):
            return [self._build(v, (*key, i), place) for i, v in enumerate(node.value)]
        value = yaml.SafeLoader("").construct_object(node)
        return self._expand(value, key) if isinstance(value, str) else value

    def _map(self, node: yaml.MappingNode, key: Key, place: Callable[[int], Place]) -> dict[str, Any]:
        merged, own = {}, {}
        for k, v in sorted(node.value, key=lambda pair: pair[0].tag != MERGE):
            if k.tag == MERGE:
                for one in v.value if isinstance(v, yaml.SequenceNode) else [v]:
                    if isinstance(one, yaml.MappingNode):
                        merged = self._map(one, key, place) | merged
                    else:
                        self._mistake(place(k.start_mark.line + 1), key, "`<<` merges maps")
                continue
            name = k.value if isinstance(k, yaml.ScalarNode) else str(k)
            if name in own:
                self._mistake(place(k.start_mark.line + 1), (*key, name), "is there twice")
                continue
            self._places[(*key, name)] = place(k.start_mark.line + 1)
            own[name] = self._build(v, (*key, name), place)
        return merged | own

    def _expand(self, value: str, key: Key) -> str:
        if SECRET_VALUE.search(value) or (
            key and SECRET_KEY.search(str(key[-1])) and "${" not in value and len(value) > 12
        ):
            self.complain(key, "looks like a literal secret; name an environment variable instead: ${NAME}")
        for name in VARIABLE.findall(value):
            if name not in os.environ:
                self.complain(key, f"${{{name}}} is not set in the environment")
        return VARIABLE.sub(lambda m: os.environ.get(m[1], m[0]), value)
