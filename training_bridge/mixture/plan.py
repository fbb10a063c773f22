"""What a search for a mixture is told."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from datagen.stated import read_folders, read_stated
from training_bridge.mix import are_shares

GROUPS = 10
OTHER = "other"


class Plan(BaseModel):
    """A search: the rows and their groups, what is to be low, and how much is spent on it.

    The loss is declared beforehand: held-out bits per byte of each group (its validation split), weighted by
    `objective`. Runs differ in nothing but their mixture and seed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: Path = Field(description="Parquet with text, split and the column of groups: `datagen path RUN STAGE`")
    column: Literal["department", "source", "category", "content_type", "language", "curriculum"] = "source"
    groups: dict[str, list[str]] = Field(
        {}, description="name -> values of the column; default: each value by itself, beyond 10 the smallest as `other`"
    )
    objective: dict[str, float] = Field({}, description="weight of each group's held-out loss; default: equal")
    priors: dict[str, dict[str, float]] = Field(
        {}, description="mixtures by name to compare with, beside uniform and natural (the shares that the rows have)"
    )
    runs: int = Field(40, ge=8, le=512, description="random mixtures that the regression learns from")
    heldout_runs: int = Field(12, ge=0, le=128, description="further ones that it is tested on")
    seeds: int = Field(3, ge=0, le=20, description="fresh seeds for the found mixture and each it is compared with")
    tokens: int = Field(300_000, gt=0, description="training tokens of each run, repeats included")
    cap: int = Field(10, ge=1, le=10, description="most times that a run sees a token")
    shape: dict[str, int] = Field(
        {"hidden_size": 96, "intermediate_size": 256, "num_hidden_layers": 4},
        description="of the tiny model, over the preset 2m's",
    )
    vocabulary: int = Field(2048, ge=333)
    sequence_length: int = Field(256, ge=16, le=1024)
    batch_tokens: int = Field(512, gt=0, description="of a step; small, for few tokens need many steps")
    peak_lr: float = Field(7e-4, gt=0)
    heldout_bytes: int = Field(40_000, ge=1000, description="validation text of each group")
    max_minutes: float = Field(60, gt=0, description="refuse to begin what would take longer than this")
    seed: int = 0

    @model_validator(mode="after")
    def _sound(self) -> "Plan":
        if self.batch_tokens % self.sequence_length:
            raise ValueError("batch_tokens is not a multiple of sequence_length")
        if len(self.groups) > GROUPS:
            raise ValueError(f"{len(self.groups)} groups, at most {GROUPS}")
        for name, weights in {"objective": self.objective, **self.priors}.items():
            if weights and not are_shares(weights):
                raise ValueError(f"the weights of {name} must be at least 0 and sum to 1")
            if self.groups and (unknown := sorted(weights.keys() - self.groups.keys())):
                raise ValueError(f"{name} names {', '.join(unknown)}, which is no group")
        values = [value for listed in self.groups.values() for value in listed]
        if len(values) > len(set(values)):
            raise ValueError("a value of the column is in two groups")
        return self


def read_plan(path: Path) -> Plan:
    """A plan from YAML; a relative `rows` is meant from the file's folder. Raises UsageError for a wrong one, and
    where there are no rows."""
    return read_folders(path, read_stated(path, Plan, "plan of a mixture"), "rows")
