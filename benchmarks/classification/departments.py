"""How well departments are told: by a classifier trained on the same sources (five folds by hash of the text: no text
on both sides), on other sources only, on no labelled row, and by counting terms.

Sources: CMtMedQA (zh dialogues, labels mapped), Toyhom (zh questions on internal medicine), MTSamples (en reports with
their titles), and text that isn't medical: statutes, a programming tutorial, school mathematics, source code. Every
classifier is also given names (MeSH by tree, diseases by ICD-10 code) and medical prose without labels (MedQuAD,
abstracts, a guideline, public health), of which it learns what terms make clear.
MTSamples' note types and headings over several departments are dropped; a text filed under several departments is
radiology if that is one of them, and dropped otherwise. MedMCQA's subjects and the two PUD treebanks (news and
Wikipedia, five sentences a text) are never trained on. Labels are the sources' own: the noise in them is in the
figures. MedMCQA's subjects name exam papers: `allowed` counts every department that its mapping lists for the subject,
`chance` is the same for guesses shuffled over the items. Texts are distinct. Macro-F1 is over labels with 20 texts.
`covered` is of texts not abstained from; ECE of the best guesses.
"""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.classification._texts import (
    Text,
    cmtmedqa,
    medmcqa,
    medmcqa_items,
    mtsamples,
    names,
    not_medical,
    toyhom,
    treebanks,
    unlabelled,
)
from classifiers import Classifier, load
from classifiers.examples import gather, merge
from classifiers.features import clip
from classifiers.heads import HEADS
from classifiers.learn import learn
from classifiers.metrics import f1_scores
from classifiers.metrics import measure as quality
from classifiers.terms import find_terms
from datagen.record import table, with_column
from datagen.taxonomy import allowed_departments

COVERAGE = 0.95
JUDGED = 20
FOLDS = 5
PER_LABEL = 1000
SHUFFLES = 20
HEAD = "department"


def measure(data: Path) -> None:
    seen = {text.key: text for reader in (cmtmedqa, toyhom, mtsamples, not_medical) for text in reader(data)}
    unseen = {text.key: text for reader in (medmcqa, treebanks) for text in reader(data)}
    everything = list(seen.values())
    hints = list({text.key: text for text in (*names(data), *unlabelled(data))}.values())
    sources = sorted({text.source for text in everything if text.source != "not medical"})
    heading = f"{'accuracy':>8} {'macroF1':>8} {'coverage':>8} {'covered':>8} {'macroF1':>8} {'ECE':>6}"
    print(f"{'trained on the same sources':40} {'texts':>6} {heading}")
    rows = records([*hints, *everything])
    labelled, found = examples(rows), defaultdict(list)
    for fold in range(FOLDS):
        classifier = train(labelled, [text for text in everything if _fold(text) == fold])
        for source, texts in _by_source([text for text in everything if _fold(text) == fold]).items():
            found[source].append((texts, classifier.scores([text.text for text in texts])[HEAD], classifier))
    for source in found:
        show(source, *_joined(found[source]))
    print("\ntrained on other sources")
    for source in sources:
        mine = [text for text in everything if text.source == source]
        classifier = train(labelled, mine)
        show(source, mine, classifier.scores([text.text for text in mine])[HEAD], classifier)
    classifier = train(labelled)
    for source, texts in _by_source(list(unseen.values())).items():
        show(source, texts, classifier.scores([text.text for text in texts])[HEAD], classifier)
    papers(data, classifier)
    print("\nwithout a labelled row")
    classifier = train(examples(with_column(rows, HEAD, pa.nulls(len(rows), pa.string()))))
    for source, texts in _by_source([*everything, *unseen.values()]).items():
        show(source, texts, classifier.scores([text.text for text in texts])[HEAD], classifier)
    print("\nterms counted")
    for source, texts in _by_source([*everything, *unseen.values()]).items():
        truth, guesses = [text.department for text in texts], [by_terms(text.text) or "UNK" for text in texts]
        right = np.mean([t == g for t, g in zip(truth, guesses, strict=True)])
        common = {label for label, count in Counter(truth).items() if count >= JUDGED}
        scores = [score for label, score in f1_scores(truth, guesses).items() if label in common]
        print(f"{source:40} {len(texts):6} {right:8.3f} {np.mean(scores):8.3f}")


def papers(data: Path, classifier: Classifier) -> None:
    items = [(allowed_departments("medmcqa", subject), text) for subject, text in medmcqa_items(data)]
    items = [(allowed, text) for allowed, text in items if allowed]
    best = [label_of(answer) for answer in classifier.predict([text for _, text in items])]
    right = np.mean([guess in allowed for (allowed, _), guess in zip(items, best, strict=True)])
    draw, chance = np.random.default_rng(0), []
    for _ in range(SHUFFLES):
        shuffled = draw.permutation(best)
        chance.append(np.mean([guess in allowed for (allowed, _), guess in zip(items, shuffled, strict=True)]))
    print(f"{'MedMCQA en, allowed':40} {len(items):6} {right:8.3f}   chance {np.mean(chance):.3f}")


def label_of(answer: dict) -> str:
    """The best guess, also where the classifier abstains."""
    return next(iter(answer["scores"][HEAD]))


def records(texts: list[Text]) -> pa.Table:
    return table(
        {
            "id": text.key,
            "group": text.key,
            "split": "train",
            "text": text.text,
            "language": text.language,
            "source": text.source,
            "source_id": text.key,
            "content_type": text.content_type,
            "department": text.department,
        }
        for text in texts
    )


def examples(rows: pa.Table) -> pa.Table:
    return gather([rows], [HEADS[HEAD]], True, PER_LABEL, 0)


def train(given: pa.Table, without: Iterable[Text] = ()) -> Classifier:
    """A classifier that has learnt from these examples but those of some texts."""
    left_out = pa.array([text.key for text in without], pa.string())
    given = given.filter(pc.invert(pc.is_in(given["id"], left_out)))
    learnt = learn(merge([given], [HEADS[HEAD]], PER_LABEL, 0), COVERAGE, 0)
    with tempfile.TemporaryDirectory() as folder:
        learnt.save(Path(folder))
        return load(folder)


def by_terms(text: str) -> str | None:
    """The department with most different terms: what a list of words does without any learning."""
    terms = {term: codes[0] for term, codes in find_terms(clip(text))}
    found = Counter(code for code in terms.values() if code not in ("", "MED"))
    return min(found, key=lambda code: (-found[code], code)) if found else None


def show(name: str, texts: list[Text], scores: np.ndarray, classifier: Classifier) -> None:
    head = classifier.description.heads[HEAD]
    q = quality([text.department for text in texts], head.labels, scores, head.threshold, JUDGED)
    print(
        f"{name:40} {len(texts):6} {q.accuracy:8.3f} {q.macro_f1:8.3f} {q.coverage:8.3f} {q.accuracy_covered:8.3f} "
        f"{q.macro_f1_covered:8.3f} {q.calibration_error:6.3f}",
        flush=True,
    )


def _joined(parts: list) -> tuple[list[Text], np.ndarray, Classifier]:
    """Folds put together; thresholds of folds hardly differ, the last one's is used for all."""
    return [text for texts, _, _ in parts for text in texts], np.concatenate([s for _, s, _ in parts]), parts[-1][2]


def _by_source(texts: list[Text]) -> dict[str, list[Text]]:
    found: dict[str, list[Text]] = defaultdict(list)
    for text in texts:
        found[f"{text.source} {text.language}"].append(text)
    return found


def _fold(text: Text) -> int:
    return int(text.draw * FOLDS)
