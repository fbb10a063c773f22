"""Licences: SPDX identifiers, what each allows, and what children inherit. Not legal advice."""

import re
from collections.abc import Iterable
from typing import Literal

Operation = Literal["keep", "redistribute", "derive", "commercial"]
UNKNOWN = "NOASSERTION"
ALL = frozenset(("keep", "redistribute", "derive", "commercial"))

_PERMISSIVE = re.compile(
    r"CC0-1\.0|CC-PDDC|PDDL-1\.0|Apache-2\.0|MIT|MIT-0|BSD-[23]-Clause|ODC-By-1\.0|ISC|LicenseRef-PublicDomain"
)
_CREATIVE_COMMONS = re.compile(r"CC-BY(-NC)?(-SA|-ND)?-\d\.\d")
_CC_URL = re.compile(
    r"creativecommons\.org/(?:licenses/(by(?:-nc)?(?:-sa|-nd)?)/(\d\.\d)|publicdomain/(zero|mark)/1\.0)", re.I
)


def allowed(license: str) -> frozenset[Operation]:
    """Operations that a licence allows. An unknown one may be kept, and nothing else.

    >>> sorted(allowed("CC-BY-ND-4.0"))
    ['commercial', 'keep', 'redistribute']
    """
    if " AND " in license:
        return frozenset.intersection(*(allowed(part) for part in license.split(" AND ")))
    if _PERMISSIVE.fullmatch(license):
        return ALL
    if terms := _CREATIVE_COMMONS.fullmatch(license):
        refused = {"commercial"} if terms[1] else set()
        return ALL - refused - ({"derive"} if terms[2] == "-ND" else set())
    return frozenset(("keep",))


def from_text(text: str) -> str:
    """The SPDX identifier that a document states by a Creative Commons address; NOASSERTION for anything else.

    >>> from_text("https://creativecommons.org/licenses/by-nc/4.0/")
    'CC-BY-NC-4.0'
    """
    found = _CC_URL.search(text)
    if not found:
        return UNKNOWN
    if found[3]:
        return "CC0-1.0" if found[3].lower() == "zero" else "CC-PDDC"
    return f"CC-{found[1].upper()}-{found[2]}"


def inherited(licenses: Iterable[str]) -> str:
    """The licence of text made from others: all of theirs at once, as an SPDX expression."""
    parts = sorted({part for license in licenses for part in license.split(" AND ")})
    return " AND ".join(parts) or UNKNOWN
