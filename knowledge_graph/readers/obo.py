"""Ontologies in OBO 1.2 and 1.4 (the format guide of the OBO Foundry)."""

import re
from collections.abc import Iterator
from dataclasses import replace

from datagen.errors import InputError
from datagen.licence import UNKNOWN, allowed, from_text
from knowledge_graph.model import IS_A
from knowledge_graph.readers.entries import Content, Entry, Statement, Term, decode

QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(.*)', re.S)
ESCAPED = re.compile(r"\\(.)", re.S)
SPECIAL = {"n": "\n", "t": "\t", "W": " "}
CURIE = re.compile(r"\S+")
LACKS = "lacks_"
LICENCE_KEYS = ("license", "licence")
DEPARTMENT = "dept_code"


def read_obo(data: bytes) -> Content:
    """Terms, synonyms in EXACT scope, is_a, relationships and equivalent terms of an OBO file.

    `relationship: lacks_X` states X's exclusion: `has_X` with polarity -1. Relations named by id take the name of their
    Typedef. Raises InputError(not_utf8) or InputError(not_obo); a broken stanza is an entry with `bad` set.
    """
    text = decode(data)
    content, names, seen = Content(), {}, set()
    stanzas = list(_stanzas(text))
    if not stanzas or not any(kind == "Term" for _, kind, _ in stanzas):
        raise InputError("not_obo", "no [Term]")
    for line, kind, tags in stanzas:
        if kind is None:
            _header(content, tags)
        elif kind == "Typedef":
            names |= _relation_name(tags)
        elif kind == "Term":
            entry = _entry(line, tags)
            if entry.bad is None and entry.defines in seen:
                entry = Entry(line, bad="repeated_id")
            seen.add(entry.defines)
            content.entries.append(entry)
    if names:
        content.entries = [_named(entry, names) for entry in content.entries]
    return content


def _stanzas(text: str) -> Iterator[tuple[int, str | None, list[tuple[int, str, str]]]]:
    """(line, kind, [(line, tag, value), ...]) of the header (kind None) and each stanza; a line without a tag has "" as
    its tag."""
    start, kind, tags = 1, None, []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line.startswith("!"):
            continue
        if line.startswith("[") and line.endswith("]"):
            yield start, kind, tags
            start, kind, tags = number, line[1:-1], []
        else:
            tag, colon, value = line.partition(":")
            tags.append((number, tag.strip() if colon else "", value.strip()))
    yield start, kind, tags


def _header(content: Content, tags: list[tuple[int, str, str]]) -> None:
    for _, tag, value in tags:
        if tag == "data-version":
            content.version = value
        elif tag == "remark" or (tag == "property_value" and any(k in value.split(" ")[0] for k in LICENCE_KEYS)):
            content.license = content.license or _licence(value)


def _licence(value: str) -> str | None:
    found = from_text(value)
    if found == UNKNOWN and (quoted := QUOTED.search(value)) and "derive" in allowed(quoted[1]):
        found = quoted[1]
    return None if found == UNKNOWN else found


def _relation_name(tags: list[tuple[int, str, str]]) -> dict[str, str]:
    found = {tag: _bare(value) for _, tag, value in tags if tag in ("id", "name")}
    if ":" not in found.get("id", "") or "name" not in found:
        return {}
    return {found["id"]: re.sub(r"\W+", "_", found["name"].lower())}


def _entry(line: int, tags: list[tuple[int, str, str]]) -> Entry:
    single: dict[str, str] = {}
    many: dict[str, list[str]] = {
        "synonym": [],
        "alt_id": [],
        "xref": [],
        "equivalent_to": [],
        IS_A: [],
        "relationship": [],
    }
    department = None
    for number, tag, value in tags:
        if not tag:
            return Entry(number, bad="no_tag")
        if tag in ("def", "synonym"):
            quoted = QUOTED.match(value)
            if quoted is None:
                return Entry(number, bad="bad_quote")
            if tag == "def":
                single[tag] = _plain(quoted[1])
            elif quoted[2].split(" ")[0] in ("EXACT", "", "["):
                many[tag].append(_plain(quoted[1]))
        elif tag in ("id", "name", "namespace", "is_obsolete", "replaced_by"):
            if tag in single:
                return Entry(number, bad=f"two_{tag}")
            single[tag] = _plain(_bare(value)) if tag != "name" else _plain(value)
        elif tag in many:
            many[tag].append(_bare(value))
        elif tag == "property_value" and value.startswith(DEPARTMENT + " "):
            quoted = QUOTED.match(value.removeprefix(DEPARTMENT).strip())
            if quoted is None:
                return Entry(number, bad="bad_quote")
            department = quoted[1]
    term = single.get("id", "")
    if not CURIE.fullmatch(term):
        return Entry(line, bad="bad_id" if term else "no_id")
    if single.get("is_obsolete") == "true":
        return Entry(line, defines=term, replaces=(term, single.get("replaced_by")), dropped="obsolete")
    relations = [(IS_A, value.split()) for value in many[IS_A]]
    relations += [(words[0], words[1:]) for words in map(str.split, many["relationship"]) if words]
    if any(len(words) != 1 for _, words in relations) or len(relations) < len(many["relationship"]):
        return Entry(line, bad="bad_relationship")
    return Entry(
        line,
        defines=term,
        terms=(
            Term(
                term,
                single.get("name"),
                single.get("namespace"),
                tuple(many["synonym"]),
                single.get("def"),
                tuple(many["alt_id"]),
                tuple(value.split(" ")[0] for value in many["xref"] if value),
                department,
            ),
        ),
        statements=tuple(_statement(term, relation, words[0]) for relation, words in relations),
        same=tuple((term, value) for value in many["equivalent_to"] if value),
    )


def _statement(subject: str, relation: str, object: str) -> Statement:
    if relation.startswith(LACKS):
        return Statement(subject, "has_" + relation.removeprefix(LACKS), object, -1)
    return Statement(subject, relation, object)


def _named(entry: Entry, names: dict[str, str]) -> Entry:
    statements = tuple(
        _statement(s.subject, names[s.relation], s.object) if s.relation in names else s for s in entry.statements
    )
    return replace(entry, statements=statements)


def _bare(value: str) -> str:
    """A value without trailing comment and modifiers."""
    return value.split(" ! ")[0].split(" {")[0].strip()


def _plain(value: str) -> str:
    return ESCAPED.sub(lambda m: SPECIAL.get(m[1], m[1]), value)
