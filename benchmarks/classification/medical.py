"""Medical or not: general English and Chinese, code, botany papers and law against all medical sources.

`new texts`: a classifier trained on half of the texts of every source (by hash) is measured on the other half.
`new sources`: the classifier that comes with the package on sources that it has never seen.
"""

from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.classification._records import records
from classifiers import Classifier
from classifiers.examples import gather, merge
from classifiers.heads import HEADS, MEDICAL
from classifiers.learn import learn
from classifiers.model import load
from datagen.record import with_column
from datagen.taxonomy import NOT_MEDICAL

OTHER = ("web", "pages", "treebanks", "sentences", "code", "mathematics", "laws", "techdocs", "botany")
HEALTH = (
    *("medquad", "icliniq", "toyhom", "toyhom_lines", "cmtmedqa", "mts_dialog", "mtsamples", "meqsum", "trec_ct"),
    *("plos", "stemcell", "trials", "pubmed", "abstracts", "anatomy", "nursing", "tcm_classics", "nstg", "who_anc"),
)
UNSEEN = ("web", "pages", "sentences", "icliniq", "toyhom", "cmtmedqa", "mtsamples", "pubmed", "abstracts", "nstg")
LANGUAGES = ("en", "zh")
PER_SOURCE = 400
LEAST = 40
"""Characters: of less nobody can tell."""


def measure(data: Path) -> None:
    rows = _rows(records(data, "synthetic", "value"))
    half = pa.array([int(identity[:8], 16) % 2 == 0 for identity in rows["id"].to_pylist()])
    heads = [HEADS["medical"]]
    chosen = gather([rows.filter(half)], heads, True, 100_000, 0)
    made = learn(merge([chosen], heads, 100_000, 0), 0.95, 0)
    _show("new texts", _load(made), rows.filter(pc.invert(half)))
    _show("new sources", load("base"), rows.filter(pc.is_in(rows["source"], pa.array(UNSEEN))))


def _rows(rows: pa.Table) -> pa.Table:
    wanted = pc.and_(
        pc.is_in(rows["source"], pa.array([*OTHER, *HEALTH])), pc.is_in(rows["language"], pa.array(LANGUAGES))
    )
    rows = rows.filter(pc.and_(wanted, pc.greater_equal(pc.utf8_length(rows["text"]), LEAST))).sort_by("id")
    taken: dict[str, int] = defaultdict(int)
    keep = []
    for source in rows["source"].to_pylist():
        taken[source] += 1
        keep.append(taken[source] <= PER_SOURCE)
    rows = rows.filter(pa.array(keep))
    labels = [NOT_MEDICAL if source in OTHER else "GM" for source in rows["source"].to_pylist()]
    rows = with_column(rows, "department", pa.array(labels))  # which department doesn't matter to the head
    return with_column(rows, "split", pa.array(["train"] * len(rows)))


def _load(made) -> Classifier:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        made.save(Path(folder))
        return load(folder)


def _show(name: str, classifier: Classifier, rows: pa.Table) -> None:
    scores = classifier.scores(rows["text"].to_pylist())["medical"]
    column = classifier.description.heads["medical"].labels.index(MEDICAL)
    told = [score > 0.5 for score in scores[:, column]]
    truth = [department != NOT_MEDICAL for department in rows["department"].to_pylist()]
    right = sum(a and b for a, b in zip(told, truth, strict=True))
    precision, recall = right / max(sum(told), 1), right / max(sum(truth), 1)
    wrong: dict[str, list[bool]] = defaultdict(list)
    for source, guess, true in zip(rows["source"].to_pylist(), told, truth, strict=True):
        wrong[source].append(guess != true)
    print(
        f"{name}: {len(rows)} texts, precision {precision:.4f}, recall {recall:.4f}, "
        f"F1 {2 * precision * recall / max(precision + recall, 1e-9):.4f} (target .99)"
    )
    worst = sorted(wrong.items(), key=lambda entry: -sum(entry[1]) / len(entry[1]))[:8]
    print("  most errors: " + ", ".join(f"{source} {sum(bad)}/{len(bad)}" for source, bad in worst if any(bad)))
