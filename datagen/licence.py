"""Licences: SPDX expressions, what each allows, and what children inherit. Not legal advice."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Literal

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from datagen.licence_texts import STATEMENTS
from datagen.near import nearest

Operation = Literal["keep", "redistribute", "derive", "commercial"]
UNKNOWN = "NOASSERTION"
MAX_EXPRESSION = 10_000
"""Characters; what is longer is no licence."""
ALL = frozenset(("keep", "redistribute", "derive", "commercial"))
KEEP = frozenset(("keep",))

_FREE = re.compile(
    r"CC0-1\.0|CC-PDDC|CC-PDM-1\.0|PDDL-1\.0|LicenseRef-PublicDomain|Unlicense|0BSD|Zlib|ISC|MIT(-0)?|BSD-[23]-Clause"
    r"|Apache-[12]\.\d|MPL-2\.0|EPL-[12]\.0|PSF-2\.0|Python-2\.0|ODC-By-1\.0|ODbL-1\.0|OGL-UK-[123]\.0|OGL-Canada-2\.0"
    r"|(A?GPL|LGPL|GFDL)-\d\.\d(-only|-or-later)?|etalab-2\.0|DL-DE-BY-2\.0|Artistic-2\.0|BSL-1\.0"
)
"""Allow everything, under conditions (attribution, share-alike) that whoever publishes must meet."""
_CREATIVE_COMMONS = re.compile(r"(?:LicenseRef-)?CC-BY(-NC)?(-SA|-ND)?(?:-\d\.\d)?(?:-[A-Z]{2,3})?")
_NOT = re.compile(
    r"(?:\b(?:not|never|isn't|aren't|cannot)\b|不是|并非|不属于|不適用|不适用)[^.。;,\n]{0,40}$", re.IGNORECASE
)
_TOKEN = re.compile(r"\(|\)|[^\s()]+")
_ADDRESS = re.compile(r"(https?://)?[\w-]+(\.[\w-]+)+/\S*")
_COMMON = (
    *("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0"),
    *("CC-BY-3.0", "CC-BY-SA-3.0", "MIT", "Apache-2.0", "BSD-3-Clause", "GPL-3.0-only", "ODbL-1.0", "ODC-By-1.0"),
    *("PDDL-1.0", "OGL-UK-3.0", "LicenseRef-PublicDomain", UNKNOWN),
)
"""Licences of data sets, to propose where what was written is none."""


@lru_cache(maxsize=4096)
def allowed(license: str) -> frozenset[Operation]:
    """Operations that a licence or SPDX expression allows. An unknown one may be kept, and nothing else.

    Of alternatives (OR) the one that allows most is chosen, the first of equals.

    >>> sorted(allowed("CC-BY-ND-4.0"))
    ['commercial', 'keep', 'redistribute']
    >>> sorted(allowed("MIT AND CC-BY-NC-4.0"))
    ['derive', 'keep', 'redistribute']
    """
    expression = canonical(license)
    return KEEP if expression == UNKNOWN else _Expression(expression, KEEP).operations()


def forbids(license: str, operation: Operation) -> bool:
    """Whether a licence is known to refuse an operation; of one whose terms are unknown that can't be said.

    >>> forbids("CC-BY-ND-4.0 AND LicenseRef-House", "derive"), forbids("LicenseRef-House", "derive")
    (True, False)
    """
    expression = canonical(license)
    return expression != UNKNOWN and operation not in _Expression(expression, ALL).operations()


@lru_cache(maxsize=4096)
def canonical(license: str) -> str:
    """An SPDX expression in its canonical spelling; NOASSERTION for what is none.

    >>> canonical("cc-by-4.0 and (mit OR Apache-2.0)")
    'CC-BY-4.0 AND (MIT OR Apache-2.0)'
    """
    if len(license) > MAX_EXPRESSION:
        return UNKNOWN
    try:
        return str(canonicalize_license_expression(license))
    except InvalidLicenseExpression:
        return UNKNOWN


def declared(license: str) -> str:
    """A licence as a recipe states it, in its canonical spelling; of an address, what it stands for.

    Raises PydanticCustomError (with the `nearest` right one) for what is neither that, an SPDX expression, nor
    NOASSERTION: a misspelt licence would allow nothing, and nobody would know why.

    >>> declared("cc-by-4.0"), declared("https://creativecommons.org/licenses/by/4.0/")
    ('CC-BY-4.0', 'CC-BY-4.0')
    """
    if license == UNKNOWN:
        return license
    named = from_text(license)
    found = named if _ADDRESS.fullmatch(license) and not named.startswith("LicenseRef-") else canonical(license)
    if found == UNKNOWN:
        near = nearest(license.replace(" ", "-"), _COMMON)
        meant = near if named in (UNKNOWN, "LicenseRef-CC-BY") and near else named
        raise PydanticCustomError(
            "licence",
            "must be an SPDX expression such as CC-BY-4.0, LicenseRef-NAME, or NOASSERTION where it is unknown",
            {"nearest": "" if meant == UNKNOWN else meant},
        )
    return found


Licence = Annotated[str, AfterValidator(declared)]
"""The type of options that state a licence."""


def from_text(text: str) -> str:
    """The SPDX identifier of the licence that a text states first: by an address, a name or its own words; in English
    or Chinese. NOASSERTION where it states none. Creative Commons without a version is `LicenseRef-CC-BY...`.

    >>> from_text("https://creativecommons.org/licenses/by-nc/4.0/")
    'CC-BY-NC-4.0'
    >>> from_text("Distributed under the Creative Commons Attribution License.")
    'LicenseRef-CC-BY'
    """
    found = sorted(
        (match.start(), name(match))
        for pattern, name in STATEMENTS
        if (match := next((m for m in pattern.finditer(text) if not _denied(text, m.start())), None))
    )
    names = [name for _, name in found] or [UNKNOWN]
    # A name without a version is often followed by the address, which has it.
    exact = re.compile(rf"{re.escape(names[0].removeprefix('LicenseRef-'))}-\d\.\d.*")
    return next(filter(exact.fullmatch, names), names[0])


def _denied(text: str, at: int) -> bool:
    return _NOT.search(text, max(0, at - 60), at) is not None


def inherited(licenses: Iterable[str]) -> str:
    """The licence of text made from others: all of theirs at once, as an SPDX expression; NOASSERTION where one of them
    is unknown, so that children never gain an operation.

    >>> inherited(["MIT", "CC-BY-4.0", "MIT"])
    'CC-BY-4.0 AND MIT'
    """
    parts: set[str] = set()
    for license in licenses:
        expression = canonical(license)
        if expression == UNKNOWN:
            return UNKNOWN
        parts |= _Expression(expression, KEEP).conjuncts()
    return " AND ".join(sorted(parts)) or UNKNOWN


class _Expression:
    """A canonical SPDX expression, read by descent: OR of ANDs of licences and brackets. `unknown` is what licences
    without an entry here are taken to allow."""

    def __init__(self, text: str, unknown: frozenset[Operation]):
        self._text, self._unknown = text, unknown

    def operations(self) -> frozenset[Operation]:
        self._tokens = _TOKEN.findall(self._text)[::-1]
        return self._any()

    def conjuncts(self) -> set[str]:
        """The parts that AND joins at the top, alternatives in brackets."""
        parts, depth = [[]], 0
        for token in _TOKEN.findall(self._text):
            depth += (token == "(") - (token == ")")
            if token == "OR" and depth == 0:
                return {f"({self._text})"}
            if token == "AND" and depth == 0:
                parts.append([])
            else:
                parts[-1].append(token)
        return {" ".join(part).replace("( ", "(").replace(" )", ")") for part in parts}

    def _any(self) -> frozenset[Operation]:
        alternatives = [self._all()]
        while self._tokens and self._tokens[-1] == "OR":
            self._tokens.pop()
            alternatives.append(self._all())
        return max(alternatives, key=len)

    def _all(self) -> frozenset[Operation]:
        operations = self._one()
        while self._tokens and self._tokens[-1] == "AND":
            self._tokens.pop()
            operations &= self._one()
        return operations

    def _one(self) -> frozenset[Operation]:
        token = self._tokens.pop()
        if token == "(":
            operations = self._any()
            self._tokens.pop()
            return operations
        if self._tokens and self._tokens[-1] == "WITH":  # an exception only ever adds permissions
            del self._tokens[-2:]
        return _operations(token) or self._unknown


def _operations(identifier: str) -> frozenset[Operation] | None:
    if _FREE.fullmatch(identifier.removesuffix("+")):
        return ALL
    if terms := _CREATIVE_COMMONS.fullmatch(identifier):
        refused = {"commercial"} if terms[1] else set()
        return ALL - refused - ({"derive"} if terms[2] == "-ND" else set())
    return None
