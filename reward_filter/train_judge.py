"""The stage `reward_filter.judge`: a language model as reward model, calibrated on known errors."""

from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow.compute as pc
from pydantic import Field

from datagen import notice
from datagen.answers import Answers, Meter
from datagen.errors import UsageError
from datagen.generator import make_generator
from datagen.stage import Artefact, Phase, Stage
from datagen.task import Task
from knowledge_graph import Linker
from knowledge_graph import load as load_graph
from reward_filter.calibrate import expected_calibration_error
from reward_filter.card import ordered
from reward_filter.corrupt import Corruptor, Pair
from reward_filter.features import kind_of
from reward_filter.items import items
from reward_filter.judge import Judge
from reward_filter.scorer import CARD
from reward_filter.train import LANGUAGES, READ, calibration, shortened


class TrainJudge(Stage):
    """Makes a reward model of a language model that judges by rubric: nothing of it is trained, its verdicts are
    calibrated on pairs of open synthetic rows with known errors, and the card says what it tells apart.

    A verdict needs evidence: the words of the answer that break a criterion, quoted. The order of the criteria is
    turned round between the times that it is asked.
    """

    graph: Annotated[str, Artefact("graph")] = Field(description="the graph that damage is done by")
    generator: str = Field(description="a generator that reads prose: openai, transformers, ...")
    generator_options: dict[str, Any] = Field({}, description="its options")
    pairs: int = Field(200, ge=20, description="pairs to calibrate on; each costs 2 x `times` requests")
    times: int = Field(2, ge=1, le=8, description="how often each answer is judged, in another order each time")
    seed: int = Field(0, description="another seed damages other things")

    version: ClassVar[str] = "3"
    publishes: ClassVar[str] = "reward"
    reads: ClassVar[tuple[str, ...]] = (*READ, "access", "phi_status")

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("calibrate", lambda job: [0], self._calibrate, publishes=True),)

    def forecast(self) -> str | None:
        return f"about {2 * self.pairs * self.times:,} requests to {self.generator}"

    def _calibrate(self, task: Task) -> dict[str, Any]:
        generator = make_generator(self.generator, **self.generator_options)
        generator.setup()
        generator.remember(Answers(task.job.store), Meter(task.job.store))
        graph = load_graph(task.artefact("graph"))
        pairs = self._pairs(task, Corruptor(graph, Linker(graph)))
        judge = Judge(generator, {}, self.times)
        prompts = [pair.prompt for pair in pairs]
        good, bad = (judge.raw(prompts, [getattr(p, side) for p in pairs]) for side in ("chosen", "rejected"))
        judged = ~(np.isnan(good) | np.isnan(bad))
        if judged.sum() < len(pairs) / 2 or not pairs:
            raise UsageError(
                f"{self.generator} gave a usable verdict on {judged.sum()} of {len(pairs)} pairs",
                "see that it follows a JSON schema, or use another model",
            )
        kinds = np.array([kind_of(prompt) for prompt in prompts], dtype=object)[judged]
        good, bad = good[judged], bad[judged]
        judge.calibration = calibration(good, bad, kinds)
        for name, data in judge.files(self.generator, self.generator_options).items():
            task.write_file(name, data)
        accuracy = ordered([p.error_class for p, known in zip(pairs, judged, strict=True) if known], good - bad)
        rows = [f"| {row['pairs']} | {row['n']} | {row['all']:.3f} |" for row in accuracy]
        head = [f"# Reward model `{task.job.name}`: {self.generator} as judge", "", notice.MARKDOWN]
        head += ["", "| pairs | n | in the right order |", "|---|---|---|"]
        task.write_file(CARD, "\n".join([*head, *rows, ""]).encode())
        curve = next(iter(judge.calibration.values()))
        labels = np.repeat([True, False], len(good))
        ece = expected_calibration_error(curve(np.concatenate([good, bad])), labels)
        return {"accuracy": accuracy, "judged": int(judged.sum()), "pairs": len(pairs), "ece_in_sample": round(ece, 4)}

    def _pairs(self, task: Task, corruptor: Corruptor) -> list[Pair]:
        """Of open synthetic rows outside the test split, one for each, until there are enough."""
        found: list[Pair] = []
        for part in task.job.parts:
            for batch in task.read(part, ["id", *self.reads]):
                sendable = pc.and_(pc.equal(batch["access"], "open"), pc.not_equal(batch["phi_status"], "unknown"))
                rows = batch.filter(pc.and_(batch["synthetic"], sendable))
                good = [i for i in shortened(items(rows)) if i.split != "test" and i.language in LANGUAGES]
                found += corruptor.pairs(good[: self.pairs - len(found)], self.seed, 1)
                if len(found) >= self.pairs:
                    return found
        return found
