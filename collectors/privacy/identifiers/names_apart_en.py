"""Names in Latin script that nothing announces, in a text that holds other identifiers: two words of the lists of
names, or that no list of words knows; initials; the family name first; capitals.

Alone such forms mean too many other things (Grace Period, Vitamin D); among identifiers they are persons.
"""

from collections.abc import Callable, Iterator

import regex

from collectors.privacy.identifiers.eponyms import EPONYM, LOOSE_EPONYM, PLACE_HEADS
from collectors.privacy.identifiers.hl7 import is_message
from collectors.privacy.identifiers.name_cues_en import PARTICLE, RELATIVES, ROLE, WORD
from collectors.privacy.identifiers.names_pinyin import HERBS, is_given, is_surname
from collectors.privacy.identifiers.rule import Span
from collectors.privacy.identifiers.words import family_names, given_names, medical_names, ordinary_words

_NOT_BEFORE = r"(?<![\p{L}\d@/_.'\u2019-])"
_NOT_AFTER = r"(?![\p{L}\d@_]|[-'\u2019]\p{L}{2})"
_PAIR = regex.compile(
    rf"{_NOT_BEFORE}(?P<value>(?P<first>{WORD})(?: (?:\p{{Lu}}\.?|{PARTICLE})){{0,2}} (?P<last>{WORD})){_NOT_AFTER}"
)
_INITIALS = regex.compile(
    rf"{_NOT_BEFORE}(?P<value>(?:\p{{Lu}}\.[ -]?){{1,2}} ?(?P<last>(?:\p{{Lu}}\p{{Ll}}{{0,2}})?{WORD})){_NOT_AFTER}"
)
_BARE_INITIALS = regex.compile(
    rf"(?:\b(?:Dr|Mr|Mrs|Ms|Prof)\.? |(?<=[\n|:(,;]\s?))(?P<value>\p{{Lu}} (?:\p{{Lu}} )?(?P<last>{WORD})){_NOT_AFTER}"
)
_INITIAL_LAST = regex.compile(rf"{_NOT_BEFORE}(?P<value>(?P<first>{WORD}) \p{{Lu}})(?:\.|(?=[,;\n|)\"\u201d])|$)")
_LAST_FIRST = regex.compile(
    rf"{_NOT_BEFORE}(?P<value>(?:{PARTICLE} )?(?P<last>{WORD}(?: {WORD})?)"
    rf", (?P<first>{WORD})(?: \p{{Lu}}\b\.?)?){_NOT_AFTER}"
)
_LAST_INITIAL = regex.compile(rf"{_NOT_BEFORE}(?P<value>(?P<first>{WORD}), \p{{Lu}}\.(?: ?\p{{Lu}}\.)?)(?!\w)")
_CARETS = regex.compile(
    r"(?<![\w^])(?P<value>\p{L}[\p{L}'\u2019-]{1,20}"
    r"(?: \p{L}[\p{L}'\u2019-]{1,20}){0,2}\^\p{L}[\p{L}'\u2019-]{0,20}(?:\^[\p{L}'\u2019.]{0,20}){0,3})"
)
"""The components of a name in DICOM and HL7."""
_CAPITAL = r"\p{Lu}[\p{Lu}'\u2019-]+"
_CAPITALS = regex.compile(
    rf"{_NOT_BEFORE}(?=(?P<value>(?P<first>{_CAPITAL}) (?:\p{{Lu}}\.? )?(?P<last>{_CAPITAL}))(?![\p{{L}}\d]))"
)
_CAPITALS_LAST_FIRST = regex.compile(
    rf"{_NOT_BEFORE}(?P<value>(?:(?:BIN|VAN|DE|AL|EL|DER|LA) ){{0,2}}(?P<last>{_CAPITAL}), ?(?P<first>{_CAPITAL})"
    r"(?: \p{Lu}\b\.?)?)(?![\p{L}\d]|, ?\p{Lu})"
)
_SURNAME_IN_CAPITALS = regex.compile(
    rf"{_NOT_BEFORE}(?P<value>(?P<last>\p{{Lu}}{{2,}}) (?P<first>\p{{Lu}}\p{{Ll}}+)(?: \p{{Lu}}\p{{Ll}}+"
    rf"|-\p{{Lu}}?\p{{Ll}}+)?){_NOT_AFTER}"
)
_THREE = regex.compile(
    rf"{_NOT_BEFORE}(?P<value>(?P<last>\p{{Lu}}\p{{Ll}}{{1,8}}) \p{{Lu}}\p{{Ll}}{{1,6}}(?: \p{{Lu}}"
    rf"|-\p{{Lu}}?)\p{{Ll}}{{1,6}}){_NOT_AFTER}"
)
"""Lim Ah Kow, Tan Wei Ling."""
_STAFF = (
    r"PCP|PMD|CNM|CRNA|DPM|RN|LPN|LVN|HCA|CNA|NP|PA|MD|GP|SW|PT|OT|RT|SLP|SHO|ODP|scribe|medic|crew|biller|sponsor|asst|cc|attn|cards"
    r"|neuro|pulm|renal|heme|onc|ortho"
)
_OF_FIRMS = (
    "ins|insurance|insurer|payer|payor|carrier|plan|employer|company|facility|hospital|clinic|pharmacy|dept|department|unit"
    "|service|product|drug|brand|manufacturer|vendor|lab|site|location|campus|school|agency"
)
_STAFFED = regex.compile(
    rf"(?<![\p{{L}}-])(?:(?i:{ROLE}|{_STAFF})(?::|,| is|'s name is)? "
    rf"|(?!(?i:{_OF_FIRMS})\b)(?i:[\p{{L}}-]{{2,14}}(?: [\p{{L}}]{{2,10}})?): ?)"
    rf"(?P<value>(?P<last>{WORD}))(?![\p{{L}}\d@_]|[-'\u2019]\p{{L}}{{2}}| \p{{Lu}}\p{{Ll}})"
)
_SMALL = regex.compile(
    rf"(?<![\p{{L}}-])(?P<cue>(?i:{'|'.join(RELATIVES)}|pcp|rn|dr|mr|mrs|ms|cards|neuro|pulm|renal|ortho|attending"
    rf"|named|called|name is|i'm|i am|this is)):? (?P<value>\p{{Ll}}{{3,}}(?: \p{{Ll}}{{3,}})?)(?![\p{{L}}'\u2019-])"
)
_TITLED = frozenset(["pcp", "dr", "mr", "mrs", "ms", "cards", "neuro", "pulm", "renal", "ortho", "attending"])
"""Behind these a family name may be a word too: pcp smith."""
_NO_NAME_SMALL = frozenset(
    [
        "will",
        "may",
        "can",
        "call",
        "page",
        "note",
        "notes",
        "see",
        "said",
        "says",
        "visit",
        "care",
        "back",
        "here",
        "there",
        "home",
        "day",
        "good",
        "best",
        "long",
        "short",
        "note",
        "office",
        "order",
        "orders",
        "plan",
        "start",
        "stop",
        "case",
        "line",
        "park",
        "field",
        "well",
        "wants",
        "wait",
        "love",
        "hope",
        "rest",
        "room",
    ]
)
_ANNOUNCES = regex.compile(
    rf"(?r)(?:(?<![\p{{L}}-])(?i:{ROLE}|{_STAFF})(?::|,|'s name is)? |(?:^|\n)[ \t]*\p{{Lu}}[\p{{L}} ]{{1,20}}: ?"
    r"|(?i:signed|dictated|reviewed|seen|read|prepared|approved|verified|entered|collected|performed|authenticated|attested"
    r"|transcribed|interpreted|witnessed|obtained|referred|accompanied|taken|completed|note|notes|report|letter|exam"
    r"|consult|addendum|documented|charted|administered|drawn|updated|covered|relieved|paged)(?: electronically"
    r"| digitally)? by "
    r"|\d\d:\d\d(?::\d\d)?\]? - |(?i:(?:statement|chart|record|care|name|signature|consent|behalf) of )|[Dd]ear )$"
)
_FIRM_LABEL = regex.compile(rf"(?r)\b(?i:{_OF_FIRMS}): ?$")
_SLASHED = regex.compile(rf"(?<![\p{{L}}/])(?P<value>(?P<first>{WORD}))/(?P<other>(?P<last>{WORD}))(?![\p{{L}}/])")
_ARTICLE = regex.compile(r"(?r)\b(?:[Tt]he|[Aa]n?|[Tt]his|[Tt]hat|[Ee]ach|[Ee]very|[Nn]o|[Oo]ur|[Yy]our|[Aa]ny) $")


def find_names(text: str, class_of: Callable[[str], str]) -> Iterator[Span]:
    """Names by their form. `class_of` tells what a word may be, by the letters of `names_en`."""
    for match in _PAIR.finditer(text, overlapped=True):
        if _is_pair(text, match, class_of(match["first"]), class_of(match["last"])):
            yield Span(*match.span("value"), "NAME")
    for pattern in (_INITIALS, _BARE_INITIALS):
        for match in pattern.finditer(text):
            kind = class_of(match["last"])
            known = kind in "gsfbnd" or (kind == "u" and _is_alone(text, *match.span("value")))
            if (known or (kind in "uwm" and _is_announced(text, match))) and not _stands_for_thing(text, match):
                yield Span(*match.span("value"), "NAME")
    for match in _INITIAL_LAST.finditer(text):
        kind = class_of(match["first"])
        if (kind in "gs" or (kind in "bufd" and _is_alone(text, *match.span("value")))) and not _stands_for_thing(
            text, match
        ):
            yield Span(*match.span("value"), "NAME")
    for match in _LAST_FIRST.finditer(text):
        first, last = class_of(match["first"]), class_of(match["last"].split()[-1])
        alone = _is_alone(text, *match.span("value"))
        chinese = is_surname(match["last"]) and is_given(match["first"])
        if chinese or (
            last in "gsufnbd"
            and (
                first == "g"
                or (first == "b" and last in "su")
                or (alone and (first in "gbdcu" or (first in "wfs" and last in "su")) and last != "b")
            )
        ):
            yield Span(*match.span("value"), "NAME")
    for match in _LAST_INITIAL.finditer(text):
        kind = class_of(match["first"])
        if kind in "gsu" or (kind in "nfbd" and text[match.start() - 1 : match.start()] in ("", "\n")):
            yield Span(*match.span("value"), "NAME")
    for match in () if is_message(text) else _CARETS.finditer(text):
        yield Span(*match.span("value"), "NAME")
    for match in _CAPITALS.finditer(text):
        first, last = class_of(match["first"].title()), class_of(match["last"].title())
        if (
            first in "gbd"
            and (last in "sufgn" or first + last == "gb")
            and first + last not in ("bu", "du")
            and not _stands_for_thing(text, match)
        ):
            yield Span(*match.span("value"), "NAME")
    for match in _CAPITALS_LAST_FIRST.finditer(text):
        first, last = class_of(match["first"].title()), class_of(match["last"].title())
        korean = "-" in match["first"] and is_surname(match["last"])
        unknown = first == "u" and last in "su" and _is_alone(text, *match.span("value"))
        if (
            (korean or unknown or first in "gbdc" or (first == "u" and last == "s"))
            and last in "sufgnbdm"
            and not _stands_for_thing(text, match)
        ):
            yield Span(*match.span("value"), "NAME")
    yield from _east_asian(text)
    for match in _STAFFED.finditer(text):
        if class_of(match["last"]) in "gsu" and not _stands_for_thing(text, match):
            yield Span(*match.span("value"), "NAME")
    for match in _SMALL.finditer(text):
        yield from _small(match)
    for match in _SLASHED.finditer(text):
        if class_of(match["first"]) in "gsu" and class_of(match["last"]) in "gsu":
            for group in ("value", "other"):
                if match[group].lower() not in medical_names():
                    yield Span(*match.span(group), "NAME")


def _stands_for_thing(text: str, match: regex.Match) -> bool:
    """Whether an article stands before, or what eponyms stand before comes after."""
    start, end = match.span("value")
    return (
        EPONYM.match(text, end) is not None
        or LOOSE_EPONYM.match(text, end) is not None
        or _ARTICLE.search(text, max(0, start - 8), start) is not None
    )


def _is_announced(text: str, match: regex.Match) -> bool:
    """Whether a role, a label or a speaker's turn stands before."""
    start = match.start("value")
    if _FIRM_LABEL.search(text, max(0, start - 24), start):
        return False
    return _ANNOUNCES.search(text, max(0, start - 40), start) is not None


def _is_pair(text: str, match: regex.Match, first: str, last: str) -> bool:
    announced = _is_announced(text, match)
    if last in "pi" or first in "mpi" or (first == "w" and not announced) or _stands_for_thing(text, match):
        return False
    if match["last"].lower() in PLACE_HEADS and first != "g" and not announced:
        return False
    if announced:
        return first in "gbdcsu" or (first in "wf" and last in "su")
    if first in "gbdc":
        both = match["first"].lower() in given_names() and match["last"].lower() in family_names()
        return (first == "g" and last in "wm") or (
            last in "sgufnbdc" and (both or first + last not in ("bu", "cu", "du", "bb", "cb", "db", "dd", "bd", "cd"))
        )
    if first == "u" and last == "b":
        return match["last"].lower() in family_names()
    return first + last in ("un", "us", "ss", "uu", "sg", "ug", "su", "sf", "ns")


def _is_alone(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    begins = not before or before[-1] in '\n|\t:("\u201c' or before in (": ", "| ", ". ", "; ")
    return begins or not after or after[0] in '\n|\t)"\u201d' or after in (" |", " (")


def _east_asian(text: str) -> Iterator[Span]:
    for match in _SURNAME_IN_CAPITALS.finditer(text):
        given = match["first"].lower()
        if (is_surname(match["last"]) and is_given(given)) or (
            match["last"].lower() in family_names()
            and given not in medical_names()
            and (given not in ordinary_words() or given in given_names())
        ):
            yield Span(*match.span("value"), "NAME")
    for match in _THREE.finditer(text):
        words = regex.split("[ -]", match["value"].lower())
        usual = [word for word in words[1:] if word in ordinary_words()]
        if is_surname(words[0]) and not usual and " ".join(words[:2]) not in HERBS and words[0] not in ordinary_words():
            yield Span(*match.span("value"), "NAME")


def _small(match: regex.Match) -> Iterator[Span]:
    """Names written small behind a role: those that are on a list of names, and no word."""
    end = match.start("value")
    titled = match["cue"].lower() in _TITLED
    for word in match["value"].split():
        is_name = word in given_names() or word in family_names()
        is_word = word in ordinary_words() or word in medical_names()
        called = word in family_names() if titled else len(word) > 3 and word in given_names()
        if not is_name or (is_word and not called) or word in _NO_NAME_SMALL:
            break
        end = match.start("value") + match["value"].index(word) + len(word)
    if end > match.start("value"):
        yield Span(match.start("value"), end, "NAME")
