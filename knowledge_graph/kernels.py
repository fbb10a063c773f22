"""Compiled loops of linking, in one file (see datagen/compiled.py). The functions around them, in fold.py and
matcher.py, say what they mean."""

import numpy as np
from numba.core.types import boolean, int32, int64, uint8, uint32, uint64

from datagen.compiled import inner, kernel, part, read, write
from knowledge_graph.characters import APOSTROPHE, BASIC, COMMA, DROP, HAN, HAN_RANGES, MARK, SPACE, WORD

R = HAN_RANGES
BLANK = ord(" ")
LOWER_S = ord("s")
ABSENT = -1
ANY, CAPITALS, CUE = 1, 2, 4
"""What may end at a state: a name however it is written; one that only counts in capitals; a cue."""


@inner
def is_han(c):
    return (R[0][0] <= c < R[0][1]) or (R[1][0] <= c < R[1][1]) or (R[2][0] <= c < R[2][1]) or (R[3][0] <= c < R[3][1])


@inner
def slot(key, mask):
    """Where the search for a 64-bit key begins (the finaliser of MurmurHash3)."""
    h = uint64(key)
    h ^= h >> uint64(33)
    h *= uint64(0xFF51AFD7ED558CCD)
    h ^= h >> uint64(33)
    return int64(h & uint64(mask))


@kernel(read(uint32), read(uint8), read(uint32), write(uint32), write(int32))
def fold_into(codes, kinds, forms, folded, offsets):
    """Writes the normal form and its offsets; the number of characters written. At most two for each one read."""
    count, at, in_word = 0, 0, False
    while at < len(codes):
        code = codes[at]
        if code < BASIC:
            kind, form = kinds[code], forms[code]
        else:
            form = code if is_han(code) else uint32(COMMA)
            kind = uint8(HAN if is_han(code) else MARK)
        if kind == APOSTROPHE:
            after = codes[at + 1] if at + 1 < len(codes) else uint32(0)
            if after < BASIC and forms[after] == LOWER_S:
                beyond = codes[at + 2] if at + 2 < len(codes) else uint32(0)
                if beyond >= BASIC or kinds[beyond] != WORD:
                    at += 1
        elif kind == SPACE:
            in_word = False
        elif kind != DROP:
            if kind == WORD and not in_word:
                folded[count], offsets[count] = BLANK, at
                count += 1
            in_word = kind == WORD
            folded[count], offsets[count] = form, at
            count += 1
        at += 1
    return count


@kernel(read(uint32), write(uint64), write(int32), write(int32))
def tokenize(folded, hashes, starts, ends):
    """FNV-1a hash, start and end in the normal form of every token: a word, a Han character, a mark; their number."""
    count, at = 0, 0
    while at < len(folded):
        start = at
        if folded[at] == BLANK:
            at += 1
            begin = at
            while at < len(folded) and not (folded[at] == BLANK or folded[at] == COMMA or folded[at] == 0):
                if is_han(folded[at]):
                    break
                at += 1
        else:
            begin = at
            at += 1
        h = uint64(0xCBF29CE484222325)
        for i in range(begin, at):
            h = (h ^ uint64(folded[i])) * uint64(0x100000001B3)
        hashes[count], starts[count], ends[count] = h, start if folded[start] != BLANK else start + 1, at
        count += 1
    return count


@kernel(read(uint64), read(int32), write(uint64), write(int32))
def fill(keys, values, table, found):
    """Puts distinct keys into an open hash table whose size is a power of two; free places hold `ABSENT`."""
    mask = len(table) - 1
    for i in range(len(keys)):
        at = slot(keys[i], mask)
        while found[at] != ABSENT:
            at = (at + 1) & mask
        table[at], found[at] = keys[i], values[i]


@kernel(read(int32), read(int64), write(uint64), write(int32), write(int32))
def grow(tokens, starts, table, found, ends):
    """Builds a trie of token sequences (`tokens[starts[i]:starts[i + 1]]`) as a hash table of its edges; state 0 is its
    root. Writes the state where each sequence ends; the number of states."""
    mask = len(table) - 1
    states = 1
    for i in range(len(starts) - 1):
        state = 0
        for j in range(starts[i], starts[i + 1]):
            key = (uint64(state) << uint64(32)) | uint64(tokens[j])
            at = slot(key, mask)
            while found[at] != ABSENT and table[at] != key:
                at = (at + 1) & mask
            if found[at] == ABSENT:
                table[at], found[at] = key, states
                states += 1
            state = found[at]
        ends[i] = state
    return states


@part
def identify(hashes, count, words, word_ids):
    """The number of each token in the vocabulary, or `ABSENT`: looked up once, however many searches meet it."""
    ids = np.empty(count, np.int32)
    mask = len(words) - 1
    for t in range(count):
        at = slot(hashes[t], mask)
        while word_ids[at] != ABSENT and words[at] != hashes[t]:
            at = (at + 1) & mask
        ids[t] = word_ids[at]
    return ids


@part
def capitals(codes, offsets, starts, ends, first, last):
    """Whether tokens are written in capitals and digits, a small s at the end of the last aside."""
    for t in range(first, last + 1):
        for i in range(starts[t], ends[t]):
            c = codes[offsets[i]]
            if not (65 <= c <= 90 or 48 <= c <= 57) and not (
                c == LOWER_S and t == last and starts[t] < i == ends[t] - 1
            ):
                return False
    return True


@kernel(
    *(read(uint32), read(uint32), read(int32)),
    *(read(uint64), read(int32), read(int32), int64),
    *(read(uint64), read(int32), read(uint64), read(int32), read(uint8), read(boolean)),
    *(write(int32), write(int32), write(int64)),
)
def scan(
    codes,
    folded,
    offsets,
    hashes,
    starts,
    ends,
    count,
    words,
    word_ids,
    edges,
    states,
    flags,
    after_one,
    low,
    high,
    out,
):
    """Matches from left to right, the longest first, none overlapping: start and end in the text, and twice the state,
    plus one where it is written in capitals. A cue gives way to a longer name that begins within it (is absent thumb):
    it is `held` until that is known. `after_one` are the characters that may follow a lone Han character."""
    found, t, limit = 0, 0, count
    held, held_end, held_state = ABSENT, 0, 0
    ids, edge_mask = identify(hashes, count, words, word_ids), len(edges) - 1
    while t < count:
        state, best, best_state, best_caps = 0, 0, 0, False
        u = t
        while u < limit and ids[u] != ABSENT:
            key = (uint64(state) << uint64(32)) | uint64(ids[u])
            at = slot(key, edge_mask)
            while states[at] != ABSENT and edges[at] != key:
                at = (at + 1) & edge_mask
            state = states[at]
            if state == ABSENT:
                break
            flag = flags[state]
            if flag:
                caps = capitals(codes, offsets, starts, ends, t, u)
                if flag & (ANY | CUE) or caps:
                    lone = u == t and flag & ANY and is_han(folded[starts[u]])
                    after = folded[ends[u]] if ends[u] < len(folded) else uint32(0)
                    if not lone or (after < BASIC and after_one[after]):
                        best, best_state, best_caps = u + 1, state, caps
            u += 1
        first = t
        if held != ABSENT:
            if best > held_end and flags[best_state] != CUE:
                t, limit, held = held, t, ABSENT
                continue
            t += 1
            if t < held_end:
                continue
            first, best, best_state, held = held, held_end, held_state, ABSENT
        elif best > t + 1 and flags[best_state] == CUE and limit == count:
            held, held_end, held_state = t, best, best_state
            t += 1
            continue
        limit = count
        if best:
            low[found] = offsets[starts[first]]
            high[found] = offsets[ends[best - 1] - 1] + 1
            out[found] = 2 * best_state + (1 if best_caps else 0)
            found += 1
            t = best
        else:
            t += 1
    return found
