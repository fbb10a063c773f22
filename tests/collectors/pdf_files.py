"""Small PDF files for tests, written for them."""

from collections.abc import Iterable

FONTS = {
    "plain": b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    "bold": b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>",
    "song": b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[<</Type/Font"
    b"/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>"
    b"/FontDescriptor<</Type/FontDescriptor/FontName/STSong-Light/Flags 4>>/DW 1000>>]>>",
}
WIDTH, HEIGHT = 600, 800


def pdf(*pages: Iterable[tuple]) -> bytes:
    """Pages of lines, each (left, baseline, size, text) or (left, baseline, size, text, font), or raw operators."""
    return file_of([b" ".join(part if isinstance(part, bytes) else _shown(*part) for part in page) for page in pages])


def _shown(left: float, baseline: float, size: float, text: str, font: str = "plain") -> bytes:
    if font == "song":
        shown = b"<" + text.encode("utf-16-be").hex().encode() + b">"
    else:
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        shown = b"(" + escaped.encode("cp1252") + b")"
    return b"BT /%s %g Tf %g %g Td %s Tj ET" % (font.encode(), size, left, baseline, shown)


def file_of(contents: list[bytes], filters: bytes = b"", extra: bytes = b"") -> bytes:
    """A PDF file of page contents, already encoded by `filters`; `extra` goes into the trailer."""
    fonts = b"".join(b"/%s %s" % (name.encode(), font) for name, font in FONTS.items())
    kids = b" ".join(b"%d 0 R" % (3 + 2 * number) for number in range(len(contents)))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(contents))]
    for number, content in enumerate(contents):
        box = b"/MediaBox[0 0 %d %d]" % (WIDTH, HEIGHT)
        objects.append(
            b"<</Type/Page/Parent 2 0 R%s/Contents %d 0 R/Resources<</Font<<%s>>>>>>" % (box, 4 + 2 * number, fonts)
        )
        objects.append(b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), filters, content))
    data, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    return data + head + table + b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (size, extra, len(data))
