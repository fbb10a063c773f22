"""The target table: shares of training tokens by department, language, content type and curriculum stage."""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from datagen.record import CURRICULA
from datagen.taxonomy import ABSTAINED, load_taxonomy

LANGUAGE = re.compile("[a-z]{2,3}")
Share = Annotated[float, Field(ge=0, le=1)]
ANY = "*"
"""Stands for every label of a dimension that has no targets."""
OTHER = "other"
"""All labels together that a dimension with targets doesn't name, none included."""


class Cell(NamedTuple):
    """What is balanced: a department, and within it the dimensions that have targets."""

    department: str
    language: str = ANY
    content_type: str = ANY
    curriculum: str = ANY


WITHIN = Cell._fields[1:]
"""Dimensions below the department, outermost first."""
OPTIONS = dict(zip(WITHIN, ("languages", "content_types", "curriculum"), strict=True))


class Within(BaseModel):
    """Shares inside a department. What a dimension does not name shares what is left of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    languages: dict[str, Share] = Field({}, description="share by ISO 639 code")
    content_types: dict[str, Share] = Field({}, description="share by content type of each language")
    curriculum: dict[str, Share] = Field({}, description="share by curriculum stage of each content type")

    @field_validator("languages", "content_types", "curriculum")
    @classmethod
    def _sound(cls, shares: dict[str, float], info) -> dict[str, float]:
        if info.field_name == "languages":
            unknown, known = [code for code in shares if not LANGUAGE.fullmatch(code)], ("codes such as en, zh, yue",)
        else:
            known = CURRICULA if info.field_name == "curriculum" else load_taxonomy("content_types").codes
            unknown = [label for label in shares if label not in known]
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: known are {', '.join(known)}")
        return _at_most_one(shares)


class Department(Within):
    """A department that differs from the others."""

    share: Share | None = Field(None, description="of all departments; default: an equal part of what is left")


class Targets(Within):
    """Departments' shares of training tokens, and shares within each department.

    `departments` maps codes to a share, or to {share, languages, content_types, curriculum}; those not named have equal
    parts of what is left, so that nothing declared means that all are equal.
    """

    departments: dict[str, Share | Department] = Field({}, description="share, or shares within it, by code")

    @field_validator("departments")
    @classmethod
    def _departments(cls, departments: dict[str, float | Department]) -> dict[str, float | Department]:
        unknown = [code for code in departments if code not in load_taxonomy().codes or code == ABSTAINED]
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: not departments of {load_taxonomy().version}")
        _at_most_one(_named(departments))
        return departments

    @model_validator(mode="after")
    def _some(self) -> "Targets":
        if not any(self.shares.values()):
            raise ValueError("no department has a share")
        return self

    @cached_property
    def shares(self) -> dict[str, float]:
        """Share of every department (and of buckets that are named), summing to 1."""
        named = _named(self.departments)
        rest = [code for code in (*load_taxonomy().departments, *self.departments) if code not in named]
        left = round(max(0.0, 1 - sum(named.values())), 9)
        found = {**named, **{code: left / len(set(rest)) for code in rest}}
        total = sum(found.values()) or 1.0
        return {code: share / total for code, share in sorted(found.items())}

    def within(self, department: str, dimension: str) -> Mapping[str, float]:
        """Shares of one of `WITHIN` in a department; empty where it has none."""
        own = self.departments.get(department)
        return (getattr(own, OPTIONS[dimension]) if isinstance(own, Department) else {}) or getattr(
            self, OPTIONS[dimension]
        )

    def cell(self, department: str | None, *labels: str | None) -> Cell | None:
        """Where a record belongs; None outside the targets. `labels` are in the order of `WITHIN`."""
        if department not in self.shares:
            return None
        found = []
        for dimension, label in zip(WITHIN, labels, strict=True):
            wanted = self.within(department, dimension)
            found.append(ANY if not wanted else label if label in wanted else OTHER)
        return Cell(department, *found)

    def children(self, cell: tuple[str, ...], present: Iterable[str]) -> dict[str, float]:
        """Shares, summing to 1, of the labels below a cell that is told down to its last label.

        `present` are the labels that have rows. What is left of the named shares is OTHER's; where it has no rows, the
        named labels share it.
        """
        present = set(present)
        wanted = self.within(cell[0], WITHIN[len(cell) - 1])
        if not wanted:
            return {ANY: 1.0}
        shares = dict(wanted)
        if OTHER in present:
            shares[OTHER] = round(max(0.0, 1 - sum(wanted.values())), 9)
        total = sum(shares.values())
        return {label: share / total if total else 1 / len(shares) for label, share in sorted(shares.items())}


def _named(departments: Mapping[str, float | Department]) -> dict[str, float]:
    shares = {code: d.share if isinstance(d, Department) else d for code, d in departments.items()}
    return {code: share for code, share in shares.items() if share is not None}


def _at_most_one(shares: dict[str, float]) -> dict[str, float]:
    if sum(shares.values()) > 1 + 1e-9:
        raise ValueError("shares must not add up to more than 1")
    return shares
