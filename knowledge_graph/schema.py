"""What a graph is on disk: `nodes/*.parquet` and `edges/*.parquet` of these schemas."""

import hashlib

import pyarrow as pa

TEXTS = pa.list_(pa.field("element", pa.string(), False))

NODES = pa.schema(
    [
        pa.field("id", pa.string(), False),
        pa.field("type", pa.string(), False),
        pa.field("name_en", pa.string()),
        pa.field("name_zh", pa.string()),
        pa.field("synonyms", TEXTS, False),
        pa.field("synonyms_zh", TEXTS, False),
        pa.field("definition", pa.string()),
        pa.field("departments", TEXTS, False),
        pa.field("prevalence", pa.string()),
        pa.field("information", pa.float32()),
        pa.field("alt_ids", TEXTS, False),
        pa.field("xrefs", TEXTS, False),
        pa.field("license", pa.string(), False),
        pa.field("source", pa.string(), False),
        pa.field("version", pa.string()),
    ]
)
EDGES = pa.schema(
    [
        pa.field("subject", pa.string(), False),
        pa.field("relation", pa.string(), False),
        pa.field("object", pa.string(), False),
        pa.field("polarity", pa.int8(), False),
        pa.field("frequency", pa.float32()),
        pa.field("n", pa.int32()),
        pa.field("onset", pa.string()),
        pa.field("sex", pa.string()),
        pa.field("evidence", TEXTS, False),
        pa.field("tier", pa.string(), False),
        pa.field("license", pa.string(), False),
        pa.field("origin", pa.string(), False),
        pa.field("key", pa.string(), False),
    ]
)


def edge_key(subject: str, relation: str, object: str, polarity: int) -> str:
    """What names an edge for good: 64 bits in hex over what it states, whoever states it."""
    fact = f"{subject}\0{relation}\0{object}\0{polarity:+d}".encode()
    return hashlib.blake2b(fact, digest_size=8).hexdigest()
