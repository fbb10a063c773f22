import random
import shutil

import numpy as np
import pytest

from datagen.record import record_id, table
from tests.classifiers.local import rows_of, run_stage
from tests.training_bridge.small_run import ARCHITECTURE, CONFIG, DATA, HELDOUT, TOKENIZER
from tests.training_bridge.texts import documents
from training_bridge.difficulty import ModelCurriculum
from training_bridge.train import train

SEEN = documents(60, seed=10)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    train(CONFIG, ARCHITECTURE, DATA, folder / "out", work=folder / "work", tokenizer=TOKENIZER, heldout=HELDOUT)
    return folder / "out" / "model"


def shuffled(text: str) -> str:
    letters = list(text)
    random.Random(0).shuffle(letters)
    return "".join(letters)


@pytest.mark.proof("training_bridge.curriculum", "fixture")
def test_what_the_model_finds_hard_comes_later(model, tmp_path):
    """Reviews of a middling value are advanced if they are among the hardest third of their language."""
    hard = set(range(0, 60, 4)) | set(range(1, 60, 4))
    lines = [
        {
            "id": record_id("t", str(n)), "group": str(n), "source": "t", "source_id": str(n), "split": "train",
            "language": "en" if n % 2 else "zh", "text": shuffled(text) if n in hard else text,
            "department": "CARD", "content_type": "REVIEW", "value": 3.5,
        }
        for n, text in enumerate(SEEN)
    ]  # fmt: skip
    shutil.copytree(model, tmp_path / "earlier")
    stage = ModelCurriculum(model="earlier", sequence_length=64)
    found = rows_of(run_stage(tmp_path, stage, [table(lines)], artefacts={"model": "earlier"})).to_pylist()
    by_id = {row["id"]: row["curriculum"] for row in found}
    late = {n for n in range(60) if by_id[record_id("t", str(n))] == "advanced"}
    assert late <= hard and len(late) >= 18
    assert {n % 2 for n in late} == {0, 1}


def test_a_text_without_words_is_neither(model):
    from transformers import AutoTokenizer

    from training_bridge.m1 import BaichuanM1ForCausalLM

    stage = ModelCurriculum(model="earlier", sequence_length=64)
    bits = stage._bits(
        ["", SEEN[1], SEEN[1]],
        BaichuanM1ForCausalLM.from_pretrained(model).eval(),
        AutoTokenizer.from_pretrained(model),
    )
    assert np.isnan(bits[0]) and 0 < bits[1] == bits[2] < 8
