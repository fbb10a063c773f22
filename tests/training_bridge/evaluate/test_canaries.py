import json
from pathlib import Path

import pytest

import training_bridge.m1  # noqa: F401
from datagen.errors import UsageError
from tests.training_bridge.texts import documents
from tests.training_bridge.tiny import tiny_config
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
