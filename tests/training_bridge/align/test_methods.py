"""What the methods do around their losses: where a reward sits, what a long answer costs, what ELO puts together."""

import numpy as np
import pytest
import torch

from tests.training_bridge.align.small import samples, tokenizer, write_model, write_pairs
from training_bridge.align import elo as elo_module
from training_bridge.align.aligner import Given, load
from training_bridge.align.batch import assemble_said, spoken
from training_bridge.align.config import ELOConfig, PPOConfig
from training_bridge.align.elo import ELO
from training_bridge.align.ppo import PPO, _row
from training_bridge.align.rollout import Rollout
from training_bridge.distributed import Ranks

COMMON = {"max_tokens": 96, "max_new_tokens": 16, "batch": 4, "micro_batch": 2}
EOS = 2


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("given")
    model, pairs = write_model(folder / "model"), write_pairs(folder / "pairs", samples(20))
    return Given(model, pairs, folder / "rollouts", tokenizer(), Ranks.here())


def ppo(given, **options) -> PPO:
    return PPO(PPOConfig(**(COMMON | {"soft_tokens": 8} | options)), given)


def rollouts(*lengths) -> list[Rollout]:
    draw = np.random.default_rng(0)
    return [
        Rollout(np.array([71, 80, 74], np.int32), np.append(draw.integers(80, 300, n - 1), EOS).astype(np.int32), True)
        for n in lengths
    ]


def test_the_reward_sits_on_the_end_token_and_not_on_padding(given):
    method = ppo(given, kl=0.0, lam=0.0)
    batch = assemble_said([_row(rollout) for rollout in rollouts(2, 5, 9)], 0)
    (lesson,), divergence = method._lessons([batch], np.array([1.0, 0.25, -0.5]))
    rows, _, targets = spoken(batch.targets)
    # The value head is zero at first and lambda is 0: what is returned is the token's own reward.
    returns = lesson.known[3]
    assert (lesson.known[1] == 0).all() and divergence == 0
    for row, worth in enumerate((1.0, 0.25, -0.5)):
        mine = rows == row
        assert targets[mine][-1] == EOS
        assert returns[mine].tolist() == [*[0.0] * (int(mine.sum()) - 1), worth]
    advantages = lesson.known[2]
    assert advantages.mean().item() == pytest.approx(0, abs=1e-6)
    assert advantages.std(unbiased=False).item() == pytest.approx(1, abs=1e-4)


def test_every_token_pays_for_its_distance_from_the_reference(given):
    method = ppo(given, kl=0.5, lam=0.0)
    with torch.no_grad():
        method.model.lm_head.weight.add_(torch.randn_like(method.model.lm_head.weight) * 0.05)
    batch = assemble_said([_row(rollout) for rollout in rollouts(3, 6)], 0)
    (lesson,), divergence = method._lessons([batch], np.zeros(2))
    rows, places, targets = spoken(batch.targets)
    with torch.no_grad():
        apart = [
            model(batch.input_ids, position_ids=batch.position_ids).logits.log_softmax(-1)[rows, places, targets]
            for model in (method.model, load(given.model).eval())
        ]
    difference = apart[0] - apart[1]
    assert (lesson.known[3] + 0.5 * difference).abs().max() <= 1e-5
    assert divergence == pytest.approx(difference.sum().item() / 2, abs=1e-5)


def test_an_answer_that_is_too_long_costs_more_the_longer_it_is(given):
    method = ppo(given, length_penalty=2.0)
    assert [method._penalty(rollout) for rollout in rollouts(1, 8, 12, 16)] == [0.0, 0.0, 1.0, 2.0]


def test_the_kls_weight_is_steered_to_its_target(given):
    method = ppo(given, kl_target=1.0, kl=0.1)
    method._lessons = lambda batches, worth, real=method._lessons: (real(batches, worth)[0], 5.0)
    method.step()
    assert method.kl == pytest.approx(0.1 * 1.02)
    state = method.state()
    again = ppo(given, kl_target=1.0, kl=0.1)
    again.load_state(state)
    assert again.kl == method.kl and again.progress.step == 1


def test_what_ppo_publishes_has_no_value_head(given):
    method = ppo(given)
    with torch.no_grad():
        method.model.value_head.weight.fill_(1.0)
    names = set(method.finished().state_dict())
    assert names == set(load(given.model).state_dict())


def test_the_first_minibatch_has_ratio_1_and_clips_nothing(given):
    method = ppo(given, steps=9, epochs=2, minibatches=2, peak_lr=1e-2)
    metrics = [method.step()[0] for _ in range(2)]
    assert all(row["first_ratio"] == 1.0 and row["first_clip_fraction"] == 0.0 for row in metrics)
    # Later ones find a policy that has moved.
    assert metrics[1]["kl_old"] > 0 and metrics[1]["clip_fraction"] > 0
    assert metrics[0]["kl"] == 0 and metrics[1]["kl"] != 0


@pytest.fixture
def elo(given) -> ELO:
    return ELO(ELOConfig(**COMMON, samples=2, steps=1), given)


def test_elo_asks_for_what_stands_behind_the_thought(elo):
    rows = {row["id"]: row["messages"][-1]["content"] for row in elo.given.rows("sft")}
    assert elo.data == {"rows": len(rows), "left_out": 0}
    decode = tokenizer().decode
    for asked in elo.questions:
        whole = rows[asked.id]
        thought, _, conclusion = whole.partition("\n")
        assert asked.end == ("Answer" if whole.isascii() else "答案")
        assert decode(asked.forced) == f"\n{asked.end}"
        assert decode(asked.answer) == conclusion.removeprefix(asked.end) + "</s>"
        # A thought that comes to its end is read as SFT read it.
        told = tokenizer()(f"{thought}\n{asked.end}", add_special_tokens=False)["input_ids"]
        assert [*told, *asked.answer.tolist()] == [*tokenizer()(whole, add_special_tokens=False)["input_ids"], EOS]


def test_elo_puts_the_answer_behind_every_kind_of_thought(elo):
    asked, decode = elo.questions[0], tokenizer().decode
    ids = lambda text: np.array(tokenizer()(text, add_special_tokens=False)["input_ids"], np.int32)  # noqa: E731
    question, answer = decode(asked.prompt), decode(asked.answer)
    for thought, ended, between in (
        (ids(f"so it is\n{asked.end}"), True, ""),
        (ids("so it"), False, f"\n{asked.end}"),
        (np.append(ids("so it"), EOS).astype(np.int32), True, f"\n{asked.end}"),
    ):
        parts = elo_module._parts(asked, Rollout(asked.prompt, thought, ended), elo.stops)
        assert decode(np.concatenate(parts)) == question + decode(thought) + between + answer
    batch = elo._assembled([(asked, Rollout(asked.prompt, ids("so it"), False))])
    rows, places, targets = spoken(batch.batch.targets)
    answering = batch.answering[rows, places]
    assert decode(targets[~answering]) == "so it" and decode(targets[answering]) == answer


def test_a_step_takes_answers_that_a_killed_one_left(elo, monkeypatch):
    asked, first = elo.asked()
    found, _ = elo.answers(asked, first)
    monkeypatch.setattr("training_bridge.align.sampling.generate", None)
    again, _ = elo.answers(asked, first)
    assert [r.response.tolist() for r in found] == [r.response.tolist() for r in again]
    assert len(found) == 8 and len({str(r.response) for r in found}) > 4
