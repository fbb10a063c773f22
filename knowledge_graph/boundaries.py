"""Whether a name in a sentence is all of what is meant: words before it may narrow it, words behind it may make it part
of another name.

What has a finding of a certain kind has the finding, so that an object may be narrowed. A subject may not: what is said
of tuberculous infection isn't said of infection. The words that may stand beside a name are listed; all others count as
part of what is meant.
"""

import re

HAN_FROM = "\u3400"
REACH = 60
"""Characters before a name that are looked at."""

_START = r"(?:^|[.,;:!?•■・(（\"“]\s*|\s[-–—]\s+|^[-–—]\s*|\n\s*)"
_ADVERBS = (
    r"(?:(?:(?!early|elderly|family|daily|only)[a-z]+ly|also|often|sometimes|always|however|thus|then|in\s+general"
    r"|for\s+example),?\s+){0,2}"
)
_CLAUSE = (
    rf"(?:{_START}|\b(?:and|or|but|that|which|because|since|(?:al)?though|while|whereas|where|believed?|suggests?)\s+)"
)
_CASES = r"(?:(?:an?\s+)?(?!no\b|few\b|rare\b)(?:[a-z]+\s+){0,4}cases\s+of\s+)?"
LEADS_EN = re.compile(rf"{_CLAUSE}{_ADVERBS}{_CASES}(?:an?\s+)?$", re.I)
LEADS_NARROWED_EN = re.compile(
    rf"{_CLAUSE}{_ADVERBS}(?:(?:an?|the|their|its)\s+)?"
    r"(?:(?!(?:of|in|to|by|with|for|from|on|at|as|during|after|before|among|without|against|is|are|be|not|no)\b)"
    r"[a-z-]+\s+){0,2}$",
    re.I,
)
BARE_EN = re.compile(
    rf"(?:{_CLAUSE}|\b(?:nor|of|with|have|has|had|in|for|to|from|by|as|like|during|against|is|are|get|having"
    r"|includ(?:es?|ing)|treat(?:s|ing)?|reliev(?:es?|ing)|control(?:s|ling)?|diagnos(?:es?|ing)|detect(?:s|ing)?"
    rf"|confirm(?:s|ing)?|called|identify(?:ing)?|caus(?:es?|ing))\s+){_ADVERBS}(?:an?\s+)?$",
    re.I,
)
"""`the` and `this` refer to something said before, and are not among them."""
_FREE = (
    r"\s*(?:\([^()]{1,60}\)|\[[\d,\s–-]{1,20}\])?"
    r"(?:\s*$|\s*[.,;:!?)\]•■・\"”](?!\s*(?:type|stage|grade)\b)|\s+[-–—]\s|\s*\n|\s+(?:and|or|nor|in|from|on|at|as|but"
    r"|because|during|after|before|also|often|such|within|among|especially|particularly|through|when|without|so|since"
    r"|while|whereas|although|by\s+(?:an?|the|using|means)"
)
SUBJECT_ENDS_EN = re.compile(
    rf"{_FREE}|is|are|was|were|can|may|might|could|will|should|has|have|had|occurs?|develops?)\b)", re.I
)
OBJECT_ENDS_EN = re.compile(
    rf"{_FREE}|of|to|that|which|who|with|for|due|caused|affecting|involving|including|characteri[sz]ed|marked|resulting"
    r"|leading|occurring|seen|found|associated|inherited|known"
    r"|(?:disease|disorder|condition|trait|manner|pattern|fashion|way)s?)\b)",
    re.I,
)
"""A verb behind an object would make it the subject of what follows."""

_START_ZH = r"^|[，。；：、！？,;:!?\s（(“\"•・]|[0-9]、?"
_LINKS_ZH = (
    "而(?!且)|则|但是?|因为?|由于?|是|考虑|可能|首先|其次|其中|同时|此外|另外|一般|通常|往往|因此|所以|说明"
    "|和|及|与|或者?|对于"
)
LEADS_ZH = re.compile(rf"(?:{_START_ZH}|{_LINKS_ZH})$")
BARE_ZH = re.compile(
    rf"(?:{_START_ZH}|{_LINKS_ZH}|对|患有?|得了?|如|例如|比如|像|为|有|出现|引起|引来|导致|致使|造成|引发|诱发|治疗|缓解|减轻"
    r"|改善|诊断|确诊|确定|判断|明确|发现|见于|属于|并发|合并|伴有?|存在|预防|等|防止|包括|被)(?:您的|你的)?$"
)
_FREE_ZH = (
    r"(?:感(?![染冒]))?\s*(?:[（(][^()（）]{1,20}[)）])?(?:$|[，。；：、！？,;:!?.\s)）”\"]|等|和|及|与|或|以及|以?并|而|且|甚至"
    r"|的?(?:一?些|一?种|典型|主要|常见)*(?:症状|现象|表现|情况|并发症|病变|反应|后果|体征|问题|疾病|发作|发生|出现|形成)"
)
ITEM_ENDS_ZH = re.compile(rf"{_FREE_ZH})")
SUBJECT_ENDS_ZH = re.compile(
    rf"{_FREE_ZH}|会|可|也|都|还|就|最|但|因此|所以|建议|一般|常|多|是|则|通常|引|导致|造成|所致"
    r"|的?(?:患者|病人|人群?|存在)|[^\u4e00-\u9fff])"
)
OBJECT_ENDS_ZH = re.compile(rf"{_FREE_ZH}|因此|所以|建议|但|所致|可以|需要?|应该?|有关|的原因|[^\u4e00-\u9fff])")


def leads(text: str, start: int, at: int, narrowed: bool) -> bool:
    """Whether the name at `at` is the first thing of a clause, in the sentence from `start`; other words may narrow it
    where it may be `narrowed`."""
    before = text[max(start, at - REACH) : at]
    if text[at] >= HAN_FROM:
        return narrowed or bool(LEADS_ZH.search(before))
    return bool((LEADS_NARROWED_EN if narrowed else LEADS_EN).search(before))


def bare(text: str, start: int, at: int) -> bool:
    """Whether no word narrows the name at `at`, in the sentence from `start`."""
    return bool((BARE_ZH if text[at] >= HAN_FROM else BARE_EN).search(text[max(start, at - REACH) : at]))


def ends(text: str, at: int, subject: bool, listed: bool) -> bool:
    """Whether no word makes the name that ends at `at` part of a longer one; a `listed` one must not begin the next
    clause either."""
    if text[at - 1] < HAN_FROM:
        ending = SUBJECT_ENDS_EN if subject else OBJECT_ENDS_EN
    elif subject:
        ending = SUBJECT_ENDS_ZH
    else:
        ending = ITEM_ENDS_ZH if listed else OBJECT_ENDS_ZH
    return bool(ending.match(text, at))
