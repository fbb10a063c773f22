"""What the commands' help shows as an example is a file that the command takes."""

import inspect

import pytest
from typer.testing import CliRunner

from datagen.cli import _app
from training_bridge.align.command import align
from training_bridge.align.job import read_chain
from training_bridge.launch import read_run
from training_bridge.mixture.plan import read_plan
from training_bridge.mixture_command import mixture
from training_bridge.train_command import train

COMMANDS = [
    (train, read_run, ["packed"]),
    (align, read_chain, ["trained/model", "pairs", "graph"]),
    (mixture, read_plan, ["curated"]),
]


@pytest.mark.parametrize(("command", "read", "folders"), COMMANDS, ids=[c.__name__ for c, _, _ in COMMANDS])
def test_the_example_is_valid_and_shown_as_it_is(command, read, folders, tmp_path, monkeypatch):
    example = inspect.getdoc(command).split("\b\n")[1].split("\n", 1)[1]
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "example.yaml").write_text(example)
    read(tmp_path / "example.yaml")
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(_app([command.__name__]), [command.__name__, "--help"]).output
    lines = [line.rstrip() for line in shown.splitlines()]
    assert all(f" {line}" in lines for line in example.splitlines())
