"""Answers already paid for, by what was asked, and what all of them cost: what makes a resumed run free.

Both lie in a run's `_cache`, which `datagen forget` empties, so that no text of a forgotten record stays behind.
"""

import hashlib
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from datagen.errors import DatagenError
from datagen.store import Store

FOLDER = "_cache/answers"
SPENT = "_cache/spent"
EVERY = 1.0
"""Seconds between looks at what other processes spend, and between notes of what this one does."""


class BudgetSpent(DatagenError):
    """The budget is used up. Nothing is published; all that was paid for is kept for the next run."""


def key_of(question: Any) -> str:
    """What names a question: 128 bits in hex over all of it, as canonical JSON."""
    text = json.dumps(question, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class Answers:
    """A content-addressed cache of JSON answers. Many processes may use one; the first answer to a question stays."""

    def __init__(self, store: Store):
        self._store = store

    def get(self, key: str) -> Any | None:
        try:
            return json.loads(self._store.read(_path(key)))
        except FileNotFoundError:
            return None

    def put(self, key: str, answer: Any) -> None:
        self._store.create(_path(key), json.dumps(answer, ensure_ascii=False).encode())


def _path(key: str) -> str:
    return f"{FOLDER}/{key[:2]}/{key}.json"


@dataclass
class Spent:
    """Calls and tokens paid for, by the server's own count."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def add(self, other: "Spent") -> None:
        self.calls += other.calls
        self.prompt_tokens += other.prompt_tokens
        self.completion_tokens += other.completion_tokens

    def cost(self, prompt_price: float, completion_price: float) -> float:
        """In the currency of the prices, which are per million tokens."""
        return (self.prompt_tokens * prompt_price + self.completion_tokens * completion_price) / 1e6


class Meter:
    """Counts what a run spends, over all its processes and restarts; one killed forgets a second's calls at most."""

    def __init__(self, store: Store):
        self._store, self._path = store, f"{SPENT}/{uuid.uuid4().hex}.json"
        self._mine, self._others = Spent(), Spent()
        self._noted = self._looked = float("-inf")

    def count(self, spent: Spent) -> None:
        self._mine.add(spent)
        if time.monotonic() - self._noted > EVERY:
            self.note()

    def note(self) -> None:
        """Write down what this process has spent."""
        self._noted = time.monotonic()
        if self._mine.calls:
            self._store.write(self._path, json.dumps(self._mine.__dict__).encode())

    def total(self) -> Spent:
        if time.monotonic() - self._looked > EVERY:
            self._looked = time.monotonic()
            self._others = Spent()
            for path, _ in self._store.files(SPENT):
                if path != self._path:
                    self._others.add(Spent(**json.loads(self._store.read(path))))
        found = Spent()
        found.add(self._mine)
        found.add(self._others)
        return found
