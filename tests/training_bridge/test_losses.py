import pytest
import torch
from torch.nn import functional as F

from tests.training_bridge.tiny import tiny_model
from training_bridge.batches import Batch
from training_bridge.losses import PackedLoss, cross_entropy, token_losses


@pytest.fixture
def problem():
    draw = torch.Generator().manual_seed(0)
    hidden = torch.randn(37, 16, generator=draw)
    weight = torch.randn(50, 16, generator=draw) * (0.5 + torch.rand(50, 1, generator=draw))
    return hidden.requires_grad_(), weight.requires_grad_(), torch.randint(0, 50, (37,), generator=draw)


def plain(hidden, weight, targets, reduction="sum"):
    return F.cross_entropy(hidden @ F.normalize(weight, dim=-1).T, targets, reduction=reduction)


@pytest.mark.parametrize("chunk", [1, 8, 37, 100])
def test_equals_the_plain_loss_and_its_gradients(problem, chunk):
    hidden, weight, targets = problem
    ours = cross_entropy(hidden, weight, targets, chunk_tokens=chunk)
    theirs = plain(hidden, weight, targets)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-6)
    # Not only for a gradient of 1: accumulation scales it.
    found = torch.autograd.grad(ours * 0.3, (hidden, weight))
    wanted = torch.autograd.grad(theirs * 0.3, (hidden, weight))
    for a, b in zip(found, wanted, strict=True):
        assert (a - b).abs().max() <= 1e-6


def test_gradients_against_finite_differences():
    draw = torch.Generator().manual_seed(1)
    hidden, weight = (torch.randn(n, 4, generator=draw, dtype=torch.float64, requires_grad=True) for n in (5, 7))
    targets = torch.randint(0, 7, (5,), generator=draw)
    # In fp32 inside, hence the tolerances.
    assert torch.autograd.gradcheck(
        lambda h, w: cross_entropy(h, w, targets, chunk_tokens=2), (hidden, weight), eps=1e-2, atol=1e-3, rtol=1e-3
    )


def test_each_tokens_loss(problem):
    hidden, weight, targets = problem
    found = token_losses(hidden, weight, targets, chunk_tokens=10)
    assert (found - plain(hidden, weight, targets, "none")).abs().max() <= 1e-6


def test_nothing_to_predict_has_no_loss_and_no_gradient(problem):
    hidden, weight, targets = problem
    loss = cross_entropy(hidden[:0], weight, targets[:0], chunk_tokens=8)
    loss.backward()
    assert loss.item() == 0.0 and not weight.grad.any()


def test_never_holds_more_logits_than_a_chunk():
    hidden, weight = torch.randn(512, 8, requires_grad=True), torch.randn(3000, 8, requires_grad=True)
    targets = torch.randint(0, 3000, (512,))
    largest = 0

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            nonlocal largest
            out = func(*args, **(kwargs or {}))
            if isinstance(out, torch.Tensor):
                largest = max(largest, out.numel())
            return out

    with Watch():
        cross_entropy(hidden, weight, targets, chunk_tokens=16).backward()
    assert largest <= 16 * 3000 + 3000 * 8


def batch() -> Batch:
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(3, 97, (2, 12), generator=draw)
    targets = torch.roll(ids, -1, 1)
    targets[:, [4, 11]] = -100
    return Batch(ids, torch.cat([torch.arange(5), torch.arange(7)]).expand(2, -1), targets)


def test_packed_loss_is_the_models_own():
    model, packed = tiny_model(), batch()
    loss = PackedLoss(model, chunk_tokens=5)(packed)
    logits = model(packed.input_ids, position_ids=packed.position_ids).logits
    wanted = F.cross_entropy(logits.flatten(0, 1), packed.targets.flatten(), ignore_index=-100, reduction="sum")
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-6)


def test_bfloat16_keeps_float32_weights_and_gradients():
    model, packed = tiny_model(), batch()
    exact = PackedLoss(model, chunk_tokens=5)(packed)
    exact.backward()
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    loss = PackedLoss(model, chunk_tokens=5, dtype=torch.bfloat16)(packed)
    loss.backward()
    assert 0 < abs(loss.item() - exact.item()) <= 1e-2 * exact.item()
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        assert parameter.dtype == parameter.grad.dtype == torch.float32
        assert torch.cosine_similarity(parameter.grad.flatten(), gradient.flatten(), dim=0) > 0.99
