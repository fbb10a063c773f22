"""Claims that a language model reads in sentences, believed only where it quotes the words that name both nodes."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from datagen.generator import Generator, Request
from knowledge_graph.claims import Sentence, sentences
from knowledge_graph.families import CONTRAINDICATION, FAMILIES, KIND, Family
from knowledge_graph.link import Mention

SUBJECT = "disease"
RELATIONS: dict[str, Family] = {family.relations[0]: family for family in (*FAMILIES, CONTRAINDICATION, KIND)}
POLARITY = {"affirmed": 1, "denied": -1, "uncertain": 0}
MOST = 20
"""Things named in one sentence, and claims made of it: more are a list."""
ANSWER = 1024
"""Tokens of an answer."""
SCHEMA = {
    "type": "object",
    "properties": {
        "claims": {
            "type": "array",
            "maxItems": MOST,
            "items": {
                "type": "object",
                "properties": {
                    "subject": {"type": "integer", "minimum": 1, "maximum": MOST},
                    "relation": {"type": "string", "enum": sorted(RELATIONS)},
                    "object": {"type": "integer", "minimum": 1, "maximum": MOST},
                    "polarity": {"type": "string", "enum": list(POLARITY)},
                    "quote": {"type": "string", "minLength": 1},
                },
                "required": ["subject", "relation", "object", "polarity", "quote"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["claims"],
    "additionalProperties": False,
}
SYSTEM = """You extract medical claims from one sentence, which is English or Chinese. Things it names are numbered.
Report only what the sentence itself states between two of them, never what you know from elsewhere.
The subject is a disease. Relations: has_phenotype (a symptom or finding), diagnosed_by, treated_by, contraindicated,
located_in, belongs_to_department, associated_gene, has_inheritance, is_a (a broader disease).
Polarity: affirmed, denied (the sentence says it is not so), or uncertain (may, possibly, a question).
Quote the shortest part of the sentence, word for word, that names both and states the claim.
Answer in JSON: {"claims": [{"subject": 1, "relation": "...", "object": 2, "polarity": "...", "quote": "..."}]}, with
an empty list where nothing is claimed."""


@dataclass(frozen=True)
class Read:
    """A claim borne out by `text[start:end]` of a record."""

    subject: str
    relation: str
    object: str
    polarity: int
    start: int
    end: int


@dataclass(frozen=True)
class Asked:
    """One sentence: what a generator is asked, and the mentions that its answer counts from 1."""

    record: str
    text: str
    sentence: Sentence
    named: tuple[Mention, ...]
    request: Request


def asked(row: Mapping[str, Any], mentions: Sequence[Mention]) -> Iterator[Asked]:
    """Questions about the sentences of a record (a row of the record schema) that name a disease and something that can
    be said of one."""
    objects = frozenset().union(*(family.types for family in RELATIONS.values()))
    for number, sentence in enumerate(sentences(row["text"], mentions)):
        named = tuple(m for m in sentence.mentions if m.type in objects)
        nodes = {m.node for m in named}
        if len(nodes) < 2 or len(named) > MOST or sentence.question or all(m.type != SUBJECT for m in named):
            continue
        words = row["text"][sentence.start : sentence.end]
        listed = "\n".join(f"{i}. {row['text'][m.start : m.end]} ({m.type})" for i, m in enumerate(named, 1))
        seed = int.from_bytes(blake2b(words.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "big")
        request = Request.about(
            [row],
            id=f"{row['id']}/{number}",
            messages=(
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": f"Sentence: {words}\n\nNamed:\n{listed}"},
            ),
            seed=seed,
            max_tokens=ANSWER,
            temperature=0.0,
            schema=SCHEMA,
        )
        yield Asked(row["id"], row["text"], sentence, named, request)


def read(question: Asked, answer: str, outcomes: Counter[str]) -> Iterator[Read]:
    """Claims of an answer that hold; what became of each is counted in `outcomes`: kept, uncertain, bad_answer (not the
    JSON that was asked for), bad_nodes (of types that the relation doesn't join), bad_quote (not the sentence's words,
    or they don't name both)."""
    try:
        claims = json.loads(answer)["claims"]
        found = [(_claim(question, claim), claim["polarity"], claim["quote"]) for claim in claims]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        outcomes["bad_answer"] += 1
        return
    for joined, polarity, quote in found:
        span = joined and _span(question, quote, *joined[::2])
        if not joined:
            outcomes["bad_nodes"] += 1
        elif not span:
            outcomes["bad_quote"] += 1
        elif not POLARITY[polarity]:
            outcomes["uncertain"] += 1
        else:
            outcomes["kept"] += 1
            subject, relation, object_ = joined
            yield Read(subject.node, relation, object_.node, POLARITY[polarity], *span)


def ask(generator: Generator, questions: Sequence[Asked], outcomes: Counter[str]) -> Iterator[tuple[Asked, Read]]:
    """What a generator reads, claim by claim. Questions that it fails or that policy keeps from it are counted by the
    reason."""
    answers = generator.generate([question.request for question in questions])
    for question, answer in zip(questions, answers, strict=True):
        if answer.error:
            outcomes[answer.error] += 1
        else:
            yield from ((question, claim) for claim in read(question, answer.text, outcomes))


def _claim(question: Asked, claim: dict[str, Any]) -> tuple[Mention, str, Mention] | None:
    """Subject, relation and object, where the relation joins their types."""
    if claim["polarity"] not in POLARITY or not isinstance(claim["quote"], str):
        raise ValueError
    places = claim["subject"], claim["object"]
    if not all(0 < place <= len(question.named) for place in places):
        return None
    subject, object_ = (question.named[place - 1] for place in places)
    family = RELATIONS[claim["relation"]]
    if subject.type != SUBJECT or object_.type not in family.types or subject.node == object_.node:
        return None
    return subject, family.relation_to(object_.type), object_


def _span(question: Asked, quote: str, subject: Mention, object_: Mention) -> tuple[int, int] | None:
    """Where the sentence says these words, if they name both nodes."""
    sentence = question.sentence
    start = question.text.find(quote, sentence.start, sentence.end)
    while start >= 0:
        end = start + len(quote)
        inside = {m.node for m in question.named if start <= m.start and m.end <= end}
        if {subject.node, object_.node} <= inside:
            return start, end
        start = question.text.find(quote, start + 1, sentence.end)
    return None
