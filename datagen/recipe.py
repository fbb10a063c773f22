"""Recipes: YAML in, a validated DAG of stages out. Every mistake is found before anything starts, all at once."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from datagen.errors import UsageError
from datagen.generator import generator_names, make_generator
from datagen.near import nearest
from datagen.recipe_file import Key, RecipeFile
from datagen.record import SCHEMA, TOKEN_COUNTERS
from datagen.stage import Artefact, InputPath, SourceNames, Stage, stage_class, stage_names
from datagen.store import is_remote

NAME = re.compile(r"[a-z][a-z0-9_]*")


class Split(BaseModel):
    """Shares of case families that are held out."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    validation: float = Field(0.02, ge=0, le=0.5)
    test: float = Field(0.02, ge=0, le=0.5)


class Settings(BaseModel):
    """What a recipe says beside its stages."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    description: str = ""
    split: Split = Split()
    tokens: str = "utf8"


@dataclass(frozen=True)
class Need:
    """A record input: another stage's published rows, or the rows it dropped."""

    stage: str
    dropped: bool = False


@dataclass(frozen=True)
class Step:
    """One stage of a recipe."""

    name: str
    use: str
    stage: Stage
    needs: tuple[Need, ...] = ()
    artefacts: dict[str, str] = field(default_factory=dict)

    def upstream(self) -> list[str]:
        return [*(n.stage for n in self.needs), *self.artefacts.values()]


@dataclass(frozen=True)
class Recipe:
    """A validated recipe; `steps` are in an order in which they can run."""

    path: Path
    settings: Settings
    steps: dict[str, Step]

    @property
    def name(self) -> str:
        return self.settings.name


def load_recipe(path: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read and check a recipe. `overrides` are `stage.option=value` (or `split.test=0.1`), values in YAML.

    Raises RecipeError with every mistake found.
    """
    path = Path(path)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise UsageError(f"there is no recipe {path}", "check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}", "a recipe is a UTF-8 text file") from None
    return _Reader(path, RecipeFile(path, text, overrides)).recipe()


class _Reader:
    def __init__(self, path: Path, file: RecipeFile):
        self.path, self.file, self.complain = path, file, file.complain

    def recipe(self) -> Recipe:
        settings = self._settings()
        stages = self.file.data.get("stages")
        if not isinstance(stages, dict) or not stages:
            self.complain(("stages",), "must map stage names to what they use")
            self.file.stop_if_wrong()
        steps = {name: step for name, body in stages.items() if (step := self._step(name, body, set(stages)))}
        self._check_artefacts(steps, set(stages))
        order = self._order(steps)
        self._check_columns(order, steps)
        self.file.stop_if_wrong()
        return Recipe(self.path, settings, {name: steps[name] for name in order})

    def _settings(self) -> Settings | None:
        said = {key: value for key, value in self.file.data.items() if key != "stages"}
        try:
            settings = Settings(**said)
        except ValidationError as error:
            self._explain(error, (), said, Settings.model_fields)
            return None
        if settings.tokens not in TOKEN_COUNTERS:
            self.complain(("tokens",), f"no token counter {settings.tokens}", nearest(settings.tokens, TOKEN_COUNTERS))
        if not NAME.fullmatch(settings.name):
            self.complain(("name",), "must be lower-case letters, digits and _")
        return settings

    def _step(self, name: str, body: Any, known: set[str]) -> Step | None:
        key = ("stages", name)
        if not NAME.fullmatch(name):
            self.complain(key, "a stage's name is lower-case letters, digits and _")
            return None
        if not isinstance(body, dict) or not isinstance(body.get("use"), str):
            self.complain(key, "needs `use: STAGE`")
            return None
        options = {k: v for k, v in body.items() if k not in ("use", "needs")}
        use = body["use"]
        try:
            kind = stage_class(use)
        except UsageError as error:
            self.complain((*key, "use"), str(error), nearest(use, stage_names()))
            return None
        self._resolve_paths(kind, options)
        needs = self._needs(name, body.get("needs", []), kind, known)
        stage = self._stage(kind, options, key)
        if stage is None:
            return None
        artefacts = {o: v for o in kind.marked(Artefact) if isinstance(v := getattr(stage, o), str)}
        step = Step(name, use, stage, needs, artefacts)
        self._check_inputs(step)
        self._check_generator(step)
        return step

    def _stage(self, kind: type[Stage], options: dict, key: tuple) -> Stage | None:
        """The stage; where options are wrong, as it is without them, if it can be: more may be wrong than they."""
        try:
            return kind(**options)
        except ValidationError as error:
            self._explain(error, key, options, kind.model_fields)
            wrong = {problem["loc"][0] for problem in error.errors() if problem["loc"]}
        try:
            return kind(**{k: v for k, v in options.items() if k not in wrong})
        except ValidationError:
            return None

    def _resolve_paths(self, kind: type[Stage], options: dict) -> None:
        for option in kind.marked(InputPath):
            if option in options:
                options[option] = self._absolute(options[option])

    def _absolute(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._absolute(v) for v in value]
        if isinstance(value, dict):
            return {key: self._absolute(v) for key, v in value.items()}
        if not isinstance(value, str) or is_remote(value) or "${" in value:
            return value
        return os.path.normpath(self.path.parent.absolute() / Path(value).expanduser())

    def _needs(self, name: str, needs: Any, kind: type[Stage], known: set[str]) -> tuple[Need, ...]:
        key = ("stages", name, "needs")
        needs = [needs] if isinstance(needs, str) else needs
        if not isinstance(needs, list) or not all(isinstance(n, str) for n in needs):
            self.complain(key, "must be a list of stage names")
            return ()
        found = []
        for need in needs:
            stage, dot, what = need.partition(".")
            if stage not in known:
                self.complain(key, f"the recipe has no stage {stage}", nearest(stage, known))
            elif dot and what != "dropped":
                self.complain(key, f"{need}: only NAME and NAME.dropped can be read", f"{stage}.dropped")
            else:
                found.append(Need(stage, bool(dot)))
        if len(found) != len(set(found)):
            self.complain(key, "names an input twice")
        if kind.inputs == "none" and needs:
            self.complain(key, "a source has no record inputs")
        elif kind.inputs == "one" and len(needs) != 1:
            self.complain(key, f"needs exactly one input, has {len(needs)}")
        elif kind.inputs == "many" and not needs:
            self.complain(key, "needs at least one input")
        return tuple(found)

    def _check_inputs(self, step: Step) -> None:
        if any("${" in str(getattr(step.stage, option)) for option in step.stage.marked(InputPath)):
            return  # already reported as an unset variable
        try:
            step.stage.items()
        except UsageError as error:
            option = next(iter(step.stage.marked(InputPath)), "path")
            self.complain(("stages", step.name, option), str(error))

    def _check_generator(self, step: Step) -> None:
        """Whatever stage it is that names a generator: there must be one, with these options, whose terms allow it."""
        name, options = (getattr(step.stage, option, None) for option in ("generator", "generator_options"))
        if not isinstance(name, str):
            return
        try:
            make_generator(name, **(options or {}))
        except UsageError as error:
            self.complain(("stages", step.name, "generator"), str(error), nearest(name, generator_names()))
        except ValidationError as error:  # its own words would repeat the options, which may hold a secret
            for problem in error.errors():
                key = ("stages", step.name, "generator_options", *problem["loc"])
                self.complain(key, problem["msg"].removeprefix("Value error, "))

    def _check_artefacts(self, steps: dict[str, Step], known: set[str]) -> None:
        for step in steps.values():
            for need in step.needs:
                other = steps.get(need.stage)
                if other is None:
                    continue
                key = ("stages", step.name, "needs")
                if other.stage.publishes != "records":
                    self.complain(key, f"{need.stage} publishes {other.stage.publishes}, not records")
                elif need.dropped and not other.stage.keep_dropped:
                    self.complain(key, f"set `keep_dropped: true` on {need.stage}")
            for option in step.stage.marked(SourceNames):
                for name in getattr(step.stage, option):
                    if name not in known:
                        key = ("stages", step.name, option, name)
                        self.complain(key, f"the recipe has no stage {name}", nearest(name, known))
            for option, name in step.artefacts.items():
                kind = step.stage.marked(Artefact)[option].kind
                key = ("stages", step.name, option)
                right = [s.name for s in steps.values() if s.stage.publishes == kind]
                if name not in steps:
                    if name not in known:
                        message = f"the recipe has no stage {name}; it should name one that publishes a {kind}"
                        self.complain(key, message, nearest(name, right))
                elif name not in right:
                    message = f"{name} publishes {steps[name].stage.publishes}, a {kind} is needed"
                    self.complain(key, message, right[0] if right else "")

    def _order(self, steps: dict[str, Step]) -> list[str]:
        graph = {name: [u for u in step.upstream() if u in steps] for name, step in steps.items()}
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            loop = list(reversed(error.args[1]))
            self.complain(("stages", loop[0]), f"{' -> '.join(loop)} is a circle")
            return []

    def _check_columns(self, order: list[str], steps: dict[str, Step]) -> None:
        columns: dict[str, set[str]] = {}
        for name in order:
            step = steps[name]
            here = set(SCHEMA.names).union(*(columns.get(n.stage, ()) for n in step.needs))
            for column in step.stage.reads:
                if column not in here and step.needs:
                    self.complain(("stages", name), f"reads the column {column}, which no input has")
            columns[name] = here | {f.name for f in step.stage.adds}

    def _explain(self, error: ValidationError, key: Key, said: dict, fields: Iterable[str]) -> None:
        """One mistake for each key; where a value may be of several kinds, pydantic has one for each of these."""
        wrong: dict[Key, list[dict]] = {}
        for problem in error.errors():
            missing = problem["type"] == "missing"
            location = problem["loc"][:-1] if missing else problem["loc"]
            at = (*key, *_said(location, said), *problem["loc"][-1:] * missing)
            wrong.setdefault(at, []).append(problem)
        for at, problems in wrong.items():
            first = problems[0]
            messages = list(dict.fromkeys(_message(problem) for problem in problems))
            if first["type"] == "extra_forbidden":
                self.complain(at, "unknown option", nearest(str(at[-1]), fields))
            elif first["type"] == "missing":
                self.complain(at, "is required")
            elif at == key:  # a rule about several options together
                self.complain(at, "; ".join(messages))
            else:
                message = " or ".join([messages[0], *(m.removeprefix("Input should be ") for m in messages[1:])])
                message = f"{message[:1].lower()}{message[1:]}, not {first['input']!r:.60}"
                self.complain(at, message, first.get("ctx", {}).get("nearest", ""))


def _said(location: Key, said: Any) -> Iterator[str | int]:
    """The parts of a location that are the user's own keys: pydantic names the kinds of a union among them."""
    for part in location:
        if part in (said if isinstance(said, dict) else range(len(said)) if isinstance(said, list) else ()):
            said = said[part]
            yield part


def _message(problem: dict) -> str:
    return problem["msg"].removeprefix("Value error, ").replace("valid tuple", "list")
