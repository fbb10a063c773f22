"""A model as others get it: loaded by a process that has never heard of datagen, described by a true card."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import typer
import yaml
from transformers import AutoConfig, AutoTokenizer
from typer.testing import CliRunner

from datagen import notice
from datagen.errors import UsageError
from tests.training_bridge.texts import documents
from tests.training_bridge.tiny import tiny_model
from training_bridge.cards import Summary, data_section
from training_bridge.export import export_model, model_folder
from training_bridge.export_command import export
from training_bridge.tokenizer import train_tokenizer

STRANGER = Path(__file__).with_name("stranger.py")


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A model folder as training leaves it."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    tiny_model(vocab_size=500).save_pretrained(folder)
    train_tokenizer(documents(200, seed=0), 500).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory) -> Path:
    return export_model(trained, tmp_path_factory.mktemp("exported") / "tiny-m1")


def test_a_stranger_loads_it_and_gets_the_same_logits(exported, tmp_path):
    ids = torch.randint(80, 500, (1, 12), generator=torch.Generator().manual_seed(0))
    environment = {"PATH": os.environ["PATH"], "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(STRANGER), str(exported), json.dumps(ids.tolist()), "found.json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["module"].startswith("transformers_modules.")
    assert (found["config"], found["base"]) == ("BaichuanM1Config", "BaichuanM1Model")
    assert found["ours"] == []
    model = tiny_model(vocab_size=500)
    model.generation_config.eos_token_id = [2, 71, 73, 74]
    with torch.no_grad():
        assert torch.equal(torch.tensor(found["logits"]), model(ids).logits)
    assert found["generated"] == model.generate(ids, max_new_tokens=8, do_sample=False).tolist()
    assert found["chat"] == "<B_SYS>You are a helpful assistant.<C_Q>发热 fever?<C_A>"
    assert found["answer_tokens"] == 4


def test_the_code_beside_the_weights_imports_nothing_of_ours(exported):
    code = "".join(file.read_text() for file in exported.glob("*.py"))
    assert sorted(file.name for file in exported.glob("*.py")) == [
        "configuration_baichuan_m1.py",
        "modeling_baichuan_m1.py",
    ]
    for package in ("training_bridge", "datagen"):
        assert package not in code


def test_an_answer_ends_where_a_turn_begins(exported):
    ends = json.loads((exported / "generation_config.json").read_text())["eos_token_id"]
    tokenizer = AutoTokenizer.from_pretrained(exported)
    assert tokenizer.convert_ids_to_tokens(ends) == ["</s>", "<B_SYS>", "<C_Q>", "<C_A>"]


def test_card_of_a_model_without_a_run_claims_nothing(exported):
    _, front, body = (exported / "README.md").read_text("utf-8").split("---\n", 2)
    assert yaml.safe_load(front)["library_name"] == "transformers"
    assert notice.MARKDOWN in body
    assert body.count("not recorded beside it") == 2
    assert f"{tiny_model(vocab_size=500).num_parameters():,} parameters" in body


def test_values_of_the_data_cannot_break_the_card():
    found = Summary(rows=1, seen=1, tokens=5)
    found.by["license"]["MIT"] = 5
    found.by["department"]["a | b\n# <script>[x](http://y)`"] = 5
    text = data_section(found)
    assert "<script>" not in text and "\n# " not in text
    row = next(line for line in text.splitlines() if "script" in line)
    assert row.count("|") == 4


def test_bad_sources_and_targets_are_refused(trained, tmp_path):
    with pytest.raises(UsageError, match="neither a model folder nor a run"):
        model_folder(str(tmp_path))
    with pytest.raises(UsageError, match="has no model that transformers can load"):
        export_model(tmp_path, tmp_path / "out")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    with pytest.raises(UsageError, match="not empty"):
        export_model(trained, tmp_path / "taken")
    other = tmp_path / "llama"
    AutoConfig.for_model("llama").save_pretrained(other)
    with pytest.raises(UsageError, match="is a llama, not a baichuan_m1"):
        export_model(other, tmp_path / "out")
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in trained.iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    (broken / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0notjson!")
    with pytest.raises(UsageError, match="can't be loaded"):
        export_model(broken, tmp_path / "out")
    fewer = tiny_model(vocab_size=500)
    state = {name: tensor for name, tensor in fewer.state_dict().items() if "norm.weight" not in name}
    fewer.save_pretrained(broken, state_dict=state)
    with pytest.raises(UsageError, match="missing keys, such as model"):
        export_model(broken, tmp_path / "out")
    assert not list(tmp_path.glob(".out*")) and not (tmp_path / "out").exists()


def test_command(trained, tmp_path):
    app = typer.Typer()
    app.command()(export)
    result = CliRunner().invoke(app, [str(trained), "--out", str(tmp_path / "x")])
    assert result.exit_code == 0 and result.output.strip() == str(tmp_path / "x")
    assert (tmp_path / "x" / "model.safetensors").exists()
    result = CliRunner().invoke(app, [str(trained), "--out", str(tmp_path / "y"), "--split", "test"])
    assert isinstance(result.exception, UsageError) and "are for rows" in str(result.exception)
