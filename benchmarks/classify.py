"""How well departments are told: trained, without a single label, and by counting terms alone.

    DATA=... python benchmarks/classify.py

Sources (of the folder DATA): CMtMedQA (zh dialogues, labels mapped), Toyhom (zh questions on internal medicine),
MTSamples (en reports; needs `pip install rdata`, left out without it), and text that isn't medical: statutes, a
programming tutorial, school mathematics, source code. Texts are distinct; a fifth of each source by hash of the text is
never seen in training. MTSamples' note types and headings over several departments are dropped; a text filed under
several departments is radiology if that is one of them, and dropped otherwise. MedMCQA's subjects and the two PUD
treebanks (news and Wikipedia, five sentences a text) are never trained on. Labels are the sources' own: the noise in
them is in the figures. Coverage is the share not abstained from; ECE is of the best guesses; texts/s of processor time.
"""

import argparse
import csv
import gzip
import importlib.util
import io
import json
import os
import sys
import tarfile
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from classifiers import load
from classifiers.examples import gather, merge
from classifiers.features import clip, fold
from classifiers.learn import learn
from classifiers.metrics import macro_f1, measure
from classifiers.terms import find_terms
from datagen.record import content_hash, table, with_column
from datagen.taxonomy import load_taxonomy, map_label

THRESHOLD = 0.3
JUDGED = 5
"""Labels with fewer test rows have no F1 worth the name."""


@dataclass(frozen=True)
class Text:
    source: str
    language: str
    text: str
    department: str

    @property
    def key(self) -> str:
        return content_hash(self.text)

    @property
    def draw(self) -> float:
        return int(self.key[:8], 16) / 2**32


def cmtmedqa(data: Path) -> Iterator[Text]:
    for row in json.loads(_gz(data / "dialog_zh_cmtmedqa_test/data/CMtMedQA_test.json.gz")):
        department = map_label("cmtmedqa", f"{row.get('cate1')}/{row.get('cate2')}")
        if department:
            turns = [turn for pair in row.get("history", []) for turn in pair]
            yield Text("CMtMedQA", "zh", "\n".join([*turns, row["instruction"], row["output"]]), department)


def toyhom(data: Path) -> Iterator[Text]:
    text = _gz(data / "qa_zh_toyhom_sample/样例_内科5000-6000.csv.gz").decode("gb18030")
    for row in csv.DictReader(io.StringIO(text)):
        if department := map_label("toyhom", row["department"]):
            yield Text("Toyhom", "zh", f"{row['title']}\n{row['ask']}\n{row['answer']}", department)


def mtsamples(data: Path) -> Iterator[Text]:
    if not importlib.util.find_spec("rdata"):
        print("MTSamples left out: pip install rdata", file=sys.stderr)
        return
    import rdata

    frame = rdata.read_rda(data / "case_en_mtsamples/data/mtsamples.rda")["mtsamples"]
    found: dict[str, set[str]] = defaultdict(set)
    for text, specialty in zip(frame["transcription"], frame["medical_specialty"], strict=True):
        if isinstance(text, str) and (department := map_label("mtsamples", specialty)):
            found[text].add(department)
    for text, departments in found.items():
        if len(departments) == 1 or "RAD" in departments:
            yield Text("MTSamples", "en", text, "RAD" if "RAD" in departments else next(iter(departments)))


def not_medical(data: Path) -> Iterator[Text]:
    for archive, language in (
        ("general_zh_laws/laws_zh.tar.gz", "zh"),
        ("general_zh_techdocs/wangdoc_javascript.tar.gz", "zh"),
        ("general_code_python/thealgorithms_python.tar.gz", "en"),
    ):
        with tarfile.open(data / archive) as members:
            for member in members:
                file = members.extractfile(member)
                text = file.read().decode("utf-8", "replace") if file else ""
                if len(text) > 200:
                    yield Text("not medical", language, text, "NONE")
    for line in _gz(data / "general_math_gsm8k/train.jsonl.gz").decode().splitlines()[:1000]:
        row = json.loads(line)
        yield Text("not medical", "en", f"{row['question']}\n{row['answer']}", "NONE")


def medmcqa(data: Path) -> Iterator[Text]:
    for line in _gz(data / "bench_en_mirage_raw/medmcqa/data/dev.json.gz").decode().splitlines():
        row = json.loads(line)
        if department := map_label("medmcqa", row["subject_name"]):
            options = "\n".join(row[f"op{letter}"] for letter in "abcd")
            yield Text("MedMCQA", "en", f"{row['question']}\n{options}", department)


def treebanks(data: Path) -> Iterator[Text]:
    for language in ("en", "zh"):
        text = _gz(data / f"general_ud_pud_{language}/{language}_pud-ud-test.conllu.gz").decode()
        sentences = [line.removeprefix("# text = ") for line in text.splitlines() if line.startswith("# text = ")]
        for start in range(0, len(sentences), 5):
            yield Text("PUD", language, " ".join(sentences[start : start + 5]), "NONE")


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
        q = measure(truth, classifier.labels, scores, THRESHOLD)
        guesses = [classifier.labels[index] for index in scores.argmax(1)]
        figures = (
            f"{q.accuracy:8.3f} {macro_f1(truth, guesses, JUDGED):8.3f} {q.coverage:8.3f} {q.accuracy_covered:8.3f} "
        )
        figures += f"{q.calibration_error:8.3f}"
    print(f"{name:34} {len(texts):6} {figures} {len(texts) / seconds:8.0f}")


def _gz(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    data = Path(os.environ.get("DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not data.is_dir():
        sys.exit(f"{data}: no such folder; set DATA")
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


if __name__ == "__main__":
    main()
