"""What every source does with a document: licence, identifiers, ids, splits, hygiene."""

import json
import re
import zipfile
from collections.abc import Iterator
from datetime import date

import pytest

from collectors.document import Document, DocumentSource
from datagen.archives import RawFile
from datagen.errors import InputError
from datagen.record import record_id, split_of
from tests.collectors.reading import read


class Given(DocumentSource):
    """Documents written as JSON lists of their fields; a string is an error."""

    suffixes = (".docs",)

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        for entry in json.loads(file.data):
            if entry == "stop":
                raise InputError("stopped")
            yield InputError(entry) if isinstance(entry, str) else Document(**entry)


@pytest.fixture
def given(tmp_path):
    def read_given(*documents, **options):
        (tmp_path / "a.docs").write_text(json.dumps(documents))
        return read(Given(path=str(tmp_path / "a.docs"), **options), tmp_path)

    return read_given


def test_a_document_becomes_a_row(given):
    (row,) = given({"source_id": "x", "text": " A  text\u200b. ", "group": "g", "meta": {"a": 1}}, license="MIT").rows
    assert row["id"] == record_id("here", "x") and row["group"] == record_id("here", "g")
    assert row["split"] == split_of(row["group"])
    assert row["text"] == "A text." and row["meta"] == '{"a": 1}' and row["license"] == "MIT"
    assert row["messages"] is None and row["safety"] is None and row["phi_status"] == "clean"


def test_text_is_rendered_from_the_cleaned_messages(given):
    messages = [
        {"role": "user", "content": "I am  a@x.org."},
        {"role": "assistant", "content": " "},
        {"role": "user", "content": "a@x.org?"},
    ]
    (row,) = given({"source_id": "x", "messages": messages}).rows
    assert row["text"] == "I am [EMAIL-1].\n\n[EMAIL-1]?"
    assert [m["content"] for m in row["messages"]] == ["I am [EMAIL-1].", "[EMAIL-1]?"]
    assert row["phi_status"] == "redacted"


@pytest.mark.parametrize(
    ("licence", "operations", "kept"),
    [
        ("CC-BY-4.0", ("keep", "redistribute", "derive", "commercial"), True),
        ("CC-BY-ND-4.0", ("keep", "derive"), False),
        ("CC-BY-NC-4.0", ("commercial",), False),
        (None, ("keep",), True),
        (None, ("redistribute",), False),
    ],
)
def test_the_licence_gate(given, licence, operations, kept):
    found = given({"source_id": "x", "text": "Text.", "license": licence}, operations=operations)
    assert len(found.rows) == kept and list(found.dropped.values()) == ([] if kept else ["licence"])


def test_each_document_has_its_own_fate(given):
    documents = (
        {"source_id": "1", "text": "fine"},
        "bad_one",
        {"source_id": "2", "text": " \u200b\n"},
        {"source_id": "3"},
        {"source_id": "4", "text": "x", "split": "dev"},
        {"source_id": "5", "text": "lone \udc80"},
        {"source_id": "6\udc80", "text": "x"},
        {"source_id": "7", "messages": [{"role": "user", "content": "\ud800"}]},
        {"source_id": "8", "text": "x", "meta": {"a": "\udc80"}},
        {"source_id": "9", "text": "fine too"},
        "stop",
    )
    found = given(*documents)
    assert found.texts == ["fine", "fine too"]
    assert found.dropped == {record_id("here", "2"): "empty"}
    assert found.quarantined == {
        "a.docs#2": "bad_one",
        "a.docs#4": "no_text",
        "a.docs#5": "bad_split",
        "a.docs#6": "bad_encoding",
        "a.docs#7": "bad_encoding",
        "a.docs#8": "bad_encoding",
        "a.docs#9": "bad_encoding",
        "a.docs#11": "stopped",
    }


def test_no_canary_gets_through(given):
    canaries = ["13812345678", "zhang@example.com", "张伟明", "11010519491231002X", "ZY0012345"]
    text = "患者张伟明,男,手机13812345678,邮箱zhang@example.com,身份证11010519491231002X,住院号ZY0012345。"
    document = {
        "source_id": "ZY0012345",
        "group": "张伟明",
        "text": text,
        "url": "http://x/ZY0012345",
        "meta": {"note": [text]},
    }
    dialogue = {"source_id": "张伟明", "messages": [{"role": "user", "content": text}], "meta": {"张": {"who": text}}}
    found = given(document, dialogue, patient_level=True, deidentify="full")
    assert len(found.rows) == 2 and {row["phi_status"] for row in found.rows} == {"redacted"}
    written = json.dumps(found.rows, ensure_ascii=False) + str(found.dropped) + str(found.quarantined)
    assert not [canary for canary in canaries if canary in written]
    assert found.rows[0]["id"] == record_id("here", "ZY0012345", b"key") == found.rows[0]["source_id"]


def test_without_deidentification_the_status_is_unknown(given):
    (row,) = given({"source_id": "x", "text": "a@x.org"}, deidentify="none").rows
    assert (row["text"], row["phi_status"]) == ("a@x.org", "unknown")


def test_what_the_source_says_of_language_and_access(given):
    (row,) = given({"source_id": "x", "text": "头痛"}, language="zh", access="restricted").rows
    assert (row["language"], row["access"]) == ("zh", "restricted")


def test_batches_are_cut_by_rows_and_by_size(tmp_path):
    (tmp_path / "a.docs").write_text(json.dumps([{"source_id": str(n), "text": "x"} for n in range(1300)]))
    found = read(Given(path=str(tmp_path / "a.docs")), tmp_path)
    assert [row["source_id"] for row in found.rows] == [str(n) for n in range(1300)]


def test_boilerplate_is_removed_and_counted_and_states_the_licence(given):
    text = "Fever is common.\n\nThis is an open access article distributed under the CC BY-NC 4.0 license.\n\n"
    text += "References\n1. Lee A. Fever. Lancet 2019;3:1.\n2. Wu B. Cough. Lancet 2020;3:2."
    (row,) = given({"source_id": "x", "text": text}, license="MIT").rows
    assert row["text"] == "Fever is common." and row["license"] == "CC-BY-NC-4.0"
    assert json.loads(row["meta"]) == {"boilerplate": {"licence": 1, "references": 3}}
    (row,) = given({"source_id": "x", "text": text}, license="MIT", boilerplate="keep").rows
    assert row["text"] == text and row["license"] == "MIT" and row["meta"] is None
    (row,) = given({"source_id": "x", "messages": [{"role": "user", "content": text}]}, deidentify="none").rows
    assert row["text"] == text


def test_a_licence_stated_in_a_footer_is_policy(given):
    text = "Fever is common.\nCreative Commons: distributed under the Creative Commons Attribution-NoDerivs 4.0"
    assert list(given({"source_id": "x", "text": text}, operations=("derive",)).dropped.values()) == ["licence"]


def test_the_level_follows_from_the_source(given):
    text = "Mr. Tansley, a@x.org, coughs."
    light, full = "Mr. Tansley, [EMAIL-1], coughs.", "Mr. [NAME-1], [EMAIL-1], coughs."
    dialogue = {"source_id": "x", "messages": [{"role": "user", "content": text}]}
    assert given({"source_id": "x", "text": text}).texts == [light]
    assert given({"source_id": "x", "text": text, "content_type": "NOTE"}).texts == [full]
    assert given(dialogue).texts == [full]
    assert given({"source_id": "x", "text": text}, access="restricted").texts == [full]
    assert given({"source_id": "x", "text": text}, patient_level=True).texts == [full]
    assert given(dialogue, deidentify="light").texts == [light]


def test_dates_move_per_patient_and_become_years_elsewhere(given):
    text = "Seen 2021-03-03, again 2021-03-17."
    assert given({"source_id": "x", "text": text}, deidentify="full").texts == ["Seen 2021, again 2021."]
    notes = [{"source_id": str(n), "group": "p" if n < 2 else "q", "text": text} for n in range(3)]
    first, second, other = given(*notes, patient_level=True).texts
    assert first == second != other and "2021-03-03" not in first + other
    days = [date.fromisoformat(found) for found in re.findall(r"\d{4}-\d\d-\d\d", first)]
    assert (days[1] - days[0]).days == 14


def test_a_patients_names_are_known_in_the_next_notes_however_many_patients_there_are(given, monkeypatch):
    def notes(*patients):
        texts = ("Patient name: Barnaby Quillfeather.", "Quillfeather slept well.")
        return given(
            *({"source_id": str(n), "group": p, "text": texts[p in patients[:n]]} for n, p in enumerate(patients)),
            patient_level=True,
        ).texts

    def is_known(text):
        return "Quillfeather" not in text

    assert list(map(is_known, notes("a", "b", "a"))) == [True, True, True]
    monkeypatch.setattr("collectors.document.MAX_PATIENTS", 1)
    assert list(map(is_known, notes("a", "a", "b", "b"))) == [True, True, True, True]
    assert list(map(is_known, notes("a", "b", "a"))) == [True, True, False]


def test_files_of_patients_have_no_names(tmp_path):
    (tmp_path / "raw").mkdir()
    for name in ("abe", "Barnaby Quillfeather"):
        documents = ["bad_one", {"source_id": "1", "text": "fine"}]
        (tmp_path / "raw" / f"{name}.docs").write_text(json.dumps(documents))
    with zipfile.ZipFile(tmp_path / "raw" / "zoe.zip", "w") as archive:
        archive.writestr("a/Cordelia.docs", '["stop"]')
        archive.writestr("b/Cordelia.docs", '["bad_two"]')
    source = Given(path=str(tmp_path / "raw"), patient_level=True)
    assert read(source, tmp_path).quarantined == {
        "file-1#1": "bad_one",
        "file-2#1": "bad_one",
        "file-3!1": "stopped",
        "file-3!2#1": "bad_two",
    }


def test_a_roster_is_quarantined(given):
    roster = "\n".join(f"{number} 1391234567{number}" for number in range(10))
    assert given({"source_id": "x", "text": roster}).quarantined == {"a.docs#1": "phi_density"}
