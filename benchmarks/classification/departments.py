"""How well departments are told: trained, without a single label, and by counting terms alone.

Sources: CMtMedQA (zh dialogues, labels mapped), Toyhom (zh questions on internal medicine), MTSamples (en reports), and
text that isn't medical: statutes, a programming tutorial, school mathematics, source code. Texts are distinct; a fifth
of each source by hash of the text is never seen in training. MTSamples' note types and headings over several
departments are dropped; a text filed under several departments is radiology if that is one of them, and dropped
otherwise. MedMCQA's subjects and the two PUD treebanks (news and Wikipedia, five sentences a text) are never trained
on. Labels are the sources' own: the noise in them is in the figures. Coverage is the share not abstained from; ECE is
of the best guesses; texts/s of processor time.
"""

import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow as pa

from benchmarks.classification._texts import Text, cmtmedqa, medmcqa, mtsamples, not_medical, toyhom, treebanks
from classifiers import load
from classifiers.examples import gather, merge
from classifiers.features import clip, fold
from classifiers.learn import learn
from classifiers.metrics import macro_f1
from classifiers.metrics import measure as quality
from classifiers.terms import find_terms
from datagen.record import table, with_column
from datagen.taxonomy import load_taxonomy

THRESHOLD = 0.3
JUDGED = 5
"""Labels with fewer test rows have no F1 worth the name."""


def records(texts: list[Text]) -> pa.Table:
    """Four fifths for training (a tenth of that for validation), as the pipeline would hold them."""
    rows = [
        {
            "id": text.key,
            "group": text.key,
            "split": "validation" if text.draw < 0.28 else "train",
            "text": text.text,
            "language": text.language,
            "source": text.source,
            "source_id": text.key,
            "department": text.department,
        }
        for text in texts
        if text.draw >= 0.2
    ]
    return table(rows)


def train(rows: pa.Table, folder: Path) -> str:
    started = time.perf_counter()
    gathered = gather([rows], "department", frozenset(load_taxonomy().codes), True, 1000, 0)
    chosen = merge([gathered], 1000, 0)
    learnt = learn(chosen, "department", THRESHOLD, 0)
    learnt.save(folder)
    counts = ", ".join(f"{len(found)} {kind}" for kind, found in chosen.items())
    size = len(learnt.files["model.bin"]) / 1e6
    return f"{counts} rows; {size:.1f} MB; {time.perf_counter() - started:.0f} s"


def by_terms(text: str) -> str | None:
    """The department with most different terms: what a list of words does without any learning."""
    found = Counter(code for code in dict(find_terms(fold(clip(text)))).values() if code != "MED")
    return min(found, key=lambda code: (-found[code], code)) if found else None


def show(name: str, texts: list[Text], folder: Path | None) -> None:
    truth = [text.department for text in texts]
    started = time.process_time()
    if folder is None:
        guesses = [by_terms(text.text) for text in texts]
        seconds = time.process_time() - started
        right = sum(g == t for g, t in zip(guesses, truth, strict=True)) / len(truth)
        figures = f"{right:8.3f} {macro_f1(truth, guesses, JUDGED):8.3f} {'':8} {'':8} {'':8}"
    else:
        classifier = load(folder)
        started = time.process_time()
        scores = classifier.scores([text.text for text in texts])
        seconds = time.process_time() - started
        q = quality(truth, classifier.labels, scores, THRESHOLD)
        guesses = [classifier.labels[index] for index in scores.argmax(1)]
        figures = (
            f"{q.accuracy:8.3f} {macro_f1(truth, guesses, JUDGED):8.3f} {q.coverage:8.3f} {q.accuracy_covered:8.3f} "
        )
        figures += f"{q.calibration_error:8.3f}"
    print(f"{name:34} {len(texts):6} {figures} {len(texts) / seconds:8.0f}")


def measure(data: Path) -> None:
    seen = {text.key: text for reader in (cmtmedqa, toyhom, mtsamples, not_medical) for text in reader(data)}
    unseen = {text.key: text for reader in (medmcqa, treebanks) for text in reader(data)}
    tests: dict[str, list[Text]] = defaultdict(list)
    for text in seen.values():
        if text.draw < 0.2:
            tests[f"{text.source} {text.language}"].append(text)
    for text in unseen.values():
        tests[f"{text.source} {text.language} (never trained on)"].append(text)
    rows = records(list(seen.values()))
    with tempfile.TemporaryDirectory() as folder:
        trained, unlabelled = Path(folder) / "trained", Path(folder) / "unlabelled"
        print("trained:     ", train(rows, trained))
        nothing = pa.nulls(len(rows), pa.string())
        print("without labels:", train(with_column(rows, "department", nothing), unlabelled))
        for title, place in (("trained", trained), ("without labels", unlabelled), ("terms counted", None)):
            header = f"{'accuracy':>8} {'macroF1':>8} {'coverage':>8} {'acc.cov':>8} {'ECE':>8} {'texts/s':>8}"
            print(f"\n{title:34} {'texts':>6} {header}")
            for name, texts in tests.items():
                show(name, texts, place)
