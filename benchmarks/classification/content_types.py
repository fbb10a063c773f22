"""Content type from the text alone, against the type known from the source. Sources are disjoint: the types are learnt
from some and measured on others that the classifier has never seen; types with one source are left out (EXAM has
evaluation sets alone, which nothing learns from). `new texts` are held-out texts (by hash) of the sources learnt from.

The skeletons of content types (classifiers/skeletons.yaml), which every classifier learns from too, were written after
a look at three texts of every source here, measured ones included; `without their like` leaves out those that resemble
a source.
"""

import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.classification._records import records
from classifiers import Classifier, load, weak
from classifiers.examples import Chosen, gather, merge
from classifiers.heads import HEADS
from classifiers.learn import learn
from classifiers.metrics import confusions, f1_scores
from datagen.record import with_column

HEAD = "content_type"
LEARNT = {
    "QA": ("medquad", "toyhom"),
    "DIALOG": ("cmtmedqa", "mts_dialog"),
    "NOTE": ("mtsamples",),
    "CASE": ("trec_ct", "phenopackets"),
    "TEXT": ("nursing", "tcm_classics"),
    "GUIDE": ("nstg",),
    "KB": ("ontologies", "hetionet", "disease_kinds", "hpo_zh"),
    "CODE": ("icd10", "icd10_zh", "mondo_codes", "disease_references"),
}
MEASURED = {
    "QA": ("icliniq", "toyhom_lines"),
    "DIALOG": ("mts_dialog_tests",),
    "NOTE": ("synthea",),
    "CASE": ("agentclinic",),
    "TEXT": ("anatomy",),
    "GUIDE": ("who_anc", "nstg_entries"),
    "KB": ("hpo", "mondo_names", "terms_zh", "disease_symptoms"),
    "CODE": ("disease_reports", "drugs_zh", "mesh", "mondo_equivalents"),
}
ALIKE = {
    "KB": ("also called {t}|", "is a symptom of", "的中文是"),
    "CODE": ("is the same as", "registration number", "国药准字", "注册证号", "is coded as", "belongs to"),
    "NOTE": ("# Record",),
    "CASE": ("Findings: {t}; {t}",),
    "QA": ("What is {t}?", "hi doctor i am", "hello. {s} {s} i suggest"),
    "DIALOG": ("Any {t} or",),
    "TEXT": ("# {t}\n\nLearning",),
    "GUIDE": ("Introduction\n", "This guideline provides"),
}
"""Parts of skeletons that resemble a source of this measure."""
PER_SOURCE = 300
HELD_OUT = 0.2


def measure(data: Path) -> None:
    rows = records(data, "synthetic", "value").sort_by("id")
    train, new = _rows(rows, LEARNT), _rows(rows, MEASURED)
    held = pa.array([int(identity[8:16], 16) / 2**32 < HELD_OUT for identity in train["id"].to_pylist()])
    heads = [HEADS[HEAD]]
    chosen = merge([gather([train.filter(pc.invert(held))], heads, False, 1000, 0)], heads, 1000, 0)
    classifier = _learnt(chosen)
    _show("new texts", classifier, train.filter(held))
    _show("new sources", classifier, new)
    unlike = _unlike(weak.skeletons())
    with mock.patch.object(weak, "skeletons", lambda: unlike):
        _show("new sources, without their like", _learnt(chosen), new)


def _learnt(chosen: Chosen) -> Classifier:
    with tempfile.TemporaryDirectory() as folder:
        learn(chosen, 0.95, 0).save(Path(folder))
        return load(folder)


def _unlike(skeletons: dict[str, dict[str, list[str]]]) -> dict[str, dict[str, list[str]]]:
    return {
        kind: {
            language: [own for own in found if not any(part in own for part in ALIKE.get(kind, ()))] or found
            for language, found in by_language.items()
        }
        for kind, by_language in skeletons.items()
    }


def _rows(rows: pa.Table, sources: dict[str, tuple[str, ...]]) -> pa.Table:
    types = {source: kind for kind, names in sources.items() for source in names}
    rows = rows.filter(pc.is_in(rows["source"], pa.array(types)))
    taken: dict[str, int] = defaultdict(int)
    keep = []
    for source in rows["source"].to_pylist():
        taken[source] += 1
        keep.append(taken[source] <= PER_SOURCE)
    rows = rows.filter(pa.array(keep))
    rows = with_column(rows, HEAD, pa.array([types[source] for source in rows["source"].to_pylist()]))
    return with_column(rows, "split", pa.array(["train"] * len(rows)))


def _show(name: str, classifier, rows: pa.Table) -> None:
    labels = classifier.description.heads[HEAD].labels
    guesses = [labels[n] for n in classifier.scores(rows["text"].to_pylist())[HEAD].argmax(1)]
    truth = rows[HEAD].to_pylist()
    scores, counts = f1_scores(truth, guesses), Counter(truth)
    print(f"{name}: {len(rows)} texts, macro-F1 {sum(scores.values()) / len(scores):.3f} (target .85)")
    print("  " + ", ".join(f"{label} {score:.2f} of {counts[label]}" for label, score in scores.items()))
    print("  taken for: " + ", ".join(f"{t} {g} {n}" for t, g, n in confusions(truth, guesses)[:6]))
