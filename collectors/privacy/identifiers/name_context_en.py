"""What stands before and after a person's name in running text of Latin script: acts and works of people, the company
they keep.

What stands before is matched from its end backwards (`(?r)`): nothing else is as fast where most words before a name
are no cue.
"""

import regex

from collectors.privacy.identifiers.name_cues_en import RELATIVES, ROLE

BEFORE = regex.compile(
    rf"(?r)(?:\b(?:{'|'.join(RELATIVES)}|(?<!gene )(?<!drug )(?<!protein )named|[Cc]all(?:s|ed)? (?:me|him|her)"
    rf"|[Mm]y name is|[Aa]ccording to"
    rf"|[Tt]his is|Hi,?|Hello,?|Hey,?|[Dd]ear|said|says|[Tt]hank you,?|[Tt]hanks,?"
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
    rf"(?r)(?:\b(?i:{ROLE})(?:,| named| called|,? who is| is|:)? \(?"
    r"|\b(?:[Ss]een|[Ss]igned(?: electronically| digitally)?|[Aa]uthenticated|[Cc]o-?[Ss]igned|[Aa]ttested"
    r"|[Cc]ollected|[Pp]erformed|[Gg]iven|[Pp]rovided|[Ww]ritten|[Dd]ictated|[Rr]eviewed"
    r"|[Pp]repared|[Ee]ntered|[Vv]erified"
    r"|[Ww]itnessed|[Aa]ccompanied|[Rr]eferred|[Oo]rdered|[Cc]alled|[Ee]xamined|[Ee]valuated|[Ii]nterviewed|[Dd]riven"
    r"|[Aa]ssisted|[Oo]btained) (?:by|from) "
    r"|\b(?:[Dd]iscussed|[Rr]eviewed|[Ss]poke|[Ss]peak|[Tt]alk(?:ed)?|[Mm]et|[Cc]onferred|[Cc]onsulted|[Ll]iv(?:es?"
    r"|ing)|[Ss]tays?|[Vv]isit|[Tt]herapy"
    r"|[Aa]ppointment|[Ff]ollow(?:-| )?up|[Ss]een) with "
    r"|\b(?:[Ss]poke|[Ss]peak|[Tt]alk(?:ed)?|[Cc]alled|[Mm]arried|[Rr]eported|[Gg]iven|[Aa]ccording|[Ee]xplained"
    r"|[Rr]eleased?|[Hh]anded) to "
    r"|\b(?:[Mm]essage(?: left)?|[Aa]ppointment|[Aa]sk(?:ed)?|[Rr]esults|[Cc]onsent|[Ll]etter|[Rr]ecords|[Cc]are"
    r"|[Pp]rescription) (?:for|from|of) "
    r"|\b(?:[Ss]aw|[Ss]eeing|[Ee]xamined|[Ee]valuated|[Ii]nterviewed|[Cc]ontacted|[Ii]nformed|[Nn]otified"
    r"|[Tt]hank(?:ed|ing)?|[Rr]eferr?ing|[Cc]oncern(?:s|ing)"
    r"|[Rr]egarding|[Aa]ttn:?|[Bb]ehalf of|[Pp]er|I,|I am|I'm|[Aa]dmitting|[Cc]all(?:ed)?|[Ww]itness:) )$"
)
"""What stands before a person's full name, even one made of words."""
VOCATIVE = regex.compile(r"(?r)(?:[\p{Ll}'\u2019]|Yes|No|Okay|Well|Thanks|Hello|Hi|Sorry), $")
CALLED = regex.compile(
    r", (?:please|(?:can|could|would|will|are|do|did|have|were) you|what|how|why|where|when|it's|thanks?"
    r"|thank you)(?!\w)"
)
"""After someone who is spoken to."""
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
    r"|a \d{1,3}[- ](?:y|m|w))|called (?:to|back|in|about|because)|tolerated|returns? (?:for|to|today)|consents? to"
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
ARTICLE = regex.compile(r"(?r)(?:\b(?:[Tt]he|[Aa]n?|[Aa]s|[Ii]n|[Ff]or)|\d) $")
DETERMINER = regex.compile(r"(?r)(?:\b(?:[Tt]he|[Aa]n?|[Ii]n)|\d) $")
FIRM_BEFORE = regex.compile(r"(?r)\b(?:work(?:s|ed|ing)? (?:for|at|with)|employed (?:by|at)|recorded for|from|of) $")
"""What stands before a firm or a place, where the words alone could be a person's name."""
CREDENTIAL = regex.compile(
    r",? (?:M\.?D|R\.?N|Ph\.?D|D\.?O|P\.?A(?:-C)?|N\.?P|D\.?D\.?S|D\.?P\.?M|F\.?A\.?C\.?S|MBBS|MBChB|FRC[A-Z]\w{0,5}"
    r"|MRC[A-Z]\w{0,5}"
    r"|F[AR]C\w{1,3}|LCSW|LMSW|CRNA|CRNP|APRN|ARNP|[FA]NP(?:-?BC)?|CNM|CNS|LPN|BSN|MSN|DNP|PharmD|RPh|PsyD|DVM"
    r"|DC(?=,? NPI)|DPT|OTR|SLP|EMT(?:-P)?"
    r"|ST[1-8]|CT[1-3]|FY[12]|SHO|SpR|Esq|Jr|Sr)\b|, (?:P[12]|[OP]T|[BM]Sc|MPH|MSW|RT|clergy)\b"
)

_ACTS = (
    "shout(?:ed|s) yell(?:ed|s) scream(?:ed|s) whisper(?:ed|s) replied answer(?:ed|s) laugh(?:ed|s) smile[ds]"
    " grin(?:ned|s) cri(?:ed|es) wept nod(?:ded|s) shrug(?:ged|s) sigh(?:ed|s) mutter(?:ed|s) apologi[sz]e[ds]"
    " jok(?:ed|es) exclaim(?:ed|s) insist(?:ed|s) remark(?:ed|s) recall(?:ed|s) explain(?:ed|s) sang sings danc(?:ed"
    "|es)"
    " graduated enrolled emigrated immigrated volunteers? hope[ds] dream(?:ed|s|t) believe[ds] thought knows knew"
    " love[ds] hate[ds] like[sd] enjoy(?:s|ed) prefer(?:s|red) agreed disagreed promised emailed texted phoned"
    " invited thanked greeted hugged kissed married divorced resides resided teaches taught sings plays wishes wished"
    " wonder(?:ed|s) regrets? admits confessed argued begged waved"
)
_HAVE_DONE = (
    "given|told|asked|met|invited|promised|spoken|written|called|married|lived|moved|left|gone|come|worked|been born"
)
_JOBS = (
    "engineer teacher lawyer student artist singer songwriter writer author poet novelist painter composer"
    " musician actor actress director producer drummer guitarist bassist pianist rapper dancer journalist reporter"
    " editor critic comedian host presenter politician president senator governor mayor minister chancellor ceo"
    " founder"
    " co-founder chairman chairwoman professor coach captain accountant mechanic farmer firefighter policeman"
    " policewoman soldier veteran pilot chef baker butcher carpenter electrician plumber builder architect designer"
    " programmer developer analyst consultant salesman salesperson clerk cashier waiter waitress philosopher historian"
    " economist biographer astronaut scientist mathematician physicist chemist biologist attorney judge detective"
    " player"
    " striker goalkeeper pitcher quarterback golfer sprinter boxer swimmer runner commenter vocalist frontman"
    " general admiral commander colonel major lord lady ambassador justice congressman congresswoman"
    " man woman boy girl lady gentleman guy friend widow widower native citizen genius legend hero champion star"
)
_JOB = rf"(?:{'|'.join(_JOBS.split())})"
_WORKS = (
    "song|novel|book|album|poem|movie|film|concert|gig|painting|version|record|single|lyrics|biography|career|voice"
)
HUMAN_AFTER = regex.compile(
    rf"(?:,? (?:{'|'.join(_ACTS.split())})(?! in vitro)\b"
    rf"|,? (?:had|has|have|having) (?:just |already |never |always )?(?:{_HAVE_DONE})\b"
    r"|,? (?:began|started|stopped|kept|quit) (?:writing|teaching|singing|playing|working|studying|painting|acting"
    r"|dancing"
    r"|talking|laughing|crying|reading)\b"
    r"|,? (?:gave|sent|showed|handed|offered|lent|wrote|told) (?:him|her|me|us|them|his|my|our|their)\b"
    r"|,? (?:is|was|became|as) (?:an?|the|our|my|his|her|their) (?:[\p{Ll}-]+ ){0,3}?"
    rf"{_JOB}s?\b"
    r"|,? (?:turned (?:\d|one|two|three|four|five|six|seven|eight|nine|ten|eighteen|thirty|forty|fifty|sixty)"
    r"|broke (?:his|her)|started (?:school|work|college|university|kindergarten)|went (?:home|to (?:school|bed|work"
    r"|sleep|college|church))"
    r"|came (?:by|over|home)|got (?:a (?:new )?job|home|married|engaged|up)|has (?:\w+ )?(?:cats?|dogs?|kids"
    r"|children|siblings|brothers"
    r"|sisters|a (?:cat|dog|job|car|house|girlfriend|boyfriend))|passed away|died (?:peacefully|suddenly|young|aged?"
    r"|at the age)"
    r"|call(?:ed)? (?:you|me|him|her|us)|eaten|(?:come|coming) (?:home|over|too|tonight|tomorrow)|(?:was"
    r"|is) (?:not )?at (?:school|home|work)"
    r"|threw up|throws up|vomited|fell asleep|woke up|spit up|put it|wins|won the|scored|resigned|abdicated"
    r"|stepped down|voted|campaigned|testified|pleaded|is (?:waiting"
    r"|crying|sleeping"
    r"|laughing|calling|coming (?:over|home|tonight|tomorrow|with)|speaking|allergic to|years old|\w+ years old))\b"
    r"|, (?:an? )?(?:(?:fe)?male|man|woman|boy|girl|[MF],)\b|, (?:an? )?\d{1,3}[- ]?(?:years?|yrs?|y/?o|[MF]\b)"
    r"|, [1-9]\d, (?:was|is|who|an?|of|from|the|and|has|had|said|says)\b|, (?:was|is) \d\d\b| here\b[.,]?(?! (?:and"
    r"|in|for|to|we)\b)"
    r"|,? (?:was|is|been|got) (?:hired|fired|elected|appointed|arrested|promoted|interviewed|survived by|buried|named"
    r"|nominated|knighted|engaged|married)\b"
    r"|,? and (?:his|her) (?:wife|husband|son|daughter|children|family|friends?|mother|father|brother|sister|team)\b"
    rf"|['\u2019]s? (?:{_WORKS}|wife|husband|mother|father|son|daughter|brother|sister|house|birthday|wedding|address"
    r"|phone number|email|office|lawyer|attorney|spokes(?:man|woman|person)|agent|boss|neighbou?rs?|flight|car"
    r"|laptop|dog|cat|school"
    r"|teacher|class|job|salary|passport|luggage|apartment|place|parents|mom|mum|dad|kids?|friends?|girlfriend"
    r"|boyfriend|novels|songs|books|poems|paintings|account|name)\b"
    rf"| (?:{_WORKS.replace('|version|record|single', '')}|fans?|tribute)s?\b"
    r"| (?:his|her|their|my|your) (?:address|phone|number|name|e-?mail|card|details|regards|love)\b"
    r"| (?:speak|sing|perform|play|live in concert)\b| \((?:born|b\.|died|d\.|\d{4} ?[-\u2013] ?\d{4})"
    r"|, (?:an?|the|our|my|his|her|their) (?:[\p{Ll}-]+ ){0,3}?"
    rf"{_JOB}\b)"
)
"""What people alone do or have."""
HUMAN_BEFORE = regex.compile(
    rf"(?r)\b(?:(?i:{_JOB})|(?:{'|'.join(RELATIVES)})(?: is|,)?|(?:[Ss]houted|[Yy]elled|[Ll]aughed|[Ss]miled"
    rf"|[Ww]aved) (?:at|to)"
    r"|[Aa]sked|[Tt]old|[Mm]arr(?:ied|y)|[Hh]ugged|[Kk]issed|[Ee]mailed|[Tt]exted|[Pp]honed|[Ii]nvited|[Gg]reeted"
    r"|[Cc]ongratulated|[Hh]ired|[Ff]ired|[Ii]nterviewed|[Dd]at(?:ed|ing)"
    r"|(?:[Ww]ritten|[Dd]irected|[Pp]roduced|[Ss]ung|[Cc]omposed|[Pp]ainted|[Rr]ecorded) by|[Ss]tarring|[Ff]eaturing"
    r"|[Nn]amed after|[Ff]ans? of|(?:[Ss]ong|[Nn]ovel|[Bb]ook|[Aa]lbum|[Ff]ilm|[Mm]ovie|[Pp]oem|[Tt]ribute) (?:by|to)"
    r"|[Ww]ho(?: is|'s|\u2019s)|[Ii]s this|[Aa]re you|[Ii] (?:know|miss|met)|[Yy]ou know|[Rr]emember"
    r"|[Rr]emind|[Tt]ell|[Ii]nvite|[Tt]ext|[Ee]mail|[Ss]end|[Tt]hank|[Gg]ive it to|[Cc]ongratulations,?"
    r"|[Hh]appy [Bb]irthday,?"
    r"|[Rr]est in [Pp]eace,?|R\.?I\.?P\.?,?|[Cc]ome here,?|[Tt]hank you (?:so|very) much,?|[Ll]ove you,?"
    r"|[Gg]oodbye,?|[Gg]ood night,?"
    r"|[Ww]elcome(?: back)?,|[Ii] (?:love|hate|loved|saw|gave|told|asked|called|trust|think|hear|heard|guess)"
    r"|[Ii]n (?:loving )?memory of|[Nn]ame from|(?:[Ss]p(?:oke|eak(?:ing)?)|[Tt]alk(?:ed|ing)?|[Mm]et|[Cc]hat(?:ted"
    r"|ting)?) (?:with|to)"
    r"|[Ii] (?:reviewed|assessed|examined|treated|visited|spoke to)|(?:license|licen[cs]ed|known|listed|registered"
    r"|identified|booked"
    r"|arrested|admitted)(?: \S+){0,3} as|(?:[Tt]aken|[Cc]ompleted|[Ff]iled|[Ss]ubmitted) by|[Mm]edic|[Cc]rew"
    r"|[Pp]aramedic"
    r"|(?:uses|used|preferred|chosen|legal) name|visit(?:ing|or)?|[Bb]aby"
    r"|(?:portrait|biography|funeral|wedding|birthday|testimony|arrest|coronation|poems|novels|songs|works|music"
    r"|leadership) of"
    r"|[Hh]ow old is|[Ww]hat did|[Dd]o you know|[Ss]en\.|[Rr]ep\.|[Gg]ov\.|[Gg]en\.|[Pp]res\.|[Kk]ing|[Qq]ueen"
    r"|[Pp]rince|[Pp]rincess"
    r"|[Pp]hoto by|[Cc]opyright|[Dd]efendant|[Pp]laintiff|[Ss]uspect|[Vv]ictim|[Cc]ard ?holder:|[Pp]assengers?:"
    r"|[Gg]uests?:|[Bb]eneficiary:"
    r"|c/o"
    r"|[Ff]riends? (?:with|of|is|are|named)|ex-\w+) $"
)
"""What stands before people alone."""
PLURAL_AFTER = regex.compile(
    rf" (?:were|are) (?:both |all )?(?:[\p{{Ll}}-]+ ){{0,2}}?(?:{_JOB[3:-1]}|married|siblings|cousins|neighbou?rs"
    rf"|colleague|twin)s?\b"
    r"| (?:got|were|are) (?:married|divorced|engaged|there|here|present|not)\b| (?:went|came|met|live|lived|work"
    r"|worked|moved|talked|fell)\b"
)
"""What stands after two people and more."""
