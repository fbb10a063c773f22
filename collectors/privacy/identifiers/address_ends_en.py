"""How far an address reaches on both sides of its street: house numbers before it; units, towns, codes and countries
after it, on the same line or on lines of their own."""

import regex

_COUNTRIES = "|".join(
    (
        "Argentina",
        "Armenia",
        "Australia",
        "Austria",
        "Belgium",
        "Brazil",
        "Bulgaria",
        "Canada",
        "Chile",
        "China",
        "Colombia",
        "Croatia",
        "Cyprus",
        "Czech Republic",
        "Czechia",
        "Denmark",
        "Egypt",
        "England",
        "Estonia",
        "Finland",
        "France",
        "Georgia",
        "Germany",
        "Greece",
        "Greenland",
        "Hong Kong",
        "Hungary",
        "Iceland",
        "India",
        "Indonesia",
        "Iran",
        "Iraq",
        "Ireland",
        "Israel",
        "Italy",
        "Japan",
        "Jordan",
        "Kenya",
        "Korea",
        "Latvia",
        "Lebanon",
        "Lithuania",
        "Luxembourg",
        "Malaysia",
        "Malta",
        "Mexico",
        "Morocco",
        "Nepal",
        "Netherlands",
        "The Netherlands",
        "New Zealand",
        "Nigeria",
        "Northern Ireland",
        "Norway",
        "Pakistan",
        "Peru",
        "Philippines",
        "Poland",
        "Portugal",
        "Romania",
        "Russia",
        "Saudi Arabia",
        "Scotland",
        "Serbia",
        "Singapore",
        "Slovakia",
        "Slovenia",
        "South Africa",
        "South Korea",
        "Spain",
        "Sri Lanka",
        "Sweden",
        "Switzerland",
        "Taiwan",
        "Thailand",
        "Tunisia",
        "Turkey",
        "UK",
        "Ukraine",
        "United Arab Emirates",
        "United Kingdom",
        "United States(?: of America)?",
        "Uruguay",
        "USA",
        "U\\.S\\.A\\.",
        "Venezuela",
        "Vietnam",
        "Wales",
    )
)
_GAP = r"(?:[ \t]*,?[ \t]*\n[ \t>?*#-]*(?:,[ \t]*)?|,[ \t]*|[ \t]{1,2})"
_BREAK = r"(?:[ \t]*,?[ \t]*\n[ \t>?*#-]*(?:,[ \t]*)?|,[ \t]*)"
_LINE = r"[ \t]*,?[ \t]*\n[ \t>?*#-]*(?:,[ \t]*)?"
_UNIT = (
    r"(?:(?i:apt|apartment|suite|ste|unit|flat|floor|room|rm|building|bldg|block|box|no|lot|trlr"
    r"|space)\.? ?#?[A-Za-z]?-?\d+[A-Za-z]?"
    r"|#\d+[A-Za-z]?|(?:\d{1,2}(?:st|nd|rd|th)|[Gg]round|[Ff]irst|[Ss]econd|[Tt]hird|[Tt]op) [Ff]loor)\b"
)
_WORD = r"(?:\p{Lu}[\p{L}\u2206'\u2019.-]*|nan)"
_TOWN = rf"{_WORD}(?:[ -](?:{_WORD}|\p{{Ll}}{{1,4}}(?= \p{{Lu}})|\(\p{{L}}+\))){{0,4}}"
_ZIP = (
    r"(?:\d\d-\d{3}|\d{5}-\d{3}|\d{4,6}(?:-\d{3,4})?|\d{3} \d\d|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
    r"|[A-Z]\d[A-Z] ?\d[A-Z]\d)(?![\w%]|[.,]\d)"
)
_CODE = rf"(?:\p{{Lu}}{{2,3}}(?:,? |{_GAP})|\d{{1,2}}{_BREAK}|{_TOWN}{_GAP})?{_ZIP}(?: (?:{_COUNTRIES})\b)?"
_BEYOND = regex.compile(
    rf"(?: (?:North|South|East|West|N|S|E|W)\b)?(?: (?:[Ss]t|[Ss]treet|str)\b\.?)?(?:{_GAP}{_UNIT}){{0,3}}"
    rf"(?:(?:{_GAP}{_TOWN}){{0,2}}{_GAP}{_CODE}|(?:{_BREAK}{_TOWN}){{0,3}}{_BREAK}(?:{_COUNTRIES})\b"
    rf"|(?:{_LINE}[^\n\d,;:]{{2,40}}){{1,2}}(?:{_LINE}\p{{L}}{{2,3}})?{_LINE}(?:[\p{{L}} ()]{{2,30}} )?\d{{4,6}}\b|)"
)
_AFTER_UNIT = regex.compile(rf"(?:(?<=\d)|(?<=\d[A-Za-z])) {_TOWN}(?=[\n.,;?!)]|$)")
_HOUSE = regex.compile(
    r"(?<![\w.,/:%-])(?:(?:[Ff]lat|[Uu]nit|[Nn]o\.?|#) ?\d{1,4}[A-Za-z]?,? |\d{1,5}[A-Za-z]? |\d{1,4}[A-Za-z]?/){1,2}$"
)


def reach(text: str, start: int, end: int) -> tuple[int, int]:
    """Start and end of the address of which characters `start` to `end` are a street or a box."""
    while end > start and text[end - 1] in " \n.,;(":
        end -= 1
    end = _BEYOND.match(text, end).end()
    if more := _AFTER_UNIT.match(text, end):
        end = more.end()
    if text[start].isalnum() and (house := _HOUSE.search(text, max(0, start - 16), start)):
        start = house.start()
    return start, end
