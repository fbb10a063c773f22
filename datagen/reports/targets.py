"""Targets: what a corpus should look like, as a small file that is checked in CI."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from datagen.errors import DatagenError, UsageError
from datagen.taxonomy import ABSTAINED, load_taxonomy

LIMITED = (
    "rows",
    "tokens",
    "departments",
    "effective_departments",
    "unlabelled",
    "synthetic",
    "duplicates",
    "contaminated",
    "unscreened",
    "not_redistributable",
    "quarantined",
)
"""Measures of the verdict that `at_least` and `at_most` may limit."""


class CheckFailed(DatagenError):
    """The data misses its targets."""

    exit_code = 5


@dataclass(frozen=True)
class Failure:
    """One target that is missed: which, what was wanted, what was found."""

    target: str
    wanted: str
    found: str

    def __str__(self):
        return f"{self.target}: {self.found}, wanted {self.wanted}"


class Targets(BaseModel):
    """Shares are of training tokens (tokens x repeats of the train split): those of departments are of all departments
    and the buckets named, those of languages of everything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    departments: Literal["equal"] | dict[str, float] | None = Field(
        None, description="share by department code; those not named share what is left equally"
    )
    languages: dict[str, float] = Field({}, description="share by ISO 639 code")
    tolerance: float = Field(0.1, gt=0, description="how far a share may be from its target, as a part of the target")
    at_least: dict[Literal[LIMITED], float] = {}
    at_most: dict[Literal[LIMITED], float] = {}

    @model_validator(mode="after")
    def _shares(self):
        for name, shares in (("departments", self.departments), ("languages", self.languages)):
            if not isinstance(shares, dict):
                continue
            if any(not 0 <= share <= 1 for share in shares.values()) or sum(shares.values()) > 1 + 1e-9:
                raise ValueError(f"{name}: shares lie between 0 and 1 and add up to at most 1")
        if isinstance(self.departments, dict):
            unknown = sorted(set(self.departments) - set(load_taxonomy().codes) | {ABSTAINED} & set(self.departments))
            if unknown:
                raise ValueError(f"departments: {', '.join(unknown)} is not a department of {load_taxonomy().version}")
        return self

    @staticmethod
    def read(source: "Targets | Mapping[str, Any] | str | Path") -> "Targets":
        """From a mapping, or a YAML or JSON file. Raises UsageError naming every wrong key."""
        if isinstance(source, Targets):
            return source
        data, where = source, "targets"
        if isinstance(source, str | Path):
            where = str(source)
            try:
                data = yaml.safe_load(Path(source).read_text("utf-8"))
            except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
                raise UsageError(f"{where} can't be read: {error}", "targets are a YAML or JSON file") from None
        if not isinstance(data, Mapping):
            raise UsageError(f"{where} must be a mapping", f"with {', '.join(Targets.model_fields)}")
        try:
            return Targets(**data)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))} {e['msg']}".strip() for e in error.errors())
            raise UsageError(f"{where}: {wrong}", f"keys are {', '.join(Targets.model_fields)}") from None

    def department_shares(self) -> dict[str, float]:
        """A target for every department, and for the buckets named: by what others are balanced."""
        named = self.departments if isinstance(self.departments, dict) else {}
        rest = [code for code in load_taxonomy().departments if code not in named]
        left = round(max(0.0, 1 - sum(named.values())), 9)
        return {**named, **{code: left / len(rest) for code in rest}}
