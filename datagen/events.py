"""The run's log: one JSON object per event. Counts, names and times; never document text."""

import json
import time

from datagen.store import Store


class EventLog:
    """`_run/logs/EPOCH.jsonl`: each driver writes its own file, so that no two ever share one."""

    def __init__(self, store: Store, epoch: int):
        self._store = store
        self._path = f"_run/logs/{epoch:06d}.jsonl"
        self._lines: list[str] = []
        self._saved = 0.0

    def write(self, event: str, **fields) -> None:
        self._lines.append(json.dumps({"time": round(time.time(), 3), "event": event, **fields}, ensure_ascii=False))
        if time.monotonic() - self._saved > 5:
            self.save()

    def save(self) -> None:
        self._store.write(self._path, ("\n".join(self._lines) + "\n").encode())
        self._saved = time.monotonic()


def read_events(store: Store) -> list[dict]:
    """Events of all drivers of a run, oldest first."""
    found = []
    for path, _ in store.files("_run/logs"):
        found += [json.loads(line) for line in store.read(path).decode().splitlines() if line]
    return found
