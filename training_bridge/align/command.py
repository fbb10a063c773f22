"""datagen align"""

from pathlib import Path
from typing import Annotated

import typer

from datagen import notice


def align(
    chain: Annotated[Path, typer.Argument(help="An alignment's YAML file.")],
    workers: Annotated[int, typer.Option(min=1, help="Ranks on Ray; 1 aligns in this process.")] = 1,
    gpu: Annotated[bool, typer.Option("--gpu", help="A GPU for each worker.")] = False,
    max_failures: Annotated[int, typer.Option(min=0, help="How often to begin again when a worker dies.")] = 3,
) -> None:
    """Align a Baichuan-M1 by SFT, ELO, TDPO and PPO; run again, it goes on from its last checkpoint.

    \b
    For example, paths being relative to the file:
    model: trained/model   # folders as `datagen path RUN STAGE` prints
    pairs: pairs
    graph: graph           # optional, as are scorer and documents
    out: aligned
    work: working
    methods:
      - {use: sft, rounds: 3, peak_lr: 0.001}
      - {use: tdpo, peak_lr: 0.00005}
    """
    from contextlib import nullcontext
    from functools import partial

    from datagen.cluster import ray_session
    from training_bridge.align.job import execute, read_chain
    from training_bridge.progress import AlignReporter, relayed

    say = partial(print, flush=True)
    jobs = read_chain(chain).jobs()
    with ray_session() if workers > 1 else nullcontext():
        for job in jobs:
            with relayed(job.work / "progress", say) if workers > 1 else nullcontext(say) as said:
                result = execute(job, workers, gpu=gpu, max_failures=max_failures, on_step=AlignReporter(said))
            found = result.measured
            told = (
                f"{found['accuracy']:.1%} of {found['questions']} held-out questions" if found["questions"] else "done"
            )
            print(f"{job.method}: {result.steps:,} steps, {result.skipped} skipped, {told}")
    print(notice.EN)
    print(result.page)
    print(result.model)
