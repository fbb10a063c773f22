"""Names of persons in text of Latin script: by titles and cues, by lists of names, by the company they keep.

Medicine is full of names that are no person's: eponyms, drugs, instruments. What a lexicon of medical text knows is a
person only where a cue says so; what stands before words such as `disease` or `catheter` never is.
"""

import itertools
from collections.abc import Iterator
from functools import lru_cache

import regex

from collectors.privacy.identifiers import names_apart_en
from collectors.privacy.identifiers.eponyms import DOUBLE_EPONYM, EPONYM, LOOSE_EPONYM, NO_NAMES, PLACE_HEADS
from collectors.privacy.identifiers.name_context_en import (
    AFTER,
    AFTER_KNOWN,
    ARTICLE,
    BEFORE,
    CALLED,
    CREDENTIAL,
    DETERMINER,
    FIRM_BEFORE,
    HUMAN_AFTER,
    HUMAN_BEFORE,
    PLURAL_AFTER,
    STRONG,
    VOCATIVE,
    VOCATIVE_AFTER,
)
from collectors.privacy.identifiers.name_cues_en import CUES, PARTICLE, RELATIVES, TITLES, WORD
from collectors.privacy.identifiers.names_pinyin import HERBS, find_full_names
from collectors.privacy.identifiers.rule import Span, applied
from collectors.privacy.identifiers.words import family_names, given_names, medical_names, ordinary_words, with_capitals

_RUN = regex.compile(
    rf"(?<![\p{{L}}\d@/_.-])(?:\p{{Lu}}\. ?)?{WORD}(?:[ \t](?:\p{{Lu}}\.? ?"
    rf"|{PARTICLE} ){{0,2}}{WORD}){{0,5}}(?![\p{{L}}\d@_])"
)
_TOKEN = regex.compile(rf"\p{{Lu}}\.|\p{{Lu}}(?= )|{WORD}|{PARTICLE}")
_PIECES = regex.compile(r"[-'\u2019]")
_WHOLE = regex.compile(
    r"(?:g[ip]*[gsunbfd]|b[ip]*[gsud]|d[ip]*[gsudbnf]|[su][ip]+[sunf]|[su][ip]*[sun]|i[gsu]|g[ip]*g[ip]*[gsun]"
    r"|gmm?s|ui+u|[us]i[bfnd])[gsunf]?"
)
"""Classes of the words of a full name, see `class_of`."""
_LIKELY = regex.compile(r"[bg][ip]*[gbdsfnm]")
"""The same beside a cue."""
_SURE = regex.compile(r"(?r)(?i)\b(?:name is|names?:|calls? me|called me|named|mr|mrs|ms|dr)\.? ?$")
_UNLISTED = frozenset(("ss", "us", "uu", "su", "ug", "sg"))
"""Full names that are on no list of given names."""
_SHOUTING = regex.compile(r"(?<![^\n.!?] )(?:\p{Lu}[\p{Lu}\d'\u2019/,:;#%()&-]* ){3,}[\p{Lu}\d'\u2019/,:;#%()&.-]+")
"""Sentences of capitals: of four words and more."""
_LAST_FIRST = regex.compile(
    r"(?:(?<![\p{L}\d,] ?)|(?<=\b(?:PER|BY|WITH|PATIENT|PCP|FOR|TO|CC) ))"
    r"(?P<last>\p{Lu}{2,}(?:['\u2019-]\p{Lu}{2,})?), ?(?P<first>\p{Lu}{2,}(?:-\p{Lu}{2,})?)(?: \p{Lu}\b)?(?![\p{L}-]"
    r"|, ?\p{Lu})"
)
"""SMITH, JOHN"""
_RELATIVE = regex.compile(rf"(?r)\b(?:{'|'.join(RELATIVES)}),? $")
_JOINERS = frozenset((", ", " and ", ", and ", " & ", "; "))
_ENDS_SENTENCE = regex.compile(r"\p{Lu}\. (?P<next>\p{Lu}\p{Ll}+)")
"""After a title: an initial for a name, then the next sentence."""
_PLACE_BEFORE = regex.compile(r"(?r)\b(?:St\.?|Saint|San|Santa|North|South|East|West|New|Port|Lake|Mount|Fort) $")
_CITY_AFTER = regex.compile(r",? \p{Lu}{2}\b(?!,)")
_JOINED = regex.compile(rf"(?r)(?<![\p{{L}}\d-])(?P<value>{WORD})(?:,? and| &) $")
_PARTNERS = regex.compile(
    rf"(?<![\p{{L}}-])(?<!, )(?P<first>{WORD}), (?P<second>{WORD}),? (?:and|&) (?P<third>{WORD})(?![\p{{L}}-])"
)
_AND = regex.compile(r"(?:and|&) (?=[\p{Lu}'\u2019]|al-|el-|ad-|ar-|as-|an-|ash-|bin-)")
_SINGLE = regex.compile(WORD)
_MEMBERS = regex.compile(
    rf"\b(?i:members|guests|participants|attendees|players|students|passengers|witnesses|kids|children|siblings"
    rf"|names|staff|present"
    rf"|sons|daughters|brothers|sisters|friends|speakers|authors)(?: are| were| include"
    rf"|,)?:? (?P<value>{WORD}(?:(?:, | and |, and | & ){WORD}){{1,9}})(?![\p{{L}}-]| \p{{Lu}})"
)
_LISTED = regex.compile(rf"(?P<head>{WORD})(?:, (?P<more>{WORD}))*,? and (?P<last>{WORD})(?![\p{{L}}-]| \p{{Lu}})")


def find_names(text: str) -> Iterator[Span]:
    """Names of persons; the title is not part of the name. In a text all small or all large, where spelling mistakes
    look like names, only those of which a part is on a list."""
    if text.islower() or text.isupper():
        written, text = text, with_capitals(text)
        if written.isupper():
            yield from (span for span in applied(CUES, written) if _may_be_cued(written[span.start : span.end]))
        yield from _listed(text, sorted(set(_find_names(text))))
    else:
        shouted = _in_capitals(text)
        yield from _find_names(text if shouted is None else shouted)
        if shouted is not None:
            yield from (span for span in applied(CUES, text) if _may_be_cued(text[span.start : span.end]))
        for match in _LAST_FIRST.finditer(text):
            last, first = match["last"].lower(), match["first"].lower()
            known = last in family_names() or (first not in ordinary_words() and last not in medical_names())
            if known and any(part in given_names() for part in first.split("-")) and not is_eponym(text, *match.span()):
                yield Span(*match.span(), "NAME")


def find_unannounced(text: str) -> Iterator[Span]:
    """Names that their form alone tells, for texts with other identifiers."""
    yield from names_apart_en.find_names(text, class_of)


def _in_capitals(text: str) -> str | None:
    """The text with its lines of capitals as they might have been written, if it has any."""
    if not _SHOUTING.search(text):
        return None
    return _SHOUTING.sub(lambda match: with_capitals(match[0]), text)


def _listed(text: str, spans: list[Span]) -> list[Span]:
    """The names of which a part is on a list, those that a cue makes sure of, and those joined to one."""
    sure = [
        _has_listed(text[span.start : span.end])
        or _SURE.search(text[max(0, span.start - 16) : span.start]) is not None
        or _is_human(text, span.start, span.end)
        for span in spans
    ]
    return _with_neighbours(text, spans, sure)


def _with_neighbours(text: str, spans: list[Span], sure: list[bool]) -> list[Span]:
    """The spans that are sure, and those that a comma or an "and" joins to one."""
    pairs = list(itertools.pairwise(range(len(spans))))
    for one, other in (*pairs, *((other, one) for one, other in reversed(pairs))):
        left, right = sorted((spans[one], spans[other]))
        if sure[one] and text[left.end : right.start] in _JOINERS:
            sure[other] = True
    return [span for span, is_sure in zip(spans, sure, strict=True) if is_sure]


def _is_human(text: str, start: int, end: int) -> bool:
    return HUMAN_BEFORE.search(text[max(0, start - 32) : start]) is not None or HUMAN_AFTER.match(text, end) is not None


def _find_names(text: str) -> Iterator[Span]:
    for span in applied(TITLES, text):
        ended = _ENDS_SENTENCE.fullmatch(text[span.start : span.end])
        if not ended or class_of(ended["next"]) not in "wmc":
            yield span
    for span in applied(CUES, text):
        value = text[span.start : span.end]
        if _may_be_cued(value) and (
            not is_eponym(text, span.start, span.end) or _RELATIVE.search(text, max(0, span.start - 20), span.start)
        ):
            yield span
    yield from _in_pinyin(text)
    names = [span for match in _RUN.finditer(text) for span in _in_run(text, match.start(), match[0])]
    joined = " and " in text or " & " in text
    firms = _in_firms(text) if joined else []
    names = [span for span in names if not _is_within(span, firms)]
    yield from names
    if joined:
        yield from (span for span in _in_lists(text) if not _is_within(span, firms))
        yield from _in_groups(text)
        yield from _before_and(text, [span for span in names if " " in text[span.start : span.end]])


def _has_listed(name: str) -> bool:
    words = name.split()
    return (
        any(class_of(word) in "gsbd" for word in words) if len(words) > 1 else class_of(name) == "g" and len(name) > 4
    )


def is_distinctive(name: str) -> bool:
    """Whether a name, or a part of one, means nothing else: it may be replaced wherever it stands."""
    word = name.lower().strip(".,")
    if len(name) < 4 or word in ordinary_words():
        return False
    return word not in medical_names() or word in family_names()


def _may_be_cued(value: str) -> bool:
    """Not all words after a cue are ordinary: "my name is not on the list"."""
    words = [word for word in regex.split(r"[ ,.-]+", value.lower()) if len(word) > 1]
    if not words:
        return False
    if words[0] not in given_names() and (words[0] in NO_NAMES or words[-1] in PLACE_HEADS):
        return False
    if len(words) == 1 and words[0] in ordinary_words():
        return (
            len(words[0]) > (2 if value[0].isupper() else 3)
            and words[0] not in RELATIVES
            and (words[0] in given_names() or (value[0].isupper() and words[0] in family_names()))
        )
    if value[0].islower():
        return not any(word in ordinary_words() for word in words)
    return any(word not in ordinary_words() or word in given_names() or word in family_names() for word in words)


def is_eponym(text: str, start: int, end: int) -> bool:
    """Whether what comes after says that the name is a thing's."""
    if EPONYM.match(text, end):
        return True
    return "-" in text[start:end] and " " not in text[start:end] and DOUBLE_EPONYM.match(text, end) is not None


def _in_run(text: str, start: int, run: str) -> Iterator[Span]:
    """The name in a run of capitalised words, if there is one."""
    tokens = [(*match.span(), class_of(match[0])) for match in _TOKEN.finditer(run)]
    strong = STRONG.search(text[max(0, start - 48) : start]) is not None
    if len(tokens) > 1 and (announced := HUMAN_BEFORE.search(text, start, start + tokens[1][0])):
        tokens = [token for token in tokens if start + token[0] >= announced.end()]
    while len(tokens) > 1 and not strong and tokens[0][2] in "wmpfc":
        end = start + tokens[-1][1]
        if (
            tokens[0][2] == "c"
            and tokens[1][2] in "gsunifbd"
            and (AFTER.match(text, end) or CREDENTIAL.match(text, end))
        ):
            break
        if tokens[0][2] == "c" and (
            (tokens[1][2] in "gsu" and len(tokens) == 2) or HUMAN_BEFORE.search(text[max(0, start - 32) : start])
        ):
            break
        begin = start + tokens.pop(0)[1] + 1
        strong = STRONG.search(text[max(0, begin - 48) : begin]) is not None
    if tokens and (tokens[0][2] in "mp" or (tokens[0][2] == "w" and (len(tokens) == 1 or not strong))):
        tokens.pop(0)
    if tokens and (head := run[slice(*tokens[-1][:2])].lower().strip(".")) in PLACE_HEADS:
        known = len(tokens) > 1 and tokens[0][2] in "gbc" and head in family_names()
        if not known or not (strong or BEFORE.search(text[max(0, start - 32) : start])):
            return
    while tokens and tokens[-1][2] in ("pi" if strong else "wpi" if len(tokens) == 1 else "wpic"):
        tokens.pop()
    if tokens:
        first, last = start + tokens[0][0], start + tokens[-1][1]
        if _is_person(text, first, last, "".join(kind for *_, kind in tokens), strong):
            yield Span(first, last, "NAME")


@lru_cache(1 << 16)
def class_of(word: str) -> str:
    """A letter for what a word may be.

    i initial, p particle, g given name, s family name, w ordinary word, m medical word, u unknown; of two kinds are
    b ordinary and a given name, d medical and a given name, f ordinary and a family name, n medical and a family name,
    c of the calendar or a country and a given name.
    """
    if word[0].islower() and "-" not in word:
        return "p"
    if len(word.strip(".")) == 1:
        return "i"
    lowered = max(_PIECES.split(word.lower()), key=len)
    if (
        "-" in word
        and all(piece in ordinary_words() for piece in _PIECES.split(word.lower())) is False
        and lowered in (ordinary_words())
    ):
        return "u"
    if lowered in NO_NAMES:
        return "c" if lowered in given_names() and lowered != "per" else "w"
    if lowered in RELATIVES:
        return "w"
    given, family = lowered in given_names(), lowered in family_names()
    if lowered in ordinary_words():
        return "b" if given else "f" if family else "w"
    if lowered in medical_names():
        return "d" if given else "n" if family else "m"
    return "g" if given else "s" if family else "u"


def _is_person(text: str, start: int, end: int, kinds: str, strong: bool) -> bool:
    human = _is_human(text, start, end)
    if len(kinds) == 2 and text[start:end].lower() in HERBS:
        return False
    if is_eponym(text, start, end) or (not human and len(kinds) == 1 and LOOSE_EPONYM.match(text, end)):
        return False
    if (credential := CREDENTIAL.match(text, end)) and (len(kinds) > 1 or credential[0][-1] != "r"):
        return True
    before = text[max(0, start - 32) : start]
    cued, article = human or BEFORE.search(before) is not None, ARTICLE.search(before) is not None
    about = cued or AFTER.match(text, end) is not None
    if len(kinds) > 1:
        if strong and len(kinds) < 5 and (kinds[0] in "gbdc" or (kinds[0] in "us" and not article)):
            return True
        kinds = kinds.replace("c", "b")
        if not _WHOLE.fullmatch(kinds) and kinds not in _UNLISTED:
            return about and (
                kinds[0] in "gd"
                or (human and set(kinds) <= set("gsubdnfip"))
                or set(kinds) <= set("gsuip")
                or _LIKELY.fullmatch(kinds) is not None
            )
        if about or (set(kinds) & set("gbd") and kinds not in _UNLISTED) or set(kinds[1:-1]) & set("ip"):
            return True
        return kinds in _UNLISTED and not DETERMINER.search(before) and not FIRM_BEFORE.search(before)
    if kinds == "g" and not _is_double_family_name(text[start:end]):
        return not _PLACE_BEFORE.search(before) and not _CITY_AFTER.match(text, end)
    is_kind = kinds == "u" and text.startswith((" is ", " was "), end)  # "a hypergraph is"
    if article and (not cued or (is_kind and HUMAN_BEFORE.search(before) is None)):
        return False
    if kinds in "sbd" and CALLED.match(text, end) and (not before or before[-1] in '\n"\u201c' or before[-2] in ".?!"):
        return True
    if kinds in "bcd" and VOCATIVE.search(before) and VOCATIVE_AFTER.match(text, end):
        return True
    if human and kinds in "nfd":
        return True
    return (kinds in "gsubd" and about) or (kinds == "s" and AFTER_KNOWN.match(text, end) is not None)


def _is_double_family_name(word: str) -> bool:
    """Weber-Santana, which may be a firm or a method, unlike Anne-Marie."""
    first, hyphen, last = word.lower().partition("-")
    return bool(hyphen) and last in family_names() and (first in family_names() or first not in given_names())


def _in_pinyin(text: str) -> list[Span]:
    """Chinese names: those of two syllables by themselves, others beside what speaks for a person."""
    spans, sure = [], []
    for start, end, is_long in find_full_names(text):
        if not is_eponym(text, start, end) and not LOOSE_EPONYM.match(text, end):
            before = text[max(0, start - 48) : start]
            cued = BEFORE.search(before) or STRONG.search(before) or AFTER.match(text, end)
            listed = class_of(text[start:end].partition(" ")[0]) in "gs" and ARTICLE.search(before) is None
            spans.append(Span(start, end, "NAME"))
            sure.append(is_long or cued is not None or listed or _is_human(text, start, end))
    return _with_neighbours(text, spans, sure)


def _before_and(text: str, names: list[Span]) -> Iterator[Span]:
    """Ann, in "Ann and Mary Miller": a given name joined to a name."""
    for span in names:
        match = _JOINED.search(text, max(0, span.start - 24), span.start)
        if (
            match
            and class_of(match["value"]) in "gbcsud"
            and not ARTICLE.search(text[max(0, match.start() - 6) : match.start()])
        ):
            yield Span(*match.span("value"), "NAME")


def _in_groups(text: str) -> Iterator[Span]:
    """The members of a group: "her children Anna, Bo and Cid"."""
    for match in _MEMBERS.finditer(text):
        spans = [Span(*word.span(), "NAME") for word in _SINGLE.finditer(text, *match.span("value"))]
        if all(class_of(text[span.start : span.end]) in "gsubdnf" for span in spans):
            yield from spans


def _is_within(span: Span, stretches: list[tuple[int, int]]) -> bool:
    return any(start <= span.start < end for start, end in stretches)


def _around_and(text: str) -> list[tuple[int, int]]:
    """Where capitalised words are joined, with the list before them."""
    stretches: list[tuple[int, int]] = []
    for match in _AND.finditer(text):
        start, end = max(0, match.start() - 160), min(len(text), match.end() + 60)
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((start, end))
    return stretches


def _in_firms(text: str) -> list[tuple[int, int]]:
    """Where three family names stand for a firm: Barnett, Melton and Garcia."""
    found = []
    stretches = _around_and(text)
    for match in itertools.chain.from_iterable(_PARTNERS.finditer(text, start, end) for start, end in stretches):
        words = [match[group].lower() for group in ("first", "second", "third")]
        alone = all(word in family_names() for word in words)
        if alone and not _is_cued_list(text, match.start(), match.end()):
            found.append(match.span())
    return found


def _is_cued_list(text: str, start: int, end: int) -> bool:
    return BEFORE.search(text[max(0, start - 32) : start]) is not None or PLURAL_AFTER.match(text, end) is not None


def _in_lists(text: str) -> Iterator[Span]:
    """A list of names is one of persons if one is, and none is anything else: "Anna and Torres". Three family names and
    more are a firm, unless something before says that they are persons."""
    stretches = _around_and(text)
    for match in itertools.chain.from_iterable(_LISTED.finditer(text, start, end) for start, end in stretches):
        spans = [span for group in ("head", "more", "last") for span in match.spans(group)]
        kinds = {class_of(text[start:end]) for start, end in spans}
        before = text[max(0, match.start() - 32) : match.start()]
        cued = _is_cued_list(text, match.start(), match.end())
        persons = "g" in kinds or (len(spans) < 3 and not ARTICLE.search(before)) or cued
        named = kinds <= set("gsubdnf") and (cued or kinds & set("gs"))
        if named and persons and not EPONYM.match(text, match.end()):
            yield from (Span(*span, "NAME") for span in spans)
