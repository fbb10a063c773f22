"""JATS: the XML of journal articles (ANSI/NISO Z39.96), as PubMed Central and publishers give it."""

import re
from collections.abc import Iterator
from typing import ClassVar

from lxml import etree

from collectors.document import Document, DocumentSource
from collectors.papers.jats_facts import article_facts, licence
from collectors.papers.jats_text import article_text, article_title, without_namespaces
from collectors.text.language import normal_language
from datagen.archives import RawFile
from datagen.errors import InputError
from datagen.xml import parse_xml

_CONTENT_TYPES = {
    "CASE": "case-report case-reports case-series case-study 病例报告 病例报道 个案报道",
    "GUIDE": "guideline guidelines practice-guideline clinical-practice-guideline consensus-statement"
    " position-statement 指南 共识 专家共识 诊疗规范",
    "METHOD": "protocol study-protocol methods-article methods method methodology",
    "NEWS": "news news-and-views blog-post",
    "OBS": "observational-study cohort-study cross-sectional-study case-control-study",
    "OTHER": "abstract addendum announcement article-commentary book-review books-received calendar collection"
    " commentary correction discussion editorial expression-of-concern in-brief introduction letter meeting-report"
    " obituary partial-retraction product-review reply reprint retraction 述评 社论 读者来信 更正",
    "RCT": "randomized-controlled-trial randomised-controlled-trial 随机对照试验",
    "REVIEW": "review-article review reviews literature-review narrative-review mini-review minireview 综述 文献综述",
    "SRMA": "systematic-review meta-analysis systematic-review-and-meta-analysis systematic-reviews"
    " 系统评价 meta分析 荟萃分析",
    "TEXT": "chapter-article textbook-chapter",
}
_CONTENT_TYPE = {name: code for code, names in _CONTENT_TYPES.items() for name in names.split()}
_RETRACTED_TITLE = re.compile(
    r"\W*(?:retracted|withdrawn|撤稿|撤回)(?: article| paper)?\s*[:\uff1a\])】]", re.IGNORECASE
)
_RETRACTIONS = ("retraction", "partial-retraction", "retracted-article", "retraction-forward")
_RETRACTIONS += ("withdrawal", "withdrawal-forward")
_IDS = {"doi": "doi", "pmc": "pmc", "pmid": "pmid", "publisher_id": "publisher-id"}


class JATS(DocumentSource):
    """Journal articles in JATS or NLM XML (`.xml`, `.nxml`), one or several in a file; each becomes a record.

    The text is Markdown: title, abstract, sections with nested headings, lists, tables, captions, formulas as LaTeX,
    appendices and abbreviations. The reference list, author notes and other back matter are left out, and so are
    sub-articles (reviews, translations).

    From the article itself: `language` (xml:lang), `content_type` where article-type or the section heading of the
    journal names one (a plain research article stays null), `license` where one is stated, by its address or in words
    (else the option), `url` (its DOI), and in `meta` the identifiers (doi, pmid, pmc), journal, date, article type,
    headings, keywords, authors (whom most licences want named), and apart from the text the `references`. A retracted
    article, and a retraction notice, is flagged `retracted` in `safety`. Each article is a family of its own; its id is
    its DOI, PMC, PubMed or publisher's number, in that order.

    Quarantined: not_jats, no_text, bad_xml, xml_entities, xml_limits, and what can't be unpacked.
    """

    version: ClassVar[str] = "6"
    suffixes: ClassVar[tuple[str, ...]] = (".xml", ".nxml")

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        root = parse_xml(file.data)
        without_namespaces(root)
        articles = [root] if root.tag == "article" else list(root.iter("article"))
        if not articles:
            raise InputError("not_jats", f"root element {root.tag[:40]}")
        for number, article in enumerate(articles):
            position = f"{file.position}#{number + 1}" if len(articles) > 1 else file.position
            try:
                document = _document(article, position)
            except RecursionError:  # formulas take several calls a level
                document = InputError("xml_limits")
            yield document


def _document(article: etree._Element, position: str) -> Document | InputError:
    language = normal_language(article.get("{http://www.w3.org/XML/1998/namespace}lang"))
    text = article_text(article, language)
    if not text:
        return InputError("no_text")
    meta = article.find("front/article-meta")
    if meta is None:
        meta = etree.Element("article-meta")
    facts = article_facts(article, meta)
    kind = article.get("article-type", "")
    return Document(
        source_id=next((f"{name}:{facts[key]}" for key, name in _IDS.items() if key in facts), position),
        text=text,
        language=language,
        url=f"https://doi.org/{facts['doi']}" if "doi" in facts else None,
        license=licence(meta),
        content_type=_content_type(kind, facts.get("headings", [])),
        safety=("retracted",) if _is_retracted(kind, meta) else (),
        meta=facts,
    )


def _content_type(kind: str, headings: list[str]) -> str | None:
    for name in (kind, *headings):
        if code := _CONTENT_TYPE.get("-".join(re.split(r"[\W_]+", name.lower().strip()))):
            return code
    return None


def _is_retracted(kind: str, meta: etree._Element) -> bool:
    related = {e.get("related-article-type", "") for e in meta.iterchildren("related-article")}
    title = article_title(meta)
    return kind in _RETRACTIONS or not related.isdisjoint(_RETRACTIONS) or bool(_RETRACTED_TITLE.match(title))
