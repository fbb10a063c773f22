"""What merging has taken from each source; too much of one stops the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datagen.errors import DatagenError

EXAMPLES = 3
"""Records that a message names for each source, the smallest ids."""
LEAST = 100
"""Sources that lose fewer records never stop a run."""
NAMED = 100
"""Large clusters named in the manifest, the largest first."""


@dataclass(frozen=True)
class Removal:
    """Sums over all shards of a stage that merges."""

    rows: dict[str, int]
    removed: dict[str, int]
    examples: dict[str, list[str]]
    clusters: int
    largest: int
    apart: int
    large: list[dict[str, Any]]

    @staticmethod
    def of(rows: list[dict[str, int]], found: list[dict[str, Any]]) -> Removal:
        """rows: by source, of each shard; found: the `summary` of each shard of keepers."""
        removed: dict[str, int] = {}
        examples: dict[str, list[str]] = {}
        for shard in found:
            for source, gone in shard["removed"].items():
                removed[source] = removed.get(source, 0) + gone["rows"]
                examples[source] = sorted([*examples.get(source, []), *gone["examples"]])[:EXAMPLES]
        totals: dict[str, int] = {}
        for shard in rows:
            for source, count in shard.items():
                totals[source] = totals.get(source, 0) + count
        return Removal(
            totals,
            removed,
            examples,
            sum(shard["clusters"] for shard in found),
            max((shard["largest"] for shard in found), default=0),
            sum(shard["apart"] for shard in found),
            sorted((c for shard in found for c in shard["large"]), key=lambda c: (-c["records"], c["keeper"])),
        )

    def stop_above(self, limit: float, stage: str) -> None:
        """Raises DatagenError where more than the share `limit` of a source would go."""
        over = {s: n / self.rows[s] for s, n in self.removed.items() if n >= LEAST and n > limit * self.rows[s]}
        if not over:
            return
        worst = sorted(over.items(), key=lambda pair: (-pair[1], pair[0]))
        listing = "\n".join(
            f"  {source}: {self.removed[source]} of {self.rows[source]} records ({share:.1%}), "
            f"for example {', '.join(self.examples[source])}"
            for source, share in worst
        )
        raise DatagenError(
            f"stage {stage} would merge away more than {limit:.0%} of a source:\n{listing}",
            f"if these are copies indeed, raise {stage}.max_removed; if it is a template that they share, raise "
            f"{stage}.threshold; nothing of {stage} was published",
        )

    def for_manifest(self) -> dict[str, Any]:
        """What a suspicious reader wants to know about the clusters."""
        return {
            "clusters": self.clusters,
            "largest": self.largest,
            "kept_apart": self.apart,
            "clusters_above_limit": {"count": len(self.large), "largest": self.large[:NAMED]},
            "removed_by_source": {
                source: {"removed": count, "of": self.rows[source]} for source, count in sorted(self.removed.items())
            },
        }
