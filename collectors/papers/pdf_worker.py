"""A process of its own that reads PDF files: PDFium is native code, and a hostile file must not take its caller along.

Started by `pdf_pages` as a script, so that it imports nothing else of this package. Each request on standard input is
the file in pieces, each after four bytes of its length, a length of 0, and four bytes of milliseconds; the answer on
standard output is lines of JSON: one a page, then an end or an error. What takes more processor time than that is ended
by the system (SIGXCPU).
"""

import ctypes
import io
import json
import math
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as c

MEMORY_BYTES = 384 << 20
"""Beside the file itself."""
MAX_PAGES = 5_000
MAX_CHARACTERS = 200_000
"""On one page."""
HYPHEN = "\u00ad"
_PLAIN = {"\ufffe": HYPHEN, "\x02": HYPHEN}
"""What PDFium makes of a hyphen at the end of a line."""
_REASONS = {c.FPDF_ERR_PASSWORD: "encrypted", c.FPDF_ERR_SECURITY: "encrypted"}


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while request := _request(sys.stdin.buffer):
        data, seconds = request
        _limit(resource.RLIMIT_AS, MEMORY_BYTES + len(data))
        _limit(resource.RLIMIT_CPU, math.ceil(time.process_time() + seconds))
        try:
            for page in pages(data):
                _say(page)
            _say({"end": True})
        except pdfium.PdfiumError as error:
            _say({"error": _REASONS.get(error.err_code, "bad_pdf")})
        except (MemoryError, OverflowError):
            _say({"error": "too_large"})


def _request(source: BinaryIO) -> tuple[bytes, float] | None:
    data = io.BytesIO()  # unlike a bytearray, it becomes bytes without a copy
    while len(header := source.read(4)) == 4:
        if not (size := int.from_bytes(header)):
            return data.getvalue(), int.from_bytes(source.read(4)) / 1000
        data.write(source.read(size))
    return None


def _limit(which: int, most: int) -> None:
    resource.setrlimit(which, (most, resource.getrlimit(which)[1]))


def _say(message: dict[str, Any], out: BinaryIO = sys.stdout.buffer) -> None:
    out.write(json.dumps(message).encode() + b"\n")
    out.flush()


def pages(data: bytes) -> Iterator[dict[str, Any]]:
    """Of every page its size in points, and its runs: letters in a row on one baseline in one size, in the order of the
    file, as [text, left, right, baseline, size, starts a word, font, is white]."""
    document = pdfium.PdfDocument(data)
    if len(document) > MAX_PAGES:
        raise OverflowError
    for number in range(len(document)):
        page = document[number]
        text = page.get_textpage()
        left, bottom, right, top = page.get_bbox()
        runs = [_measured(text, *run, left, bottom) for run in _runs(text)]
        yield {"width": right - left, "height": top - bottom, "runs": [run for run in runs if run]}
        text.close()
        page.close()


def _runs(page: pdfium.PdfTextPage) -> Iterator[tuple[int, str, float, float, bool]]:
    """(index of the first letter, text, size, baseline, starts a word)"""
    x, y, matrix = ctypes.c_double(), ctypes.c_double(), c.FS_MATRIX()
    start, letters, kind, starts_word, new_word = 0, [], (0.0, 0.0), True, True
    for index in range(min(c.FPDFText_CountChars(page), MAX_CHARACTERS)):
        letter = chr(c.FPDFText_GetUnicode(page, index) or 32)
        here = kind
        if not letter.isspace():
            c.FPDFText_GetMatrix(page, index, matrix)
            c.FPDFText_GetCharOrigin(page, index, x, y)
            size = c.FPDFText_GetFontSize(page, index) * math.hypot(matrix.c, matrix.d)
            here = (round(size, 1), round(y.value, 1))
        if letters and (letter.isspace() or here != kind or letters[-1] == HYPHEN):
            yield start, "".join(letters), *kind, starts_word
            letters = []
        if letter.isspace():
            new_word = True
            continue
        if not letters:
            start, kind, starts_word, new_word = index, here, new_word, False
        letters.append(_PLAIN.get(letter, letter))
    if letters:
        yield start, "".join(letters), *kind, starts_word


def _measured(
    page: pdfium.PdfTextPage,
    first: int,
    text: str,
    size: float,
    baseline: float,
    starts_word: bool,
    left: float,
    bottom: float,
) -> list[Any] | None:
    if abs(c.FPDFText_GetCharAngle(page, first)) > 0.1:  # radians: text that stands on end
        return None
    start, end = _box(page, first)[0], _box(page, first + len(text) - 1)[1]
    name = ctypes.create_string_buffer(64)
    c.FPDFText_GetFontInfo(page, first, name, 64, ctypes.c_int())
    font = name.value.decode("latin-1")
    colour = [ctypes.c_uint() for _ in range(4)]
    c.FPDFText_GetFillColor(page, first, *colour)
    white = colour[3].value < 16 or min(part.value for part in colour[:3]) > 247
    return [
        text,
        round(start - left, 1),
        round(end - left, 1),
        round(baseline - bottom, 1),
        size,
        starts_word,
        font,
        white,
    ]


def _box(page: pdfium.PdfTextPage, index: int) -> tuple[float, float]:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    c.FPDFText_GetCharBox(page, index, left, right, bottom, top)
    return left.value, right.value


if __name__ == "__main__":
    main()
