"""The compiled loops that look for benchmark items; `dedup.item_index` says what they mean. They stand in a file of
their own because numba's cache notices changes only in the file that a loop stands in."""

from __future__ import annotations

import numpy as np
from numba import types, uint64

from datagen.compiled import inner, kernel, read

LONGEST = 5
"""Tokens of the longest shingle."""
USUAL = 1 << 3 | 1 << 5
UNUSUAL = 1 << 1 | 1 << 2 | 1 << 4
"""Sizes of shingles, as bits."""
PROMISING = 4
"""A passage of which shingles of the usual sizes hold one part in so many of what is needed gets a closer look."""


LOW = 0xFFFFFFFF
HIGH, EMPTY = uint64(0xFFFFFFFF00000000), uint64(0xFFFFFFFFFFFFFFFF)

I32, I64, U32, U64 = (read(t) for t in (types.int32, types.int64, types.uint32, types.uint64))


@inner
def extended(key, token):
    """The key of a shingle that is one token longer (MurmurHash3's 64-bit finaliser over both)."""
    key = (key ^ uint64(token)) * uint64(0xFF51AFD7ED558CCD)
    key = (key ^ (key >> uint64(33))) * uint64(0xC4CEB9FE1A85EC53)
    return key ^ (key >> uint64(33))


@kernel(U32, I64, I64)
def shingle_keys(tokens, starts, sizes):
    """Keys (uint64) of the shingles tokens[starts[i]:starts[i] + sizes[i]]."""
    keys = np.empty(len(starts), np.uint64)
    for i in range(len(starts)):
        key = uint64(0)
        for j in range(starts[i], starts[i] + sizes[i]):
            key = extended(key, tokens[j])
        keys[i] = key
    return keys


@kernel(U64, types.int64)
def hash_table(keys, bits):
    """Open addressing: in 2**bits slots (uint64) the high half of each of the distinct `keys`, and the low half its
    position, all ones in empty slots: a slot tells nearly all that are not there without a look at the keys."""
    slots = np.full(1 << bits, EMPTY, np.uint64)
    mask = (1 << bits) - 1
    for i in range(len(keys)):
        slot = np.int64(keys[i] & uint64(mask))
        while slots[slot] != EMPTY:
            slot = (slot + 1) & mask
        slots[slot] = keys[i] & HIGH | uint64(i)
    return slots


@kernel(U64, types.int64)
def bitmap(keys, bits):
    """2**bits bits, those at the high `bits` of the keys set: small enough for a cache, where the table is not."""
    words = np.zeros(1 << (bits - 6), np.uint64)
    for i in range(len(keys)):
        bit = keys[i] >> uint64(64 - bits)
        words[bit >> uint64(6)] |= uint64(1) << (bit & uint64(63))
    return words


@inner
def position(key, keys, slots):
    """Where a key stands in `keys`, -1 where it doesn't."""
    mask = uint64(len(slots) - 1)
    slot = key & mask
    while slots[slot] != EMPTY:
        if slots[slot] & HIGH == key & HIGH:
            at = np.int64(slots[slot] & uint64(LOW))
            if keys[at] == key:
                return at
        slot = (slot + uint64(1)) & mask
    return -1


@inner
def look_up(tokens, begin, end, sizes, bits, shift, keys, slots, asked, place):
    """Shingles of these sizes that are in the index: over `asked` where they stand in `keys`, over `place` their first
    token and size (first << 3 | size); how many. One step at a time for all: the processor then waits for many places
    of memory at once, not for one after the other."""
    count = 0
    for at in range(begin, end):
        key = uint64(0)
        for n in range(1, min(LONGEST, end - at) + 1):
            key = extended(key, tokens[at + n - 1])
            if sizes >> n & 1:
                asked[count], place[count] = key, (at - begin) << 3 | n
                bit = key >> shift
                count += np.int64(bits[bit >> uint64(6)] >> (bit & uint64(63)) & uint64(1))
    known = 0
    for i in range(count):
        k = position(asked[i], keys, slots)
        if k >= 0:
            asked[known], place[known] = uint64(k), place[i]
            known += 1
    return known


@inner
def doubled(array):
    longer = np.empty((2 * len(array), *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


@inner
def longest(ends):
    most = 0
    for i in range(len(ends) - 1):
        most = max(most, ends[i + 1] - ends[i])
    return most


@inner
def densest(hits, postings, weights, window, theirs, ours):
    """The heaviest stretch of a document, of at most `window` tokens: its weight, first token, and the one after the
    last. What is covered is weighed in the passage (theirs) and in the document (ours), and the lesser counts: a word
    that stands once is no proof of two options. `theirs` and `ours` are scratch, all zeros before and after."""
    in_passage, in_document, best, start, stop, tail = 0, 0, 0, 0, 0, 0
    for head in range(len(hits)):
        at, size = hits[head, 0] & LOW, hits[head, 2]
        there = postings[hits[head, 1], 1]
        for t in range(size):
            in_passage += weights[there + t] if theirs[there + t] == 0 else 0
            in_document += weights[there + t] if ours[at + t] == 0 else 0
            theirs[there + t] += 1
            ours[at + t] += 1
        while at + size - (hits[tail, 0] & LOW) > window:
            out, there = hits[tail, 0] & LOW, postings[hits[tail, 1], 1]
            for t in range(hits[tail, 2]):
                theirs[there + t] -= 1
                ours[out + t] -= 1
                in_passage -= weights[there + t] if theirs[there + t] == 0 else 0
                in_document -= weights[there + t] if ours[out + t] == 0 else 0
            tail += 1
        if min(in_passage, in_document) > best:
            best, start, stop = min(in_passage, in_document), hits[tail, 0] & LOW, at + size
    for i in range(len(hits)):
        for t in range(hits[i, 2]):
            theirs[postings[hits[i, 1], 1] + t] = 0
            ours[(hits[i, 0] & LOW) + t] = 0
    return best, start, stop


@inner
def closer_look(hits, count, passage, found, asked, where, offset, posted, postings):
    """Add to hits[:count] those of one passage alone among `found` shingles; all of them, in order of the document."""
    for i in range(found):
        for j in range(posted[asked[i]], posted[asked[i] + uint64(1)]):
            if postings[j, 0] == passage:
                if count == len(hits):
                    hits = doubled(hits)
                hits[count, 0], hits[count, 1], hits[count, 2] = offset + (where[i] >> 3), j, where[i] & 7
                count += 1
    return hits[:count][np.argsort(hits[:count, 0] & LOW, kind="mergesort")]


@kernel(U32, I64, U64, types.int64, U64, U64, I64, read(types.int32, 2), I64, I32, I64, I64, I64)
def search(tokens, ends, bits, width, keys, slots, posted, postings, offsets, weights, light, needed, window):
    """Passages found in documents; document i has the token hashes tokens[ends[i]:ends[i + 1]].

    The index: `bits` is the bitmap of 2**width bits of the keys; keys (distinct) and slots are their hash table; for
    the shingle keys[k] the rows postings[posted[k]:posted[k + 1]] are a passage, the shingle's first token in it, and
    what its tokens weigh; token t of passage p weighs weights[offsets[p] + t]; shingles of unusual sizes weigh light[p]
    together; p is found where within window[p] tokens shingles cover at least needed[p].

    Returns int64 (found, 5): document, passage, first token of the document and the one after the last, weight found.
    """
    shift = uint64(64 - width)
    found, count = np.empty((64, 5), np.int64), 0
    hits = np.empty((1024, 3), np.int64)  # passage << 32 | first token in the document, posting, tokens
    possible = np.zeros(len(needed), np.int64)
    theirs, ours = np.zeros(longest(offsets), np.int32), np.zeros(longest(ends), np.int32)
    asked, where = np.empty(3 * longest(ends) + 1, np.uint64), np.empty(3 * longest(ends) + 1, np.int64)
    for document in range(len(ends) - 1):
        begin, end = ends[document], ends[document + 1]
        # Shingles of the usual sizes first: they are rare, and most passages are hit by chance, by too few of them.
        known = look_up(tokens, begin, end, USUAL, bits, shift, keys, slots, asked, where)
        used = 0
        for i in range(known):
            for j in range(posted[asked[i]], posted[asked[i] + uint64(1)]):
                if used == len(hits):
                    hits = doubled(hits)
                hits[used, 0] = np.int64(postings[j, 0]) << 32 | where[i] >> 3
                hits[used, 1], hits[used, 2] = j, where[i] & 7
                possible[postings[j, 0]] += postings[j, 2]
                used += 1
        kept = 0
        for i in range(used):
            p = hits[i, 0] >> 32
            if possible[p] >= needed[p] or (light[p] > 0 and PROMISING * possible[p] >= needed[p]):
                hits[kept, 0], hits[kept, 1], hits[kept, 2] = hits[i, 0], hits[i, 1], hits[i, 2]
                kept += 1
            else:
                possible[p] = 0
        if kept == 0:
            continue
        for i in range(kept):
            possible[hits[i, 0] >> 32] = 0
        ordered = hits[:kept][np.argsort(hits[:kept, 0], kind="mergesort")]
        first = 0
        while first < kept:
            p = ordered[first, 0] >> 32
            last = first
            while last < kept and ordered[last, 0] >> 32 == p:
                last += 1
            mine, own = ordered[first:last], weights[offsets[p] : offsets[p + 1]]
            weight, start, stop = densest(mine, postings, own, window[p], theirs, ours)
            if light[p] > 0 and weight < needed[p] <= PROMISING * weight:
                # Single words and pairs are looked up only here, around what may be the passage.
                low, high = max(0, start - window[p]), min(end - begin, stop + window[p])
                known = look_up(tokens, begin + low, begin + high, UNUSUAL, bits, shift, keys, slots, asked, where)
                hits[: last - first] = mine
                mine = closer_look(hits, last - first, p, known, asked, where, low, posted, postings)
                weight, start, stop = densest(mine, postings, own, window[p], theirs, ours)
            if weight >= needed[p]:
                if count == len(found):
                    found = doubled(found)
                found[count, 0], found[count, 1], found[count, 2] = document, p, start
                found[count, 3], found[count, 4] = stop, weight
                count += 1
            first = last
    return found[:count].copy()
