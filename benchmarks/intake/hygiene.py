"""Text hygiene on real text: encodings told apart, mojibake undone without damage, nobody taken for an attacker who is
none, and how many lines are boilerplate.

Encodings: consecutive real sentences written in each encoding, in pieces of 300 and 3,000 bytes; charset-normalizer
beside ours (whose list of candidates was chosen on such pieces). All else:
what is plain text in the sources named.
"""

import gzip
import json
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from charset_normalizer import from_bytes

from benchmarks.intake.language import _sentences
from collectors.text.boilerplate import strip_boilerplate
from collectors.text.encoding import decode
from collectors.text.hygiene import clean_text, repair
from collectors.text.instructions import hidden_instructions
from datagen.errors import InputError

ENCODINGS = {
    "zh": ("gb18030", "utf-16-le"),
    "zh-Hant": ("big5", "gb18030"),
    "ja": ("shift_jis", "euc_jp"),
    "ko": ("euc_kr",),
    "ru": ("koi8-r", "cp1251", "iso8859_5", "cp866"),
    "uk": ("koi8-u", "cp1251"),
    "fr": ("cp1252",),
    "de": ("cp1252",),
    "es": ("cp1252",),
    "pl": ("cp1250", "iso8859_2"),
    "cs": ("cp1250",),
    "el": ("cp1253",),
    "tr": ("cp1254",),
    "he": ("cp1255",),
    "ar": ("cp1256",),
    "th": ("cp874",),
}
PIECES = 12
SUFFIXES = (".txt", ".md", ".csv", ".py")
SOURCES = (
    *("textbook_zh_tcm_classics", "qa_zh_toyhom_sample", "general_zh_laws", "general_zh_techdocs", "dialog_en_mts"),
    *("guideline_en_nstg", "guideline_en_who_anc", "general_code_python"),
)


def measure(data: Path) -> None:
    sentences = dict(_sentences(data))
    pud = gzip.decompress((data / "general_ud_pud_zh" / "zh_pud-ud-test.conllu.gz").read_bytes()).decode()
    sentences["zh-Hant"] = [line.partition("= ")[2] for line in pud.split("\n") if line.startswith("# text = ")]
    _encodings(sentences)
    _mojibake(sentences)
    _texts(data)


def _encodings(sentences: dict[str, list[str]]) -> None:
    print(f"{'encodings':<24}{'ours':<28}charset-normalizer")
    for size in (300, 3000):
        counts: dict[str, Counter[str]] = {"ours": Counter(), "peer": Counter()}
        for language, encodings in ENCODINGS.items():
            for encoding in encodings:
                for text in islice(_pieces(sentences[language], encoding, size), PIECES):
                    for name, reader in (("ours", decode), ("peer", _peer)):
                        counts[name][_verdict(reader, text, encoding)] += 1
        cells = (", ".join(f"{c[v]} {v}" for v in ("right", "wrong", "refused")) for c in counts.values())
        print(f"  {size} bytes".ljust(24) + "".join(cell.ljust(28) for cell in cells))


def _pieces(lines: list[str], encoding: str, size: int) -> Iterator[str]:
    piece = ""
    for line in lines:
        try:
            line.encode(encoding)
        except UnicodeEncodeError:
            continue
        piece += line + "\n"
        if len(piece.encode(encoding)) >= size:
            if not piece.isascii():
                yield piece
            piece = ""


def _peer(data: bytes) -> str:
    best = from_bytes(data).best()
    if best is None:
        raise InputError("bad_encoding")
    return str(best)


def _verdict(reader: Callable[[bytes], str], text: str, encoding: str) -> str:
    try:
        found = reader(text.encode(encoding))
        found.encode()
    except (InputError, UnicodeEncodeError):
        return "refused"
    return "right" if found == text else "wrong"


def _mojibake(sentences: dict[str, list[str]]) -> None:
    print("\nmojibake")
    chinese = [line for line in sentences["zh"] if len(line) > 4]
    for written in ("utf-8", "gb2312"):
        lines = [line for line in chinese if line.encode(written, "ignore").decode(written) == line]
        right = sum(repair(line.encode(written).decode("latin-1")) == line for line in lines)
        print(f"  Chinese in {written} read as Latin-1: {right} of {len(lines)} lines undone")


def _texts(data: Path) -> None:
    print(
        f"\n{'real texts':<28}{'texts':>8}{'Mchar':>8}{'Mchar/s':>9}{'repaired':>10}{'flagged':>9}  boilerplate lines"
    )
    for source in SOURCES:
        texts, characters, seconds, repaired, flagged = 0, 0, 0.0, 0, 0
        removed: Counter[str] = Counter()
        for raw in _files(data / source):
            text = decode(raw)
            repaired += sum(repair(line) != line for line in text.split("\n"))
            start = time.perf_counter()
            flagged += hidden_instructions(text)
            lines = strip_boilerplate(clean_text(text))[1]
            seconds += time.perf_counter() - start
            texts, characters = texts + 1, characters + len(text)
            removed.update({kind: len(found) for kind, found in lines.items()})
        print(
            f"  {source:<26}{texts:>8}{characters / 1e6:>8.2f}{characters / 1e6 / seconds:>9.1f}{repaired:>10}"
            f"{flagged:>9}  {json.dumps(removed)}",
            flush=True,
        )


def _files(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(".tar.gz"):
            with tarfile.open(path) as archive:
                for member in archive:
                    if member.isfile() and member.name.endswith(SUFFIXES):
                        yield archive.extractfile(member).read()
        elif path.name.removesuffix(".gz").endswith(SUFFIXES) and path.name not in ("SOURCE.md", "README.md"):
            raw = path.read_bytes()
            yield gzip.decompress(raw) if path.suffix == ".gz" else raw
