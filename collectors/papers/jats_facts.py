"""What a JATS article says of itself beside its text: identifiers, dates, people, subjects, licence, references."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from lxml import etree

from collectors.papers.jats_text import TEASERS, inline
from datagen.licence import UNKNOWN, from_text

_CITATIONS = ("element-citation", "mixed-citation", "nlm-citation", "citation")
_CONFLICTS = frozenset(("COI-statement", "coi-statement", "conflict", "conflict-interest"))
_CITED = {"article-title": "title", "source": "journal", "year": "year"}
_IDS = ("doi", "pmid", "pmc")


def article_facts(article: etree._Element, meta: etree._Element) -> dict[str, Any]:
    """Everything stated, under plain names; what is not stated is left out.

    `references` are dicts with, as far as stated, doi, pmid, pmc, title, journal, year and authors, or the `text` of
    one that has no structure.
    """
    headings, others = _subjects(meta)
    facts: dict[str, Any] = {
        **_identifiers(meta),
        "journal": _first_text(article.find("front/journal-meta"), "journal-title"),
        "published": _published(meta),
        "year": _year(meta),
        "authors": list(_authors(meta)),
        "affiliations": _affiliations(meta),
        "conflicts": " ".join(_conflicts(article)),
        "teaser": " ".join(inline(a) for a in meta.iterfind("abstract") if a.get("abstract-type") in TEASERS),
        "article_type": article.get("article-type"),
        "keywords": sorted({inline(k) for k in meta.iterfind("kwd-group//kwd")} - {""}),
        "headings": headings,
        "subjects": others,
        "references": list(_references(article)),
        "sub_articles": sum(1 for _ in article.iterchildren("sub-article", "response")),
    }
    return {name: value for name, value in facts.items() if value}


def _identifiers(meta: etree._Element) -> dict[str, str]:
    """Numbers of the article by kind: doi (in lower case), pmid, pmc (PMC123), publisher_id."""
    ids: dict[str, str] = {}
    for element in meta.iterchildren("article-id"):
        _identify(ids, element)
    if "publisher-id" in ids:
        ids["publisher_id"] = ids.pop("publisher-id")
    return {kind: ids[kind] for kind in (*_IDS, "publisher_id") if kind in ids}


def _identify(ids: dict[str, str], element: etree._Element) -> None:
    kind, value = element.get("pub-id-type", ""), "".join(element.itertext()).strip()
    if kind in ("pmc", "pmcid", "pmcaid"):
        kind, value = "pmc", f"PMC{value.upper().removeprefix('PMC')}"
    elif kind == "doi":
        value = value.lower()
        value = value[value.find("10.") :] if value.startswith("http") else value
    if value and (kind != "pmid" or value.isdecimal()):
        ids.setdefault(kind, value)


def _subjects(meta: etree._Element) -> tuple[list[str], list[str]]:
    """The journal's headings for the article, and its other subjects."""
    headings, others = [], set()
    for group in meta.iterfind("article-categories/subj-group"):
        names = [inline(subject) for subject in group.iter("subject")]
        if group.get("subj-group-type") == "heading":
            headings += names
        else:
            others.update(names)
    return headings, sorted(others - {""})


def licence(meta: etree._Element) -> str | None:
    """The licence stated in the permissions: by address in a license_ref or an attribute, else in words."""
    permissions = list(meta.iterfind("permissions"))
    addresses = [ref.text or "" for part in permissions for ref in part.iter("license_ref")]
    words = []
    for license in (found for part in permissions for found in part.iter("license")):
        addresses += [value for e in license.iter("license", "ext-link", "uri") for value in e.values()]
        words.append(" ".join(license.itertext()))
    for stated in (" ".join(addresses), " ".join(" ".join(words).split())):
        if (found := from_text(stated)) != UNKNOWN:
            return found
    return None


def _year(meta: etree._Element) -> int | None:
    years = [y.text.strip() for y in meta.iterfind("pub-date/year") if y.text]
    return min((int(y) for y in years if y.isdecimal() and len(y) == 4), default=None)


def _published(meta: etree._Element) -> str | None:
    """The earliest date of publication, ISO 8601, of those stated to the day, else to the month."""
    dates = []
    for date in meta.iterchildren("pub-date"):
        parts = [(date.findtext(name) or "").strip() for name in ("year", "month", "day")]
        stated = list(takewhile(lambda part: part.isdecimal() and len(part) < 5, parts))
        if len(stated) > 1 and len(stated[0]) == 4:
            dates.append("-".join(part.zfill(2) for part in stated))
    return min(dates, key=lambda date: (-len(date), date), default=None)


def _authors(meta: etree._Element) -> Iterator[str]:
    for contributor in meta.iterfind("contrib-group/contrib"):
        if contributor.get("contrib-type") in (None, "author"):
            yield from filter(None, map(_person, contributor.iterchildren("name", "string-name", "collab")))


def _person(name: etree._Element) -> str:
    surname, given = "", ""
    for part in name:
        if part.tag == "surname":
            surname = inline(part)
        elif part.tag == "given-names":
            given = inline(part)
    if not surname:
        return inline(name)
    if name.get("name-style") == "eastern":
        return surname + given if not surname.isascii() else f"{surname} {given}".rstrip()
    return f"{given} {surname}".lstrip()


def _affiliations(meta: etree._Element) -> list[str]:
    found = []
    for affiliation in meta.iter("aff"):
        parts = [affiliation.text or ""]
        for child in affiliation:
            parts += ("" if child.tag in ("label", "email") else inline(child), child.tail or "")
        found.append(" ".join("".join(parts).split()))
    return list(dict.fromkeys(filter(None, found)))


def _conflicts(article: etree._Element) -> Iterator[str]:
    for part in article.iterchildren("front", "body", "back"):
        for note in part.iter("fn", "notes", "sec"):
            if not _CONFLICTS.isdisjoint((note.get("fn-type"), note.get("notes-type"), note.get("sec-type"))):
                yield " ".join(inline(part) for part in note if part.tag not in ("label", "title"))


def _references(article: etree._Element) -> Iterator[dict[str, Any]]:
    for reference in article.iterfind("back//ref-list/ref"):
        if (citation := next(reference.iter(*_CITATIONS), None)) is not None and (facts := _cited(citation)):
            yield facts


def _cited(citation: etree._Element) -> dict[str, Any]:
    ids: dict[str, str] = {}
    stated: dict[str, str] = {}
    people: list[etree._Element] = []
    for part in citation:
        if part.tag == "pub-id":
            _identify(ids, part)
        elif name := _CITED.get(part.tag):
            stated.setdefault(name, inline(part))
        elif part.tag == "person-group":
            people.extend(part.iterchildren("name", "string-name", "collab"))
        elif part.tag in ("name", "string-name", "collab"):
            people.append(part)
    facts: dict[str, Any] = {name: ids[name] for name in _IDS if name in ids}
    facts |= {name: text for name, text in stated.items() if text}
    if authors := [person for person in map(_person, people) if person]:
        facts["authors"] = authors
    if "title" not in facts and "journal" not in facts and (text := inline(citation)):
        facts["text"] = text
    return facts


def _first_text(element: etree._Element | None, tag: str) -> str | None:
    found = next(element.iter(tag), None) if element is not None else None
    return inline(found) if found is not None else None
