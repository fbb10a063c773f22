"""The command line as its user meets it: exit codes, messages, stdout for results alone."""

import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.metadata import version

import pytest

from datagen.stage import stage_class, stage_names
from tests.datagen.runs import digest, write_inputs, write_recipe

NEW_STAGE = '''
import pyarrow.compute as pc

from datagen.record import with_column
from datagen.stage import Outcome, RowStage


class Shout(RowStage):
    """Makes text loud."""

    writes = ("text",)

    def apply(self, batch):
        return Outcome(with_column(batch, "text", pc.utf8_upper(batch["text"])))
'''


def datagen(*arguments: object, env: dict | None = None) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "datagen", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | (env or {}), timeout=120)


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    write_inputs(folder, files=1, lines=12)
    recipe = write_recipe(folder)
    done = datagen("run", recipe, "--out", folder / "run")
    assert done.returncode == 0, done.stderr
    assert "Published 5 stages" in done.stdout
    return recipe, folder / "run"


def test_nothing_to_do_is_said_and_fast(toy):
    started = time.monotonic()
    again = datagen("run", toy[0], "--out", toy[1])
    assert again.returncode == 0 and "Nothing to do" in again.stdout
    assert time.monotonic() - started < 5


def test_path_prints_the_folder_and_nothing_else(toy):
    found = datagen("path", toy[1], "upper")
    assert found.returncode == 0 and found.stderr == ""
    (line,) = found.stdout.splitlines()
    assert os.listdir(line)[0].startswith("part-")
    wrong = datagen("path", toy[1], "uper")
    assert wrong.returncode == 2 and wrong.stdout == "" and "upper" in wrong.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("gc",),
        ("forget", "left", "--yes"),
        ("path", "upper"),
        ("status",),
        ("verify", "--repair"),
        ("trace", "0" * 32),
    ],
    ids=lambda command: command[0],
)
def test_a_run_that_is_not_there_is_not_made(tmp_path, command):
    found = datagen(command[0], tmp_path / "nothere", *command[1:])
    assert found.returncode == 2 and f"there is no run at {tmp_path}/nothere" in found.stderr
    assert "next: check the path" in found.stderr and not (tmp_path / "nothere").exists()


def test_help_tells_of_every_option():
    told = datagen("--help").stdout
    assert "--debug" in told and "--version" in told
    assert datagen("--version").stdout.strip() == version("datagen")
    wide = {"COLUMNS": "150"}
    plan, run = datagen("plan", "--help", env=wide).stdout, datagen("run", "--help", env=wide).stdout
    for words in ("This stage alone.", "This stage and what it needs.", "Override: stage.option=value."):
        assert words in plan and words in run


def test_mistakes_exit_2_before_anything_starts(toy, tmp_path):
    write_inputs(tmp_path, files=1, lines=3)
    text = toy[0].read_text().replace("toy.upper", "toy.uper").replace("path: right", "path: nowhere")
    found = datagen("run", write_recipe(tmp_path, text), "--out", tmp_path / "run")
    assert found.returncode == 2
    assert "2 mistakes" in found.stderr and "toy.upper" in found.stderr and "nowhere" in found.stderr
    assert "Traceback" not in found.stderr and not (tmp_path / "run").exists()
    assert datagen("run", tmp_path / "missing.yaml").returncode == 2
    assert datagen("nonsense").returncode == 2


def test_one_changed_byte_exits_4_and_names_the_file(toy, tmp_path):
    out = shutil.copytree(toy[1], tmp_path / "run")
    assert datagen("verify", out).returncode == 0
    file = sorted(out.rglob("data/*.parquet"))[0]
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 1
    file.write_bytes(data)
    found = datagen("verify", out)
    assert found.returncode == 4 and file.relative_to(out).as_posix() in found.stderr


def test_too_many_bad_inputs_exit_3(tmp_path):
    write_inputs(tmp_path, files=1, lines=3)
    (tmp_path / "left" / "left0.txt").write_text("".join(f"{i}\tBAD\n" for i in range(50)))
    found = datagen("run", write_recipe(tmp_path), "--out", tmp_path / "run", "--until", "left")
    assert found.returncode == 3 and "left0.txt (bad_line)" in found.stderr and "next:" in found.stderr


def test_plan_and_dry_run_say_what_would_run_and_why(toy, tmp_path):
    out = shutil.copytree(toy[1], tmp_path / "run")
    plan = datagen("plan", toy[0], "--out", out, "--set", "upper.keep_dropped=false")
    assert "keep_dropped changed" in plan.stdout and "its inputs changed" in plan.stdout
    assert plan.stdout.count("up to date") == 2
    dry = datagen("run", toy[0], "--out", out, "--set", "upper.keep_dropped=false", "--dry-run")
    assert dry.stdout == plan.stdout
    assert digest(out) == digest(toy[1])


def test_planning_makes_nothing(toy, tmp_path):
    planned = datagen("plan", toy[0], "--out", tmp_path / "run", env={"COLUMNS": "150"})
    assert planned.returncode == 0 and "5 stages to run: no estimate, none has run here yet." in planned.stdout
    assert datagen("run", toy[0], "--out", tmp_path / "run", "--dry-run").returncode == 0
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("place", ["file/run", "/proc/nope/run"])
def test_a_place_that_can_not_be_written_is_told(toy, tmp_path, place):
    (tmp_path / "file").write_text("")
    found = datagen("run", toy[0], "--out", tmp_path / place)
    assert found.returncode == 2 and "cannot make the folder" in found.stderr and "next:" in found.stderr
    assert "Traceback" not in found.stderr
    assert datagen("plan", toy[0], "--out", tmp_path / place).returncode == 0


def test_an_interrupted_run_says_what_was_kept(tmp_path):
    write_inputs(tmp_path, files=4, lines=60)
    text = write_recipe(tmp_path).read_text().replace("path: left", "path: left, pause: 0.2")
    command = [
        sys.executable,
        "-m",
        "datagen",
        "run",
        str(write_recipe(tmp_path, text)),
        "--out",
        str(tmp_path / "run"),
    ]
    driver = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore Ctrl-C, and so do their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not list((tmp_path / "run").glob("right/*/manifest.json")):
        assert driver.poll() is None
        time.sleep(0.05)
    driver.send_signal(signal.SIGINT)
    _, said = driver.communicate(timeout=120)
    assert driver.returncode == 130 and "interrupted; " in said and "right is published" in said, said
    assert "the same command goes on" in said and "Traceback" not in said
    status = datagen("status", tmp_path / "run").stdout
    assert "under way" not in status and "stopped, " in status and "Not running." in status


def test_forgetting_asks_first(toy, tmp_path):
    out = shutil.copytree(toy[1], tmp_path / "run")
    refused = datagen("forget", out, "left")
    assert refused.returncode == 2 and "--yes" in refused.stderr and "left: " in refused.stdout
    assert digest(out) == digest(toy[1])
    assert datagen("forget", out, "nobody").returncode == 2
    done = datagen("forget", out, "left", "--yes")
    assert done.returncode == 0 and "rows removed" in done.stdout
    planned = [line.strip() for line in refused.stdout.splitlines() if line.endswith("rows")]
    assert [f"{line} removed" for line in planned] == [line for line in done.stdout.splitlines() if "removed" in line]


def test_a_damaged_version_is_repaired_by_command(toy, tmp_path):
    out = shutil.copytree(toy[1], tmp_path / "run")
    file = sorted(out.rglob("data/*.parquet"))[0]
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert "--repair" in datagen("verify", out).stderr
    repaired = datagen("verify", out, "--repair")
    assert repaired.returncode == 0 and f"deleted {file.relative_to(out).parts[0]}/v-" in repaired.stdout
    assert datagen("run", toy[0], "--out", out).returncode == 0
    assert datagen("verify", out).returncode == 0
    data = {path: sha for path, sha in digest(toy[1]).items() if "/data/" in path}
    assert {path: sha for path, sha in digest(out).items() if "/data/" in path} == data


def test_trace_takes_the_run_first(toy):
    wrong = datagen("trace", toy[1], "BADID")
    assert wrong.returncode == 2 and wrong.stderr.startswith("datagen: BADID is not a record id")
    swapped = datagen("trace", "0" * 32, toy[1])
    assert swapped.returncode == 2 and "is not a record id" not in swapped.stderr and str(toy[1]) in swapped.stderr


def test_status_stages_and_doctor(toy):
    said = datagen("status", toy[1]).stdout
    assert "upper" in said and "under way" not in said and "stopped" not in said
    assert "quarantined: 1 bad_line, 1 id_clash" in " ".join(said.split())
    assert datagen("status", toy[0].parent / "left").returncode == 2
    listed = datagen("stages", env={"COLUMNS": "2000"}).stdout
    assert "toy.upper" in listed and "[markup] is text" in listed
    explained = datagen("stages", "dedup.minhash").stdout
    assert "threshold" in explained and "near-duplicates" in explained
    explained = datagen("stages", "collectors.records", env={"COLUMNS": "150"}).stdout
    assert "open | restricted" in explained and "list of keep | redistribute" in explained
    assert "Ray" in datagen("doctor").stdout
    unsafe = datagen("doctor", env={"RAY_AUTH_MODE": "disabled"})
    assert unsafe.returncode == 1 and "unset RAY_AUTH_MODE" in unsafe.stdout


def test_every_option_of_a_stage_says_what_it_means():
    kinds = {name: stage_class(name) for name in stage_names() if not name.startswith("toy.")}
    assert len(kinds) > 30
    silent = [f"{name} {o}" for name, kind in kinds.items() for o, f in kind.model_fields.items() if not f.description]
    assert not silent


def test_a_new_stage_is_one_class_and_one_entry_point(tmp_path):
    package = tmp_path / "loud"
    metadata = package / "loud-1.0.dist-info"
    metadata.mkdir(parents=True)
    (package / "loud.py").write_text(NEW_STAGE)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: loud\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[datagen.stages]\nloud.shout = loud:Shout\n")
    write_inputs(tmp_path, files=1, lines=3)
    recipe = write_recipe(
        tmp_path,
        "name: loud\nstages:\n  left: {use: toy.lines, path: left}\n  loud: {use: loud.shout, needs: [left]}\n",
    )
    env = {"PYTHONPATH": os.pathsep.join([str(package), os.environ["PYTHONPATH"]])}
    done = datagen("run", recipe, "--out", tmp_path / "run", env=env)
    assert done.returncode == 0, done.stderr
    import pyarrow.parquet as pq

    (part,) = (tmp_path / "run" / "loud").glob("v-*/data/*.parquet")
    assert all(t == t.upper() for t in pq.read_table(part)["text"].to_pylist())


def test_a_second_driver_is_refused_and_does_no_harm(tmp_path):
    write_inputs(tmp_path, files=4, lines=60)
    text = write_recipe(tmp_path).read_text().replace("path: left", "path: left, pause: 0.02")
    recipe = write_recipe(tmp_path, text)
    first = subprocess.Popen(
        [sys.executable, "-m", "datagen", "run", str(recipe), "--out", str(tmp_path / "run")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    lease = tmp_path / "run" / "_run" / "lease.json"
    while not lease.exists():
        assert first.poll() is None
        time.sleep(0.02)
    second = datagen("run", recipe, "--out", tmp_path / "run")
    assert second.returncode == 1 and f"process {first.pid}" in second.stderr
    assert first.wait(timeout=120) == 0
    assert datagen("verify", tmp_path / "run").returncode == 0
