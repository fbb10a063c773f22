"""Processor seconds on one core: training on 50,000 pairs, and answers scored per second, features included."""

import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.reward_parts._world import background, graph, pairs, row, synthetic, trained
from reward_filter.scorer import Scorer
from reward_filter.train import train

MANY, SCORED = 50_000, 2_000


def measure(data: Path) -> None:
    del data
    made = pairs()
    many = made.take(pa.array(np.arange(MANY) % len(made)))
    train(made.filter(pc.equal(made["split"], "train")).slice(0, 200))  # compiles
    start = time.process_time()
    train(many)
    trained_in = time.process_time() - start
    model, _ = trained()
    scorer = Scorer(model, graph(), background())
    items = (synthetic() * (1 + SCORED // len(synthetic())))[:SCORED]
    prompts, responses = [i.prompt for i in items], [i.response for i in items]
    scorer.score(prompts[:50], responses[:50])
    start = time.process_time()
    scorer.score(prompts, responses)
    rate = SCORED / (time.process_time() - start)
    characters = sum(map(len, responses)) / SCORED
    print("| on one core | figure | target |\n|---|---|---|")
    row(f"training on {MANY:,} pairs, with both baselines and calibration, s", f"{trained_in:.1f}", "<= 30")
    row(f"answers scored per second ({characters:.0f} characters each)", f"{rate:,.0f}", ">= 2,000")
