"""Reflection on injected errors: how many are found and mended, by class, and what it does to texts without errors.

Errors are put in by this file and by `reward_filter.corrupt`, not by the critic's own rules. `mended`: the wrong words
are gone and nothing is wrong by the verifier; `restored`: and every statement of the text before the damage is back.
Percentages are there only where the graph has counted findings (GRAPH of recipes/medical.yaml). A text is in the half
that the critic was worked on with in view (`seen`) or in the other one (`held out`) by the hash of its id.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

from benchmarks.synthetic._graph import accepted, graph, writer
from knowledge_graph import sample_bundle
from reward_filter.corrupt import CLASSES, Corruptor, Item, replaced
from reward_filter.corrupt import _Pool as Pool
from synthesis.critic import Critic, Subject, sentences
from synthesis.reflection import grade, reflect
from synthesis.reviser import Reviser
from synthesis.seeds import Seed

ITEMS = 600
BORROWED = ("wrong_finding", "negation", "wrong_relation", "number", "order", "age_sex", "truncated", "repeated")
UNSAFE = {
    "en": "Stop all other medicines and take 30 tablets at once.",
    "zh": "请停用其他所有药物,一次口服30片。",
}
ONLY = {
    "en": (" in women", " in men", " in children", " in people over 70", " in newborns", " during pregnancy"),
    "zh": ("女性", "男性", "儿童", "老年人", "新生儿", "孕妇"),
}
CAUSES = {"en": "{o} causes {d}.", "zh": "{o}可引起{d}。"}


def texts(number: int) -> Iterator[tuple[dict, str, Subject]]:
    """Rows, their answers and what these are held against."""
    for row in accepted(number):
        meta = json.loads(row["meta"])
        seed = Seed.of(sample_bundle(graph(), meta["anchor"], *meta["bundle"]), writer().findings)
        prompt = row["messages"][0]["content"] if row["messages"] else ""
        answer = row["messages"][-1]["content"] if row["messages"] else row["text"]
        asks = meta["task"] in ("qa", "chain", "mcq", "case")
        yield row, answer, Subject(seed.bundle, row["language"], prompt if asks else "")


class Injector:
    """Each method puts one known error into a text, or returns None where the text has no place for it."""

    def __init__(self):
        self.lexicon, self.linker = writer().lexicon, writer().judge.linker
        self.corruptor = Corruptor(graph(), self.linker)

    def _named(self, text: str, subject: Subject, relations: tuple[str, ...]) -> list:
        objects = {f.object for f in subject.bundle.facts if f.relation in relations}
        return [m for m in self.linker.link(text) if m.node in objects and not m.negated]

    def _swapped(self, text, subject, rng, relations, kinds) -> str | None:
        mine = {e.object for e in graph().edges_of(subject.bundle.anchor)}
        places = self._named(text, subject, relations)
        others = [n for n in graph().of_type(*kinds) if n not in mine and self.lexicon.names(n, subject.language)]
        if not places or not others:
            return None
        return replaced(text, [rng.choice(places)], self.lexicon.names(rng.choice(others), subject.language)[0])

    def wrong_disease(self, text, subject, rng):
        places = [m for m in self.linker.link(text) if m.node == subject.bundle.anchor]
        others = [n for n in subject.bundle.distractors if self.lexicon.names(n, subject.language)]
        if not places or not others:
            return None
        return replaced(text, [rng.choice(places)], self.lexicon.names(rng.choice(others), subject.language)[0])

    def wrong_drug_or_test(self, text, subject, rng):
        relation, kind = rng.choice([("treated_by", ("treatment", "drug")), ("diagnosed_by", ("test",))])
        return self._swapped(text, subject, rng, (relation,), kind)

    def anatomy(self, text, subject, rng):
        return self._swapped(text, subject, rng, ("located_in",), ("anatomy",))

    def dose(self, text, subject, rng):
        places = self._named(text, subject, ("treated_by",))
        if not places:
            return None
        end = rng.choice(places).end
        return f"{text[:end]} {rng.choice((5, 50, 500, 5000))} mg{text[end:]}"

    def causality(self, text, subject, rng):
        names = self.lexicon.names(subject.bundle.anchor, subject.language)
        places = self._named(text, subject, ("has_symptom", "has_phenotype"))
        spans = [s for s in sentences(text) if any(s[0] <= m.start < s[1] for m in places)]
        if not spans:
            return None
        start, end = rng.choice(spans)
        mention = next(m for m in places if start <= m.start < end)
        words = CAUSES[subject.language].format(o=text[mention.start : mention.end], d=names[0])
        return text[:start] + words[:1].upper() + words[1:] + text[end:]

    def wrong_people(self, text, subject, rng):
        places = self._named(text, subject, ("has_symptom", "has_phenotype"))
        if not places:
            return None
        mention, who = rng.choice(places), rng.choice(ONLY[subject.language])
        if subject.language == "en":
            return text[: mention.end] + who + text[mention.end :]
        start = next((a for a, b in sentences(text) if a <= mention.start < b), mention.start)
        return f"{text[:start]}{who}中，{text[start:]}"

    def omitted(self, text, subject, rng):
        asked = {m.node for m in self.linker.link(subject.question)}
        spans = [
            s
            for s in sentences(text)
            if any(s[0] <= m.start < s[1] and m.node in asked and m.type != "disease" for m in self.linker.link(text))
        ]
        if len(sentences(text)) < 3 or not spans:
            return None
        start, end = rng.choice(spans)
        return (text[:start].rstrip() + " " + text[end:].lstrip()).strip()

    def wrong_language(self, text, subject, rng):
        other = "zh" if subject.language == "en" else "en"
        spans = sentences(text)
        start, end = rng.choice(spans)
        words = {"zh": "这种疾病在临床上十分常见。", "en": "This disease is well known to every doctor."}[other]
        return f"{text[:end]}{'' if other == 'zh' else ' '}{words}{text[end:]}" if end > start else None

    def unsafe(self, text, subject, rng):
        end = rng.choice(sentences(text))[1]
        return f"{text[:end]} {UNSAFE[subject.language]}{text[end:]}"


def borrowed(injector: Injector, row: dict, text: str, name: str, rng: random.Random) -> str | None:
    item = Item(row["id"], "", text, row["language"], row["group"], row["split"])
    damage = CLASSES[name](injector.corruptor, item, rng, Pool([item]))
    return damage[0] if isinstance(damage, tuple) else damage


def measure(data: Path) -> None:
    del data
    injector, critic = Injector(), Critic(graph(), writer().judge.linker)
    reviser = Reviser(writer().judge.linker, writer().lexicon)
    own: dict[str, Callable] = {
        name: getattr(injector, name) for name in [n for n in vars(Injector) if not n.startswith("_")]
    }
    counts: dict[tuple[str, str], Counter] = defaultdict(Counter)
    clean: dict[str, Counter] = defaultdict(Counter)
    for row, text, subject in texts(ITEMS):
        half = half_of(row["id"])
        good, found = grade(critic, text, subject)
        clean[half]["texts"] += 1
        clean[half]["damaged"] += bool(found) or reflect(text, subject, critic, [reviser.revised]).changed
        for name in (*own, *BORROWED):
            rng = random.Random(f"{name}/{row['id']}")
            wrong = own[name](text, subject, rng) if name in own else borrowed(injector, row, text, name, rng)
            if not wrong or wrong == text:
                continue
            if name == "omitted" and good.supported <= grade(critic, wrong, subject)[0].supported:
                continue  # it is said a second time
            result = reflect(wrong, subject, critic, [reviser.revised])
            after, _ = grade(critic, result.text, subject)
            tally = counts[name, half]
            tally["injected"] += 1
            tally["found"] += bool(result.findings)
            tally["mended"] += bool(result.findings) and after.errors == 0 and result.changed
            tally["restored"] += after.errors == 0 and good.supported <= after.supported
    for half in HALVES:
        texts_, damaged = clean[half]["texts"], clean[half]["damaged"]
        print(f"{half}: {texts_} texts without errors, findings or changes in {damaged} (target <= 1 %)")
    print(f"{'class':22} {'half':9} {'injected':>8} {'recall':>7} {'mended of found':>16} {'restored':>9}")
    for name, half in sorted(counts, key=lambda key: ((*own, *BORROWED).index(key[0]), key[1])):
        tally = counts[name, half]
        mended = tally["mended"] / max(1, tally["found"])
        print(
            f"{name:22} {half:9} {tally['injected']:8} {tally['found'] / tally['injected']:7.3f} {mended:16.3f} "
            f"{tally['restored'] / tally['injected']:9.3f}"
        )
    print("target: recall >= .95 on classes that edges decide, >= .80 on others; mended >= .90")


HALVES = ("seen", "held out")


def half_of(id: str) -> str:
    return HALVES[blake2b(id.encode()).digest()[0] % 2]
