"""Cells of tables by the heads of their columns: a list of patients names nobody in a sentence."""

import re
from collections.abc import Iterator

from collectors.privacy.identifiers.name_cues_zh import ACTS, LABEL_END
from collectors.privacy.identifiers.names_en import class_of
from collectors.privacy.identifiers.names_zh import may_be_name
from collectors.privacy.identifiers.rule import Span
from collectors.privacy.identifiers.words import ordinary_words

_HEADS = (
    ("PART", r"(?:last|first|middle|family|given|maiden|sur|fore)[ -]?names?"),
    (
        "NAME",
        r"(?:患者|病人|病员|产妇|患儿|家属|联系人|医[生师]|医护|护士|主[治管]医[师生]|经治医师|收件人)?姓名|患者"
        r"|病人|联系人|(?:主[治管]|经治|责任|报告|审核)?医[生师]|(?:责任)?护士"
        r"|监护人|家属|(?:patient|full|last|first|family|given|sur)?[ -]?names?|patients?|physician|doctor|provider"
        r"|attending|nurse|contact"
        r"|next of kin|guarantor|insured|employee|surgeon|radiologist|requester|(?:ordering|referring"
        r"|attending|primary)"
        r" (?:provider|physician|doctor)|[\u4e00-\u9fff]{0,6}(?:姓名|医生|医师|护士)"
        r"|[患伤死术作受检送记报审责主]者|[\u4e00-\u9fff]{0,4}人员"
        rf"|申请医生|接诊医生|检查医生|PI|[\u4e00-\u9fff]{{0,6}}{LABEL_END}|{ACTS}",
    ),
    (
        "RECORD",
        r"[\u4e00-\u9fff]{0,6}(?<![批型货图代信符])号码?|[\u4e00-\u9fff]{0,4}条码|(?:acct|serial|device|policy|claim|account"
        r"|member|payer|subscriber|license|npi|ssn|badge|employee|accession|case|specimen|visit|encounter|chart|insurance"
        r"|record|hospital|nhs|medicare|student)(?: ?(?:id|no\.?|number|#))?"
        r"|(?:住院|病历|病案|门诊|就诊|检查|标本|病理|登记|医保|社保|医保卡|社保卡|健康卡|就诊卡|床|条码|影像|身份证"
        r"|证件|护照)号码?|身份证|床位"
        r"|(?:检查|就诊|受试者|筛选)?序号|编号|检查号|影像号|id|id[ _]?no|subject(?: id)?|mrn"
        r"|medical record(?: number| no\.?)?|record (?:number|no\.?)|account(?: number| no\.?| #)?|patient id"
        r"|member id|ssn|policy(?: number| no\.?)?",
    ),
    ("ZIP", r"zip(?: ?code)?|post(?:al)? ?code|邮编|邮政编码"),
    ("MESSENGER", r"user(?: ?(?:name|id))?|login(?: ?name)?|用户名|登录名|微信号?"),
    (
        "PHONE",
        r"(?:联系|家庭|家属)?电话(?:号码)?|手机号?码?|联系方式|phone(?: number| no\.?)?|tel(?:ephone)?|mobile|cell"
        r"|fax",
    ),
    ("ADDRESS", r"(?:家庭|现|通讯|联系|户籍)?[地住]址|(?:home |street )?address|residence"),
    (
        "DATE",
        r"[\u4e00-\u9fff]{0,4}日期|出生|(?:visit |birth |service )?dates?(?: of (?:birth|service|visit))?|dob"
        r"|d\.?o\.?b\.?",
    ),
    ("AGE", "年龄|age"),
)
_HEAD = re.compile("|".join(rf"(?P<{kind}>{pattern})" for kind, pattern in _HEADS), re.IGNORECASE)
_RULE = re.compile(r"[\s|:+=-]+$")
_NAME = re.compile(r"[\u4e00-\u9fff]{2,8}(?:·[\u4e00-\u9fff]{1,8})*$|[A-Z][\w'’.-]*(?:,? [A-Z][\w'’.-]*){1,3}$")
_WORD = re.compile(r"(?:[A-Z]['’]|Ma?c)?[A-Z][a-z]+(?:[ '’-][A-Z]?[a-z]+)?$")
_ACCOUNT = re.compile(r"[a-z][\w.-]{3,29}$", re.ASCII)
_OVER_89 = re.compile(r"(?:9\d|1[0-2]\d)岁?$")
_DAY = re.compile(r"(?:(?:19|20)?\d\d[-/.])?\d{1,2}[-/.]\d{1,2}$")
_REGION = re.compile("[省市县区镇乡村路街]")
_COUNT = re.compile(r"0\d{1,2}$")
"""The number of a row."""
_PRICE = re.compile(r"[\d,]+\.\d{1,2}\D{0,4}$|\d{1,3}(?:周?岁|月|天)$")
"""Amounts and ages, which may stand in a column of numbers."""
_DIGITS = re.compile(r"\D*\d")
_OUTSIDE_QUOTES = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
_COLUMN = re.compile(r"[A-Za-z][A-Za-z_]*\d{1,2}[A-Za-z_]*$")
"""A column's name with a digit: icd10, a1c, address_2."""
_ROWS = 2000
_MARKS = ("|", "｜", "\t", ",", "，")
_GAP = re.compile(r" {2,}|[ \t]*\u3000[ \u3000]*")
"""Between the columns of a table that blanks align."""


def find_cells(text: str) -> Iterator[Span]:
    """What stands under a column's head, row by row, until a row has another number of columns."""
    for mark in _MARKS:
        if text.count(mark) < 2:
            continue
        kinds: dict[int, str] = {}
        width = position = rows = 0
        for line in text.split("\n"):
            cells = _cells(line, mark) if len(line) < 2000 else [line]
            heads = _heads(cells) if mark in "|\t" or len(cells) > 2 else {}
            if heads:
                kinds, width, rows = heads, len(cells), 0
            elif kinds and len(cells) == width and not _RULE.match(line) and rows <= _ROWS:
                rows += 1
                yield from _in_row(cells, kinds, position)
            elif mark in "|\t" and (pairs := list(_in_pairs(cells, position))):
                yield from pairs
            elif len(cells) != width or rows > _ROWS:
                kinds = {}
            position += len(line) + 1


def _cells(line: str, mark: str) -> list[str]:
    """The cells of a line; in lines of commas, those in quotation marks may hold one (RFC 4180)."""
    return _OUTSIDE_QUOTES.split(line) if mark == "," and '"' in line else line.split(mark)


def find_alike(text: str, spans: list[Span]) -> Iterator[Span]:
    """Cells that look like the identifiers which fill the same column in other rows, in lines of as many cells."""
    filled = {(span.start, span.end): span.kind for span in spans if span.kind in ("NAME", "RECORD", "PHONE")}
    for mark in ("|", "｜", "\t", None):
        if mark is not None and text.count(mark) < 2:
            continue
        group: list[list[tuple[int, int]]] = []
        for row in (*_rows(text, mark), []):
            if group and len(row) != len(group[0]):
                yield from _alike_in(text, group, filled)
                group = []
            if len(row) > 1:
                group.append(row)


def _rows(text: str, mark: str | None) -> Iterator[list[tuple[int, int]]]:
    """Start and end of the cells of each line."""
    position = 0
    for line in text.split("\n"):
        row: list[tuple[int, int]] = []
        if len(line) < 2000:
            begin = 0
            cuts = (
                [(gap.start(), gap.end()) for gap in _GAP.finditer(line.rstrip()) if gap.start()]
                if mark is None
                else [(at, at + 1) for at, c in enumerate(line) if c == mark]
            )
            for start, end in (*cuts, (len(line), len(line))):
                value = line[begin:start].strip(" *")
                at = position + line.index(value, begin) if value else position + begin
                row.append((at, at + len(value)))
                begin = end
        yield row
        position += len(line) + 1


def _alike_in(text: str, rows: list[list[tuple[int, int]]], filled: dict[tuple[int, int], str]) -> Iterator[Span]:
    for column in zip(*rows, strict=True):
        kinds = {filled[cell] for cell in column if cell in filled}
        if len(kinds) != 1 or len(column) < 2:
            continue
        kind = kinds.pop()
        for start, end in column:
            value = text[start:end]
            if (start, end) in filled or not 1 < len(value) < 40 or _HEAD.fullmatch(value) or _PRICE.match(value):
                continue
            if (
                _is_name(value, "gsbdfn")
                if kind == "NAME"
                else sum(map(str.isdigit, value)) >= max(2, 0.5 * len(value))
            ):
                yield Span(start, end, kind)


def _is_name(value: str, kinds: str = "gs") -> bool:
    """Two words and more, Chinese characters that can be a name, or one word of these kinds (see `class_of`)."""
    if _NAME.match(value):
        return value[0].isascii() or may_be_name(value)
    return _WORD.match(value) is not None and class_of(value) in kinds


def _heads(cells: list[str]) -> dict[int, str]:
    """The kinds of the columns, if this is the head of a table: short cells, hardly a digit, two of which are known, or
    one of three that tells much."""
    if len(cells) < 2 or any(len(cell) > 40 or (_DIGITS.match(cell) and not _COLUMN.match(cell)) for cell in cells):
        return {}
    kinds = {}
    for number, cell in enumerate(cells):
        if match := _head(cell):
            kinds[number] = match.lastgroup
    telling = {"NAME", "MESSENGER"}.intersection(kinds.values())
    return kinds if len(kinds) > 1 or (len(cells) > 2 and telling) else {}


def _head(cell: str) -> re.Match | None:
    return _HEAD.fullmatch(cell.strip(' \t*:："').replace("_", " "))


def _in_pairs(cells: list[str], position: int) -> Iterator[Span]:
    """Cells behind the cells that announce them: | name | Ann Lee | sex | F |."""
    kinds: dict[int, str] = {}
    for number, cell in enumerate(cells[:-1]):
        if match := _head(cell):
            kinds[number + 1] = match.lastgroup
    yield from _in_row(cells, kinds, position)


def _in_row(cells: list[str], kinds: dict[int, str], position: int) -> Iterator[Span]:
    for number, cell in enumerate(cells):
        value = cell.strip(' \t*"')
        if value and (kind := kinds.get(number)) and len(value) < 80 and _fits(kind, value):
            start = position + cell.index(value)
            yield Span(start, start + len(value), "NAME" if kind == "PART" else kind)
        position += len(cell) + 1


def _fits(kind: str, value: str) -> bool:
    if kind == "NAME":
        return _is_name(value)
    if kind == "PART":
        return _NAME.match(value) is not None or _WORD.match(value) is not None
    if kind == "MESSENGER":
        return _ACCOUNT.match(value) is not None and value not in ordinary_words()
    if kind == "ADDRESS":
        return _DIGITS.match(value) is not None or (len(value) > 5 and _REGION.search(value) is not None)
    if kind == "AGE":
        return _OVER_89.match(value) is not None
    if kind == "DATE":
        return _DAY.match(value) is not None
    return _DIGITS.match(value) is not None and not (kind == "RECORD" and _COUNT.match(value))
