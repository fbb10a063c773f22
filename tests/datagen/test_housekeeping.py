import pyarrow.parquet as pq
import pytest

from datagen import load
from datagen.housekeeping import collect_garbage, forget
from datagen.lease import Lease
from datagen.publish import manifest
from datagen.store import Store
from datagen.verify import verify_run
from tests.datagen.runs import run, write_inputs, write_recipe

pytestmark = pytest.mark.usefixtures("ray_local")


@pytest.fixture
def toy(tmp_path):
    write_inputs(tmp_path, files=2)
    recipe = write_recipe(tmp_path)
    run(recipe, tmp_path / "run")
    return recipe, tmp_path / "run"


@pytest.fixture
def lease(toy):
    held = Lease.acquire(Store(str(toy[1])), "test")
    yield held
    held.release()


def released(lease: Lease):
    lease.release()
    lease.release = lambda: None


def everything_published(out) -> str:
    """All text in all Parquet files of a run."""
    return "\n".join(str(pq.read_table(file).to_pylist()) for file in out.rglob("*.parquet"))


def test_a_forgotten_record_is_gone_with_its_children_and_stays_away(toy, lease):
    recipe, out = toy
    store = Store(str(out))
    upper = load(out, "upper").to_table().to_pylist()
    child = next(r for r in upper if r["parents"])
    parent = child["parents"][0]
    found = forget(store, lease, parent)
    assert found.rows["left" if child["source"] == "left" else "right"] == 1
    assert found.rows["upper"] >= 2
    assert any(v.startswith("words/") for v in found.deleted)
    left = [r["id"] for stage in ("left", "right", "upper", "common") for r in load(out, stage).to_table().to_pylist()]
    assert parent not in left and child["id"] not in left
    assert not verify_run(store)[0]
    released(lease)
    ran = run(recipe, out)
    assert "words" in ran.published
    assert not verify_run(store)[0]
    assert parent not in load(out, child["source"]).to_table()["id"].to_pylist()
    assert manifest(store, child["source"])["counts"]["reasons"]["dropped"]["forgotten"] == 1


def test_a_forgotten_source_leaves_no_text_behind(toy, lease):
    recipe, out = toy
    forget(Store(str(out)), lease, "left")
    assert load(out, "left").count_rows() == 0
    assert "left-0-" not in everything_published(out).replace("file", "")
    assert not verify_run(Store(str(out)))[0]
    released(lease)
    run(recipe, out)
    assert {r["source"] for r in load(out, "upper").to_table().to_pylist()} == {"right"}


def test_gc_keeps_the_published_version_and_as_many_others_as_asked(toy, lease):
    recipe, out = toy
    store = Store(str(out))
    released(lease)
    for flag in ("false", "true", "false"):
        run(recipe, out, f"upper.keep_dropped={flag}")
    assert len(store.folders("upper")) == 2
    (out / "_work" / "upper" / "abandoned").mkdir(parents=True)
    held = Lease.acquire(store, "gc")
    gone = collect_garbage(store, held, 1)
    held.release()
    assert len(store.folders("upper")) == 1 and "_work/upper/abandoned" in gone
    assert not verify_run(store)[0]
    assert manifest(store, "upper")["identity"]["options"]["keep_dropped"] is False
