"""Wikidata: results of SPARQL queries in XML or JSON, and dictionaries made of them."""

import io
import json
import re
from collections.abc import Iterable

from datagen.errors import InputError
from datagen.xml import iter_elements
from knowledge_graph.readers.entries import Content, Entry, Label, Term

SPARQL = "{http://www.w3.org/2005/sparql-results#}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
ENTITY = re.compile(r"(?:https?://www\.wikidata\.org/entity/)?(Q[1-9]\d*)")
XREFS = {
    "ICD_10": "ICD10",
    "ICD10": "ICD10",
    "MeSH": "MESH",
    "mesh": "MESH",
    "OMIM": "OMIM",
    "UMLS": "UMLS",
    "Orphanet": "ORPHA",
    "DOID": "DOID",
    "MONDO": "MONDO",
}
"""Variables of a query that hold ids of other vocabularies."""
DISEASES = frozenset(("ICD10", "OMIM", "ORPHA", "DOID", "MONDO"))
WORD = re.compile(r"[^\W\d_]{3}")

Values = dict[str, tuple[str, str | None]]
"""Variable -> value and language."""


def read_wikidata(data: bytes) -> Content:
    """Items with English and Chinese labels, alternative labels and descriptions, and ids of other vocabularies; what
    other languages call them is left out. Variables are those of Wikidata's label service (xLabel, xAltLabel,
    xDescription).

    Raises InputError: not_json, bad_xml, xml_entities, xml_limits, not_wikidata.
    """
    if data.lstrip()[:1] == b"{":
        return Content([_item(n, row) for n, row in enumerate(_json_rows(data), 1)])
    entries = []
    for element in iter_elements(io.BytesIO(data), f"{SPARQL}result", "entry"):
        root = element.getroottree().getroot()
        if root.tag == f"{SPARQL}sparql":
            entries.append(_item(element.sourceline or 1, _bindings(element)))
        elif root.tag == "dictionary":
            entries.append(_dictionary_entry(element, (root.get("title") or "").lower() or None))
    if not entries:
        raise InputError("not_wikidata", "neither SPARQL results nor a dictionary")
    return Content(entries)


def _json_rows(data: bytes) -> list[Values]:
    try:
        rows = json.loads(data)["results"]["bindings"]
        return [{k: (v["value"], v.get("xml:lang")) for k, v in row.items()} for row in rows]
    except (ValueError, RecursionError):
        raise InputError("not_json") from None
    except (KeyError, TypeError, AttributeError):
        raise InputError("not_wikidata", "no bindings") from None


def _bindings(result) -> Values:
    found = {}
    for binding in result.iterfind(f"{SPARQL}binding"):
        for value in binding:
            found[binding.get("name")] = ((value.text or "").strip(), value.get(LANGUAGE))
    return found


def _item(line: int, row: Values) -> Entry:
    name = next((m[1] for value, _ in row.values() if (m := ENTITY.fullmatch(value))), None)
    if name is None:
        return Entry(line, bad="no_id")
    own = f"WIKIDATA:{name}"
    xrefs = tuple(f"{XREFS[key]}:{value}" for key, (value, _) in row.items() if key in XREFS and value)
    said: dict[str, dict[str, str]] = {"en": {}, "zh": {}}
    for key, (value, language) in row.items():
        field = next((f for f in ("AltLabel", "Description", "Label") if key.endswith(f)), None)
        if field and value and (language or "")[:2] in said and value != name:
            said[language[:2]].setdefault(field, value)
    english, chinese = said["en"], said["zh"]
    kind = "disease" if any(x.partition(":")[0] in DISEASES for x in xrefs) else None
    synonyms = _names(english.get("AltLabel", "").split(", "))
    term = Term(own, english.get("Label"), kind, synonyms, english.get("Description"), xrefs=xrefs)
    labels = [Label(own, "name_zh", chinese["Label"])] if "Label" in chinese else []
    labels += [Label(own, "synonyms_zh", word) for word in chinese.get("AltLabel", "").split(", ") if word]
    return Entry(line, own, (term,), tuple(labels))


def _dictionary_entry(entry, kind: str | None) -> Entry:
    line = entry.sourceline or 1
    said = [ENTITY.fullmatch(entry.get(key) or "") for key in ("wikidataID", "wikidata", "wikidataURL")]
    found = next(filter(None, said), None)
    if found is None:
        return Entry(line, bad="no_id")
    own, name = f"WIKIDATA:{found[1]}", (entry.get("name") or entry.get("term") or "").strip()
    if name == found[1]:
        name = ""
    synonyms = _names(s.text or "" for s in entry.iterfind("synonym"))
    return Entry(line, own, (Term(own, name or None, kind, tuple(s for s in synonyms if s != name)),))


def _names(words: Iterable[str]) -> tuple[str, ...]:
    """Names among words that were cut at commas: with three letters in a row, and no bracket left open."""
    words = (word.strip() for word in words)
    whole = (w for w in words if WORD.search(w) and all(w.count(a) == w.count(b) for a, b in ("()", "[]", "{}")))
    return tuple(dict.fromkeys(whole))
