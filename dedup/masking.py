"""Cutting stretches of tokens out of the text in which they were found."""

from collections.abc import Iterable, Sequence

from dedup.fold import TOKEN, fold

OMISSION = "[…]"
"""What stands where something was cut out."""


def token_spans(text: str) -> list[tuple[int, int]]:
    """Where in the text, in characters, each token of `dedup.fold.tokens` stands: first, and one after the last, with
    the marks on it."""
    folded, owner, form = [], [], {character: fold(character) for character in set(text)}
    for position, character in enumerate(text):
        made = form[character]
        folded.append(made)
        owner += [position] * len(made)
    owner.append(len(text))
    found = TOKEN.finditer("".join(folded))
    # A character that folds to nothing, as a mark does, goes with the one before it.
    return [(owner[m.start()], max(owner[m.end()], owner[m.end() - 1] + 1)) for m in found]


def without(text: str, cuts: Iterable[tuple[int, int]]) -> str:
    """The text with an omission for each stretch of characters (overlapping ones are one)."""
    made, at = [], 0
    for start, stop in merged(cuts):
        made += [text[at:start], OMISSION]
        at = stop
    return "".join([*made, text[at:]])


def merged(cuts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches in order, none touching another."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(cuts):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found


def cut_turns(turns: Sequence[str], separator: str, cuts: Iterable[tuple[int, int]]) -> list[str]:
    """The turns of a dialogue after cuts in their joined text."""
    cuts, made, begin = merged(cuts), [], 0
    for turn in turns:
        end = begin + len(turn)
        mine = [(max(a, begin) - begin, min(b, end) - begin) for a, b in cuts if a < end and b > begin]
        made.append(without(turn, mine))
        begin = end + len(separator)
    return made
