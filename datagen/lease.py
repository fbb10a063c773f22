"""One writer at a time: a fenced lease on a run.

The lease carries an epoch that grows with every owner. Whoever flips a `CURRENT` does so by compare-and-set against a
value that holds the epoch, so that a driver that was taken for dead and wakes up again can't publish (see publish.py).
"""

import contextlib
import json
import os
import socket
import threading
import time
import uuid

import psutil
from obstore.exceptions import BaseError as StorageError

from datagen.errors import LeaseHeld, LeaseLost
from datagen.store import Store

PATH = "_run/lease.json"
TTL = 30.0
AWAY = (OSError, StorageError)


class Lease:
    """Held from `acquire` to `release`; renewed in the background. `check` raises LeaseLost once it may be gone."""

    def __init__(self, store: Store, value: bytes, epoch: int):
        self._store, self._value, self.epoch = store, value, epoch
        self._until = time.monotonic() + TTL
        self._lost = threading.Event()
        self._stop = threading.Event()
        self._renewing = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    @classmethod
    def acquire(cls, store: Store, command: str) -> "Lease":
        """Take the lease, from nobody or from a dead or expired owner. Raises LeaseHeld naming the live owner."""
        while True:
            try:
                held = store.read(PATH)
            except FileNotFoundError:
                held = None
            owner = json.loads(held) if held else {"epoch": 0, "released": True}
            if held and is_held(owner):
                raise LeaseHeld(
                    f"{store.url} is being written by process {owner['pid']} on {owner['host']} ({owner['command']})",
                    "wait for it, stop it, or choose another --out; this command changed nothing",
                )
            value = _claim(owner["epoch"] + 1, uuid.uuid4().hex, command)
            if store.swap(PATH, held, value):
                return cls(store, value, owner["epoch"] + 1)

    def check(self) -> None:
        if time.monotonic() > self._until and not self._lost.is_set():
            try:  # suspended, or cut off from the store: it may be ours still
                self._renew()
            except AWAY:
                raise LeaseLost(
                    f"{self._store.url} has not answered for {TTL:.0f} s: another process may have taken it over",
                    "nothing of this run is lost; repeat the command when the storage answers",
                ) from None
        if self._lost.is_set():
            raise LeaseLost(
                f"another process took {self._store.url} over",
                "this one stopped writing; the other one goes on",
            )

    def release(self) -> None:
        self._stop.set()
        self._thread.join()
        with contextlib.suppress(*AWAY):  # else it expires
            if self._is_ours():
                self._store.swap(PATH, self._value, _dump(json.loads(self._value) | {"released": True}))

    def _keep(self) -> None:
        while not self._lost.is_set() and not self._stop.wait(TTL / 3):
            with contextlib.suppress(*AWAY):  # a store that is briefly away costs nothing before the TTL
                self._renew()

    def _renew(self) -> None:
        with self._renewing:
            while self._is_ours():
                renewed = _dump(json.loads(self._value) | {"expires": time.time() + TTL})
                until = time.monotonic() + TTL
                if self._store.swap(PATH, self._value, renewed):
                    self._value, self._until = renewed, until
                    return
            self._lost.set()

    def _is_ours(self) -> bool:
        """By what the store holds: a request that failed may have been carried out all the same."""
        try:
            found = self._store.read(PATH)
        except FileNotFoundError:
            return False
        if json.loads(found).get("owner") != json.loads(self._value)["owner"]:
            return False
        self._value = found
        return True


def _claim(epoch: int, owner: str, command: str) -> bytes:
    process = psutil.Process()
    return _dump(
        {
            "epoch": epoch,
            "owner": owner,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": process.create_time(),
            "expires": time.time() + TTL,
            "command": command,
            "released": False,
        }
    )


def is_held(owner: dict) -> bool:
    """Whether the owner that a lease names is alive and has not let go."""
    if owner["released"] or owner["expires"] < time.time():
        return False
    if owner["host"] != socket.gethostname():
        return True
    try:  # on this host a dead owner is known at once; pids are reused, start times are not
        process = psutil.Process(owner["pid"])
        return abs(process.create_time() - owner["started"]) < 2 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _dump(value: dict) -> bytes:
    return json.dumps(value, sort_keys=True).encode()
