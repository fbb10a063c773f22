"""Baichuan-M1 for transformers; importing it registers the auto classes, and saved models carry their code."""

from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification

from training_bridge.m1.configuration_baichuan_m1 import BaichuanM1Config
from training_bridge.m1.modeling_baichuan_m1 import (
    BaichuanM1ForCausalLM,
    BaichuanM1ForSequenceClassification,
    BaichuanM1Model,
)

AutoConfig.register("baichuan_m1", BaichuanM1Config, exist_ok=True)
BaichuanM1Config.register_for_auto_class()
for auto_class, model_class in (
    (AutoModel, BaichuanM1Model),
    (AutoModelForCausalLM, BaichuanM1ForCausalLM),
    (AutoModelForSequenceClassification, BaichuanM1ForSequenceClassification),
):
    auto_class.register(BaichuanM1Config, model_class, exist_ok=True)
    model_class.register_for_auto_class(auto_class)

__all__ = [
    "BaichuanM1Config",
    "BaichuanM1ForCausalLM",
    "BaichuanM1ForSequenceClassification",
    "BaichuanM1Model",
]
