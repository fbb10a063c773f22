"""Makes `collectors/privacy/identifiers/chinese.txt`, the strings of medicine that Chinese de-identification takes for
no names.

    python -m benchmarks.intake._chinese_words DATA

Two to four characters that begin like a surname, out of diagnoses of the national edition of ICD-10, of the register of
imported drugs (publications of the government, which no copyright covers), and of medical classics before 1912. From a
list a string counts that begins a term, or that three terms hold; from a classic one that stands there 20 times.
"""

import re
import sys
import tarfile
from collections import Counter
from pathlib import Path

import openpyxl

from collectors.privacy.identifiers.name_parts_zh import FUNCTION, LONG, SURNAMES

TARGET = Path(__file__).parents[2] / "collectors" / "privacy" / "identifiers" / "chinese.txt"
_RUN = re.compile("[\u4e00-\u9fff]+")
_BEGIN = re.compile(rf"{LONG}|[{SURNAMES}]")
_LIST_COUNT, _BOOK_COUNT = 3, 20


def main(data: Path) -> None:
    listed: Counter[str] = Counter()
    found: set[str] = set()
    for path in sorted((data / "kg_icd10_zh" / "data").glob("*.xlsx")):
        for term in _cells(path):
            for run in _RUN.findall(term):
                listed.update(set(_parts(run)))
                found.update(part for part in _parts(run) if run.startswith(part))
    found.update(part for part, count in listed.items() if count >= _LIST_COUNT)
    in_books: Counter[str] = Counter()
    with tarfile.open(data / "textbook_zh_tcm_classics" / "tcm_classics_dev.tar.gz") as books:
        for member in books:
            if member.isfile() and member.name.endswith((".txt", ".md")):
                text = books.extractfile(member).read().decode("gb18030", "replace")
                for run in _RUN.findall(text):
                    in_books.update(_parts(run))
    found.update(part for part, count in in_books.items() if count >= _BOOK_COUNT)
    kept = sorted(part for part in found if part[0] not in FUNCTION or len(part) > 2)
    TARGET.write_text("\n".join(kept) + "\n", encoding="utf-8")
    print(len(kept), "strings")


def _cells(path: Path) -> set[str]:
    book = openpyxl.load_workbook(path, read_only=True)
    rows = (row for sheet in book for row in sheet.iter_rows(values_only=True))
    return {value for row in rows for value in row if isinstance(value, str)}


def _parts(run: str) -> list[str]:
    return [
        run[start : start + size]
        for start in range(len(run) - 1)
        if _BEGIN.match(run, start)
        for size in (2, 3, 4)
        if start + size <= len(run)
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
