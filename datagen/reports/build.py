"""Making a report. Tables and page are imported only when one is made: `import datagen` stays light."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen.reports.targets import Targets

if TYPE_CHECKING:
    from datagen.reports.facts import Facts
    from datagen.reports.result import Report


def report(
    run_or_parquet: str | Path,
    stage: str | None = None,
    targets: Targets | Mapping[str, Any] | str | Path | None = None,
) -> "Report":
    """The department-balance report of a run, or of a Parquet file or folder.

    Of a run it describes the published rows of `stage` (default: the last stage of records, the one that most others
    lead to) and reads counts only, never text. `targets` are shares that the corpus should have (see `Targets`);
    without them every department is held against an equal share, or what the run's balance stage was told.

    Raises UsageError where there is no such run, stage or file, or where targets are wrong.
    """
    from datagen.reports.facts import gather
    from datagen.reports.result import Report

    facts = gather(run_or_parquet, stage)
    return Report(facts, Targets.read(targets) if targets is not None else _declared(facts))


def _declared(facts: "Facts") -> Targets:
    """The targets that the last stage with an option of that name was told."""
    told = [s.version.options["targets"] for s in facts.stages.values() if s.version.options.get("targets")]
    return Targets(departments=told[-1]) if told else Targets()
