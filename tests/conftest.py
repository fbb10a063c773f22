import os
import sys
from pathlib import Path

import pytest

TOY = Path(__file__).parent / "toy"
# Another package's stages, for this process, for commands it starts and for Ray's workers.
sys.path.insert(0, str(TOY))
os.environ["PYTHONPATH"] = os.pathsep.join([str(TOY), *filter(None, [os.environ.get("PYTHONPATH")])])

DATA = Path(os.environ.get("DATA", Path(__file__).parents[1].parent / "shared" / "data"))


@pytest.fixture(scope="session")
def ray_local():
    """One Ray for the whole session: starting one takes seconds."""
    os.environ.pop("RAY_ADDRESS", None)
    from datagen.cluster import ray_session

    with ray_session(workers=2):
        yield


@pytest.fixture
def real_data():
    """The folder of real sources; skips where it is absent."""
    if not DATA.is_dir():
        pytest.skip("no real data here")
    return DATA


@pytest.fixture(autouse=True)
def id_secret(monkeypatch):
    monkeypatch.setenv("DATAGEN_ID_SECRET", "a secret for tests")
