"""Things in the wrong part: a test that treats, a finding that is prevented; the wrong people; the wrong order.

The verifier reads which things a sentence brings together. What stands between them can still say something else.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from knowledge_graph import Bundle, Claim, Mention
from knowledge_graph.model import FINDINGS
from knowledge_graph.negation import LIST_WORDS

TREATING = r"\b(?:treats?|treated|treatments?|cure[sd]?|manage[sd]?|management|therap\w+)\b|治疗|治愈|疗法"
DIAGNOSING = r"\b(?:diagnos|confirm|detect|identif)\w*|诊断|确诊|证实|查明"
PREVENTING = r"\b(?:prevent|protect)\w*|预防|防止"
CAUSING = r"\bcaus(?:es?|ed|ing)\b|引起|导致|病因"
ORIGIN = r"\bcauses? of\b|病因|诱因"
FOREIGN = {
    "finding": (rf"{TREATING}|{PREVENTING}|{ORIGIN}", None),
    "test": (
        rf"{TREATING}|{PREVENTING}|{CAUSING}",
        rf"{DIAGNOSING}|\b(?:test|investigat|evaluat|assess|establish|work-?up|suspect)\w*|检查|检测|怀疑|疑为",
    ),
    "treatment": (
        rf"{DIAGNOSING}|{PREVENTING}|{CAUSING}",
        rf"{TREATING}|\b(?:receiv|offer|giv|benefit|reliev|prescri|us(?:e|ed|ing))\w*|给予|予以|处理|用药",
    ),
}
"""Part -> words that give a thing another part, and words of its own part, beside which those mean something else."""
WORDS = {part: tuple(re.compile(cue, re.I) if cue else None for cue in cues) for part, cues in FOREIGN.items()}
TOGETHER = re.compile(r",?\s+(?:as well as|along with|together with)\s+", re.I)
CLAUSE = re.compile(r"[;；。！？!?]|\.(?=\s|$)|\b(?:while|whereas)\b|，(?:而|但|治疗|并|再|然后)|,\s+(?:and|but)\b")
PEOPLE = re.compile(
    r"\b(?:(?:wo)?m[ae]n|boys?|girls?|(?:fe)?males?|pregnan\w+|infants?|newborns?|babies|toddlers?|child(?:ren|hood)?"
    r"|adolescents?|elderly|older (?:people|adults)|menopaus\w+|puberty|(?:under|over|aged?)(?: of| the age of)? \d+)\b"
    r"|男[性人孩童]|女[性人孩童]|孕妇|妊娠|婴幼?儿|新生儿|儿童|小儿|青少年|老年人|老人|绝经|\d+岁",
    re.I,
)
_KNOWN, _GIVEN = r"[^.;]{0,60}\b(?:diagnos|confirm|establish|recogni)", r"\b(?:treat|receiv|giv|offer|manag|therap)"
TREATED_FIRST = re.compile(
    rf"\b(?:before|prior to|until)\b{_KNOWN}\w*[^.;]*{_GIVEN}"
    rf"|{_GIVEN}[^.;]*\b(?:before|prior to)\b{_KNOWN}"
    r"|(?:确诊|诊断|证实|诊断为[^，。；]{1,20})(?:之前|以前|前)[^。；]*(?:治疗|给予|采用)"
    r"|[用以]?[^。；，]{1,20}治疗，(?:然后|再|之后)[^。；]*(?:确诊|诊断)",
    re.I,
)


def misplaced(text: str, claims: Sequence[Claim], mentions: Sequence[Mention]) -> Iterator[Claim]:
    """Claims that the verifier bears out, but whose words give their object another part to play."""
    for claim in claims:
        part = "finding" if claim.relation in FINDINGS else _PARTS.get(claim.relation)
        words = WORDS.get(part or "")
        if claim.verdict != "supported" or words is None:
            continue
        here = [m for m in mentions if claim.start <= m.start < claim.end]
        own = next((m for m in here if claim.object in (m.node, *m.candidates)), None)
        if own is not None and any(_says_otherwise(c, words) for c in [_context(text, claim, here, own)]):
            yield claim


_PARTS = {"diagnosed_by": "test", "treated_by": "treatment"}


def _says_otherwise(context: str, words: tuple[re.Pattern[str] | None, ...]) -> bool:
    foreign, own = words
    return bool(foreign and foreign.search(context)) and not (own and own.search(context))


def _context(text: str, claim: Claim, mentions: Sequence[Mention], own: Mention) -> str:
    """What stands before and behind a thing up to the next things, those listed with it and the disease aside."""
    listed = [own]
    for near, steps in ((reversed, -1), (iter, 1)):
        chain = [m for m in mentions if (m.start - own.start) * steps >= 0]
        for a, b in pairwise(near(chain) if steps < 0 else chain):
            first, second = sorted((a, b), key=lambda m: m.start)
            gap = text[first.end : second.start]
            if b.type == "disease" or not gap.strip() or not (LIST_WORDS.fullmatch(gap) or TOGETHER.fullmatch(gap)):
                break
            listed.append(b)
    start, end = min(m.start for m in listed), max(m.end for m in listed)
    others = [m for m in mentions if m not in listed and m.type != "disease"]
    low = max([claim.start, *(m.end for m in others if m.end <= start)])
    high = min([claim.end, *(m.start for m in others if m.start >= end)])
    before = CLAUSE.split(_blanked(text, low, start, mentions))[-1]
    behind = CLAUSE.split(_blanked(text, end, high, mentions))[0]
    return f"{before} {behind}"


def _blanked(text: str, start: int, end: int, mentions: Sequence[Mention]) -> str:
    """Without names, whose words don't count."""
    piece = text[start:end]
    for m in mentions:
        if start <= m.start and m.end <= end:
            piece = piece[: m.start - start] + " " * (m.end - m.start) + piece[m.end - start :]
    return piece


def strangers(text: str, bundle: Bundle, question: str, mentions: Sequence[Mention]) -> Iterator[tuple[int, int]]:
    """Where a text speaks of people of an age or sex that neither the evidence nor the question speaks of."""
    named = [(m.start, m.end) for m in mentions]
    known = " ".join(filter(None, (f"{e.name_en or ''} {e.name_zh or ''}" for e in bundle.entities))) + question
    allowed = {match[0].lower() for match in PEOPLE.finditer(known)}
    for match in PEOPLE.finditer(text):
        inside = any(a <= match.start() < b for a, b in named)
        if not inside and match[0].lower() not in allowed:
            yield match.span()


def too_early(text: str) -> Iterator[tuple[int, int]]:
    """Where the treatment comes before the diagnosis."""
    for match in TREATED_FIRST.finditer(text):
        yield match.span()
