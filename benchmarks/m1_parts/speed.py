"""Tokens per second of a whole training step (forward, backward, AdamW), beside the Llama of the same shape.

CPU, fp32, one thread, batch 4 x 512, preset 5m; processor time, which other load disturbs least. Contenders take turns;
medians of the rounds. Packed: rows of four documents, restarting positions; Llama gets no mask, its cheapest case.
"""

import statistics
import time
from pathlib import Path

import torch

from benchmarks.m1_parts._models import adamw, llama_like, size
from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM

BATCH, TIME, ROUNDS, WARM_UP = 4, 512, 11, 2
DOCUMENTS = (60, 200, 112, 140)


def measure(data: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = BaichuanM1Config.preset("5m")
    ids = torch.randint(3, config.vocab_size, (BATCH, TIME))
    packed = torch.cat([torch.arange(n) for n in DOCUMENTS]).expand(BATCH, -1)
    m1, llama = BaichuanM1ForCausalLM(config).train(), llama_like(config).train()
    contenders = {"Llama": (llama, {}), "M1": (m1, {}), "M1, packed": (m1, {"position_ids": packed})}
    optimizers = {name: adamw(model, 1e-4) for name, (model, _) in contenders.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS + WARM_UP):
        for name, (model, options) in contenders.items():
            started = time.process_time()
            model(ids, labels=ids, use_cache=False, **options).loss.backward()
            optimizers[name].step()
            optimizers[name].zero_grad()
            seconds[name].append(time.process_time() - started)
    rates = {name: [BATCH * TIME / s for s in found[WARM_UP:]] for name, found in seconds.items()}
    base = statistics.median(rates["Llama"])
    print(f"{'model':<12}{'parameters':>12}{'tokens/s':>10}{'quartiles':>14}{'to Llama':>10}{'target':>9}")
    for name, (model, _) in contenders.items():
        low, middle, high = statistics.quantiles(rates[name], n=4)
        target = {"Llama": "", "M1": ">= 1.00", "M1, packed": ">= 0.97"}[name]
        quartiles = f"{low:,.0f}-{high:,.0f}"
        print(f"{name:<12}{size(model):>12,}{middle:>10,.0f}{quartiles:>14}{middle / base:>10.3f}{target:>9}")
