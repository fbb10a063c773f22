"""Places finer than a state in text of Latin script: streets, boxes, address blocks, towns, hospitals beside their
doctors."""

from collections.abc import Iterator

import regex

from collectors.privacy.identifiers.address_ends_en import reach
from collectors.privacy.identifiers.rule import Rule, Span, applied
from collectors.privacy.identifiers.words import given_names, medical_names, ordinary_words, with_capitals

_STREET = (
    r"(?:Street|Avenue|Road|Lane|Drive|Court|Boulevard|Row|Terrace|Yard|Crescent|Place|Way|Close|Square|Gardens|Mews"
    r"|Circle|Highway|Parkway|Trail|Grove|Hill|Walk|Alley|Loop|Pike|Plaza|Crossing|Ridge|Heights|Park"
    r"|Estate|Rise|Quay|Wharf|Gateway|Mall|Courts|Greens)\b"
    r"|(?:St|Ave|Av|Rd|Ln|Dr|Ct|Blvd|Pl|Sq|Hwy|Pkwy|Cres|Terr?|Cir)\b\.?(?! \p{Ll}+ing)"
)
_SUFFIX = (
    "Annex|Arcade|Bayou|Beach|Bend|Bluffs?|Bottom|Branch|Bridge|Brooks?|Burgs?|Bypass|Camp|Canyon|Cape|Causeway"
    "|Cliffs?|Club|Common|Corners?|Course|Coves?|Creek|Crest|Crossroad|Curve|Dale|Dam|Divide|Estates?|Expressway"
    "|Extensions?"
    "|Falls?|Ferry|Fields?|Flats?|Fords?|Forest|Forges?|Forks?|Fort|Freeway|Gardens?|Glens?|Greens?|Groves?|Harbors?"
    "|Haven"
    "|Hills?|Hollow|Inlet|Islands?|Isle|Junctions?|Keys?|Knolls?|Lakes?|Landing|Loaf|Locks?|Lodge|Manors?|Meadows?"
    "|Mews"
    "|Mills?|Mission|Motorway|Mountains?|Neck|Orchard|Oval|Overpass|Parks|Parkways|Pass|Passage|Path|Pines?|Plains?"
    "|Points?"
    "|Ports?|Prairie|Radial|Ramp|Ranch|Rapids?|Rest|Ridges?|River|Roads|Route|Run|Shoals?|Shores?|Skyway|Springs?"
    "|Spurs?"
    "|Squares|Station|Stravenue|Stream|Streets|Summit|Throughway|Trace|Track|Trafficway|Tunnel|Turnpike|Underpass"
    "|Unions?"
    "|Valleys?|Via|Viaduct|Views?|Villages?|Ville|Vista|Walks|Wall|Ways|Wells?"
)
"""Words that end a street's name in the list of the US Postal Service, and mostly mean something else."""
_STATES = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]"
    r"|W[AIVY])"
)
_STATE_NAMES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois"
    "|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri"
    "|Montana"
    "|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon"
    "|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington"
    "|West Virginia|Wisconsin|Wyoming"
)
_WORD = r"\p{Lu}[\p{L}'\u2019-]*+(?!\d)\.?"
_TOWN_WORD = r"(?!I\b)\p{Lu}[\p{L}'\u2019-]*"
_UNIT = (
    r"(?:,?\s(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Building|Bldg|No)\.? ?#?[A-Za-z]?-?\d*[A-Za-z]?\b"
    r"|,? #\d+[A-Za-z]?)"
)
_TOWN = rf"(?:,\s{{0,2}}(?:{_WORD} ){{0,2}}{_WORD})"
_CODE = (
    rf"(?:,?\s{{1,2}}(?:{_STATES}|{_STATE_NAMES})\b)?"
    r"(?:,?\s{1,2}(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d"
    r"|(?:NSW|VIC|QLD|TAS|ACT|NT) \d{4})\b)?"
)
_SMALL = (
    r"(?!(?:for|on|at|in|with|and|or|after|before|by|to|from|until|about|than|is|was|were|has"
    r"|had)\b)\p{Ll}[\p{L}.]{0,15}"
)
_PART = (
    rf"(?:#?\d[\w/-]{{0,8}}\.?|{_WORD}|\p{{Lu}}/|d\p{{L}}{{1,2}}|la|le|van|von|nan|{_SMALL}(?= \d|\. \d)"
    rf"|{_SMALL}(?= {_SMALL} \d))"
)
_LINK = r"(?!(?:with|in|and|of|at|to|for|on|or|is|was|a|an|the|by|from|as|per|vs)\b)\p{Ll}{1,4}\.?"
"""A small word within a street's name: de, la, van, nad, z."""
_STREET_PART = rf"(?:{_WORD}|\d{{1,5}}[a-z]?|(?!and|is|on|in|at|to|of|for\b)\p{{Ll}}{{1,5}}\.?(?= [\p{{Lu}}\d]))"
_PARTS = rf"(?:the corner of )?{_PART}(?:(?:,? (?:\(?)|\s?\n ?(?:, ?)?)(?:and (?={_PART}))?{_PART}\)?){{0,14}}"
_MEASURE = (
    r"(?:mg|mcg|mL|ml|cc|cm|mm|g|units?|%|times|ounces?|tablets?|capsules?|puffs?|days?|weeks?|months?|years?"
    r"|hours?|minutes?"
    r"|x|per|daily|or|to)(?!\p{L})"
)
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_MONTH = regex.compile(rf"\b(?:{_MONTHS}|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b")
_PLACED = (
    r"\b(?:[Aa]ddress(?: (?:is|of \p{Lu}[\w ,&.-]{1,50}? is|with|to|on file is))?:?|[Ll]ocated (?:at|on)"
    r"|[Ll]iv(?:es?|ed|ing) (?:at|on)"
    r"|[Rr]esid(?:es?|ed|ing) (?:at|on)|(?:[Ss]ent?|[Mm]ail(?:ed)?|[Dd]eliver(?:ed)?|[Ss]hip(?:ped)?|card"
    r"|one)(?: it| them| me)? to"
    r"|[Mm]eet (?:me|you|us) at|arrived at|(?:is|are) at|off at|[Mm]oved to|following\?|[Cc]orner of|refers to)"
)
_WAY = (
    r"(?:[Rr]ue|[Aa]venue|[Aa]venida|[Aa]vda|[Cc]alle|C/|[Rr]ua|[Rr]\u00faa|[Vv]ia|[Vv]iale|[Pp]iazza|[Pp]iazzetta"
    r"|[Pp]laza|[Pp]aseo|[Cc]orso|[Uu]l\.|[Uu]lica"
    r"|[Aa]l\.|[Oo]s\.|[Tt]ravessa|[Qq]uinta|[Cc]arrer|[Cc]amino|[Ll]argo)"
)
"""Words for a street that stand before its name."""
_WORD_WAY = (
    r"\p{Lu}\p{L}{2,20}(?:stra(?:sse|\u00dfe|at)|weg|platz|gasse|laan|plein|vej|gade|gatan|gata|v\u00e4gen|veien"
    r"|gate|katu|tie|kuja|utca"
    r"|str\u00e6de|v\u00e4g|brink|singel|kade|dijk|steeg|allee|damm|ufer|ring|stubben|alle)\b"
)
_WAY_AFTER = (
    r"(?:utca|u\.|\u00fat|\u00fatja|t\u00e9r|rkp|k\u00f6z|gate|vei|vej|gata|ulice|n\u00e1m\u011bst\u00ed|tn|pst"
    r"|mnt|str|Stra(?:sse|\u00dfe)|Straat|Weg|Platz|Allee)"
)
"""The same within a word, and behind it."""
_TAIL = (
    rf"(?:{_UNIT}){{0,2}}(?:(?:[\s,]{{1,4}}(?:{_WORD}|\(\w+\)|nan)){{0,6}}[\s,]{{1,4}}\d{{4,6}}\b(?: (?!I\b"
    rf"|The\b){_WORD}){{0,2}}"
    rf"|{_TOWN}?{_CODE})"
)


def _rare_words(value: str) -> list[str]:
    words = [word.strip(".'\u2019").lower() for word in value.split() if word[0].isupper() and word[1:2].islower()]
    return [word for word in words if word not in ordinary_words() and word not in medical_names()]


def _has_rare_word(value: str) -> bool:
    """A street has a name that means nothing else."""
    return bool(_rare_words(value)) and not _MONTH.search(value)


def _has_rare_name(value: str) -> bool:
    return any(len(word) > 3 for word in _rare_words(value)) and not _MONTH.search(value)


_STREET_WORDS = regex.compile(
    rf"(?i)\b(?:{_STREET[3:].partition(')')[0]}|Bypass|Turnpike|Suite|Apt|Apartment|Unit|Flat|Box|First|Second|Third"
    rf"|Fourth|Fifth"
    r"|North|South|East|West)\b"
)
_RULES = tuple(
    Rule(kind, cues, regex.compile(pattern), check)
    for kind, cues, pattern, check in (
        (
            "ADDRESS",
            (" road ", "highway", "hwy", "route", "rte", "rr ", "interstate"),
            rf"(?<![\w.])(?P<value>(?:(?:\d{{1,5}} (?:(?:N|S|E|W|North|South|East|West)\.? )?)?(?:County|Township"
            rf"|Farm|Ranch|State) (?:Road|Route"
            rf"|Highway|Hwy) \d{{1,5}}|\d{{1,5}} (?:(?:N|S|E|W|US|North|South|East|West)\.? )?(?:Highway|Hwy|Route"
            rf"|Rte)\.? \d{{1,4}}"
            rf"|(?:RR|Rural Route) ?\d{{1,3}},? Box \d{{1,5}})(?: (?:North|South|East|West|N|S|E|W)\b)?{_TAIL})",
            None,
        ),
        (
            "ADDRESS",
            (" rue ", " via ", " calle ", " avenue ", " boulevard ", " place ", " chemin "),
            rf"(?<![\w.])(?P<value>\d{{1,4}}(?: ?(?:bis|ter))?,? (?:rue|avenue|av\.|boulevard|place|chemin|quai|via"
            rf"|calle|impasse|all\u00e9e)"
            rf" (?:d[eu]s? |de la |de l'|d')?(?:\p{{Ll}}{{2,14}} )?{_WORD}(?:[ -]{_WORD}){{0,3}}{_TAIL})",
            None,
        ),
        (
            "ADDRESS",
            (" st", " ave", " rd", " dr", " ln", " street", " avenue", " road", " drive", " lane"),
            rf"\b(?:[Oo]n|[Aa]t|[Nn]ear|[Oo]ff) (?P<value>(?:{_WORD} ){{1,2}}(?:St|Ave|Rd|Blvd|Ln|Street|Avenue|Road"
            rf"|Lane|Boulevard|Drive)\b\.?)"
            rf"(?! {_WORD})",
            None,
        ),
        (
            "ADDRESS",
            ("apt", "apartment", "unit", "suite", "flat"),
            r"(?<![\w-])(?P<value>(?:[Aa]pt\.?|[Aa]partment|Suite|Flat) #?(?:\d{1,4}[A-Za-z]|[A-Z]\d{1,4}|\d{2,5}))"
            r"(?![\w-])",
            None,
        ),
        (
            "ADDRESS",
            (",",),
            rf"\b(?:[Ff]rom|[Ll]iv(?:es?|ing|ed) (?:in|near)|[Rr]esid(?:es|ent of|ing in)) (?P<value>{_TOWN_WORD}(?:"
            rf" {_TOWN_WORD}){{0,2}}"
            rf", (?:{_STATE_NAMES}|{_STATES})\b)",
            None,
        ),
        (
            "ADDRESS",
            (" ",),
            rf"(?<![\w.])(?P<value>(?:(?:Flat|Unit|Apt\.?|Suite|Apartment) \d{{1,4}}[A-Za-z]?(?:, "
            rf"|/))?\d{{1,5}}[A-Za-z]?(?:-\d{{1,4}})? (?:(?:N|S|E|W|NE|NW|SE|SW)\.? )?"
            rf"(?:(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}?(?:{_STREET}){_TAIL})",
            None,
        ),
        (
            "ADDRESS",
            ("apt", "suite", "apartment", "box"),
            r"(?<![\w.])(?P<value>\d{1,5} [^\n;:?!]{3,40}?(?:,?\s(?:Apt|Apartment|Suite|Box)\b\.? \d{1,5})"
            rf"(?:{_UNIT})?(?:{_TOWN}|\s{_WORD}){{0,3}}{_TAIL})",
            None,
        ),
        (
            "ADDRESS",
            ("box", "psc", "unit", "po a"),
            r"(?P<value>\b(?:(?:P\.? ?O\.? ?Box|Post Office Box|PSC|Psc"
            r"|(?i:unit)(?= \d{1,6}(?: [A-Z])?,? [Bb]ox)) \d{1,6}(?: [A-Z]\b)?(?:,? [Bb]ox \d{1,5})?"
            rf"|US\w{{2,4}} {_WORD}(?=\n))(?:\s{{1,2}}[ADFadf][Pp][Oo],? [Aa][AaEePp] \d{{5}})?{_TOWN}?{_CODE})",
            lambda value: any(c.isdigit() for c in value),
        ),
        (
            "ADDRESS",
            ("po a", "po, a"),
            r"(?P<value>(?:(?:PSC|Psc|Unit|Box|,"
            r"|\d{1,5})\s{1,2}){0,6}(?:US\w{2,4} \p{Lu}\p{L}{1,20}\s{1,2})?[ADF][Pp][Oo],? A[AEPaep] \d{5})",
            None,
        ),
        (
            "ADDRESS",
            None,
            rf"(?<![\w.])(?P<value>(?:\d{{1,5}} )?(?:{_WORD} ){{0,2}}(?:{_WAY}[.]? (?:(?:{_WORD}"
            rf"|\p{{Ll}}{{1,6}}) ){{1,5}}?|{_WORD_WAY} |{_WORD} {_WAY_AFTER}\.? )"
            rf"\d{{1,4}}[a-z]?\b\.?(?! ?{_MEASURE}){_TAIL})",
            None,
        ),
        (
            "ADDRESS",
            None,
            rf"\b(?:at|to|from|near|outside)\s(?P<value>\d{{3,5}} (?!CC|ML"
            rf"|MG)(?:{_WORD} ){{1,4}}\d{{1,4}}(?! ?{_MEASURE}){_TAIL})",
            None,
        ),
        (
            "ADDRESS",
            (",",),
            rf"(?<![\w.])(?P<value>\d{{1,5}}[A-Za-z]? [^\n;:?!]{{3,60}}?, {_WORD}(?: {_WORD}){{0,2}},? {_STATES},?"
            rf" \d{{5}}(?:-\d{{4}})?)\b",
            None,
        ),
        ("ADDRESS", (",",), rf"\b(?P<value>{_WORD}(?: {_WORD}){{0,2}}, {_STATES},? \d{{5}}(?:-\d{{4}})?)\b", None),
        (
            "ADDRESS",
            ("apt", "apartment", "suite", "flat"),
            r"(?<=[,\n>\d] {0,2})\b(?P<value>(?:Apt|Apartment|Suite|Flat)\.? #?\d{1,5}[A-Za-z]?)\b",
            None,
        ),
        (
            "ADDRESS",
            (
                *(
                    "address",
                    "located ",
                    "lives ",
                    "living ",
                    "live ",
                    "resid",
                    "sent to",
                    "send",
                    "mail",
                    "meet",
                    " one to",
                ),
                *(
                    " is at",
                    " are at",
                    " is on",
                    "arrived at",
                    "moved to",
                    "off at",
                    "corner of",
                    "refers to",
                    "card to",
                ),
            ),
            rf"{_PLACED}\s{{1,2}}(?P<value>(?!\d+ ?{_MEASURE}|(?:{_MONTHS})\b)(?=[\p{{Lu}}\d]|the corner)"
            rf"{_PARTS})(?! ?\d| ?{_MEASURE})",
            lambda value: any(c.isdigit() for c in value) and any(c.isupper() for c in value) and len(value) > 4,
        ),
        (
            "ADDRESS",
            (
                "lives ",
                "live ",
                "living ",
                "lived ",
                "resid",
                "moved ",
                "born in",
                "hometown",
                "grew up",
                "raised in",
                "native of",
            ),
            r"\b(?:[Ll]iv(?:es?|ed|ing) (?:alone )?(?:in|near|outside)|[Rr]esid(?:es?|ed|ing) in|resident of"
            r"|[Mm]oved (?:here )?(?:to|from)"
            r"|[Bb]orn in|[Hh]ometown(?: is| of)|[Gg]r[eo]w(?:s|ing|n)? up in|[Rr]aised in|native of) "
            rf"(?P<value>(?!(?:{_STATE_NAMES}|{_MONTHS}|North|South|East|West|I|The|A|An|United|Home|Hospital"
            rf"|Mexico|China|India|Canada)\b)"
            rf"(?=\p{{Lu}}\p{{Ll}}){_TOWN_WORD}(?: {_TOWN_WORD}){{0,2}})(?! ?\d)",
            None,
        ),
        (
            "ADDRESS",
            None,
            rf"(?<![\w.,/-])(?P<value>\d{{3,5}}[A-Za-z]? (?:(?:{_WORD}|{_LINK}|\d{{1,4}}) ){{1,5}}?\d{{1,5}}[a-z]?\b)"
            rf"(?=[\n,;:?!)]|\.(?!\d)|$| (?:Apt|Suite|Unit|Flat|Box|in|and|St)\b)(?! ?{_MEASURE})",
            _has_rare_name,
        ),
        (
            "ADDRESS",
            ("\n", ","),
            rf"(?<![\w.,/-])(?P<value>\d{{2,5}} (?:{_WORD} ){{1,4}}\d{{1,4}}(?:,"
            rf"|\s?\n)[ >?]*{_WORD}(?: {_WORD}){{0,3}},?\s{{1,2}}"
            rf"(?:{_WORD} ){{0,2}}\d{{5}})\b",
            None,
        ),
        (
            "ADDRESS",
            ("home", "residence", "croft", "cottage", "farm", "lives ", "flat", "dispatched", "address"),
            rf"\b(?:[Hh]ome|HOME|[Rr]esidence|[Cc]roft|[Cc]ottage|[Ff]arm|[Ll]ives|[Dd]ispatched(?: \d{{4}})? to"
            rf"|[Aa]ddress)(?: at|:)? "
            rf"(?P<value>\d{{1,4}}[A-Za-z]? (?:the )?{_WORD}(?: {_WORD}){{0,2}}(?:, {_WORD}(?: {_WORD}){{0,2}})?)"
            r"(?=[.,;\n]|$)",
            _has_rare_word,
        ),
        (
            "ADDRESS",
            ("\n",),
            rf"(?:^|(?<=\n))[>? \t]*(?P<value>{_WORD}(?: {_WORD}){{0,3}} \d{{1,4}}[a-z]?"
            rf"\s*\n[>? \t]*\d{{4,5}} {_WORD}(?: {_WORD}){{0,2}})"
            r"(?=\s*(?:\n|$|,))",
            None,
        ),
        (
            "ADDRESS",
            ("rue ", "via ", "calle ", "avenida ", "rua "),
            r"(?<![\w.,/-])(?P<value>\d{1,5} (?:Rue|Via|Calle|Avenida|Rua) \p{L}{3,})",
            None,
        ),
        (
            "ADDRESS",
            None,
            rf"(?<![\w.,/-])(?P<value>\d{{2,5}}[A-Za-z]? (?:(?:N|S|E|W|NE|NW|SE"
            rf"|SW)\.? )?(?:{_WORD} ){{1,3}}?(?:{_SUFFIX})\b\.?)"
            rf"(?=[\n,;:?!)]|\.(?!\d)|$| (?:Apt|Suite|Unit|Flat|Box|in|and|St)\b)",
            _has_rare_word,
        ),
        (
            "ADDRESS",
            (" on ", " at ", "side of ", "end of ", " near ", "behind ", "opposite ", "address is", "lives ", "live "),
            rf"\b(?:[Oo]n|[Aa]t|(?:side|end|part) of|[Nn]ear|[Bb]ehind|[Oo]pposite|is|to) (?P<value>(?:(?:{_WORD}"
            rf"|{_LINK}) ){{0,3}}"
            rf"{_WORD} (?!(?:19|20)\d\d\b)\d{{1,4}}[a-z]?\b)(?=[\n,:?!)]|\.(?!\d)|$| (?:Apt|Suite|Unit|Flat|Box|in"
            rf"|and|St)\b)(?! ?{_MEASURE})",
            _has_rare_name,
        ),
        (
            "ADDRESS",
            (" st.", "street", " st,", " st\n"),
            rf"\b(?:[Ll]ives? on|[Cc]orner of|[Oo]ff at|at|on|and"
            rf"|to) (?P<value>(?=[\p{{Lu}}\d]){_PART}(?: {_PART}){{0,4}} (?:[Ss]treet|St)\b)",
            None,
        ),
        (
            "ADDRESS",
            ("corner of", "intersection of"),
            rf"(?P<value>(?:[Tt]he )?(?:[Cc]orner"
            rf"|[Ii]ntersection) of {_STREET_PART}(?: {_STREET_PART}){{0,6}}? (?:and|&) "
            rf"{_STREET_PART}(?: {_STREET_PART}){{0,5}}(?: (?i:{_SUFFIX}|{_STREET}|str))?)",
            lambda value: any(c.isupper() for c in value[14:]),
        ),
        (
            "HOSPITAL",
            ("hospital", "clinic", "medical cent", "infirmary"),
            rf"\b(?:Dr\.?|Doctor) (?:{_WORD} ){{1,3}}(?:\w+ ){{0,5}}?(?:at|of|from) (?:the )?"
            rf"(?P<value>(?:{_WORD} ){{1,4}}?(?:Hospital|Clinic|Medical Cent(?:er|re)|Infirmary))\b",
            None,
        ),
    )
)
_MARGIN = " \t>?*-"
_BUILDING = regex.compile(rf"\b(?:Apt|Suite|Ste|Unit|Flat|Box|Postbox|PSC|Psc|[AFD]PO)\b\.?|\d.*(?:{_STREET})")
_NUMBERED = regex.compile(r"^\W*(?:[\p{L}.'-]+ ){0,3}\d{4,6}\b|^\d+ \p{Lu}.* \d+\b")
_BLOCK_WORD = regex.compile(r"\(?[\p{Lu}\d,#][\p{L}\d.,'\u2019/#()-]*|d\p{L}{1,2}|van|von|la|and|nan|\W")
_WORDS = regex.compile(r"\S+")
_DIGIT = regex.compile(r"\d")
_STOP = regex.compile(
    r"(?:\b(?P<word>\p{L}+)|[\p{L}\d)])(?P<stop>[.!?]+)\s{1,3}(?=(?P<next>\p{Lu}\p{L}*)(?P<small>(?:'\w+)? \p{Ll})?)"
)
_ABBREVIATIONS = (
    "st ave av rd dr ln ct blvd pl sq hwy pkwy cres ter terr cir apt ste no bldg rm fl mt ft ne nw se sw ul al os str"
    " rte"
    " rt co jr sr van"
)
_ABBREVIATED = frozenset(_ABBREVIATIONS.split())
"""Words of addresses that end in a point."""
_FIRM = regex.compile(
    r"(?i)\b(?:inc|ltd|corp|corporation|llc|group|services|company|co|plc|bank|systems|technologies|and"
    r"|partners)\b\.?"
)


def find_addresses(text: str) -> Iterator[Span]:
    """Addresses, and the addressee above an address block (NAME)."""
    if text.islower() or text.isupper():
        text = _STREET_WORDS.sub(lambda match: match[0].title(), with_capitals(text))
    for start, end, kind in applied(_RULES, text):
        if kind == "ADDRESS":
            start, end = reach(text, start, end)
            end = _within_sentence(text, start, end)
        yield Span(start, end, kind)
    if text.count("\n") >= 2:
        yield from _find_blocks(text)


def _within_sentence(text: str, start: int, end: int) -> int:
    """Where an address ends at the latest: before the next sentence, and not inside a word."""
    for stop in _STOP.finditer(text, start, end + 40):  # with what follows the next sentence's first word
        if stop.start("stop") >= end:
            break
        written_out = stop["word"] is not None and len(stop["word"]) > 1 and stop["word"].lower() not in _ABBREVIATED
        if written_out or (stop["small"] is not None and stop["next"].lower() in ordinary_words()):
            return stop.start("stop")
    while start < end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end = start + len(text[start:end].rpartition(" ")[0])
    return end


def _find_blocks(text: str) -> Iterator[Span]:
    """Addresses set as blocks, such as letterheads: three short lines or more of names and numbers alone, one of them
    with a house, a box or a postal code."""
    block: list[tuple[int, int]] = []
    position = 0
    for line in text.split("\n"):
        value = line.strip(_MARGIN)
        start = position + line.index(value) if value else position
        position += len(line) + 1
        if _is_block_line(value):
            block.append((start, start + len(value)))
        elif value:
            yield from _in_block(text, block)
            block = []
    yield from _in_block(text, block)


def _is_block_line(value: str) -> bool:
    words = value.split()
    if not words or len(value) > 90 or len(words) > 9 or value[-1] in ":;":
        return False
    odd = sum(_BLOCK_WORD.fullmatch(word) is None for word in words)
    return odd == 0 or (odd <= len(words) // 3 and _is_house(value))


def _in_block(text: str, block: list[tuple[int, int]]) -> Iterator[Span]:
    if len(block) < 3:
        return
    lines = [text[start:end] for start, end in block]
    numbered = [any(c.isdigit() for c in line) for line in lines]
    houses = [number for number, line in enumerate(lines) if numbered[number] and _is_house(line)]
    if not houses or sum(numbered) > 0.8 * len(lines):
        return
    for (start, end), line in zip(block[: houses[0]], lines, strict=False):
        if 1 <= len(line.split()) <= 5 and not _FIRM.search(line) and _begins_like_person(line):
            yield Span(start, end, "NAME")
            break
    for start, end in block[houses[0] :]:
        yield Span(start + _begin_of_address(text[start:end]), end, "ADDRESS")


def _is_house(line: str) -> bool:
    """Whether a line names a house, a box or a postal code; a result (Platelets 15000) or a dose is none."""
    if _BUILDING.search(line):
        return True
    return _NUMBERED.search(line) is not None and bool(_rare_words(line))


def _begin_of_address(line: str) -> int:
    """After the words of a sentence that runs into an address."""
    words = [word for word in _WORDS.finditer(line) if _BLOCK_WORD.fullmatch(word[0]) is None and word[0][-1] != "."]
    number = _DIGIT.search(line)
    before = [word.end() + 1 for word in words if number and word.end() < number.start()]
    return max(before, default=0)


def _begins_like_person(line: str) -> bool:
    words = [word.strip(".,") for word in line.lower().split()]
    return words[0] in given_names() or not any(word in ordinary_words() for word in words)
