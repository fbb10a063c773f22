import re
import unicodedata
from collections import Counter

import pytest

from datagen.errors import UsageError
from datagen.taxonomy import (
    LANGUAGES,
    allowed_departments,
    load_lexicon,
    load_taxonomy,
    map_label,
    mapping_schemes,
)


def test_departments_are_35_and_7_buckets():
    taxonomy = load_taxonomy()
    assert taxonomy.version == "dept@1.0"
    assert (len(taxonomy.departments), len(taxonomy.codes)) == (35, 42)
    assert taxonomy.buckets == {"PHARM", "NURS", "BASIC", "HSYS", "MULTI", "NONE", "UNK"}


@pytest.mark.parametrize("name, codes", [("departments", 42), ("content_types", 22), ("categories", 27)])
def test_every_code_has_a_name_in_both_languages(name, codes):
    taxonomy = load_taxonomy(name)
    assert len(taxonomy.codes) == codes
    for code in taxonomy.codes:
        assert re.fullmatch(r"[A-Z]{2,11}", code)
        assert taxonomy.name(code).isascii()
        assert re.search(r"[\u4e00-\u9fff]", taxonomy.name(code, "zh"))
    for language in LANGUAGES:
        assert len({taxonomy.name(code, language) for code in taxonomy.codes}) == codes


def test_anchors_cover_the_other_lists_once():
    anchors = load_taxonomy().anchors.values()
    nhs = Counter(code for entry in anchors for code in entry.get("nhs", ()))
    assert len(nhs) == 87 and set(nhs.values()) == {1}  # UK Core PracticeSettingCode 1.0.1 has 87
    top = {code.split(".")[0] for entry in anchors for code in entry.get("nhc", ())}
    assert top == {f"{n:02}" for n in (*range(1, 29), 30, 31, 32, 50, 51, 52, 69)}
    boards = {board.split(":")[0] for entry in anchors for board in entry.get("abms", ())}
    assert len({b for b in boards if "several boards" not in b}) == 24  # member boards of the ABMS


def test_unknown_names_are_refused():
    with pytest.raises(UsageError, match="no taxonomy colours"):
        load_taxonomy("colours")
    with pytest.raises(UsageError, match="no label mapping is named icd") as refused:
        map_label("icd", "I21")
    assert "cmexam, cmtmedqa, icd10, medmcqa, mesh, mtsamples, toyhom" in refused.value.fix
    with pytest.raises(KeyError):
        load_taxonomy().name("CARDIO")


@pytest.mark.parametrize(
    "scheme, label, department",
    [
        ("mtsamples", " Cardiovascular / Pulmonary", "CARD"),
        ("mtsamples", "Office Notes", None),
        ("mtsamples", "Astrology", None),
        ("cmtmedqa", "外科/骨科", "ORTHO"),
        ("cmtmedqa", "皮肤科/过敏", "RHEUM"),
        ("cmtmedqa", "皮肤科/皮肤综合", "DERM"),
        ("cmtmedqa", "中医科/", "TCM"),
        ("cmtmedqa", "家居健康/生活百科", None),
        ("cmtmedqa", "内科/肝癌", "ONC"),
        ("cmtmedqa", "None/None", None),
        ("toyhom", "肝病科", "GI"),
        ("toyhom", None, None),
        ("medmcqa", "Skin", "DERM"),
        ("medmcqa", "Medicine", None),
        ("cmexam", "医学影像科", "RAD"),
        ("cmexam", "内科", None),
        ("mesh", "C14.280.647", "CARD"),
        ("mesh", "C14.907.253.573", "NEUR"),
        ("mesh", "C23.550.288", None),
        ("mesh", "D02", "PHARM"),
        ("mesh", "A13.150", None),
        ("mesh", "E04.525.800", "NSURG"),
        ("icd10", "I21.9", "CARD"),
        ("icd10", "i63", "NEUR"),
        ("icd10", "A52", "DERM"),
        ("icd10", "D12.6", None),
        ("icd10", "I2", None),
        ("icd10", "", None),
    ],
)
def test_other_peoples_labels(scheme, label, department):
    assert map_label(scheme, label) == department


def test_a_label_that_is_no_department_allows_several():
    assert allowed_departments("medmcqa", "Psychiatry") == {"PSYCH", "NEUR"}
    assert "CARD" in allowed_departments("medmcqa", "Medicine") and "DENT" not in allowed_departments(
        "medmcqa", "Medicine"
    )
    assert allowed_departments("medmcqa", "Unknown") == frozenset()
    assert allowed_departments("toyhom", "心血管科") == {"CARD"}


def test_mappings_name_only_codes():
    from datagen.taxonomy import _read

    for scheme in mapping_schemes():
        data = _read(f"mappings/{scheme}.yaml")
        assert data["taxonomy"] == load_taxonomy().version
        assert set((data.get("labels") or data["ranges"]).values()) <= {*load_taxonomy().codes, None}
        also = data.get("also", {})
        assert set(also) <= set(data.get("labels", {})) and {c for codes in also.values() for c in codes} <= set(
            load_taxonomy().codes
        )


def test_ranges_of_icd10_leave_no_gap_between_its_chapters():
    letters = {f"{letter}{number:02}" for letter in "ABCEFGHIJKLMNORSTVZ" for number in (1, 20, 30)}
    assert {code for code in letters if map_label("icd10", code) is None} == {"V01", "V20", "V30", "Z01", "Z20", "Z30"}


def test_lexicon_has_terms_for_everything_that_text_can_be_about():
    lexicon = load_lexicon()
    assert set(lexicon.terms) == set(load_taxonomy().codes) - {"MULTI", "UNK"}
    for code, terms in lexicon.terms.items():
        for language in LANGUAGES:
            assert len(terms[language]) >= 25, (code, language)
        assert all(term.isascii() for term in terms["en"])


def test_a_term_belongs_to_one_department_and_can_be_found_in_folded_text():
    lexicon = load_lexicon()
    everything = [t for terms in lexicon.terms.values() for language in LANGUAGES for t in terms[language]]
    everything += [t for language in LANGUAGES for t in lexicon.medical[language]]
    assert [term for term, count in Counter(everything).items() if count > 1] == []
    assert [t for t in everything if t != unicodedata.normalize("NFKC", t).lower().strip()] == []
