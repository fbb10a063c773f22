"""Small JATS articles for tests, written for them."""

HEAD = """<article article-type="{kind}" xml:lang="{language}" xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:mml="http://www.w3.org/1998/Math/MathML" xmlns:ali="http://www.niso.org/schemas/ali/1.0/">
<front><journal-meta><journal-title-group><journal-title>Journal of Tests</journal-title></journal-title-group>
</journal-meta><article-meta>{meta}</article-meta></front>"""

META = """<article-id pub-id-type="pmid">12345678</article-id><article-id pub-id-type="pmc">7654321</article-id>
<article-id pub-id-type="doi">10.1000/J.Test.1</article-id>
<title-group><article-title>Aspirin in <italic>migraine</italic><xref ref-type="fn"/></article-title></title-group>
<pub-date pub-type="epub"><year>2021</year></pub-date><pub-date pub-type="ppub"><year>2022</year></pub-date>"""


def article(
    body: str, kind: str = "research-article", language: str = "en", meta: str = META, back: str = "", more: str = ""
) -> bytes:
    """A JATS article around a body; `more` follows the back matter."""
    head = HEAD.format(kind=kind, language=language, meta=meta)
    return f"{head}<body>{body}</body><back>{back}</back>{more}</article>".encode()
