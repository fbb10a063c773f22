"""Forms of addresses in Latin script: streets, boxes, units, towns, hospitals beside their doctors."""

from collections.abc import Callable

import regex

from collectors.privacy.identifiers.address_parts_en import (
    CODE,
    LINK,
    MEASURE,
    MONTHS,
    PART,
    PARTS,
    PLACED,
    STATE_NAMES,
    STATES,
    STREET,
    STREET_PART,
    SUFFIX,
    TAIL,
    TOWN,
    TOWN_WORD,
    UNIT,
    WAY,
    WAY_AFTER,
    WAY_AFTER_CUES,
    WAY_CUES,
    WORD,
    WORD_WAY,
)
from collectors.privacy.identifiers.rule import HOUSE_NUMBER, Near, Rule
from collectors.privacy.identifiers.words import medical_names, ordinary_words

_MONTH = regex.compile(rf"\b(?:{MONTHS}|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b")


def rare_words(value: str) -> list[str]:
    words = [word.strip(".'\u2019").lower() for word in value.split() if word[0].isupper() and word[1:2].islower()]
    return [word for word in words if word not in ordinary_words() and word not in medical_names()]


def _has_rare_word(value: str) -> bool:
    """A street has a name that means nothing else."""
    return bool(rare_words(value)) and not _MONTH.search(value)


def _has_rare_name(value: str) -> bool:
    return any(len(word) > 3 for word in rare_words(value)) and not _MONTH.search(value)


_COURT = regex.compile(r"\b(?:Supreme|District|Superior|Circuit|Appeals?|Federal|Municipal|Probate) Court\b")
_STATE_AND_CODE = Near(regex.compile(r"[A-Z]{2},? \d{5}"), 160, 12)
_CODE = Near(regex.compile(r"\d{5}(?!\d)"), 200, 4)
_CODE_BELOW = Near(regex.compile(r"\n[>? \t]*\d{4,5} "), 160, 100)


def _rule(kind: str, where: Near | tuple[str, ...], pattern: str, check: Callable[[str], bool] | None) -> Rule:
    cues, near = (None, where) if isinstance(where, Near) else (where, None)
    return Rule(kind, cues, regex.compile(pattern), check, near)


RULES = tuple(
    _rule(kind, where, pattern, check)
    for kind, where, pattern, check in (
        (
            "ADDRESS",
            ("blk", "block "),
            rf"(?<![\w-])(?P<value>(?:Blk|BLK|Block) \d{{1,4}}[A-Z]? (?:{WORD} ){{1,4}}(?:{WORD}"
            rf"|\d{{1,3}})(?: \d{{1,3}})?(?:,? #\d\d-\d{{1,4}})?)"
            r"(?![\w-])",
            None,
        ),
        (
            "ADDRESS",
            (
                " lane",
                " place",
                " square",
                " road",
                " street",
                " close",
                " green",
                " hill",
                " row",
                " way",
                " drive",
                " avenue",
            ),
            rf"(?<![\w.])(?P<value>(?:The )?{WORD}(?: {WORD}){{0,2}}, (?:{WORD} ){{1,2}}(?:Lane|Road|Street|Place"
            rf"|Square|Close|Green|Hill|Row|Way"
            rf"|Drive|Avenue)(?:, {TOWN_WORD}(?: {TOWN_WORD})?)?)(?=,? [A-Z]{{1,2}}\d[A-Z\d]? \d[A-Z]{{2}})",
            None,
        ),
        (
            "ADDRESS",
            (
                " mead",
                " close",
                " croft",
                " view",
                " rise",
                " garth",
                " wynd",
                " vale",
                " fold",
                " cottages",
                " parade",
                " manor",
                " bank",
            ),
            rf"(?<![\w.,/-])(?P<value>(?:Flat|Unit|Apt|No\.?)? ?\d{{1,4}}[A-Za-z]? (?:{WORD} ){{1,3}}(?:Mead|Close"
            rf"|Croft|View|Rise|Garth|Wynd|Vale"
            rf"|Fold|Cottages|Parade|Manor|Bank)(?:, {TOWN_WORD}(?: {TOWN_WORD})?)?)(?=[\n,.;)]|$| [A-Z]{{1,2}}\d)",
            None,
        ),
        (
            "ADDRESS",
            (" road ", "highway", "hwy", "route", "rte", "rr ", "interstate"),
            rf"(?<![\w.])(?P<value>(?:(?:\d{{1,5}} (?:(?:N|S|E|W|North|South|East|West)\.? )?)?(?:County|Township"
            rf"|Farm|Ranch|State) (?:Road|Route"
            rf"|Highway|Hwy) \d{{1,5}}|\d{{1,5}} (?:(?:N|S|E|W|US|North|South|East|West)\.? )?(?:Highway|Hwy|Route"
            rf"|Rte)\.? \d{{1,4}}"
            rf"|(?:RR|Rural Route) ?\d{{1,3}},? Box \d{{1,5}})(?: (?:North|South|East|West|N|S|E|W)\b)?{TAIL})",
            None,
        ),
        (
            "ADDRESS",
            (" rue ", " via ", " calle ", " avenue ", " boulevard ", " place ", " chemin "),
            rf"(?<![\w.])(?P<value>\d{{1,4}}(?: ?(?:bis|ter))?,? (?:rue|avenue|av\.|boulevard|place|chemin|quai|via"
            rf"|calle|impasse|all\u00e9e)"
            rf" (?:d[eu]s? |de la |de l'|d')?(?:\p{{Ll}}{{2,14}} )?{WORD}(?:[ -]{WORD}){{0,3}}{TAIL})",
            None,
        ),
        (
            "ADDRESS",
            (" st", " ave", " rd", " dr", " ln", " street", " avenue", " road", " drive", " lane"),
            rf"\b(?:[Oo]n|[Aa]t|[Nn]ear|[Oo]ff) (?P<value>(?:{WORD} ){{1,2}}(?:St|Ave|Rd|Blvd|Ln|Street|Avenue|Road"
            rf"|Lane|Boulevard|Drive)\b\.?)"
            rf"(?! {WORD})",
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
            ("from ", "lives ", "living ", "lived ", "live ", "resid", "home in", "house in"),
            rf"\b(?:[Ff]rom|(?:home|house) in|[Ll]iv(?:es?|ing|ed) (?:in|near)|[Rr]esid(?:es|ent of"
            rf"|ing in)) (?P<value>{TOWN_WORD}(?:"
            rf" {TOWN_WORD}){{0,2}}"
            rf", (?:{STATE_NAMES}|{STATES})\b)",
            None,
        ),
        (
            "ADDRESS",
            HOUSE_NUMBER,
            rf"(?<![\w.])(?P<value>(?:(?:Flat|Unit|Apt\.?|Suite|Apartment) \d{{1,4}}[A-Za-z]?(?:, "
            rf"|/))?\d{{1,5}}[A-Za-z]?(?:-\d{{1,4}})? (?:(?:N|S|E|W|NE|NW|SE|SW)\.? )?"
            rf"(?:(?:{WORD}|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}?(?:{STREET}){TAIL})",
            lambda value: _COURT.search(value) is None,
        ),
        (
            "ADDRESS",
            ("apt", "suite", "apartment", "box"),
            r"(?<![\w.])(?P<value>\d{1,5} [^\n;:?!]{3,40}?(?:,?\s(?:Apt|Apartment|Suite|Box)\b\.? \d{1,5})"
            rf"(?:{UNIT})?(?:{TOWN}|\s{WORD}){{0,3}}{TAIL})",
            None,
        ),
        (
            "ADDRESS",
            ("box", "psc", "unit", "po a"),
            r"(?P<value>\b(?:(?:P\.? ?O\.? ?Box|Post Office Box|PSC|Psc"
            r"|(?i:unit)(?= \d{1,6}(?: [A-Z])?,? [Bb]ox)) \d{1,6}(?: [A-Z]\b)?(?:,? [Bb]ox \d{1,5})?"
            rf"|US\w{{2,4}} {WORD}(?=\n))(?:\s{{1,2}}[ADFadf][Pp][Oo],? [Aa][AaEePp] \d{{5}})?{TOWN}?{CODE})",
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
            WAY_CUES,
            rf"(?<![\w.])(?P<value>(?:\d{{1,5}} )?(?:{WORD} ){{0,2}}{WAY}[.]? (?:(?:{WORD}|\p{{Ll}}{{1,6}}) ){{1,5}}?"
            rf"\d{{1,4}}[a-z]?\b\.?(?! ?{MEASURE}){TAIL})",
            None,
        ),
        (
            "ADDRESS",
            WAY_AFTER_CUES,
            rf"(?<![\w.])(?P<value>(?:\d{{1,5}} )?(?:{WORD} ){{0,2}}(?:{WORD_WAY} |{WORD} {WAY_AFTER}\.? )"
            rf"\d{{1,4}}[a-z]?\b\.?(?! ?{MEASURE}){TAIL})",
            None,
        ),
        (
            "ADDRESS",
            HOUSE_NUMBER,
            rf"\b(?:at|to|from|near|outside)\s(?P<value>\d{{3,5}} (?!CC|ML"
            rf"|MG)(?:{WORD} ){{1,4}}\d{{1,4}}(?! ?{MEASURE}){TAIL})",
            None,
        ),
        (
            "ADDRESS",
            _STATE_AND_CODE,
            rf"(?<![\w.])(?P<value>\d{{1,5}}[A-Za-z]? [^\n;:?!]{{3,60}}?, {WORD}(?: {WORD}){{0,2}},? {STATES},?"
            rf" \d{{5}}(?:-\d{{4}})?)\b",
            None,
        ),
        (
            "ADDRESS",
            _STATE_AND_CODE,
            rf"\b(?P<value>{WORD}(?: {WORD}){{0,2}}, {STATES},? \d{{5}}(?:-\d{{4}})?)\b",
            None,
        ),
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
            rf"{PLACED}\s{{1,2}}(?P<value>(?!\d+ ?{MEASURE}|(?:{MONTHS})\b)(?=[\p{{Lu}}\d]|the corner)"
            rf"{PARTS})(?! ?\d| ?{MEASURE})",
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
            rf"(?P<value>(?!(?:{STATE_NAMES}|{MONTHS}|North|South|East|West|I|The|A|An|United|Home|Hospital"
            rf"|Mexico|China|India|Canada)\b)"
            rf"(?=\p{{Lu}}\p{{Ll}}){TOWN_WORD}(?: {TOWN_WORD}){{0,2}})(?! ?\d)",
            None,
        ),
        (
            "ADDRESS",
            HOUSE_NUMBER,
            rf"(?<![\w.,/-])(?P<value>\d{{3,5}}[A-Za-z]? (?:(?:{WORD}|{LINK}|\d{{1,4}}) ){{1,5}}?\d{{1,5}}[a-z]?\b)"
            rf"(?=[\n,;:?!)]|\.(?!\d)|$| (?:Apt|Suite|Unit|Flat|Box|in|and|St)\b)(?! ?{MEASURE})",
            _has_rare_name,
        ),
        (
            "ADDRESS",
            _CODE,
            rf"(?<![\w.,/-])(?P<value>\d{{2,5}} (?:{WORD} ){{1,4}}\d{{1,4}}(?:,"
            rf"|\s?\n)[ >?]*{WORD}(?: {WORD}){{0,3}},?\s{{1,2}}"
            rf"(?:{WORD} ){{0,2}}\d{{5}})\b",
            None,
        ),
        (
            "ADDRESS",
            ("home", "residence", "croft", "cottage", "farm", "lives ", "flat", "dispatched", "address"),
            rf"\b(?:[Hh]ome|HOME|[Rr]esidence|[Cc]roft|[Cc]ottage|[Ff]arm|[Ll]ives|[Dd]ispatched(?: \d{{4}})? to"
            rf"|[Aa]ddress)(?: at|:)? "
            rf"(?P<value>\d{{1,4}}[A-Za-z]? (?:the )?{WORD}(?: {WORD}){{0,2}}(?:, {WORD}(?: {WORD}){{0,2}})?)"
            r"(?=[.,;\n]|$)",
            _has_rare_word,
        ),
        (
            "ADDRESS",
            _CODE_BELOW,
            rf"(?:^|(?<=\n))[>? \t]*(?P<value>{WORD}(?: {WORD}){{0,3}} \d{{1,4}}[a-z]?"
            rf"\s*\n[>? \t]*\d{{4,5}} {WORD}(?: {WORD}){{0,2}})"
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
            HOUSE_NUMBER,
            rf"(?<![\w.,/-])(?P<value>\d{{2,5}}[A-Za-z]? (?:(?:N|S|E|W|NE|NW|SE"
            rf"|SW)\.? )?(?:{WORD} ){{1,3}}?(?:{SUFFIX})\b\.?)"
            rf"(?=[\n,;:?!)]|\.(?!\d)|$| (?:Apt|Suite|Unit|Flat|Box|in|and|St)\b)",
            _has_rare_word,
        ),
        (
            "ADDRESS",
            (" on ", " at ", "side of ", "end of ", " near ", "behind ", "opposite ", "address is", "lives ", "live "),
            rf"\b(?:[Oo]n|[Aa]t|(?:side|end|part) of|[Nn]ear|[Bb]ehind|[Oo]pposite|is|to) (?P<value>(?:(?:{WORD}"
            rf"|{LINK}) ){{0,3}}"
            rf"{WORD} (?!(?:19|20)\d\d\b)\d{{1,4}}[a-z]?\b)(?=[\n,:?!)]|\.(?!\d)|$| (?:Apt|Suite|Unit|Flat|Box|in"
            rf"|and|St)\b)(?! ?{MEASURE})",
            _has_rare_name,
        ),
        (
            "ADDRESS",
            (" st.", "street", " st,", " st\n"),
            rf"\b(?:[Ll]ives? on|[Cc]orner of|[Oo]ff at|at|on|and"
            rf"|to) (?P<value>(?=[\p{{Lu}}\d]){PART}(?: {PART}){{0,4}} (?:[Ss]treet|St)\b)",
            None,
        ),
        (
            "ADDRESS",
            ("corner of", "intersection of"),
            rf"(?P<value>(?:[Tt]he )?(?:[Cc]orner"
            rf"|[Ii]ntersection) of {STREET_PART}(?: {STREET_PART}){{0,6}}? (?:and|&) "
            rf"{STREET_PART}(?: {STREET_PART}){{0,5}}(?: (?i:{SUFFIX}|{STREET}|str))?)",
            lambda value: any(c.isupper() for c in value[14:]),
        ),
        (
            "HOSPITAL",
            ("hospital", "clinic", "medical cent", "infirmary"),
            rf"\b(?:Dr\.?|Doctor) (?:{WORD} ){{1,3}}(?:\w+ ){{0,5}}?(?:at|of|from) (?:the )?"
            rf"(?P<value>(?:{WORD} ){{1,4}}?(?:Hospital|Clinic|Medical Cent(?:er|re)|Infirmary))\b",
            None,
        ),
    )
)
