"""What synthesis used and what became of it: tokens, and accepted and rejected texts, by task."""

from collections.abc import Iterable, Mapping

from datagen.generator import Usage
from datagen.task import Commit


class Tally:
    """By task: texts by end (`accepted`, or the reason), tokens, and claims by verdict."""

    def __init__(self) -> None:
        self.facts: dict[str, dict[str, dict[str, int]]] = {"tokens": {}, "ends": {}, "claims": {}}

    def count(self, task: str, usage: Usage) -> None:
        tokens = self.facts["tokens"].setdefault(task, {"prompt": 0, "completion": 0})
        tokens["prompt"] += usage.prompt_tokens
        tokens["completion"] += usage.completion_tokens

    def end(self, task: str, reason: str | None) -> None:
        ends = self.facts["ends"].setdefault(task, {})
        ends[reason or "accepted"] = ends.get(reason or "accepted", 0) + 1

    def claims(self, task: str, counts: Mapping[str, int]) -> None:
        """Claims by verdict; `unchecked` are sentences without one."""
        sums = self.facts["claims"].setdefault(task, {})
        for verdict, count in counts.items():
            sums[verdict] = sums.get(verdict, 0) + count

    @staticmethod
    def of_commits(commits: Iterable[Commit]) -> "Tally":
        """The sum of what shards returned as `usage` or as their whole result."""
        total = Tally()
        for commit in commits:
            found = commit.result.get("usage", commit.result)
            for part in total.facts:
                for task, counts in found[part].items():
                    sums = total.facts[part].setdefault(task, {})
                    for name, count in counts.items():
                        sums[name] = sums.get(name, 0) + count
        return total
