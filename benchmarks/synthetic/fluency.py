"""Whether grammar text reads like real text: 5-gram perplexity under a model of real medical text, beside held-out real
text, the same words shuffled within their sentences (word salad) and naive templates.

Interpolated modified Kneser-Ney (Chen and Goodman, 1999) over words (Chinese as jieba cuts them) that the training text
has at least twice. Other words are passed over as targets and stand as one unknown word in contexts; their share is
printed. Real text: benchmarks/training/_texts.py, none of it a benchmark's; a tenth by hash is held out.

Held-out text is of the model's own sources (abstracts and a textbook; one site's consultations and classics), grammar
text of none of them. So real text of a source that the model has not seen stands beside it, the same that diversity is
compared with: exam questions of MedQA, and the cases of CMB-Clin with their questions and answers (benchmarks:
measured, never trained on). The second table of a language is of another model, trained on and measured with text in
which every name that the graph knows stands as one mark, on all sides: names are given by the facts, and a model of
other facts has not met them. The mark itself is easily guessed, so text dense in names looks better there than it is.
"""

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import rjieba

from benchmarks.synthetic._graph import accepted, linker
from benchmarks.synthetic.diversity import naive, real
from benchmarks.training._texts import medical

ORDER, BEGIN, END, UNKNOWN = 5, "<s>", "</s>", "<unk>"
TRAINED, MEASURED = 1_500_000, 100_000
"""Words at most."""
ITEMS = 5_000
"""Orders of grammar text."""
TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")
SENTENCE = re.compile(r"(?<=[.!?。！？])\s*|\n+")
NAME = "◊"
TARGET = 1.5


def tokens(sentence: str, language: str) -> list[str]:
    words = TOKEN.findall(sentence.lower()) if language == "en" else rjieba.cut(sentence.lower())
    return [word for word in words if not word.isspace()]


def sentences(texts: Iterable[str], language: str, most: int) -> Iterator[list[str]]:
    count = 0
    for text in texts:
        for sentence in SENTENCE.split(text):
            if found := tokens(sentence, language):
                yield found
                count += len(found)
        if count >= most:
            return


class KneserNey:
    """log2 p(word | the four words before), trained on sentences."""

    def __init__(self, training: Iterable[list[str]]):
        training = list(training)
        seen = Counter(word for sentence in training for word in sentence)
        self.known = {word for word, count in seen.items() if count > 1} | {END}
        grams: list[Counter] = [Counter() for _ in range(ORDER)]
        for sentence in training:
            line = self._line(sentence)
            for n in range(1, ORDER + 1):
                grams[n - 1].update(tuple(line[i - n + 1 : i + 1]) for i in range(ORDER - 1, len(line)))
        # Lower orders count the different words before, not occurrences.
        for n in range(ORDER - 1):
            grams[n] = Counter(gram[1:] for gram in grams[n + 1])
        self._grams = grams
        self._discounts = [_discounts(counter) for counter in grams]
        self._totals: list[dict] = [defaultdict(float) for _ in grams]
        self._kept: list[dict] = [defaultdict(float) for _ in grams]
        for n, counter in enumerate(grams):
            for gram, count in counter.items():
                self._totals[n][gram[:-1]] += count
                self._kept[n][gram[:-1]] += self._discounts[n][min(count, 3)]

    def _line(self, sentence: list[str]) -> list[str]:
        words = [word if word in self.known else UNKNOWN for word in sentence]
        return [BEGIN] * (ORDER - 1) + words + [END]

    def probability(self, gram: tuple[str, ...]) -> float:
        n = len(gram) - 1
        lower = self.probability(gram[1:]) if n else 1 / (len(self.known) + 1)
        total = self._totals[n].get(gram[:-1])
        if not total:
            return lower
        count = self._grams[n].get(gram, 0)
        kept = max(0.0, count - self._discounts[n][min(count, 3)]) / total
        return kept + self._kept[n][gram[:-1]] / total * lower

    def perplexity(self, measured: Iterable[list[str]]) -> tuple[float, float]:
        """Over known words and sentence ends; and the share of words that are unknown."""
        bits = words = unknown = 0.0
        for sentence in measured:
            line = self._line(sentence)
            for i in range(ORDER - 1, len(line)):
                if line[i] == UNKNOWN:
                    unknown += 1
                else:
                    bits -= math.log2(self.probability(tuple(line[i - ORDER + 1 : i + 1])))
                    words += 1
        return 2 ** (bits / words), unknown / (words + unknown)


def _discounts(counter: Counter) -> tuple[float, float, float, float]:
    """For grams counted 0, 1, 2 and more times."""
    of = Counter(min(count, 4) for count in counter.values())
    y = of[1] / (of[1] + 2 * of[2])
    more = [n - (n + 1) * y * of[n + 1] / of[n] if of[n] else 0.0 for n in (1, 2, 3)]
    return (0.0, *(min(float(n), max(0.1, d)) for n, d in enumerate(more, 1)))


def salad(measured: list[list[str]]) -> Iterator[list[str]]:
    rng = random.Random(0)
    for sentence in measured:
        yield rng.sample(sentence, len(sentence))


def masked(texts: Iterable[str]) -> Iterator[str]:
    """Texts with every name in them as one mark."""
    for text in texts:
        at, parts = 0, []
        for mention in linker().link(text):
            parts += [text[at : mention.start], f" {NAME} "]
            at = mention.end
        yield "".join([*parts, text[at:]])


def measure(data: Path) -> None:
    print(f"{'text':28} {'words':>8} {'unknown':>8} {'perplexity':>11} {'of held-out':>12} {'of unseen source':>17}")
    for language, (training, heldout) in medical(data).items():
        random.Random(0).shuffle(training)
        (unseen, questions), *_ = real(data, language)
        texts = {
            "held-out real text": heldout,
            f"unseen source, {unseen}": list(questions),
            "grammar, accepted": [row["text"] for row in accepted(ITEMS, (language,))],
            "naive templates": list(islice(naive(language), 20_000)),
        }
        for names, change in (("", iter), (", names masked", masked)):
            model = KneserNey(sentences(change(training), language, TRAINED))
            kinds = {name: list(sentences(change(iter(found)), language, MEASURED)) for name, found in texts.items()}
            kinds["grammar, shuffled words"] = list(salad(kinds["grammar, accepted"]))
            found = {name: model.perplexity(kind) for name, kind in kinds.items()}
            base, other = (value for value, _ in list(found.values())[:2])
            print(f"{language}{names}")
            for name, (value, unknown) in found.items():
                words = f"{sum(map(len, kinds[name])):8,}"
                times = f"{value / base:12.2f} {value / other:17.2f}"
                print(f"{name:28} {words} {unknown:8.1%} {value:11.1f} {times}", flush=True)
    print(f"target: grammar at most {TARGET} times held-out real text")
