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
    samples: bool = True,
) -> "Report":
    """The department-balance report of a run, or of a Parquet file or folder.

    Of a run it describes the published rows of `stage` (default: the last stage of records, the one that most others
    lead to) and reads counts only; for its `samples`, which may be turned off, also the beginnings of a few texts of
    open sources. `targets` are shares that the corpus should have (see `Targets`); without them every department is
    held against an equal share, or what the run's balance stage was told.

    Raises UsageError where there is no such run, stage or file, or where targets are wrong.
    """
    from datagen.reports.facts import gather
    from datagen.reports.result import Report

    facts = gather(run_or_parquet, stage)
    wanted = Targets.read(targets) if targets is not None else _declared(facts)
    return Report(facts, wanted, reads_samples=samples)


def _declared(facts: "Facts") -> Targets:
    """The departments' shares that the last stage with targets was told."""
    told = [s.version.options["targets"] for s in facts.stages.values() if s.version.options.get("targets")]
    departments = told[-1].get("departments", {}) if told else {}
    shares = {code: d.get("share") if isinstance(d, dict) else d for code, d in departments.items()}
    return Targets(departments={code: share for code, share in shares.items() if share is not None} or None)
