"""Scores of one small model made on the spot: the harness's own tasks and ours, on all real items of every row that has
one; target: identical, item by item."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.synthesis.tiny_model import make_tiny_model
from tests.training_bridge.evaluate.harness import both, differing, hub_documents
from training_bridge.evaluate.suite import locate, suite


def measure(data: Path) -> None:
    limit = int(os.environ["ITEMS"]) if os.environ.get("ITEMS") else None
    print("| row | harness's task | items | its accuracy | ours | items that differ |\n|---|---|---|---|---|---|")
    with TemporaryDirectory() as folder:
        made = make_tiny_model(Path(folder) / "model")
        model, tokenizer = AutoModelForCausalLM.from_pretrained(made), AutoTokenizer.from_pretrained(made)
        for row in suite().values():
            paths = locate(row, data) if row.harness else []
            if not paths:
                continue
            path = Path(next(p for p in paths if "ground_truth" not in p))
            source = str(path.parent) if row.test_ids else str(path)
            documents = hub_documents(row, path)
            mine, theirs = both(row, source, documents, model, tokenizer, Path(folder) / row.name, limit)
            ours, own = (sum(values) / len(mine) for values in ([m.right for m in mine], [t["acc"] for t in theirs]))
            print(f"| {row.name} | {row.harness} | {len(mine)} | {own:.4f} | {ours:.4f} | {differing(mine, theirs)} |")
