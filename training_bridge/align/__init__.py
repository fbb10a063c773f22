"""Alignment after the Baichuan-M1 report's section 5: SFT, ELO, TDPO, PPO, over the trainer's own loop."""

from typing import Any

__all__ = ["elo_loss", "gae", "ppo_policy_loss", "ppo_value_loss", "tdpo_loss"]


def __getattr__(name: str) -> Any:
    # Recipes are checked without torch.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from training_bridge.align import losses

    return getattr(losses, name)
