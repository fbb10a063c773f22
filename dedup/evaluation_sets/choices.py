"""Multiple-choice questions, in the spellings in which benchmarks are published."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from datagen.archives import RawFile
from datagen.errors import InputError
from dedup.evaluation_sets.item import Item
from dedup.evaluation_sets.rows import rows

Row = dict[str, Any]
LETTERS = "ABCDEFGHIJ"
QUESTION = ("question", "Question", "QUESTION", "题干", "问题")
OPTIONS = ("options", "option", "Options", "choices", "选项")
ANSWER = ("answer_idx", "label", "answer", "Answer", "答案")
COLUMNS = (tuple("ABCDEFGHIJ"), ("opa", "opb", "opc", "opd", "ope"))
MMLU_COLUMNS = ("question", "A", "B", "C", "D", "answer")
_LABELLED = re.compile(r"^[ \t(（]*([A-J])[ \t)）.．、:：]+(?=\S)", re.MULTILINE)
_HAN = re.compile("[\u4e00-\u9fff]")


def choices(file: RawFile) -> Iterator[Item]:
    """Rows of question, options and answer.

    Options are an object by letter, a list (of texts, or of `key` and `value`), one text with a letter before each, or
    columns A to J or opa to ope; the answer is a letter, letters, or an option's text.
    """
    for number, row in enumerate(rows(file), 1):
        yield choice(row, str(number), f"row {number}")


def medmcqa(file: RawFile) -> Iterator[Item]:
    """As `choices`, with `cop` for the answer: 1 to 4 as first published, 0 to 3 on the Hugging Face hub."""
    table = list(rows(file))
    first = 0 if any(str(row.get("cop")) == "0" for row in table) else 1
    letters = {str(number): letter for number, letter in enumerate(LETTERS, first)}
    for number, row in enumerate(table, 1):
        answer = letters.get(text(row, ("cop",)))
        yield choice({**row, "answer": answer}, str(number), f"row {number}")


def mmlu(file: RawFile) -> Iterator[Item]:
    """CSV without a header: question, four options, letter; or as `choices` with the answer's number from 0."""
    subject = file.name.rpartition("/")[2].partition(".")[0].removesuffix("_test")
    is_csv = file.name.endswith(".csv")
    for number, row in enumerate(rows(file, MMLU_COLUMNS if is_csv else None), 1):
        if isinstance(row.get("answer"), int):
            row = {**row, "answer": LETTERS[row["answer"]] if 0 <= row["answer"] < len(LETTERS) else None}
        yield choice(row, f"{subject}-{number}", f"row {number}")


def medxpertqa(file: RawFile) -> Iterator[Item]:
    """As `choices`; the published question repeats the options."""
    for number, row in enumerate(rows(file), 1):
        stem = text(row, QUESTION).partition("\nAnswer Choices:")[0]
        yield choice({**row, "question": stem}, str(number), f"row {number}")


def mediq(file: RawFile) -> Iterator[Item]:
    """As `choices`, with the case as a list of sentences in `context`."""
    for number, row in enumerate(rows(file), 1):
        context = row.get("context")
        if not (isinstance(context, list) and all(isinstance(sentence, str) for sentence in context)):
            raise InputError("bad_item", f"row {number}: `context` is no list of sentences")
        yield choice(row, str(number), f"row {number}", context=" ".join(context))


def choice(row: Row, number: str, place: str, context: str | None = None) -> Item:
    """One row as an item (its benchmark is filled in by the caller). Raises InputError(bad_item)."""
    question = text(row, QUESTION)
    options = _options(row)
    if not question:
        raise InputError("bad_item", f"{place}: no `question`")
    if not 2 <= len(options) <= len(LETTERS):
        raise InputError("bad_item", f"{place}: {len(options)} options where 2 to {len(LETTERS)} are needed")
    identity = text(row, ("id", "_id", "question_id", "qid")) or number
    gold = _gold(row, options)
    answer = "\n".join(options[place] for place in gold) or text(row, ANSWER) or None
    return Item("", identity, question, options, answer, context, language_of(question), gold=gold, row=row)


def text(row: Any, names: tuple[str, ...]) -> str:
    """The first of these columns that holds anything, as text; nothing where the row is no object."""
    for name in names if isinstance(row, dict) else ():
        value = row.get(name)
        if isinstance(value, str | int | float) and str(value).strip() not in ("", "nan"):
            return str(value).strip()
    return ""


def language_of(question: str) -> str:
    """`zh` where there is a Han character for every eight characters, else `en`."""
    return "zh" if 8 * len(_HAN.findall(question)) > len(question) else "en"


def _options(row: Row) -> tuple[str, ...]:
    value = next((row[name] for name in OPTIONS if row.get(name)), None)
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=str)]
    if value is None:
        columns = max(COLUMNS, key=lambda names: sum(name in row for name in names))
        value = [row.get(name) for name in columns]
    if not isinstance(value, list):
        return ()
    value = [entry.get("value") if isinstance(entry, dict) else entry for entry in value]
    return tuple(str(entry).strip() for entry in value if entry is not None and str(entry).strip())


def _parsed(value: str) -> Any:
    """Options in one cell: Python's or JSON's notation, or one to a line or a letter before each."""
    if value.lstrip()[:1] in ("{", "["):
        try:
            return ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return None
    starts = [match.start() for match in _LABELLED.finditer(value)]
    parts = [value[a:b] for a, b in zip(starts, [*starts[1:], None], strict=True)] if starts else value.split("\n")
    return [_LABELLED.sub("", part, count=1) for part in parts]


def _gold(row: Row, options: tuple[str, ...]) -> tuple[int, ...]:
    """Places of the right options: by an option's text, or by letters."""
    answer = text(row, ANSWER)
    if answer in options:
        return (options.index(answer),)
    letters = [letter for letter in answer.upper() if not (letter.isspace() or letter in ",，、;；")]
    known = all(letter in LETTERS[: len(options)] for letter in letters)
    return tuple(LETTERS.index(letter) for letter in letters) if known else ()
