"""Alignments as files and recipes state them: here, or on Ray where there is more than one worker."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from datagen.stated import read_folders, read_stated
from training_bridge.align.config import AlignConfig, ELOConfig, PPOConfig, SFTConfig, TDPOConfig
from training_bridge.launch import spread
from training_bridge.progress import OnStep

Method = Literal["sft", "elo", "tdpo", "ppo"]
CONFIGS: dict[str, type[AlignConfig]] = {"sft": SFTConfig, "elo": ELOConfig, "tdpo": TDPOConfig, "ppo": PPOConfig}


class Job(BaseModel):
    """One method on one model; all folders are such that all workers see them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method
    options: dict[str, Any] = {}
    model: Path
    pairs: Path
    out: Path
    work: Path
    graph: Path | None = None
    scorer: Path | None = None
    documents: Path | None = None

    @property
    def config(self) -> AlignConfig:
        return CONFIGS[self.method].model_validate(self.options)


class Chain(BaseModel):
    """Methods one after the other, as a file states them for `datagen align`: each goes on from the model before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Path = Field(description="folder of the Baichuan-M1 to begin with")
    pairs: Path = Field(description="folder that reward_filter.pairs published")
    out: Path = Field(description="where each method's folder goes")
    work: Path = Field(description="checkpoints, running metrics and sampled answers; a folder that all workers share")
    graph: Path | None = Field(None, description="folder of a graph, for answers that name entities")
    scorer: Path | None = Field(None, description="folder of a reward model, for questions without a checker")
    documents: Path | None = Field(None, description="folder that training_bridge.pack published, for long samples")
    methods: tuple[dict[str, Any], ...] = Field(min_length=1, description="each with `use`: sft, elo, tdpo or ppo")

    @model_validator(mode="after")
    def _known(self) -> "Chain":
        for number, method in enumerate(self.methods, 1):
            if method.get("use") not in CONFIGS:
                raise ValueError(f"method {number} must `use` one of {', '.join(CONFIGS)}")
            CONFIGS[method["use"]].model_validate({k: v for k, v in method.items() if k != "use"})
        return self

    def jobs(self) -> list[Job]:
        found, model = [], self.model
        for number, method in enumerate(self.methods, 1):
            name = f"{number}-{method['use']}"
            options = {k: v for k, v in method.items() if k != "use"}
            folders = {"model": model, "pairs": self.pairs, "out": self.out / name, "work": self.work / name}
            others = {"graph": self.graph, "scorer": self.scorer, "documents": self.documents}
            found.append(Job(method=method["use"], options=options, **folders, **others))
            model = self.out / name / "model"
        return found


def read_chain(path: Path) -> Chain:
    """A `Chain` from YAML; relative paths are meant from the file's folder. Raises UsageError for a wrong
    one, and where a folder that it begins with is not there."""
    chain = read_stated(path, Chain, "alignment")
    return read_folders(path, chain, "model", "pairs", "graph", "scorer", "documents")


def execute(
    job: Job, workers: int = 1, *, gpu: bool = False, max_failures: int = 3, on_step: OnStep | None = None
) -> Any:
    """Aligns on so many ranks: one in this process, more on Ray Train, which must be up, as `launch.fit` does it.
    Returns a `run.Result`."""
    from training_bridge.align.run import Result

    if workers == 1:
        return _align(job.model_dump(mode="json"), on_step)
    spread(
        _align,
        job.model_dump(mode="json"),
        workers,
        work=job.work,
        threads=job.config.threads,
        gpu=gpu,
        max_failures=max_failures,
        on_step=on_step,
    )
    return Result.of(job.out)


def _align(fields: dict[str, Any], on_step: OnStep | None) -> Any:
    from training_bridge.align.run import align

    job = Job.model_validate(fields)
    folders = {name: getattr(job, name) for name in ("work", "graph", "scorer", "documents")}
    return align(job.config, job.model, job.pairs, job.out, **folders, on_step=on_step)
