"""Preferences of people: a sheet out, sheets in, and how far those who filled them in agree.

A sheet is CSV in UTF-8 with a mark, as spreadsheets open it: a question and two answers a row, in random order, and a
column to say which is better. Who wrote which answer stands nowhere in it.
"""

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datagen.errors import UsageError

COLUMNS = ("id", "prompt", "answer_a", "answer_b", "better", "reason")
VERDICTS = ("a", "b", "same")
WORDS = {"a": "a", "b": "b", "same": "same", "=": "same", "甲": "a", "乙": "b", "相同": "same", "一样": "same"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Question:
    """Two answers to compare."""

    id: str
    prompt: str
    first: str
    second: str


@dataclass(frozen=True)
class Preference:
    """What people found of a question: the answer that most prefer; `votes` for it out of `of`."""

    id: str
    prompt: str
    chosen: str
    rejected: str
    votes: int
    of: int


def write_sheet(path: str | Path, questions: Sequence[Question], seed: int = 0) -> None:
    """A sheet to fill in. Which answer is called a depends on the seed and the question's id alone."""
    with Path(path).open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(COLUMNS)
        for question in questions:
            answers = [question.first, question.second]
            if _turned(question.id, seed):
                answers.reverse()
            sheet.writerow([_plain(cell) for cell in (question.id, question.prompt, *answers)] + ["", ""])


def read_sheet(path: str | Path, questions: Sequence[Question], seed: int = 0) -> dict[str, int]:
    """A filled-in sheet of the same questions and seed: id -> 1 where the first answer is better, -1 where the second
    is, 0 where neither. Rows left empty are not there. Raises UsageError for a sheet of other questions or words."""
    known = {question.id: question for question in questions}
    votes: dict[str, int] = {}
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} can't be read as a sheet: {error}", "save it as CSV in UTF-8") from None
    if rows and not {"id", "better"} <= rows[0].keys():
        raise UsageError(f"{path} has no columns `id` and `better`", "fill in the sheet that was written")
    for number, row in enumerate(rows, 2):
        word = (row["better"] or "").strip().lower()
        if not word:
            continue
        identity = (row["id"] or "").removeprefix("'")
        if identity not in known or word not in WORDS:
            wrong = "id" if identity not in known else "verdict"
            raise UsageError(f"{path}, row {number}: unknown {wrong}", f"verdicts are {', '.join(VERDICTS)}")
        verdict = {"a": 1, "b": -1, "same": 0}[WORDS[word]]
        votes[identity] = -verdict if _turned(identity, seed) else verdict
    return votes


def preferences(questions: Sequence[Question], sheets: Sequence[Mapping[str, int]]) -> list[Preference]:
    """Questions on which more than half of those who judged prefer one answer."""
    found = []
    for question in questions:
        votes = [sheet[question.id] for sheet in sheets if question.id in sheet]
        for verdict, (better, worse) in ((1, ("first", "second")), (-1, ("second", "first"))):
            agreed = votes.count(verdict)
            if 2 * agreed > len(votes):
                answers = getattr(question, better), getattr(question, worse)
                found.append(Preference(question.id, question.prompt, *answers, agreed, len(votes)))
    return found


def agreement(sheets: Sequence[Mapping[str, int]]) -> float | None:
    """Krippendorff's alpha (2011) for nominal verdicts: 1 where all agree, 0 where they agree as chance would; None
    where nothing was judged twice, or all said the same throughout. Not everyone has to judge everything."""
    votes: dict[str, list[int]] = defaultdict(list)
    for sheet in sheets:
        for identity, verdict in sheet.items():
            votes[identity].append(verdict)
    units = [found for found in votes.values() if len(found) > 1]
    total = Counter(verdict for found in units for verdict in found)
    number = sum(total.values())
    if len(total) < 2:
        return None
    seen = sum(_unlike(Counter(found)) / (len(found) - 1) for found in units) / number
    return 1 - seen / (_unlike(total) / (number * (number - 1)))


def _unlike(counts: Counter) -> int:
    """Ordered pairs of different verdicts."""
    whole = sum(counts.values())
    return whole * whole - sum(n * n for n in counts.values())


def _turned(identity: str, seed: int) -> bool:
    return random.Random(f"{seed}/{identity}").random() < 0.5


def _plain(cell: str) -> str:
    """A cell that a spreadsheet takes for text, not for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
