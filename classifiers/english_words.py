"""English words as spaCy's blank tokenizer splits them, which the published quality rules count by.

Its algorithm (spacy.io/usage/linguistic-features#how-tokenizer-works) over a chunk between white space: marks come off
both ends one by one until nothing more does or an exception is left, then the middle is split at infixes. Emoticons
and the rarest abbreviations are not among the exceptions here.
"""

from itertools import product

import regex

_QUOTES = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉⟦⟧"
_MARKS = rf"…+|[,:;!?¿؟¡()\[\]{{}}<>_#*&。？！，、；：～·।،۔؛٪]|\.\.+|[{_QUOTES}]"
_CURRENCY = r"(?:US|C|A)?\$|[£€¥฿₽﷼₠-₿]"
_UNITS = (
    "km²|km³|km|m²|m³|m|dm²|dm³|dm|cm²|cm³|cm|mm²|mm³|mm|ha|µm|nm|yd|in|ft|kg|g|mg|µg|t|lb|oz|m/s|km/h|kmh|mph|hPa|Pa"
    "|mbar|mb|MB|kb|KB|gb|GB|tb|TB|T|G|M|K|%"
)
_PREFIX = regex.compile(rf"[§%=—–]|\+(?![0-9])|{_MARKS}|{_CURRENCY}|\p{{So}}")
_SUFFIX = regex.compile(
    rf"(?:{_MARKS}|\p{{So}}|['’][sS]|[—–]|(?<=[0-9])\+|(?<=°[FfCcKk])\.|(?<=[0-9])(?:{_CURRENCY}|{_UNITS})"
    rf"|(?<=[0-9\p{{Ll}}%²\-+,:;!?)\]}}>(\[{{<_#*&…{_QUOTES}])\.|(?<=\p{{Lu}}\p{{Lu}})\.)$"
)
LONGEST_SUFFIX = 16
"""Characters looked at for one; of longer rows of dots, the rest is the next."""
_INFIX = regex.compile(
    rf"\.\.+|…|\p{{So}}|(?<=[0-9])[+\-*^](?=[0-9-])|(?<=[\p{{Ll}}{_QUOTES}])\.(?=[\p{{Lu}}{_QUOTES}])"
    r"|(?<=\p{L}),(?=\p{L})|(?<=[\p{L}0-9])(?:---|--|——|[-–—~])(?=\p{L})|(?<=[\p{L}0-9])[:<>=/](?=\p{L})"
)
_URL = regex.compile(
    r"(?:[\w+\-.]{2,}://)?(?:\S+@)?(?:[1-9]\d{0,2}(?:\.\d{1,3}){3}"
    r"|(?:[A-Za-z0-9\u00a1-\uffff][A-Za-z0-9\u00a1-\uffff_-]{0,62}\.)+\p{Ll}{2,63})(?::\d{2,5})?(?:[/?#]\S*)?"
)
_WHOLE = (
    "' '' C++ ä. ö. ü. 'S 's ‘S ‘s and/or w/o 're 'Cause 'cause 'cos 'Cos 'coz 'Coz 'cuz 'Cuz 'bout ma'am Ma'am"
    " o'clock O'clock lovin' Lovin' havin' Havin' doin' Doin' goin' Goin' nothin' Nothin' ol' Ol' 'em 'll 'nuff 'd"
    " Mt. Ak. Ala. Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. Ind. Jan. Jul. Jun."
    " Kan. Kans. Ky. La. Mar. Mass. Mich. Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct. Okla."
    " Ore. Pa. S.C. Sep. Sept. Tenn. Va. Wash. Wis. a.m. Adm. Bros. co. Co. Corp. D.C. Dr. e.g. E.g. E.G. Gen. Gov."
    " i.e. I.e. I.E. Inc. Jr. Ltd. Md. Messrs. Mo. Mont. Mr. Mrs. Ms. p.m. Ph.D. Prof. Rep. Rev. Sen. St. vs. v.s."
    " :) :-) :)) (: (-: =) (= :] :-] [: [-: [= =] :} :-} 8) 8-) (-8 ;) ;-) (; (-; :( :-( :(( ): )-: =( >:( =| :| :-|"
    " :/ :-/ =/ :P :-P :p :-p :O :-O :o :-o :0 :-0 :* :-* :3 :-3 =3 :> :-> :X :-X :x :-x :D :-D ;D ;-D =D xD XD xDD"
    " XDD 8D ^_^ ^__^ -_- -__- >.< >.> <.< V.V v.v V_V v_v ._. o.o O.O o_o O_O 0.0 0_0 <3 <33 <333 </3 (* (=< =< @_@"
    " ¯\\(ツ)/¯"
)
_SPLIT = (
    "y'|all y|all not|'ve not|ve Not|'ve Not|ve can|not Can|not gon|na Gon|na got|ta Got|ta let|'s Let|'s c'm|on C'm|on"
    " how|'d|'y How|'d|'y I|'m i|'m I|m I|'ma I|ma"
)
_AMBIGUOUS = {word for base in ("ill", "its", "hell", "shell", "shed", "were", "well") for word in (base, base.title())}
"""Words that only look like contractions."""


def _exceptions() -> dict[str, tuple[str, ...]]:
    """Chunks that are never taken apart, or in one way only."""
    parts = [tuple(entry.split("|")) for entry in _SPLIT.split()]
    pronouns = ("i", "you", "he", "she", "it", "we", "they")
    asking = ("who", "what", "when", "where", "why", "how", "there", "that", "this", "these", "those")
    endings = {word: ["ll", "d", *(["s"] if word in ("he", "she", "it") else [])] for word in pronouns}
    endings |= {word: ["ll", "d", "s", "ve", "re"] for word in asking}
    for word in ("i", "you", "we", "they"):
        endings[word].append("ve")
    for word in ("you", "we", "they"):
        endings[word].append("re")
    for word, found in endings.items():
        for stem, mark in product((word, word.title()), ("'", "")):
            parts += [(stem, mark + ending) for ending in found]
            parts += [(stem, f"{mark}{ending}", f"{mark}ve") for ending in ("ll", "d")]
    plain = "could might must should would"
    negated = f"ca do does did had may need ought sha wo ai are is was were have has dare {plain}"
    for word, mark in product(negated.split(), ("'", "")):
        for stem in (word, word.title()):
            parts += [(stem, f"n{mark}t"), (stem, f"n{mark}t", f"{mark}ve")]
            if word in plain.split():
                parts.append((stem, f"{mark}ve"))
    parts += [(f"{hour}", period) for hour in range(1, 13) for period in ("a.m.", "am", "p.m.", "pm")]
    parts += [(whole,) for whole in [*_WHOLE.split(), *(f"{chr(c)}." for c in range(ord("a"), ord("z") + 1))]]
    curly = [tuple(piece.replace("'", "’") for piece in part) for part in parts]
    found = {"".join(part): part for part in [*parts, *curly]}
    return {whole: part for whole, part in found.items() if whole not in _AMBIGUOUS}


_EXCEPTIONS = _exceptions()


def split_chunk(chunk: str) -> list[str]:
    """Words and marks of a piece of text without white space; joined they are the piece again.

    >>> split_chunk("(don't"), split_chunk("10mg/day."), split_chunk("e.g.")
    (['(', 'do', "n't"], ['10mg', '/', 'day', '.'], ['e.g.'])
    """
    if chunk.isalpha():
        return list(_EXCEPTIONS.get(chunk, (chunk,)))
    before, after = [], []
    while chunk and chunk not in _EXCEPTIONS:
        prefix = found.end() if (found := _PREFIX.match(chunk)) else 0
        if prefix and chunk[prefix:] in _EXCEPTIONS:
            before.append(chunk[:prefix])
            chunk = chunk[prefix:]
            break
        # the lookbehinds of a suffix do not see the prefix
        suffix = len(found[0]) if (found := _SUFFIX.search(chunk[max(prefix, len(chunk) - LONGEST_SUFFIX) :])) else 0
        if not (prefix or suffix):
            break
        if suffix and chunk[:-suffix] in _EXCEPTIONS:
            prefix = 0
        if prefix:
            before.append(chunk[:prefix])
        if suffix:
            after.append(chunk[-suffix:])
        chunk = chunk[prefix : len(chunk) - suffix]
    return _rejoined([*before, *_middle(chunk), *reversed(after)])


def _rejoined(pieces: list[str]) -> list[str]:
    """Neighbours that make an exception together, the longest first."""
    found, start = [], 0
    while start < len(pieces):
        for end in range(min(start + 5, len(pieces)), start + 1, -1):
            if (whole := "".join(pieces[start:end])) in _EXCEPTIONS:
                found += _EXCEPTIONS[whole]
                start = end
                break
        else:
            found.append(pieces[start])
            start += 1
    return found


def _middle(chunk: str) -> list[str]:
    if not chunk or chunk in _EXCEPTIONS:
        return list(_EXCEPTIONS.get(chunk, ()))
    if _URL.fullmatch(chunk):
        return [chunk]
    pieces, start = [], 0
    for found in _INFIX.finditer(chunk):
        if found.start() == 0:
            continue
        if found.start() > start:
            pieces += _EXCEPTIONS.get(chunk[start : found.start()], (chunk[start : found.start()],))
        pieces.append(found[0])
        start = found.end()
    if start < len(chunk):
        pieces += _EXCEPTIONS.get(chunk[start:], (chunk[start:],))
    return pieces
