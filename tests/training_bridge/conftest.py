import pytest
import torch

from tests.training_bridge.tiny import tiny_model
from training_bridge.m1 import BaichuanM1ForCausalLM


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model() -> BaichuanM1ForCausalLM:
    return tiny_model()
