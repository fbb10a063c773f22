"""Each loss against its definition, written here a second time and in another way."""

import math

import numpy as np
import pytest
import torch

from tests.training_bridge.tiny import tiny_model
from training_bridge.align import elo_loss, gae, ppo_policy_loss, ppo_value_loss, tdpo_loss
from training_bridge.align.scores import head_scores, logit_scores


def a_batch(pairs=3, time=9, vocabulary=31, seed=0, dtype=torch.float64):
    draw = torch.Generator().manual_seed(seed)
    policy, reference = (torch.randn(2 * pairs, time, vocabulary, generator=draw, dtype=dtype) * 2 for _ in range(2))
    labels = torch.randint(0, vocabulary, (2 * pairs, time), generator=draw)
    starts = torch.randint(1, time - 2, (2 * pairs,), generator=draw)
    ends = torch.randint(0, 2, (2 * pairs,), generator=draw)
    for row in range(2 * pairs):
        labels[row, : starts[row]] = -100
        if ends[row]:
            labels[row, -1] = -100
    return policy, reference, labels


def authors_tdpo(policy, reference, labels, beta, alpha, variant):
    """`_tdpo_get_batch_logps` and `tdpo_loss` of the paper's published trainer, from their description: whole tensors,
    masks instead of places."""
    labels, policy, reference = labels[:, 1:].clone(), policy[:, :-1], reference[:, :-1]
    mask = labels != -100
    labels[~mask] = 0
    log_p, log_r = policy.log_softmax(-1), reference.log_softmax(-1)
    position_kl = (log_r.exp() * (log_r - log_p)).sum(-1)
    chosen_p = torch.gather(log_p, 2, labels.unsqueeze(2)).squeeze(2)
    chosen_r = torch.gather(log_r, 2, labels.unsqueeze(2)).squeeze(2)
    margin = ((chosen_p - chosen_r) * mask).sum(-1)
    kl = (position_kl * mask).sum(-1)
    half = len(labels) // 2
    difference = margin[:half] - margin[half:]
    if variant == 1:
        logits = difference - (kl[half:] - kl[:half])
    else:
        logits = difference - alpha * (kl[half:] - kl[:half].detach())
    return -torch.nn.functional.logsigmoid(beta * logits).mean()


@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_tdpo_is_the_authors(variant, chunk):
    policy, reference, labels = a_batch()
    ours, theirs = policy.clone().requires_grad_(), policy.clone().requires_grad_()
    loss = tdpo_loss(ours, reference, labels, 0.3, 0.7, variant, chunk_tokens=chunk)
    expected = authors_tdpo(theirs, reference, labels, 0.3, 0.7, variant)
    loss.backward()
    expected.backward()
    assert loss.dtype == torch.float64
    assert abs(loss.item() - expected.item()) <= 1e-10
    assert (ours.grad - theirs.grad).abs().max() <= 1e-10
    assert theirs.grad.abs().max() > 1e-3


def test_tdpo_with_alpha_0_is_dpo():
    policy, reference, labels = a_batch(seed=1)
    ours, plain = policy.clone().requires_grad_(), policy.clone().requires_grad_()
    loss = tdpo_loss(ours, reference, labels, 0.1, 0.0, 2)
    sums = []
    for logits in (plain, reference):
        log = logits.log_softmax(-1)
        sums.append(
            torch.stack(
                [
                    sum(log[row, t - 1, labels[row, t]] for t in range(1, labels.shape[1]) if labels[row, t] != -100)
                    for row in range(len(labels))
                ]
            )
        )
    ratios = sums[0] - sums[1]
    dpo = -torch.nn.functional.logsigmoid(0.1 * (ratios[:3] - ratios[3:])).mean()
    loss.backward()
    dpo.backward()
    assert abs(loss.item() - dpo.item()) <= 1e-10
    assert (ours.grad - plain.grad).abs().max() <= 1e-10


@pytest.mark.parametrize("variant", [1, 2])
def test_a_policy_that_is_its_reference_is_worth_ln_2(variant):
    policy, _, labels = a_batch(seed=2)
    assert tdpo_loss(policy, policy, labels, 0.1, 0.5, variant).item() == pytest.approx(math.log(2), abs=1e-15)


@pytest.mark.parametrize("variant", [1, 2])
def test_tdpo_is_finite_in_bf16_at_the_reports_vocabulary(variant):
    draw = torch.Generator().manual_seed(0)
    logits = [(torch.randn(2, 6, 133_120, generator=draw) * 20).bfloat16() for _ in range(2)]
    # Far apart where it hurts most: one calls a token all but impossible that the other is sure of.
    logits[0][:, :, 5], logits[1][:, :, 5] = -300, 300
    policy = logits[0].requires_grad_()
    labels = torch.full((2, 6), 5)
    labels[:, 0] = -100
    loss = tdpo_loss(policy, logits[1], labels, 0.1, 0.5, variant)
    loss.backward()
    assert loss.isfinite() and policy.grad.isfinite().all() and policy.grad.dtype == torch.bfloat16
    exact = authors_tdpo(policy.detach().double(), logits[1].double(), labels, 0.1, 0.5, variant)
    assert loss.item() == pytest.approx(exact.item(), rel=1e-5)


def test_padding_and_prompt_change_nothing_in_tdpo():
    policy, reference, labels = a_batch()
    alone = tdpo_loss(policy, reference, labels)
    wider = [torch.cat([logits, torch.full((6, 4, 31), 1e4)], 1) for logits in (policy, reference)]
    longer = torch.cat([labels, torch.full((6, 4), -100)], 1)
    wider[0] = wider[0].requires_grad_()
    padded = tdpo_loss(*wider, longer)
    padded.backward()
    assert padded.item() == alone.item()
    learnt = longer.roll(-1, 1) != -100
    learnt[:, -1] = False
    assert not wider[0].grad[~learnt].any() and wider[0].grad[learnt].any()


def test_wrong_shapes_and_variants_are_refused():
    policy, reference, labels = a_batch()
    with pytest.raises(ValueError, match="2B"):
        tdpo_loss(policy, reference[:, :-1], labels)
    with pytest.raises(ValueError, match="2B"):
        tdpo_loss(policy[:5], reference[:5], labels[:5])
    with pytest.raises(ValueError, match="variants 1 and 2"):
        tdpo_loss(policy, reference, labels, variant=3)
    with pytest.raises(ValueError, match="at least two"):
        elo_loss(torch.zeros(2, 1), torch.zeros(2, 1))
    with pytest.raises(ValueError, match="KL needs"):
        elo_loss(torch.zeros(2, 2), torch.zeros(2, 2), kl=0.1)


@pytest.mark.parametrize("with_reference", [True, False])
@pytest.mark.parametrize("chunk", [3, 100])
def test_scores_from_the_head_are_those_of_its_logits(with_reference, chunk):
    draw = torch.Generator().manual_seed(0)
    hidden, other = (torch.randn(11, 16, generator=draw, dtype=torch.float64) for _ in range(2))
    weight, other_weight = (torch.randn(41, 16, generator=draw, dtype=torch.float64) * 3 for _ in range(2))
    targets = torch.randint(0, 41, (11,), generator=draw)
    by_logprob, by_divergence = torch.randn(2, 11, generator=draw, dtype=torch.float64)
    gradients, values = [], []
    for fused in (True, False):
        h, w = hidden.clone().requires_grad_(), weight.clone().requires_grad_()
        reference = (other, other_weight) if with_reference else None
        if fused:
            scores = head_scores(h, w, targets, reference, chunk_tokens=chunk)
            logprobs, divergence = scores.logprobs, scores.divergence
        else:
            log = (h @ torch.nn.functional.normalize(w, dim=-1).T).log_softmax(-1)
            logprobs = log[torch.arange(11), targets]
            theirs = (other @ torch.nn.functional.normalize(other_weight, dim=-1).T).log_softmax(-1)
            divergence = (theirs.exp() * (theirs - log)).sum(-1) if with_reference else torch.zeros(11)
        (logprobs @ by_logprob + (divergence * by_divergence).sum()).backward()
        values.append((logprobs.detach(), divergence.detach()))
        gradients.append((h.grad, w.grad))
    for ours, theirs in zip([*values[0], *gradients[0]], [*values[1], *gradients[1]], strict=True):
        assert (ours - theirs).abs().max() <= 1e-12


def test_scores_pass_gradcheck():
    draw = torch.Generator().manual_seed(3)
    hidden, weight = (torch.randn(n, 5, generator=draw, dtype=torch.float64, requires_grad=True) for n in (4, 9))
    other, other_weight = (torch.randn(n, 5, generator=draw, dtype=torch.float64) for n in (4, 9))
    targets = torch.tensor([0, 8, 3, 3])

    def function(h, w):
        scores = head_scores(h, w, targets, (other, other_weight), chunk_tokens=3)
        return scores.logprobs, scores.divergence

    assert torch.autograd.gradcheck(function, (hidden, weight))


def test_a_token_the_reference_rules_out_adds_nothing():
    logits = torch.zeros(1, 2, 4, dtype=torch.float64)
    reference = torch.tensor([[[0.0, 0.0, -torch.inf, 0.0]] * 2], dtype=torch.float64)
    where = (torch.tensor([0]), torch.tensor([0]))
    scores = logit_scores(logits, reference, where, torch.tensor([1]), chunk_tokens=4)
    assert scores.divergence.item() == pytest.approx(math.log(4 / 3))


@pytest.mark.filterwarnings("ignore")
def test_dpo_is_trls_on_the_same_batch(tmp_path):
    """Loss and gradient through M1 itself: ours by the trainer's module, TRL's by its own."""
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    from tests.training_bridge.align.small import samples, tokenizer
    from tests.training_bridge.tiny import tiny_config
    from training_bridge.align.config import TDPOConfig
    from training_bridge.align.tdpo import TDPOLoss
    from training_bridge.batches import Batch
    from training_bridge.m1 import BaichuanM1ForCausalLM

    words = tokenizer()
    torch.manual_seed(0)
    shape = tiny_config(vocab_size=len(words), max_position_embeddings=128, sliding_window=24)
    policy, reference = (BaichuanM1ForCausalLM(shape).eval() for _ in range(2))
    found = samples(4)
    rows = [
        {"prompt": good.prompt, "chosen": good.response, "rejected": bad.response}
        for good, bad in zip(found[::2], found[1::2], strict=True)
    ]
    arguments = DPOConfig(
        output_dir=str(tmp_path), per_device_train_batch_size=4, beta=0.2, use_cpu=True, bf16=False, report_to="none",
        gradient_checkpointing=False, disable_dropout=True,
    )  # fmt: skip
    trainer = DPOTrainer(
        policy, reference, args=arguments, train_dataset=Dataset.from_list(rows), processing_class=words
    )
    batch = next(iter(trainer.get_train_dataloader()))
    theirs = trainer.compute_loss(policy, dict(batch))
    theirs.backward()
    expected = {name: parameter.grad.clone() for name, parameter in policy.named_parameters()}
    policy.zero_grad()

    said = batch["completion_mask"].bool()
    ids, real = batch["input_ids"], batch["attention_mask"].bool()
    targets = torch.where(said, ids, -100).roll(-1, 1)
    targets[:, -1] = -100
    positions = torch.where(real, real.cumsum(1) - 1, (~real).cumsum(1) - 1)
    config = TDPOConfig(beta=0.2, alpha=0.0, variant=2, loss_chunk_tokens=50)
    ours = TDPOLoss(policy, reference.requires_grad_(False), config, torch.float32)(Batch(ids, positions, targets))
    (ours[0] / 4).backward()
    assert abs(ours[0].item() / 4 - theirs.item()) <= 1e-6
    # Beside the whole gradient, for both are sums in fp32.
    norm = sum(gradient.square().sum() for gradient in expected.values()).sqrt()
    for name, parameter in policy.named_parameters():
        assert (parameter.grad - expected[name]).abs().max() <= 1e-6 * norm, name


class Tree:
    """Thoughts of two tokens out of three, then an answer of one out of three: all of it can be enumerated."""

    def __init__(self, seed=0):
        draw = torch.Generator().manual_seed(seed)
        shapes = ((3,), (3, 3), (3, 3, 3))
        self.weights = [torch.randn(s, generator=draw, dtype=torch.float64, requires_grad=True) for s in shapes]
        self.thoughts = [(a, b) for a in range(3) for b in range(3)]

    def logs(self, answer=1):
        """log pi(thought) and log pi(answer | thought), [9] each."""
        first, second, last = (w.log_softmax(-1) for w in self.weights)
        thought = torch.stack([first[a] + second[a, b] for a, b in self.thoughts])
        return thought, torch.stack([last[a, b, answer] for a, b in self.thoughts])

    def gradient(self, value):
        return torch.cat(
            [g.flatten() for g in torch.autograd.grad(value, self.weights, allow_unused=True, materialize_grads=True)]
        )

    def bound(self, kl=0.0, reference=None):
        thought, answer = self.logs()
        value = -(thought.exp() * answer).sum()
        return value + kl * (thought.exp() * (thought - reference)).sum() if kl else value

    def estimates(self, **options):
        """Each pair of thoughts that can be drawn: its probability, and the gradient that the loss has."""
        reference = options.pop("reference", None)
        found = []
        for i in range(9):
            for j in range(9):
                thought, answer = self.logs()
                pair = torch.tensor([[i, j]])
                extra = {} if reference is None else {"reference_logprobs": reference[pair]}
                loss = elo_loss(thought[pair], answer[pair], **extra, **options)
                weight = (thought[i] + thought[j]).exp().item()
                found.append((weight, self.gradient(loss)))
        weights, gradients = zip(*found, strict=True)
        return torch.tensor(weights, dtype=torch.float64), torch.stack(gradients)


def test_elo_gradient_is_the_bounds_by_enumeration():
    tree = Tree()
    exact = tree.gradient(tree.bound())
    for options in ({}, {"baseline": False}):
        weights, gradients = tree.estimates(**options)
        assert (weights @ gradients - exact).abs().max() <= 1e-10
    # The report's equation 3 alone is another direction.
    weights, gradients = tree.estimates(pathwise=0.0)
    assert (weights @ gradients - exact).abs().max() > 1e-2


def test_the_kl_to_a_reference_is_exact_too():
    tree, reference = Tree(), Tree(5).logs()[0].detach()
    exact = tree.gradient(tree.bound(0.3, reference))
    weights, gradients = tree.estimates(kl=0.3, reference=reference)
    assert (weights @ gradients - exact).abs().max() <= 1e-10


def test_the_baseline_leaves_the_mean_and_cuts_the_variance():
    tree = Tree()
    variances, means = [], []
    for baseline in (True, False):
        weights, gradients = tree.estimates(baseline=baseline)
        means.append(weights @ gradients)
        variances.append((weights @ (gradients - means[-1]).square()).sum().item())
    assert (means[0] - means[1]).abs().max() <= 1e-12
    assert variances[0] < 0.7 * variances[1]


def test_elo_improves_the_answer_and_likelihood_of_own_samples_does_not():
    tree = Tree()
    thought, answer = tree.logs()
    before = torch.logsumexp(thought + answer, 0).item()
    # Likelihood of own samples, in expectation, moves thoughts nowhere.
    own = -(thought.exp().detach() * thought).sum()
    assert tree.gradient(own).abs().max() <= 1e-15
    draw = torch.Generator().manual_seed(0)
    for _ in range(60):
        thought, answer = tree.logs()
        drawn = torch.multinomial(thought.exp().detach(), 64, replacement=True, generator=draw).view(16, 4)
        step = tree.gradient(elo_loss(thought[drawn], answer[drawn])).split([w.numel() for w in tree.weights])
        with torch.no_grad():
            for weight, part in zip(tree.weights, step, strict=True):
                weight -= 0.5 * part.view_as(weight)
    thought, answer = tree.logs()
    assert torch.logsumexp(thought + answer, 0).item() > before + 0.5


def test_elos_value_is_the_estimate_of_its_bound():
    thought, answer = torch.tensor([[-1.0, -2.0]]), torch.tensor([[-0.5, -0.7]])
    assert elo_loss(thought, answer).item() == pytest.approx(0.6)
    with_kl = elo_loss(thought, answer, kl=0.1, reference_logprobs=torch.tensor([[-1.5, -2.5]]))
    assert with_kl.item() == pytest.approx(0.6 + 0.1 * 0.5)


def a_ppo_batch(seed=0):
    draw = np.random.default_rng(seed)
    new, old, advantages, values, old_values, returns = draw.normal(size=(6, 4, 7))
    mask = np.zeros((4, 7), bool)
    for row, (start, end) in enumerate([(2, 7), (0, 4), (3, 5), (6, 7)]):
        mask[row, start:end] = True
    return new * 0.3, old * 0.3, advantages, values, old_values, returns, mask


def tensors(*arrays):
    return [torch.from_numpy(a) for a in arrays]


def test_ppo_losses_are_the_papers():
    new, old, advantages, values, old_values, returns, mask = a_ppo_batch()
    policy = value = 0.0
    for i, t in np.argwhere(mask):
        ratio = math.exp(new[i, t] - old[i, t])
        policy -= min(ratio * advantages[i, t], min(max(ratio, 0.8), 1.2) * advantages[i, t])
        held = old_values[i, t] + min(max(values[i, t] - old_values[i, t], -0.2), 0.2)
        value += 0.5 * max((values[i, t] - returns[i, t]) ** 2, (held - returns[i, t]) ** 2)
    n, o, a, v, ov, r, m = tensors(new, old, advantages, values, old_values, returns, mask)
    assert ppo_policy_loss(n, o, a, m, 0.2).item() == pytest.approx(policy / mask.sum(), abs=1e-12)
    assert ppo_value_loss(v, ov, r, m, 0.2).item() == pytest.approx(value / mask.sum(), abs=1e-12)
    unclipped = np.mean(0.5 * (values - returns)[mask] ** 2)
    assert ppo_value_loss(v, ov, r, m, None).item() == pytest.approx(unclipped, abs=1e-12)


def test_ppo_gradients_are_the_papers():
    """Of the policy: nothing where the clipped term is the smaller one, else -ratio * advantage / tokens."""
    new, old, advantages, values, old_values, returns, mask = a_ppo_batch(1)
    n, o, a, v, ov, r, m = tensors(new, old, advantages, values, old_values, returns, mask)
    ppo_policy_loss(n.requires_grad_(), o, a, m, 0.2).backward()
    ppo_value_loss(v.requires_grad_(), ov, r, m, None).backward()
    ratio = np.exp(new - old)
    stopped = ((ratio > 1.2) & (advantages > 0)) | ((ratio < 0.8) & (advantages < 0))
    assert (stopped & mask).any() and (~stopped & mask).any()
    expected = np.where(mask & ~stopped, -ratio * advantages, 0) / mask.sum()
    assert np.abs(n.grad.numpy() - expected).max() <= 1e-12
    assert np.abs(v.grad.numpy() - np.where(mask, values - returns, 0) / mask.sum()).max() <= 1e-12


def test_gae_is_its_definition():
    _, _, rewards, values, *_, mask = a_ppo_batch(2)
    gamma, lam = 0.9, 0.8
    expected = np.zeros_like(values)
    for i in range(len(values)):
        places = np.flatnonzero(mask[i])
        for t in places:
            for k in places[places >= t]:
                following = values[i, k + 1] if k + 1 in places else 0.0
                expected[i, t] += (gamma * lam) ** (k - t) * (rewards[i, k] + gamma * following - values[i, k])
    advantages, returns = gae(*tensors(rewards, values, mask), gamma, lam)
    assert np.abs(advantages.numpy() - expected).max() <= 1e-12
    assert np.abs(returns.numpy() - np.where(mask, expected + values, 0)).max() <= 1e-12
    # lambda 1 is the return less the value, lambda 0 the one-step error.
    montecarlo, total = gae(*tensors(rewards, values, mask), 1.0, 1.0)
    for i in range(len(values)):
        for t in np.flatnonzero(mask[i]):
            assert total[i, t].item() == pytest.approx(rewards[i, t:][mask[i, t:]].sum())
            assert montecarlo[i, t].item() == pytest.approx(total[i, t].item() - values[i, t])


@pytest.mark.parametrize("filling", [0.0, 1e30, math.nan, math.inf])
def test_padding_changes_nothing_in_ppo(filling):
    new, old, advantages, values, old_values, returns, mask = a_ppo_batch(3)
    m = torch.from_numpy(mask)
    clean = tensors(new, old, advantages, values, old_values, returns)
    found = []
    for padded in (False, True):
        n, o, a, v, ov, r = (torch.where(m, t, filling) if padded else t.clone() for t in clean)
        n, v = n.requires_grad_(), v.requires_grad_()
        policy, value = ppo_policy_loss(n, o, a, m), ppo_value_loss(v, ov, r, m)
        (policy + value).backward()
        found.append([policy.detach(), value.detach(), *gae(a, v.detach(), m), n.grad, v.grad])
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


def test_without_a_mask_every_token_counts():
    new, old, advantages, values, old_values, returns, mask = tensors(*a_ppo_batch(5))
    all_ = torch.ones_like(mask)
    assert ppo_policy_loss(new, old, advantages) == ppo_policy_loss(new, old, advantages, all_)
    assert ppo_value_loss(values, old_values, returns) == ppo_value_loss(values, old_values, returns, all_)
    assert all(map(torch.equal, gae(advantages, values), gae(advantages, values, all_)))


def test_a_ratio_of_1_is_the_policy_gradient():
    new, _, advantages, *_, mask = a_ppo_batch(4)
    n, a, m = tensors(new, advantages, mask)
    n.requires_grad_()
    loss = ppo_policy_loss(n, n.detach(), a, m)
    loss.backward()
    assert loss.item() == pytest.approx(-advantages[mask].mean())
    assert np.abs(n.grad.numpy() + np.where(mask, advantages, 0) / mask.sum()).max() <= 1e-15


def test_a_gradient_reaches_every_weight_of_the_model():
    from training_bridge.align.config import TDPOConfig
    from training_bridge.align.tdpo import TDPOLoss
    from training_bridge.batches import assemble

    policy, reference = tiny_model(), tiny_model()
    with torch.no_grad():
        reference.lm_head.weight.add_(torch.randn_like(reference.lm_head.weight))
    batch = assemble([(np.arange(3, 20 + n), np.array([17 + n])) for n in range(4)], 24, 0)
    TDPOLoss(policy, reference.requires_grad_(False), TDPOConfig(), torch.float32)(batch)[0].backward()
    assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in policy.parameters())
    assert all(p.grad is None for p in reference.parameters())
