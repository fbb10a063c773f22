"""From evidence bundles to what a generator is asked: facts in one language, in words that lead back to the graph."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow.compute as pc

from knowledge_graph import Bundle, Fact, Graph, Linker, Node
from knowledge_graph.model import FINDINGS
from synthesis.findings import Findings
from synthesis.tasks import TASKS

HAN = re.compile("[\u3400-\u9fff]")
AWKWARD = re.compile(r"[;:()\[\]{}<>=|\n\ue000-\uf8ff]")
ASIDE = re.compile(r"\s*[(（][^()（）]*[)）]$")
ASKED = ("treated_by", "diagnosed_by", "located_in", "belongs_to_department")
"""What may be asked about a disease that has to be found out first."""
LONGEST = 80
PLAIN = re.compile(
    r"(?:itis|osis|asis|esis|emia|uria|rhea|rrhoea|oma|oid|pathy|plasia|trophy|megaly|algia|penia|phagia|plegia|ectasia"
    r"|ation|tion|ness|ing|ism|ity|ic|al|ous|ed|ar|ary|ive|ent|ies|ions|ures?|ments?|ia|ias)$"
)
"""How words end that are no one's name."""
TITLE = re.compile(r"(?:(?:[A-Z][a-z]+|of|and|in|the|with|by|to|for)[ ,-]+)+[A-Z][a-z]+$")
"""A name that is written as a title is."""
CAPITAL = re.compile(
    r"\b[A-Z][a-z]+\b(?!['’]|-[A-Z]|(?<!ic|al|ed|ar|ve|us|ia|is) (?:syndrome|disease|sign|palsy|phenomenon)\b)"
)
VAGUE = re.compile(r"\b(?:unspecified|NOS|other|classified elsewhere)\b|未特指|其他|NOS")
CODE = re.compile(r"\b(?=\w*[A-Z])(?:[A-Z0-9]{2,}|[A-Za-z]+\d+|[A-Z][b-df-hj-np-tv-xz]{2,})\b")
"""An abbreviation or a symbol, which no one understands who hasn't met it."""
CAPITALISING = 0.9
"""A source of which this share of names begins with a capital writes them as headings, not as they stand in prose."""


@dataclass(frozen=True)
class Seed:
    """What one text is made from. `bundle` holds all that it may state, facts about the rivals included."""

    bundle: Bundle
    rivals: tuple[tuple[str, tuple[Fact, ...]], ...]
    """Resembling diseases, and which of the anchor's findings they show too, and which of its excluded ones."""
    shown_by: Mapping[str, set[str]]
    """Who shows each of the anchor's findings, there or excluded."""

    @staticmethod
    def of(bundle: Bundle, findings: Findings) -> "Seed":
        excluded = {fact.object for fact in bundle.negatives if fact.relation in FINDINGS}
        shared = {fact.object for fact in bundle.facts if fact.relation in FINDINGS}
        rivals = [(n, tuple(f for f in findings.of(n) if f.object in excluded | shared)) for n in bundle.distractors]
        # Those that an excluded finding tells apart come first: they are the distractors that can be explained.
        rivals.sort(key=lambda r: not any(f.object in excluded for f in r[1]))
        more = tuple(fact for _, facts in rivals for fact in facts)
        shown_by = {node: findings.shown_by(node) for node in excluded | shared}
        return Seed(replace(bundle, facts=bundle.facts + more), tuple(rivals), shown_by)

    def facts(
        self, lexicon: "Lexicon", task: str, language: str, register: str, draw: int = 0
    ) -> dict[str, Any] | None:
        """`Request.facts` of a task, or None where the anchor has no name in the language, the task no object, or no
        question the anchor as its only answer.

        `bundle` holds `anchor` {id, type, names}, `facts` and `negatives` (lists of {key, relation, polarity,
        frequency, n, id, names}, `id` and `names` those of the object) and `siblings` {id, names, facts}. What has no
        usable name in the language is left out. Tasks that ask for the anchor add `clues`, ids of findings, there or
        excluded, that fit no other disease. The task `chain` adds `target`, the fact asked for, the task `statement`
        the fact to be judged and whether it is stated as it is (`truth`). `draw` picks them.
        """
        anchor = self.bundle.anchor
        names = lexicon.names(anchor, language)
        if not names:
            return None

        def said(facts, subject):
            return [
                {
                    "key": fact.key,
                    "relation": fact.relation,
                    "polarity": fact.polarity,
                    "frequency": fact.frequency,
                    "n": fact.n,
                    "id": fact.object,
                    "names": words,
                }
                for fact in facts
                if fact.subject == subject and (words := lexicon.names(fact.object, language))
            ]

        siblings = [
            {"id": rival, "names": words, "facts": said(facts, rival)}
            for rival, facts in self.rivals
            if (words := lexicon.names(rival, language))
        ]
        bundle = {
            "anchor": {"id": anchor, "type": self.bundle.entity(anchor).type, "names": names},
            "facts": said(self.bundle.facts, anchor),
            "negatives": said(self.bundle.negatives, anchor),
            "siblings": siblings,
        }
        found = {"task": task, "language": language, "register": register, "bundle": bundle}
        if TASKS[task].clues:
            clues = self._clues(bundle["facts"], bundle["negatives"], task, draw)
            if clues is None:
                return None
            found["clues"] = clues
        if task == "chain":
            choices = [fact for fact in bundle["facts"] if fact["relation"] in ASKED]
        elif task == "statement":
            choices = [f for f in (*bundle["facts"], *bundle["negatives"]) if f["relation"] in FINDINGS]
        else:
            return found
        if not choices:
            return None
        choices.sort(key=lambda fact: fact["key"])
        return found | {"target": choices[draw % len(choices)], "truth": draw // 7919 % 2 == 0}

    def _clues(self, facts: list[dict], negatives: list[dict], task: str, draw: int) -> list[str] | None:
        """Some findings to ask about and one or two that are excluded, if any are: as many as it takes for no other
        disease (of the options, if there are any) to show the ones and not the others. None where all of them fit
        another too, or there are too few."""
        rng = random.Random(f"{draw}/clues")
        present, absent = ([f["id"] for f in said if f["relation"] in FINDINGS] for said in (facts, negatives))
        least, excluded, _ = TASKS[task].needs
        if len(present) < least or len(absent) < excluded:
            return None
        present, absent = rng.sample(present, len(present)), rng.sample(absent, len(absent))
        clues = present[: rng.randint(2, TASKS[task].clues)]
        without = absent[: rng.randint(1, 2)]
        others = set.intersection(*sorted((self.shown_by[node] for node in clues), key=len))
        others = others.difference([self.bundle.anchor], *(self.shown_by[node] for node in without))
        if "options" in TASKS[task].fields:
            others &= {rival for rival, _ in self.rivals}
        for node in present[len(clues) :]:
            if others - self.shown_by[node]:
                others = others & self.shown_by[node]
                clues.append(node)
        for node in absent[len(without) :]:
            if others & self.shown_by[node]:
                others = others - self.shown_by[node]
                without.append(node)
        return None if others else clues + without


class Lexicon:
    """Words for a graph's nodes: only those that the linker takes back to the same node."""

    def __init__(self, graph: Graph, linker: Linker):
        self.graph, self.linker = graph, linker
        self._known: dict[tuple[str, str], list[str]] = {}
        names = graph.nodes.select(["source", "name_en"]).filter(pc.is_valid(graph.nodes["name_en"]))
        capital = pc.match_substring_regex(names["name_en"], "^[A-Z]")
        counts = names.append_column("capital", pc.cast(capital, "int32")).group_by("source")
        means = counts.aggregate([("capital", "mean")]).to_pylist()
        self._headings = {row["source"] for row in means if row["capital_mean"] >= CAPITALISING}
        words = " ".join(names["name_en"].to_pylist())
        self._common = set(re.findall(r"(?<= )[a-z][a-z-]+\b", words))

    def names(self, node: str, language: str) -> list[str]:
        """Usable names of a node in `en` or `zh`, the preferred one first; empty where there is none."""
        key = (node, language)
        if key not in self._known:
            found = self.graph.node(node)
            names = [ASIDE.sub("", name) for name in found.names(language)]
            # One with a comma would fall apart in a list, and is mostly a heading turned round.
            names = [n for n in names if "," not in n] or [n for n in names if not TITLE.match(n)]
            words = [self._prose(name, found) for name in names if not VAGUE.search(name)]
            words = [w for w in dict.fromkeys(words) if self._leads_back(w, found.id, language)]
            words.sort(key=lambda word: bool(CODE.fullmatch(word)))
            self._known[key] = [w for w in words if set(CODE.findall(w)) <= set(CODE.findall(words[0]))]
        return self._known[key]

    def _prose(self, name: str, node: Node) -> str:
        """A name as it stands in a sentence. Synonyms are headings in every source."""
        as_it_is = node.source not in self._headings and name == node.name_en
        return name if as_it_is else CAPITAL.sub(lambda m: m[0].lower() if self._plain(m[0]) else m[0], name)

    def _plain(self, word: str) -> bool:
        return word.lower() in self._common or bool(PLAIN.search(word))

    def _leads_back(self, name: str, node: str, language: str) -> bool:
        if not 1 < len(name) <= LONGEST or AWKWARD.search(name) or bool(HAN.search(name)) != (language == "zh"):
            return False
        mentions = self.linker.link(name)
        return len(mentions) == 1 and mentions[0].node == node and mentions[0].end - mentions[0].start == len(name)
