"""The report's 22 rows and the others: which have a loader that works, proved on what, and how many items are here."""

from pathlib import Path

from training_bridge.evaluate.items import check, read
from training_bridge.evaluate.suite import grade, locate, suite


def measure(data: Path) -> None:
    print("| row | in the report | loader proved on | items here | as published | state |\n|---|---|---|---|---|---|")
    working = {"real": 0, "fixture": 0, "not run": 0}
    for row in suite().values():
        files = locate(row, data)
        state = check(row, files) if files else "no file"
        found = len(read(row, files, limit=None).questions) if files and not state.startswith("wrong") else "-"
        if row.report:
            working[grade(row)] += 1
        print(
            f"| {row.name} | {'yes' if row.report else 'no'} | {grade(row)} | {found} | {row.items or '?'} | {state} |"
        )
    proved = working["real"] + working["fixture"]
    print(
        f"\n{proved} of 22 rows with a working loader (target 22): {working['real']} real, {working['fixture']} fixture"
    )
