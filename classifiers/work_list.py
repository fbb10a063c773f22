"""What balancing could not reach, for those who collect and synthesise."""

from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from classifiers.balance import Quotas
from datagen.stage import Phase
from datagen.work_list import KIND, WORK_LIST

if TYPE_CHECKING:
    from datagen.task import Task


class WorkList(Quotas):
    """Publishes what the train split lacks of its targets even with every row repeated up to the cap.

    Takes the options of `classifiers.balance`, looks at the same rows and changes none. `synthesis.generate` takes the
    list as its `work_list`; a balance over what was there and what was written follows.
    """

    publishes: ClassVar[str] = KIND

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("count", lambda job: job.part_keys(), self._count),
            Phase("list", lambda job: [0], self._list, publishes=True),
        )

    def _list(self, task: "Task") -> dict[str, Any]:
        lines = self._missing(*self._plan(task))
        task.write(KIND, pa.Table.from_pylist(lines, WORK_LIST))
        return {"cells": len(lines), "short": sum(line["short"] for line in lines)}
