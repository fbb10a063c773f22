"""Recipes: YAML in, a validated DAG of stages out. Every mistake is found before anything starts, all at once."""

import difflib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from datagen.errors import UsageError
from datagen.generator import generator_names, make_generator
from datagen.record import SCHEMA, TOKEN_COUNTERS
from datagen.stage import Artefact, InputPath, SourceNames, Stage, stage_class, stage_names
from datagen.store import is_remote

NAME = re.compile(r"[a-z][a-z0-9_]*")
VARIABLE = re.compile(r"\$\{(\w+)\}")
SECRET_KEY = re.compile(r"(api_?keys?|token|passwords?|passwd|secrets?|credentials?)$", re.IGNORECASE)
SECRET_VALUE = re.compile(
    r"\b(sk-[\w-]{16,}|hf_\w{20,}|AKIA[A-Z0-9]{12,}|gh[pousr]_\w{20,})\b|-----BEGIN [A-Z ]*PRIVATE KEY"
)


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
class Mistake:
    """One thing wrong with a recipe: where, what, and the nearest right thing."""

    where: str
    line: int | None
    message: str
    nearest: str = ""

    def __str__(self):
        place = f"line {self.line}: " if self.line else ""
        hint = f" (did you mean {self.nearest!r}?)" if self.nearest else ""
        return f"{place}{self.where}: {self.message}{hint}"


class RecipeError(UsageError):
    """All mistakes of a recipe together."""

    def __init__(self, path: str, mistakes: list[Mistake]):
        lines = "\n".join(f"  {path}:{m.line or 1}: {m.where}: {m.message}" + _hint(m) for m in mistakes)
        count = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
        super().__init__(f"{count} in the recipe, nothing was started:\n{lines}", "mend the recipe, then run it again")
        self.mistakes = mistakes


def _hint(mistake: Mistake) -> str:
    return f"; did you mean {mistake.nearest!r}?" if mistake.nearest else ""


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
    return _Reader(path, text, list(overrides)).recipe()


class _Reader:
    def __init__(self, path: Path, text: str, overrides: list[str]):
        self.path, self.overrides = path, overrides
        self.mistakes: list[Mistake] = []
        self.lines: dict[tuple, int] = {}
        self.data = self._parse(text)

    def complain(self, where: str, message: str, nearest: str = "", key: tuple = ()) -> None:
        self.mistakes.append(Mistake(where, self.lines.get(key), message, nearest))

    def stop_if_wrong(self) -> None:
        if self.mistakes:
            raise RecipeError(str(self.path), sorted(self.mistakes, key=lambda m: m.line or 0))

    # YAML with line numbers

    def _parse(self, text: str) -> dict:
        try:
            node = yaml.compose(text, yaml.SafeLoader)
            data = self._build(node, ()) if node else {}
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            self.lines[()] = mark.line + 1 if mark else 1
            self.complain("YAML", str(getattr(error, "problem", error)))
            self.stop_if_wrong()
        if not isinstance(data, dict):
            self.complain("recipe", "must be a mapping with `name` and `stages`")
            self.stop_if_wrong()
        return data

    def _build(self, node: yaml.Node, key: tuple) -> Any:
        self.lines.setdefault(key, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            built = {}
            for k, v in node.value:
                name = k.value if isinstance(k, yaml.ScalarNode) else str(k)
                if name in built:
                    where = ".".join(map(str, (*key, name)))
                    self.mistakes.append(Mistake(where, k.start_mark.line + 1, "is there twice"))
                    continue
                self.lines[(*key, name)] = k.start_mark.line + 1
                built[name] = self._build(v, (*key, name))
            return built
        if isinstance(node, yaml.SequenceNode):
            return [self._build(v, (*key, i)) for i, v in enumerate(node.value)]
        loader = yaml.SafeLoader("")
        value = loader.construct_object(node)
        return self._expand(value, key) if isinstance(value, str) else value

    def _expand(self, value: str, key: tuple) -> str:
        where = ".".join(map(str, key))
        if SECRET_VALUE.search(value) or (
            key and SECRET_KEY.search(str(key[-1])) and "${" not in value and len(value) > 12
        ):
            self.complain(where, "looks like a literal secret; name an environment variable instead: ${NAME}", key=key)
        for name in VARIABLE.findall(value):
            if name not in os.environ:
                self.complain(where, f"${{{name}}} is not set in the environment", key=key)
        return VARIABLE.sub(lambda m: os.environ.get(m[1], m[0]), value)

    # The recipe

    def recipe(self) -> Recipe:
        self._override()
        stages = self.data.pop("stages", None)
        settings = self._settings()
        if not isinstance(stages, dict) or not stages:
            self.complain("stages", "must map stage names to what they use", key=("stages",))
            self.stop_if_wrong()
        steps = {name: step for name, body in stages.items() if (step := self._step(name, body, set(stages)))}
        self._check_artefacts(steps, set(stages))
        order = self._order(steps)
        self._check_columns(order, steps)
        self.stop_if_wrong()
        return Recipe(self.path, settings, {name: steps[name] for name in order})

    def _override(self) -> None:
        for override in self.overrides:
            key, equals, value = override.partition("=")
            names = key.split(".")
            if not equals or len(names) < 2:
                self.complain(f"--set {override}", "must look like stage.option=value")
                continue
            stages = self.data.get("stages") or {}
            if names[0] in stages:
                target = stages[names[0]]
            elif names[0] == "split":
                target = self.data.setdefault("split", {})
            else:
                self.complain(f"--set {override}", f"the recipe has no stage {names[0]}", _nearest(names[0], stages))
                continue
            for name in names[1:-1]:
                target = target.setdefault(name, {})
            try:
                target[names[-1]] = yaml.safe_load(value)
            except (yaml.YAMLError, TypeError):
                self.complain(f"--set {override}", "its value is not valid YAML")

    def _settings(self) -> Settings | None:
        try:
            settings = Settings(**self.data)
        except ValidationError as error:
            self._explain(error, (), Settings.model_fields)
            return None
        if settings.tokens not in TOKEN_COUNTERS:
            self.complain(
                "tokens",
                f"no token counter {settings.tokens}",
                _nearest(settings.tokens, TOKEN_COUNTERS),
                ("tokens",),
            )
        if not NAME.fullmatch(settings.name):
            self.complain("name", "must be lower-case letters, digits and _", key=("name",))
        return settings

    def _step(self, name: str, body: Any, known: set[str]) -> Step | None:
        key = ("stages", name)
        if not NAME.fullmatch(name):
            self.complain(f"stages.{name}", "a stage's name is lower-case letters, digits and _", key=key)
            return None
        if not isinstance(body, dict) or not isinstance(body.get("use"), str):
            self.complain(f"stages.{name}", "needs `use: STAGE`", key=key)
            return None
        options = {k: v for k, v in body.items() if k not in ("use", "needs")}
        use = body["use"]
        try:
            kind = stage_class(use)
        except UsageError as error:
            self.complain(f"stages.{name}.use", str(error), _nearest(use, stage_names()), (*key, "use"))
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
            self._explain(error, key, kind.model_fields)
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
        where = f"stages.{name}.needs"
        needs = [needs] if isinstance(needs, str) else needs
        if not isinstance(needs, list) or not all(isinstance(n, str) for n in needs):
            self.complain(where, "must be a list of stage names", key=key)
            return ()
        found = []
        for need in needs:
            stage, dot, what = need.partition(".")
            if stage not in known:
                self.complain(where, f"the recipe has no stage {stage}", _nearest(stage, known), key)
            elif dot and what != "dropped":
                self.complain(where, f"{need}: only NAME and NAME.dropped can be read", f"{stage}.dropped", key)
            else:
                found.append(Need(stage, bool(dot)))
        if len(found) != len(set(found)):
            self.complain(where, "names an input twice", key=key)
        if kind.inputs == "none" and needs:
            self.complain(where, "a source has no record inputs", key=key)
        elif kind.inputs == "one" and len(needs) != 1:
            self.complain(where, f"needs exactly one input, has {len(needs)}", key=key)
        elif kind.inputs == "many" and not needs:
            self.complain(where, "needs at least one input", key=("stages", name))
        return tuple(found)

    def _check_inputs(self, step: Step) -> None:
        if any("${" in str(getattr(step.stage, option)) for option in step.stage.marked(InputPath)):
            return  # already reported as an unset variable
        try:
            step.stage.items()
        except UsageError as error:
            option = next(iter(step.stage.marked(InputPath)), "path")
            self.complain(f"stages.{step.name}.{option}", str(error), key=("stages", step.name, option))

    def _check_generator(self, step: Step) -> None:
        """Whatever stage it is that names a generator: there must be one, with these options, whose terms allow it."""
        name, options = (getattr(step.stage, option, None) for option in ("generator", "generator_options"))
        if not isinstance(name, str):
            return
        key, where = ("stages", step.name, "generator"), f"stages.{step.name}.generator"
        try:
            make_generator(name, **(options or {}))
        except UsageError as error:
            self.complain(where, str(error), _nearest(name, generator_names()), key)
        except ValidationError as error:  # its own words would repeat the options, which may hold a secret
            for problem in error.errors():
                option = ".".join(map(str, problem["loc"]))
                self.complain(f"{where}_options.{option}", problem["msg"].removeprefix("Value error, "), key=key)

    def _check_artefacts(self, steps: dict[str, Step], known: set[str]) -> None:
        for step in steps.values():
            for need in step.needs:
                other = steps.get(need.stage)
                if other is None:
                    continue
                key = ("stages", step.name, "needs")
                if other.stage.publishes != "records":
                    message = f"{need.stage} publishes {other.stage.publishes}, not records"
                    self.complain(f"stages.{step.name}.needs", message, key=key)
                elif need.dropped and not other.stage.keep_dropped:
                    self.complain(f"stages.{step.name}.needs", f"set `keep_dropped: true` on {need.stage}", key=key)
            for option in step.stage.marked(SourceNames):
                for name in getattr(step.stage, option):
                    if name not in known:
                        key = ("stages", step.name, option, name)
                        where = ".".join(key)
                        self.complain(where, f"the recipe has no stage {name}", _nearest(name, known), key)
            for option, name in step.artefacts.items():
                kind = step.stage.marked(Artefact)[option].kind
                key = ("stages", step.name, option)
                right = [s.name for s in steps.values() if s.stage.publishes == kind]
                if name not in steps:
                    if name not in known:
                        message = f"the recipe has no stage {name}; it should name one that publishes a {kind}"
                        self.complain(f"stages.{step.name}.{option}", message, _nearest(name, right), key)
                elif name not in right:
                    message = f"{name} publishes {steps[name].stage.publishes}, a {kind} is needed"
                    self.complain(f"stages.{step.name}.{option}", message, right[0] if right else "", key)

    def _order(self, steps: dict[str, Step]) -> list[str]:
        graph = {name: [u for u in step.upstream() if u in steps] for name, step in steps.items()}
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            loop = list(reversed(error.args[1]))
            self.complain("stages", f"{' -> '.join(loop)} is a circle", key=("stages", loop[0]))
            return []

    def _check_columns(self, order: list[str], steps: dict[str, Step]) -> None:
        columns: dict[str, set[str]] = {}
        for name in order:
            step = steps[name]
            here = set(SCHEMA.names).union(*(columns.get(n.stage, ()) for n in step.needs))
            for column in step.stage.reads:
                if column not in here and step.needs:
                    self.complain(
                        f"stages.{name}",
                        f"reads the column {column}, which no input has",
                        key=("stages", name),
                    )
            columns[name] = here | {f.name for f in step.stage.adds}

    def _explain(self, error: ValidationError, key: tuple, fields: Iterable[str]) -> None:
        for problem in error.errors():
            location = tuple(problem["loc"])
            where = ".".join(map(str, (*key, *location))) or "recipe"
            line_key = (*key, *location)
            while line_key and line_key not in self.lines:
                line_key = line_key[:-1]
            if problem["type"] == "extra_forbidden":
                self.complain(where, "there is no such key", _nearest(str(location[-1]), fields), line_key)
            elif problem["type"] == "missing":
                self.complain(where, "is required", key=line_key)
            elif not location:  # a rule about several options together
                self.complain(where, problem["msg"].removeprefix("Value error, "), key=line_key)
            else:
                message = problem["msg"].removeprefix("Value error, ").replace("valid tuple", "list")
                message = f"{message[:1].lower()}{message[1:]}, not {problem['input']!r:.60}"
                self.complain(where, message, problem.get("ctx", {}).get("nearest", ""), line_key)


def _nearest(word: str, choices: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(choices), 1, 0.5)
    return found[0] if found else ""
