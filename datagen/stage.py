"""What a stage is. One small frozen class per stage; its fields are its options, its docstring its help."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, model_validator

from datagen.errors import UsageError

if TYPE_CHECKING:
    from datagen.task import Job, Task

GROUP = "datagen.stages"


@dataclass(frozen=True)
class InputPath:
    """Marks an option as a path of raw input: relative to the recipe, hashed by the bytes found there."""


@dataclass(frozen=True)
class Artefact:
    """Marks an option as the name of another stage of the recipe, whose artefact of this kind is read."""

    kind: str


@dataclass(frozen=True)
class SourceNames:
    """Marks an option whose keys are sources: stages of the recipe, as the column `source` names them."""


@dataclass(frozen=True)
class Resources:
    """What one shard needs while it runs. `memory` in bytes; None leaves it to the scheduler."""

    cpus: float = 1
    gpus: float = 0
    memory: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a batch. Rows named in `dropped`, `merged`, `split` or `quarantined` may still be in `rows`: they
    are taken out. Every input id that none of these names must be in `rows`; rows with new ids are derived rows.

    Attributes:
        rows: what is published.
        dropped: id -> reason code.
        merged: id -> id of the record it is a copy of.
        split: ids replaced by derived rows.
        quarantined: id -> reason code; for sources, position ("file.xml#3") -> reason code.
        positions: for sources, id -> where in the raw input the record came from.
    """

    rows: pa.Table
    dropped: Mapping[str, str] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)
    split: frozenset[str] = frozenset()
    quarantined: Mapping[str, str] = field(default_factory=dict)
    positions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Phase:
    """A named, restartable step over shards.

    `plan(job)` names the shards as JSON values, the same ones every time for the same inputs; `run(task)` computes one.
    Each shard commits by itself. Shards of a phase that `publishes` become the stage's data; where two such phases
    share a shard key, the later one counts.
    """

    name: str
    plan: "Callable[[Job], list[Any]]"
    run: "Callable[[Task], Any]"
    publishes: bool = False


class Stage(BaseModel):
    """Base of all stages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: ClassVar[str] = "1"
    """Raised by hand whenever the same options and inputs would publish other bytes."""
    publishes: ClassVar[str] = "records"
    """`records`, or the kind of artefact (graph, model, tokens, ...) that other stages name."""
    reads: ClassVar[tuple[str, ...]] = ()
    """Columns read; the recipe is refused where no input has them."""
    writes: ClassVar[tuple[str, ...]] = ()
    """Record columns filled or changed. With `text` among them, `content` and `tokens` are recomputed."""
    adds: ClassVar[tuple[pa.Field, ...]] = ()
    """Columns beyond the record schema."""
    inputs: ClassVar[Literal["none", "one", "many"]] = "many"
    """How many record inputs (`needs`) it takes: none, exactly one, or one and more."""
    resources: ClassVar[Resources] = Resources()
    unhashed: ClassVar[tuple[str, ...]] = ("max_errors",)
    """Options that can't change what is published, only whether or how: the version's hash leaves them out."""
    sharding: ClassVar[tuple[str, ...]] = ()
    """Those of them that shards are cut by: what was begun with other values of them is not resumed."""

    max_errors: float = Field(
        0.1, ge=0, le=1, description="share of inputs that may go to quarantine (never under 10, never all)"
    )
    keep_dropped: bool = Field(False, description="publish dropped records too, for stages that read NAME.dropped")

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list(cls, options: Any) -> Any:
        """`exclude: "*.txt"` is `exclude: ["*.txt"]`, in every stage."""
        if not isinstance(options, dict):
            return options
        lists = {name for name, info in cls.model_fields.items() if get_origin(info.annotation) is tuple}
        return {k: (v,) if k in lists and isinstance(v, str) else v for k, v in options.items()}

    def phases(self) -> tuple[Phase, ...]:
        raise TypeError(f"{type(self).__name__} must be a RowStage, a Source, or define phases()")

    def forecast(self) -> str | None:
        """What a run will spend beside time (calls, tokens, money), in words for `plan`; None where that is nothing."""
        return None

    def items(self) -> "list[Item]":
        """Raw files read, sorted by name, without sha256 (which the plan computes). Raises UsageError where one is
        missing."""
        return []

    @classmethod
    def marked(cls, mark: type) -> dict[str, Any]:
        """Options that carry a mark (InputPath, Artefact): name -> the mark."""
        found = {}
        for name, info in cls.model_fields.items():
            for candidate in [*info.metadata, *_nested_metadata(info.annotation)]:
                if isinstance(candidate, mark):
                    found[name] = candidate
        return found


class RowStage(Stage):
    """A stage that looks at each record alone: testable without Ray as `Stage(...).apply(table)`."""

    def setup(self, artefacts: Mapping[str, Path]) -> None:
        """Load models, once per worker. `artefacts` maps option names to local folders."""

    def apply(self, batch: pa.Table) -> Outcome:
        raise TypeError(f"{type(self).__name__} must define apply()")

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("rows", lambda job: job.part_keys(), self._run, publishes=True),)

    def _run(self, task: "Task") -> None:
        for batch in task.read(task.part):
            task.settle(batch, self.apply(batch))


@dataclass(frozen=True)
class Item:
    """One raw input: `name` is stable under moves of the whole source, `url` says where it is now."""

    name: str
    url: str
    bytes: int
    sha256: str = ""


class Source(Stage):
    """A stage that reads raw input. Items are grouped into shards by size."""

    inputs: ClassVar[str] = "none"
    shard_bytes: ClassVar[int] = 64 << 20

    def read(self, item: Item, task: "Task") -> Iterator[Outcome]:
        """Records of one item, in batches; bad ones quarantined by position, never raised."""
        raise TypeError(f"{type(self).__name__} must define read()")

    def phases(self) -> tuple[Phase, ...]:
        from datagen.unique import resolve_phases

        return (Phase("rows", self._shards, self._run, publishes=True), *resolve_phases())

    def _shards(self, job: "Job") -> list[list[int]]:
        shards, size = [], 0
        for index, item in enumerate(job.items):
            if not shards or size + item.bytes > self.shard_bytes:
                shards.append([])
                size = 0
            shards[-1].append(index)
            size += item.bytes
        return shards

    def _run(self, task: "Task") -> None:
        for index in task.shard:
            for outcome in self.read(task.items[index], task):
                task.settle(None, outcome)


def _nested_metadata(annotation: Any) -> list[Any]:
    found = list(getattr(annotation, "__metadata__", ()))
    for inner in get_args(annotation):
        found += _nested_metadata(inner)
    return found


@cache
def stage_names() -> dict[str, Any]:
    """Entry points of all installed stages, by name."""
    return {point.name: point for point in sorted(entry_points(group=GROUP))}


@cache
def stage_class(name: str) -> type[Stage]:
    """The class behind a stage name. Raises UsageError for an unknown or broken one."""
    point = stage_names().get(name)
    if point is None:
        raise UsageError(f"no stage is named {name}", "`datagen stages` lists them")
    try:
        found = point.load()
    except ImportError as error:
        raise UsageError(f"stage {name} can't be loaded: {error}", "install what it needs, then try again") from None
    if not (isinstance(found, type) and issubclass(found, Stage)):
        raise UsageError(f"stage {name}: {point.value} is not a Stage", "fix the package that provides it")
    return found
