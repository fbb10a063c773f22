"""Compiled loops of dealing bundles (see kernels.py for how they are compiled); deal.py says what they do."""

import numpy as np
from numba import njit
from numba.core.types import float64, int8, int16, int32, int64, uint64

from knowledge_graph.kernels import kernel, read, write

MIN_FACTS, MAX_FACTS = 3, 8
MIN_NEGATIVES, MAX_NEGATIVES = 2, 4
MIN_NEAR, MAX_NEAR = 2, 5
CANDIDATES = 24
UNRELATED = 0.1
"""Weight of a distractor that shares nothing with the anchor but its type."""
SHARED_BY = 256
"""What more nodes than this share says nothing about which of them resemble each other."""
TELLING = 32
"""Findings by which nodes are compared: those that the fewest share."""
FACTS, CUTS, NEGATIVES, NEAR, PEERS = 1, 2, 3, 4, 5
"""Streams of random numbers."""
NONE = -1

part = njit(nogil=True, error_model="numpy")


@part
def mixed(x):
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@part
def base_of(seed, node, stream, turn):
    """64 bits that depend on these four alone."""
    x = mixed(node + np.uint64(0x9E3779B97F4A7C15) * (seed + np.uint64(1)))
    return mixed(x ^ mixed(np.uint64(turn) * np.uint64(8) + np.uint64(stream)))


@part
def uniform(base, key):
    """A number in (0, 1)."""
    x = mixed(key * np.uint64(0x9E3779B97F4A7C15) + base)
    return (np.float64(x >> np.uint64(11)) + 0.5) / 9007199254740992.0


@part
def hands_of(facts):
    """Bundles in one pass over so many facts, of 5.5 each."""
    return max(1, -(-2 * facts // 11))


@part
def take_of(negatives, hands):
    """Negatives in one bundle: 2 to 4, or the one there is."""
    return min(MAX_NEGATIVES, negatives, max(MIN_NEGATIVES, negatives // hands))


@kernel(int64, int64, int64)
def room(facts, negatives, cap):
    """Bundles before an edge is used more than `cap` times."""
    if facts < MIN_FACTS:
        return 0
    hands = hands_of(facts)
    if negatives == 0:
        return cap * hands
    return cap * min(hands, negatives // take_of(negatives, hands))


@kernel(int64, int64)
def pack(facts, negatives):
    """Bundles in which every edge is used at least once."""
    hands = hands_of(facts)
    if negatives == 0:
        return hands
    return max(hands, -(-negatives // take_of(negatives, hands)))


@kernel(int64, uint64, write(int64))
def cut(facts, base, cuts):
    """Bounds of hands of 3-8 facts that together hold all of them: even ones, each bound then moved by up to two. The
    number of hands."""
    hands = hands_of(facts)
    for hand in range(hands + 1):
        cuts[hand] = facts * hand // hands
    for hand in range(1, hands):
        move = np.int64(uniform(base, np.uint64(hand)) * 5) - 2
        lowest = max(cuts[hand - 1] + MIN_FACTS, cuts[hand + 1] - MAX_FACTS)
        highest = min(cuts[hand - 1] + MAX_FACTS, cuts[hand + 1] - MIN_FACTS)
        cuts[hand] = min(max(cuts[hand] + move, lowest), highest)
    return hands


@part
def shuffle(edges, count, base, anchor, key, relation, relations, weight, subject, object_, place):
    """Put edges into a weighted random order (Efraimidis and Spirakis 2006) within each relation, relations spread
    evenly over the whole."""
    if count < 2:
        return
    for i in range(count):
        edge = edges[i]
        other = object_[edge] if subject[edge] == anchor else subject[edge]
        place[i] = -np.log(uniform(base, key[edge])) / weight[other]
    order = np.argsort(place[:count])
    counts, rank = np.zeros(relations, np.int64), np.zeros(relations, np.int64)
    shift = np.zeros(relations, np.float64)
    for i in order:
        r = relation[edges[i]]
        if counts[r] == 0:
            shift[r] = uniform(base + np.uint64(1), key[edges[i]])
        counts[r] += 1
    for i in order:
        r = relation[edges[i]]
        place[i] = (rank[r] + shift[r]) / counts[r]
        rank[r] += 1
    edges[:count] = edges[:count][np.argsort(place[:count])]


@part
def lacks(node, finding, out, object_, shown, is_a, narrower, seen, stamp, queue):
    """Whether a node shows neither a finding nor anything below it."""
    low, high = out[node], out[node + 1]
    while low < high:  # a node's edges are sorted by object
        middle = (low + high) // 2
        if object_[middle] < finding:
            low = middle + 1
        else:
            high = middle
    while low < out[node + 1] and object_[low] == finding:
        if shown[low] == 1:
            return False
        low += 1
    if narrower[finding] == 0:
        return True
    size, first = 0, 0
    for edge in range(out[node], out[node + 1]):
        if shown[edge] == 1 and seen[object_[edge]] != stamp:
            seen[object_[edge]] = stamp
            queue[size] = object_[edge]
            size += 1
    while first < size:
        for edge in range(out[queue[first]], out[queue[first] + 1]):
            above = object_[edge]
            if is_a[edge] == 1 and seen[above] != stamp:
                if above == finding:
                    return False
                seen[above] = stamp
                queue[size] = above
                size += 1
        first += 1
    return True


@part
def relatives(anchor, out, into, into_rows, subject, object_, is_a, seen, stamp, queue):
    """Stamp a node and everything above and below it."""
    for down in range(2):
        queue[0] = anchor
        size, first = 1, 0
        while first < size:
            node = queue[first]
            first += 1
            starts = into if down == 1 else out
            for place in range(starts[node], starts[node + 1]):
                edge = into_rows[place] if down == 1 else place
                if is_a[edge] == 1:
                    other = subject[edge] if down == 1 else object_[edge]
                    if seen[other] != stamp and other != anchor:
                        seen[other] = stamp
                        queue[size] = other
                        size += 1
    seen[anchor] = stamp


@part
def resembling(
    anchor, base, out, into, into_rows, subject, object_, shown, is_a, sharers, narrower, kind, bits,
    peer_starts, peers, seen, stamp, score, queue, near, near_weight,
):  # fmt: skip
    """Nodes of the anchor's type by what they share with it, the most alike first, then some that share nothing: who
    they are and what they weigh goes to `near` and `near_weight`. Their number, and what the anchor weighs itself."""
    chosen = np.empty(out[anchor + 1] - out[anchor], np.int64)
    counts = np.empty(len(chosen), np.int64)
    found = 0
    for edge in range(out[anchor], out[anchor + 1]):
        if shown[edge] == 1 and sharers[object_[edge]] <= SHARED_BY:
            chosen[found], counts[found] = edge, sharers[object_[edge]]
            found += 1
    if found > TELLING:
        chosen[:TELLING] = chosen[np.argsort(counts[:found])[:TELLING]]
        found = TELLING
    touched, own = 0, 0.0
    for i in range(found + out[anchor + 1] - out[anchor]):
        edge = chosen[i] if i < found else out[anchor] + i - found
        if i >= found and (is_a[edge] == 0 or narrower[object_[edge]] > SHARED_BY):
            continue
        shared = object_[edge]
        gain = 1 / np.log2(1.0 + sharers[shared]) if i < found else 1.0
        own += gain
        for place in range(into[shared], into[shared + 1]):
            row = into_rows[place]
            other = subject[row]
            alike = shown[row] == 1 if i < found else is_a[row] == 1
            if alike and kind[other] == kind[anchor] and seen[other] != stamp:
                if score[other] == 0:
                    queue[touched] = other
                    touched += 1
                score[other] += gain
    ranks = np.empty(touched, np.float64)
    for i in range(touched):  # equals are told apart by who they are, not by where they stand
        ranks[i] = -score[queue[i]] + 1e-9 * uniform(base, bits[queue[i]])
    size = 0
    for i in np.argsort(ranks)[:CANDIDATES]:
        near[size], near_weight[size] = queue[i], score[queue[i]]
        size += 1
    low, high = peer_starts[kind[anchor]], peer_starts[kind[anchor] + 1]
    for draw in range(2 * MAX_NEAR if high > low else 0):
        other = peers[low + np.int64(uniform(base, np.uint64(draw)) * (high - low))]
        if seen[other] != stamp and score[other] == 0:
            near[size], near_weight[size] = other, UNRELATED
            score[other] = UNRELATED
            size += 1
    for i in range(touched):
        score[queue[i]] = 0
    for i in range(size):
        score[near[i]] = 0
    return size, own


@kernel(
    read(int32), read(int64), uint64, read(int64), read(int32), read(int64), read(int32),
    read(int32), read(int32), read(int16), int64, read(uint64), read(int64), read(int64), read(int32),
    read(int8), read(int8), read(int32), read(int32), read(int16), read(uint64), read(float64),
    read(int64), read(int32), write(int32), write(int32), write(int32),
)  # fmt: skip
def deal(
    rows, numbers, seed, yes_starts, yes, no_starts, no,
    subject, object_, relation, relations, key, out, into, into_rows,
    shown, is_a, sharers, narrower, kind, bits, weight,
    peer_starts, peers, facts, negatives, near,
):  # fmt: skip
    """Bundle `numbers[i]` of the anchor at `rows[i]`: rows of edges into `facts` [bundles, 8] and `negatives`
    [bundles, 4], of nodes into `near` [bundles, 5], all flat and -1 where there are fewer. Quick where draws of one
    anchor follow each other by number."""
    nodes = len(kind)
    longest = 1
    for row in rows:
        longest = max(longest, yes_starts[row + 1] - yes_starts[row], no_starts[row + 1] - no_starts[row])
    hand_of_facts, hand_of_no = np.empty(longest, np.int32), np.empty(longest, np.int32)
    place, cuts = np.empty(longest, np.float64), np.empty(longest + 2, np.int64)
    seen, queue = np.zeros(nodes, np.int32), np.empty(nodes, np.int32)
    score = np.zeros(nodes, np.float64)
    alike, alike_weight = np.empty(CANDIDATES + 2 * MAX_NEAR, np.int32), np.empty(CANDIDATES + 2 * MAX_NEAR, np.float64)
    stamp, alikes = np.int32(0), 0
    last, last_turn, last_no = NONE, NONE, NONE
    facts[:], negatives[:], near[:] = NONE, NONE, NONE
    for b in range(len(rows)):
        anchor, number = rows[b], numbers[b]
        have, lack = yes_starts[anchor + 1] - yes_starts[anchor], no_starts[anchor + 1] - no_starts[anchor]
        hands = hands_of(have)
        if anchor != last:
            last, last_turn, last_no = anchor, NONE, NONE
            stamp += 1
            relatives(anchor, out, into, into_rows, subject, object_, is_a, seen, stamp, queue)
            alikes, _ = resembling(
                anchor, base_of(seed, bits[anchor], PEERS, 0), out, into, into_rows, subject, object_, shown, is_a,
                sharers, narrower, kind, bits, peer_starts, peers, seen, stamp, score, queue, alike, alike_weight,
            )  # fmt: skip
        turn, hand = number // hands, number % hands
        if turn != last_turn:
            last_turn = turn
            hand_of_facts[:have] = yes[yes_starts[anchor] : yes_starts[anchor + 1]]
            base = base_of(seed, bits[anchor], FACTS, turn)
            shuffle(hand_of_facts, have, base, anchor, key, relation, relations, weight, subject, object_, place)
            cut(have, base_of(seed, bits[anchor], CUTS, turn), cuts)
        size = cuts[hand + 1] - cuts[hand]
        facts[MAX_FACTS * b : MAX_FACTS * b + size] = hand_of_facts[cuts[hand] : cuts[hand + 1]]
        if lack:
            take = take_of(lack, hands)
            turn, hand = number // (lack // take), number % (lack // take)
            if turn != last_no:
                last_no = turn
                hand_of_no[:lack] = no[no_starts[anchor] : no_starts[anchor + 1]]
                base = base_of(seed, bits[anchor], NEGATIVES, turn)
                shuffle(hand_of_no, lack, base, anchor, key, relation, relations, weight, subject, object_, place)
            negatives[MAX_NEGATIVES * b : MAX_NEGATIVES * b + take] = hand_of_no[hand * take : (hand + 1) * take]
        base = base_of(seed, bits[anchor], NEAR, number)
        wanted = MIN_NEAR + np.int64(base % np.uint64(MAX_NEAR - MIN_NEAR + 1))
        for i in range(alikes):
            place_i = -np.log(uniform(base, bits[alike[i]])) / alike_weight[i]
            score[i] = place_i
        order = np.argsort(score[:alikes])
        score[:alikes] = 0
        picked = 0
        for i in order:
            fits, findings = True, 0
            for f in range(size):
                edge = facts[MAX_FACTS * b + f]
                if shown[edge] == 1:
                    findings += 1
                    stamp += 1
                    if lacks(alike[i], object_[edge], out, object_, shown, is_a, narrower, seen, stamp, queue):
                        fits = False
                        break
            if findings == 0 or not fits:
                near[MAX_NEAR * b + picked] = alike[i]
                picked += 1
                if picked == wanted:
                    break


@kernel(
    read(int32), read(int32), read(int32), read(int64), read(int64), read(int32), read(int8), read(int8),
    read(int32), read(int32), read(int16), read(uint64), read(int64), read(int32), write(float64),
)  # fmt: skip
def closeness(
    rows, subject, object_, out, into, into_rows, shown, is_a, sharers, narrower, kind, bits, peer_starts, peers, found
):
    """How much of what each node shows its closest sibling shows, 0 to 1, into `found`."""
    nodes = len(kind)
    seen, queue = np.zeros(nodes, np.int32), np.empty(nodes, np.int32)
    score = np.zeros(nodes, np.float64)
    near, weight = np.empty(CANDIDATES + 2 * MAX_NEAR, np.int32), np.empty(CANDIDATES + 2 * MAX_NEAR, np.float64)
    for i in range(len(rows)):
        stamp = np.int32(i + 1)
        relatives(rows[i], out, into, into_rows, subject, object_, is_a, seen, stamp, queue)
        size, own = resembling(
            rows[i], bits[rows[i]], out, into, into_rows, subject, object_, shown, is_a, sharers, narrower, kind,
            bits, peer_starts, peers, seen, stamp, score, queue, near, weight,
        )  # fmt: skip
        found[i] = weight[0] / own if size and own > 0 and weight[0] > UNRELATED else 0.0
