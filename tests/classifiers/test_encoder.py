import re

import pyarrow.parquet as pq
import pytest
import torch
from typer.testing import CliRunner

import classifiers
from classifiers.encoder import Encoder
from classifiers.learn_encoder import learn_encoder
from datagen.errors import UsageError
from datagen.record import table
from tests.classifiers.test_train import row

HEART, SKIN = "the heart murmur and the valve", "an itching rash of the skin"


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    """A tiny encoder with random weights, as a stranger would have a large one: a folder."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    words = ["[PAD]", "[UNK]", *sorted({*HEART.split(), *SKIN.split()})]
    inner = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(folder)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(words), max_position_embeddings=64, **sizes)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder, safe_serialization=True)
    return folder


def rows(count: int = 200):
    return table(
        row(
            n,
            text=f"{SKIN if n % 2 else HEART} {n}",
            department="DERM" if n % 2 else "CARD",
            content_type=("NOTE", "QA")[n % 2] if n % 3 else None,
            split="train" if n < min(60, count // 2) else "validation",
        )
        for n in range(count)
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory, pretrained):
    folder = tmp_path_factory.mktemp("trained")
    held_out = learn_encoder([rows()], pretrained, folder, 30, 1000, 0.95, 0)
    assert held_out["department"]["all"]["accuracy"] == 1 and held_out["content_type"]["all"]["accuracy"] == 1
    # 140 rows of the validation split: what it is calibrated on is not what it is measured on
    calibrated = int(re.search(r"on (\d+) labelled rows", (folder / "card.md").read_text("utf-8"))[1])
    assert 50 <= calibrated == 140 - held_out["department"]["all"]["rows"]
    return folder


def test_an_encoder_is_an_engine_like_the_linear_one(folder):
    heart, skin = classifiers.load(folder).predict([HEART, SKIN])
    assert (heart["department"], skin["department"]) == ("CARD", "DERM")
    assert set(heart["scores"]["department"]) == {"CARD", "DERM"} and 0 <= heart["value"] <= 5
    assert classifiers.load(folder).predict([]) == []
    assert "Transformer encoder" in (folder / "card.md").read_text("utf-8")


def test_its_file_is_checked_and_holds_no_pickle(folder, tmp_path):
    assert not list(folder.rglob("*.bin")) and not list(folder.rglob("*.pt"))
    other = folder / "model.safetensors"
    before = other.read_bytes()
    other.write_bytes(before[:-1] + b"x")
    with pytest.raises(UsageError, match="not the file that was trained"):
        classifiers.load(folder)
    other.write_bytes(before)


def test_what_is_no_encoder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is no encoder"):
        Encoder.pretrained(tmp_path, 2)


def test_the_command_fine_tunes_one(tmp_path, pretrained):
    from datagen.cli import _app

    pq.write_table(rows(40), tmp_path / "rows.parquet")
    made = ["train-classifier", str(tmp_path / "rows.parquet"), "--out", str(tmp_path / "m")]
    arguments = [*made, "--encoder", str(pretrained), "--epochs", "1"]
    run = CliRunner().invoke(_app(arguments), arguments)
    assert run.exit_code == 0, run.output
    assert (tmp_path / "m" / "classifier.json").is_file()
