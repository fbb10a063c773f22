import itertools
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from datagen.errors import UsageError
from tests.training_bridge.small_run import ARCHITECTURE, CONFIG, DATA, HELDOUT, TOKENIZER, run
from tests.training_bridge.tiny import tiny_model
from training_bridge.batches import IGNORED, Batches, assemble
from training_bridge.bits_per_byte import bits_per_byte
from training_bridge.config import CurriculumStage, TrainConfig
from training_bridge.losses import PackedLoss
from training_bridge.metrics import JsonLines, read
from training_bridge.train import train
from training_bridge.trainer import Trainer


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    seen = []
    return folder, run(folder, on_step=seen.append), seen


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def final_state(folder: Path) -> dict:
    """All that the last checkpoint holds, but for the length of the clock's file."""
    last = max((folder / "work" / "checkpoints").iterdir())
    state = json.loads((last / "state.json").read_text())
    del state["sizes"]["timings"]
    # By content: the order of a file's metadata varies.
    tensors = {name: t.numpy().tobytes() for path in last.glob("*.safetensors") for name, t in load_file(path).items()}
    return state | tensors


def last_checkpoint(folder: Path) -> tuple[dict, dict[str, torch.Tensor]]:
    """Its progress and its tensors."""
    last = max((folder / "work" / "checkpoints").iterdir())
    state = json.loads((last / "state.json").read_text())
    (tensors,) = last.glob("*.safetensors")
    return state["trainer"]["progress"], load_file(tensors)


def test_killed_at_any_instant_and_resumed_is_byte_identical(tmp_path):
    repository = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.training_bridge.small_run", str(tmp_path)]
    done = subprocess.run(
        command, cwd=repository, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True, stdout=subprocess.PIPE
    )
    report = json.loads(done.stdout)
    assert report["whole"] == report["last"] == report["clock_last"] == 0
    assert set(report["named"].values()) == {-9}
    # On a busy machine the last of these may find nothing left to do.
    assert -9 in report["clock"] and set(report["clock"]) <= {-9, 0}

    whole = contents(tmp_path / "whole" / "out")
    assert {
        "curves.svg",
        "metrics.jsonl",
        "model/config.json",
        "model/generation_config.json",
        "model/model.safetensors",
        "model/tokenizer.json",
        "model/tokenizer_config.json",
        "model/chat_template.jinja",
        "model/configuration_baichuan_m1.py",
        "model/modeling_baichuan_m1.py",
    } == set(whole)
    state = final_state(tmp_path / "whole")
    for interrupted in ("killed", "clock"):
        assert contents(tmp_path / interrupted / "out") == whole
        assert final_state(tmp_path / interrupted) == state
        timings = read(tmp_path / interrupted / "work" / "timings.jsonl")
        assert [row["step"] for row in timings] == list(range(1, state["trainer"]["progress"]["step"] + 1))


def test_learns_through_three_stages(finished):
    _, result, _ = finished
    rows = read(result.metrics)
    steps = [row for row in rows if "loss" in row]
    assert [row["step"] for row in steps] == list(range(1, result.steps + 1))
    assert list(dict.fromkeys(row["stage"] for row in rows)) == ["general", "basic", "advanced"]
    assert steps[0]["loss"] == pytest.approx(math.log(500) + 0.5, rel=0.03)
    assert np.mean([row["loss"] for row in steps[-3:]]) < 0.75 * steps[0]["loss"]
    for label in ("en", "zh"):
        bits = [result.bits_per_byte[stage][label] for stage in ("general", "basic", "advanced")]
        assert bits[0] > bits[1] > bits[2]
    assert not {"seconds", "tokens_per_second"} & {key for row in rows for key in row}


def test_stages_end_with_the_step_that_reaches_their_tokens(finished):
    rows = [row for row in read(finished[1].metrics) if "loss" in row]
    before = 0
    for stage in CONFIG.stages:
        ends = [row["tokens"] - before for row in rows if row["stage"] == stage.name]
        assert ends[-2] < stage.tokens <= ends[-1]
        before += ends[-1]
    assert before == finished[1].tokens


def test_each_stage_reads_its_own_stream_from_the_start(finished):
    rows = [row for row in read(finished[1].metrics) if "loss" in row]
    tokens = iter(np.diff([0, *(row["tokens"] for row in rows)]))
    for number, stage in enumerate(CONFIG.stages):
        length = stage.sequence_length
        stream = Batches(DATA[stage.name], sequence_length=length, vocab_size=500, seed=(CONFIG.seed, number, 0))
        count = CONFIG.batch_tokens // length
        for step in range(sum(row["stage"] == stage.name for row in rows)):
            assert next(tokens) == sum(len(ids) for ids, _ in stream.rows(step * count, count))


def test_rope_base_follows_the_stage(tmp_path, monkeypatch):
    bases, step = [], Trainer.step

    def watched(trainer, stage, stream):
        bases.append((stage.name, trainer.model.config.rope_theta))
        return step(trainer, stage, stream)

    monkeypatch.setattr(Trainer, "step", watched)
    run(tmp_path, heldout={})
    assert list(dict.fromkeys(bases)) == [("general", 1e5), ("basic", 1e5), ("advanced", 1e6)]


def test_metrics_go_back_to_the_checkpoint(tmp_path):
    path = tmp_path / "rows.jsonl"
    lines = JsonLines(path, 0)
    lines.write({"step": 1})
    size = lines.sync()
    lines.write({"step": 2, "seconds": 0.123456789})
    lines.close()
    lines = JsonLines(path, size)
    lines.write({"step": 2})
    lines.close()
    assert read(path) == [{"step": 1}, {"step": 2}]
    with pytest.raises(ValueError, match="shorter than its checkpoint"):
        JsonLines(path, 1000)


def test_learning_rate_warms_up_holds_and_decays_in_the_last_stage(finished):
    rows = [row for row in read(finished[1].metrics) if "loss" in row]
    for row in rows:
        if row["tokens"] < CONFIG.warmup_tokens:
            assert row["lr"] == pytest.approx(CONFIG.peak_lr * row["tokens"] / CONFIG.warmup_tokens)
        elif row["stage"] != "advanced":
            assert row["lr"] == CONFIG.peak_lr or row["tokens"] > CONFIG.decay_start
    assert rows[-1]["lr"] == CONFIG.final_lr


def test_moments_survive_stage_switches_and_two_checkpoints_stay(finished):
    folder, result, _ = finished
    checkpoints = sorted((folder / "work" / "checkpoints").iterdir())
    assert len(checkpoints) == 2
    assert checkpoints[-1].name == f"step-{result.steps:010d}"
    progress, tensors = last_checkpoint(folder)
    assert progress["applied"] == result.steps - result.skipped
    names = {name for name in tensors if not name.startswith("optimizer.")}
    moments = {f"optimizer.{name}.{kind}" for name in names for kind in ("exp_avg", "exp_avg_sq")}
    assert moments == tensors.keys() - names
    assert {p.suffix for p in checkpoints[-1].iterdir()} == {".safetensors", ".json"}


def test_clock_is_outside_of_the_result(finished):
    folder, result, seen = finished
    timings = read(result.timings)
    assert [row["step"] for row in timings] == [row["step"] for row in seen] == list(range(1, result.steps + 1))
    assert all(row["tokens_per_second"] > 0 for row in timings)
    assert result.timings.parent == folder / "work"


def test_result_loads_and_generates(finished):
    _, result, _ = finished
    model = AutoModelForCausalLM.from_pretrained(result.model)
    tokenizer = AutoTokenizer.from_pretrained(result.model)
    assert model.config.rope_theta == 1e6
    assert len(tokenizer) == model.config.vocab_size
    for prompt in ("The patient", "患者"):
        inputs = tokenizer(prompt, return_tensors="pt")
        assert model.generate(**inputs, max_new_tokens=5, do_sample=False).shape[1] > inputs.input_ids.shape[1]


def test_accumulation_equals_one_batch(finished, tmp_path):
    single = run(tmp_path, CONFIG.model_copy(update={"micro_batch_tokens": CONFIG.batch_tokens}))
    losses = [[row["loss"] for row in read(r.metrics) if "loss" in row] for r in (finished[1], single)]
    assert len(losses[0]) >= 15
    assert np.abs(np.subtract(*losses)).max() <= 5e-6


def test_step_that_is_not_finite_leaves_weights_and_moments(tmp_path, monkeypatch):
    config = CONFIG.model_copy(update={"stages": (CONFIG.stages[0],), "warmup_tokens": 0})
    original, calls = PackedLoss.forward, itertools.count()

    def poisoned(loss, batch):
        return original(loss, batch) * (math.nan if next(calls) == 5 else 1.0)

    monkeypatch.setattr(PackedLoss, "forward", poisoned)
    table = {"general": DATA["general"]}
    result = train(
        config, ARCHITECTURE, table, tmp_path / "out", work=tmp_path / "work", tokenizer=TOKENIZER, heldout={}
    )
    rows = [row for row in read(result.metrics) if "loss" in row]
    assert [row["step"] for row in rows if row["skipped"]] == [3]
    assert result.skipped == 1
    assert rows[2]["loss"] is None and rows[2]["grad_norm"] is None
    assert all(math.isfinite(row["loss"]) for row in rows[3:])
    progress, tensors = last_checkpoint(tmp_path)
    assert progress["applied"] == result.steps - 1
    assert all(tensor.isfinite().all() for tensor in tensors.values())


def test_another_run_is_not_resumed(finished):
    folder, _, _ = finished
    with pytest.raises(UsageError, match="another run"):
        run(folder, CONFIG.model_copy(update={"peak_lr": 1e-3}))


def test_finished_run_exports_again_without_training(finished):
    folder, result, _ = finished
    before = contents(folder / "out")
    steps = []
    assert run(folder, on_step=steps.append) == result
    assert steps == []
    assert contents(folder / "out") == before


def test_threads_and_random_state_are_left_as_found(tmp_path):
    torch.set_num_threads(2)
    try:
        state = torch.get_rng_state()
        config = CONFIG.model_copy(update={"stages": (CONFIG.stages[0].model_copy(update={"tokens": 10}),)})
        config = config.model_copy(update={"warmup_tokens": 0})
        train(
            config,
            ARCHITECTURE,
            {"general": DATA["general"]},
            tmp_path / "out",
            work=tmp_path / "work",
            tokenizer=TOKENIZER,
            heldout={},
        )
        assert torch.get_num_threads() == 2
        assert torch.equal(torch.get_rng_state(), state)
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"data": {"general": DATA["general"]}}, "the stages read advanced, basic, general"),
        ({"data": DATA | {"general": DATA["advanced"]}}, "the stage's length is 64"),
        ({"data": DATA | {"general": DATA["general"][:0]}}, "no packed sequences"),
        ({"data": DATA | {"general": DATA["general"].drop_columns("curriculum")}}, "need the schema"),
        ({"heldout": HELDOUT | {"de": [""]}}, "no held-out text for 'de'"),
        ({"architecture": {"vocab_size": 400}}, "the tokenizer has 500 tokens, the model 400"),
        ({"architecture": {"eos_token_id": 5}}, "eos_token_id: tokenizer 2, model 5"),
        ({"architecture": {"max_position_embeddings": 64, "model_max_length": 64}}, "exceeds the model's 64"),
    ],
)
def test_inputs_that_do_not_fit(tmp_path, change, message):
    architecture = type(ARCHITECTURE)(**(ARCHITECTURE.to_dict() | change.get("architecture", {})))
    with pytest.raises(UsageError, match=message):
        train(
            CONFIG,
            architecture,
            change.get("data", DATA),
            tmp_path / "out",
            work=tmp_path / "work",
            tokenizer=TOKENIZER,
            heldout=change.get("heldout", HELDOUT),
        )


@pytest.mark.parametrize(
    "change, message",
    [
        ({"micro_batch_tokens": 96}, "not a multiple of the general stage's sequence_length"),
        ({"micro_batch_tokens": 384, "batch_tokens": 512}, "not a multiple of micro_batch_tokens"),
        ({"warmup_tokens": 10_000}, "warmup_tokens must be smaller"),
        ({"stages": [CONFIG.stages[0], CONFIG.stages[0]]}, "each stage may occur once"),
        ({"peak_learning_rate": 1.0}, "Extra inputs"),
    ],
)
def test_bad_options(change, message):
    with pytest.raises(ValidationError, match=message):
        TrainConfig(**(dict(CONFIG) | change))


def test_overfits_one_batch(tmp_path):
    table = DATA["general"][:2]
    config = TrainConfig(
        stages=(CurriculumStage(name="general", tokens=120 * 128, sequence_length=64),),
        batch_tokens=128,
        micro_batch_tokens=128,
        peak_lr=2e-2,
        final_lr=1e-3,
        weight_decay=0.0,
    )
    result = train(
        config,
        ARCHITECTURE,
        {"general": table},
        tmp_path / "out",
        work=tmp_path / "work",
        tokenizer=TOKENIZER,
        heldout={},
    )
    assert read(result.metrics)[-2]["loss"] < 0.1


def stream(table: pa.Table, seed: int = 3) -> Batches:
    return Batches(table, sequence_length=64, vocab_size=500, seed=(seed, 0))


def test_each_epoch_has_every_row_once_in_its_own_order():
    table = DATA["general"]
    rows = stream(table)
    epochs = [[tuple(ids) for ids, _ in rows.rows(e * len(rows), len(rows))] for e in range(2)]
    everything = sorted(map(tuple, table["input_ids"].to_pylist()))
    assert sorted(epochs[0]) == sorted(epochs[1]) == everything
    assert epochs[0] != epochs[1]
    # Any place of the stream is reached directly, also across an epoch's end.
    middle = stream(table).rows(len(rows) - 2, 4)
    assert [tuple(ids) for ids, _ in middle] == epochs[0][-2:] + epochs[1][:2]
    assert [tuple(ids) for ids, _ in stream(table, seed=4).rows(0, len(rows))] != epochs[0]


def test_sliced_tables_read_the_same():
    table = DATA["general"]
    whole, part = stream(table), stream(pa.concat_tables([table[:3], table[3:]])[2:7])
    assert len(part) == 5
    lengths = sorted(tuple(lengths) for _, lengths in part.rows(0, 5))
    assert lengths == sorted(map(tuple, table["document_lengths"].to_pylist()[2:7]))
    assert stream(pa.concat_tables([table[:3], table[3:]])).sha256 == whole.sha256


def test_document_lengths_must_add_up():
    row = {"input_ids": [1, 5, 2], "document_lengths": [2], "curriculum": "general"}
    table = pa.Table.from_pylist([row], schema=DATA["general"].schema)
    with pytest.raises(UsageError, match="don't add up"):
        stream(table)


def test_assembled_batch():
    batch = assemble([(np.array([1, 7, 2, 1, 9, 8, 2]), np.array([3, 4])), (np.array([1, 2]), [2])], 9, pad=0)
    assert batch.input_ids.tolist() == [[1, 7, 2, 1, 9, 8, 2, 0, 0], [1, 2, 0, 0, 0, 0, 0, 0, 0]]
    assert batch.position_ids.tolist() == [[0, 1, 2, 0, 1, 2, 3, 0, 1], [0, 1, 0, 1, 2, 3, 4, 5, 6]]
    x = IGNORED
    assert batch.targets.tolist() == [[7, 2, x, 9, 8, 2, x, x, x], [2, x, x, x, x, x, x, x, x]]


def test_bits_per_byte_of_a_uniform_model():
    model = tiny_model(vocab_size=500)
    with torch.no_grad():
        model.model.norm.weight.zero_()
    texts = ["fever and cough", "发热。" * 40]
    tokens = sum(len(TOKENIZER(text, add_special_tokens=False)["input_ids"]) + 1 for text in texts)
    expected = tokens * math.log2(500) / sum(len(text.encode()) for text in texts)
    # The second text needs several windows of 16 tokens; each token is still counted once.
    found = bits_per_byte(model, TOKENIZER, {"all": texts}, sequence_length=16)
    assert found["all"] == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ValueError, match="no held-out text for 'none'"):
        bits_per_byte(model, TOKENIZER, {"none": []}, sequence_length=16)


def test_bits_per_byte_is_the_likelihood_of_each_text_alone():
    model = tiny_model(vocab_size=500)
    texts = HELDOUT["en"][:3] + HELDOUT["zh"][:3]
    # Labels may share texts, and name one twice.
    labels = {"all": texts, "en": texts[:3], "zh": texts[3:], "twice": [texts[1], texts[1], texts[4]]}
    nats = {}
    with torch.no_grad():
        for text in texts:
            ids = torch.tensor([[*TOKENIZER(text)["input_ids"], 2]])
            logits = model(ids).logits[0, :-1].log_softmax(-1)
            nats[text] = -logits.gather(1, ids[0, 1:, None]).sum().item()
    found = bits_per_byte(model, TOKENIZER, labels, sequence_length=256)
    for label, chosen in labels.items():
        expected = sum(nats[t] for t in chosen) / math.log(2) / sum(len(t.encode()) for t in chosen)
        assert found[label] == pytest.approx(expected, rel=1e-5)
