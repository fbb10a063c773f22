"""Names of persons in Chinese text, by weight of evidence.

A candidate is a surname and one or two characters. What it is made of, how the dictionary cuts it, and what stands
before and after it each count; a candidate of enough weight is a name. So a common surname with usual characters needs
little around it (刘洋说), a word of the language needs a label or the person's sex (姓名:高原), and what nothing
speaks for is none. Names without a surname (of other peoples) are known by their parts or by a dot.
"""

import itertools
import re
from collections.abc import Iterator

from collectors.privacy.identifiers import name_cues_zh as cues
from collectors.privacy.identifiers import name_parts_zh as parts
from collectors.privacy.identifiers.rule import Span
from collectors.privacy.identifiers.words import family_names, given_names, medical_names, medical_strings
from collectors.privacy.identifiers.words_zh import Words, are_words, is_word, words_of

ENOUGH = 7
ENOUGH_AMONG_IDENTIFIERS = 5
"""Where a text holds other identifiers, a candidate is likelier to be a person."""
_LEFT_WEIGHTS = {"answer": 5, "form": 5, "person": 5, "role": 4, "label": 3, "verb": 3, "suffix": 3, "weak": 2}
_RIGHT_WEIGHTS = {"identity": 8, "details": 5, "title": 4, "act": 2}
_GAPS = frozenset(":：叫 \t\u3000|│")
_FIELDS = ("answer", "form", "person")
"""Cues that ask for a name, and hardly for anything else."""
_HAN_CLASS = "[\u4e00-\u9fff]"
_SURNAME = re.compile(rf"(?={parts.LONG}|[{parts.SURNAMES}])")
_CANDIDATE = re.compile(rf"(?={parts.LONG}|[{parts.SURNAMES}](?![{''.join(sorted(parts.NEVER))}])[\u4e00-\u9fff])")
"""A surname, and what may be a given name's first character."""
_CUED_SURNAME = re.compile(rf"(?={parts.LONG}|[{parts.SURNAMES}{parts.RARE}])")
_RARE = frozenset(parts.RARE)
_APART = re.compile(rf"(?:^|(?<=[{parts.STOPS}经由请找]))(?=[{parts.RARE}]{_HAN_CLASS})", re.MULTILINE)
"""Where a rare surname may stand without a cue."""
_LONG = re.compile(parts.LONG)
_ELSEWHERE = re.compile(rf"(?:{parts.ELSEWHERE})(?:{parts.ELSEWHERE}){{0,2}}")
_LATIN = re.compile(r"[A-Z][A-Za-z'\u2019-]+[ ,·]{1,2}[A-Z][A-Za-z]|[a-z] name")
_SPACED = re.compile("[\u4e00-\u9fff][ \u3000]{1,4}[\u4e00-\u9fff]")
_NUMERALS = re.compile("[〇零一二三四五六七八九十][·•‧・][〇零一二三四五六七八九十]")
_COUNTED = re.compile("[这那哪一二两三几每数半多]张")
_SEX = re.compile(r"[（(，,]\s?[男女]性?[，,、\s]")
"""Without these there is no use in looking for names in Latin letters, or with blanks."""
_FOREIGN = re.compile(f"[{''.join(sorted(parts.FOREIGN))}]{{3,10}}")
_MEDICINE = re.compile("[\u4e00-\u9fff]{0,2}?(?:[特汀松钠片素唑酮胺霜膏丸]|胶囊|颗粒|注射|缓释|口服液|凝胶)")
"""After the syllables of a medicine's name: 孟鲁司|特."""
_HAN = re.compile(_HAN_CLASS)
_HANS = re.compile("[\u4e00-\u9fff]+")
_ORGANISATION = re.compile("(?:银行|支行|信用社|公司|医院|卫生院|诊所|大学|学院|中心)$")
_ANSWER = re.compile("[\u4e00-\u9fff]{2,6}")
_PLAIN = frozenset(parts.PLAIN)
_GRAMMAR = ("p", "c", "u", "r", "q")


def find_names(text: str, enough: int = ENOUGH) -> Iterator[Span]:
    """Names of persons; titles and cues are not part of a name. Masked names (李某) name nobody."""
    words = words_of(text)
    before: dict[int, str] = {}
    for match in cues.LEFT.finditer(text):
        before[match.end()] = match.lastgroup
    for colon in cues.COLON.finditer(text):
        if colon.end() not in before and (label := cues.LABEL.search(text, max(0, colon.start() - 20), colon.start())):
            before[colon.end()] = label.lastgroup
    if enough < ENOUGH:
        for gap in cues.GAP.finditer(text):
            before.setdefault(gap.end(), gap.lastgroup)
    found: dict[int, int] = {}
    for match in cues.DOTTED.finditer(text) if cues.DOT.search(text) else ():
        if _NUMERALS.search(match[0]):
            continue
        start, end = _dotted(text, words, before, *match.span())
        found[start] = end
    for match in _ELSEWHERE.finditer(text):
        start, end = match.start(), _spelled_on(text, words, match.end())
        if _SURNAME.match(text, start):
            end = max(end, _best(text, words, before, start, enough) or 0)
        if _around(text, words, before, start, end) + 4 >= enough:
            found.setdefault(start, end)
    for start, kind in before.items():
        if (end := _foreign(text, start)) and not is_word(text[start:end]):
            found.setdefault(start, end)
        if kind in _FIELDS and (end := _answer(text, words, start, kind == "answer")):
            found.setdefault(start, end)
    taken = 0
    titled = {match.start("value") for match in cues.SHORT_BEFORE_TITLE.finditer(text)}
    for match in _CANDIDATE.finditer(text):
        start = match.start()
        if start < taken or start in found or start in titled or start + 1 in titled:
            continue
        if text[start] == "张" and _COUNTED.match(text, start - 1):
            continue
        if start + 1 in before and _SURNAME.match(text, start + 1):
            continue
        if end := _best(text, words, before, start, enough):
            found[start] = end
            taken = end
    for start in _where_rare(text, before) if enough < ENOUGH else ():
        if start not in found and (end := _best(text, words, before, start, enough)):
            found[start] = end
    for start, end in _beside(text, words, found, enough):
        found[start] = end
    for match in cues.LATIN.finditer(text) if _LATIN.search(text) else ():
        if not any(is_medical(word) for word in match[match.lastgroup].replace(",", " ").split()):
            found.setdefault(*match.span(match.lastgroup))
    for pattern in (cues.IDENTIFIED, cues.ESCORTED, cues.SIGNED, cues.NICKNAMED):
        for match in pattern.finditer(text) if pattern is not cues.IDENTIFIED or _SEX.search(text) else ():
            if _may_be_called(text, words, pattern, *match.span("value")):
                found[match.start("value")] = match.end("value")
    for match in cues.SPACED_CELL.finditer(text) if enough < ENOUGH and _SPACED.search(text) else ():
        if _is_spaced_name(match["value"], match["label"] is not None):
            found.setdefault(*match.span("value"))
    for pattern in (cues.SHORT_BEFORE_TITLE, cues.FAMILIAR, cues.SPACED):
        for match in pattern.finditer(text) if pattern is not cues.SPACED or _SPACED.search(text) else ():
            found.setdefault(*match.span("value"))
    yield from (Span(start, end, "NAME") for start, end in found.items() if not cues.DOSE.match(text, end))
    yield from _in_lists(text, words)
    for match in cues.ROSTER.finditer(text):
        items = [Span(*item.span(), "NAME") for item in cues.ITEM.finditer(text, *match.span("list"))]
        if all(_CUED_SURNAME.match(text, item.start) and not _is_never(text[item.start : item.end]) for item in items):
            yield from items


def may_be_name(value: str) -> bool:
    """Whether a value that stands where a name is asked for can be one: a surname, or syllables of other peoples."""
    if value in parts.NO_ANSWER or value in parts.NOT_NAMES or not parts.NEVER.isdisjoint(value):
        return False
    known = _CUED_SURNAME.match(value) or _ELSEWHERE.match(value)
    return known is not None or "·" in value or parts.FOREIGN.issuperset(value)


def _where_rare(text: str, before: dict[int, str]) -> list[int]:
    """Where a rare surname may begin a name: behind a cue, or at the edge of a phrase."""
    cued = (start for start in before if text[start : start + 1] in _RARE)
    return sorted({*cued, *(match.start() for match in _APART.finditer(text))})


def _is_spaced_name(written: str, labelled: bool) -> bool:
    """Whether characters set apart, 张  三, spell a name and no word that is set so (时  间)."""
    value = "".join(written.split())
    if value in parts.NOT_NAMES or value in parts.NO_ANSWER or not parts.NEVER.isdisjoint(value):
        return False
    doubtful = value[0] in _RARE or value[0] in parts.FUNCTION
    return labelled or (not is_word(value) and (not doubtful or parts.GIVEN.issuperset(value[1:])))


def _may_be_called(text: str, words: Words, pattern: re.Pattern, start: int, end: int) -> bool:
    """Whether what a pattern of names has found is no word that stands in the same places."""
    value = text[start:end]
    if value in parts.NO_ANSWER or "某" in value:
        return False
    if pattern is cues.IDENTIFIED:
        return True
    if value in parts.NOT_NAMES or not parts.NEVER.isdisjoint(value):
        return False
    if pattern is cues.NICKNAMED:
        return not is_word(value)
    if pattern is cues.SIGNED:
        surname = _LONG.match(text, start)
        made = _made_like_name(text, words, start, end, len(surname[0]) if surname else 1)
        return made is not None and made > 0 and not _is_medicine(text, start, end)
    return True


def is_medical(word: str) -> bool:
    """CT, MRI, Holter: an abbreviation, or a word of medicine."""
    small = word.lower()
    return not set(small) & set("aeiouy") or len(small) < 2 or small in medical_names() - given_names() - family_names()


def _spelled_on(text: str, words: Words, end: int) -> int:
    """How far a name of another people reaches beyond its known parts: 买买提|江."""
    for stop in range(min(len(text), end + 4), end, -1):
        if parts.FOREIGN.issuperset(text[end:stop]) and (_is_bounded(text, stop) or cues.RIGHT.match(text, stop)):
            return stop
    return end


def _foreign(text: str, start: int) -> int | None:
    """The end of what is spelled like a name of another people, before a stop or what people do."""
    run = _FOREIGN.match(text, start)
    for end in range(run.end(), start + 2, -1) if run else ():
        if _is_bounded(text, end) or cues.RIGHT.match(text, end):
            return end
    return None


def _is_bounded(text: str, end: int) -> bool:
    return cues.ENDS.match(text, end) is not None or _is_details(text, end)


def is_distinctive(name: str) -> bool:
    """Whether a name can be replaced wherever it stands: it is no word, and hardly ever a part of two."""
    if name in parts.NOT_NAMES or is_word(name):
        return False
    return len(name) > 2 or (len(name) == 2 and name[0] in parts.PLAIN)


def _best(text: str, words: Words, before: dict[int, str], start: int, enough: int) -> int | None:
    """The end of the weightiest name that begins here, if it weighs enough; of two as heavy, the longer."""
    given = text[start + 1 : start + 3]
    if enough < ENOUGH and text[start] in parts.FUNCTION and not (len(given) > 1 and parts.GIVEN.issuperset(given)):
        enough += 1
    most, best = enough - 1, None
    surname = _LONG.match(text, start)
    length = len(surname[0]) if surname else 1
    cued = before.get(start) in (*_FIELDS, "role")
    double = length == 1 and text[start] in _PLAIN and text[start + 1 : start + 2] in parts.SURNAMES
    longest = start + length + (3 if double or cued else 2)
    for end in range(start + length + 1, min(longest, len(text)) + 1):
        made = _made_like_name(text, words, start, end, length, cued)
        least = most - (most >= enough)
        if made is None or (weight := made + _around(text, words, before, start, end)) <= least:
            continue
        if before.get(start) not in _FIELDS:
            weight -= _is_medicine(text, start, end)
        if start and start not in before and are_words(text[start - 1 : start + 1], text[start + 1 : end]):
            weight -= 2  # 病程|记录
        if weight <= least or (not cued and _MEDICINE.match(text, end)):
            continue
        if enough <= weight < ENOUGH and start not in before and is_word(text[start:end]):
            continue
        most, best = max(most, weight), end
    return best


def _is_medicine(text: str, start: int, end: int) -> int:
    """What it weighs against a name that a term of medicine, or its beginning, is written alike."""
    if any(text[start:stop] in medical_strings() for stop in range(end, start + 5)):
        return 4
    return 2 * (end - start > 2 and text[start : start + 2] in medical_strings())


def _made_like_name(text: str, words: Words, start: int, end: int, length: int, cued: bool = False) -> int | None:
    """The weight of a candidate by itself, its surname `length` characters long; None for what can be no name. After a
    cue the dictionary may cut as it likes: 家|属于|洪波."""
    value, given = text[start:end], text[start + length : end]
    if (
        _HANS.fullmatch(given) is None
        or value in parts.NOT_NAMES
        or value in parts.NO_ANSWER
        or (length == 1 and value[:2] in parts.NOT_NAMES)
        or text[start : start + 3] in parts.NOT_NAMES
    ):
        return None
    first, tag = words.at(start) if words.begins(start) else (start, "")
    known = first == end and tag.startswith("nr")
    if parts.NEVER.intersection(given) or (
        not known and (given[-1] in parts.NOT_LAST or parts.LINKS.intersection(given))
    ):
        return None
    usual = parts.GIVEN.issuperset(given)
    if len(given) > 2 and not usual:
        if given[0] not in parts.SURNAMES or not parts.GIVEN.issuperset(given[1:]):
            return None
        usual = True
    word = value[0] in parts.FUNCTION or value[0] in _RARE
    if word and not cued and _MEDICINE.fullmatch(given[-1]):
        return None
    common = value[0] in parts.PLAIN or (len(value) > 2 and value[0] in parts.WORDLIKE)
    weight = 3 if length > 1 else 2 if common else 0 if word else 1
    weight += usual + (len(value) > 2) - 2 * (word and not usual)
    weight += usual and not parts.RARELY_ELSE.isdisjoint(given)
    if not words.begins(end):
        weight -= 1 if text[end] in "和与" else 3
    if first == start:
        return weight - (1 if cued else 2)
    if length > 1:
        return weight
    if tag.startswith("nr") and first - start > 1:
        return weight + (1 + (common and len(value) > 2) if usual else 0)
    if first - start <= length:  # the surname is a word to the dictionary, and perhaps the given name is one
        stop, tag = words.at(first)
        if len(given) == 1 or stop == first + 1:
            return weight - 2 if tag.startswith(_GRAMMAR) else weight + 1
        known = usual and (cued or value[0] not in parts.FUNCTION)
        return weight + tag.startswith("nr") if known else weight - 2 + usual
    if first == end and len(value) == 2:
        return weight - (1 if tag.startswith(("ns", "nz")) else 3 if tag[0] in "adt" else 2)
    return weight if usual and tag.startswith(("ns", "nz")) else weight - 4


def _around(text: str, words: Words, before: dict[int, str], start: int, end: int) -> int:
    """The weight of what stands on both sides."""
    cued = start in before
    left = _LEFT_WEIGHTS[before[start]] if cued else words.left(start)
    if match := cues.RIGHT.match(text, end):
        alone = match.lastgroup != "act" and not cued and cues.BEGINS.match(text, start) is not None
        return left + _RIGHT_WEIGHTS[match.lastgroup] + alone
    apart = cues.BEGINS.match(text, start) is not None and cues.ENDS.match(text, end) is not None
    apart = apart and text[start - 1 : start] not in tuple('(（"“《「')
    begins = cues.BEGINS.match(text, start) is not None and words.begins(end) and end < len(text)
    apart = apart or (begins and end - start == 3 and text[start] in parts.PLAIN and words.at(end)[1].startswith("v"))
    if (
        cued
        and before[start] in ("role", "form", "person")
        and end - start == 3
        and parts.GIVEN.issuperset(text[start + 1 : end])
    ):
        left += 1
    left += apart and not cued and (end - start > 2 or text[start] in parts.PLAIN) and not is_word(text[start:end])
    return left + words.right(end) + 2 * (cued and cues.ENDS.match(text, end) is not None)


def _answer(text: str, words: Words, start: int, asked: bool) -> int | None:
    """The end of what fills a field for a name, if it can be one."""
    run = _ANSWER.match(text, start)
    if run is None:
        return None
    for end in range(start + 2, run.end() + 1):
        if cues.ENDS.match(text, end) or _is_details(text, end):
            value = text[start:end]
            spelled = words.is_spelled(start, end)
            if value in parts.NO_ANSWER or _ORGANISATION.search(value) or _is_next_label(text, start, end):
                return None
            if len(value) > (6 if asked or parts.FOREIGN.issuperset(value) else 4):
                return None
            if text[start - 1] in _GAPS and (asked or spelled):
                return end
            if text[start - 1] in _GAPS and len(value) < 4 and _CUED_SURNAME.match(text, start) and _is_free(value):
                return end
            surname = _LONG.match(text, start)
            made = _CUED_SURNAME.match(text, start) and _made_like_name(
                text, words, start, end, len(surname[0]) if surname else 1
            )
            return end if made is not None and len(value) < 5 and made >= (2 if asked else -1) else None
    return None


def _is_next_label(text: str, start: int, end: int) -> bool:
    """Whether the field was left open, and this is the label of the next line."""
    blank = text[max(0, start - 9) : start]
    return text[end : end + 1] in (":", "：") and "\n" in blank[len(blank.rstrip()) :]


def _is_free(value: str) -> bool:
    """Not known to be anything else."""
    return value[:2] not in parts.NOT_NAMES and value not in medical_strings() and parts.NEVER.isdisjoint(value)


def _is_details(text: str, end: int) -> bool:
    match = cues.RIGHT.match(text, end)
    return match is not None and match.lastgroup == "details"


def _dotted(text: str, words: Words, before: dict[int, str], start: int, end: int) -> tuple[int, int]:
    """A name with dots, out of a run of characters: from the cue or the longer word before it to the one after it."""
    dots = [place for place in range(start, end) if not _HAN.match(text, place)]
    first, last = dots[0] - 1, dots[-1] + 1
    cued = [place for place in range(start, first) if before.get(place) in (*_FIELDS, "role")]
    if cued:
        first = start = cued[-1]
    while first > start and first not in before and not _divides(words, text, first - 1, first):
        first -= 1
    while last < end and (last == dots[-1] + 1 or not _divides(words, text, last, last + 1)):
        part = _ELSEWHERE.match(text, last)
        last = part.end() if part else words.at(last)[0] if words.begins(last) else last + 1
    return first, min(last, end)


def _divides(words: Words, text: str, start: int, end: int) -> bool:
    """Whether the character belongs to a word that no name holds."""
    begin = words.beginning(start)
    stop, tag = words.at(begin)
    if stop - begin > 1:
        return not tag.startswith(("nr", "ns", "nz", "x"))
    return text[start:end] in parts.NEVER or tag.startswith(("p", "c", "u", "r", "d", "q"))


def _beside(text: str, words: Words, found: dict[int, int], enough: int) -> Iterator[tuple[int, int]]:
    """Names joined to one that was found by 、 or "and"."""
    todo = list(found.items())
    while todo:
        start, end = todo.pop()
        if match := cues.JOINED.match(text, end):
            following = match.end()
            surname = _CUED_SURNAME.match(text, following)
            if (
                surname
                and following not in found
                and (stop := _best(text, words, {following: "role"}, following, enough))
            ):
                todo.append((following, stop))
                yield following, stop
        match = cues.JOINED_BEFORE.search(text, max(0, start - 12), start)
        for begin in range(match.start() - 2, max(-1, match.start() - 5), -1) if match else ():
            surname = _CUED_SURNAME.match(text, begin) and (_LONG.match(text, begin) or text[begin])
            if surname and begin not in found:
                length = 1 if isinstance(surname, str) else len(surname[0])
                made = begin + length < match.start() and _made_like_name(text, words, begin, match.start(), length)
                if made and made + words.left(begin) + 3 >= enough:
                    todo.append((begin, match.start()))
                    yield begin, match.start()
                    break


def _in_lists(text: str, words: Words) -> Iterator[Span]:
    """Before "三位患者", if all items of the list can be names."""
    lists = (cues.LISTED.finditer(text, *window) for window in cues.LIST_ENDS.windows(text))
    for match in itertools.chain.from_iterable(lists):
        spans, start = [], match.start("list")
        for separator in (*cues.SEPARATORS.finditer(text, *match.span("list")), None):
            end = separator.start() if separator else match.end("list")
            spans.append(Span(start, end, "NAME"))
            start = separator.end() if separator else end
        if all(_is_item(text, span.start, span.end) for span in spans):
            yield from spans


def _is_never(value: str) -> bool:
    return value in parts.NO_ANSWER or not parts.NEVER.isdisjoint(value)


def _is_item(text: str, start: int, end: int) -> bool:
    value = text[start:end]
    if value in parts.NOT_NAMES or value in parts.NO_ANSWER or parts.NEVER.intersection(value):
        return False
    return "·" in value or _SURNAME.match(text, start) is not None or _ELSEWHERE.fullmatch(value) is not None
