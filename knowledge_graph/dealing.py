"""Compiled loops of dealing bundles, in one file (see datagen/compiled.py); deal.py says what they do."""

import numpy as np
from numba.core.types import float64, int8, int32, int64, uint64

from datagen.compiled import kernel, part, read, write
from knowledge_graph.world import SCRATCH, SHARED_BY, WORLD

MIN_FACTS, MAX_FACTS = 3, 8
MIN_NEGATIVES, MAX_NEGATIVES = 2, 4
MIN_NEAR, MAX_NEAR = 2, 5
CANDIDATES = 24
UNRELATED = 0.1
"""Weight of a distractor that shares nothing with the anchor but its type."""
FACTS, CUTS, NEGATIVES, NEAR, PEERS = 1, 2, 3, 4, 5
"""Streams of random numbers."""
NONE = -1
TELLING = 32
"""Findings by which nodes are compared: those that the fewest share."""

LAST_STAMP = 1 << 30


@part
def shows(world, edge):
    """Whether an edge affirms a finding."""
    return world.finding[world.relation[edge]] == 1 and world.polarity[edge] > 0


@part
def stamped(scratch):
    """A stamp that no node bears."""
    if scratch.stamp[0] >= LAST_STAMP:
        scratch.seen[:] = 0
        scratch.stamp[0] = 0
    scratch.stamp[0] += 1
    return scratch.stamp[0]


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
def shuffle(world, edges, count, base, anchor, place, sorted_):
    """Put edges into a weighted random order (Efraimidis and Spirakis 2006) within each relation, relations spread
    evenly over the whole."""
    if count < 2:
        return
    counts = np.zeros(len(world.finding), np.int64)
    for i in range(count):
        edge = edges[i]
        other = world.object[edge] if world.subject[edge] == anchor else world.subject[edge]
        place[i] = -np.log(uniform(base, world.key[edge])) / world.weight[other]
        counts[world.relation[edge]] += 1
    present = np.flatnonzero(counts)
    following, step = np.empty(len(counts)), np.empty(len(counts))
    first, taken = np.zeros(len(counts), np.int64), np.zeros(len(counts), np.int64)
    for i in range(1, len(present)):
        first[present[i]] = first[present[i - 1]] + counts[present[i - 1]]
    for i in np.argsort(place[:count]):
        r = world.relation[edges[i]]
        sorted_[first[r] + taken[r]] = edges[i]
        taken[r] += 1
    for r in present:
        step[r] = uniform(base + np.uint64(1), world.key[sorted_[first[r]]])
        following[r], taken[r] = step[r] / counts[r], 0
    for i in range(count):
        best = present[0]
        for r in present[1:]:
            best = r if following[r] < following[best] else best
        edges[i] = sorted_[first[best] + taken[best]]
        taken[best] += 1
        following[best] = (taken[best] + step[best]) / counts[best] if taken[best] < counts[best] else np.inf


@part
def states(world, node, finding):
    """Whether a node shows this very finding."""
    low, high = world.out[node], world.out[node + 1]
    while low < high:
        middle = (low + high) // 2
        if world.object[middle] < finding:
            low = middle + 1
        else:
            high = middle
    while low < world.out[node + 1] and world.object[low] == finding:
        if shows(world, low):
            return True
        low += 1
    return False


@part
def shows_below(world, node, finding, scratch):
    """Whether a node shows something below a finding: looks down from the finding, or up from what the node shows where
    that is less."""
    seen, queue = scratch.seen, scratch.queue
    stamp = stamped(scratch)
    low, high = world.out[node], world.out[node + 1]
    queue[0] = finding
    size, first = 1, 0
    while first < size <= max(8, (high - low) // 2):
        for place in range(world.below_starts[queue[first]], world.below_starts[queue[first] + 1]):
            below = world.below[place]
            if seen[below] != stamp:
                if states(world, node, below):
                    return True
                seen[below] = stamp
                queue[size] = below
                size += 1
        first += 1
    if first == size:
        return False
    stamp = stamped(scratch)
    size, first = 0, 0
    for edge in range(low, high):
        if shows(world, edge) and seen[world.object[edge]] != stamp:
            seen[world.object[edge]] = stamp
            queue[size] = world.object[edge]
            size += 1
    while first < size and seen[finding] != stamp:
        for place in range(world.above_starts[queue[first]], world.above_starts[queue[first] + 1]):
            above = world.above[place]
            if seen[above] != stamp:
                seen[above] = stamp
                queue[size] = above
                size += 1
        first += 1
    return seen[finding] == stamp


@part
def shown(world, node, finding, scratch):
    """Whether a node shows a finding, or something below it."""
    return states(world, node, finding) or shows_below(world, node, finding, scratch)


@part
def fits(world, node, facts, scratch):
    """Whether a node shows every finding of these edges, itself or by something below it, and there is one."""
    findings = 0
    for edge in facts:  # what is quickly found out first
        if shows(world, edge):
            findings += 1
            finding = world.object[edge]
            leaf = world.below_starts[finding] == world.below_starts[finding + 1]
            if leaf and not states(world, node, finding):
                return False
    for edge in facts:
        finding = world.object[edge]
        if shows(world, edge) and not shown(world, node, finding, scratch):
            return False
    return findings > 0


@part
def relatives(world, anchor, scratch):
    """Stamp a node and everything above and below it. The stamp."""
    seen, queue = scratch.seen, scratch.queue
    stamp = stamped(scratch)
    for down in range(2):
        starts, nodes = (world.below_starts, world.below) if down else (world.above_starts, world.above)
        queue[0] = anchor
        size, first = 1, 0
        while first < size:
            for place in range(starts[queue[first]], starts[queue[first] + 1]):
                other = nodes[place]
                if seen[other] != stamp and other != anchor:
                    seen[other] = stamp
                    queue[size] = other
                    size += 1
            first += 1
    seen[anchor] = stamp
    return stamp


@part
def add(others, gain, scratch, touched):
    """Add to the score of nodes; `queue` holds those that have one, `touched` how many they are."""
    for other in others:
        if scratch.score[other] == 0:
            scratch.queue[touched] = other
            touched += 1
        scratch.score[other] += gain
    return touched


@part
def resembling(world, anchor, base, scratch, near, near_weight):
    """Nodes of the anchor's type by what they share with it, the most alike first, then some that share nothing: who
    they are and what they weigh goes to `near` and `near_weight`. Their number, and what the anchor weighs itself."""
    stamp = relatives(world, anchor, scratch)
    score, queue = scratch.score, scratch.queue
    touched, own = 0, 0.0
    for finding in world.telling[world.telling_starts[anchor] : world.telling_starts[anchor + 1]]:
        gain = 1 / np.log2(1.0 + world.sharers[finding])
        own += gain
        others = world.shown_by[world.shown_starts[finding] : world.shown_starts[finding + 1]]
        touched = add(others, gain, scratch, touched)
    for place in range(world.above_starts[anchor], world.above_starts[anchor + 1]):
        above = world.above[place]
        siblings = world.below[world.below_starts[above] : world.below_starts[above + 1]]
        if len(siblings) <= SHARED_BY:
            own += 1.0
            touched = add(siblings, 1.0, scratch, touched)
    size = 0
    ranks = np.empty(CANDIDATES, np.float64)
    for i in range(touched):
        other = queue[i]
        # Most score too little, which is quicker to see than whether they are of the anchor's kind and no relatives.
        if size == CANDIDATES and -score[other] >= ranks[size - 1]:
            continue
        if world.kind[other] != world.kind[anchor] or scratch.seen[other] == stamp:
            continue
        # Equals are told apart by who they are, not by where they stand.
        rank = -score[other] + 1e-9 * uniform(base, world.bits[other])
        if size == CANDIDATES and rank >= ranks[size - 1]:
            continue
        at = size if size < CANDIDATES else size - 1
        while at and ranks[at - 1] > rank:
            ranks[at], near[at] = ranks[at - 1], near[at - 1]
            at -= 1
        ranks[at], near[at] = rank, other
        size = min(size + 1, CANDIDATES)
    for i in range(size):
        near_weight[i] = score[near[i]]
    low, high = world.peer_starts[world.kind[anchor]], world.peer_starts[world.kind[anchor] + 1]
    for draw in range(2 * MAX_NEAR if high > low else 0):
        other = world.peers[low + np.int64(uniform(base, np.uint64(draw)) * (high - low))]
        if scratch.seen[other] != stamp and score[other] == 0:
            near[size], near_weight[size] = other, UNRELATED
            score[other] = UNRELATED
            size += 1
    for i in range(touched):
        score[queue[i]] = 0
    for i in range(size):
        score[near[i]] = 0
    return size, own


@kernel(WORLD, SCRATCH, read(int32), read(int64), uint64, write(int32), write(int32), write(int32))
def deal(world, scratch, rows, numbers, seed, facts, negatives, near):
    """Bundle `numbers[i]` of the anchor at `rows[i]`: rows of edges into `facts` [bundles, 8] and `negatives`
    [bundles, 4], of nodes into `near` [bundles, 5], all flat and -1 where there are fewer. Quick where draws of one
    anchor follow each other by number."""
    longest = 1
    for row in rows:
        longest = max(longest, world.yes_starts[row + 1] - world.yes_starts[row])
        longest = max(longest, world.no_starts[row + 1] - world.no_starts[row])
    hand_of_facts, hand_of_no = np.empty(longest, np.int32), np.empty(longest, np.int32)
    place, sorted_ = np.empty(longest, np.float64), np.empty(longest, np.int32)
    cuts = np.empty(longest + 2, np.int64)
    alike, alike_weight = np.empty(CANDIDATES + 2 * MAX_NEAR, np.int32), np.empty(CANDIDATES + 2 * MAX_NEAR, np.float64)
    turns = np.empty(CANDIDATES + 2 * MAX_NEAR, np.float64)
    alikes = 0
    last, last_turn, last_no = NONE, NONE, NONE
    facts[:], negatives[:], near[:] = NONE, NONE, NONE
    for b in range(len(rows)):
        anchor, number = rows[b], numbers[b]
        who = world.bits[anchor]
        yes = world.yes[world.yes_starts[anchor] : world.yes_starts[anchor + 1]]
        no = world.no[world.no_starts[anchor] : world.no_starts[anchor + 1]]
        hands = hands_of(len(yes))
        if anchor != last:
            last, last_turn, last_no = anchor, NONE, NONE
            alikes, _ = resembling(world, anchor, base_of(seed, who, PEERS, 0), scratch, alike, alike_weight)
        turn, hand = number // hands, number % hands
        if turn != last_turn:
            last_turn = turn
            hand_of_facts[: len(yes)] = yes
            shuffle(world, hand_of_facts, len(yes), base_of(seed, who, FACTS, turn), anchor, place, sorted_)
            cut(len(yes), base_of(seed, who, CUTS, turn), cuts)
        held = hand_of_facts[cuts[hand] : cuts[hand + 1]]
        facts[MAX_FACTS * b : MAX_FACTS * b + len(held)] = held
        if len(no):
            take = take_of(len(no), hands)
            turn, hand = number // (len(no) // take), number % (len(no) // take)
            if turn != last_no:
                last_no = turn
                hand_of_no[: len(no)] = no
                shuffle(world, hand_of_no, len(no), base_of(seed, who, NEGATIVES, turn), anchor, place, sorted_)
            negatives[MAX_NEGATIVES * b : MAX_NEGATIVES * b + take] = hand_of_no[hand * take : (hand + 1) * take]
        base = base_of(seed, who, NEAR, number)
        wanted = MIN_NEAR + np.int64(base % np.uint64(MAX_NEAR - MIN_NEAR + 1))
        for i in range(alikes):
            turns[i] = -np.log(uniform(base, world.bits[alike[i]])) / alike_weight[i]
        picked = 0
        for i in np.argsort(turns[:alikes]):
            if not fits(world, alike[i], held, scratch):
                near[MAX_NEAR * b + picked] = alike[i]
                picked += 1
                if picked == wanted:
                    break


@kernel(WORLD, SCRATCH, read(int32), write(float64))
def closeness(world, scratch, rows, found):
    """How much of what each node shows its closest sibling shows, 0 to 1, into `found`."""
    near, weight = np.empty(CANDIDATES + 2 * MAX_NEAR, np.int32), np.empty(CANDIDATES + 2 * MAX_NEAR, np.float64)
    for i in range(len(rows)):
        size, own = resembling(world, rows[i], world.bits[rows[i]], scratch, near, weight)
        found[i] = weight[0] / own if size and own > 0 and weight[0] > UNRELATED else 0.0


@kernel(WORLD, SCRATCH, read(int32), read(int32), write(int8))
def implied(world, scratch, owners, others, found):
    """Whether each owner shows the other or something below it, 1 or 0 into `found`."""
    for i in range(len(owners)):
        found[i] = shown(world, owners[i], others[i], scratch)


@kernel(WORLD, write(int32), write(int32))
def tell(world, counts, chosen):
    """The findings of each node that the fewest share, no more than TELLING, in order, into `chosen` [nodes, TELLING],
    flat; how many into `counts`."""
    by_sharers = np.empty(SHARED_BY + 1, np.int64)
    for node in range(len(counts)):
        by_sharers[:] = 0
        low, high = world.out[node], world.out[node + 1]
        for edge in range(low, high):
            sharers = world.sharers[world.object[edge]]
            if sharers <= SHARED_BY and shows(world, edge):
                by_sharers[sharers] += 1
        most, room = 0, TELLING
        while most <= SHARED_BY and by_sharers[most] <= room:
            room -= by_sharers[most]
            most += 1
        found = 0
        for edge in range(low, high) if room < TELLING or most <= SHARED_BY else range(0):
            sharers = world.sharers[world.object[edge]]
            if sharers <= min(most, SHARED_BY) and shows(world, edge):
                if sharers == most:
                    if room == 0:
                        continue
                    room -= 1
                chosen[TELLING * node + found] = world.object[edge]
                found += 1
        counts[node] = found
