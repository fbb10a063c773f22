"""One citation of PubMed: the elements of NLM's PubMed DTD as documents.

https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html says what each element means.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from collectors.document import Document
from collectors.papers.jats_text import inline, without_namespaces
from datagen.errors import InputError
from datagen.licence import UNKNOWN, from_text

_CONTENT_TYPES = {  # the first that any of a citation's publication types stands under
    "GUIDE": "guideline|practice guideline|consensus development conference|consensus development conference, nih"
    "|consensus statement",
    "SRMA": "systematic review|meta-analysis|network meta-analysis",
    "METHOD": "clinical trial protocol|validation study",
    "RCT": "randomized controlled trial|randomized controlled trial, veterinary",
    "CASE": "case reports",
    "OBS": "observational study|observational study, veterinary",
    "REVIEW": "review|scoping review",
    "PATED": "patient education handout",
    "REG": "legislation|legal case",
    "LECT": "lecture",
    "NEWS": "news|newspaper article",
    "OTHER": "address|autobiography|bibliography|biography|comment|congress|dictionary|directory|editorial"
    "|expression of concern|festschrift|interview|introductory journal article|letter|meeting abstract|obituary"
    "|overall|personal narrative|portrait|published erratum|retraction of publication|retraction notice|webcast",
}
_CONTENT_TYPE = {name: code for code, names in _CONTENT_TYPES.items() for name in names.split("|")}
_RANK = {code: rank for rank, code in enumerate(_CONTENT_TYPES)}
_RETRACTED = frozenset(("retracted publication", "retraction of publication", "retraction notice"))
_MARC = dict(
    re.findall(
        r"(\w+)=(\w+)",
        "afr=af alb=sq ara=ar arm=hy aze=az bos=bs bul=bg cat=ca chi=zh cze=cs dan=da dut=nl eng=en est=et fin=fi"
        " fre=fr geo=ka ger=de gre=el heb=he hin=hi hrv=hr hun=hu ice=is ind=id ita=it jpn=ja kor=ko lav=lv lit=lt"
        " mac=mk may=ms nor=no per=fa pol=pl por=pt rum=ro rus=ru slo=sk slv=sl spa=es srp=sr swe=sv tha=th tur=tr"
        " ukr=uk vie=vi",
    )
)
"""Codes of MARC, which PubMed uses, of languages that have one of two letters (ISO 639-1)."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NO_TITLE = ("[not available].", "[not available]", "not available.")
_PMID = re.compile(r"[1-9]\d{0,7}")


def pmid_of(element: etree._Element) -> int | None:
    """The number in a PMID element; None for what is none (they have up to eight digits)."""
    text = (element.text or "").strip()
    return int(text) if _PMID.fullmatch(text) else None


def citation_documents(element: etree._Element, translations: bool, titles: bool) -> Iterator[Document]:
    """The documents of a PubmedArticle, MedlineCitation or PubmedBookArticle: title and abstract (without one dropped,
    unless `titles` will do); with `translations` also its abstracts in other languages. Raises InputError: bad_pmid,
    no_citation."""
    without_namespaces(element)
    citation = element if element.tag == "MedlineCitation" else element.find("MedlineCitation")
    if citation is None:
        citation = element.find("BookDocument")
    article = citation.find("Article") if citation is not None and citation.tag == "MedlineCitation" else citation
    number = citation.find("PMID") if article is not None else None
    if number is None:
        raise InputError("no_citation")
    pmid, version = pmid_of(number), number.get("Version", "1")
    if pmid is None:
        raise InputError("bad_pmid")
    identity = f"pmid:{pmid}" if version in ("", "1") else f"pmid:{pmid}.{version}"
    kinds = [inline(kind) for kind in article.iterfind("PublicationTypeList/PublicationType")]
    kinds += [inline(kind) for kind in article.iterchildren("PublicationType")]
    languages = [inline(language) for language in article.iterchildren("Language")]
    facts = {"pmid": str(pmid), "publication_types": kinds, "languages": languages}
    facts |= _facts(element, citation, article)
    title, is_original = _title(article)
    abstract = article.find("Abstract")
    common = {
        "group": f"pmid:{pmid}",
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/",
        "license": _licence(article),
        "content_type": _content_type(kinds),
        "safety": ("retracted",) if _is_retracted(kinds, citation) else (),
        "meta": {name: value for name, value in facts.items() if value},
    }
    language = _MARC.get(languages[0], languages[0]) if is_original and languages else "en"
    sections = _sections(abstract) if abstract is not None else []
    blocks = [f"# {title}"] if title else []
    text = "\n\n".join([*blocks, "## Abstract", *sections] if sections else blocks)
    drop = None if sections or titles else "no_abstract"
    yield Document(identity, text, language=language, drop=drop, **common)
    if translations:
        for other in citation.iterchildren("OtherAbstract"):
            code = other.get("Language", "")
            kind = other.get("Type", "").lower()
            if sections := _sections(other):
                text = "\n\n".join(sections)
                yield Document(f"{identity}/{code}/{kind}", text, language=_MARC.get(code, code) or None, **common)


def _title(article: etree._Element) -> tuple[str, bool]:
    """The title without the brackets that mark a translated one, and whether it is the original's own."""
    element, vernacular = article.find("ArticleTitle"), article.find("VernacularTitle")
    title = inline(element) if element is not None else ""
    if title.lower() in _NO_TITLE or not title:
        return (inline(vernacular), True) if vernacular is not None else ("", False)
    if title.startswith("[") and title.rstrip(".").endswith("]"):
        title = title.rstrip(".")[1:-1]
    return title, False


def _sections(abstract: etree._Element) -> list[str]:
    blocks = []
    for part in abstract.iterchildren("AbstractText"):
        if text := inline(part):
            label = part.get("Label", "").strip()
            blocks += [f"### {label}", text] if label and label.upper() != "UNLABELLED" else [text]
    return blocks


def _content_type(kinds: list[str]) -> str | None:
    codes = {code for kind in kinds if (code := _CONTENT_TYPE.get(kind.lower()))}
    return min(codes, key=_RANK.__getitem__, default=None)


def _is_retracted(kinds: list[str], citation: etree._Element) -> bool:
    if not _RETRACTED.isdisjoint(kind.lower() for kind in kinds):
        return True
    links = citation.iterfind("CommentsCorrectionsList/CommentsCorrections")
    return any(link.get("RefType") in ("RetractionIn", "RetractionOf") for link in links)


def _licence(article: etree._Element) -> str | None:
    stated = article.findtext("Abstract/CopyrightInformation") or ""
    return found if (found := from_text(stated)) != UNKNOWN else None


def _facts(element: etree._Element, citation: etree._Element, article: etree._Element) -> dict[str, Any]:
    facts: dict[str, Any] = _ids(element, article)
    journal = article.find("Journal")
    if journal is not None:
        facts["journal"] = _first(journal, "Title")
        facts["journal_abbreviation"] = _first(journal, "ISOAbbreviation")
        facts["issn"] = _first(citation, "MedlineJournalInfo/ISSNLinking") or _first(journal, "ISSN")
        facts["volume"], facts["issue"] = _first(journal, "JournalIssue/Volume"), _first(journal, "JournalIssue/Issue")
        facts["pages"] = _first(article, "Pagination/MedlinePgn")
        facts["country"] = _first(citation, "MedlineJournalInfo/Country")
    else:
        facts["book"] = _first(article, "Book/BookTitle")
    facts["published"] = _published(article)
    facts["year"] = int(facts["published"][:4]) if facts["published"] else None
    if vernacular := _first(article, "VernacularTitle"):
        facts["vernacular_title"] = vernacular
    facts["authors"] = [name for author in article.iterfind("AuthorList/Author") if (name := _author(author))]
    affiliations = (inline(a) for a in article.iterfind("AuthorList/Author/AffiliationInfo/Affiliation"))
    facts["affiliations"] = list(dict.fromkeys(filter(None, affiliations)))
    facts["mesh"] = list(map(_heading, citation.iterfind("MeshHeadingList/MeshHeading")))
    facts["chemicals"] = [inline(name) for name in citation.iterfind("ChemicalList/Chemical/NameOfSubstance")]
    facts["keywords"] = sorted({inline(word) for word in citation.iterfind("KeywordList/Keyword")} - {""})
    facts["conflicts"] = _first(citation, "CoiStatement")
    facts["copyright"] = _first(article, "Abstract/CopyrightInformation")
    facts["references"] = list(_references(element, citation))
    return facts


def _ids(element: etree._Element, article: etree._Element) -> dict[str, str]:
    ids: dict[str, str] = {}
    stated = [(e.get("EIdType", ""), e) for e in article.iterchildren("ELocationID") if e.get("ValidYN") != "N"]
    for path in ("PubmedData/ArticleIdList/ArticleId", "PubmedBookData/ArticleIdList/ArticleId"):
        stated += [(e.get("IdType", ""), e) for e in element.iterfind(path)]
    for kind, number in stated:
        value = (number.text or "").strip()
        if kind == "doi" and value:
            ids.setdefault("doi", value.lower())
        elif kind in ("pmc", "pmcid") and value:
            ids.setdefault("pmc", f"PMC{value.upper().removeprefix('PMC')}")
    return ids


def _published(article: etree._Element) -> str | None:
    """The date of publication, ISO 8601, as exact as stated; the electronic one where there is one."""
    for path in ("ArticleDate", "Journal/JournalIssue/PubDate", "Book/PubDate"):
        if (date := article.find(path)) is not None and (found := _date(date)):
            return found
    return None


def _date(date: etree._Element) -> str | None:
    year, month, day = ((date.findtext(name) or "").strip() for name in ("Year", "Month", "Day"))
    if not year:  # "1998 Dec-1999 Jan"
        year, _, month = (date.findtext("MedlineDate") or "").strip().partition(" ")
    if not re.fullmatch(r"\d{4}", year):
        return None
    name = month[:3].lower()
    number = _MONTHS.index(name) + 1 if name in _MONTHS else int(month) if re.fullmatch(r"\d\d?", month) else 0
    if not 1 <= number <= 12:
        return year
    return f"{year}-{number:02}" + (f"-{int(day):02}" if re.fullmatch(r"\d\d?", day) else "")


def _author(author: etree._Element) -> str:
    names = (_first(author, name) for name in ("ForeName", "LastName", "Suffix"))
    return " ".join(filter(None, names)) or _first(author, "CollectiveName")


def _heading(heading: etree._Element) -> dict[str, Any]:
    """A MeSH heading: id and name of the descriptor, whether it is a major topic, its qualifiers."""
    parts = list(heading)
    found: dict[str, Any] = {}
    for part in parts:
        if part.tag == "DescriptorName":
            found |= {"id": part.get("UI", ""), "name": inline(part)}
        elif part.tag == "QualifierName":
            found.setdefault("qualifiers", []).append(inline(part))
    if any(part.get("MajorTopicYN") == "Y" for part in parts):
        found["major"] = True
    return found


def _references(element: etree._Element, citation: etree._Element) -> Iterator[dict[str, str]]:
    """Works cited: from the reference list, in older files from the corrections of type Cites."""
    for reference in element.iterfind("PubmedData//ReferenceList/Reference"):
        ids = {e.get("IdType"): (e.text or "").strip() for e in reference.iterfind("ArticleIdList/ArticleId")}
        yield _cited(ids.get("pubmed"), ids.get("doi"), _first(reference, "Citation"))
    for link in citation.iterfind("CommentsCorrectionsList/CommentsCorrections"):
        if link.get("RefType") == "Cites":
            yield _cited(_first(link, "PMID"), None, _first(link, "RefSource"))


def _cited(pmid: str | None, doi: str | None, text: str) -> dict[str, str]:
    return {name: value for name, value in (("pmid", pmid), ("doi", doi), ("text", text)) if value}


def _first(element: etree._Element, path: str) -> str:
    found = element.find(path)
    return inline(found) if found is not None else ""
