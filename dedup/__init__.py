"""Near-duplicate search: shingles, MinHash signatures, bands, verified edges, clusters."""

from dedup.bands import band_places, bucket_edges, keys_of, similar, verified
from dedup.components import Components
from dedup.find import find_duplicates
from dedup.fold import fold, tokens
from dedup.shingles import shingle_hashes, shingle_strings
from dedup.signatures import scheme, sign, without_tokens

__all__ = [
    "Components",
    "band_places",
    "bucket_edges",
    "find_duplicates",
    "fold",
    "keys_of",
    "scheme",
    "shingle_hashes",
    "shingle_strings",
    "sign",
    "similar",
    "tokens",
    "verified",
    "without_tokens",
]
