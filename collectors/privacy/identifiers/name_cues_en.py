"""What announces a person's name in text of Latin script: titles, labels, kinship, greetings."""

import re

import regex

from collectors.privacy.identifiers.rule import Near, Rule

_NO_NAME = (
    r"(?!(?:He|She|The|This|It|In|On|We|They|Her|His|At|And|For|To|Of|If|When|After|Please|Thank|Thanks|Doctor"
    r"|Mister|Misses|Madam|Sir|Dr|Mr|Mrs|Ms|Hi|Hello|Hey|Bye|Yes|No|Okay|There|My|Us|You|Me|Him|Them|Your|Our"
    r"|Someone|Anyone|Everyone)\b)"
)
WORD = (
    _NO_NAME
    + r"(?:(?:al|el|ad|ar|as|an|ash|bin)-)?(?:\p{Lu}['\u2019])?\p{Lu}\p{Ll}+"
    + r"(?:(?:['\u2019]|-)?\p{Lu}?\p{Ll}+)*(?<!['\u2019]s)"
)
PARTICLE = (
    r"(?:Van der|Van den|Van de|Van|Von|De la|De los|De|Del|Della|Di|Da|Dos|Bin|Ibn|St\.|de la|de los|van der"
    r"|van den|van de|von der|de|da|dos|di|del|della|la|le|van|von|der|den|bin|ibn|al|el"
    r"|\u00d3|N\u00ed|Nic|U\u00ed|Mac|bte|s/o|d/o|a/l|a/p|y"
    r"|ter|st\.|ap|ab|mac|bint|binti|binte|dal|van't|zu|zur|af|av|ten|op|Ap)"
)
_PERSON = (
    rf"(?:\p{{Lu}}\.? ){{0,2}}(?:\p{{Lu}}\. ?)?(?:{PARTICLE} )?{WORD}(?:[ -](?:\p{{Lu}}\.? ?"
    rf"|{PARTICLE} ){{0,2}}{WORD}){{0,2}}(?: I{{2,3}}\b)?"
)
_FULL_PERSON = rf"{WORD}[ -](?:\p{{Lu}}\.? ?|{PARTICLE} ){{0,2}}{WORD}(?:[ -]{WORD})?(?: I{{2,3}}\b)?"
_ANYHOW = r"\p{L}[\p{Ll}'\u2019-]+(?:\p{Lu}\p{Ll}+)?(?: (?:\p{L}\.? )?\p{Lu}[\p{L}'\u2019-]+){0,2}"
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
    r"|Male|Female|Mr|Mrs|Ms|Dr|Right|Left|Pt|Doc|Mom|Dad|Guest|Clinician|Bot|Chatbot|Fax|Phone|Email|Tel)\b)"
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
    r"(?:Mr|Mrs|Ms|(?<!\d )(?:dr|mrs?|ms)|(?<!\p{Ll} )(?:MRS?|MS(?=\.)|DR|PROF)|Miss|Mister|Misses|Mx|Drs?|Prof"
    r"|Professor|Doctor|Sir|Madam"
    r"|Rev|Reverend"
    r"|Sgt|Sergeant|Capt|Captain"
    r"|Lt|Lieutenant|Col|Maj"
    r"|Cpl|Hon|Fr|Nurse|Sister|Brother|Father|Uncle|Aunt|Aunty|Auntie|Grandma|Grandpa|Granny|Mme|Mlle|Herr|Frau"
    r"|Attorney|Nurse Practitioner|Pte|Private|Maj|Major|Gen|Cmdr|Cdr|SSgt|PC|DC|Cllr|Dame|Lady|Lord|Dr\.? med"
    r"|Se\u00f1ora?|Sra?|Officer"
    r"|Deputy|Detective|Judge|Pastor|Chaplain|Rabbi|Imam|Coach|Coroner|Baby (?:[Bb]oy|[Gg]irl)|[Ii]nfant (?:[Bb]oy"
    r"|[Gg]irl))"
)
_TITLE_WORDS = (
    "mr mrs ms miss mister misses mx dr drs prof professor doctor sir madam rev reverend sgt sergeant capt captain lt"
    " lieutenant col maj major cpl hon nurse sister brother father uncle aunt aunty auntie grandma grandpa granny mme"
    " mlle herr frau attorney practitioner pte private gen cmdr cdr ssgt pc dc cllr dame lady lord se\u00f1or"
    " se\u00f1ora officer deputy detective judge pastor chaplain rabbi imam coach coroner boy girl"
)
_TITLE_CUES = tuple(f"{word}{end}" for word in _TITLE_WORDS.split() for end in (" ", ".", "\u00a0"))
TITLES = (
    Rule(
        "NAME",
        _TITLE_CUES,
        regex.compile(
            rf"\b{_TITLE}\.?[ \u00a0]{{1,2}}(?P<value>{_PERSON}|\p{{Lu}}{{3,}}(?:[ -]\p{{Lu}}{{2,}}){{0,2}}\b)"
        ),
        None,
        reach=(24, 100),
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

_BEHIND_LABEL = Near(
    re.compile(
        r"[:\uff1a](?:(?<=[^\W\d_].)|(?<=[^\W\d_] .))\s{0,2}[^\W\d_]"
        rf"|y(?<= by):?\s{{0,2}}(?:[^\W\d_a-z]|{PARTICLE} |(?:al|el|ad|ar|as|an|ash|bin)-)"
    ),
    80,
    120,
)
_BEFORE_DETAILS = Near(re.compile(r"(?:MRN|DOB|D\.O\.B|Acct|Patient ID|Age|Sex)\b"), 120, 2)
_GREETING_WORDS = (
    "dear hi hello hey sincerely regards best thanks yours cheers respectfully morning afternoon evening signed love"
)
_GREETING_CUES = tuple(
    f"{before}{word}{after}"
    for before in "\n .!?:"
    for word in (*_GREETING_WORDS.split(), "thank you")
    for after in ", \n\t\u00a0"
)


def _cue(where: Near | tuple[str, ...], pattern: str) -> Rule:
    cues, near = (None, where) if isinstance(where, Near) else (where, None)
    return Rule("NAME", cues, regex.compile(pattern), None, near, (80, 120))


CUES = tuple(
    _cue(where, pattern)
    for where, pattern in (
        (
            ("name",),
            r"\b(?:[Nn]ame|NAME)(?: on the account| of (?:the )?patient)?(?:(?<='s name)|(?<=\u2019s name)| (?:is"
            r"|was)|\?? (?:is|was|to|User:)|\? [A-Z]\w+:)\s?"
            rf"(?:(?:is|it's) )?(?P<value>{_NOT_AFTER_CUE}(?:{_SHOUTED}|{_FULL_PERSON}))",
        ),
        (
            ("name",),
            r"\b(?:[Nn]ame|NAME)(?: (?:is|was|on the account|of (?:the )?patient))?(?: ?[:\uff1a#])\s{0,8}"
            rf"(?P<value>{_NOT_AFTER_CUE}(?:{_SHOUTED}|{_FULL_PERSON}))(?![\p{{L}}-])(?! (?!(?:and|is|was|presents?"
            rf"|with|aged?|male|female|dob|a|who|on|for)\b)\p{{Ll}}{{2}})",
        ),
        (
            ("name:", "name\uff1a", "name :"),
            rf"\b(?:Name|NAME|[a-z]+ [Nn]ame) ?[:\uff1a]\s{{0,8}}(?P<value>{_NOT_AFTER_CUE}(?:{WORD}|{_CAPITALS}))"
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
            (
                *("the name", "named", "called", "i am", "i'm", "i\u2019m", "this is", "it's", "up with", "care of"),
                *("signed by", "dictated by", "seen by", "written by", "referred by", "reported by", "accompanied by"),
            ),
            r"\b(?:(?:under|in|by) the name(?: of)?|(?<!gene )(?<!drug )(?<!protein )named|(?<!also )(?<!is )called|I"
            r" am|I'm|I\u2019m|[Tt]his is"
            r"|[Ii]t's|[Ss]igned by:?|[Dd]ictated by:?|[Ss]een by|[Ww]ritten by"
            r"|[Rr]eferred by|[Rr]eported by|[Aa]ccompanied by|[Ff]ollow(?:-| )up with|care of) "
            rf"(?P<value>{_FULL_PERSON})",
        ),
        (
            _BEHIND_LABEL,
            rf"(?:^|(?<=[\n>?,;.(|] {{0,2}}))\W{{0,3}}{_LABEL}(?: (?:[Nn]ame|NAME|[Ss]ignature|by))?(?: ?[:\uff1a]|"
            rf" by:?)\s{{0,2}}"
            rf"(?P<value>{_NOT_AFTER_CUE}(?:{_SHOUTED}|{_FULL_PERSON}))(?=[,;.\n(\uff0c|\t/]|$| [-a-z(]| {{2,}}"
            rf"| (?:DOB|MRN|Age|Sex|Date|ID)\b)",
        ),
        (
            _BEFORE_DETAILS,
            rf"(?:^|(?<=[\n|;:>] {{0,2}}))(?P<value>{_NOT_AFTER_CUE}(?:{_SHOUTED}|{_FULL_PERSON}))"
            r"(?=[\s,(]{1,4}(?:MRN|DOB|D\.O\.B|Acct|Patient ID|Age|Sex)\b)",
        ),
        (
            RELATIVES,
            rf"\b(?:{'|'.join(RELATIVES)})(?:,| named| called| is|'s name,?"
            rf"|'s name is)? \(?(?P<value>{_FULL_PERSON}|{WORD}(?=[,;.)]))",
        ),
        (
            (': "', ':"', ": \u201c", ":\u201c"),
            rf"(?:^|(?<=\n))(?P<value>{_NOT_AFTER_CUE}{WORD}(?: {WORD})?) ?: ?[\"\u201c]",
        ),
        (
            (": ",),
            rf"(?:^|(?<=\n))(?P<value>{_NOT_AFTER_CUE}{WORD}(?: {WORD})?): (?=(?:I|I'm|I've|Hi|Hello|Hey|Yes|Yeah"
            rf"|What|Why|Ok|Okay"
            r"|Thanks|Sorry|Oh|Well)\b)",
        ),
        (
            ("i'm ", "i am ", "it's ", "this is "),
            rf"\b(?:I'm|I am|[Ii]t's|[Tt]his is) (?P<value>{_NOT_AFTER_CUE}{WORD}) (?=(?:from|here|speaking"
            rf"|calling)\b)",
        ),
        (
            ("address", "bill to", "ship to", "sold to"),
            r"\b(?:[Aa]ddress|ADDRESS|[Bb]ill to|[Ss]hip to|[Ss]old to)(?: ?:|\n)\s{0,8}"
            rf"(?P<value>{_NOT_AFTER_CUE}{_FULL_PERSON})(?=,?[ \t]*\n\s*\d)",
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
            _GREETING_CUES,
            r"(?:^|(?<=[\n.!?:] {0,2}))(?:[Dd]ear|Hi|Hello|Hey|Sincerely(?: yours)?|(?:[Kk]ind |[Bb]est "
            r"|[Ww]arm )?[Rr]egards|Best(?: wishes)?|(?:[Mm]any )?[Tt]hanks"
            r"|Thank you|Yours(?: truly| sincerely| faithfully)?|Cheers|Signed|Love|Respectfully"
            r"|(?:Good )?(?:[Mm]orning|[Aa]fternoon|[Ee]vening)),?\s{1,2}"
            rf"(?P<value>{_NOT_AFTER_CUE}(?:{_FULL_PERSON}|{WORD}))(?=[,.!\n]|$)",
        ),
    )
)
"""A cue makes a name of words that are not all ordinary."""
