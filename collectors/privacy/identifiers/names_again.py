"""Names that a document has shown once, wherever it shows them again.

A name that means nothing else is replaced wherever it stands. One that is a word too (白雪, Baker) is replaced where it
stands apart, as a name does: not before a dose, not at the beginning of a sentence, not in a longer word.
"""

import re
from collections.abc import Collection, Iterable, Iterator

import regex

from collectors.privacy.identifiers import name_cues_zh as cues
from collectors.privacy.identifiers import name_parts_zh as parts
from collectors.privacy.identifiers import names_en, names_zh
from collectors.privacy.identifiers.rule import Span
from collectors.privacy.identifiers.words import family_names, given_names, medical_names
from collectors.privacy.identifiers.words_zh import is_word

_HAN = re.compile("[\u4e00-\u9fff]{2,4}$")
_SENTENCE = regex.compile(r"(?r)(?:^|[.!?:\n]\s*)$")
_SEASONS = "march april may june july august summer autumn winter"
_CALENDAR = frozenset(_SEASONS.split())
_HEADS = (
    "患者 病人 家属 家长 医生 护士 医师 大夫 客服 坐席 用户 母亲 父亲 妈妈 爸爸 丈夫 妻子 儿子 女儿 本人 主任 院长 药师"
    " 主诉 诊断 姓名 性别 年龄 电话 地址 日期 时间 备注 内容 目的 结果 结论 处理 意见 建议 检查 治疗 用药 药物"
    " 方案 计划"
    " 原因 注意 附件 现病史 既往史 家族史 个人史 查体 体检 血型 体温 血压 脉搏 呼吸 心率 科室 床号 住址 籍贯"
    " 职业 民族 婚姻"
    " 单位 来源 去向 主题 事由"
)
_NO_SPEAKERS = frozenset(_HEADS.split())
"""Heads of lines that are labels."""


def learnt(names: Iterable[str]) -> dict[str, str]:
    """What names, and which of their parts, mean nothing else: each to the name that it was first a part of."""
    known: dict[str, str] = {}
    for name in names:
        for part in (name, *name.split(), name.rpartition(" ")[2]):
            if (names_en if part.isascii() else names_zh).is_distinctive(part):
                known.setdefault(part, name)
                if part.isascii():
                    known.setdefault(part.upper() if part[1:].islower() else part.title(), name)
    return known


def find_known(text: str, wanted: Collection[str]) -> Iterator[Span]:
    """Names that mean nothing else, wherever they stand."""
    anywhere = re.compile("|".join(sorted(map(_bounded, wanted), key=lambda name: (-len(name), name))))
    for match in anywhere.finditer(text):
        if not match[0].isascii() or not names_en.is_eponym(text, *match.span()):
            yield Span(*match.span(), "NAME")


def find_words(text: str, names: Collection[str]) -> Iterator[Span]:
    """Names that are words too, and parts of names, where they stand as names do."""
    chinese = {name for name in names if _HAN.match(name)}
    chinese |= {name[1:] for name in chinese if len(name) == 3 and not is_word(name[1:]) and name[0] in parts.PLAIN}
    if chinese:
        yield from _chinese(text, chinese)
    latin = {part for name in names if " " in name for part in regex.findall(r"\p{Lu}[\p{L}'\u2019-]{2,}", name)}
    latin = {part for part in latin if _is_for_person(part.lower())}
    if latin:
        for match in regex.finditer(rf"\b(?:{'|'.join(sorted(map(regex.escape, latin)))})\b(?!-)", text):
            before = text[max(0, match.start() - 12) : match.start()]
            if not names_en.is_eponym(text, *match.span()) and not _SENTENCE.search(before):
                yield Span(*match.span(), "NAME")


def _is_for_person(word: str) -> bool:
    known = word in given_names() or word in family_names()
    return known and word not in medical_names() and word not in _CALENDAR


def _chinese(text: str, names: Collection[str]) -> Iterator[Span]:
    cued: set[int] | None = None
    for match in re.finditer("|".join(sorted(map(re.escape, names), key=lambda name: (-len(name), name))), text):
        start, end = match.span()
        if cues.DOSE.match(text, end):
            continue
        if cues.BEGINS.match(text, start) is None:
            if cued is None:
                cued = {cue.end() for cue in cues.LEFT.finditer(text)}
            if start not in cued:
                continue
        if cues.ENDS.match(text, end) or cues.RIGHT.match(text, end) or start in (cued or ()):
            yield Span(start, end, "NAME")


def find_speakers(text: str, names: Collection[str]) -> Iterator[Span]:
    """Who else speaks where persons of these names do: the heads of lines before a colon."""
    heads = [match for match in cues.SPEAKER.finditer(text) if match["value"] not in _NO_SPEAKERS]
    if any(match["value"] in names for match in heads):
        for match in heads:
            value = match["value"]
            if names_zh.may_be_name(value) and not cues.IS_LABEL.search(value):
                yield Span(*match.span("value"), "NAME")


def _bounded(name: str) -> str:
    return rf"\b{re.escape(name)}\b" if name[0].isascii() and name[-1].isascii() else re.escape(name)
