"""What announces a person's name in text of Latin script: titles, labels, kinship, greetings."""

import regex

from collectors.privacy.identifiers.rule import Rule

_NO_NAME = (
    r"(?!(?:He|She|The|This|It|In|On|We|They|Her|His|At|And|For|To|Of|If|When|After|Please|Thank|Thanks|Doctor"
    r"|Mister|Misses|Madam|Sir|Dr|Mr|Mrs|Ms|Hi|Hello|Hey|Bye|Yes|No|Okay|There|My)\b)"
)
WORD = (
    _NO_NAME
    + r"(?:(?:al|el|ad|ar|as|an|ash|bin)-)?(?:\p{Lu}['\u2019])?\p{Lu}\p{Ll}+"
    + r"(?:(?:['\u2019]|-)?\p{Lu}?\p{Ll}+)*(?<!['\u2019]s)"
)
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
_PEOPLE = (
    "patient client resident claimant plaintiff defendant caller complainant witness driver passenger officer deputy"
    " detective sheriff"
    " judge attorney lawyer solicitor paralegal interpreter translator coordinator manager worker therapist counselor"
    " counsellor"
    " physician surgeon doctor nurse midwife doula aide assistant technician technologist pharmacist dentist"
    " hygienist chiropractor"
    " paramedic emt student intern fellow attending consultant registrar specialist provider practitioner clinician"
    " hospitalist"
    " intensivist internist anesthetist anaesthetist radiographer phlebotomist scribe transcriptionist secretary"
    " receptionist"
    " administrator director supervisor coroner examiner investigator teacher principal coach professor pastor"
    " chaplain rabbi imam"
    " priest landlord employer guardian caregiver carer sitter babysitter volunteer donor recipient victim decedent"
    " inmate veteran"
    " applicant beneficiary guarantor subscriber insured policyholder reporter signatory proxy agent author assessor"
    " reviewer"
    " perfusionist trainee navigator liaison advocate pcp gp nok surrogate holder user customer employee co-worker"
    " colleague"
)
_SPECIALIST = r"\p{L}{3,14}(?:ologist|iatrist|iatrician|etrician|etist|itioner|ician|otomist|opath|ometrist)"
ROLE = rf"(?:{'|'.join((*_PEOPLE.split(), *RELATIVES))}|{_SPECIALIST})"
_LABEL = (
    rf"(?:(?:[\p{{L}}-]{{2,14}} ){{0,2}}?(?:(?i:{ROLE})|(?i:referred|signed|dictated|authenticated|reviewed|seen"
    rf"|collected|performed"
    r"|prepared|verified|entered|ordered|witnessed|co-?signed|transcribed|requested|received|approved|recorded"
    r"|interpreted|assisted)(?: by)?"
    r"|(?i:contact|next of kin|cc|attn|re|to|from|copy to|copies to|anesthesia|anaesthesia|pt|name|patient name"
    r"|attention|subject|signature"
    r"|on behalf of|parents?|family|spouse|partner)))"
)
_TITLE = (
    r"(?:Mr|Mrs|Ms|Miss|Mister|Misses|Mx|Drs?|Prof|Professor|Doctor|Sir|Madam|Rev|Reverend|Sgt|Sergeant|Capt|Captain|Lt|Lieutenant|Col|Maj"
    r"|Cpl|Hon|Fr|Nurse|Sister|Brother|Father|Uncle|Aunt|Aunty|Auntie|Grandma|Grandpa|Granny|Mme|Mlle|Herr|Frau|Se\u00f1ora?|Sra?|Officer"
    r"|Deputy|Detective|Judge|Pastor|Chaplain|Rabbi|Imam|Coach|Coroner|Baby (?:[Bb]oy|[Gg]irl)|[Ii]nfant (?:[Bb]oy"
    r"|[Gg]irl))"
)
_TITLE_CUES = (
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
        "sergeant",
        "capt",
        "nurse",
        "sister",
        "brother",
    ),
    *(
        "father",
        "uncle",
        "aunt",
        "grandma",
        "grandpa",
        "granny",
        "mme",
        "mlle",
        "herr",
        "frau",
        "se\u00f1or",
        "mister",
        "officer",
    ),
    *(
        "deputy",
        "detective",
        "judge",
        "pastor",
        "chaplain",
        "rabbi",
        "imam",
        "coach",
        "coroner",
        "boy ",
        "girl ",
        "lt",
        "col",
        "hon",
    ),
)
TITLES = (
    Rule(
        "NAME",
        _TITLE_CUES,
        regex.compile(rf"\b{_TITLE}\.?[ \u00a0]{{1,2}}(?P<value>{_PERSON}|\p{{Lu}}{{3,}}\b)"),
        None,
    ),
    Rule(
        "NAME",
        ("drs",),
        regex.compile(rf"\bDrs\.? {_PERSON}(?:, {_PERSON})*?,? (?:and|&) (?P<value>{_PERSON})"),
        None,
    ),
    Rule(
        "NAME",
        ("mr. and", "mr and", "mr. &"),
        regex.compile(rf"\bMr\.? (?:and|&) Mrs\.? (?P<value>{_PERSON})"),
        None,
    ),
)
"""A title makes a name of any word."""

CUES = tuple(
    Rule("NAME", cues, regex.compile(pattern), None)
    for cues, pattern in (
        (
            ("name",),
            r"\b(?:[Nn]ame|NAME)(?: on the account| of (?:the )?patient)?(?:(?<='s name)|(?<=\u2019s name)| (?:is"
            r"|was)|\?? (?:is|was|to|User:)|\? [A-Z]\w+:)\s?"
            rf"(?:(?:is|it's) )?(?P<value>{_NOT_AFTER_CUE}(?:{_SHOUTED}|{_FULL_PERSON}))",
        ),
        (
            ("name",),
            r"\b(?:[Nn]ame|NAME)(?: (?:is|was|on the account|of (?:the )?patient))?(?: ?[:\uff1a#])\s?"
            rf"(?P<value>{_NOT_AFTER_CUE}(?:{_SHOUTED}|{_FULL_PERSON}))(?![\p{{L}}-])(?! (?!(?:and|is|was|presents?"
            rf"|with|aged?|male|female|dob|a|who|on|for)\b)\p{{Ll}}{{2}})",
        ),
        (
            ("name:", "name\uff1a", "name :"),
            rf"\b(?:Name|NAME|[a-z]+ [Nn]ame) ?[:\uff1a]\s{{0,2}}(?P<value>{_NOT_AFTER_CUE}(?:{WORD}|{_CAPITALS}))"
            rf"(?=[,;.\n|]|$| {{2,}}| (?:DOB|MRN|Age|Sex|ID)\b)",
        ),
        (
            ("name", "change it to", "call", "go by", "goes by"),
            r"\b(?:(?:[Mm]y|[Hh]is|[Hh]er|[Tt]heir|[Mm]aiden|[Ll]ast|[Ff]irst|[Ff]ull|[Ss]ur|[Nn]ick|[Mm]iddle"
            r"|[Pp]artner's|[Pp]atient'?s?) ?[Nn]ame"
            r"(?:'s| is|:)|[Nn]ame\?|change it to|calls? me|called me|I go by|goes by)(?!\w) ?"
            rf"(?P<value>{_NOT_AFTER_CUE}{_ANYHOW})",
        ),
        (
            ("named", "called", "i am", "i'm", "i\u2019m", "this is", "it's", " by", "follow", "care of", "name"),
            r"\b(?:(?:under|in|by) the name(?: of)?|(?<!gene )(?<!drug )(?<!protein )named|(?<!also )(?<!is )called|I"
            r" am|I'm|I\u2019m|[Tt]his is"
            r"|[Ii]t's|[Ss]igned by:?|[Dd]ictated by:?|[Ss]een by|[Ww]ritten by"
            r"|[Rr]eferred by|[Rr]eported by|[Aa]ccompanied by|[Ff]ollow(?:-| )up with|care of) "
            rf"(?P<value>{_FULL_PERSON})",
        ),
        (
            (":", " by ", "\uff1a"),
            rf"(?:^|(?<=[\n>?,;.(|] {{0,2}}))\W{{0,3}}{_LABEL}(?: (?:[Nn]ame|NAME|[Ss]ignature|by))?(?: ?[:\uff1a]|"
            rf" by:?)\s{{0,2}}"
            rf"(?P<value>{_NOT_AFTER_CUE}(?:{_SHOUTED}|{_FULL_PERSON}))(?=[,;.\n(\uff0c|\t/]|$| [-a-z(]| {{2,}}"
            rf"| (?:DOB|MRN|Age|Sex|Date|ID)\b)",
        ),
        (
            ("mrn", "dob", "id", "acct", "d.o.b", "age", "sex"),
            rf"(?:^|(?<=[\n|;:>] {{0,2}}))(?P<value>{_NOT_AFTER_CUE}(?:{_SHOUTED}|{_FULL_PERSON}))"
            r"(?=[\s,(]{1,4}(?:MRN|DOB|D\.O\.B|Acct|Patient ID|Age|Sex)\b)",
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
STRONG = regex.compile(
    rf"(?:\b(?i:{ROLE})(?:,| named| called|,? who is| is|:)? \(?"
    r"|\b(?:[Ss]een|[Ss]igned|[Cc]ollected|[Pp]erformed|[Gg]iven|[Pp]rovided|[Ww]ritten|[Dd]ictated|[Rr]eviewed|[Pp]repared|[Ee]ntered|[Vv]erified"
    r"|[Ww]itnessed|[Aa]ccompanied|[Rr]eferred|[Oo]rdered|[Cc]alled|[Ee]xamined|[Ee]valuated|[Ii]nterviewed|[Dd]riven"
    r"|[Aa]ssisted|[Oo]btained) (?:by|from) "
    r"|\b(?:[Dd]iscussed|[Rr]eviewed|[Ss]poke|[Ss]peak|[Tt]alk(?:ed)?|[Mm]et|[Cc]onferred|[Cc]onsulted|[Ll]iv(?:es?|ing)|[Ss]tays?|[Vv]isit|[Tt]herapy"
    r"|[Aa]ppointment|[Ff]ollow(?:-| )?up|[Ss]een) with "
    r"|\b(?:[Ss]poke|[Ss]peak|[Tt]alk(?:ed)?|[Cc]alled|[Mm]arried|[Rr]eported|[Gg]iven|[Aa]ccording|[Ee]xplained"
    r"|[Rr]eleased?|[Hh]anded) to "
    r"|\b(?:[Mm]essage(?: left)?|[Aa]ppointment|[Aa]sk(?:ed)?|[Rr]esults|[Cc]onsent|[Ll]etter|[Rr]ecords|[Cc]are"
    r"|[Pp]rescription) (?:for|from|of) "
    r"|\b(?:[Ss]aw|[Ss]eeing|[Ee]xamined|[Ee]valuated|[Ii]nterviewed|[Cc]ontacted|[Ii]nformed|[Nn]otified|[Tt]hank(?:ed|ing)?|[Rr]eferr?ing|[Cc]oncern(?:s|ing)"
    r"|[Rr]egarding|[Aa]ttn:?|[Bb]ehalf of|[Pp]er|I,|I am|I'm|[Aa]dmitting|[Cc]all(?:ed)?|[Ww]itness:) )$"
)
"""What stands before a person's full name, even one made of words."""
VOCATIVE = regex.compile(r"(?:[\p{Ll}'\u2019]|Yes|No|Okay|Well|Thanks|Hello|Hi|Sorry), $")
VOCATIVE_AFTER = regex.compile(r"[?!]")
"""Before and after someone who is spoken to: "How are you, Hope?"."""
AFTER = regex.compile(
    r"(?:['\u2019]s (?:kid|son|daughter|wife|husband|mother|father|sister|brother|family|friend|house|song|account"
    r"|name|birthday|partner|doctor|parents"
    r"|mom|dad|room|version|novel|mood|pain|condition)\b|,? (?:said|says|speaks?|lives?|lived|told|asked|thinks"
    r"|points out|wrote|writes|flew|moved|married"
    r"|smokes?|smoked|drinks?|who|whose|and I\b|needs|takes|told|wants|arrived|called|novel|version recorded"
    r"|just has|was (?:born|raised|restrained|admitted|discharged|brought (?:in|by|to (?:the|our))|told|seen (?:in"
    r"|by|at))|returned to|returns (?:to|for)|is (?:very|married|retired|divorced|widowed|from|my|his|her|our|doing"
    r"|feeling"
    r"|a \d)|called (?:to|back|in|about|because)|tolerated|returns? (?:for|to|today)|consents? to"
    r"|was (?:notified|contacted|informed|referred|transferred|identified|present))|,? \((?:DOB|MRN|aged?\b|\d{1,3} ?"
    r"(?:[MF]\b|yo\b|y/o|years?\b))"
    r"|, (?:born|DOB|MRN|aged?|a \d{1,3}[- ])\b)"
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
