"""Baichuan-M1 for transformers; importing it registers the auto classes."""

from transformers import AutoConfig, AutoModelForCausalLM

from training_bridge.m1.configuration_baichuan_m1 import BaichuanM1Config
from training_bridge.m1.modeling_baichuan_m1 import BaichuanM1ForCausalLM, BaichuanM1Model

AutoConfig.register("baichuan_m1", BaichuanM1Config, exist_ok=True)
AutoModelForCausalLM.register(BaichuanM1Config, BaichuanM1ForCausalLM, exist_ok=True)

__all__ = ["BaichuanM1Config", "BaichuanM1ForCausalLM", "BaichuanM1Model"]
