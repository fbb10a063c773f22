"""JATS: the XML of journal articles (ANSI/NISO Z39.96), as PubMed Central and publishers give it."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from lxml import etree

from collectors.document import Document, DocumentSource
from collectors.jats_text import article_text, article_title, inline
from collectors.language import normal_language
from collectors.xml import parse_xml
from datagen.archives import RawFile
from datagen.errors import InputError
from datagen.licence import UNKNOWN, from_text

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
_RETRACTIONS = ("retraction", "retracted-article", "retraction-forward", "withdrawal", "withdrawal-forward")
_ID_ORDER = ("doi", "pmc", "pmid", "publisher-id")


class JATS(DocumentSource):
    """Journal articles in JATS or NLM XML (`.xml`, `.nxml`), one or several in a file; each becomes a record.

    The text is Markdown: title, abstract, sections with nested headings, lists, tables, captions, formulas as LaTeX,
    appendices and abbreviations. The reference list, author notes and other back matter are left out, and so are
    sub-articles (reviews, translations); `meta` counts them (`references`, `sub_articles`).

    From the article itself: `language` (xml:lang), `content_type` where article-type or the section heading of the
    journal names one (a plain research article stays null), `license` where a Creative Commons address is stated (else
    the option), `url` (its DOI), and in `meta` the identifiers (doi, pmid, pmc), journal, year, article_type, keywords
    and subjects. A retracted article, and a retraction notice, is flagged `retracted` in `safety`. Each article is a
    family of its own; its id is its DOI, PMC, PubMed or publisher's number, in that order.

    Quarantined: not_jats, no_text, bad_xml, xml_entities, xml_limits, and what can't be unpacked.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".xml", ".nxml")

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        root = parse_xml(file.data)
        for element in root.iter("{*}*"):
            if element.tag[0] == "{":
                element.tag = element.tag.rpartition("}")[2]
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
    ids = _identifiers(meta)
    headings, subjects = _subjects(meta)
    kind = article.get("article-type", "")
    facts: dict[str, Any] = {
        **{name: ids[name] for name in ("doi", "pmid", "pmc") if name in ids},
        "journal": _first_text(article, "front/journal-meta", "journal-title"),
        "year": _year(meta),
        "article_type": kind or None,
        "keywords": sorted({inline(k) for k in meta.iterfind("kwd-group//kwd")} - {""}),
        "subjects": subjects,
        "references": sum(1 for _ in article.iterfind("back//ref-list/ref")),
        "sub_articles": sum(1 for _ in article.iterchildren("sub-article", "response")),
    }
    return Document(
        source_id=next((f"{name}:{ids[name]}" for name in _ID_ORDER if name in ids), position),
        text=text,
        language=language,
        url=f"https://doi.org/{ids['doi']}" if "doi" in ids else None,
        license=_licence(meta),
        content_type=_content_type(kind, headings),
        safety=("retracted",) if _is_retracted(kind, meta) else (),
        meta={name: value for name, value in facts.items() if value},
    )


def _identifiers(meta: etree._Element) -> dict[str, str]:
    ids: dict[str, str] = {}
    for element in meta.iterchildren("article-id"):
        kind, value = element.get("pub-id-type", ""), "".join(element.itertext()).strip()
        if kind in ("pmc", "pmcid", "pmcaid"):
            kind, value = "pmc", f"PMC{value.upper().removeprefix('PMC')}"
        elif kind == "doi":
            value = value.lower().removeprefix("https://doi.org/")
        if value and (kind != "pmid" or value.isdecimal()):
            ids.setdefault(kind, value)
    return ids


def _subjects(meta: etree._Element) -> tuple[list[str], list[str]]:
    """The journal's headings for the article, and its other subjects."""
    headings, subjects = [], set()
    for group in meta.iterfind("article-categories/subj-group"):
        names = [inline(subject) for subject in group.iter("subject")]
        if group.get("subj-group-type") == "heading":
            headings += names
        else:
            subjects.update(names)
    return headings, sorted(subjects - {""})


def _content_type(kind: str, headings: list[str]) -> str | None:
    for name in (kind, *headings):
        if code := _CONTENT_TYPE.get("-".join(re.split(r"[\W_]+", name.lower().strip()))):
            return code
    return None


def _is_retracted(kind: str, meta: etree._Element) -> bool:
    related = {e.get("related-article-type", "") for e in meta.iterchildren("related-article")}
    title = article_title(meta)
    return kind in _RETRACTIONS or not related.isdisjoint(_RETRACTIONS) or bool(_RETRACTED_TITLE.match(title))


def _licence(meta: etree._Element) -> str | None:
    """The first Creative Commons address stated in the permissions: in a license_ref, an attribute, or the text."""
    for license in meta.iterfind("permissions//license"):
        stated = [ref.text or "" for ref in license.iter("license_ref")]
        stated += [value for element in license.iter("license", "ext-link", "uri") for value in element.values()]
        stated.append(" ".join(license.itertext()))
        if (found := from_text(" ".join(stated))) != UNKNOWN:
            return found
    references = " ".join(ref.text or "" for ref in meta.iterfind("permissions//license_ref"))
    return found if (found := from_text(references)) != UNKNOWN else None


def _year(meta: etree._Element) -> int | None:
    years = [y.text.strip() for y in meta.iterfind("pub-date/year") if y.text]
    return min((int(y) for y in years if y.isdecimal() and len(y) == 4), default=None)


def _first_text(article: etree._Element, path: str, tag: str) -> str | None:
    parent = article.find(path)
    element = next(parent.iter(tag), None) if parent is not None else None
    return inline(element) if element is not None else None
