import json
import subprocess
import sys

import pytest

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
