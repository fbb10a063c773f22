"""The report itself: tables and verdict; shown in a notebook, saved as a page, compared, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from datagen.reports.alerts import Alert, find_alerts
from datagen.reports.compare import with_changes
from datagen.reports.facts import Facts
from datagen.reports.tables import make_tables
from datagen.reports.targets import Failure, Targets
from datagen.reports.verdict import Tile, check, measures, tiles


@dataclass(frozen=True, eq=False)
class Report:
    """What a corpus holds. `tables` has every number as a DataFrame; in a notebook it shows itself.

    Attributes:
        before: the report that this one is compared with.
        reads_samples: whether it may show a few records of open sources.
    """

    facts: Facts
    targets: Targets
    before: "Report | None" = None
    reads_samples: bool = True

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """DataFrames by name: departments, department_language, department_content_type, department_value,
        department_source, funnel, flow, reasons, sources, languages, values, duplicates, synthetic, licenses, privacy,
        splits, curriculum, history, contamination, coverage, work_list. In a comparison each number has `NAME_before`
        and `NAME_change` beside it."""
        return with_changes(self._tables, self.before._tables) if self.before else self._tables

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        return make_tables(self.facts, self.targets.department_shares())

    @cached_property
    def samples(self) -> pd.DataFrame | None:
        """A few records to read: department, language, tier, source, license, id and the beginning of the text. None
        where that was turned off."""
        from datagen.reports.samples import draw

        return draw(self.facts) if self.reads_samples else None

    @cached_property
    def measures(self) -> dict[str, float | None]:
        """The numbers of the verdict by name; shares between 0 and 1, None where nothing was measured."""
        return measures(self.facts, self._tables["departments"], self.targets.tolerance)

    @cached_property
    def tiles(self) -> list[Tile]:
        return tiles(self.measures, self._tables["departments"], self.facts)

    @cached_property
    def alerts(self) -> list[Alert]:
        return find_alerts(self.facts, self._tables, self.measures, self.targets.tolerance)

    def compare(self, other: "Report") -> "Report":
        """This report with what differs from an earlier one, `other`."""
        return replace(self, before=Report(other.facts, self.targets))

    def check(self, targets: Targets | Mapping[str, Any] | str | Path | None = None) -> list[Failure]:
        """Every target that is missed (default: the report's own); empty where all are met.

        Raises UsageError where targets are wrong.
        """
        wanted = self.targets if targets is None else Targets.read(targets)
        if wanted == self.targets:
            return check(self.measures, self._tables, wanted)
        held = Report(self.facts, wanted)
        return check(held.measures, held._tables, wanted)

    def html(self, language: Literal["en", "zh"] = "en") -> str:
        """The whole page: one file that loads nothing."""
        from datagen.reports.page import page

        return page(self, language)

    def save(self, path: str | Path, language: Literal["en", "zh"] = "en") -> Path:
        """Write the page to a local file, opening in `language`."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.html(language), "utf-8")
        return path

    def _repr_html_(self) -> str:
        from datagen.reports.page import fragment

        return fragment(self)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        bundle = {"text/html": self._repr_html_(), "text/plain": str(self)}
        kept = {k: v for k, v in bundle.items() if not include or k in include}
        return {k: v for k, v in kept.items() if k not in (exclude or ())}

    def __str__(self) -> str:
        from datagen.reports.plain import plain

        return plain(self)

    __repr__ = __str__
