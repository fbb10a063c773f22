"""Names in text to nodes of a graph, in English and Chinese: longest match by one automaton, then negation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import ahocorasick

from knowledge_graph.cues import NEGATION, PSEUDO, phrases
from knowledge_graph.fold import fold, fold_all
from knowledge_graph.model import Graph
from knowledge_graph.negation import Event, negated

UNLINKED = frozenset(("modifier", "frequency", "course", "history", "blood_group", "other"))
"""Types whose names (Mild, Onset, Left) are everyday words."""
GENERIC = phrases("""
    all, disease, disorder, symptom, sign, syndrome, finding, abnormality, test, treatment
    疾病, 症状, 体征, 检查, 治疗
""")
SPELLINGS = (
    ("haem", "hem"),
    ("aemi", "emi"),
    ("oedem", "edem"),
    ("oesoph", "esoph"),
    ("rrhoe", "rrhe"),
    ("pnoe", "pne"),
    ("tumour", "tumor"),
    ("paed", "ped"),
    ("foet", "fet"),
    ("gynaec", "gynec"),
    ("anaesth", "anesth"),
    ("oestr", "estr"),
    ("coeliac", "celiac"),
    ("behaviour", "behavior"),
    ("colour", "color"),
    ("fibre", "fiber"),
    ("ischaem", "ischem"),
    ("faec", "fec"),
    ("caec", "cec"),
)
"""British and American."""
ABBREVIATION = re.compile(r"(?=.*[A-Z])[A-Z0-9]{2,5}")
DEFINITION = re.compile(r"\s?[(（]\s*([A-Z][A-Za-z0-9-]{1,9})\s*[)）]")
BRACKETED = re.compile(r"\s*[（(\[][^（()）\[\]]*[)）\]]\s*$")
AFTER_ONE_HAN = frozenset(" ,的及和与或等多常不可是在为受\0")
"""A name of a single Han character counts where one of these follows; elsewhere it is part of a longer word."""
HAN_FROM = "\u3400"
LETTER = re.compile(r"[^\W\d_]")
NAME, SYNONYM, VARIANT = range(3)


@dataclass(frozen=True)
class Mention:
    """A name found in text: `text[start:end]` names `node` of `type`; `negated` where the text says it is absent.

    `candidates` are all nodes that bear the name, `node` (by name rather than synonym, then the best connected) first.
    """

    start: int
    end: int
    node: str
    type: str
    negated: bool
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Pattern:
    """What a folded string stands for: nodes by surface (None: however it is written), or a cue."""

    length: int
    bearers: tuple[tuple[str | None, tuple[str, ...]], ...]
    cue: str | None = None


_Match = tuple[int, int, tuple[str, ...], str | None]
"""Start, end, nodes named (empty for a cue), cue."""


class Linker:
    """Finds names and synonyms of a graph's nodes, longest match first.

    Folded: case, width, accents, hyphens, possessives, traditional script; plural and singular, British and American
    spelling are both found. Abbreviations of up to five capitals only match in capitals, and those that a text defines
    mean what it says. Whole words in Latin script; a cue of negation never lies inside a name.
    """

    def __init__(self, graph: Graph):
        self.graph = graph
        self._automaton = ahocorasick.Automaton()
        named: dict[str, dict[str | None, dict[int, int]]] = {}
        for folded, surface, row, rank in _patterns(graph):
            ranks = named.setdefault(folded, {}).setdefault(surface, {})
            ranks[row] = min(rank, ranks.get(row, rank))
        for folded, bearers in named.items():
            self._automaton.add_word(folded, self._pattern(folded, bearers))
        for cue, words in NEGATION.items():
            for folded in fold_all(words):
                if folded not in named:
                    self._automaton.add_word(folded, _Pattern(len(folded), (), cue))
        self._automaton.make_automaton()

    def _pattern(self, folded: str, bearers: dict[str | None, dict[int, int]]) -> _Pattern:
        graph = self.graph
        ranked = []
        for surface, ranks in bearers.items():
            order = sorted(ranks, key=lambda row: (ranks[row], -graph.degree[row], graph.ids[row]))
            ranked.append((surface, tuple(graph.ids[row] for row in order)))
        return _Pattern(len(folded), tuple(ranked))

    def link(self, text: str) -> list[Mention]:
        """Mentions in order, none overlapping; offsets are Python string offsets into `text`."""
        matches = [(a, b, self._bearers(p, text[a:b]), p.cue) for a, b, p in self._longest(text)]
        matches = _with_abbreviations(text, matches)
        matches = [match for match in matches if match[2] or match[3] != PSEUDO]
        events = [Event(start, end, None if nodes else cue) for start, end, nodes, cue in matches]
        absent = negated(text, events) if any(event.cue for event in events) else ()
        return [
            Mention(start, end, nodes[0], self.graph.type_of(nodes[0]), i in absent, nodes)
            for i, (start, end, nodes, _) in enumerate(matches)
            if nodes
        ]

    def _longest(self, text: str) -> Iterator[tuple[int, int, _Pattern]]:
        """(start, end, pattern) of the matches in the text, leftmost and longest first, none overlapping."""
        folded, offsets = fold(text)
        folded += "\0\0\0"
        hits = []
        for last, pattern in self._automaton.iter(folded):
            start, stop = last + 1 - pattern.length, last + 1
            after = folded[stop]
            if after not in " ,\0" and after < HAN_FROM and folded[last] < HAN_FROM:
                stop = _plural(folded, stop)
                if not stop:
                    continue
            elif pattern.length == 1 and pattern.cue is None and after not in AFTER_ONE_HAN:
                continue
            hits.append((start, -stop, pattern))
        hits.sort(key=lambda hit: hit[:2])
        reached = 0
        for start, stop, pattern in hits:
            if start >= reached:
                begin, end = int(offsets[start]), int(offsets[-stop - 1]) + 1
                if pattern.cue or self._bearers(pattern, text[begin:end]):
                    reached = -stop
                    yield begin, end, pattern

    @staticmethod
    def _bearers(pattern: _Pattern, written: str) -> tuple[str, ...]:
        """Nodes that a match names as it is written."""
        found: dict[str, None] = {}
        for surface, nodes in pattern.bearers:
            if surface is None or written in (surface, surface + "s"):
                found |= dict.fromkeys(nodes)
        return tuple(found)


def _with_abbreviations(text: str, matches: list[_Match]) -> list[_Match]:
    """Adds what the text itself abbreviates ("myocardial infarction (MI) ... MI"): there, its definition counts."""
    defined = {
        found[1]: nodes
        for start, end, nodes, _ in matches
        if nodes and (found := DEFINITION.match(text, end)) and _abbreviates(found[1], text[start])
    }
    if not defined:
        return matches
    words = "|".join(map(re.escape, sorted(defined, key=len, reverse=True)))
    local = [
        (found.start(), found.end(), defined[found[1]], None)
        for found in re.finditer(rf"(?<![A-Za-z0-9])({words})s?(?![A-Za-z0-9])", text)
    ]
    spans = [(start, end) for start, end, _, _ in local]
    inside = [m for m in matches if any(start <= m[0] and m[1] <= end for start, end in spans)]
    around = [m for m in matches if m not in inside]
    free = [m for m in local if not any(start < m[1] and m[0] < end for start, end, _, _ in around)]
    return sorted(around + free, key=lambda match: match[:2])


def _abbreviates(short: str, first: str) -> bool:
    """Whether an abbreviation can be one of a name that begins with this letter; of a Chinese one, any can."""
    return first >= HAN_FROM or short[0].lower() == first.lower()


def _plural(folded: str, stop: int) -> int:
    """Where a word ends that goes on after `stop` with a plural ending; 0 where it goes on with anything else."""
    ending = folded[stop : stop + 3]
    for letters in ("s", "es"):
        after = ending[len(letters) : len(letters) + 1]
        if ending.startswith(letters) and (after in " ,\0" or after >= HAN_FROM):
            return stop + len(letters)
    return 0


def _patterns(graph: Graph) -> Iterator[tuple[str, str | None, int, int]]:
    """(folded form, surface where only that counts, row, rank) of everything nodes are called."""
    rows, ranks, names = zip(*_names(graph), strict=True) if len(graph) else ((), (), ())
    for row, rank, name, folded in zip(rows, ranks, names, fold_all(names), strict=True):
        surface = name if ABBREVIATION.fullmatch(name) else None
        for form, kind in _variants(folded, rank):
            if form.strip() not in GENERIC and LETTER.search(form) and (len(form) > 2 or form >= HAN_FROM):
                yield form, surface, row, kind


def _names(graph: Graph) -> Iterator[tuple[int, int, str]]:
    """(row, rank, name) of everything nodes are called."""
    skipped = {code for code, name in enumerate(graph.types) if name in UNLINKED}
    columns = [graph.nodes[name].to_pylist() for name in ("name_en", "name_zh", "synonyms", "synonyms_zh")]
    for row, (english, chinese, more, more_chinese) in enumerate(zip(*columns, strict=True)):
        if graph.type[row] not in skipped:
            named = [(NAME, english), (NAME, chinese), *((SYNONYM, name) for name in (*more, *more_chinese))]
            for rank, name in named:
                for part in dict.fromkeys([name, BRACKETED.sub("", name), *re.split("[；;]", name)]) if name else ():
                    yield row, rank, part.rstrip(" .。")


def _variants(form: str, rank: int) -> Iterator[tuple[str, int]]:
    """Folded forms under which a folded name is found, with their rank."""
    forms = [form]
    word = form.rpartition(" ")[2]
    if word.endswith("s") and len(word) > 4 and not word.endswith(("ss", "us", "is", "as")):
        forms.append(form[:-1])
    if word.endswith("y") and len(word) > 3:
        forms.append(form[:-1] + "ies")
    for british, american in SPELLINGS:
        old, new = (british, american) if british in form else (american, british)
        forms += [other.replace(old, new) for other in forms if old in other]
    yield form, rank
    yield from ((f, VARIANT) for f in dict.fromkeys(forms) if f != form)
