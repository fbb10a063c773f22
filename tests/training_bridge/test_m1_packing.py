import pytest
import torch
from torch.nn import functional as F
from transformers import DynamicCache, StaticCache

from tests.training_bridge.tiny import tiny_model

LENGTHS = [3, 1, 9, 12, 2]


def packed_inputs():
    ids = torch.randint(3, 97, (1, sum(LENGTHS)), generator=torch.Generator().manual_seed(0))
    positions = torch.cat([torch.arange(length) for length in LENGTHS])[None]
    return ids, positions


def nll(logits, ids):
    return F.cross_entropy(logits[0, :-1], ids[0, 1:], reduction="sum")


def separate_documents(model, ids):
    return [model(document, use_cache=False).logits for document in ids.split(LENGTHS, dim=1)]


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_equals_separate_logits_and_gradients(attention):
    ids, positions = packed_inputs()
    gradients = []
    for packed in (True, False):
        model = tiny_model(attn_implementation=attention)
        if packed:
            logits = model(ids, position_ids=positions, use_cache=False).logits
            parts = logits.split(LENGTHS, dim=1)
        else:
            parts = separate_documents(model, ids)
            assert (torch.cat(parts, dim=1) - logits).abs().max() <= 1e-5
        sum(nll(part, document) for part, document in zip(parts, ids.split(LENGTHS, dim=1), strict=True)).backward()
        gradients.append({name: p.grad for name, p in model.named_parameters()})
    for name, gradient in gradients[0].items():
        scale = max(1.0, gradient.abs().max().item())
        assert (gradient - gradients[1][name]).abs().max() <= 1e-5 * scale, name


# Upstream's own detection works only without mask and cache; contamination elsewhere would be silent.
@pytest.mark.parametrize("how", ["cache", "static cache", "mask of ones", "padded"])
def test_packed_with_cache_or_mask(model, how):
    ids, positions = packed_inputs()
    with torch.no_grad():
        expected = torch.cat(separate_documents(model, ids), dim=1)
        if how == "cache":
            logits = model(ids, position_ids=positions, past_key_values=DynamicCache(config=model.config)).logits
        elif how == "static cache":
            cache = StaticCache(config=model.config, max_cache_len=40)
            logits = model(ids, position_ids=positions, past_key_values=cache).logits
        elif how == "mask of ones":
            logits = model(ids, position_ids=positions, attention_mask=torch.ones_like(ids)).logits
        else:
            logits = model(
                F.pad(ids, (0, 3), value=50),
                position_ids=F.pad(positions, (0, 3)),
                attention_mask=F.pad(torch.ones_like(ids), (0, 3)),
            ).logits[:, :-3]
    assert (logits - expected).abs().max() <= 1e-5


def test_poison_stays_in_its_document(model):
    ids, positions = packed_inputs()
    start, end = sum(LENGTHS[:2]), sum(LENGTHS[:3])
    poisoned = ids.clone()
    poisoned[:, start:end] = (poisoned[:, start:end] + 31) % 97
    with torch.no_grad():
        clean = model(ids, position_ids=positions).logits
        other = model(poisoned, position_ids=positions).logits
    assert torch.equal(clean[:, :start], other[:, :start])
    assert torch.equal(clean[:, end:], other[:, end:])
    assert not torch.equal(clean[:, start:end], other[:, start:end])


def test_rows_pack_differently(model):
    ids = torch.randint(3, 97, (2, 10), generator=torch.Generator().manual_seed(4))
    positions = torch.tensor([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 1, 2, 0, 1, 2, 3, 4, 5, 6]])
    with torch.no_grad():
        both = model(ids, position_ids=positions).logits
        assert (both[:1] - model(ids[:1]).logits).abs().max() <= 1e-5
        assert (both[1:, :3] - model(ids[1:, :3]).logits).abs().max() <= 1e-5
        assert (both[1:, 3:] - model(ids[1:, 3:]).logits).abs().max() <= 1e-5


def test_document_start_inside_a_continuation_is_refused(model):
    ids, positions = packed_inputs()
    cache = DynamicCache(config=model.config)
    with torch.no_grad():
        model(ids[:, :2], position_ids=positions[:, :2], past_key_values=cache)
        with pytest.raises(ValueError, match="inside the continuation of a cache"):
            model(ids[:, 2:], position_ids=positions[:, 2:], past_key_values=cache)
