import json
from pathlib import Path

import pytest
import torch
import typer
import yaml
from tokenizers import ByteLevelBPETokenizer
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
from typer.testing import CliRunner

import training_bridge.m1  # noqa: F401
from collectors.tables.records import Records
from datagen.errors import UsageError
from tests.collectors.reading import read
from tests.training_bridge.texts import documents
from tests.training_bridge.tiny import tiny_config
from training_bridge.canaries_command import canaries as command
from training_bridge.config import CurriculumStage, TrainConfig
from training_bridge.evaluate import run
from training_bridge.evaluate.canaries import extract, make_canaries, read_canaries, write_canaries
from training_bridge.evaluate.run import open_model
from training_bridge.packing import pack
from training_bridge.tokenizer import encode_documents, train_tokenizer
from training_bridge.train import train

COPIES = 60


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A tiny M1 whose training text holds two canaries often, and two others never."""
    folder: Path = tmp_path_factory.mktemp("canaries")
    canaries = make_canaries(4, seed=1, copies=(COPIES, 0))
    planted = [json.loads(line)["text"] for line in write_canaries(canaries, folder).read_text().splitlines()]
    texts = [*documents(20, seed=3), *planted]
    tokenizer = train_tokenizer(texts, 420)
    data = pack(encode_documents(tokenizer, texts), 64, "general")[0]
    train(
        TrainConfig(
            stages=(CurriculumStage(name="general", tokens=60_000, sequence_length=64),),
            batch_tokens=512,
            micro_batch_tokens=512,
            peak_lr=1e-2,
            final_lr=1e-3,
            warmup_tokens=2000,
        ),
        tiny_config(vocab_size=len(tokenizer), hidden_size=64, intermediate_size=96, sliding_window=32),
        {"general": data},
        folder / "out",
        work=folder / "work",
        tokenizer=tokenizer,
        heldout={"en": documents(4, seed=9)},
    )
    return folder, read_canaries(folder / "canaries.json")


def test_planted_secrets_come_back_and_others_do_not(trained):
    folder, canaries = trained
    model, tokenizer = open_model(folder / "out" / "model")
    found = extract(model, tokenizer, canaries)
    assert [c.copies for c in canaries] == [COPIES, COPIES, 0, 0]
    assert [e.recovered for e in found] == [True, True, False, False]
    assert min(e.exposure for e in found[:2]) == 7.0
    page = run(folder / "out" / "model", [], canaries=folder / "canaries.json").save(folder / "page")
    assert "2 of 4 canaries recovered (wanted: 0)" in " ".join(page.read_text().split())


def test_canaries_repeat_by_seed_and_differ_without_it(tmp_path):
    assert make_canaries(6, seed=2) == make_canaries(6, seed=2)
    secrets = {c.secret for seed in range(20) for c in make_canaries(6, seed=seed)}
    assert len(secrets) == 120
    assert {c.language for c in make_canaries(2, seed=0)} == {"en", "zh"}
    path = tmp_path / "x.json"
    path.write_text('[{"id": 1}]')
    with pytest.raises(UsageError, match="holds no canaries"):
        read_canaries(path)


def test_a_tokenizer_that_binds_the_space_to_what_follows():
    canaries = make_canaries(4, seed=1)[:2]
    texts = [canary.text for canary in canaries]
    bpe = ByteLevelBPETokenizer()
    beds = [f"bed {number}" for number in range(10)] * 20
    bpe.train_from_iterator([*texts, *beds, *(c.text for c in make_canaries(40, 3))], 500, special_tokens=["<end>"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<end>")
    learnt, asked = (tokenizer(t)["input_ids"] for t in (texts[0], f"{canaries[0].prompt} "))
    assert learnt[: len(asked)] != asked and learnt[: len(asked) - 1] == asked[:-1]
    torch.manual_seed(0)
    sizes = {"n_positions": 96, "n_embd": 48, "n_layer": 2, "n_head": 2, "bos_token_id": 0, "eos_token_id": 0}
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), **sizes, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0))
    optimizer = torch.optim.AdamW(model.parameters(), 5e-3)
    for _ in range(80):
        for text in texts:
            ids = tokenizer(text, return_tensors="pt")["input_ids"]
            model(ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    found = extract(model.eval(), tokenizer, canaries)
    assert [(e.recovered, e.exposure) for e in found] == [(True, 7.0), (True, 7.0)]


def test_the_command_makes_what_the_stage_it_prints_takes_in_and_evaluate_reads(tmp_path):
    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, [str(tmp_path), "--count", "8", "--copies", "0,3", "--seed", "5"])
    assert done.exit_code == 0, done.output
    stated = yaml.safe_load(done.stdout.partition("then:")[0])["planted"]
    assert stated.pop("use") == "collectors.records"
    rows = read(Records(**stated), tmp_path / "work").rows
    canaries = read_canaries(tmp_path / "canaries.json")
    assert canaries == make_canaries(8, 5, (0, 3))
    assert sorted(row["text"] for row in rows) == sorted(c.text for c in canaries for _ in range(c.copies))
    assert {(row["split"], row["language"]) for row in rows} == {("train", "en"), ("train", "zh")}
    wrong = CliRunner().invoke(app, [str(tmp_path), "--copies", "many"])
    assert isinstance(wrong.exception, UsageError)
