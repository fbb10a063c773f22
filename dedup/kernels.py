"""Every compiled loop of near-duplicate search, in one file because numba's cache notices changes only in the file
that a loop stands in. The functions around them, in the neighbouring files, say what they mean and check what goes in.
"""

from __future__ import annotations

import numpy as np
from numba import int64, uint8, uint32, uint64

from datagen.compiled import inner, kernel, read, write
from dedup.fold import ALONE, COUNT_BITS, KIND_BITS, SEPARATOR, WORD

VALUE = KIND_BITS + COUNT_BITS
KIND_MASK, COUNT_MASK = (1 << KIND_BITS) - 1, (1 << COUNT_BITS) - 1
SPACE = uint8(32)

# xxHash by Yann Collet, format specification 0.1.1
P32 = (2654435761, 2246822519, 3266489917, 668265263, 374761393)
P64 = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579, 2870177450012600261)
P32_1, P32_2, P32_3, P32_4, P32_5 = (uint32(p) for p in P32)
P64_1, P64_2, P64_3, P64_4, P64_5 = (uint64(p) for p in P64)


TEXTS_AND_FOLDING = (read(uint8), read(int64), int64, read(int64), read(int64), int64, int64)


@inner
def rotl32(x, r):
    return uint32((x << uint32(r)) | (x >> uint32(32 - r)))


@inner
def lane32(data, at):
    return uint32(
        uint32(data[at])
        | (uint32(data[at + uint64(1)]) << uint32(8))
        | (uint32(data[at + uint64(2)]) << uint32(16))
        | (uint32(data[at + uint64(3)]) << uint32(24))
    )


@inner
def round32(acc, lane):
    return uint32(rotl32(uint32(acc + uint32(lane * P32_2)), 13) * P32_1)


@inner
def xxh32(data, start, stop):
    at, end = uint64(start), uint64(stop)
    size = uint32(end - at)
    if end - at >= uint64(16):
        a, b, c, d = uint32(P32_1 + P32_2), P32_2, uint32(0), uint32(uint32(0) - P32_1)
        while at + uint64(16) <= end:
            a = round32(a, lane32(data, at))
            b = round32(b, lane32(data, at + uint64(4)))
            c = round32(c, lane32(data, at + uint64(8)))
            d = round32(d, lane32(data, at + uint64(12)))
            at += uint64(16)
        h = uint32(rotl32(a, 1) + rotl32(b, 7) + rotl32(c, 12) + rotl32(d, 18))
    else:
        h = P32_5
    h = uint32(h + size)
    while at + uint64(4) <= end:
        h = uint32(rotl32(uint32(h + uint32(lane32(data, at) * P32_3)), 17) * P32_4)
        at += uint64(4)
    while at < end:
        h = uint32(rotl32(uint32(h + uint32(data[at] * P32_5)), 11) * P32_1)
        at += uint64(1)
    h = uint32(uint32(h ^ (h >> uint32(15))) * P32_2)
    h = uint32(uint32(h ^ (h >> uint32(13))) * P32_3)
    return uint32(h ^ (h >> uint32(16)))


@inner
def code_point(a, b, c, d):
    """Decode UTF-8 of two to four bytes (zeros after the end); the code point and its length, 0 if it is invalid."""
    if 0xC2 <= a < 0xE0 and b & 0xC0 == 0x80:
        return (a & 0x1F) << 6 | b & 0x3F, 2
    if 0xE0 <= a < 0xF0 and b & 0xC0 == 0x80 and c & 0xC0 == 0x80:
        code = (a & 0x0F) << 12 | (b & 0x3F) << 6 | c & 0x3F
        return code, 3 if code >= 0x800 and not 0xD800 <= code < 0xE000 else 0
    if 0xF0 <= a < 0xF5 and b & 0xC0 == 0x80 and c & 0xC0 == 0x80 and d & 0xC0 == 0x80:
        code = (a & 0x07) << 18 | (b & 0x3F) << 12 | (c & 0x3F) << 6 | d & 0x3F
        return code, 4 if 0x10000 <= code < 0x110000 else 0
    return 0, 0


@inner
def tokenise(data, start, stop, entries, several, text, starts):
    """Write a document's folded tokens to `text`, a space after each, and where each begins (and the last ends) to
    `starts`; the number of tokens, -1 for invalid UTF-8."""
    at, end, count, inside = start, 0, 0, 0
    place, left = 0, 0
    while at < stop or left:
        if left:
            entry = several[place]
            place += 1
            left -= 1
        elif data[at] < 0x80:
            # ASCII has only letters and separators, and no branch here is worth guessing
            entry = entries[data[at]]
            word = entry & WORD
            text[end] = uint8(entry >> VALUE)
            starts[count] = end
            count += word & ~inside
            end += word | inside
            inside = word
            at += 1
            continue
        else:
            b = int64(data[at + 1]) if at + 1 < stop else 0
            c = int64(data[at + 2]) if at + 2 < stop else 0
            d = int64(data[at + 3]) if at + 3 < stop else 0
            code, size = code_point(int64(data[at]), b, c, d)
            if size == 0:
                return -1
            entry = entries[code]
            at += size
        kind = entry & KIND_MASK
        if kind in (WORD, ALONE):
            if inside and kind == ALONE:
                text[end] = SPACE
                end += 1
            if not inside or kind == ALONE:
                starts[count] = end
                count += 1
            value = entry >> VALUE
            text[end] = uint8(value)
            text[end + 1] = uint8(value >> 8)
            text[end + 2] = uint8(value >> 16)
            text[end + 3] = uint8(value >> 24)
            end += entry >> KIND_BITS & COUNT_MASK
            inside = 1
            if kind == ALONE:
                text[end] = SPACE
                end += 1
                inside = 0
        elif kind == SEPARATOR:
            if inside:
                text[end] = SPACE
                end += 1
                inside = 0
        else:
            place, left = entry >> VALUE, entry >> KIND_BITS & COUNT_MASK
    starts[count] = end + inside
    return count


@inner
def shingle(data, start, stop, n, entries, several, text, starts):
    """Write the hashes of a document's shingles over `starts`; how many, -1 for invalid UTF-8."""
    count = tokenise(data, start, stop, entries, several, text, starts)
    width = min(n, count)
    if width < 1:
        return count
    for i in range(count - width + 1):
        starts[i] = xxh32(text, starts[i], starts[i + width] - 1)
    return count - width + 1


@inner
def scratch(offsets, text_growth, token_growth):
    """Room for the folded text and the tokens of the longest document."""
    longest = 0
    for i in range(len(offsets) - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    return np.empty(text_growth * longest + 4, np.uint8), np.empty(token_growth * longest + 1, np.int64)


@kernel(*TEXTS_AND_FOLDING)
def shingle_all(data, offsets, n, entries, several, text_growth, token_growth):
    """Shingle hashes of the documents data[offsets[i]:offsets[i + 1]], their offsets, and the first document that is
    not UTF-8 (-1 for none)."""
    text, starts = scratch(offsets, text_growth, token_growth)
    hashes = np.empty((offsets[-1] - offsets[0]) // 4 + 1, np.uint32)
    ends = np.zeros(len(offsets), np.int64)
    used = 0
    for i in range(len(offsets) - 1):
        made = shingle(data, offsets[i], offsets[i + 1], n, entries, several, text, starts)
        if made < 0:
            return hashes, ends, i
        if used + made > len(hashes):
            longer = np.empty(2 * (used + made), np.uint32)
            longer[:used] = hashes[:used]
            hashes = longer
        hashes[used : used + made] = starts[:made]
        used += made
        ends[i + 1] = used
    return hashes[:used].copy(), ends, -1


@kernel(*TEXTS_AND_FOLDING, read(uint32), read(uint32), write(uint32, 2))
def sign_all(data, offsets, n, entries, several, text_growth, token_growth, a, b, signatures):
    """MinHash of the same documents: the least of a[k] * fmix32(h) + b[k] modulo 2**32 over the hashes h of each; the
    first document that is not UTF-8 (-1 for none)."""
    text, starts = scratch(offsets, text_growth, token_growth)
    for i in range(len(offsets) - 1):
        made = shingle(data, offsets[i], offsets[i + 1], n, entries, several, text, starts)
        if made < 0:
            return i
        row = signatures[i]
        row[:] = 0xFFFFFFFF
        for j in range(made):
            h = uint32(starts[j])
            h = uint32(uint32(h ^ (h >> uint32(16))) * uint32(0x85EBCA6B))
            h = uint32(uint32(h ^ (h >> uint32(13))) * uint32(0xC2B2AE35))
            h = uint32(h ^ (h >> uint32(16)))
            for k in range(len(a)):
                row[k] = min(row[k], uint32(uint32(a[k] * h) + b[k]))
    return -1


@inner
def rotl64(x, r):
    return uint64((x << uint64(r)) | (x >> uint64(64 - r)))


@inner
def lane64(words, at):
    return uint64(words[at]) | uint64(words[at + 1]) << uint64(32)


@inner
def round64(acc, lane):
    return rotl64(acc + lane * P64_2, 31) * P64_1


@inner
def xxh64(words, at, stop):
    """XXH64 (seed 0) of the little-endian bytes of the uint32 words[at:stop]."""
    size = uint64(4 * (stop - at))
    if stop - at >= 8:
        a, b, c, d = P64_1 + P64_2, P64_2, uint64(0), uint64(0) - P64_1
        while at + 8 <= stop:
            a = round64(a, lane64(words, at))
            b = round64(b, lane64(words, at + 2))
            c = round64(c, lane64(words, at + 4))
            d = round64(d, lane64(words, at + 6))
            at += 8
        h = rotl64(a, 1) + rotl64(b, 7) + rotl64(c, 12) + rotl64(d, 18)
        for acc in (a, b, c, d):
            h = (h ^ round64(uint64(0), acc)) * P64_1 + P64_4
    else:
        h = P64_5
    h += size
    while at + 2 <= stop:
        h = rotl64(h ^ round64(uint64(0), lane64(words, at)), 27) * P64_1 + P64_4
        at += 2
    if at < stop:
        h = rotl64(h ^ uint64(words[at]) * P64_1, 23) * P64_2 + P64_3
    h = (h ^ h >> uint64(33)) * P64_2
    h = (h ^ h >> uint64(29)) * P64_3
    return h ^ h >> uint64(32)


@kernel(read(uint32, 2), read(int64, 2))
def keys_of(signatures, places):
    """XXH64 of the values at each row of places of each signature, shape (rows of places, signatures)."""
    chosen = np.empty(places.shape[1], np.uint32)
    keys = np.empty((len(places), len(signatures)), np.uint64)
    for i in range(len(signatures)):
        for j in range(len(places)):
            for k in range(len(chosen)):
                chosen[k] = signatures[i, places[j, k]]
            keys[j, i] = xxh64(chosen, 0, len(chosen))
    return keys


@kernel(read(uint32, 2), read(int64, 2), read(uint8), int64, int64)
def keys_in_piece(signatures, places, shown, piece, pieces):
    """Keys of the bands that fall into one of as many pieces, of the signatures shown: keys and their signatures'
    positions, both of shape (rows of places, signatures), and how many of each row are filled.

    The piece of a band follows from a multiply-shift hash of its values (M. Dietzfelbinger et al., 1997), so that a
    key is made only where it is wanted: a column is read once for each piece.
    """
    keys = np.empty((len(places), len(signatures)), np.uint64)
    rows = np.empty((len(places), len(signatures)), np.int64)
    counts = np.zeros(len(places), np.int64)
    chosen = np.empty(places.shape[1], np.uint32)
    for i in range(len(signatures)):
        if not shown[i]:
            continue
        for j in range(len(places)):
            mixed = uint64(0)
            for k in range(len(chosen)):
                chosen[k] = signatures[i, places[j, k]]
                mixed = (mixed + uint64(chosen[k])) * P64_1
            if int64((mixed >> uint64(32)) * uint64(pieces) >> uint64(32)) == piece:
                keys[j, counts[j]] = xxh64(chosen, 0, len(chosen))
                rows[j, counts[j]] = i
                counts[j] += 1
    return keys, rows, counts


@kernel(read(uint32, 2), read(int64, 2))
def agreements(signatures, edges):
    """In how many places the two signatures of each edge are equal."""
    counts = np.zeros(len(edges), np.int64)
    for i in range(len(edges)):
        one, other = signatures[edges[i, 0]], signatures[edges[i, 1]]
        for k in range(signatures.shape[1]):
            counts[i] += one[k] == other[k]
    return counts


@kernel(read(uint32, 2), read(uint32, 2), read(int64), write(int64))
def add_agreements(one, other, order, counts):
    """Add to counts[i] in how many places one[i] and other[order[i]] are equal."""
    for i in range(len(counts)):
        j = order[i]
        for k in range(one.shape[1]):
            counts[i] += one[i, k] == other[j, k]


@kernel(read(uint32, 2), read(int64), read(uint8), int64, int64)
def leaders(signatures, starts, fixed, least, limit):
    """For each row of the groups signatures[starts[g]:starts[g + 1]] the row that it follows: the first leader of its
    group with `least` equal values. A row without such a leader, or fixed, leads itself. After `limit` leaders of a
    group its other rows lead nobody."""
    follows = np.empty(len(signatures), np.int64)
    for g in range(len(starts) - 1):
        led = np.empty(min(limit, starts[g + 1] - starts[g]), np.int64)
        count = 0
        for i in range(starts[g], starts[g + 1]):
            follows[i] = -1
            if not fixed[i]:
                for j in range(count):
                    agree = 0
                    for k in range(signatures.shape[1]):
                        agree += signatures[led[j], k] == signatures[i, k]
                    if agree >= least:
                        follows[i] = led[j]
                        break
            if follows[i] < 0:
                follows[i] = i
                if count < len(led):
                    led[count] = i
                    count += 1
    return follows


@inner
def root(parent, member):
    while parent[member] != member:
        parent[member] = parent[parent[member]]
        member = parent[member]
    return member


@kernel(write(int64), read(int64, 2))
def join(parent, edges):
    """Union of the two ends of each edge; the smaller root stays."""
    for i in range(len(edges)):
        one, other = root(parent, edges[i, 0]), root(parent, edges[i, 1])
        if one < other:
            parent[other] = one
        else:
            parent[one] = other


@kernel(write(int64), read(int64, 2))
def apart(parent, edges):
    """Which edges lead from one cluster to another."""
    found = np.empty(len(edges), np.bool_)
    for i in range(len(edges)):
        found[i] = root(parent, edges[i, 0]) != root(parent, edges[i, 1])
    return found


@kernel(write(int64))
def flatten(parent):
    """Lead every member straight to its root."""
    for i in range(len(parent)):
        parent[i] = root(parent, i)
