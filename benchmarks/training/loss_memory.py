"""Memory and time of the loss at the report's vocabulary: forward and backward of 2,048 tokens, hidden size 512, fp32,
one thread. Each way in a process of its own; what it needs beyond its inputs and gradients."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from training_bridge.losses import cross_entropy

TOKENS, HIDDEN, VOCABULARY = 2048, 512, 133_120


def measure(data: Path) -> None:
    print(f"{'way':<22}{'loss':>12}{'peak, MB':>10}{'seconds':>9}")
    for chunk in (0, 1024, 256):
        command = [sys.executable, "-m", "benchmarks.training.loss_memory", str(chunk)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        loss, peak, seconds = done.stdout.split()
        print(f"{f'chunks of {chunk:,}' if chunk else 'all logits at once':<22}{loss:>12}{peak:>10}{seconds:>9}")


def once(chunk: int) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    hidden = torch.randn(TOKENS, HIDDEN, requires_grad=True)
    weight = torch.randn(VOCABULARY, HIDDEN, requires_grad=True)
    targets = torch.randint(0, VOCABULARY, (TOKENS,))
    weight.grad, hidden.grad = torch.zeros_like(weight), torch.zeros_like(hidden)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    if chunk:
        loss = cross_entropy(hidden, weight, targets, chunk_tokens=chunk)
    else:
        loss = F.cross_entropy(hidden @ F.normalize(weight, dim=-1).T, targets, reduction="sum")
    loss.backward()
    seconds = time.perf_counter() - started
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{loss.item():.3f} {peak:.0f} {seconds:.1f}")


if __name__ == "__main__":
    once(int(sys.argv[1]))
