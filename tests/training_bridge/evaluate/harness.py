"""lm-evaluation-harness's own tasks beside ours, on the same items."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

from training_bridge.evaluate.items import read
from training_bridge.evaluate.likelihood import PREFIX, Measured, fitting, measure, write_tasks
from training_bridge.evaluate.suite import Row

OWN = {
    "medqa": "medqa/medqa.yaml",
    "medmcqa": "medmcqa/{}.yaml",
    "mmlu": "mmlu/default/{}.yaml",
    "pubmedqa": "pubmedqa/{}.yaml",
}
"""Where the harness has its tasks."""


def hub_documents(row: Row, path: Path) -> list[dict[str, Any]]:
    """The items of a published file in the form of the data set on the hub that the harness's own task reads."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        if row.benchmark == "mmlu":
            return [{"question": r[0], "choices": r[1:5], "answer": "ABCD".index(r[5])} for r in csv.reader(file)]
        if row.benchmark == "pubmedqa":
            test = json.loads((path.parent / "test_ground_truth.json").read_text())
            return [item for pmid, item in json.load(file).items() if pmid in test]
        rows = [json.loads(line) for line in file]
    if row.benchmark == "medmcqa":
        return [r | {"cop": r["cop"] - 1} for r in rows]
    return [
        {
            "sent1": r["question"],
            **{f"ending{place}": option for place, option in enumerate(r["options"].values())},
            "label": list(r["options"]).index(r["answer_idx"]),
        }
        for r in rows
    ]


def both(
    row: Row, paths: str, documents: list[dict], model: Any, tokenizer: Any, folder: Path, limit: int | None = None
) -> tuple[list[Measured], list[dict[str, Any]]]:
    """What the harness says of our task and of its own, item by item."""
    questions = read(row, paths, limit=None).questions[:limit]
    write_tasks({row: questions}, folder / "tasks", fitting(model, tokenizer))
    name = f"{PREFIX}{row.name}_letters"
    mine = measure(model, tokenizer, [name], folder / "tasks")[name]
    return mine, _own(row.harness, documents[:limit], model, tokenizer, folder / "own")


def differing(mine: list[Measured], theirs: list[dict[str, Any]]) -> int:
    """Items on which the two differ."""
    assert len(mine) == len(theirs)
    return sum(
        (m.right, m.right_per_length) != (bool(t["acc"]), bool(t.get("acc_norm", m.right_per_length)))
        for m, t in zip(mine, theirs, strict=True)
    )


def _own(name: str, documents: list[dict], model: Any, tokenizer: Any, folder: Path) -> list[dict[str, Any]]:
    import lm_eval.tasks
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager
    from lm_eval.tasks._yaml_loader import load_yaml

    folder.mkdir(parents=True)
    (folder / "test.jsonl").write_text("".join(json.dumps(document) + "\n" for document in documents))
    own = Path(lm_eval.tasks.__file__).parent / OWN[name.partition("_")[0]].format(name)
    local = {
        **load_yaml(own),
        "dataset_path": "json",
        "dataset_name": None,
        "dataset_kwargs": {"data_files": {"test": str(folder / "test.jsonl")}, "cache_dir": str(folder / "cache")},
        "training_split": None,
        "validation_split": None,
        "fewshot_split": None,
        "test_split": "test",
    }
    found = simple_evaluate(
        model=HFLM(pretrained=model, tokenizer=tokenizer, batch_size=8),
        tasks=[local],
        task_manager=TaskManager(include_defaults=False),
        bootstrap_iters=0,
        log_samples=True,
    )
    return sorted(found["samples"][name], key=lambda sample: sample["doc_id"])
