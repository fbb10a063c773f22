import mlx.core as mx
import numpy as np
import pytest
import torch
from mlx_lm.models import baichuan_m1 as mlx_m1
from torch.nn import functional as F

from tests.training_bridge.tiny import tiny_config, tiny_model
from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM
from training_bridge.m1.configuration_baichuan_m1 import PRESETS
from training_bridge.m1.modeling_baichuan_m1 import mix_previous


@pytest.fixture(scope="module")
def released() -> BaichuanM1ForCausalLM:
    with torch.device("meta"):
        return BaichuanM1ForCausalLM(BaichuanM1Config.preset("14b"))


def test_14b_parameter_count(released):
    taps = sum(p.numel() for name, p in released.named_parameters() if "conv_" in name)
    assert taps == 800
    assert sum(p.numel() for p in released.parameters()) == 14_470_763_520 + 800


def test_14b_names_and_shapes(released):
    expected = {
        "model.embed_tokens.weight": (133120, 5120),
        "model.norm.weight": (5120,),
        "lm_head.weight": (133120, 5120),
    }
    for i in range(40):
        key_value_heads, packed = (8, 7168) if i % 2 else (2, 6144)
        expected |= {
            f"model.layers.{i}.input_layernorm.weight": (5120,),
            f"model.layers.{i}.post_attention_layernorm.weight": (5120,),
            f"model.layers.{i}.self_attn.W_pack.weight": (packed, 5120),
            f"model.layers.{i}.self_attn.o_proj.weight": (5120, 5120),
            f"model.layers.{i}.self_attn.conv_k": (1, 1, key_value_heads, 1, 2),
            f"model.layers.{i}.self_attn.conv_v": (1, 1, key_value_heads, 1, 2),
            f"model.layers.{i}.mlp.gate_proj.weight": (17408, 5120),
            f"model.layers.{i}.mlp.up_proj.weight": (17408, 5120),
            f"model.layers.{i}.mlp.down_proj.weight": (5120, 17408),
        }
    assert {name: tuple(tensor.shape) for name, tensor in released.state_dict().items()} == expected


UNITS = {"m": 1e6, "b": 1e9}


@pytest.mark.parametrize("name", PRESETS)
def test_preset_has_the_parameters_of_its_name(name):
    config = BaichuanM1Config.preset(name)
    with torch.device("meta"):
        model = BaichuanM1ForCausalLM(config)
    assert sum(p.numel() for p in model.parameters()) == pytest.approx(float(name[:-1]) * UNITS[name[-1]], rel=0.12)
    assert config.sliding_window < config.max_position_embeddings
    assert config.heads(0)[2] == 2 * config.heads(1)[2]


@pytest.mark.parametrize(
    "overrides, message",
    [
        ({"conv_window": 3}, "two taps"),
        ({"tie_word_embeddings": True}, "does not tie"),
        ({"num_attention_heads": 5}, "over 5 heads"),
        ({"num_swa_key_value_heads": 3}, "3 key-value heads"),
        ({"sliding_window_layers": [1, 9]}, "must lie in 0..3"),
    ],
)
def test_bad_configuration(overrides, message):
    with pytest.raises(ValueError, match=message):
        tiny_config(**overrides)


def test_unknown_preset_lists_the_known():
    with pytest.raises(ValueError, match=r"2m, 5m, .*, 14b"):
        BaichuanM1Config.preset("7b")


def test_convolution_by_hand():
    x = torch.tensor([1.0, 10.0, 100.0]).view(1, 1, 3, 1)
    taps = torch.tensor([0.5, 2.0]).view(1, 1, 1, 1, 2)  # previous, current
    assert mix_previous(x, taps, None, None).flatten().tolist() == [2.0, 20.5, 205.0]
    before = torch.tensor(4.0).view(1, 1, 1, 1)
    assert mix_previous(x, taps, None, before).flatten().tolist() == [4.0, 20.5, 205.0]
    linked = torch.tensor([[False, True, False]])
    assert mix_previous(x, taps, linked, before).flatten().tolist() == [2.0, 20.5, 200.0]


def reference_logits(model: BaichuanM1ForCausalLM, ids: list[int]) -> np.ndarray:
    """The report's equations token by token in float64 numpy: loops, no cache, no masks."""
    config = model.config
    weights = {name: tensor.double().numpy() for name, tensor in model.state_dict().items()}

    def norm(x, name):
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + config.rms_norm_eps) * weights[name]

    def turn(x, position):
        half = len(x) // 2
        angle = position * config.rope_theta ** (-np.arange(half) * 2 / len(x))
        left, right = x[:half], x[half:]
        return np.concatenate(
            [left * np.cos(angle) - right * np.sin(angle), right * np.cos(angle) + left * np.sin(angle)]
        )

    hidden = weights["model.embed_tokens.weight"][ids]
    for i in range(config.num_hidden_layers):
        layer = f"model.layers.{i}."
        heads, kv_heads, size = config.heads(i)
        window = config.sliding_window if i % 2 else len(ids)
        packed = norm(hidden, layer + "input_layernorm.weight") @ weights[layer + "self_attn.W_pack.weight"].T
        query, key, value = np.split(packed, [heads * size, (heads + kv_heads) * size], axis=1)
        query = query.reshape(len(ids), heads, size)
        mixed = {}
        for name, raw in (("conv_k", key), ("conv_v", value)):
            raw = raw.reshape(len(ids), kv_heads, size)
            taps = weights[layer + "self_attn." + name]
            mixed[name] = np.zeros_like(raw)
            for t in range(len(ids)):
                for h in range(kv_heads):
                    before = raw[t - 1, h] if t else np.zeros(size)
                    mixed[name][t, h] = taps[0, 0, h, 0, 0] * before + taps[0, 0, h, 0, 1] * raw[t, h]
        attended = np.zeros((len(ids), heads, size))
        for t in range(len(ids)):
            for h in range(heads):
                group = h // (heads // kv_heads)
                seen = range(max(0, t - window + 1), t + 1)
                turned = turn(query[t, h], t)
                scores = np.array([turned @ turn(mixed["conv_k"][s, group], s) for s in seen]) / size**0.5
                chance = np.exp(scores - scores.max())
                chance /= chance.sum()
                attended[t, h] = sum(p * mixed["conv_v"][s, group] for p, s in zip(chance, seen, strict=True))
        output = weights[layer + "self_attn.o_proj.weight"]
        hidden = hidden + attended.reshape(len(ids), -1) @ output.T
        x = norm(hidden, layer + "post_attention_layernorm.weight")
        gate = x @ weights[layer + "mlp.gate_proj.weight"].T
        up = x @ weights[layer + "mlp.up_proj.weight"].T
        hidden = hidden + (gate / (1 + np.exp(-gate)) * up) @ weights[layer + "mlp.down_proj.weight"].T
    head = weights["lm_head.weight"]
    head = head / np.linalg.norm(head, axis=1, keepdims=True)
    return norm(hidden, "model.norm.weight") @ head.T


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_against_numpy(attention):
    model = tiny_model(attn_implementation=attention)
    ids = torch.randint(0, 97, (1, 17), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        logits = model(ids).logits[0].numpy()
    assert np.abs(logits - reference_logits(model, ids[0].tolist())).max() <= 1e-5


def test_against_mlx(model):
    mx.set_default_device(mx.cpu)
    peer = mlx_m1.Model(mlx_m1.ModelArgs.from_dict(model.config.to_dict()))
    weights = {name: mx.array(tensor.numpy()) for name, tensor in model.state_dict().items()}
    peer.load_weights(list(peer.sanitize(weights).items()), strict=True)
    ids = torch.randint(0, 97, (2, 23), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        ours = model(ids).logits.numpy()

    def peer_logits(chunks):
        cache = peer.make_cache()
        parts = [np.array(peer(mx.array(part.numpy()), cache)) for part in ids.split(chunks, dim=1)]
        return np.concatenate(parts, axis=1)

    for chunks in ([23], [1] * 23, [7, 9, 7]):
        assert np.abs(ours - peer_logits(chunks)).max() <= 1e-5, chunks


def test_norm_head_ignores_row_scale_and_view_is_normalised(model):
    ids = torch.arange(10)[None]
    with torch.no_grad():
        hidden = model.model(ids).last_hidden_state
        logits = model(ids).logits
        view = model.get_output_embeddings()
        assert view.bias is None
        assert torch.allclose(F.linear(hidden, view.weight), logits, atol=1e-6)
        raw = F.linear(hidden, model.lm_head.weight)
        assert (raw.log_softmax(-1) - logits.log_softmax(-1)).abs().max() > 0.1
        scaled = tiny_model()
        scaled.lm_head.weight.mul_(torch.rand(97, 1) * 7 + 0.1)
        assert torch.allclose(scaled(ids).logits, logits, atol=1e-5)


def test_resized_vocabulary_keeps_logits_and_head():
    model = tiny_model()
    ids = torch.arange(10)[None]
    with torch.no_grad():
        before = model(ids).logits
        model.resize_token_embeddings(101)
        after = model(ids).logits
    assert after.shape[-1] == model.config.vocab_size == 101
    assert torch.allclose(after[..., :97], before, atol=1e-5)
    assert torch.allclose(model.get_output_embeddings().weight.norm(dim=-1), torch.ones(101), atol=1e-6)


def test_loss_at_initialisation():
    torch.manual_seed(0)
    model = BaichuanM1ForCausalLM(BaichuanM1Config.preset("2m"))
    ids = torch.randint(0, 4096, (2, 128))
    with torch.no_grad():
        loss = model(ids, labels=ids).loss.item()
    # Unit rows on a unit-RMS hidden state: logits are about N(0, 1), hence the half nat above the uniform ln
    # V.
    assert loss == pytest.approx(np.log(4096) + 0.5, rel=0.02)


def test_taps_sum_to_one_at_initialisation():
    model = BaichuanM1ForCausalLM(tiny_config())
    for name, taps in model.named_parameters():
        if "conv_" in name:
            assert torch.allclose(taps.sum(-1), torch.ones(()))
            assert (taps > 0).all()


def test_causality():
    model = tiny_model()
    embeddings = torch.randn(1, 12, 32, requires_grad=True)
    for t in (0, 5, 11):
        (gradient,) = torch.autograd.grad(model(inputs_embeds=embeddings).logits[0, t].sum(), embeddings)
        assert (gradient[0, t + 1 :] == 0).all()
        assert (gradient[0, t] != 0).any()


def test_gradients_against_finite_differences():
    model = tiny_model(num_hidden_layers=2).double()
    ids = torch.randint(0, 97, (1, 7), generator=torch.Generator().manual_seed(3))
    names = ["model.layers.0.self_attn.conv_k", "model.layers.1.self_attn.conv_v", "model.norm.weight"]
    starts = [model.get_parameter(name).detach().clone().requires_grad_() for name in names]
    head = model.lm_head.weight.detach()[:3].clone().requires_grad_()

    def loss(*tensors):
        *parameters, rows = tensors
        weight = torch.cat([rows, model.lm_head.weight.detach()[3:]])
        replaced = dict(zip(names, parameters, strict=True)) | {"lm_head.weight": weight}
        output = torch.func.functional_call(model, replaced, (ids,), {"use_cache": False})
        return F.cross_entropy(output.logits[0, :-1], ids[0, 1:])

    # RoPE and RMSNorm compute in fp32, so finite differences must be coarse.
    assert torch.autograd.gradcheck(loss, (*starts, head), eps=1e-2, atol=2e-3, rtol=2e-2)
