"""What an answer is worth: by a checker where the question has one, by the reward model otherwise."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from datagen.errors import UsageError
from knowledge_graph import Linker
from knowledge_graph import load as load_graph
from reward_filter import load as load_scorer
from reward_filter.checkers import CHECKERS, Entities, check

WITH_GRAPH = "entity"


class Verdict(NamedTuple):
    """`value` in [0, 1]; `right` is null where nothing but a model judged."""

    value: float
    right: bool | None


class Judge:
    """Rewards answers. Questions are mappings with a `prompt`, and with `checker` and `answer` where an answer can be
    checked (the columns of the view `verifiable`); the folders are artefacts: a graph for checks of entities, a reward
    model for questions that cannot be checked.

    A checked answer is worth 1 or 0 and no model has a say in it, so that there is nothing to be learnt from flaws of
    one. Raises UsageError for a checker that isn't known or lacks its graph, or a question that nothing can judge.
    """

    def __init__(self, graph: Path | None = None, scorer: Path | None = None) -> None:
        self.folders = tuple(folder for folder in (graph, scorer) if folder is not None)
        self.entities = None
        if graph is not None:
            found = load_graph(graph)
            self.entities = Entities(found, Linker(found))
        self.scorer = None if scorer is None else load_scorer(scorer)

    def __call__(self, questions: Sequence[Mapping[str, Any]], responses: Sequence[str]) -> list[Verdict]:
        """One verdict for each answer."""
        verdicts: list[Verdict | None] = []
        for asked, response in zip(questions, responses, strict=True):
            right = check(asked["checker"], asked["answer"], response, self.entities) if asked.get("checker") else None
            verdicts.append(None if right is None else Verdict(float(right), right))
        open_ = [number for number, verdict in enumerate(verdicts) if verdict is None]
        if open_:
            self.require(questions[n] for n in open_)
            values = self.scorer.score([questions[n]["prompt"] for n in open_], [responses[n] for n in open_])
            for number, value in zip(open_, values.tolist(), strict=True):
                verdicts[number] = Verdict(value, None)
        return verdicts

    def require(self, questions: Iterable[Mapping[str, Any]]) -> None:
        """Raises UsageError for the first question that could not be judged."""
        for asked in questions:
            checker = asked.get("checker")
            if not checker:
                if self.scorer is None:
                    raise UsageError("a question has no checker and there is no reward model", "name a `scorer`")
            elif checker not in CHECKERS and checker != WITH_GRAPH:
                raise UsageError(f"there is no checker {checker!r}", f"there are {WITH_GRAPH}, {', '.join(CHECKERS)}")
            elif checker == WITH_GRAPH and self.entities is None:
                raise UsageError("answers that name an entity need a graph to look it up in", "name a `graph`")
            elif check(checker, asked["answer"], "", self.entities) is None:
                raise UsageError(
                    f"the answer of question {asked.get('id')} is none that the checker {checker!r} takes",
                    "make the pairs again, with the graph that answers are checked by",
                )

    def sha256(self) -> str:
        """Of the folders' files."""
        digest = hashlib.sha256()
        for folder in self.folders:
            digest.update(folder_sha256(folder).encode())
        return digest.hexdigest()


def folder_sha256(folder: Path) -> str:
    """Of the names and bytes of a folder's files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0")
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
