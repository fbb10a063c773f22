import json
import subprocess
import sys
import time

import pytest
from obstore.exceptions import GenericError

from datagen import lease as lease_module
from datagen.errors import LeaseHeld, LeaseLost
from datagen.lease import PATH, Lease
from datagen.publish import current, flip
from datagen.store import Store


@pytest.fixture(params=["local", "s3"])
def store(request, tmp_path):
    return Store(str(tmp_path) if request.param == "local" else request.getfixturevalue("s3_url"))


def test_one_holder_at_a_time(store):
    lease = Lease.acquire(store, "first")
    with pytest.raises(LeaseHeld, match="first"):
        Lease.acquire(store, "second")
    lease.release()
    second = Lease.acquire(store, "second")
    assert second.epoch == lease.epoch + 1
    second.release()


def test_a_dead_owner_is_noticed_at_once(store):
    code = (
        "import os, sys; from datagen.lease import Lease; from datagen.store import Store;"
        "Lease.acquire(Store(sys.argv[1]), 'doomed'); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, store.url]).returncode == 9
    assert not json.loads(store.read(PATH))["released"]
    Lease.acquire(store, "heir").release()


def test_a_sleeper_loses_its_lease_and_cannot_publish(store, monkeypatch):
    monkeypatch.setattr(lease_module, "TTL", 0.6)
    sleeper = Lease.acquire(store, "sleeper")
    flip(store, "stage", "v-old", b"{}", sleeper)
    sleeper._stop.set()  # as if the process were suspended: no more renewals
    sleeper._thread.join()
    owner = json.loads(store.read(PATH))
    store.write(PATH, json.dumps(owner | {"expires": 0}).encode())
    heir = Lease.acquire(store, "heir")
    flip(store, "stage", "v-new", b"{}", heir)
    # It wakes up and does not know: the compare-and-set, not its own clock, stops it.
    with pytest.raises(LeaseLost):
        flip(store, "stage", "v-old", b"{}", sleeper)
    assert current(store, "stage").version == "v-new"
    heir.release()


def test_renewal_notices_a_takeover(store, monkeypatch):
    monkeypatch.setattr(lease_module, "TTL", 0.3)
    lease = Lease.acquire(store, "first")
    store.write(PATH, b'{"epoch": 9, "released": true}')
    lease._thread.join(timeout=5)
    with pytest.raises(LeaseLost):
        lease.check()


def _away(store, monkeypatch, times: int, carried_out: bool = False) -> list[int]:
    """Let the next `times` writes of an object store fail, after they are done or instead."""
    left, swap = [times], store.swap

    def failing(*arguments):
        if left[0] == 0:
            return swap(*arguments)
        left[0] -= 1
        if carried_out:
            swap(*arguments)
        raise GenericError("503 Service Unavailable")

    monkeypatch.setattr(store, "swap", failing)
    return left


@pytest.mark.parametrize("carried_out", [False, True], ids=["refused", "answer lost"])
def test_a_store_that_fails_once_costs_nothing(store, monkeypatch, carried_out):
    monkeypatch.setattr(lease_module, "TTL", 1.5)
    lease = Lease.acquire(store, "first")
    left = _away(store, monkeypatch, 1, carried_out)
    before = json.loads(store.read(PATH))["expires"]
    deadline = time.monotonic() + 10
    while left[0] or json.loads(store.read(PATH))["expires"] < before + 0.9:  # a renewal after the one that failed
        assert time.monotonic() < deadline
        time.sleep(0.05)
    lease.check()
    lease.release()
    assert json.loads(store.read(PATH))["released"]


def test_a_store_that_is_away_for_longer_loses_the_lease(store, monkeypatch):
    monkeypatch.setattr(lease_module, "TTL", 0.3)
    lease = Lease.acquire(store, "first")
    left = _away(store, monkeypatch, 10**9)
    time.sleep(0.5)
    with pytest.raises(LeaseLost, match="has not answered"):
        lease.check()
    left[0] = 0  # it is back, and nobody came meanwhile
    lease.check()
    lease.release()


def test_letting_go_of_a_store_that_is_away_hides_no_error(store, monkeypatch):
    lease = Lease.acquire(store, "first")
    _away(store, monkeypatch, 10**9)
    lease.release()
