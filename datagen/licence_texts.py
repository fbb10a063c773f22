"""How documents state their licences, and the SPDX identifier of each statement (spdx.org/licenses)."""

import re
from collections.abc import Callable

Statement = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

_PORTED = {"CC-BY-3.0-IGO", "CC-BY-NC-SA-3.0-IGO", "CC-BY-NC-ND-3.0-IGO", "CC-BY-SA-3.0-IGO"}
_PORTED |= {f"CC-BY-3.0-{c}" for c in ("AT", "AU", "DE", "NL", "US")} | {"CC-BY-2.5-AU", "CC-BY-SA-2.1-JP"}
_PORTED |= {"CC-BY-SA-3.0-AT", "CC-BY-SA-3.0-DE", "CC-BY-NC-3.0-DE", "CC-BY-NC-ND-3.0-DE", "CC-BY-NC-SA-3.0-DE"}
_PORTED |= {"CC-BY-ND-3.0-DE", "CC-BY-NC-SA-2.0-DE", "CC-BY-NC-SA-2.0-FR", "CC-BY-NC-SA-2.0-UK", "CC-BY-SA-2.0-UK"}
"""Ported Creative Commons licences that the SPDX list names; others become a LicenseRef."""

_GAP = r"[\s\-–_/.·•]{0,3}"
_VERSION = (
    r"(?:,? ?(?:licen[cs]e|许可协议|協議|协议|许可)?,? ?(?:\(?version |\(?v\.? ?)?(?P<version>[1-4]\.\d)\b)?"
    r"(?: (?:international|unported|generic))?(?: (?P<port>igo)\b)?"
)
_TERMS = (
    rf"(?P<terms>(?:{_GAP}(?:non{_GAP}commercial|nc|非商业性?(?:使用)?|非商業性?(?:使用)?))?"
    rf"(?:{_GAP}(?:share{_GAP}alike|sa|no{_GAP}deriv(?:ative)?s?(?: works)?|nd"
    r"|相同方式(?:共享|分享)|禁止(?:演绎|演繹|改作)))?)"
)


def creative_commons(found: re.Match[str]) -> str:
    """The identifier of a statement in parts: terms, version, port. A LicenseRef where SPDX has none, as without a
    version."""
    terms, version, port = (found.groupdict().get(part) or "" for part in ("terms", "version", "port"))
    terms = re.sub(r"[^a-z非相禁]", "", terms.lower())
    name = "CC-BY" + ("-NC" if re.search(r"nc|noncommercial|非", terms) else "")
    name += "-ND" if re.search(r"nd|noderiv|禁", terms) else "-SA" if re.search(r"sa|sharealike|相", terms) else ""
    if not version:
        return f"LicenseRef-{name}"
    name = f"{name}-{version}"
    if port and version != "4.0":  # which has no ports
        name = f"{name}-{port.upper()}"
        return name if name in _PORTED else f"LicenseRef-{name}"
    return name


def _is(pattern: str, name: str | Callable[[re.Match[str]], str]) -> Statement:
    return re.compile(pattern, re.IGNORECASE), name if callable(name) else lambda found: name


def _gnu(match: re.Match[str]) -> str:
    kind = {"lesser": "LGPL", "library": "LGPL", "affero": "AGPL"}.get((match[1] or "").lower(), "GPL")
    later = re.search(
        r"(?:or|any) (?:\(at your option\) any )?later", match.string[match.end() : match.end() + 80], re.I
    )
    return f"{kind}-{match[2]}{'' if '.' in match[2] else '.0'}-{'or-later' if later else 'only'}"


def _bsd(match: re.Match[str]) -> str:
    rest = match.string[match.end() : match.end() + 1500].lower()
    return "BSD-3-Clause" if "neither the name" in rest or "names of its contributors" in rest else "BSD-2-Clause"


STATEMENTS: tuple[Statement, ...] = (
    _is(r"SPDX-License-Identifier:[ \t]*([^\s*/]+(?: (?:AND|OR|WITH) [^\s*/]+)*)", lambda found: found[1]),
    _is(
        r"creativecommons\.org/licen[cs]es/by(?P<terms>(?:-(?:nc|nd|sa)){0,2})(?![\w-])(?:/(?P<version>[1-4]\.\d))?"
        r"(?:/(?P<port>[a-z]{2,3})(?![\w.]))?",
        creative_commons,
    ),
    _is(r"creativecommons\.org/(?:publicdomain/zero|share-your-work/public-domain/cc0)", "CC0-1.0"),
    _is(r"creativecommons\.org/publicdomain/mark", "CC-PDM-1.0"),
    _is(rf"creative commons:? (?:\(?cc\)? )?(?:licen[cs]e )?(?:attribution|by){_TERMS}{_VERSION}", creative_commons),
    _is(rf"(?-i:\bCC{_GAP}BY|\bcc[-_]by){_TERMS}{_GAP}{_VERSION}(?!\w)", creative_commons),
    _is(rf"(?:知识共享|创作共用|創用CC|CC)[^\n。]{{0,8}}署名{_TERMS}{_VERSION}", creative_commons),
    _is(r"\bCC0\b|creative commons (?:zero|public domain dedication)", "CC0-1.0"),
    _is(
        r"(?:is|are) (?:therefore |hereby )?(?:in|dedicated to|placed (?:in|into)|released (?:in|into)|part of)"
        r" the public domain|public domain (?:work|notice|mark)\b|属于公有领域|屬於公有領域|已进入公有领域|公版书",
        "LicenseRef-PublicDomain",
    ),
    _is(r"open government licen[cs]e(?: v(?:ersion)?\.? ?| )([123])\.0", lambda m: f"OGL-UK-{m[1]}.0"),
    _is(r"nationalarchives\.gov\.uk/doc/open-government-licence/version/([123])", lambda m: f"OGL-UK-{m[1]}.0"),
    _is(
        r"apache(?: software)? licen[cs]e,? ?(?:version |v\.? ?)?2(?:\.0)?\b|apache\.org/licenses/LICENSE-2\.0",
        "Apache-2.0",
    ),
    _is(
        r"permission is hereby granted, free of charge, to any person obtaining a copy|\b(?:the )?MIT licen[cs]e\b"
        r"|opensource\.org/licenses/MIT",
        "MIT",
    ),
    _is(r"redistribution and use in source and binary forms", _bsd),
    _is(r"\b3-clause BSD\b|\bBSD[ -]3-clause\b", "BSD-3-Clause"),
    _is(r"\b2-clause BSD\b|\bBSD[ -]2-clause\b", "BSD-2-Clause"),
    _is(
        r"GNU (?:(lesser|library|affero) )?general public licen[cs]e(?: as published by the free software foundation)?"
        r"[,;:]?\s*(?:either )?(?:\(?[al]?gpl\)?,? ?)?(?:version |v\.? ?)([123](?:\.\d)?)\b",
        _gnu,
    ),
    _is(r"GNU free documentation licen[cs]e,? (?:version |v)(1\.[123])", lambda m: f"GFDL-{m[1]}-or-later"),
    _is(r"mozilla public licen[cs]e,? (?:version |v\.? ?)?2\.0", "MPL-2.0"),
    _is(r"permission to use, copy, modify, and/or distribute this software for any purpose", "ISC"),
    _is(r"this is free and unencumbered software released into the public domain", "Unlicense"),
    _is(r"open data commons attribution licen[cs]e", "ODC-By-1.0"),
    _is(r"open database licen[cs]e|opendatacommons\.org/licenses/odbl", "ODbL-1.0"),
)
"""Tried on a text one by one; the one found first in the text counts."""
