"""The stage that brings groups of rows to the shares of a mixture."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from datagen.errors import UsageError
from datagen.files import find
from datagen.record import with_column
from datagen.stage import InputPath, Item, Outcome, Phase, Stage
from datagen.stated import mistakes
from datagen.store import Store

if TYPE_CHECKING:
    from datagen.task import Task

MARGIN = 0.01
"""By which shares that should sum to 1 may miss it."""


class Weights(BaseModel):
    """What is read of a `mixture.json` (`datagen mixture` writes more): a file of these three fields will do."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    column: str = Field(description="by which rows are grouped")
    groups: dict[str, list[str]] = Field(description="name -> values of the column")
    weights: dict[str, float] = Field(description="name -> share of training tokens")

    @model_validator(mode="after")
    def _sound(self) -> "Weights":
        if self.weights.keys() != self.groups.keys():
            raise ValueError("weights and groups name different groups")
        if not are_shares(self.weights):
            raise ValueError("weights must be at least 0 and sum to 1")
        return self


class Mix(Stage):
    """Brings groups of the train split to a mixture's shares of training tokens (tokens times repeats), by `repeats`.

    A group that is short is repeated, each row at most `cap` times in all; one that has too much loses rows, drawn by
    the hash that their id is. What a group can't reach even so, the total falls short of; the manifest says by how much
    (`results.shares`). Rows of no group, and those of other splits, pass through.
    """

    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = ("split", "tokens", "repeats")
    writes: ClassVar[tuple[str, ...]] = ("repeats",)

    mixture: Annotated[str, InputPath()] = Field(description="mixture.json: column, groups, weights")
    cap: int = Field(10, ge=1, le=10, description="most times that training sees a row")
    total: int | None = Field(None, ge=1, description="training tokens to come to; default: as many as there are")

    def items(self) -> list[Item]:
        return find(self.mixture, (".json",))

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("count", lambda job: job.part_keys(), self._count),
            Phase("shares", lambda job: [0], self._shares),
            Phase("rows", lambda job: job.part_keys(), self._rows, publishes=True),
        )

    def weights(self) -> Weights:
        """Raises UsageError for a file that is no mixture."""
        (item,) = self.items()
        folder, _, leaf = item.url.rpartition("/")
        try:
            return Weights.model_validate(json.loads(Store(folder).read(leaf)))
        except ValidationError as error:
            raise UsageError(f"{item.name} is no mixture: {mistakes(error)}", "`datagen mixture` makes one") from None
        except ValueError:
            raise UsageError(f"{item.name} is not JSON", "`datagen mixture` makes one") from None

    def _count(self, task: "Task") -> dict[str, list[int]]:
        """By group, tokens times repeats, and the most that `cap` allows."""
        weights = self.weights()
        found: dict[str, list[int]] = {}
        for batch in task.read(task.part, ["id", "split", "tokens", "repeats", weights.column]):
            tokens = batch["tokens"].to_numpy().astype(np.int64)
            repeats = np.minimum(batch["repeats"].to_numpy(), self.cap)
            groups = _groups(batch, weights)
            for name in weights.groups:
                mine = groups == name
                sums = found.setdefault(name, [0, 0])
                sums[0] += int((tokens * repeats)[mine].sum())
                sums[1] += int(tokens[mine].sum()) * self.cap
        return found

    def _shares(self, task: "Task") -> dict[str, dict[str, Any]]:
        """By group: tokens it has, is wanted to have and can reach, and the factor of its rows' repeats."""
        weights = self.weights().weights
        sums = {
            name: [sum(c.result.get(name, [0, 0])[i] for c in task.commits("count")) for i in (0, 1)]
            for name in weights
        }
        total = self.total or sum(has for has, _ in sums.values())
        found = {}
        for name, (has, most) in sums.items():
            wanted = round(weights[name] * total)
            factor = min(wanted, most) / has if has else 0.0
            found[name] = {"tokens": has, "wanted": wanted, "short": max(0, wanted - most), "factor": factor}
        return found

    def _rows(self, task: "Task") -> None:
        (shares,) = (commit.result for commit in task.commits("shares"))
        weights = self.weights()
        for batch in task.read(task.part):
            groups = _groups(batch, weights)
            factors = np.array([shares[name]["factor"] if name else 1.0 for name in groups.tolist()])
            before = np.minimum(batch["repeats"].to_numpy(), self.cap)
            repeats = np.minimum(_rounded(before * factors, batch["id"].to_pylist()), self.cap)
            dropped = {
                i: "mixture" for i, times in zip(batch["id"].to_pylist(), repeats.tolist(), strict=True) if not times
            }
            rows = with_column(batch, "repeats", pa.array(np.maximum(repeats, 1), pa.int32()))
            task.settle(batch, Outcome(rows, dropped=dropped))


def are_shares(weights: Mapping[str, float]) -> bool:
    """Whether all are at least 0 and sum to 1."""
    return min(weights.values(), default=0) >= 0 and abs(sum(weights.values()) - 1) <= MARGIN


def _groups(batch: pa.Table, weights: Weights) -> np.ndarray:
    """The group of each row, "" for rows of none and of other splits than train."""
    name_of: Mapping[str, str] = {value: name for name, values in weights.groups.items() for value in values}
    train = pc.equal(batch["split"], "train").to_pylist()
    values = batch[weights.column].to_pylist()
    return np.array([name_of.get(v or "", "") if t else "" for v, t in zip(values, train, strict=True)], object)


def _rounded(wanted: np.ndarray, ids: list[str]) -> np.ndarray:
    """Whole repeats whose sum is near: the part below one is a chance, decided by the row's id."""
    chance = np.array([int(i[-8:], 16) / 2**32 for i in ids])
    return (np.floor(wanted) + (chance < wanted % 1)).astype(np.int64)
