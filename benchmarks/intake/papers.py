"""Papers: every file read and counted, JATS text against the printed page, the PDF reader against JATS, and the speed
of JATS beside pubmed_parser.

Recall and precision are shares of letters, counted by whole words found in the same order. The PDF reader was developed
on these 18 pairs; no others are at hand. Peers that are not installed (pip install pubmed_parser pdfminer.six) are left
out.
"""

import io
import statistics
import tarfile
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pypdfium2 as pdfium

from benchmarks.intake._paired_text import pairs, pdf_body, share_found, words, xml_body
from collectors.papers.jats import JATS
from collectors.papers.pdf import PDF, read_paper
from collectors.papers.pubmed import PubMed
from datagen.archives import RawFile
from datagen.errors import InputError
from datagen.files import open_item

SOURCES = [  # folder, reader, records that its SOURCE.md states
    ("paper_jats_plos", JATS, 122),
    ("paper_jats_pmc_stemcell", JATS, 52),
    ("paper_jats_pmc_nonmedical", JATS, 18),
    ("paper_pdf_pmc_trials", JATS, 18),
    ("paper_pdf_pmc_trials", PDF, 18),
    ("paper_pubmed_baseline", PubMed, 605),
]
ROUNDS = 5


def measure(data: Path) -> None:
    _counts(data)
    _jats_against_pdf(data)
    _pdf_against_xml(data)
    if find_spec("pubmed_parser"):
        _speed(data)
    else:
        print("\npubmed_parser is not installed: no comparison of speed")


def _counts(data: Path) -> None:
    print(f"\n{'source':28}{'reader':8}{'read':>8}{'refused':>9}{'stated':>8}")
    for folder, reader, stated in SOURCES:
        source = reader(path=str(data / folder))
        read, refused = 0, 0
        for item in source.items():
            for file in open_item(item, source.suffixes):
                found = [file[1]] if isinstance(file, tuple) else list(source.documents(file))
                refused += sum(isinstance(document, InputError) for document in found)
                read += sum(not isinstance(document, InputError) for document in found)
        print(f"{folder:28}{reader.__name__:8}{read:8}{refused:9}{stated:8}")


def _jats_against_pdf(data: Path) -> None:
    rows = [(name, *share_found(words(pdf_body(pdf)), words(_jats(xml)))) for name, pdf, xml in pairs(data)]
    _table("letters of the PDF's body found in the JATS text", rows, "target >= 0.98")


def _pdf_against_xml(data: Path) -> None:
    readers: dict[str, Callable[[bytes], str]] = {"collectors.pdf": _prose, "pdfium, plain": _plain}
    if find_spec("pdfminer"):
        readers["pdfminer.six"] = _pdfminer
    print(f"\n{'PDF readers against the XML':28}{'recall':>9}{'precision':>11}{'s a paper':>11}")
    papers = [(pdf, words(xml_body(xml))) for _, pdf, xml in pairs(data)]
    for name, reader in readers.items():
        started = time.perf_counter()
        texts = [words(reader(pdf)) for pdf, _ in papers]
        seconds = (time.perf_counter() - started) / len(papers)
        recall = [share_found(truth, text) for text, (_, truth) in zip(texts, papers, strict=True)]
        precision = [share_found(text, truth) for text, (_, truth) in zip(texts, papers, strict=True)]
        print(f"{name:28}{_share(recall):9.4f}{_share(precision):11.4f}{seconds:11.2f}")


def _speed(data: Path) -> None:
    import pubmed_parser

    functions = [getattr(pubmed_parser, f"parse_pubmed_{what}") for what in ("xml", "references", "caption", "table")]
    functions.append(lambda path: pubmed_parser.parse_pubmed_paragraph(path, all_paragraph=True))
    with tempfile.TemporaryDirectory() as folder:
        paths = _unpacked(data, Path(folder))
        size = sum(path.stat().st_size for path in paths) / 1e6
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(_timed(lambda: [_jats(path.read_bytes()) for path in paths]))
            theirs.append(_timed(lambda: [_tried(function, str(path)) for path in paths for function in functions]))
        ratio = statistics.median(t / o for t, o in zip(theirs, ours, strict=True))
        print(f"\nJATS, {len(paths)} articles, {size:.1f} MB, one core, median of {ROUNDS} rounds in turn")
        for name, seconds in (("collectors.jats", ours), ("pubmed_parser", theirs)):
            print(f"{name:28}{size / statistics.median(seconds):9.1f} MB/s")
        print(f"{'ratio':28}{ratio:9.2f}      target >= 2")
        _fields(paths, pubmed_parser)


def _fields(paths: list[Path], parser) -> None:
    """Of the articles in which pubmed_parser finds a field, those in which this project's reader has it too."""
    names = {
        "full_title": "title", "abstract": "abstract", "journal": "journal", "pmid": "pmid", "pmc": "pmc", "doi": "doi",
        "publisher_id": "publisher_id", "author_list": "authors", "affiliation_list": "affiliations",
        "publication_year": "year", "epublication_date": "published", "subjects": "subjects",
        "coi_statement": "conflicts", "references": "references",
    }  # fmt: skip
    found = dict.fromkeys(names, 0)
    also = dict.fromkeys(names, 0)
    for path in paths:
        theirs = _tried(parser.parse_pubmed_xml, str(path)) or {}
        theirs = {**theirs, "references": _tried(parser.parse_pubmed_references, str(path))}
        (document,) = JATS(path="x").documents(RawFile.of("x", "x", path.read_bytes()))
        ours = dict(document.meta)
        ours["subjects"] = ours.get("subjects") or ours.get("headings")
        ours |= {
            "title": document.text.startswith("# "),
            "abstract": _has_start(f"{document.text} {ours.get('teaser')}", theirs.get("abstract")),
        }
        for name, own in names.items():
            stated = theirs.get(name)
            if stated and stated != "01-01":  # what it makes of no date
                found[name] += 1
                also[name] += bool(ours.get(own))
    print("\nfields: articles where pubmed_parser finds one, and of those, where collectors.jats does")
    for name in names:
        print(f"  {name:26}{found[name]:5}{also[name]:5}")


def _has_start(text: str, passage: str | None) -> bool:
    return " ".join(words(passage or "")[1:6]) in " ".join(words(text))


def _jats(xml: bytes) -> str:
    (document,) = JATS(path="x").documents(RawFile.of("x", "x", xml))
    return document.text


def _prose(pdf: bytes) -> str:
    """The reader's text less captions, which the truth leaves out."""
    return "\n\n".join(block for block in read_paper(io.BytesIO(pdf)).text.split("\n\n") if not block.startswith("**"))


def _plain(pdf: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(pdf))


def _pdfminer(pdf: bytes) -> str:
    from pdfminer.high_level import extract_text

    return extract_text(io.BytesIO(pdf))


def _unpacked(data: Path, folder: Path) -> list[Path]:
    for name in ("paper_jats_plos", "paper_jats_pmc_stemcell", "paper_jats_pmc_nonmedical"):
        for archive in (data / name).glob("*.tar.gz"):
            with tarfile.open(archive) as members:
                for member in members:
                    if member.name.endswith(".xml"):
                        (folder / member.name.replace("/", "_")).write_bytes(members.extractfile(member).read())
    return sorted(folder.glob("*.xml"))


def _tried(function: Callable, path: str):
    """What a peer's function returns; it raises KeyError for some dates."""
    try:
        return function(path)
    except KeyError:
        return None


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _table(title: str, rows: list[tuple[str, int, int]], target: str) -> None:
    print(f"\n{title}")
    for name, found, wanted in rows:
        print(f"  {name:26}{found / wanted:8.4f} of {wanted:7}")
    shares = [found / wanted for _, found, wanted in rows]
    print(f"  {'all letters':26}{_share([row[1:] for row in rows]):8.4f}   lowest {min(shares):.4f}   {target}")


def _share(pairs: list[tuple[int, int]]) -> float:
    return sum(found for found, _ in pairs) / sum(wanted for _, wanted in pairs)
