"""Which versions a published version was made from: the DAG of a run as its manifests know it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from datagen.publish import manifest
from datagen.store import Store


@dataclass(frozen=True)
class Edge:
    """A record input of a version: the rows that another version published, or those it dropped."""

    stage: str
    version: str
    dropped: bool


@dataclass(frozen=True)
class Version:
    """One published version of a stage."""

    stage: str
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        return self.manifest["version"]

    @property
    def use(self) -> str:
        return self.manifest["use"]

    @property
    def counts(self) -> dict[str, Any]:
        return self.manifest["counts"]

    @property
    def options(self) -> dict[str, Any]:
        return self.manifest["identity"]["options"]

    @property
    def has_records(self) -> bool:
        return self.manifest["publishes"] == "records"

    @property
    def is_source(self) -> bool:
        """Whether its records come from raw input. (A stage over records may read raw input besides.)"""
        return bool(self.manifest["inputs"]) and not self.needs

    @cached_property
    def needs(self) -> tuple[Edge, ...]:
        return tuple(Edge(s, f"v-{digest}", dropped) for s, dropped, digest in self.manifest["identity"]["needs"])

    @property
    def artefacts(self) -> dict[str, str]:
        """option -> version name (a manifest names no stage here, but no two stages share a version's name)."""
        return {option: f"v-{digest}" for option, digest in self.manifest["identity"]["artefacts"].items()}

    def paths(self, kind: str) -> list[str]:
        """Files of a kind (`data`, `ledger`, `stats`, ...), as paths in the run."""
        folder = f"{self.stage}/{self.name}"
        return [f"{folder}/{f['path']}" for f in self.manifest["files"] if f["path"].startswith(f"{kind}/")]

    def rows(self, kind: str) -> int:
        return sum(f["rows"] for f in self.manifest["files"] if f["path"].startswith(f"{kind}/"))


def published_versions(store: Store) -> dict[str, Version]:
    """What `CURRENT` names, by stage, upstream first."""
    stages = [s for s in store.folders() if not s.startswith("_")]
    return _in_order(Version(s, found) for s in stages if (found := manifest(store, s)))


def lineage(store: Store, last: Version) -> dict[str, Version]:
    """A version and all it was made from, upstream first, itself last. Versions deleted since are left out."""
    stages = [s for s in store.folders() if not s.startswith("_")]
    found, queue = {}, [last]
    while queue:
        version = queue.pop()
        found[version.stage] = version
        wanted = [(edge.stage, edge.version) for edge in version.needs]
        wanted += [(s, name) for name in version.artefacts.values() for s in stages]
        queue += [
            Version(stage, above)
            for stage, name in wanted
            if stage not in found and (above := manifest(store, stage, name))
        ]
    return _in_order(found.values())


def final_stages(versions: dict[str, Version]) -> list[str]:
    """Stages whose rows no other stage reads, the one that most stages lead to first."""
    read = {edge.stage for v in versions.values() if v.has_records for edge in v.needs}
    ends = [s for s, v in versions.items() if v.has_records and s not in read]
    order = list(versions)
    return sorted(ends, key=lambda s: (-len(_above(versions, s)), -order.index(s)))


def _above(versions: dict[str, Version], stage: str) -> set[str]:
    seen: set[str] = set()
    queue = [stage]
    while queue:
        for edge in versions[queue.pop()].needs:
            if edge.stage in versions and edge.stage not in seen:
                seen.add(edge.stage)
                queue.append(edge.stage)
    return seen


def _in_order(versions: Iterable[Version]) -> dict[str, Version]:
    """Upstream first, and each source as late as it may be: depth first, from the stages that most others lead to."""
    known = {v.stage: v for v in sorted(versions, key=lambda v: v.stage)}
    stage_of = {v.name: v.stage for v in known.values()}
    ordered: dict[str, Version] = {}

    def visit(stage: str) -> None:
        if stage in ordered:
            return
        version = known[stage]
        for above in (*(e.stage for e in version.needs), *(stage_of.get(n) for n in version.artefacts.values())):
            if above in known:
                visit(above)
        ordered[stage] = version

    for stage in sorted(known, key=lambda s: (-len(_above(known, s)), s)):
        visit(stage)
    return ordered
