"""Reward models of Hugging Face's format: any sequence classifier, the bundled M1 too."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from datagen.errors import UsageError
from reward_filter import load
from reward_filter.corrupt import NEAR, Pair
from reward_filter.encoder import Encoder
from reward_filter.train import calibration
from tests.synthesis.tiny_model import make_tiny_model
from tests.training_bridge.tiny import tiny_model

PAIR = Pair("p", "What is it?", "Good: it is gout.", "Bad: it is gout.", "wrong_entity", "en", "g", "train", NEAR)
PAIRS = [replace(PAIR, id=str(n), prompt=f"What is {n}?") for n in range(16)]


def m1(folder: Path) -> Path:
    make_tiny_model(folder)
    tokens = len(AutoTokenizer.from_pretrained(folder))
    tiny_model(vocab_size=tokens, max_position_embeddings=128).save_pretrained(folder, safe_serialization=True)
    return folder


@pytest.mark.parametrize("make", [make_tiny_model, m1])
def test_it_learns_what_is_better_and_is_read_back(tmp_path, make):
    torch.manual_seed(0)
    encoder = Encoder.open(make(tmp_path / "base"), length=64)
    losses = encoder.train(PAIRS, epochs=8, rate=3e-3, batch=8)
    assert np.mean(losses[-2:]) < 0.7 * losses[0]
    prompts = [p.prompt for p in PAIRS]
    good, bad = (encoder.raw(prompts, [getattr(p, side) for p in PAIRS]) for side in ("chosen", "rejected"))
    assert (good > bad).all()
    encoder.calibration = calibration(good, bad, np.array(["answer"] * len(PAIRS), dtype=object))
    folder = tmp_path / "reward"
    folder.mkdir()
    encoder.write(folder)
    again = load(folder)
    np.testing.assert_allclose(
        again.score(prompts, [p.chosen for p in PAIRS]), encoder.score(prompts, ["Good: it is gout."] * 16)
    )
    assert again.score(prompts[:1], ["Good: it is gout."])[0] > 0.5 > again.score(prompts[:1], ["Bad: it is gout."])[0]


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(UsageError, match="can't be opened"):
        Encoder.open(tmp_path)
