"""Review by clinicians: a sheet goes out, comes back from several reviewers, and becomes labels."""

import csv
import hashlib
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from classifiers.agreement import kappa, weighted_kappa
from datagen.errors import UsageError
from datagen.review import ENOUGH_ITEMS, FILE, LABELS, covers
from datagen.taxonomy import LANGUAGES, load_taxonomy

COLUMNS = {
    "id": "编号",
    "language": "语言",
    "text": "文本",
    "department": "科室",
    "value": "价值",
    "comment": "备注",
}
"""Of a sheet, with their Chinese names; a reviewer fills in the last three."""
CHARACTERS = 1200
"""Shown of a text."""
HIGHEST = 5
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet program takes for a formula."""


def draw(rows: Iterable[Mapping[str, Any]], per_cell: int, seed: int) -> list[dict[str, Any]]:
    """At most `per_cell` rows of each department (as labelled) and language: those whose ids hash lowest, in an order
    that says nothing of their label."""
    cells: dict[tuple[str, str], list[tuple[str, dict]]] = defaultdict(list)
    for row in rows:
        if row["department"] and row["language"] in LANGUAGES:
            rank = hashlib.blake2b(f"{seed}/{row['id']}".encode(), digest_size=8).hexdigest()
            cell = cells[row["department"], row["language"]]
            cell.append((rank, dict(row)))
            if len(cell) > 4 * per_cell:
                cell.sort(key=lambda entry: entry[0])
                del cell[per_cell:]
    chosen = [entry for cell in cells.values() for entry in sorted(cell, key=lambda entry: entry[0])[:per_cell]]
    return [row for _, row in sorted(chosen, key=lambda entry: entry[0])]


def sheet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A bilingual CSV sheet that spreadsheet programs open: texts without their labels, so that these sway nobody."""
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow([f"{name} {chinese}" for name, chinese in COLUMNS.items()])
    for row in rows:
        text = row["text"][:CHARACTERS]
        text = f"'{text}" if text.startswith(FORMULA) else text
        writer.writerow([row["id"], row["language"], text, "", "", ""])
    return made.getvalue().encode("utf-8-sig")


def guide() -> str:
    """What reviewers are told, in both languages: the codes of departments and the rubric of value."""
    taxonomy = load_taxonomy()
    lines = [
        "# Review · 审阅",
        "",
        "Fill in `department` with one code and `value` with a number from 0 to 5; leave unsure ones empty. Do not",
        "talk about items before all sheets are back.",
        "请在“科室”列填写一个代码，在“价值”列填写 0 到 5 的整数；不确定可留空。交回之前请勿相互讨论。",
        "",
        "Value: a point each for medical substance; for being correct and current; for explaining (mechanism,",
        "differential, reasoning); for what can be acted upon (criteria, doses, steps); for being fit to refer to.",
        "A dangerous error: 1 at most.",
        "价值：有医学内容、正确且不过时、讲解机制或推理、可据以行动、可作参考，各一分；有危险错误者最多 1 分。",
        "",
        f"| {taxonomy.version} | English | 中文 |",
        "|---|---|---|",
        *(f"| {code} | {taxonomy.name(code)} | {taxonomy.name(code, 'zh')} |" for code in taxonomy.codes),
    ]
    return "\n".join([*lines, ""])


@dataclass(frozen=True)
class Sheet:
    """What one reviewer said: by id of the item its language, department and value (None where left open)."""

    reviewer: str
    answers: dict[str, tuple[str, str | None, int | None]]


def read_sheet(path: Path) -> Sheet:
    """A sheet that came back; the file's name is the reviewer's. Raises UsageError with the line that is wrong."""
    try:
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} can't be read: {type(error).__name__}", "save it as CSV in UTF-8") from None
    names = [cell.split(" ")[0] for cell in rows[0]] if rows else []
    if missing := {"id", "language", "department", "value"} - set(names):
        raise UsageError(f"{path} has no column {min(missing)}", "return the sheet with its first line as it was")
    codes = set(load_taxonomy().codes)
    answers = {}
    for number, cells in enumerate(rows[1:], 2):
        row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        department, value = row.get("department", "").upper() or None, row.get("value", "") or None
        if not row.get("id"):
            continue
        if department and department not in codes:
            raise UsageError(f"{path}, line {number}: there is no department {department[:20]!r}", "see guide.md")
        if value and value not in map(str, range(HIGHEST + 1)):
            raise UsageError(f"{path}, line {number}: {value[:20]!r} is no value", "0, 1, 2, 3, 4 or 5")
        answers[row["id"]] = (row.get("language", ""), department, int(value) if value else None)
    return Sheet(path.stem, answers)


@dataclass(frozen=True)
class Reviewed:
    """What reviewers said together.

    Attributes:
        facts: `reviewers`, `agreement` by pair, `items` by department and language with how many reviewers saw them
            (datagen/review.py), `open`: ids that they disagree on.
        labels: by id `department` and `value`, where all who answered agree or somebody adjudicated.
    """

    facts: dict[str, Any]
    labels: dict[str, dict[str, Any]] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(json.dumps(self.facts, indent=1, ensure_ascii=False), "utf-8")
        lines = (json.dumps({"id": identity, **label}) + "\n" for identity, label in sorted(self.labels.items()))
        (folder / LABELS).write_text("".join(lines), "utf-8")


def combine(sheets: Sequence[Sheet], adjudicated: Sheet | None = None) -> Reviewed:
    """Agreement of every pair of reviewers, and the labels that stand: those all agree on (values by their mean where
    they differ by 1 at most), and those of the adjudicator, whose word counts where they don't.

    Raises UsageError for fewer than two sheets, or two of one reviewer.
    """
    if len(sheets) < 2 or len({sheet.reviewer for sheet in sheets}) < len(sheets):
        raise UsageError("two reviewers at least are needed, each with a sheet", "name each file after its reviewer")
    labels, disputed, cells = {}, [], defaultdict(Counter)
    for identity in sorted({identity for sheet in sheets for identity in sheet.answers}):
        answers = [sheet.answers[identity] for sheet in sheets if identity in sheet.answers]
        departments = [department for _, department, _ in answers if department]
        values = [value for _, _, value in answers if value is not None]
        ruled = adjudicated.answers.get(identity) if adjudicated else None
        department = departments[0] if len(set(departments)) == 1 and len(departments) > 1 else None
        value = sum(values) / len(values) if len(values) > 1 and max(values) - min(values) <= 1 else None
        if ruled:
            department, value = ruled[1] or department, ruled[2] if ruled[2] is not None else value
        if department or value is not None:
            labels[identity] = {"department": department, "value": value}
        if department is None and len(departments) > 1:
            disputed.append(identity)
        if department:
            cells[department, answers[0][0]][len(departments)] += 1
    items = [
        {"department": department, "language": language, "reviewers": count, "items": number}
        for (department, language), counts in sorted(cells.items())
        for count, number in sorted(counts.items())
    ]
    facts = {
        "taxonomy": load_taxonomy().version,
        "reviewers": sorted(sheet.reviewer for sheet in sheets),
        "adjudicator": adjudicated.reviewer if adjudicated else None,
        "agreement": [_agreement(one, other) for one, other in combinations(sheets, 2)],
        "items": items,
        "open": disputed,
        "enough": ENOUGH_ITEMS,
    }
    facts["covered"] = covers(facts)
    return Reviewed(facts, labels)


def _agreement(one: Sheet, other: Sheet) -> dict[str, Any]:
    both = sorted(one.answers.keys() & other.answers.keys())
    departments = [(one.answers[i][1], other.answers[i][1]) for i in both if one.answers[i][1] and other.answers[i][1]]
    values = [(one.answers[i][2], other.answers[i][2]) for i in both]
    values = [(a, b) for a, b in values if a is not None and b is not None]
    found: dict[str, Any] = {"reviewers": [one.reviewer, other.reviewer]}
    found["departments"] = len(departments)
    found["department_kappa"] = round(kappa(*zip(*departments, strict=True)), 4) if departments else None
    found["values"] = len(values)
    found["value_kappa"] = round(weighted_kappa(*zip(*values, strict=True), HIGHEST), 4) if values else None
    return found


def disputes(rows: Mapping[str, Mapping[str, Any]], sheets: Sequence[Sheet], reviewed: Reviewed) -> bytes:
    """The sheet for an adjudicator: items that reviewers disagree on, with what each said as the comment."""
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow([f"{name} {chinese}" for name, chinese in COLUMNS.items()])
    for identity in reviewed.facts["open"]:
        said = ", ".join(f"{s.reviewer}: {s.answers[identity][1]}" for s in sheets if identity in s.answers)
        text = rows[identity]["text"][:CHARACTERS] if identity in rows else ""
        text = f"'{text}" if text.startswith(FORMULA) else text
        language = next(s.answers[identity][0] for s in sheets if identity in s.answers)
        writer.writerow([identity, language, text, "", "", said])
    return made.getvalue().encode("utf-8-sig")


def read_labels(folder: Path) -> dict[str, dict[str, Any]]:
    """The labels of a review by id. Raises UsageError where there is none."""
    path = folder / LABELS
    if not path.is_file():
        raise UsageError(
            f"no review at {folder}: {LABELS} is missing", "`datagen review RUN --sheet A.csv --sheet ...`"
        )
    entries = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    return {entry["id"]: entry for entry in entries}
