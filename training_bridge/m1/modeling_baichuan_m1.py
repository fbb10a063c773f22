"""Baichuan-M1 (arXiv 2502.12671, section 3) for transformers 5, with the released parameter names."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedModel, initialization
from transformers.activations import ACT2FN
from transformers.cache_utils import Cache, DynamicCache
from transformers.generation import GenerationMixin
from transformers.masking_utils import create_causal_mask, create_sliding_window_causal_mask
from transformers.modeling_layers import GenericForSequenceClassification, GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils import can_return_tuple
from transformers.utils.generic import merge_with_config_defaults
from transformers.utils.output_capturing import capture_outputs

from .configuration_baichuan_m1 import BaichuanM1Config

# Masks travel through the layers by the layer types of the configuration, and by this key for the
# convolution.
CONVOLUTION = "convolution"
KEY, VALUE = 0, 1
EPS = 1e-12


class BaichuanM1RMSNorm(nn.Module):
    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


class BaichuanM1MLP(nn.Module):
    def __init__(self, config: BaichuanM1Config) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)
        self.act_fn = ACT2FN[config.hidden_act]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down_proj(self.act_fn(self.gate_proj(x)) * self.up_proj(x))


def mix_previous(
    x: torch.Tensor, taps: torch.Tensor, linked: torch.Tensor | None, before: torch.Tensor | None
) -> torch.Tensor:
    """The temporal short convolution: taps[previous] * x[t-1] + taps[current] * x[t].

    `x` [batch, heads, time, size], `taps` [1, 1, heads, 1, 2] with the previous token's tap first, `linked`
    [batch, time] is False where a token has no predecessor (null: all have one), `before` [batch, heads, 1,
    size] is the raw x ahead of the first (null: there is none, its contribution is zero). KV Shifting
    Attention, arXiv 2411.19574.
    """
    previous, current = (tap[:, None, None] for tap in taps[0, 0, :, 0].to(x.dtype).unbind(-1))
    weight = previous if linked is None else previous * linked[:, None, :, None].to(x.dtype)
    first, rest = (previous, previous) if linked is None else (weight[:, :, :1], weight[:, :, 1:])
    mixed = x * current
    # In place: several times faster than padding or concatenating a shifted copy.
    mixed[:, :, 1:] += rest * x[:, :, :-1]
    if before is not None:
        mixed[:, :, :1] += first * before
    return mixed


def rotary_table(position_ids: torch.Tensor, head_size: int, theta: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines [batch, 1, time, head_size] in fp32, the sines of the first half negative. Computed per
    forward: no buffer to lose on the meta device, and a curriculum stage changes the base by setting
    `config.rope_theta`.
    """
    powers = torch.arange(0, head_size, 2, device=position_ids.device, dtype=torch.float32) / head_size
    angles = position_ids[:, None, :, None].float() * theta**-powers
    cos, sin = angles.cos(), angles.sin()
    return torch.cat((cos, cos), dim=-1), torch.cat((-sin, sin), dim=-1)


def rotate(x: torch.Tensor, table: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Turns each number with the one half a head further on, in fp32."""
    cos, sin = table
    wide = x.float()
    return (wide * cos + wide.roll(x.shape[-1] // 2, dims=-1) * sin).to(x.dtype)


def eager_attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    **kwargs: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    key = key.repeat_interleave(module.num_key_value_groups, dim=1)
    value = value.repeat_interleave(module.num_key_value_groups, dim=1)
    scores = query @ key.transpose(2, 3) * scaling
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = F.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    return (weights @ value).transpose(1, 2), weights


def attend_in_bands(
    attend: Callable,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    window: int,
) -> torch.Tensor:
    """A sliding layer's attention [batch, time, heads, size] by blocks of `window` queries, each over those keys that
    any of them sees: at most time * 2 window scores instead of time * time.
    """
    time = query.shape[2]
    if mask is None or time <= window:
        return attend(query, key, value, mask)[0]
    bands = []
    for start in range(0, time, window):
        queries, keys = slice(start, start + window), slice(max(0, start - window + 1), start + window)
        part = attend(query[:, :, queries], key[:, :, keys], value[:, :, keys], mask[:, :, queries, keys])
        bands.append(part[0])
    return torch.cat(bands, dim=1)


class BaichuanM1Attention(nn.Module):
    def __init__(self, config: BaichuanM1Config, layer_idx: int) -> None:
        super().__init__()
        self.config = config
        self.layer_idx = layer_idx
        self.num_heads, self.num_key_value_heads, self.head_dim = config.heads(layer_idx)
        self.num_key_value_groups = self.num_heads // self.num_key_value_heads
        self.scaling = self.head_dim**-0.5
        self.window = config.sliding_window if config.layer_types[layer_idx] == "hybrid_sliding" else None
        self.is_causal = True
        rows = (self.num_heads + 2 * self.num_key_value_heads) * self.head_dim
        self.W_pack = nn.Linear(config.hidden_size, rows, bias=False)
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        self.conv_k = nn.Parameter(torch.empty(1, 1, self.num_key_value_heads, 1, config.conv_window))
        self.conv_v = nn.Parameter(torch.empty(1, 1, self.num_key_value_heads, 1, config.conv_window))

    def forward(
        self,
        hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None,
        linked: torch.Tensor | None,
        rotary: tuple[torch.Tensor, torch.Tensor],
        past_key_values: Cache | None,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        batch, time, _ = hidden_states.shape
        heads = self.W_pack(hidden_states).view(batch, time, -1, self.head_dim).transpose(1, 2)
        query, key, value = heads.split([self.num_heads, self.num_key_value_heads, self.num_key_value_heads], dim=1)

        # The cache keeps the raw last key and value beside the mixed ones: mixing comes before rotation.
        before_key = self._swap_last(key, KEY, past_key_values)
        before_value = self._swap_last(value, VALUE, past_key_values)
        key = mix_previous(key, self.conv_k, linked, before_key)
        value = mix_previous(value, self.conv_v, linked, before_value)
        query, key = rotate(query, rotary), rotate(key, rotary)
        if past_key_values is not None:
            key, value = past_key_values.update(key, value, self.layer_idx)

        attend = ALL_ATTENTION_FUNCTIONS.get_interface(self.config._attn_implementation, eager_attention)
        attend = partial(attend, self, scaling=self.scaling, dropout=0.0, **kwargs)
        if self.window and past_key_values is None and self.config._attn_implementation == "sdpa":
            attended, weights = attend_in_bands(attend, query, key, value, attention_mask, self.window), None
        else:
            attended, weights = attend(query, key, value, attention_mask)
        return self.o_proj(attended.reshape(batch, time, -1)), weights

    def _swap_last(self, raw: torch.Tensor, state: int, past: Cache | None) -> torch.Tensor | None:
        """Stores this call's last raw key or value, returns the one before it [batch, heads, 1, size]."""
        if past is None:
            return None
        # The cache has time last. Given all of it, it can also roll back (assisted decoding crops).
        seen = past.update_conv_state(raw.transpose(2, 3), self.layer_idx, state_idx=state, conv_kernel_size=1)
        time = raw.shape[2]
        return seen[..., -time - 1 : -time].transpose(2, 3) if seen.shape[-1] > time else None


class BaichuanM1DecoderLayer(GradientCheckpointingLayer):
    def __init__(self, config: BaichuanM1Config, layer_idx: int) -> None:
        super().__init__()
        self.self_attn = BaichuanM1Attention(config, layer_idx)
        self.mlp = BaichuanM1MLP(config)
        self.input_layernorm = BaichuanM1RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = BaichuanM1RMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(self, hidden_states: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        hidden_states = hidden_states + self.self_attn(self.input_layernorm(hidden_states), **kwargs)[0]
        return hidden_states + self.mlp(self.post_attention_layernorm(hidden_states))


class NormHead(nn.Module):
    """Output head; L2-normalises its vocabulary rows on every forward, in training too. `weight` is raw."""

    def __init__(self, hidden_size: int, vocab_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab_size, hidden_size))
        self._frozen = False
        self._norms: torch.Tensor | None = None

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        # Compiled code fuses the normalisation, and a tensor kept from a CUDA graph would be overwritten.
        if not self._frozen or torch.compiler.is_compiling():
            return F.linear(hidden_states, self.normalised())
        if self._norms is None:
            self._norms = self.weight.norm(dim=-1).clamp_min(EPS)
        return F.linear(hidden_states, self.weight) / self._norms

    def normalised(self) -> torch.Tensor:
        return F.normalize(self.weight, dim=-1, eps=EPS)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Takes the norms of the rows once [vocabulary] instead of at every call: decoding would else read and write
        the whole matrix for each token. They live no longer than this block, so that no change of the weights, by
        whatever means, is ever missed.
        """
        before = self._frozen, self._norms
        self._frozen = True
        try:
            yield
        finally:
            self._frozen, self._norms = before


class NormHeadView(nn.Linear):
    """A NormHead as fused losses that read `.weight` (TRL, Liger) must see it: normalised, no bias."""

    bias = None

    def __init__(self, head: NormHead) -> None:
        nn.Module.__init__(self)
        self.head = head
        self.out_features, self.in_features = head.weight.shape

    @property
    def weight(self) -> torch.Tensor:
        return self.head.normalised()


class BaichuanM1PreTrainedModel(PreTrainedModel):
    config: BaichuanM1Config
    base_model_prefix = "model"
    supports_gradient_checkpointing = True
    _no_split_modules = ("BaichuanM1DecoderLayer",)
    _skip_keys_device_placement = ("past_key_values",)
    _supports_sdpa = True
    _supports_attention_backend = True
    _can_record_outputs = {"hidden_states": BaichuanM1DecoderLayer, "attentions": BaichuanM1Attention}  # noqa: RUF012

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, BaichuanM1Attention):
            for taps in (module.conv_k, module.conv_v):
                initialization.copy_(taps, torch.randn_like(taps).softmax(-1))
        elif isinstance(module, NormHead):
            initialization.kaiming_uniform_(module.weight, a=5**0.5)


def create_masks(
    config: BaichuanM1Config,
    inputs_embeds: torch.Tensor,
    attention_mask: torch.Tensor | None,
    past_key_values: Cache | None,
    position_ids: torch.Tensor | None = None,
    **kwargs: Any,
) -> dict[str, torch.Tensor | None]:
    """Attention masks by layer type and, under "convolution", which tokens have a predecessor [batch, time].

    A document starts where `position_ids` [1 or batch, time] don't go on by one; neither attention nor
    convolution crosses a start or touches a token that `attention_mask` [batch, past + time] leaves out. Null
    masks mean that there is nothing to leave out. Raises ValueError for a mask of another rank, whose pads
    the convolution could not see, and for a document that starts in the middle of a continuation of a cache.
    """
    batch, time = inputs_embeds.shape[:2]
    past = 0 if past_key_values is None else int(past_key_values.get_seq_length())
    if attention_mask is not None and attention_mask.ndim != 2:
        raise ValueError(f"attention_mask must be [batch, time] or null, got {attention_mask.ndim} dimensions")
    if attention_mask is not None and bool((attention_mask != 0).all()):
        attention_mask = None

    linked, documents = None, None
    if attention_mask is not None:
        real = F.pad(attention_mask != 0, (1, 0))[:, -time - 1 :]
        linked = real[:, :-1]
    if position_ids is not None and time > 1:
        starts = F.pad(position_ids.diff() != 1, (1, 0)).expand(batch, -1)
        if attention_mask is not None:
            # Pads carry arbitrary positions; only a start between two real tokens splits documents.
            starts = starts & real[:, 1:] & linked
        if bool(starts.any()):
            if past:
                raise ValueError("position_ids start a document inside the continuation of a cache")
            documents = starts.cumsum(-1)
            linked = ~starts if linked is None else linked & ~starts

    same_document = None
    if documents is not None:
        # A static cache is longer than the input; causality hides its free slots.
        length = time if past_key_values is None else past_key_values.get_mask_sizes(time, 0)[0]
        documents = F.pad(documents, (0, length - time))

        def same_document(row: Any, head: Any, query: Any, key: Any) -> torch.Tensor:
            return documents[row, query] == documents[row, key]

    masks: dict[str, torch.Tensor | None] = {CONVOLUTION: linked}
    for layer_type in dict.fromkeys(config.layer_types):
        create = create_sliding_window_causal_mask if layer_type == "hybrid_sliding" else create_causal_mask
        masks[layer_type] = create(
            config=config,
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            past_key_values=past_key_values,
            and_mask_function=same_document,
            layer_idx=config.layer_types.index(layer_type),
        )
    return masks


class BaichuanM1Model(BaichuanM1PreTrainedModel):
    def __init__(self, config: BaichuanM1Config) -> None:
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size, config.pad_token_id)
        self.layers = nn.ModuleList(BaichuanM1DecoderLayer(config, i) for i in range(config.num_hidden_layers))
        self.norm = BaichuanM1RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.gradient_checkpointing = False
        self.post_init()

    @merge_with_config_defaults
    @capture_outputs
    def forward(
        self,
        input_ids: torch.LongTensor | None = None,
        attention_mask: torch.Tensor | dict[str, torch.Tensor | None] | None = None,
        position_ids: torch.LongTensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPast:
        """Hidden states [batch, time, hidden]. Packed documents are given by `position_ids` that restart."""
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("give exactly one of input_ids and inputs_embeds")
        hidden_states = self.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds
        if use_cache and past_key_values is None:
            past_key_values = DynamicCache(config=self.config)
        if position_ids is None:
            past = 0 if past_key_values is None else past_key_values.get_seq_length()
            position_ids = torch.arange(hidden_states.shape[1], device=hidden_states.device)[None] + past
        # `generate` with a static cache has made the masks already.
        masks = attention_mask
        if not isinstance(masks, dict):
            masks = create_masks(self.config, hidden_states, attention_mask, past_key_values, position_ids)

        head_dims = {layer.self_attn.head_dim for layer in self.layers}
        rotary = {size: rotary_table(position_ids, size, self.config.rope_theta) for size in head_dims}
        for layer, layer_type in zip(self.layers, self.config.layer_types, strict=True):
            hidden_states = layer(
                hidden_states,
                attention_mask=masks[layer_type],
                linked=masks[CONVOLUTION],
                rotary=rotary[layer.self_attn.head_dim],
                past_key_values=past_key_values,
                **kwargs,
            )
        return BaseModelOutputWithPast(last_hidden_state=self.norm(hidden_states), past_key_values=past_key_values)


class BaichuanM1ForCausalLM(BaichuanM1PreTrainedModel, GenerationMixin):
    # transformers maps "hybrid_sliding" to an unwindowed mask under other keys than ours.
    create_masks_for_generate = staticmethod(create_masks)

    def __init__(self, config: BaichuanM1Config) -> None:
        super().__init__(config)
        self.model = BaichuanM1Model(config)
        self.vocab_size = config.vocab_size
        self.lm_head = NormHead(config.hidden_size, config.vocab_size)
        self.post_init()

    def get_output_embeddings(self) -> NormHeadView:
        return NormHeadView(self.lm_head)

    def set_output_embeddings(self, new_embeddings: nn.Module) -> None:
        """Takes any module with a `weight` [vocabulary, hidden]; its rows are normalised from then on."""
        head = new_embeddings.head if isinstance(new_embeddings, NormHeadView) else new_embeddings
        self.lm_head.weight = nn.Parameter(head.weight.detach(), requires_grad=head.weight.requires_grad)

    def generate(self, *args: Any, **kwargs: Any) -> Any:
        with self.lm_head.frozen():
            return super().generate(*args, **kwargs)

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.LongTensor | None = None,
        attention_mask: torch.Tensor | dict[str, torch.Tensor | None] | None = None,
        position_ids: torch.LongTensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        labels: torch.LongTensor | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Logits [batch, time, vocabulary], or of the last `logits_to_keep` positions. With `labels` (-100
        ignored; the shift is done here) also the mean cross-entropy; set the label of each packed document's
        first token to -100.
        """
        outputs = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache,
            **kwargs,
        )
        keep = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.lm_head(outputs.last_hidden_state[:, keep])
        loss = None
        if labels is not None:
            loss = self.loss_function(logits=logits, labels=labels, vocab_size=self.config.vocab_size, **kwargs)
        return CausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            past_key_values=outputs.past_key_values,
            hidden_states=outputs.hidden_states,
            attentions=outputs.attentions,
        )


class BaichuanM1ForSequenceClassification(GenericForSequenceClassification, BaichuanM1PreTrainedModel):
    """A linear head on the last token of each row that isn't padding; `num_labels` 1 makes a reward model."""

    def __init__(self, config: BaichuanM1Config) -> None:
        # The generic constructor asks AutoModel, which does not know an exported model's own classes.
        BaichuanM1PreTrainedModel.__init__(self, config)
        self.num_labels = config.num_labels
        self.model = BaichuanM1Model(config)
        self.score = nn.Linear(config.hidden_size, config.num_labels, bias=False)
        self.post_init()
