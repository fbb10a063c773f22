"""A cluster is joined where RAY_ADDRESS names one, and asked before it is given work."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import toy_stages

from datagen.errors import UsageError
from datagen.probe import Asked, examine, verdict
from datagen.stage import Resources
from datagen.store import Store
from tests.datagen.runs import digest, run, write_inputs, write_recipe
from tests.datagen.two_nodes import TwoNodes

A, B, C = "a (10.0.0.1, node 11111111)", "b (10.0.0.2, node 22222222)", "c (10.0.0.3, node 33333333)"


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    write_inputs(folder, files=2, lines=12)
    return write_recipe(folder)


@pytest.fixture(scope="module")
def cluster():
    started = TwoNodes()
    yield started
    started.stop()


def datagen_run(recipe: Path, out: Path, address: str, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "datagen", "run", str(recipe), "--out", str(out), *options]
    return subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"RAY_ADDRESS": address}, timeout=120
    )


def test_two_nodes_publish_what_one_machine_does(cluster, toy, tmp_path, ray_local):
    done = datagen_run(toy, tmp_path / "two", cluster.address)
    assert done.returncode == 0, done.stderr
    assert "Published 5 stages" in done.stdout
    assert not list((tmp_path / "two" / "_run").glob("probe*"))
    run(toy, tmp_path / "one")
    assert digest(tmp_path / "two") == digest(tmp_path / "one")


def test_a_node_without_the_packages_is_named_before_anything_starts(cluster, toy, tmp_path):
    node = cluster.add_bare_node()
    try:
        refused = datagen_run(toy, tmp_path / "run", cluster.address)
    finally:
        cluster.remove_bare_node()
    assert refused.returncode == 2
    assert "1 of 3 Ray nodes can't run this plan, nothing was started" in refused.stderr
    assert f"node {node[:8]}): can't load stage toy.upper" in refused.stderr
    assert "next: give every node the packages that the driver has" in refused.stderr
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["_run"]


def test_a_cluster_is_not_limited_from_here(cluster, toy, tmp_path):
    refused = datagen_run(toy, tmp_path, cluster.address, "--workers", "1")
    assert refused.returncode == 2 and "--workers" in refused.stderr


def test_where_nobody_listens_is_said_at_once(toy, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    refused = datagen_run(toy, tmp_path, address)
    assert refused.returncode == 2
    assert f"no Ray answers at RAY_ADDRESS={address}" in refused.stderr and "unset RAY_ADDRESS" in refused.stderr


def test_an_address_for_jobs_is_not_one_for_drivers(toy, tmp_path):
    refused = datagen_run(toy, tmp_path, "http://127.0.0.1:8265")
    assert refused.returncode == 2 and "ray job submit" in refused.stderr


def test_a_stage_larger_than_any_node_is_refused(toy, tmp_path, ray_local, monkeypatch):
    monkeypatch.setattr(toy_stages.Upper, "resources", Resources(cpus=64))
    with pytest.raises(UsageError, match="stage upper asks for 64 CPU: more than any of 1 nodes has"):
        run(toy, tmp_path)


# What becomes of the nodes' answers


def test_no_failing_is_no_objection():
    assert verdict({A: [], B: []}) is None
    assert verdict({}) is None


def test_a_run_folder_that_a_node_does_not_see():
    error = verdict({A: [], B: [("folder", "doesn't see the driver's run folder /home/me/run")], C: []})
    assert isinstance(error, UsageError) and error.exit_code == 2
    assert str(error).startswith("1 of 3 Ray nodes")
    assert f"{B}: doesn't see the driver's run folder /home/me/run" in str(error)
    assert A not in str(error) and C not in str(error)
    assert error.fix == "use an object-store URL or a shared file system for --out"


def test_each_kind_of_failing_is_told_what_to_do_about():
    error = verdict({A: [("packages", "x"), ("packages", "y")], B: [("input", "z")]})
    assert error.fix.count("packages") == 1 and "raw files" in error.fix and "--out" not in error.fix
    many = verdict({f"node {i}": [("packages", "x")] for i in range(25)})
    assert str(many).startswith("25 of 25") and "and 15 more" in str(many)


# What a node finds out


@pytest.fixture(params=["local", "s3"])
def run_url(request, tmp_path) -> str:
    return str(tmp_path / "run") if request.param == "local" else request.getfixturevalue("s3_url")


def test_a_node_that_can_do_all_leaves_nothing_behind(run_url, toy, s3_server):
    store = Store(run_url)
    store.write("_run/probe/m", b"")
    raw = Store("s3://data-lake/raw")
    raw.write("one.txt", b"1\tfever")
    inputs = {"left": str(toy.parent / "left" / "left0.txt"), "far": raw.join("one.txt")}
    assert examine(Asked(run_url, "_run/probe/m", {"toy.upper": "1"}, inputs)) == []
    assert [path for path, _ in store.files("")] == ["_run/probe/m"]


def test_what_a_node_lacks(run_url, tmp_path, s3_server):
    Store(run_url).write("_run/probe/m", b"")
    inputs = {"left": str(tmp_path / "absent.txt"), "far": "s3://data-lake/raw/absent.txt"}
    versions = {"toy.uper": "1", "toy.upper": "another"}
    found = examine(Asked(run_url, "_run/probe/m", versions, inputs))
    assert [kind for kind, _ in found] == ["packages", "packages", "input", "input"]
    assert "toy.uper" in found[0][1]
    assert found[1][1] == "has version 1 of stage toy.upper, the driver has another"
    assert found[2][1] == f"can't read {tmp_path}/absent.txt of stage left: No such file or directory"
    assert "s3://data-lake/raw/absent.txt of stage far" in found[3][1]


def test_a_node_does_not_make_the_folder_that_it_misses(tmp_path):
    missing = tmp_path / "elsewhere"
    ((kind, what),) = examine(Asked(str(missing), "_run/probe/m", {}, {}))
    assert kind == "folder" and str(missing) in what
    assert not missing.exists()


def test_an_object_store_without_the_marker_is_another_store(s3_url):
    ((kind, what),) = examine(Asked(s3_url, "_run/probe/m", {}, {}))
    assert kind == "store" and s3_url in what
