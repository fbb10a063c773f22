"""Differential diagnosis of real patients: phenopackets, split by paper, from the graph of the other papers.

Papers fall into ten folds by the hash of their PMID. Each fold's patients are ranked by a graph of the nine others'
patients, the excerpt of HPOA and the hierarchy of HPO (release of 2015, which lacks some of the findings' terms: those
count by themselves). The constants of `diagnose.py` were set beforehand and not tuned here. A patient whose disease no
other paper describes can't be right, whatever the method: the rate is given with and without these.
"""

import io
import tarfile
from collections import Counter
from pathlib import Path

from benchmarks.graph._names import text_of
from knowledge_graph import Graph
from knowledge_graph.diagnose import Diagnoser
from knowledge_graph.merge import File, Merger
from knowledge_graph.readers.entries import Content, Entry
from knowledge_graph.readers.hpoa import read_hpoa
from knowledge_graph.readers.obo import read_obo
from knowledge_graph.readers.phenopackets import read_phenopacket

FOLDS = 10
HPO = "kg_hpo_2015/hpo_similarity/data/hp.obo.gz"
HPOA = "kg_hpoa_excerpt/annotations/phenotype.excerpt.hpoa"
PATIENTS = "case_rare_phenopackets_A-M/phenopackets_A-M.tar.gz"
TOP = (1, 3, 10)


def measure(data: Path) -> None:
    patients = read(data)
    fixed = [
        File("hpo", read_obo(text_of(data / HPO).encode())),
        File("hpoa", read_hpoa((data / HPOA).read_bytes())),
    ]
    found: Counter[str] = Counter()
    for fold in range(FOLDS):
        score(patients, fixed, fold, found)
    print(f"{'measure':52} {'ours':>8} {'target':>8}")
    print(f"{'patients':52} {found['cases']:>8} {'-':>8}")
    print(f"{'patients whose disease another paper describes':52} {found['known']:>8} {'-':>8}")
    for top in TOP:
        right, target = found[str(top)], ">= 0.70" if top == 10 else "-"
        print(f"{f'top-{top}, disease described by another paper':52} {right / found['known']:>8.3f} {target:>8}")
        print(f"{f'top-{top}, all patients':52} {right / found['cases']:>8.3f} {'-':>8}")


def read(data: Path) -> list[tuple[str, int, Entry]]:
    """(paper, fold, entry) of every patient with one diagnosis and a paper."""
    found = []
    with tarfile.open(fileobj=io.BytesIO((data / PATIENTS).read_bytes())) as packed:
        for member in packed:
            if member.name.endswith(".json"):
                entry, paper = read_phenopacket(packed.extractfile(member).read())
                if paper and not entry.bad and not entry.dropped:
                    found.append((paper, int(paper[:8], 16) % FOLDS, entry))
    return found


def score(patients: list, fixed: list[File], fold: int, counts: Counter[str]) -> None:
    train = Content([entry for _, at, entry in patients if at != fold])
    names = tuple(f"patient#{i}" for i in range(len(train.entries)))
    merged = Merger("diagnosis", [*fixed, File("patients", train, positions=names)]).merge()
    diagnoser = Diagnoser(Graph(merged.nodes, merged.edges))
    graph = diagnoser.graph
    able = {graph.ids[row] for row in diagnoser.diseases.tolist()}
    for _, at, entry in patients:
        if at == fold:
            said = [s for s in entry.statements if s.relation == "has_phenotype"]
            observed = [s.object for s in said if s.polarity > 0]
            excluded = [s.object for s in said if s.polarity < 0]
            truth = entry.terms[0].id
            ranked = [d.disease for d in diagnoser.rank(observed, excluded)[: max(TOP)]]
            counts["cases"] += 1
            counts["known"] += truth in able
            for top in TOP:
                counts[str(top)] += truth in ranked[:top]
