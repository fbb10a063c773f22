"""Shingles: the runs of n tokens whose shared part measures how alike two texts are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dedup.fold import fold_table, tokens

Texts = Sequence[str] | pa.Array | pa.ChunkedArray


class Utf8(NamedTuple):
    """Texts as Arrow holds them: text i is data[offsets[i]:offsets[i + 1]] (uint8, int64)."""

    data: np.ndarray
    offsets: np.ndarray


def shingle_strings(text: str, n: int = 5) -> list[str]:
    """The shingles of one text in order, repeats included: n folded tokens joined by single spaces.

    A text of fewer than n tokens is one shingle of all of them; a text without tokens has none.
    """
    words = tokens(text)
    width = min(n, len(words))
    return [" ".join(words[i : i + width]) for i in range(len(words) - width + 1)] if words else []


def shingle_hashes(texts: Texts, n: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the shingles of every text: xxh32 (seed 0) of the UTF-8 bytes of what `shingle_strings` gives.

    Returns the hashes (uint32, all texts one after another, repeats included) and the offsets (int64, one more than
    texts): those of text i are hashes[offsets[i]:offsets[i + 1]].

    Raises TypeError for something that isn't text, and ValueError for nulls, invalid UTF-8 and n < 1.
    """
    from dedup import kernels

    checked_size(n)
    hashes, offsets, before = [np.empty(0, np.uint32)], [np.zeros(1, np.int64)], 0
    for first, batch in batches(texts):
        made, ends, invalid = kernels.shingle_all(*batch, n, *fold_table())
        refuse_invalid(first, invalid)
        hashes.append(made)
        offsets.append(ends[1:] + before)
        before += len(made)
    return np.concatenate(hashes), np.concatenate(offsets)


def checked_size(n: int) -> None:
    """Raises ValueError for a shingle size below 1."""
    if n < 1:
        raise ValueError(f"n={n}: a shingle has at least 1 token")


def refuse_invalid(first: int, position: int) -> None:
    """Raises ValueError where a kernel found a text that is not UTF-8 (position -1: none)."""
    if position >= 0:
        raise ValueError(f"the text at position {first + position} is not valid UTF-8")


def batches(texts: Texts) -> list[tuple[int, Utf8]]:
    """The texts' buffers, chunk by chunk, each with the position of its first text; Arrow data is not copied.

    Raises TypeError for something that isn't text, and ValueError for nulls and for strings that UTF-8 can't hold.
    """
    chunked = as_arrow(texts)
    if not (pa.types.is_string(chunked.type) or pa.types.is_large_string(chunked.type)):
        raise TypeError(f"texts are {chunked.type}: cast them to string or large_string")
    if chunked.null_count:
        first = next(i for i, valid in enumerate(chunked.is_valid()) if not valid.as_py())
        raise ValueError(f"{chunked.null_count} texts are null, the first at position {first}: fill or drop them")
    found, position = [], 0
    for chunk in chunked.chunks:
        if len(chunk):
            found.append((position, _buffers(chunk)))
        position += len(chunk)
    return found


def as_arrow(texts: Texts) -> pa.ChunkedArray:
    """Strings as Arrow data; what is Arrow already is not copied."""
    if isinstance(texts, pa.ChunkedArray):
        return texts
    if isinstance(texts, pa.Array):
        return pa.chunked_array([texts])
    if isinstance(texts, str):
        raise TypeError("texts is a single string: a list of strings is needed")
    texts = list(texts)
    strangers = [i for i, text in enumerate(texts) if not isinstance(text, str)]
    if strangers:
        found = type(texts[strangers[0]]).__name__
        raise TypeError(f"{len(strangers)} texts are not strings, the first at position {strangers[0]} ({found})")
    try:
        return pa.chunked_array([pa.array(texts, pa.large_string())])
    except UnicodeEncodeError as error:
        position = next(i for i, text in enumerate(texts) if not _is_unicode(text))
        raise ValueError(f"the text at position {position} holds half a surrogate pair") from error


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _buffers(chunk: pa.Array) -> Utf8:
    _, places, data = chunk.buffers()
    width = np.int32 if pa.types.is_string(chunk.type) else np.int64
    offsets = np.frombuffer(places, width, len(chunk) + 1, chunk.offset * np.dtype(width).itemsize)
    return Utf8(np.frombuffer(data or b"", np.uint8), offsets.astype(np.int64))
