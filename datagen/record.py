"""The record: the one Arrow schema that every row of text has, at every stage."""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datagen import notice
from datagen.errors import InputError

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
QUALITY = pa.struct([(axis, pa.float32()) for axis in ("educational", "causal", "reasoning", "knowledge")])


def _column(name: str, kind: pa.DataType, nullable: bool = True) -> pa.Field:
    return pa.field(name, kind, nullable)


SCHEMA = pa.schema(
    [
        _column("id", pa.string(), False),
        _column("content", pa.string(), False),
        _column("group", pa.string(), False),
        _column("split", pa.string(), False),
        _column("text", pa.string(), False),
        _column("messages", MESSAGES),
        _column("language", pa.string()),
        _column("script", pa.string()),
        _column("source", pa.string(), False),
        _column("source_id", pa.string(), False),
        _column("url", pa.string()),
        _column("license", pa.string(), False),
        _column("access", pa.string(), False),
        _column("content_type", pa.string()),
        _column("department", pa.string()),
        _column("departments_secondary", pa.list_(pa.string())),
        _column("value", pa.float32()),
        _column("quality", QUALITY),
        _column("category", pa.string()),
        _column("safety", pa.list_(pa.string())),
        _column("tokens", pa.int32(), False),
        _column("duplicates", pa.int32(), False),
        _column("repeats", pa.int32(), False),
        _column("curriculum", pa.string()),
        _column("synthetic", pa.bool_(), False),
        _column("parents", pa.list_(pa.string())),
        _column("evidence", pa.list_(pa.string())),
        _column("reward", pa.float32()),
        _column("phi_status", pa.string(), False),
        _column("meta", pa.string()),
    ],
    metadata={
        "notice": notice.EN,
        "synthetic": "Rows whose `synthetic` is true were written by datagen, not by a person.",
    },
)

DEFAULTS = {
    "license": "NOASSERTION",
    "access": "open",
    "duplicates": 1,
    "repeats": 1,
    "synthetic": False,
    "phi_status": "unknown",
}
SPLITS = ("train", "validation", "test")
CurriculumName = Literal["general", "basic", "advanced"]
CURRICULA: tuple[CurriculumName, ...] = get_args(CurriculumName)


def extended(extra: Iterable[pa.Field]) -> pa.Schema:
    """The record schema with more columns behind it."""
    return pa.schema([*SCHEMA, *extra], SCHEMA.metadata)


def record_id(source: str, source_id: str, secret: bytes | None = None) -> str:
    """Who the record is: 128 bits in hex. With `secret` (patient-level sources) an HMAC: not to be guessed back."""
    name = f"{source}\0{source_id}".encode()
    if secret is not None:
        return hmac.new(secret, name, hashlib.sha256).hexdigest()[:32]
    return hashlib.blake2b(name, digest_size=16).hexdigest()


def content_hash(text: str) -> str:
    """What the record says: equal for texts that differ only in case, width or white space."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def split_of(group: str, validation: float = 0.02, test: float = 0.02) -> str:
    """Train, validation or test, by a hash of the case family alone, so that no family is ever on two sides."""
    draw = int.from_bytes(hashlib.blake2b(group.encode(), digest_size=8, person=b"split").digest(), "big") / 2**64
    if draw < test:
        return "test"
    return "validation" if draw < test + validation else "train"


def count_tokens(texts: pa.Array) -> pa.Array:
    """Estimated tokens per text (int32), the counter named `utf8`: four ASCII letters a token, a Han character one.

    A character of n UTF-8 bytes counts 0.25, 0.625, 1, 1.375 tokens for n = 1..4: linear in bytes and characters,
    so that whole columns are counted without leaving Arrow.
    """
    size = pc.cast(pc.binary_length(texts), pa.float64())
    characters = pc.cast(pc.utf8_length(texts), pa.float64())
    tokens = pc.subtract(pc.multiply(size, 0.375), pc.multiply(characters, 0.125))
    return pc.cast(pc.ceil(tokens), pa.int32())


TOKEN_COUNTERS = {"utf8": count_tokens}


def table(rows: Iterable[dict], extra: Iterable[pa.Field] = ()) -> pa.Table:
    """Rows as a table of the record schema (and `extra` columns): defaults filled, `content` and `tokens` computed.

    Raises InputError(bad_unicode) for text that is not valid Unicode.
    """
    rows = list(rows)
    schema = extended(extra)
    columns = {f.name: [row.get(f.name, DEFAULTS.get(f.name)) for row in rows] for f in schema}
    try:
        columns["content"] = [content_hash(text) for text in columns["text"]]
        texts = pa.array(columns["text"], pa.string())
    except UnicodeEncodeError:
        raise InputError("bad_unicode") from None
    columns["tokens"] = count_tokens(texts)
    arrays = [a if isinstance(a := columns[f.name], pa.Array) else pa.array(a, f.type) for f in schema]
    return pa.table(arrays, schema=schema)


def refresh(rows: pa.Table) -> pa.Table:
    """Recompute `content` and `tokens` after `text` changed."""
    texts = rows["text"].combine_chunks()
    hashes = pa.array([content_hash(text) for text in texts.to_pylist()], pa.string())
    rows = rows.set_column(rows.schema.get_field_index("content"), SCHEMA.field("content"), hashes)
    return rows.set_column(rows.schema.get_field_index("tokens"), SCHEMA.field("tokens"), count_tokens(texts))


def conform(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Cast to the declared schema: every column there, in order, none of type null, none null that may not be.

    Raises ValueError naming the column. Missing nullable columns become typed nulls.
    """
    unknown = set(rows.column_names) - set(schema.names)
    if unknown:
        raise ValueError(f"undeclared columns {sorted(unknown)}: declare them in `adds`")
    columns = []
    for field in schema:
        index = rows.schema.get_field_index(field.name)
        if index < 0:
            column = pa.chunked_array([pa.nulls(len(rows), field.type)])
        else:
            column = rows.column(index)
            if column.type != field.type:
                try:
                    column = column.cast(field.type)
                except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                    raise ValueError(f"column {field.name} is {column.type}, the schema says {field.type}") from None
        if not field.nullable and column.null_count:
            raise ValueError(f"column {field.name} holds nulls")
        columns.append(column)
    return pa.table(columns, schema=schema)


def with_column(rows: pa.Table, name: str, values) -> pa.Table:
    """Replace (or append) one column; known record columns keep their declared type."""
    kind = SCHEMA.field(name) if name in SCHEMA.names else None
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, kind.type if kind else None)
    index = rows.schema.get_field_index(name)
    field = kind or pa.field(name, array.type)
    return rows.append_column(field, array) if index < 0 else rows.set_column(index, field, array)


def ids_as_bytes(ids: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Hex ids as an array of 16-byte values (`V16`), for sorting and matching without Python strings."""
    joined = "".join(ids.to_pylist())
    return np.frombuffer(bytes.fromhex(joined), dtype="V16")
