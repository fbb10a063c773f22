"""ICD-10: a hierarchy in JSON (the American edition), or a table of codes and Chinese names (the national clinical
edition)."""

import json
import re
from collections.abc import Iterator
from typing import Any

from datagen.errors import InputError
from datagen.xlsx import worksheets
from knowledge_graph.readers.entries import Content, Entry, Label, Statement, Term

CODE = re.compile(r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?")
RANGE = re.compile(r"(.+?)\s*\(([A-Z]\d[0-9A-Z](?:-[A-Z]\d[0-9A-Z])?)\)")
CHINESE = re.compile(r"[A-Z]\d{2}(?:\.(?:\d{1,3}|x\d{2}))?(?:x\d{1,3})?(?:\+[A-Z]\d{2}(?:\.\d)?)?[+*†]?")
AMERICAN, NATIONAL = "ICD10CM", "ICD10CN"
ROOT = "root"
KINDS = {"R": "symptom", "V": "risk_factor", "W": "risk_factor", "X": "risk_factor", "Y": "risk_factor", "Z": "other"}
"""What chapters hold that are not diseases, by a code's letter: signs, external causes, contacts with services."""
MAX_DEPTH = 32


def read_icd10(data: bytes) -> Content:
    """Codes with what is above them.

    The American hierarchy (`{"tree": {"id", "children"}}`) names chapters and blocks; its codes have no names, and are
    called by themselves (`ICD-10-CM A00.0`), which no text means by accident. The Chinese table (a workbook whose rows
    begin with code and name) puts extended codes (A00.000x001) below theirs (A00.000).

    Raises InputError: not_json, not_icd10, and those of a workbook (`datagen.xlsx`).
    """
    if data[:2] == b"PK":
        return Content(list(_national(data)))
    try:
        tree = json.loads(data)["tree"]
    except (ValueError, RecursionError):
        raise InputError("not_json") from None
    except (KeyError, TypeError):
        raise InputError("not_icd10", "no tree") from None
    return Content(list(_american(tree)))


def _american(tree: Any) -> Iterator[Entry]:
    queue, number = [(tree, None, 0)], 0
    while queue:
        node, above, depth = queue.pop()
        if not isinstance(node, dict) or not isinstance(node.get("id"), str) or depth > MAX_DEPTH:
            raise InputError("not_icd10", "a node without id")
        children = node.get("children") or []
        if not isinstance(children, list):
            raise InputError("not_icd10", "children are no list")
        number += 1
        own = None
        if node["id"] == ROOT and above is None:
            yield Entry(number, dropped="root")
        elif (block := RANGE.fullmatch(node["id"])) or CODE.fullmatch(node["id"]):
            code = block[2] if block else node["id"]
            own = f"{AMERICAN}:{code}"
            # A block of one code (Z66-Z66) and that code are two nodes.
            own = f"{own}-{code}" if block and "-" not in code else own
            name = block[1] if block else f"ICD-10-CM {code}"
            up = () if above is None or above == own else (Statement(own, "is_a", above),)
            yield Entry(number, own, (Term(own, name, _kind(code)),), statements=up)
        else:
            yield Entry(number, bad="bad_code")
        queue += [(child, own or above, depth + 1) for child in reversed(children)]


def _national(data: bytes) -> Iterator[Entry]:
    (cells,) = worksheets(data, width=2)
    rows = [(line, *(str(cell or "").strip() for cell in row)) for line, row in enumerate(cells, 1)]
    known = {code for _, code, _ in rows}
    for line, code, name in rows:
        if not CHINESE.fullmatch(code):
            yield Entry(line, dropped="header") if line == 1 else Entry(line, bad="bad_code")
        elif not name:
            yield Entry(line, bad="no_name")
        else:
            own = f"{NATIONAL}:{code}"
            above = next((c for c in _broader(code) if c in known and c != code), None)
            up = (Statement(own, "is_a", f"{NATIONAL}:{above}"),) if above else ()
            yield Entry(line, own, (Term(own, kind=_kind(code)),), (Label(own, "name_zh", name),), up)


def _broader(code: str) -> tuple[str, str]:
    """Codes that one extends: A01.000x003+G01* is below A01.000, A01.003 below A01.000."""
    plain = code.partition("+")[0].partition("x")[0]
    return plain, f"{plain[:5]}00"


def _kind(code: str) -> str:
    return KINDS.get(code[0], "disease")
