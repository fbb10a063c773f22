"""What the stages that train a model share: where they run, how they say how far they are, what they publish."""

import shutil
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from datagen.errors import DatagenError
from datagen.stage import Phase, Resources, Stage

if TYPE_CHECKING:
    from datagen.task import Job, Task


class Training(Stage):
    """A stage whose one phase trains a model. A result has the folder `model`."""

    publishes: ClassVar[str] = "model"
    inputs: ClassVar[str] = "none"
    unhashed: ClassVar[tuple[str, ...]] = (*Stage.unhashed, "max_failures")

    threads: int = Field(1, gt=0, description="fixed, because sums over threads depend on their number")
    workers: int = Field(1, gt=0, description="ranks; their number changes rounding")
    gpu: bool = Field(False, description="a GPU for each worker")
    max_failures: int = Field(3, ge=0, description="times that several workers begin again when one dies")

    @abstractmethod
    def train(self, task: "Task", out: Path) -> Any:
        """Trains into the empty folder `out`, or goes on from what `task.scratch` has."""

    @abstractmethod
    def files(self, result: Any) -> tuple[Path, ...]:
        """What is published beside the model."""

    @abstractmethod
    def card(self, name: str, result: Any) -> str: ...

    @abstractmethod
    def facts(self, result: Any) -> dict[str, Any]:
        """For the manifest."""

    @property
    def resources(self) -> Resources:
        """Several workers ask for their own."""
        return Resources(cpus=0) if self.workers > 1 else Resources(cpus=self.threads, gpus=int(self.gpu))

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("train", lambda job: [None], self._train, publishes=True),)

    def _train(self, task: "Task") -> dict[str, Any]:
        if self.workers > 1 and task.job.store.remote:
            raise DatagenError(
                f"{self.workers} workers need a folder that they share, and the run is remote",
                "give the run a path on a shared file system, or the stage one worker",
            )
        out = task.scratch / "out"
        shutil.rmtree(out, ignore_errors=True)
        result = self.train(task, out)
        for file in (*sorted(result.model.iterdir()), *self.files(result)):
            task.write_file(file.name, file.read_bytes())
        task.write_file("README.md", self.card(task.job.name, result).encode())
        return self.facts(result)


class Note:
    """Says in the run how far the stage is; may be sent to another process."""

    def __init__(self, job: "Job") -> None:
        self.job = job

    def __call__(self, text: str) -> None:
        self.job.store.write(self.job.note, text.encode())
