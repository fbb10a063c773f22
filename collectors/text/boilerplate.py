"""Boilerplate of plain text: reference lists, cookie banners, licence footers, lines that ask to share or subscribe."""

import re

MAX_LINE = 600
"""Characters of a line that may be boilerplate; longer ones are prose."""
MIN_CITATIONS = 0.4
"""Share of a reference list's lines that look like citations; the rest are their continuations."""
MAX_GAP = 3
"""Lines without any sign of a citation that end a reference list; it then ends where its last citation does."""


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_HEADING = _any(
    r"(?:[#*_.]|\d|(?<! {3}) ){0,12}(?:references?(?: cited)?|reference list|list of references|bibliography"
    r"|literature cited|works cited|(?:主要)?参考文献|参考资料|參考文獻|引用文[献獻])[\s:\uff1a*_#】\]]{0,6}"
)
_NEXT_HEADING = _any(
    r"#{1,6}\s.*",
    r"[*_\d.\s]{0,8}(?:appendi(?:x|ces)|annex|supplement\w*|figure legends?|figures?|tables?|funding|abbreviations"
    r"|acknowledge?ments?|author contributions?|competing interests|glossary|index|notes)\b.{0,40}",
    r"[*_\d.\s]{0,8}(?:附录|附錄|附表|附图|致谢|索引|后记).{0,20}",
)
_CITATION = _any(
    r"\b(?:19|20)\d\d[a-z]?\b",
    r"\bdoi\b|\bpmid\b|\bet al\b|https?://|www\.",
    r"\bpp?\.\s*\d|[;\uff1b,，]\s*\d+\s*(?:\([^()]{1,12}\))?\s*[:\uff1a]\s*\w?\d+",
    r"\[[JMCDNPRSZ](?:/OL)?\]|出版社|[\u4e00-\u9fff]{2,3}[,，]?等[.,，。．]",
)
_LINES = {
    "cookies": _any(r"cookie (?:policy|settings|preferences|notice|consent)\W*", r"cookies? ?(?:政策|设置)\W*"),
    "licence": _any(
        r"\W{0,4}(?:copyright|©|\(c\))\W{0,3}(?:copyright|©|\(c\)|by|the)?\W{0,3}(?:19|20)\d\d\b[^.。]{0,120}"
        r"(?:et al\.[^.。]{0,80})?(?:\. ?all rights reserved)?\W*",
        r"\W{0,4}all rights reserved\W*",
        r"\W*版权所有.{0,60}",
    ),
    "share": _any(
        r"\W*(?:please )?(?:share|pin|tweet)(?: this| on| via| to|\W|$)(?:.{0,40}(?:facebook|twitter|linkedin"
        r"|pinterest|whatsapp|reddit|e-?mail|page|article|post|story)\W*){1,6}",
        r"\W*(?:subscribe|sign up)(?: now| today| here)? (?:to|for) (?:our|the|my) "
        r".{0,40}(?:newsletter|mailing list|e-?mails?|blog|channel|alerts|updates).{0,60}",
        r"\W*(?:follow|like|join|find) us on .{0,60}|\W*(?:print|e-?mail) this (?:page|article)\W*",
        r"\W*(?:back to (?:the )?top|skip to (?:main )?content|read more|leave a comment)\W*",
        r"\W*分享(?:到|至|给)(?:\W*(?:新浪微博|微信|微博|朋友圈|QQ空间|QQ|好友|空间|豆瓣))+\W*",
        r"\W*(?:转载请注明|欢迎转发|点击(?:关注|订阅|下载|这里)|返回顶部|阅读原文|上一篇\W|下一篇\W).{0,60}",
        r"\W*(?:责任编辑|责编|编辑)[:\uff1a].{0,20}",
    ),
}
"""What a line of boilerplate, or a sentence, is as a whole."""
_PHRASES = {
    "cookies": _any(
        r"(?:this|our|the) (?:web ?)?sites? uses? (?:\w+ )?cookies",
        r"we (?:and our \w+ )?use (?:\w+ ){0,2}cookies (?:to|on|and|for|in)\b",
        r"(?:accept|reject|manage|allow|refuse) (?:all |our |optional |necessary )?cookies",
        r"by (?:continuing|using) .{0,60} use of cookies",
        r"(?:本网站|本站|我们)(?:会)?使用 ?cookies?",
        r"(?:接受|拒绝|管理)(?:所有|全部) ?cookies?",
    ),
    "licence": _any(
        r"open[- ]access article (?:is )?(?:distributed|published|licensed)? ?under",
        r"(?:licensed|distributed|released|available|published) under (?:the |a )?"
        r"(?:terms (?:and conditions )?of (?:the )?)?(?:creative commons|cc[- ]by|gnu free)",
        r"which permits (?:unrestricted|non-?commercial) use, distribution,? and reproduction",
        r"(?:采用|遵循|依据|基于|使用).{0,40}(?:知识共享|创作共用|cc[ -]by).{0,40}(?:许可|协议|授权)",
        r"未经(?:书面|许可|授权|本[网站刊社]).{0,20}(?:不得|禁止|严禁|请勿)(?:转载|复制|摘编|使用)",
    ),
    "share": _any(
        r"(?:关注|搜索|添加).{0,12}(?:微信)?(?:公众号|订阅号|服务号)|扫(?:描|一扫|码).{0,12}(?:二维码|关注|下载)",
    ),
}
"""What betrays a sentence of boilerplate, where it says little else."""
_SAID_BESIDE = {
    "cookies": _any(
        r"\b(?:accept|ads|advert\w+|agree\w*|analy\w+|brows\w+|by|click\w*|consent\w*|content|continu\w+|cookies?"
        r"|deliver|device|ensure|experience|features?|functionality|get|give|help|how|improv\w+|information|learn|media"
        r"|more|most|necessary|offer|our|partners?|personali\w+|policy|preferences|privacy|provid\w+|relevant|remember"
        r"|services?|settings|similar|sites?|social|store|technologies|terms|this|traffic|understand|us|use[drs]?"
        r"|using|visit\w*|web(?:site|page)?s?|you[r]?)\b",
    ),
    "licence": _any(
        r"\b(?:access|adapt\w*|any|appropriate|articles?|attribution|authors?|availab\w+|book|changes?|cited|commercial"
        r"|commons|conditions|content|copies|copyright\w*|creative|credit\w*|derivatives?|distribut\w+|document|free"
        r"|gnu|made|indicate\w*|international|journal|licen[cs]\w+|link|long|material|medium|non-?commercial|open"
        r"|original|page|permi\w+|properly|provid\w+|public|publi\w+|purposes?|remix|reproduc\w+|rights|share\w*"
        r"|source|terms|text|this|under|unported|unrestricted|us(?:e|ed|ing)|version|website|wh(?:ich|ere)|work)\b",
    ),
}
"""Words of such sentences."""
MIN_SAID = 2 / 3
"""Share of a sentence's words of four letters and more that must be so."""
MIN_COVER = 0.5
"""Or of its characters that the phrase itself must take, in Chinese."""
_SENTENCE = re.compile(r".+?(?:[.!?][\"')\]]*(?=\s)|[。！？]|$)\s*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]{4,}")
_ADDRESS = re.compile(r"https?://\S+")
_CUES = {
    "references": ("reference", "bibliography", " cited", "参考", "參考", "引用"),
    "cookies": ("cookie",),
    "licence": (
        "copyright",
        "©",
        "(c)",
        "reserved",
        "open",
        "under ",
        "permits",
        "许可",
        "协议",
        "授权",
        "版权",
        "转载",
    ),
    "share": (
        *("share", "pin ", "tweet", "subscribe", "sign up", "us on", "print this", "mail this", "back to", "skip to"),
        *("read more", "leave a comment", "关注", "搜索", "添加", "扫", "分享", "转"),
        *("点击", "返回", "阅读原文", "上一篇", "下一篇", "编"),
    ),
}
"""What a text must hold, in small letters, for there to be any of a kind."""


def strip_boilerplate(text: str) -> tuple[str, dict[str, list[str]]]:
    """A text without its boilerplate, and the lines taken out by kind: references, cookies, licence, share.

    A reference list is what follows a heading that says so, up to the next heading, where it looks like citations.
    Of other lines what goes is the sentences that say nothing else.
    """
    lowered = text.lower()
    kinds = [kind for kind, cues in _CUES.items() if any(cue in lowered for cue in cues)]
    lines = text.split("\n")
    references = set(_references(lines)) if "references" in kinds else set()
    kinds = [kind for kind in kinds if kind in _LINES]
    removed: dict[str, list[str]] = {}
    kept = []
    for number, line in enumerate(lines):
        if number in references:
            found = [("references", line)] if line.strip() else []
            rest = None
        else:
            found, rest = _sorted_out(line, kinds) if kinds else ([], line)
        for kind, sentence in found:
            removed.setdefault(kind, []).append(sentence)
        if rest is not None:
            kept.append(rest)
    if not removed:
        return text, {}
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n"), removed


def _sorted_out(line: str, kinds: list[str]) -> tuple[list[tuple[str, str]], str | None]:
    """(kind, sentence) of the boilerplate in a line, and the rest of it; None where there is no rest."""
    if not 4 <= len(line) <= MAX_LINE or line.startswith(("|", "    ", "\t")):  # tables and code keep theirs
        return [], line
    kind = next((kind for kind in kinds if _LINES[kind].fullmatch(line)), None)
    if kind:
        return [(kind, line)], None
    if not any(_PHRASES[kind].search(line) for kind in kinds):
        return [], line
    found, kept = [], []
    for sentence in _SENTENCE.findall(line):
        if kind := _kind(sentence.strip(), kinds):
            found.append((kind, sentence.strip()))
        else:
            kept.append(sentence)
    return found, ("".join(kept).rstrip() or None) if found else line


def _kind(sentence: str, kinds: list[str]) -> str | None:
    for kind in kinds:
        if _LINES[kind].fullmatch(sentence):
            return kind
        if match := _PHRASES[kind].search(sentence):
            words = _WORD.findall(_ADDRESS.sub("", sentence))
            known = _SAID_BESIDE.get(kind)
            said = sum(known.fullmatch(word) is not None for word in words) if known else 0
            if words and said >= MIN_SAID * len(words):
                return kind
            if len(match[0]) >= MIN_COVER * len(sentence):
                return kind
    return None


def _references(lines: list[str]) -> list[int]:
    """Numbers of the lines of reference lists, their headings included."""
    found = []
    start = 0
    while start < len(lines):
        if len(lines[start]) <= 60 and _HEADING.fullmatch(lines[start]):
            end = _end_of_list(lines, start + 1)
            found += range(start, end)
            start = max(end, start + 1)
        else:
            start += 1
    return found


def _end_of_list(lines: list[str], start: int) -> int:
    """The line after the last citation of a list that starts here; one before the start where there is no list."""
    end, gap, cited, total = start, 0, 0, 0
    for number in range(start, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        if gap == MAX_GAP or line.lstrip().startswith("|") or (not _cites(line) and _NEXT_HEADING.fullmatch(line)):
            break
        total += 1
        gap += 1
        if _cites(line):
            end, gap, cited = number + 1, 0, cited + 1
    return end if cited and cited >= MIN_CITATIONS * (total - gap) else start - 1


def _cites(line: str) -> bool:
    return _CITATION.search(line) is not None
