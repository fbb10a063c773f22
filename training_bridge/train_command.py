"""datagen train"""

from pathlib import Path
from typing import Annotated

import typer

from datagen import notice


def train(
    training: Annotated[Path, typer.Argument(help="A training's YAML file.")],
    workers: Annotated[int, typer.Option(min=1, help="Ranks on Ray; 1 trains in this process.")] = 1,
    gpu: Annotated[bool, typer.Option("--gpu", help="A GPU for each worker.")] = False,
    max_failures: Annotated[int, typer.Option(min=0, help="How often to begin again when a worker dies.")] = 3,
) -> None:
    """Train a Baichuan-M1 on packed tokens; run again, it goes on from its last checkpoint.

    \b
    For example, paths being relative to the file:
    tokens: packed   # a folder as `datagen path RUN STAGE` prints
    out: trained
    work: working
    preset: 2m
    config:
      stages:
        - {name: general, tokens: 2000000, sequence_length: 256}
        - {name: advanced, tokens: 500000, sequence_length: 512}
      batch_tokens: 8192
      micro_batch_tokens: 8192
      peak_lr: 0.003
      warmup_tokens: 100000
    """
    from functools import partial

    from datagen.cluster import ray_session
    from training_bridge.launch import execute, fit, read_run
    from training_bridge.progress import Reporter, relayed

    found, say = read_run(training), partial(print, flush=True)
    if workers == 1:
        result = execute(found, Reporter(say, found.config.total_tokens))
    else:
        with ray_session(), relayed(found.work / "progress", say) as said:
            report = Reporter(said, found.config.total_tokens)
            result = fit(found, workers, gpu=gpu, max_failures=max_failures, on_step=report)
    print(f"{result.steps:,} steps, {result.tokens:,} tokens, {result.skipped} skipped. {notice.EN}")
    print(result.model)
