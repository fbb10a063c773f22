import json
import re
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from datagen import load
from datagen.errors import DatagenError, TooManyBadInputs, UsageError
from datagen.publish import manifest
from datagen.record import SCHEMA
from datagen.store import Store
from datagen.verify import verify_run
from tests.datagen.runs import RECIPE, digest, run, write_inputs, write_recipe

pytestmark = pytest.mark.usefixtures("ray_local")


@pytest.fixture
def toy(tmp_path) -> Path:
    write_inputs(tmp_path)
    return write_recipe(tmp_path)


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    write_inputs(folder)
    run(write_recipe(folder), folder / "run")
    return folder / "run"


def test_a_run_publishes_rows_artefacts_and_ledgers_that_add_up(done):
    wrong, checked = verify_run(Store(str(done)))
    assert not wrong
    assert checked > 15
    left = manifest(Store(str(done)), "left")["counts"]
    # 4 files of 42 lines: one bad, one dropped, one repeated with equal and one with other content.
    assert left["inputs"] == 168
    assert left["reasons"] == {
        "dropped": {"nothing": 4, "same_id": 4},
        "quarantined": {"bad_line": 4, "id_clash": 4},
    }
    assert left["outputs"] == left["kept"] == 168 - 16
    upper = manifest(Store(str(done)), "upper")["counts"]
    assert upper["inputs"] == 2 * left["outputs"]
    assert upper["split"] and upper["derived"] >= 2 * upper["split"]
    words = json.loads(
        (done / "words" / manifest(Store(str(done)), "words")["version"] / "data/words.json").read_text()
    )
    assert "FEVER" in words


def test_published_rows_have_the_schema_and_added_columns(done):
    rows = load(done, "common").to_table()
    assert rows.schema.names == [*SCHEMA.names, "common"]
    assert rows.schema.field("common").type == "int32"
    assert pc.min(rows["common"]).as_py() >= 0


def test_dropped_rows_can_be_read_and_learners_see_the_train_split_only(done):
    version = manifest(Store(str(done)), "upper")["version"]
    dropped = pq.read_table(done / "upper" / version / "dropped")
    assert set(dropped["drop_reason"].to_pylist()) == {"asked_for"}
    assert {"train", "validation", "test"} == set(load(done, "upper").to_table()["split"].to_pylist())


def test_a_second_run_does_nothing_and_changes_no_byte(toy):
    out = toy.parent / "run"
    assert len(run(toy, out).published) == 5
    before = digest(out)
    assert run(toy, out).published == {}
    assert digest(out) == before


def test_other_workers_and_other_input_order_publish_the_same_bytes(toy, done):
    (toy.parent / "r2.yaml").write_text(RECIPE.replace("[left, right]", "[right, left]"))
    run(toy.parent / "r2.yaml", toy.parent / "again")
    mine, theirs = digest(toy.parent / "again"), digest(done)
    data = {p for p in mine if "/data/" in p or "/ledger/" in p or "/stats/" in p or "/quarantine/" in p}
    assert data and {p: mine[p] for p in data} == {p: theirs[p] for p in data}


def test_a_changed_file_is_noticed_and_only_what_depends_on_it_runs(toy):
    out = toy.parent / "run"
    run(toy, out)
    changed = toy.parent / "left" / "left0.txt"
    changed.write_text(changed.read_text().replace("fever", "chill", 1))
    assert set(run(toy, out).published) == {"left", "upper", "words", "common"}


def test_a_changed_option_makes_a_new_version_and_going_back_costs_nothing(toy):
    out = toy.parent / "run"
    run(toy, out)
    first = manifest(Store(str(out)), "upper")["version"]
    run(toy, out, "upper.keep_dropped=false")
    assert manifest(Store(str(out)), "upper")["version"] != first
    assert run(toy, out).published == {}
    assert manifest(Store(str(out)), "upper")["version"] == first


def test_only_and_until(toy):
    out = toy.parent / "run"
    with pytest.raises(UsageError, match="upper needs"):
        run(toy, out, only="upper")
    assert set(run(toy, out, until="upper").published) == {"left", "right", "upper"}
    assert set(run(toy, out, only="words").published) == {"words"}


def test_too_many_bad_inputs_stop_the_run_and_name_the_files(toy):
    bad = toy.parent / "left" / "left1.txt"
    bad.write_text("".join(f"x{i}\tBAD\n" for i in range(100)))
    with pytest.raises(TooManyBadInputs, match=r"left1\.txt \(bad_line\)") as caught:
        run(toy, toy.parent / "run")
    assert caught.value.exit_code == 3
    assert manifest(Store(str(toy.parent / "run")), "left") is None


def test_a_source_of_which_nothing_can_be_read_stops_the_run(toy):
    for file in (toy.parent / "left").iterdir():
        file.write_text("x\tBAD\n")
    with pytest.raises(TooManyBadInputs, match="4 of 4 inputs are bad, nothing could be read") as caught:
        run(toy, toy.parent / "run", until="left")
    assert all(f"1  left{number}.txt (bad_line)" in str(caught.value) for number in range(4))
    assert manifest(Store(str(toy.parent / "run")), "left") is None
    assert set(run(toy, toy.parent / "run", "left.max_errors=1", until="left").published) == {"left"}


def test_ids_that_clash_are_told_by_where_they_are(tmp_path):
    pages = tmp_path / "pages"
    pages.mkdir()
    for name in "ab":
        (pages / f"{name}.csv").write_text("n,text\n" + "".join(f"{i},{name} text {i}\n" for i in range(12)))
    text = "name: x\nstages:\n  a: {use: collectors.records, path: pages, fields: {id: n, text: text}}\n"
    with pytest.raises(TooManyBadInputs) as caught:
        run(write_recipe(tmp_path, text), tmp_path / "run")
    said = str(caught.value)
    assert "12  b.csv (id_clash)" in said and "start again in each file" in said
    assert len(re.findall(r"id (\d+): [ab]\.csv#\d+, [ab]\.csv#\d+", said)) == 2


def test_a_failing_stage_says_where_and_shows_no_text(toy):
    victim = toy.parent / "left" / "left0.txt"
    victim.write_text("1\texplode\n" + victim.read_text())
    with pytest.raises(DatagenError) as caught:
        run(toy, toy.parent / "run")
    assert "upper (toy.upper)" in str(caught.value) and "KeyError at toy_stages.py" in str(caught.value)
    assert "secret word" not in str(caught.value)
    logs = "".join(p.read_text() for p in (toy.parent / "run" / "_run" / "logs").iterdir())
    assert "explode" not in logs
    # What had committed is not done again once the input is mended.
    victim.write_text(victim.read_text().replace("explode", "fine"))
    assert set(run(toy, toy.parent / "run").published) == {"left", "upper", "words", "common"}


def test_verification_names_the_one_changed_byte(toy):
    out = toy.parent / "run"
    run(toy, out)
    for file in sorted(out.rglob("data/*.parquet"))[:3]:
        original = file.read_bytes()
        middle = len(original) // 2
        file.unlink()  # hard links share bytes with nothing else, but be sure
        file.write_bytes(original[:middle] + bytes([original[middle] ^ 1]) + original[middle + 1 :])
        wrong, _ = verify_run(Store(str(out)))
        assert len(wrong) == 1 and file.relative_to(out).as_posix() in wrong[0]
        file.write_bytes(original)
    stray = out / "left" / "stray.parquet"
    version = manifest(Store(str(out)), "left")["version"]
    (out / "left" / version / "data" / stray.name).write_bytes(b"x")
    assert "not in the manifest" in verify_run(Store(str(out)))[0][0]
