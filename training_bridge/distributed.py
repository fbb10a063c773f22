"""One process or many: who computes what, and the two ways of keeping ranks together."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal, TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from training_bridge.losses import PolicyLoss
from training_bridge.m1 import BaichuanM1ForCausalLM
from training_bridge.m1.modeling_baichuan_m1 import BaichuanM1DecoderLayer

T = TypeVar("T")


@dataclass(frozen=True)
class Ranks:
    """This process among those of the default process group; alone where there is none."""

    rank: int
    world: int
    device: torch.device

    @staticmethod
    def here() -> "Ranks":
        """On the current GPU, where there is one."""
        cuda = torch.cuda.is_available()
        device = torch.device("cuda", torch.cuda.current_device()) if cuda else torch.device("cpu")
        if not dist.is_initialized():
            return Ranks(0, 1, device)
        return Ranks(dist.get_rank(), dist.get_world_size(), device)

    @property
    def first(self) -> bool:
        return self.rank == 0

    def share(self, rows: list[T]) -> list[T]:
        """This rank's contiguous part of `rows`, whose number the ranks divide."""
        each = len(rows) // self.world
        return rows[self.rank * each : (self.rank + 1) * each]

    def total(self, value: torch.Tensor) -> float:
        """Sum of a scalar over all ranks."""
        return self.totals(value).item()

    def totals(self, values: torch.Tensor) -> torch.Tensor:
        """Sums over all ranks, entry by entry; overwrites what it is given."""
        if self.world > 1:
            dist.all_reduce(values)
        return values

    def barrier(self) -> None:
        if self.world > 1:
            dist.barrier()


def parallelise(loss: PolicyLoss, kind: Literal["ddp", "fsdp"], ranks: Ranks) -> nn.Module:
    """Wraps `loss` for several ranks; one rank needs no wrapping.

    Both average gradients over ranks. FSDP2 shards parameters, gradients and moments layer by layer.
    """
    if ranks.world == 1:
        return loss
    if kind == "ddp":
        return DistributedDataParallel(loss, device_ids=[ranks.device] if ranks.device.type == "cuda" else None)
    # Always with its mesh: on a machine with GPUs a gloo group would else be given CUDA tensors.
    mesh = init_device_mesh(ranks.device.type, (ranks.world,))
    narrow = None if loss.dtype == torch.float32 else loss.dtype
    policy = MixedPrecisionPolicy(param_dtype=narrow, reduce_dtype=torch.float32, cast_forward_inputs=False)
    for layer in loss.modules():
        if isinstance(layer, BaichuanM1DecoderLayer):
            fully_shard(layer, mesh=mesh, mp_policy=policy)
    return fully_shard(loss, mesh=mesh, mp_policy=policy)


def reduced(model: nn.Module, last: bool) -> AbstractContextManager:
    """Around the backward pass of a micro-batch: DDP reduces gradients with the last only. FSDP always does, for
    unreduced gradients would need the memory that sharding saves."""
    return model.no_sync() if isinstance(model, DistributedDataParallel) and not last else nullcontext()


def full(value: torch.Tensor) -> torch.Tensor:
    """A tensor as it is on one device."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def whole(model: BaichuanM1ForCausalLM, ranks: Ranks, *, everywhere: bool = False) -> BaichuanM1ForCausalLM | None:
    """The model with all its weights on the first rank, null on the others unless `everywhere`. All ranks call it."""
    mine = ranks.first or everywhere
    if not any(isinstance(layer, FSDPModule) for layer in model.model.layers):
        return model if mine else None
    options = StateDictOptions(full_state_dict=True, cpu_offload=not everywhere)
    weights = get_model_state_dict(model, options=options)
    if not mine:
        return None
    with torch.device("meta"):
        gathered = type(model)(model.config)
    gathered.load_state_dict(weights, assign=True)
    gathered.generation_config = model.generation_config
    return gathered.to(ranks.device)
