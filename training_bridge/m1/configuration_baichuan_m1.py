"""Configuration of Baichuan-M1 (arXiv 2502.12671), with the field names of the released checkpoint."""

from typing import Any

from huggingface_hub.dataclasses import strict
from transformers import PreTrainedConfig


@strict
class BaichuanM1Config(PreTrainedConfig):
    """Defaults describe Baichuan-M1-14B with the RoPE base of its 8K stages.

    Global layers have `num_attention_heads` heads, those in `sliding_window_layers` (null: every odd layer)
    have `num_swa_attention_heads` and see `sliding_window` keys, themselves included. The head size of a
    layer is hidden_size over its heads. `layer_types` names the cache of each layer and always follows from
    the above.

    Raises ValueError for sizes that don't divide, a convolution other than two taps, tied embeddings, or
    layer numbers out of range.
    """

    model_type = "baichuan_m1"
    keys_to_ignore_at_inference = ("past_key_values",)
    # K and V each have a convolution; transformers' hybrid cache layers keep one state per convolution.
    number_of_conv_states = 2

    vocab_size: int = 133_120
    hidden_size: int = 5120
    intermediate_size: int = 17_408
    num_hidden_layers: int = 40
    num_attention_heads: int = 20
    num_key_value_heads: int = 2
    num_swa_attention_heads: int = 40
    num_swa_key_value_heads: int = 8
    sliding_window: int = 8192
    sliding_window_layers: list[int] | None = None
    layer_types: list[str] | None = None
    conv_window: int = 2
    max_position_embeddings: int = 32_768
    model_max_length: int | None = None
    rope_theta: float | int = 1e5
    hidden_act: str = "silu"
    rms_norm_eps: float = 1e-6
    initializer_range: float = 0.02
    use_cache: bool = True
    pad_token_id: int | None = 0
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 2
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        if self.sliding_window_layers is None:
            self.sliding_window_layers = list(range(1, self.num_hidden_layers, 2))
        sliding = set(self.sliding_window_layers)
        self.layer_types = ["hybrid_sliding" if i in sliding else "hybrid" for i in range(self.num_hidden_layers)]
        if self.model_max_length is None:
            self.model_max_length = self.max_position_embeddings
        # Saved with every model, whichever head it was saved with: the code beside the weights has all of them.
        kwargs.setdefault("auto_map", dict(AUTO_MAP))
        super().__post_init__(**kwargs)
        self._check(sliding)

    def _check(self, sliding: set[int]) -> None:
        if self.conv_window != 2:
            raise ValueError(f"Baichuan-M1's convolution has two taps, got conv_window {self.conv_window}")
        if self.tie_word_embeddings:
            raise ValueError("Baichuan-M1 does not tie its normalised head to the embeddings")
        if not sliding <= set(range(self.num_hidden_layers)):
            raise ValueError(f"sliding_window_layers {sorted(sliding)} must lie in 0..{self.num_hidden_layers - 1}")
        for heads, key_value_heads in (
            (self.num_attention_heads, self.num_key_value_heads),
            (self.num_swa_attention_heads, self.num_swa_key_value_heads),
        ):
            if self.hidden_size % (2 * heads) or heads % key_value_heads:
                raise ValueError(
                    f"hidden_size {self.hidden_size} over {heads} heads must be even, and "
                    f"{key_value_heads} key-value heads must divide the heads"
                )

    def heads(self, layer: int) -> tuple[int, int, int]:
        """Query heads, key-value heads and head size of a layer."""
        if self.layer_types[layer] == "hybrid_sliding":
            heads, key_value_heads = self.num_swa_attention_heads, self.num_swa_key_value_heads
        else:
            heads, key_value_heads = self.num_attention_heads, self.num_key_value_heads
        return heads, key_value_heads, self.hidden_size // heads

    @classmethod
    def preset(cls, name: str, **overrides: Any) -> "BaichuanM1Config":
        """A named size, fields overridden by keyword. "14b" is the released model (report section 3); the
        small ones keep its proportions: global heads twice as wide as sliding ones, windows shorter than the
        context.
        """
        if name not in PRESETS:
            raise ValueError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
        return cls(**(PRESETS[name] | overrides))


AUTO_MAP = {
    "AutoConfig": "configuration_baichuan_m1.BaichuanM1Config",
    "AutoModel": "modeling_baichuan_m1.BaichuanM1Model",
    "AutoModelForCausalLM": "modeling_baichuan_m1.BaichuanM1ForCausalLM",
    "AutoModelForSequenceClassification": "modeling_baichuan_m1.BaichuanM1ForSequenceClassification",
}

PRESETS: dict[str, dict[str, Any]] = {
    "2m": {
        "vocab_size": 4096,
        "hidden_size": 128,
        "intermediate_size": 384,
        "num_hidden_layers": 6,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "num_swa_attention_heads": 4,
        "num_swa_key_value_heads": 2,
        "sliding_window": 128,
        "max_position_embeddings": 1024,
    },
    "5m": {
        "vocab_size": 4096,
        "hidden_size": 192,
        "intermediate_size": 640,
        "num_hidden_layers": 8,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "num_swa_attention_heads": 4,
        "num_swa_key_value_heads": 2,
        "sliding_window": 256,
        "max_position_embeddings": 2048,
    },
    "25m": {
        "vocab_size": 8192,
        "hidden_size": 384,
        "intermediate_size": 1280,
        "num_hidden_layers": 10,
        "num_attention_heads": 3,
        "num_key_value_heads": 1,
        "num_swa_attention_heads": 6,
        "num_swa_key_value_heads": 2,
        "sliding_window": 512,
        "max_position_embeddings": 4096,
    },
    "110m": {
        "vocab_size": 32_768,
        "hidden_size": 768,
        "intermediate_size": 2048,
        "num_hidden_layers": 10,
        "num_attention_heads": 3,
        "num_key_value_heads": 1,
        "num_swa_attention_heads": 6,
        "num_swa_key_value_heads": 2,
        "sliding_window": 1024,
        "max_position_embeddings": 8192,
    },
    "500m": {
        "vocab_size": 32_768,
        "hidden_size": 1280,
        "intermediate_size": 4352,
        "num_hidden_layers": 20,
        "num_attention_heads": 5,
        "num_key_value_heads": 1,
        "num_swa_attention_heads": 10,
        "num_swa_key_value_heads": 2,
        "sliding_window": 2048,
        "max_position_embeddings": 8192,
    },
    "1.5b": {
        "vocab_size": 65_536,
        "hidden_size": 2048,
        "intermediate_size": 5632,
        "num_hidden_layers": 28,
        "num_attention_heads": 8,
        "num_key_value_heads": 1,
        "num_swa_attention_heads": 16,
        "num_swa_key_value_heads": 4,
        "sliding_window": 2048,
    },
    "3b": {
        "vocab_size": 65_536,
        "hidden_size": 2560,
        "intermediate_size": 8704,
        "num_hidden_layers": 32,
        "num_attention_heads": 10,
        "num_key_value_heads": 2,
        "num_swa_attention_heads": 20,
        "num_swa_key_value_heads": 4,
        "sliding_window": 2048,
    },
    "14b": {"rope_theta": 1e6},
}
