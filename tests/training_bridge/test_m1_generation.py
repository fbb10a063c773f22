import json

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, DynamicCache, StaticCache

from tests.training_bridge.tiny import tiny_model
from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM


def tokens(batch: int, time: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(3, 97, (batch, time), generator=torch.Generator().manual_seed(seed))


def cached_logits(model, ids, chunks, cache) -> torch.Tensor:
    with torch.no_grad():
        return torch.cat([model(part, past_key_values=cache).logits for part in ids.split(chunks, dim=1)], dim=1)


# The window is 5: chunks that end just before, at and after it, and far beyond.
@pytest.mark.parametrize("chunks", [[1] * 23, [4, 19], [5, 18], [6, 17], [10, 13], [7, 1, 9, 6], [22, 1]], ids=str)
def test_any_chunking_equals_prefill(model, chunks):
    ids = tokens(2, 23)
    with torch.no_grad():
        whole = model(ids).logits
    parts = cached_logits(model, ids, chunks, DynamicCache(config=model.config))
    assert (parts - whole).abs().max() <= 1e-5


def test_static_cache_equals_prefill(model):
    ids = tokens(2, 23)
    with torch.no_grad():
        whole = model(ids).logits
        cache = StaticCache(config=model.config, max_cache_len=32)
        parts = cached_logits(model, ids, [7, *[1] * 16], cache)
        assert (parts - whole).abs().max() <= 1e-5
        static = model.generate(
            ids, max_new_tokens=12, do_sample=False, cache_implementation="static", eos_token_id=None
        )
        dynamic = model.generate(ids, max_new_tokens=12, do_sample=False, eos_token_id=None)
    assert static.tolist() == dynamic.tolist()


def test_prefill_in_chunks_and_several_sequences(model):
    ids = tokens(1, 17, 3)
    options = {"max_new_tokens": 6, "do_sample": False, "eos_token_id": None}
    whole = model.generate(ids, **options)
    assert model.generate(ids, prefill_chunk_size=5, **options).tolist() == whole.tolist()
    beams = model.generate(ids, num_beams=4, num_return_sequences=3, **options)
    plain = model.generate(ids, num_beams=4, num_return_sequences=3, use_cache=False, **options)
    assert beams.tolist() == plain.tolist()


def cache_bytes(config, length: int, element: int) -> int:
    """2 b (sum over layers of heads size min(length, window - 1 if windowed)) + the raw last key and value."""
    total = 0
    for i in range(config.num_hidden_layers):
        _, kv_heads, size = config.heads(i)
        kept = min(length, config.sliding_window - 1) if i % 2 else length
        total += 2 * element * kv_heads * size * (kept + config.conv_window - 1)
    return total


@pytest.mark.parametrize("length", [3, 4, 5, 11, 29])
def test_bytes_of_the_cache(model, length):
    cache = DynamicCache(config=model.config)
    cached_logits(model, tokens(2, length), [length], cache)
    tensors = [t for layer in cache.layers for t in (layer.keys, layer.values, *layer.conv_states.values())]
    assert sum(t.numel() * t.element_size() for t in tensors) == 2 * cache_bytes(model.config, length, 4)


def test_bytes_of_the_released_models_cache():
    config = BaichuanM1Config.preset("14b")
    llama = 2 * 2 * 40 * 8 * 128 * 32_768  # 40 layers of 8 key-value heads of 128, bf16
    assert cache_bytes(config, 32_768, 2) / llama == pytest.approx(0.375, abs=0.001)


def test_caches_do_not_disturb_each_other(model):
    first, second = tokens(1, 12, 1), tokens(1, 12, 2)
    caches = DynamicCache(config=model.config), DynamicCache(config=model.config)
    with torch.no_grad():
        alone = [model(ids).logits for ids in (first, second)]
        mixed = [[], []]
        for t in range(12):
            for i, ids in enumerate((first, second)):
                mixed[i].append(model(ids[:, t : t + 1], past_key_values=caches[i]).logits)
    for i in range(2):
        assert (torch.cat(mixed[i], dim=1) - alone[i]).abs().max() <= 1e-5


def test_cache_holds_the_raw_last_key_and_the_window(model):
    cache = DynamicCache(config=model.config)
    cached_logits(model, tokens(1, 20), [20], cache)
    for i, layer in enumerate(cache.layers):
        _, kv_heads, size = model.config.heads(i)
        kept = 4 if i % 2 else 20  # the window's other keys; all
        assert layer.keys.shape == layer.values.shape == (1, kv_heads, kept, size)
        assert [tuple(state.shape) for state in layer.conv_states.values()] == [(1, kv_heads, size, 1)] * 2


def greedy_without_cache(model, ids: torch.Tensor, steps: int) -> torch.Tensor:
    for _ in range(steps):
        with torch.no_grad():
            ids = torch.cat([ids, model(ids, use_cache=False).logits[:, -1:].argmax(-1)], dim=1)
    return ids


def test_greedy_generation(model):
    ids = tokens(2, 9)
    generated = model.generate(ids, max_new_tokens=10, do_sample=False, eos_token_id=None)
    assert generated.tolist() == greedy_without_cache(model, ids, 10).tolist()


def test_left_padded_batch_generates_as_each_alone(model):
    prompts = [tokens(1, length, length)[0] for length in (3, 8, 12)]
    width = max(len(prompt) for prompt in prompts)
    # Pads carry a live token: if attention or convolution saw them, the logits would change.
    ids = torch.stack([torch.cat([torch.full((width - len(p),), 50), p]) for p in prompts])
    mask = torch.stack([(torch.arange(width) >= width - len(p)).long() for p in prompts])
    batch = model.generate(
        ids,
        attention_mask=mask,
        max_new_tokens=8,
        do_sample=False,
        eos_token_id=None,
        return_dict_in_generate=True,
        output_logits=True,
    )
    for row, prompt in enumerate(prompts):
        alone = greedy_without_cache(model, prompt[None], 8)[0]
        assert batch.sequences[row, width:].tolist() == alone[len(prompt) :].tolist()
        with torch.no_grad():
            expected = model(prompt[None]).logits[0, -1]
        assert (batch.logits[0][row] - expected).abs().max() <= 1e-5


def test_padding_inside_a_chunk_and_on_the_right(model):
    ids = tokens(1, 10)
    with torch.no_grad():
        alone = model(ids).logits
        padded = torch.cat([torch.full((1, 6), 50), ids, torch.full((1, 2), 50)], dim=1)
        mask = torch.tensor([[0] * 6 + [1] * 10 + [0] * 2])
        positions = torch.cat([torch.zeros(6), torch.arange(10), torch.zeros(2)]).long()[None]
        whole = model(padded, attention_mask=mask, position_ids=positions).logits
        assert (whole[:, 6:16] - alone).abs().max() <= 1e-5
        cache = DynamicCache(config=model.config)
        parts = []
        for start, end in ((0, 4), (4, 9), (9, 18)):
            part = slice(start, end)
            chunk = model(
                padded[:, part],
                attention_mask=mask[:, :end],
                position_ids=positions[:, part],
                past_key_values=cache,
            )
            parts.append(chunk.logits)
    assert (torch.cat(parts, dim=1)[:, 6:16] - alone).abs().max() <= 1e-5


def test_beam_search_reorders_convolution_state(model):
    ids = tokens(2, 7, 5)
    options = {"num_beams": 3, "max_new_tokens": 8, "do_sample": False, "eos_token_id": None}
    cached = model.generate(ids, use_cache=True, **options)
    assert cached.tolist() == model.generate(ids, use_cache=False, **options).tolist()


def test_assisted_generation_rolls_the_cache_back(model):
    ids = tokens(1, 9, 6)
    options = {"max_new_tokens": 16, "do_sample": False, "eos_token_id": None}
    assisted = model.generate(ids, prompt_lookup_num_tokens=3, **options)
    assert assisted.tolist() == model.generate(ids, **options).tolist()


def test_mask_without_pads_of_another_rank_is_refused(model):
    with pytest.raises(ValueError, match="attention_mask must be"):
        model(tokens(1, 4), attention_mask=torch.ones(1, 1, 4, 4))


def test_save_and_load(model, tmp_path):
    model.save_pretrained(tmp_path)
    assert (tmp_path / "model.safetensors").exists()
    fields = json.loads((tmp_path / "config.json").read_text())
    assert fields["model_type"] == "baichuan_m1"
    assert fields["architectures"] == ["BaichuanM1ForCausalLM"]
    assert fields["rope_theta"] == 1e5
    assert fields["model_max_length"] == fields["max_position_embeddings"] == 64
    assert type(AutoConfig.from_pretrained(tmp_path)) is BaichuanM1Config
    loaded, report = AutoModelForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert type(loaded) is BaichuanM1ForCausalLM
    assert not any(report.values())
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, loaded.state_dict()[name]), name
    ids = tokens(1, 8)
    with torch.no_grad():
        assert torch.equal(loaded.eval()(ids).logits, model(ids).logits)


def test_gradient_checkpointing_changes_nothing():
    ids = tokens(2, 12)
    gradients = []
    for checkpointing in (False, True):
        model = tiny_model().train()
        if checkpointing:
            model.activation_checkpointing_enable()
        model(ids, labels=ids, use_cache=False).loss.backward()
        gradients.append([p.grad for p in model.parameters()])
    for plain, checkpointed in zip(*gradients, strict=True):
        assert torch.equal(plain, checkpointed)
