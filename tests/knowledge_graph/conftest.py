from pathlib import Path

import pytest

from datagen.stage import Item
from datagen.task import Job
from datagen.worker import run_shard
from knowledge_graph import Graph, load
from knowledge_graph.build import Build

SAMPLE = Path(__file__).resolve().parents[2] / "datagen" / "sample" / "ontology"
NO_SPLIT = {"validation": 0.0, "test": 0.0}


def build(out: Path, split=NO_SPLIT, items: list[Item] | None = None, **options):
    """A graph built by the stage's own phase, in this process: (folder, commit)."""
    stage = Build(**options)
    found = tuple(stage.items() if items is None else items)
    job = Job("kg", stage, "knowledge_graph.build", str(out), "0" * 12, None, items=found, settings={"split": split})
    commit = run_shard(job, "graph", 0, 0)
    for kind in ("nodes", "edges"):
        for number, path in enumerate(commit.paths(kind)):
            target = out / "data" / kind / f"part-{number:05d}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(job.store.read(path))
    return out / "data", commit


@pytest.fixture(scope="session")
def sample_graph(tmp_path_factory) -> Graph:
    """The sample ontology with its Chinese names."""
    folder, _ = build(
        tmp_path_factory.mktemp("sample"), obo=str(SAMPLE / "sample.obo"), babelon=str(SAMPLE / "sample-zh.babelon.tsv")
    )
    return load(folder)
