"""What a web page states of itself: title, author, date, address, licence."""

import json
import re
from typing import Any

from lxml import etree
from trafilatura.metadata import extract_metadata

from datagen.licence import UNKNOWN, from_text

_DATES = {"original_date": True, "extensive_search": False, "max_date": "2100-01-01"}
"""Dates that are stated, not guessed from the text; and no date that depends on the day of the run."""
_RIGHTS = ("dc.rights", "dcterms.rights", "dcterms.license", "dc.license", "rights", "license", "citation_license")
_JSON_LICENSE = re.compile(r'"license"\s*:\s*(?:\{[^{}]*?"(?:@id|url)"\s*:\s*)?("(?:[^"\\]|\\.){1,300}")')


def page_facts(root: etree._Element) -> dict[str, str]:
    """title, author, date (ISO 8601), site and url, those that the page states."""
    try:
        found = extract_metadata(root, date_config=_DATES)
    except (
        ValueError,
        OverflowError,
        TypeError,
        AttributeError,
        RecursionError,
    ):  # odd metadata; the text is still good
        return {}  # the text of a page with odd metadata is still good
    facts: dict[str, Any] = {
        "title": found.title,
        "author": found.author,
        "date": found.date,
        "site": found.sitename,
        "url": found.url if found.url and found.url.startswith(("http://", "https://")) else None,
    }
    return {name: " ".join(str(value).split())[:500] for name, value in facts.items() if value}


def page_licence(root: etree._Element) -> str | None:
    """The Creative Commons licence that the page states for itself: by `rel=license`, in its metadata or in JSON-LD. A
    link elsewhere may belong to a picture, and counts for nothing."""
    stated = [e.get("href", "") for e in root.iter("a", "link") if "license" in e.get("rel", "").lower().split()]
    for meta in root.iter("meta"):
        if (meta.get("name") or meta.get("property") or "").lower() in _RIGHTS:
            stated.append(meta.get("content", ""))
    for script in root.iter("script"):
        if script.get("type", "").lower() == "application/ld+json":
            stated += [_unquoted(quoted) for quoted in _JSON_LICENSE.findall(script.text or "")]
    return next((found for text in stated if (found := from_text(text)) != UNKNOWN), None)


def _unquoted(quoted: str) -> str:
    try:
        return json.loads(quoted)
    except ValueError:
        return ""
