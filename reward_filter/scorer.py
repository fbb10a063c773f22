"""A trained reward model: answers in, calibrated probabilities out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from datagen.errors import UsageError
from knowledge_graph import Graph, Linker
from knowledge_graph import load as load_graph
from reward_filter.bradley_terry import Platt, scores
from reward_filter.features import WIDTH, Featurizer, kind_of

CONFIG, WEIGHTS, CARD, GRAPH = "config.json", "weights.safetensors", "card.md", "graph"
FORMAT = "reward-embedded-1"


@dataclass(frozen=True)
class Model:
    """Weights float64[WIDTH] and a calibration for each kind of answer (KINDS)."""

    weights: np.ndarray
    calibration: Mapping[str, Platt]

    def calibrated(self, score: np.ndarray, kinds: Sequence[str]) -> np.ndarray:
        """Scores of answers of these kinds as probabilities: float64, the same shape."""
        probabilities = np.zeros(len(score))
        for kind, platt in self.calibration.items():
            here = np.array([k == kind for k in kinds], bool)
            probabilities[here] = platt(score[here])
        return probabilities

    def files(self) -> dict[str, bytes]:
        """The model as files of its artefact."""
        platts = {kind: asdict(platt) for kind, platt in sorted(self.calibration.items())}
        config = {"format": FORMAT, "width": WIDTH, "calibration": platts}
        return {
            CONFIG: json.dumps(config, indent=1).encode(),
            WEIGHTS: save({"weights": self.weights}),
        }

    @staticmethod
    def read(folder: Path) -> "Model":
        try:
            config = json.loads((folder / CONFIG).read_text())
            weights = load_file(folder / WEIGHTS)["weights"]
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise UsageError(f"{folder} holds no reward model: {error}", "give the folder of a trained one") from None
        if config.get("format") != FORMAT or weights.shape != (WIDTH,):
            raise UsageError(f"{folder} holds a reward model of another version", "train it again")
        return Model(weights, {kind: Platt(**platt) for kind, platt in config["calibration"].items()})


class Scorer:
    """Scores answers with a model, against a graph."""

    def __init__(self, model: Model, graph: Graph):
        self.model = model
        self._featurizer = Featurizer(graph, Linker(graph))

    def score(self, prompts: Sequence[str], responses: Sequence[str]) -> np.ndarray:
        """How likely each response is a good one: float64 in (0, 1), shape [len(responses)]. An empty prompt means
        plain text. Raises ValueError for lists of different length."""
        raw = scores(self._featurizer.features(prompts, responses), self.model.weights)
        return self.model.calibrated(raw, [kind_of(prompt) for prompt in prompts])


def load(path: str | Path, graph: Graph | None = None) -> Scorer:
    """The scorer in an artefact folder (`datagen path RUN reward`), with the graph that it was trained with or another.

    Raises UsageError where there is none.
    """
    folder = Path(path)
    model = Model.read(folder)
    return Scorer(model, graph or load_graph(folder / GRAPH))
