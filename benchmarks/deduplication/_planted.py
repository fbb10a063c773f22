"""Benchmark items written into real documents, in the layouts in which they turn up."""

import random
import re
from collections.abc import Callable

from dedup.evaluation_sets import Item

Layout = Callable[[Item, random.Random], str]
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_PIECES = re.compile(r"[\u4e00-\u9fff]|\s+|[^\s\u4e00-\u9fff]+")


def as_published(item: Item, rng: random.Random, options: list[str] | None = None, label: str = "{}. {}") -> str:
    options = list(item.options) if options is None else options
    lines = [label.format("ABCDEFGHIJ"[number], option) for number, option in enumerate(options)]
    open_answer = item.answer if not item.options else None
    return "\n".join(part for part in (item.context, item.question, open_answer, *lines) if part)


def rewrapped(item: Item, rng: random.Random) -> str:
    pieces = [piece for piece in _PIECES.findall(as_published(item, rng)) if piece.strip()]
    joint = "" if item.language == "zh" else " "
    return "\n".join(joint.join(pieces[i : i + 8]) for i in range(0, len(pieces), 8))


def case_and_width(item: Item, rng: random.Random) -> str:
    return as_published(item, rng).upper().translate(FULL_WIDTH)


def reordered(item: Item, rng: random.Random) -> str:
    return as_published(item, rng, rng.sample(item.options, len(item.options)), "({})  {}")


def edited(item: Item, rng: random.Random) -> str:
    """3 to 5 % of the words (Han characters) changed, at least one: another word, none, one more, or a typing error."""
    pieces = _PIECES.findall(as_published(item, rng))
    places = [i for i, piece in enumerate(pieces) if piece.strip() and not re.fullmatch(r"[A-J]\.", piece)]
    words = [pieces[i] for i in places]
    for place in rng.sample(places, max(1, round(rng.uniform(0.03, 0.05) * len(places)))):
        word, joint = pieces[place], "" if item.language == "zh" else " "
        how = rng.choice(["replace", "replace", "delete", "insert", "swap"])
        if how == "swap" and len(word) > 3:
            at = rng.randrange(len(word) - 1)
            pieces[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        elif how == "delete":
            pieces[place] = ""
        elif how == "insert":
            pieces[place] = word + joint + rng.choice(words)
        else:
            pieces[place] = rng.choice(words)
    return "".join(pieces)


LAYOUTS: dict[str, Layout] = {
    "as published": as_published,
    "8 words a line": rewrapped,
    "case and width": case_and_width,
    "options reordered": reordered,
    "3-5 % edited": edited,
}


def planted(items: list[Item], layout: Layout, hosts: dict[str, list[str]], seed: int, pages: int = 1) -> list[str]:
    """For each item a document of its language that holds it, between two characters; `pages` hosts make a document."""
    rng = random.Random(seed)
    made = []
    for item in items:
        host = "\n\n".join(rng.choice(hosts[item.language]) for _ in range(pages))
        at = rng.randrange(len(host))
        made.append(f"{host[:at]}\n{layout(item, rng)}\n{host[at:]}")
    return made
