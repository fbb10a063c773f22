"""A trained reward model: answers in, calibrated probabilities out. Three kinds behind one protocol."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow.parquet as pq
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from datagen.errors import UsageError
from knowledge_graph import Graph, Linker
from knowledge_graph import load as load_graph
from reward_filter.background import Background
from reward_filter.bradley_terry import Weights, scores
from reward_filter.calibrate import Calibration, read
from reward_filter.features import WIDTH, Featurizer, kind_of

CONFIG, WEIGHTS, CARD, GRAPH = "config.json", "weights.safetensors", "card.md", "graph"
BACKGROUND, REPORT = "background.parquet", "report.html"
EMBEDDED, ENCODER, JUDGE = "reward-embedded-4", "reward-encoder-1", "reward-judge-1"


class RewardModel(Protocol):
    """What judges answers: the embedded scorer, a Hugging Face sequence classifier, or a language model as judge."""

    def score(self, prompts: Sequence[str], responses: Sequence[str]) -> np.ndarray:
        """How likely each response is a good one: float64 in [0, 1], shape [len(responses)]. An empty prompt means
        plain text. Raises ValueError for lists of different length."""


def calibrated(calibration: Mapping[str, Calibration], score: np.ndarray, kinds: Sequence[str]) -> np.ndarray:
    """Scores of answers of these kinds as probabilities: float64, the same shape."""
    probabilities = np.zeros(len(score))
    for kind, curve in calibration.items():
        here = np.array([k == kind for k in kinds], bool)
        probabilities[here] = curve(score[here])
    return probabilities


@dataclass(frozen=True)
class Model:
    """Weights, and a calibration for each kind of answer (KINDS)."""

    weights: Weights
    calibration: Mapping[str, Calibration]

    def calibrated(self, score: np.ndarray, kinds: Sequence[str]) -> np.ndarray:
        return calibrated(self.calibration, score, kinds)

    def files(self) -> dict[str, bytes]:
        """The model as files of its artefact."""
        curves = {kind: asdict(curve) for kind, curve in sorted(self.calibration.items())}
        config = {"format": EMBEDDED, "width": WIDTH, "calibration": curves}
        return {
            CONFIG: json.dumps(config, indent=1).encode(),
            WEIGHTS: save(self.weights.arrays()),
        }

    @staticmethod
    def read(folder: Path) -> "Model":
        config = configuration(folder)
        try:
            arrays = load_file(folder / WEIGHTS)
        except (OSError, SafetensorError) as error:
            raise UsageError(f"{folder} holds no reward model: {error}", "give the folder of a trained one") from None
        try:
            weights = Weights.of(arrays)
        except ValueError:
            weights = None
        if config.get("format") != EMBEDDED or weights is None:
            raise UsageError(f"{folder} holds a reward model of another version", "train it again")
        return Model(weights, {kind: read(curve) for kind, curve in config["calibration"].items()})


class Scorer:
    """The embedded scorer: a small model over features, against a graph and what real text says."""

    def __init__(self, model: Model, graph: Graph, background: Background):
        self.model = model
        self._featurizer = Featurizer(graph, Linker(graph), background)

    def score(self, prompts: Sequence[str], responses: Sequence[str]) -> np.ndarray:
        return self.model.calibrated(self.raw(prompts, responses), [kind_of(prompt) for prompt in prompts])

    def raw(self, prompts: Sequence[str], responses: Sequence[str]) -> np.ndarray:
        """Scores before calibration, any float64: only differences between answers to one prompt mean something."""
        return scores(self._featurizer.features(prompts, responses), self.model.weights)

    def reason(self, prompt: str, response: str) -> str:
        """What speaks most against an answer, as a word for ledgers: one of `reward_filter.features.REASONS`."""
        return self._featurizer.reason(prompt, response)


def configuration(folder: Path) -> dict:
    """What an artefact says of itself. Raises UsageError where there is none."""
    try:
        return json.loads((folder / CONFIG).read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} holds no reward model: {error}", "give the folder of a trained one") from None


def load(path: str | Path, graph: Graph | None = None) -> RewardModel:
    """The scorer in an artefact folder (`datagen path RUN reward`), with the graph that it was trained with or another.

    Raises UsageError where there is none.
    """
    folder = Path(path)
    form = configuration(folder).get("format")
    if form == ENCODER:
        from reward_filter.encoder import Encoder

        return Encoder.read(folder)
    if form == JUDGE:
        from reward_filter.judge import Judge

        return Judge.read(folder)
    model = Model.read(folder)
    file = folder / BACKGROUND
    background = Background.read(pq.read_table(file)) if file.exists() else Background.empty()
    return Scorer(model, graph or load_graph(folder / GRAPH), background)
