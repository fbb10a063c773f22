"""What addresses in Latin script are made of: words for streets, states, units, towns and codes, as patterns."""

STREET = (
    r"(?:Street|Avenue|Road|Lane|Drive|Court|Boulevard|Row|Terrace|Yard|Crescent|Place|Way|Close|Square|Gardens|Mews"
    r"|Circle|Highway|Parkway|Trail|Grove|Hill|Walk|Alley|Loop|Pike|Plaza|Crossing|Ridge|Heights|Park"
    r"|Estate|Rise|Quay|Wharf|Gateway|Mall|Courts|Greens)\b"
    r"|(?:St|Ave|Av|Rd|Ln|Dr|Ct|Blvd|Pl|Sq|Hwy|Pkwy|Cres|Terr?|Cir)\b\.?(?! \p{Ll}+ing)"
)
SUFFIX = (
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
STATES = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]"
    r"|W[AIVY])"
)
STATE_NAMES = "|".join(
    (
        "Alabama",
        "Alaska",
        "Arizona",
        "Arkansas",
        "California",
        "Colorado",
        "Connecticut",
        "Delaware",
        "Florida",
        "Georgia",
        "Hawaii",
        "Idaho",
        "Illinois",
        "Indiana",
        "Iowa",
        "Kansas",
        "Kentucky",
        "Louisiana",
        "Maine",
        "Maryland",
        "Massachusetts",
        "Michigan",
        "Minnesota",
        "Mississippi",
        "Missouri",
        "Montana",
        "Nebraska",
        "Nevada",
        "New Hampshire",
        "New Jersey",
        "New Mexico",
        "New York",
        "North Carolina",
        "North Dakota",
        "Ohio",
        "Oklahoma",
        "Oregon",
        "Pennsylvania",
        "Rhode Island",
        "South Carolina",
        "South Dakota",
        "Tennessee",
        "Texas",
        "Utah",
        "Vermont",
        "Virginia",
        "Washington",
        "West Virginia",
        "Wisconsin",
        "Wyoming",
    )
)
WORD = r"\p{Lu}[\p{L}'\u2019-]*+(?!\d)\.?"
TOWN_WORD = r"(?!I\b)\p{Lu}[\p{L}'\u2019-]*"
UNIT = (
    r"(?:,?\s(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Building|Bldg|No)\.? ?#?[A-Za-z]?-?\d*[A-Za-z]?\b"
    r"|,? #\d+[A-Za-z]?)"
)
TOWN = rf"(?:,\s{{0,2}}(?:{WORD} ){{0,2}}{WORD})"
CODE = (
    rf"(?:,?\s{{1,2}}(?:{STATES}|{STATE_NAMES})\b)?"
    r"(?:,?\s{1,2}(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d"
    r"|(?:NSW|VIC|QLD|TAS|ACT|NT) \d{4})\b)?"
)
_SMALL = (
    r"(?!(?:for|on|at|in|with|and|or|after|before|by|to|from|until|about|than|is|was|were|has"
    r"|had)\b)\p{Ll}[\p{L}.]{0,15}"
)
PART = (
    rf"(?:#?\d[\w/-]{{0,8}}\.?|{WORD}|\p{{Lu}}/|d\p{{L}}{{1,2}}|la|le|van|von|nan|{_SMALL}(?= \d|\. \d)"
    rf"|{_SMALL}(?= {_SMALL} \d))"
)
LINK = r"(?!(?:with|in|and|of|at|to|for|on|or|is|was|a|an|the|by|from|as|per|vs)\b)\p{Ll}{1,4}\.?"
"""A small word within a street's name: de, la, van, nad, z."""
STREET_PART = rf"(?:{WORD}|\d{{1,5}}[a-z]?|(?!and|is|on|in|at|to|of|for\b)\p{{Ll}}{{1,5}}\.?(?= [\p{{Lu}}\d]))"
PARTS = rf"(?:the corner of )?{PART}(?:(?:,? (?:\(?)|\s?\n ?(?:, ?)?)(?:and (?={PART}))?{PART}\)?){{0,14}}"
MEASURE = (
    r"(?:mg|mcg|mL|ml|cc|cm|mm|g|units?|%|times|ounces?|tablets?|capsules?|puffs?|days?|weeks?|months?|years?"
    r"|hours?|minutes?"
    r"|x|per|daily|or|to)(?!\p{L})"
)
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
PLACED = (
    r"\b(?:[Aa]ddress(?: (?:is|of \p{Lu}[\w ,&.-]{1,50}? is|with|to|on file is))?:?|[Ll]ocated (?:at|on)"
    r"|[Ll]iv(?:es?|ed|ing) (?:at|on)"
    r"|[Rr]esid(?:es?|ed|ing) (?:at|on)|(?:[Ss]ent?|[Mm]ail(?:ed)?|[Dd]eliver(?:ed)?|[Ss]hip(?:ped)?|card"
    r"|one)(?: it| them| me)? to"
    r"|[Mm]eet (?:me|you|us) at|arrived at|(?:is|are) at|off at|[Mm]oved to|following\?|[Cc]orner of|refers to)"
)
WAY = (
    r"(?:[Rr]ue|[Aa]venue|[Aa]venida|[Aa]vda|[Cc]alle|C/|[Rr]ua|[Rr]\u00faa|[Vv]ia|[Vv]iale|[Pp]iazza|[Pp]iazzetta"
    r"|[Pp]laza|[Pp]aseo|[Cc]orso|[Uu]l\.|[Uu]lica"
    r"|[Aa]l\.|[Oo]s\.|[Tt]ravessa|[Qq]uinta|[Cc]arrer|[Cc]amino|[Ll]argo)"
)
"""Words for a street that stand before its name."""
WAY_CUES = tuple(
    f"{way}{end}"
    for way in (
        *("rue", "avenue", "avenida", "avda", "calle", "c/", "rua", "r\u00faa", "via", "viale", "piazza", "piazzetta"),
        *("plaza", "paseo", "corso", "ul.", "ulica", "al.", "os.", "travessa", "quinta", "carrer", "camino", "largo"),
    )
    for end in (" ", ". ")
)
_WAY_ENDS = (
    "strasse straße straat weg platz gasse laan plein vej gade gatan gata vägen veien gate katu tie kuja"
    " utca stræde väg brink singel kade dijk steeg allee damm ufer ring stubben alle"
)
_WAY_WORDS = (
    "utca u. út útja tér rkp köz gate vei vej gata ulice náměstí tn pst mnt str Strasse Straße Straat Weg Platz Allee"
)
WORD_WAY = rf"\p{{Lu}}\p{{L}}{{2,20}}(?:{'|'.join(_WAY_ENDS.split())})\b"
WAY_AFTER = rf"(?:{'|'.join(word.replace('.', '[.]') for word in _WAY_WORDS.split())})"
"""The same within a word, and behind it."""
WAY_AFTER_CUES = tuple(
    f"{word.lower()}{end}{digit}"
    for word in (*_WAY_ENDS.split(), *_WAY_WORDS.split())
    for end in (" ", ". ")
    for digit in range(10)
)
TAIL = (
    rf"(?:{UNIT}){{0,2}}(?:(?:[\s,]{{1,4}}(?:{WORD}|\(\w+\)|nan)){{0,6}}[\s,]{{1,4}}\d{{4,6}}\b(?: (?!I\b"
    rf"|The\b){WORD}){{0,2}}"
    rf"|{TOWN}?{CODE})"
)
