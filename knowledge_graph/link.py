"""Names in text to nodes of a graph, in English and Chinese: longest match by one trie, then what is meant and what
is denied."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from knowledge_graph.abbreviations import Definition, alike, definitions
from knowledge_graph.cues import NEGATION, PSEUDO
from knowledge_graph.disambiguate import chosen
from knowledge_graph.fold import fold, fold_all
from knowledge_graph.kernels import CAPITALS, CUE
from knowledge_graph.matcher import Matcher
from knowledge_graph.model import Graph
from knowledge_graph.names import phrases_of
from knowledge_graph.negation import Event, negated, uncertain


class Mention(NamedTuple):
    """A name found in text: `text[start:end]` names `node` of `type`; `negated` where the text says it is absent.

    `candidates` are all nodes that bear the name, `node` first, then by name rather than synonym and the best
    connected. `node` is the one that goes best with what else the text names. `uncertain` where the text leaves it open
    (suspected, to be ruled out).
    """

    start: int
    end: int
    node: str
    type: str
    negated: bool
    candidates: tuple[str, ...] = ()
    uncertain: bool = False


_Match = tuple[int, int, tuple[int, ...], str | None]
"""Start, end, rows of the nodes named (empty for a cue), cue."""


class Linker:
    """Finds names and synonyms of a graph's nodes, longest match first.

    Folded: case, width, accents, hyphens, possessives, traditional script; plural and singular, British and American
    spelling are both found. Abbreviations of up to five capitals only match in capitals, and those that a text defines
    mean what it says. Whole words in Latin script; a cue of negation never lies inside a name.
    """

    def __init__(self, graph: Graph):
        self.graph = graph
        phrases = list(phrases_of(graph))
        self._cues = _cues({phrase for phrase, *_ in phrases})
        kinds = [kind for _, kind, *_ in phrases] + [CUE] * len(self._cues)
        self._matcher = Matcher([*(phrase for phrase, *_ in phrases), *self._cues], kinds)
        states = self._matcher.states
        kind, row, rank = (np.array([p[i] for p in phrases], np.int32) for i in (1, 2, 3))
        places = _place(graph)[row]
        order = np.lexsort((places, rank, states[: len(phrases)]))
        self._rows, self._only_capitals = row[order], kind[order] == CAPITALS
        sorted_states = states[: len(phrases)][order]
        self._starts = np.searchsorted(sorted_states, np.arange(states.max(initial=0) + 2))
        self._named: dict[int, tuple[int, ...]] = {}
        self._told: dict[tuple[int, ...], tuple[tuple[str, ...], str]] = {}

    def link(self, text: str) -> list[Mention]:
        """Mentions in order, none overlapping; offsets are Python string offsets into `text`."""
        matches = self._matches(text)
        if "(" in text or "（" in text or "简称" in text:
            matches = _with_abbreviations(self.graph, text, matches)
        matches = [match for match in matches if match[3] != PSEUDO]
        events = [Event(start, end, cue) for start, end, _, cue in matches]
        absent, unsure = negated(text, events), uncertain(text, events)
        company = None
        mentions = []
        for i, (start, end, rows, _) in enumerate(matches):
            if rows:
                if len(rows) > 1:
                    if company is None:
                        company = {m[2][0] for m in matches if len(m[2]) == 1}
                    first = chosen(self.graph, text, end, rows, company)
                    rows = (first, *(row for row in rows if row != first))
                told = self._told.get(rows)
                if told is None:
                    told = self._told[rows] = self._tell(rows)
                ids, kind = told
                mentions.append(Mention(start, end, ids[0], kind, i in absent, ids, i in unsure))
        return mentions

    def _matches(self, text: str) -> list[_Match]:
        found = []
        for start, end, state in zip(*self._matcher.find(text), strict=True):
            rows = self._named.get(state)
            if rows is None:
                rows = self._named[state] = self._bearers(state)
            if rows:
                found.append((start, end, rows, None))
            elif cue := self._cues.get(_folded(text[start:end])):  # "present" is no other spelling of "presents"
                found.append((start, end, rows, cue))
        return found

    def _tell(self, rows: tuple[int, ...]) -> tuple[tuple[str, ...], str]:
        """Ids of nodes, and the type of the first."""
        return tuple([self.graph.ids[row] for row in rows]), self.graph.types[self.graph.type[rows[0]]]

    def _bearers(self, state: int) -> tuple[int, ...]:
        """Rows of the nodes that are called so, the likeliest first."""
        low, high = self._starts[state >> 1 : (state >> 1) + 2]
        rows = self._rows[low:high]
        return tuple(dict.fromkeys((rows if state & 1 else rows[~self._only_capitals[low:high]]).tolist()))


@lru_cache(maxsize=1 << 14)
def _folded(cue: str) -> str:
    return fold(cue)[0]


def _place(graph: Graph) -> np.ndarray:
    """Rank of each node among all, the best connected first, then by id."""
    order = sorted(range(len(graph)), key=lambda row: (-graph.degree[row], graph.ids[row]))
    place = np.empty(len(graph), np.int64)
    place[order] = np.arange(len(graph))
    return place


def _cues(names: set[str]) -> Mapping[str, str]:
    """Folded cues that are not names, and what they do."""
    return {form: cue for cue, words in NEGATION.items() for form in fold_all(words) if form not in names}


def _with_abbreviations(graph: Graph, text: str, matches: list[_Match]) -> list[_Match]:
    """Adds what the text itself abbreviates ("myocardial infarction (MI) ... MI"): there, its definition counts, even
    where it stands for something that no node is called."""
    defined: dict[str, tuple[int, ...]] = {}
    for definition in definitions(text):
        if definition.short not in defined:
            defined[definition.short] = _meant(graph, text, definition, matches)
    if not defined:
        return matches
    words = "|".join(map(re.escape, sorted(defined, key=len, reverse=True)))
    local = [
        (found.start(), found.end(), defined[found[1]], None)
        for found in re.finditer(rf"(?<![A-Za-z0-9])({words})s?(?![A-Za-z0-9])", text)
    ]
    kept, at = [], 0
    for match in matches:  # both are in order: a local abbreviation gives way to a longer match around it
        while at < len(local) and local[at][1] <= match[0]:
            kept.append(local[at])
            at += 1
        if at < len(local) and local[at][0] <= match[0] and match[1] <= local[at][1]:
            continue
        while at < len(local) and local[at][0] < match[1]:
            at += 1
        kept.append(match)
    return [match for match in (*kept, *local[at:]) if match[2] or match[3]]


def _meant(graph: Graph, text: str, definition: Definition, matches: list[_Match]) -> tuple[int, ...]:
    """Rows of what an abbreviation is defined as: the name that its long form ends with, else what the graph calls so,
    if their names are alike."""
    named = [m[2] for m in matches if m[2] and definition.start <= m[0] and m[1] == definition.end]
    if named:
        return named[0]
    known = next((m[2] for m in matches if text[m[0] : m[1]] == definition.short), ())
    long = text[definition.start : definition.end]
    return tuple(row for row in known if alike(graph, row, long))
