"""Tombstones: what a run was told to forget, so that it never comes back."""

import hashlib
import json
from dataclasses import dataclass, field

from datagen.store import Store

PATH = "_run/forgotten.json"


@dataclass(frozen=True)
class Tombstones:
    """Record ids by the source stage they came from, and whole sources."""

    ids: dict[str, list[str]] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @staticmethod
    def load(store: Store) -> "Tombstones":
        try:
            data = json.loads(store.read(PATH))
        except FileNotFoundError:
            return Tombstones()
        return Tombstones(data["ids"], tuple(data["sources"]))

    def save(self, store: Store) -> None:
        store.write(PATH, json.dumps({"ids": self.ids, "sources": list(self.sources)}, indent=1).encode())

    def add(self, source: str, ids: list[str] | None) -> "Tombstones":
        """Forget ids of a source, or (None) all of it."""
        if ids is None:
            return Tombstones(self.ids, tuple(sorted({*self.sources, source})))
        merged = sorted({*self.ids.get(source, ()), *ids})
        return Tombstones({**self.ids, source: merged}, self.sources)

    def covers(self, source: str, record: str) -> bool:
        return source in self.sources or record in self.ids.get(source, ())

    def digest(self, source: str) -> str:
        """Empty where nothing of the source was forgotten."""
        if source in self.sources:
            return "all"
        ids = self.ids.get(source)
        return hashlib.sha256(",".join(ids).encode()).hexdigest()[:12] if ids else ""
