"""Licences: read from documents, what they allow, and that children never gain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from datagen.licence import ALL, KEEP, UNKNOWN, Licence, allowed, canonical, declared, forbids, from_text, inherited

CC = "creativecommons.org"


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        (f"http://{CC}/licenses/by/4.0/", "CC-BY-4.0"),
        (f"https://www.{CC}/licenses/by-nc-nd/4.0/deed.zh-hans", "CC-BY-NC-ND-4.0"),
        (f"{CC}/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
        (f"http://{CC}/licenses/by/3.0/igo/legalcode", "CC-BY-3.0-IGO"),
        (f"http://{CC}/licenses/by-nc/3.0/igo/", "LicenseRef-CC-BY-NC-3.0-IGO"),
        (f"http://{CC}/licenses/by/3.0/us/", "CC-BY-3.0-US"),
        (f"http://{CC}/licenses/by-sa/3.0/cn/", "LicenseRef-CC-BY-SA-3.0-CN"),
        (f"http://{CC}/licenses/by/", "LicenseRef-CC-BY"),
        (f"{CC}/publicdomain/zero/1.0/", "CC0-1.0"),
        (f"{CC}/publicdomain/mark/1.0/", "CC-PDM-1.0"),
        ("under the Creative Commons Attribution 4.0 International License", "CC-BY-4.0"),
        ("The Creative Commons Attribution License, version 4.0", "CC-BY-4.0"),
        ("Creative Commons Attribution-NonCommercial-NoDerivs License, which permits", "LicenseRef-CC-BY-NC-ND"),
        ("Creative Commons Attribution Non Commercial (CC BY-NC 4.0) license", "CC-BY-NC-4.0"),
        (f"the CC BY-NC-ND license (http://{CC}/licenses/by-nc-nd/4.0/)", "CC-BY-NC-ND-4.0"),
        ("Creative Commons Attribution-NonCommercial-ShareAlike 3.0 IGO licence", "CC-BY-NC-SA-3.0-IGO"),
        (f"CC BY 4.0. The waiver (http://{CC}/publicdomain/zero/1.0/) applies to the data.", "CC-BY-4.0"),
        ("license: cc-by-sa-3.0", "CC-BY-SA-3.0"),
        ("本文采用知识共享署名-非商业性使用-相同方式共享 4.0 国际许可协议", "CC-BY-NC-SA-4.0"),
        ("知识共享署名-禁止演绎", "LicenseRef-CC-BY-ND"),
        ("This work is in the public domain.", "LicenseRef-PublicDomain"),
        ("本书属于公有领域", "LicenseRef-PublicDomain"),
        ("licensed under the Open Government Licence v3.0", "OGL-UK-3.0"),
        ("# SPDX-License-Identifier: GPL-2.0-or-later\nimport os", "GPL-2.0-or-later"),
        ("/* SPDX-License-Identifier: MIT OR Apache-2.0 */", "MIT OR Apache-2.0"),
        ('Licensed under the Apache License, Version 2.0 (the "License")', "Apache-2.0"),
        ("Permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
        ("Redistribution and use in source and binary forms ... Neither the name of the", "BSD-3-Clause"),
        ("Redistribution and use in source and binary forms, with or without", "BSD-2-Clause"),
        (
            "the GNU General Public License as published by the Free Software Foundation, either version 3 of the"
            " License, or (at your option) any later version",
            "GPL-3.0-or-later",
        ),
        ("GNU Lesser General Public License v2.1", "LGPL-2.1-only"),
        ("GNU Affero General Public License, version 3", "AGPL-3.0-only"),
    ],
)
def test_stated_licences(text, licence):
    assert from_text(text) == licence
    assert canonical(licence) == licence
    assert from_text(f"Before. {text}") == licence


@pytest.mark.parametrize(
    "text",
    [
        "",
        "All rights reserved.",
        "Attribution is required.",
        "Copyright 2019 The Authors. Published by Elsevier.",
        "This article is not licensed under CC BY 4.0",
        "It is not in the public domain.",
        "本文并非采用知识共享署名协议",
        "The CC by the lateral approach was reached.",
        f"http://{CC}/about/",
        "You may use it for personal study.",
    ],
)
def test_what_states_none_is_unknown(text):
    assert from_text(text) == UNKNOWN


@pytest.mark.parametrize(
    ("licence", "operations"),
    [
        ("CC0-1.0", "keep redistribute derive commercial"),
        ("CC-BY-4.0", "keep redistribute derive commercial"),
        ("CC-BY-SA-3.0", "keep redistribute derive commercial"),
        ("CC-BY-NC-4.0", "keep redistribute derive"),
        ("CC-BY-ND-4.0", "keep redistribute commercial"),
        ("CC-BY-NC-ND-3.0-IGO", "keep redistribute"),
        ("LicenseRef-CC-BY-NC-ND", "keep redistribute"),
        ("LicenseRef-CC-BY", "keep redistribute derive commercial"),
        ("GPL-3.0-or-later", "keep redistribute derive commercial"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "keep redistribute derive commercial"),
        ("MIT AND CC-BY-NC-4.0", "keep redistribute derive"),
        ("MIT OR CC-BY-NC-4.0", "keep redistribute derive commercial"),
        ("(MIT OR CC-BY-NC-4.0) AND CC-BY-ND-4.0", "keep redistribute commercial"),
        ("MIT AND LicenseRef-Publisher", "keep"),
        ("LicenseRef-CC-BYE", "keep"),
        ("NOASSERTION", "keep"),
        ("CC-BY", "keep"),
        ("anything at all", "keep"),
        ("", "keep"),
        ("MIT AND", "keep"),
    ],
)
def test_operations(licence, operations):
    assert allowed(licence) == set(operations.split())


@pytest.mark.parametrize(
    ("written", "licence"),
    [
        ("CC-BY-4.0", "CC-BY-4.0"),
        ("apache-2.0", "Apache-2.0"),
        ("mit and cc-by-3.0", "MIT AND CC-BY-3.0"),
        ("LicenseRef-Publisher", "LicenseRef-Publisher"),
        ("NOASSERTION", "NOASSERTION"),
        (f"https://{CC}/licenses/by-nc/4.0/", "CC-BY-NC-4.0"),
        (f"{CC}/publicdomain/zero/1.0/", "CC0-1.0"),
    ],
)
def test_a_recipe_states_an_expression_or_an_address(written, licence):
    assert declared(written) == licence


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("CC-BY4.0", "CC-BY-4.0"),
        ("CCBY", "CC-BY-4.0"),
        ("CC-BY-4", "CC-BY-4.0"),
        ("CC BY-NC 4.0", "CC-BY-NC-4.0"),
        ("Apache 2.0", "Apache-2.0"),
        ("CC0", "CC0-1.0"),
        (f"https://{CC}/licenses/by-nd/", "LicenseRef-CC-BY-ND"),
        ("MIT AND", "MIT"),
        ("PD", ""),
        ("see website", ""),
        ("https://example.org/terms", ""),
        ("", ""),
    ],
)
def test_a_misspelt_licence_of_a_recipe_is_refused(written, nearest):
    with pytest.raises(PydanticCustomError) as caught:
        declared(written)
    assert caught.value.context == {"nearest": nearest}
    assert nearest == "" or declared(nearest) == nearest
    with pytest.raises(ValidationError, match="SPDX expression"):
        TypeAdapter(Licence).validate_python(written)


def test_what_is_known_to_be_forbidden():
    assert forbids("CC-BY-ND-4.0", "derive") and forbids("CC-BY-ND-4.0 AND LicenseRef-House", "derive")
    assert not forbids("CC-BY-4.0", "derive") and not forbids("LicenseRef-House", "derive")
    assert not forbids("NOASSERTION", "derive") and not forbids("LicenseRef-House OR CC-BY-ND-4.0", "derive")


@pytest.mark.parametrize(
    "hostile", ["(" * 9000, "(" * 2000 + "MIT" + ")" * 2000, "MIT AND " * 1000 + "MIT", "\0", "MIT\nOR x"]
)
def test_hostile_expressions_allow_nothing_more(hostile):
    assert allowed(hostile) in (KEEP, ALL)
    assert inherited([hostile, "CC-BY-ND-4.0"]) and "derive" not in allowed(inherited([hostile, "CC-BY-ND-4.0"]))


IDENTIFIERS = st.sampled_from(
    (
        *("MIT", "CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-3.0-IGO", "LicenseRef-CC-BY-SA"),
        *("GPL-3.0-only", "LicenseRef-Publisher", "NOASSERTION", "no licence", ""),
    )
)
EXPRESSIONS = st.recursive(
    IDENTIFIERS, lambda e: st.tuples(e, st.sampled_from(["AND", "OR"]), e).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
)
FLAT = st.lists(IDENTIFIERS, min_size=1, max_size=4).flatmap(
    lambda names: st.lists(st.sampled_from([" AND ", " OR "]), min_size=len(names), max_size=len(names)).map(
        lambda joins: "".join(map("".join, zip(names, [*joins[1:], ""], strict=True)))
    )
)


@given(st.lists(EXPRESSIONS | FLAT | st.text(max_size=12), max_size=5))
def test_children_never_gain_an_operation(parents):
    child = inherited(parents)
    assert allowed(child) == frozenset.intersection(*map(allowed, parents), ALL if parents else KEEP)
    assert child == UNKNOWN or canonical(child) == child
    assert inherited([child, *parents]) == child or child == UNKNOWN
    assert inherited(reversed(parents)) == child
