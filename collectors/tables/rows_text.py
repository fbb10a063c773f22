"""Rows of line-based text: plain lines, CoNLL-U, IOB, OBO."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from datagen.errors import InputError

Row = dict[str, Any]
Lines = Iterable[str | InputError]

MAX_BLOCK = 16 << 20
MAX_BLOCK_LINES = 100_000
"""Of one block of lines, characters and lines: each of these becomes an object or more."""
_NO_SPACE_BEFORE = re.compile(r" ([,.;:?!%)\]}])")
_NO_SPACE_AFTER = re.compile(r"([(\[{]) ")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_OBO_LISTS = ("synonym", "is_a", "xref", "subset", "alt_id", "relationship")


def lines_of(pieces: Iterable[str]) -> Lines:
    """Lines of a text that comes in pieces, without their ends. One over MAX_BLOCK is an InputError(too_large)."""
    rest, skipping = "", False
    for piece in pieces:
        *whole, rest = (rest + piece).split("\n")
        for line in whole:
            yield InputError("too_large", "a line") if skipping else line.removesuffix("\r")
            skipping = False
        if len(rest) > MAX_BLOCK:
            rest, skipping = "", True
    if skipping:
        yield InputError("too_large", "a line")
    elif rest:
        yield rest.removesuffix("\r")


def plain_lines(lines: Lines, columns: tuple[str, ...]) -> Iterator[Row | InputError]:
    """Lines that aren't blank, as column `line`. With `columns` named, blocks between blank lines: a column a line."""
    if not columns:
        for line in lines:
            if isinstance(line, InputError):
                yield line
            elif line.strip():
                yield {"line": line.strip()}
        return
    for block in _blocks(lines):
        if isinstance(block, InputError):
            yield block
        elif len(block) == len(columns):
            yield dict(zip(columns, block, strict=True))
        else:
            yield InputError("bad_row", f"{len(block)} lines for {len(columns)} columns")


def conllu(lines: Lines) -> Iterator[Row | InputError]:
    """Sentences of a CoNLL-U treebank (universaldependencies.org/format): its comments as columns (`sent_id`, `text`,
    `newdoc id`, which stays until the next document, ...), and `words`. Where no comment has the text it is made of the
    words and their `SpaceAfter`."""
    document: dict[str, str] = {}
    for block in _blocks(lines):
        if isinstance(block, InputError):
            yield block
            continue
        comments = [line[1:].partition("=") for line in block if line.startswith("#")]
        stated = {key.strip(): value.strip() for key, _, value in comments if key.strip()}
        document = {k: v for k, v in stated.items() if k.startswith("newdoc")} or document
        tokens = [line.split("\t") for line in block if not line.startswith("#")]
        if any(len(token) != 10 for token in tokens):
            yield InputError("bad_row", "not ten columns")
            continue
        if tokens:
            yield {**document, "text": _spaced(tokens), **stated, "words": [t[1] for t in tokens if t[0].isdecimal()]}


def _spaced(tokens: list[list[str]]) -> str:
    """The surface text: a multiword token (`3-4`) stands for its words."""
    text, within = "", 0
    for token in tokens:
        first, _, last = token[0].partition("-")
        if "." in first or (first.isdecimal() and int(first) <= within):
            continue
        within = int(last) if last.isdecimal() else 0
        text += token[1] + ("" if "SpaceAfter=No" in token[9].split("|") else " ")
    return text.strip()


def iob(lines: Lines) -> Iterator[Row | InputError]:
    """Sentences of a file with a token and its tag a line (the tag last, IOB or BIOES), blank lines between: `text`,
    `tokens`, `tags` and the `entities` that the tags mark. The text is the tokens joined as English is written."""
    for block in _blocks(lines):
        if isinstance(block, InputError):
            yield block
            continue
        pairs = [re.split(r"[\t ]+", line.strip()) for line in block if not line.startswith("-DOCSTART-")]
        if any(len(pair) < 2 for pair in pairs):
            yield InputError("bad_row", "a token without a tag")
        elif pairs:
            tokens, tags = [pair[0] for pair in pairs], [pair[-1] for pair in pairs]
            yield {"text": _joined(tokens), "tokens": tokens, "tags": tags, "entities": _entities(tokens, tags)}


def _joined(tokens: list[str]) -> str:
    return _NO_SPACE_AFTER.sub(r"\1", _NO_SPACE_BEFORE.sub(r"\1", " ".join(tokens)))


def _entities(tokens: list[str], tags: list[str]) -> list[str]:
    entities: list[list[str]] = []
    open_kind = None
    for token, tag in zip(tokens, tags, strict=True):
        position, _, kind = tag.partition("-")
        if position in ("I", "E") and kind == open_kind:
            entities[-1].append(token)
        elif position in ("B", "I", "S", "E"):
            entities.append([token])
        open_kind = kind if position in ("B", "I") else None
    return [_joined(entity) for entity in entities]


def obo(lines: Lines) -> Iterator[Row | InputError]:
    """Terms of an ontology in OBO format 1.2 or 1.4: `id`, `name`, `def` (the definition's text), `synonym` (texts),
    `is_a` (names of parents), and the other tags as they are; tags that may come more than once are lists. The name of
    an obsolete term is in `obsolete_name` instead."""
    for block in _stanzas(lines):
        if isinstance(block, InputError):
            yield block
            continue
        row: Row = {}
        for line in block:
            tag, _, value = line.partition(":")
            value = _obo_value(tag.strip(), value.strip())
            if tag.strip() in _OBO_LISTS:
                row.setdefault(tag.strip(), []).append(value)
            else:
                row.setdefault(tag.strip(), value)
        if row.get("is_obsolete") == "true" and "name" in row:
            row["obsolete_name"] = row.pop("name")
        yield row if row.get("id") else InputError("bad_row", "a term without id")


def _obo_value(tag: str, value: str) -> str:
    if tag in ("def", "synonym"):
        quoted = _QUOTED.match(value)
        return _ESCAPED.sub(r"\1", quoted[1]) if quoted else ""
    if tag == "is_a":
        return value.partition(" ! ")[2].strip() or value
    return _ESCAPED.sub(r"\1", value.partition(" ! ")[0].strip())


def _stanzas(lines: Lines) -> Iterator[list[str] | InputError]:
    """The lines of each [Term], whatever blank lines are in it."""
    stanza: list[str] | None = None
    size = 0
    for line in lines:
        if isinstance(line, InputError):
            yield line
        elif line.startswith("["):
            if stanza:
                yield stanza
            stanza, size = [] if line.strip() == "[Term]" else None, 0
        elif stanza is not None and line.strip() and not line.startswith("!"):
            stanza.append(line.strip())
            size += len(line)
            if size > MAX_BLOCK or len(stanza) > MAX_BLOCK_LINES:
                raise InputError("too_large", "a term")
    if stanza:
        yield stanza


def _blocks(lines: Lines) -> Iterator[list[str] | InputError]:
    """Lines between blank lines; a bad line spoils its block."""
    block: list[str] = []
    bad, size, count = None, 0, 0
    for line in lines:
        if isinstance(line, InputError):
            bad = line
        elif line.strip():
            size, count = size + len(line), count + 1
            if size > MAX_BLOCK or count > MAX_BLOCK_LINES:
                bad = InputError("too_large", "a block of lines")
            if bad:
                block = []
            else:
                block.append(line.strip("\r\n "))
        elif block or bad:
            yield bad or block
            block, bad, size, count = [], None, 0, 0
    if block or bad:
        yield bad or block
