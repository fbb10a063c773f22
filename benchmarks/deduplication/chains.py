"""Who may go into whose cluster, measured: links alone (connected components), likeness to the keeper as two copies of
one text have it (what the stage does), and likeness to the keeper above the threshold itself. On the workload, where
the answer is known, and on MedQuAD, whose templated answers chain. About 2 minutes."""

import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from lxml import etree

from benchmarks.deduplication._workload import THRESHOLD, recall, score, workload, write_clusters
from dedup import Components, sign, similar
from dedup.keepers import FACTS, Members, decide, least_likeness


def measure(data: Path) -> None:
    print("| texts | rule | removed | largest | least likeness to the keeper | median | J >= 0.7 | all edits |")
    print("|---|---|---|---|---|---|---|---|")
    for seed in (7, 11):
        folder = workload(50_000, seed)
        table = pq.read_table(folder / "docs.parquet")
        for row, keeper in _rules(table["text"].to_pylist(), THRESHOLD):
            write_clusters(folder / "chains.parquet", table["id"], keeper)
            scored = score(folder, folder / "chains.parquet")
            found = " | ".join(f"{recall(scored, kind):.4f}" for kind in ("near J>=0.7", "near, all"))
            print(f"| workload, seed {seed} | {row} | {found} |", flush=True)
    answers = list(_answers(data / "qa_en_medquad" / "medquad_xml.tar.gz"))
    for threshold in (0.5, 0.7, 0.8):
        for row, _ in _rules(answers, threshold):
            print(f"| MedQuAD at {threshold} | {row} | | |", flush=True)


def _rules(texts: list[str], threshold: float):
    """(cells of the table, keeper of each text) for each rule; the longest text is the best."""
    signatures = sign(texts)
    clusters = Components(len(texts))
    for edges in similar(signatures, threshold):
        clusters.join(edges)
    count = signatures.shape[1]
    facts = pa.table(
        [
            pa.array([i.to_bytes(16, "big") for i in range(len(texts))], pa.binary(16)),
            pa.repeat("", len(texts)),
            pa.array(np.zeros(len(texts), np.int8)),
            pa.array(np.zeros(len(texts), np.float32)),
            pa.array(np.array(list(map(len, texts)), np.int32)),
            pa.array(np.ones(len(texts), np.int32)),
            pa.repeat(pa.scalar(False), len(texts)),
        ],
        schema=FACTS,
    ).append_column("cluster", pa.array(clusters.labels()))
    rules = {"links alone": 0, "as two copies": least_likeness(threshold, count), "the threshold": threshold * count}
    for name, likeness in rules.items():
        keeper = decide(Members(facts, [signatures]), int(np.ceil(likeness))).keeper
        gone = np.flatnonzero(keeper != np.arange(len(keeper)))
        agree = (signatures[gone] == signatures[keeper[gone]]).mean(axis=1)
        largest = np.bincount(keeper).max()
        yield f"{name} | {len(gone):,} | {largest:,} | {agree.min():.2f} | {np.median(agree):.2f}", keeper


def _answers(archive: Path):
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    with tarfile.open(archive) as files:
        for file in files:
            if file.name.endswith(".xml"):
                for pair in etree.fromstring(files.extractfile(file).read(), parser).iter("QAPair"):
                    answer = (pair.findtext("Answer") or "").strip()
                    if answer:
                        yield f"{(pair.findtext('Question') or '').strip()}\n{answer}"
