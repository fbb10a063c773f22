"""What announces a person's name in text of Latin script: titles, labels, kinship, greetings."""

import regex

from collectors.privacy.identifiers.rule import Rule

_NO_NAME = (
    r"(?!(?:He|She|The|This|It|In|On|We|They|Her|His|At|And|For|To|Of|If|When|After|Please|Thank|Thanks|Doctor"
    r"|Mister|Misses|Madam|Sir|Dr|Mr|Mrs|Ms|Hi|Hello|Hey|Bye|Yes|No|Okay|There|My)\b)"
)
WORD = _NO_NAME + r"(?:\p{Lu}['\u2019])?\p{Lu}\p{Ll}+(?:(?:['\u2019]|-)?\p{Lu}?\p{Ll}+)*(?<!['\u2019]s)"
PARTICLE = (
    r"(?:Van der|Van den|Van de|Van|Von|De la|De los|De|Del|Della|Di|Da|Dos|Bin|Ibn|St\.|de la|de los|van der"
    r"|van den|van de|von der|de|da|dos|di|del|della|la|le|van|von|der|den|bin|ibn|al|el"
    r"|ter|st\.)"
)
_PERSON = rf"(?:\p{{Lu}}\. ?)?{WORD}(?:[ -](?:\p{{Lu}}\.? ?|{PARTICLE} ){{0,2}}{WORD}){{0,2}}(?: I{{2,3}}\b)?"
_FULL_PERSON = rf"{WORD}[ -](?:\p{{Lu}}\.? ?|{PARTICLE} ){{0,2}}{WORD}(?:[ -]{WORD})?(?: I{{2,3}}\b)?"
_ANYHOW = r"\p{L}[\p{Ll}'\u2019-]+(?: (?:\p{L}\.? )?\p{Lu}[\p{Ll}'\u2019-]+){0,2}"
"""A name after a strong cue, small or capital."""
_CAPITALS = r"(?:\p{Lu}['\u2019])?\p{Lu}{2,}(?:-\p{Lu}{2,})?"
_SHOUTED = (
    rf"{_CAPITALS}(?:, | )(?:\p{{Lu}}\.? )?{_CAPITALS}(?: \p{{Lu}}\b\.?)?"
    rf"|(?:{PARTICLE} )?{WORD}(?: {WORD})?, {WORD}(?: \p{{Lu}}\b\.?)?"
)
"""SMITH, JOHN or Smith, John."""
_NOT_AFTER_CUE = (
    r"(?!(?:Hi|Hello|Okay|Yes|No|Thank|Thanks|Good|Well|Oh|Name|Not|None|Unknown|The|This|What|Who|It|Is|And|Or|Of"
    r"|Sex|Gender|Age|Date"
    r"|Male|Female|Mr|Mrs|Ms|Dr|Right|Left)\b)"
)
_RELATIVES = (
    "daughter son wife husband mother father sister brother partner spouse friend girlfriend boyfriend"
    " caregiver roommate neighbor neighbour kid child niece nephew uncle aunt cousin grandmother grandfather"
    " grandson granddaughter guardian nurse colleague twin baby mom dad parent stepmother stepfather stepson"
    " stepdaughter grandma grandpa mother-in-law father-in-law caller driver coworker teacher landlord boss"
    " fiance fiancee sibling classmate interpreter paramedic"
)
RELATIVES = tuple(_RELATIVES.split())
_ROLE = (
    r"(?:[Pp]atient|PATIENT|[Cc]lient|[Rr]esident|[Pp]hysician|PHYSICIAN|[Ss]urgeon|SURGEON|[Dd]octor|[Nn]urse"
    r"|[Pp]rovider|[Aa]ttending"
    r"|[Rr]eferr(?:ing|ed by)|[Aa]uthor|[Tt]echnologist|[Tt]herapist|[Cc]ontact|[Gg]uarantor|[Ss]ubscriber"
    r"|[Ii]nsured|[Rr]eporter|[Ss]igned|[Dd]ictated"
    r"|[Aa]uthenticated|[Rr]eviewed|[Cc]onsultant|[Pp]harmacist|[Ww]itness|[Nn]ext of kin|NOK|[Cc]aregiver"
    r"|[Gg]uardian|[Aa]ssistant|ASSISTANT|[Ii]ntern|[Ff]ellow|[Rr]esident|[Ii]nterpreter|[Ss]cribe|[Cc]aller"
    r"|[Dd]onor|[Rr]ecipient"
    r"|\p{L}{4,12}(?:ologist|iatrist|iatrician|etrician|etist|itioner|ician)|[Cc]ase [Mm]anager|[Ss]ocial [Ww]orker"
    r"|[Aa]ccount [Hh]older"
    r"|[Ee]mergency [Cc]ontact|[Pp]rimary [Cc]ontact|RE|Re|CC|[Cc]c|[Aa]ttn|[Tt]o|[Ff]rom|[Mm]other|[Ff]ather"
    r"|[Ss]pouse|[Pp]artner)"
)
TITLES = (
    Rule(
        "NAME",
        (
            *(
                "mr",
                "ms",
                "miss",
                "mx",
                "dr",
                "prof",
                "doctor",
                "sir",
                "madam",
                "rev",
                "sgt",
                "capt",
                "nurse",
                "sister",
            ),
            *("father", "uncle", "aunt", "grandma", "grandpa", "mme", "herr", "frau", "se\u00f1or", "mister"),
        ),
        regex.compile(
            r"\b(?:Mr|Mrs|Ms|Miss|Mister|Misses|Mx|Dr|Prof|Professor|Doctor|Sir|Madam|Rev|Sgt|Capt|Nurse|Sister"
            r"|Father|Uncle|Aunt|Aunty|Grandma|Grandpa|Mme"
            rf"|Herr|Frau|Se\u00f1ora?)\.?[ \u00a0]{{1,2}}(?P<value>{_PERSON}|\p{{Lu}}{{3,}}\b)"
        ),
        None,
    ),
)
"""A title makes a name of any word."""

CUES = tuple(
    Rule("NAME", cues, regex.compile(pattern), None)
    for cues, pattern in (
        (
            ("name",),
            r"\b(?:[Nn]ame|NAME)(?: (?:is|was|on the account|of (?:the )?patient))?(?: ?[:\uff1a#]|\?? (?:is|was"
            r"|to|User:)|\? [A-Z]\w+:)?\s?"
            rf"(?:(?:is|it's) )?(?P<value>{_NOT_AFTER_CUE}(?:{_SHOUTED}|{_FULL_PERSON}))",
        ),
        (
            ("name", "change it to", "call", "go by", "goes by"),
            r"\b(?:(?:[Mm]y|[Hh]is|[Hh]er|[Tt]heir|[Mm]aiden|[Ll]ast|[Ff]irst|[Ff]ull|[Ss]ur|[Nn]ick|[Mm]iddle"
            r"|[Pp]artner's|[Pp]atient'?s?) ?[Nn]ame"
            r"(?:'s| is|:)|[Nn]ame ?[:\uff1a]|[Nn]ame\?|change it to|calls? me|called me|I go by|goes by)(?!\w) ?"
            rf"(?P<value>{_NOT_AFTER_CUE}{_ANYHOW})",
        ),
        (
            ("named", "called", "i am", "i'm", "i\u2019m", "this is", "it's", " by", "follow", "care of"),
            r"\b(?:(?<!gene )(?<!drug )(?<!protein )named|(?<!also )(?<!is )called|I am|I'm|I\u2019m|[Tt]his is"
            r"|[Ii]t's|[Ss]igned by:?|[Dd]ictated by:?|[Ss]een by|[Ww]ritten by"
            r"|[Rr]eferred by|[Rr]eported by|[Aa]ccompanied by|[Ff]ollow(?:-| )up with|care of) "
            rf"(?P<value>{_FULL_PERSON})",
        ),
        (
            (":", " by ", "\uff1a"),
            rf"(?:^|(?<=[\n>?,;.(] ?)){_ROLE}(?: (?:[Nn]ame|NAME|[Ss]ignature|by))?(?: ?[:\uff1a]| by) ?"
            rf"(?P<value>{_NOT_AFTER_CUE}(?:{_SHOUTED}|{_FULL_PERSON}))(?=[,;.\n(\uff0c|\t]|$| [-a-z(]| {{2,}}"
            rf"| (?:DOB|MRN|Age|Sex|Date|ID)\b)",
        ),
        (
            RELATIVES,
            rf"\b(?:{'|'.join(RELATIVES)})(?:,| named| called| is|'s name,?"
            rf"|'s name is)? \(?(?P<value>{_FULL_PERSON}|{WORD}(?=[,;.)]))",
        ),
        (
            (
                " denies",
                " reports",
                " presents",
                " presented",
                " complains",
                " is a",
                " states",
                " endorses",
                " was admitted",
            ),
            rf"(?:^|(?<=[\n.;:?!,] {{0,3}}))(?P<value>{_FULL_PERSON}|{WORD}) (?:denie[sd]|endorses|complains of"
            rf"|(?:now )?presents (?:with|to|for)"
            r"|presented (?:with|to)|(?:reports|states) (?:that|no|having|feeling|his|her|some|pain)|(?:is"
            r"|was) an? (?:\w+[ ,-]){0,3}?(?:\d{1,3}[- ]?(?:y|month|week)|pleasant)"
            r"|was (?:admitted|discharged|brought in|restrained|transferred|intubated|extubated|born (?:at|on|in"
            r"|via))\b)",
        ),
        (
            (
                "dear",
                "hi",
                "hello",
                "hey",
                "sincerely",
                "regards",
                "best",
                "thanks",
                "yours",
                "cheers",
                "respectfully",
                "morning",
                "afternoon",
                "evening",
                "signed",
                "love",
                "thank you",
            ),
            r"(?:^|(?<=[\n.!?:] {0,2}))(?:[Dd]ear|Hi|Hello|Hey|Sincerely(?: yours)?|(?:[Kk]ind |[Bb]est "
            r"|[Ww]arm )?[Rr]egards|Best(?: wishes)?|(?:[Mm]any )?[Tt]hanks"
            r"|Thank you|Yours(?: truly| sincerely| faithfully)?|Cheers|Signed|Love|Respectfully"
            r"|(?:Good )?(?:[Mm]orning|[Aa]fternoon|[Ee]vening)),?\s{1,2}"
            rf"(?P<value>{_NOT_AFTER_CUE}(?:{_FULL_PERSON}|{WORD}))(?=[,.!\n]|$)",
        ),
    )
)
"""A cue makes a name of words that are not all ordinary."""

BEFORE = regex.compile(
    rf"(?:\b(?:{'|'.join(RELATIVES)}|(?<!gene )(?<!drug )(?<!protein )named|calls? (?:me|him|her)|[Mm]y name is"
    rf"|[Tt]his is|Hi,?|Hello,?|Hey,?|[Dd]ear|said|[Tt]hank you,?|[Tt]hanks,?"
    r"|[Bb]etween (?:him|her|me) and|[Ss]p(?:oke|eak) (?:to|with)|[Mm]et(?: with)?|[Ff]ollow(?:-| )?up with"
    r"|[Aa]sk(?:ed)?|[Tt]old|hear(?:d)?|leave me|tell"
    r"|commenter|songwriter|player|singer|actor|actress|president|author|gender of|[Ll]ast name\??|not by|sung by"
    r"|account of|behalf of|[Uu]nlike the"
    r"|ex-\w+|founders?:|that|[Ss]aw|[Tt]alk(?:ed)? (?:to|with)|belongs? to|[Ll]et|married to|Pt\.?|between|cc:"
    r"|[Aa]ttn:?|RE:|[Cc]ontact|[Gg]ood (?:morning|afternoon|evening),?|[Pp]er|[Dd]iscussed with|[Oo]fficer"
    r"|[Ii]nterpreter|[Pp]atient,?|[Mm]anager|[Ww]orker|[Tt]herapist|[Ii]ntern|[Rr]esident|[Nn]eighbou?r"
    r"|[Cc]oordinator|[Ww]itness|[Aa]ide|[Cc]aller,?|[Dd]river,?)\s)$"
)
"""What stands before a person, and hardly before anything else with a capital."""
AFTER = regex.compile(
    r"(?:['\u2019]s (?:kid|son|daughter|wife|husband|mother|father|sister|brother|family|friend|house|song|account"
    r"|name|birthday|partner|doctor|parents"
    r"|mom|dad|room|version|novel|mood|pain|condition)\b|,? (?:said|says|speaks?|lives?|lived|told|asked|thinks"
    r"|points out|wrote|writes|flew|moved|married"
    r"|smokes?|smoked|drinks?|who|whose|and I\b|needs|takes|told|wants|arrived|called|novel|version recorded"
    r"|just has|was (?:born|raised|restrained|admitted|discharged|brought (?:in|by|to (?:the|our))|told|seen (?:in"
    r"|by|at))|returned to|returns (?:to|for)|is (?:very|married|retired|divorced|widowed|from|my|his|her|our|doing"
    r"|feeling"
    r"|a \d)))"
)
AFTER_KNOWN = regex.compile(
    r",? (?:works?|worked|feels?|felt|went|came|calls?|called|reports?|reported|states?|stated|denies|denied"
    r"|complain(?:s|ed)|has (?:been|had|a)\b|will|is (?:a|an|the)\b"
    r"|was (?:a|an|the|very|influenced|seen|admitted)\b|were|had|looks|seems|tells|thought|wants?)\b"
)
"""What stands after a person, and after drugs and firms too: counts for words that are on a list of names."""
ARTICLE = regex.compile(r"(?:\b(?:[Tt]he|[Aa]n?|[Aa]s|[Ii]n|[Ff]or)|\d) $")
FIRM_BEFORE = regex.compile(r"\b(?:work(?:s|ed|ing)? (?:for|at|with)|employed (?:by|at)|recorded for|from|of) $")
"""What stands before a firm or a place, where the words alone could be a person's name."""
CREDENTIAL = regex.compile(
    r",? (?:M\.?D|R\.?N|Ph\.?D|D\.?O|P\.?A(?:-C)?|N\.?P|D\.?D\.?S|D\.?P\.?M|F\.?A\.?C\.?S|MBBS|FRC[SP]|LCSW|CRNA"
    r"|Jr|Sr)\b"
)
