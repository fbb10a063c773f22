import os
import sys
from pathlib import Path

import pytest

from tests import proof

TOY = Path(__file__).parent / "toy"
# Another package's stages, for this process, for commands it starts and for Ray's workers.
sys.path.insert(0, str(TOY))
os.environ["PYTHONPATH"] = os.pathsep.join([str(TOY), *filter(None, [os.environ.get("PYTHONPATH")])])
os.environ["DATAGEN_ID_SECRET"] = "a secret for tests"

DATA = Path(os.environ.get("DATA", Path(__file__).parents[1].parent / "shared" / "data"))


@pytest.fixture(scope="session")
def ray_local(s3_server):
    """One Ray for the whole session: starting one takes seconds. Workers get the S3 server by their environment."""
    os.environ.pop("RAY_ADDRESS", None)
    from datagen.cluster import ray_session

    with ray_session(workers=2):
        yield


@pytest.fixture(scope="session")
def real_data():
    """The folder of real sources; skips where it is absent."""
    if not DATA.is_dir():
        pytest.skip("no real data here")
    return DATA


@pytest.fixture(scope="session")
def s3_server():
    """An S3-compatible server, for this session; commands and workers find it by the environment."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    _host, port = server.get_host_and_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }
    boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="us-east-1").create_bucket(
        Bucket="data-lake"
    )
    yield
    server.stop()


@pytest.fixture
def s3_url(s3_server, request) -> str:
    """A fresh folder of a bucket."""
    return f"s3://data-lake/{abs(hash(request.node.nodeid)):x}"


_proofs: list[tuple[str, str, bool]] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if (report.when == "call" and not report.skipped) or report.failed:
        for mark in item.iter_markers("proof"):
            *names, grade = mark.args
            _proofs.extend((name, grade, report.passed) for name in names)
    return report


def pytest_sessionfinish(session):
    if _proofs:
        proof.write(_proofs)


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "proof(name, ..., grade): passing shows that these work on `fixture` or `real` data"
    )
