"""The stage for records from elsewhere, and what intake does with patients: shifts, densities, levels."""

import json

import pyarrow as pa
import pytest

from collectors.privacy.deidentify import DENSE_COUNT, Deidentifier
from collectors.privacy.deidentify_records import Deidentify
from collectors.privacy.identifiers.dates import shift_of
from datagen.record import record_id, split_of, table
from datagen.stage import stage_class


def rows(*texts: str | list[str], group: str | None = None, meta: str | None = None) -> pa.Table:
    """Records, one per text; a list of strings is a dialogue."""
    found = []
    for number, text in enumerate(texts):
        messages = None if isinstance(text, str) else [{"role": "user", "content": turn} for turn in text]
        name = record_id("elsewhere", str(number))
        family = group or name
        found.append(
            {
                "id": name,
                "group": family,
                "split": split_of(family),
                "text": text if messages is None else "\n\n".join(text),
                "messages": messages,
                "source": "elsewhere",
                "source_id": f"Tansley-{number}",
                "url": "https://example.org/Tansley",
                "meta": meta,
            }
        )
    return table(found)


@pytest.mark.proof("collectors.deidentify", "fixture")
def test_the_stage_is_installed_and_cleans_text_messages_and_meta():
    assert stage_class("collectors.deidentify") is Deidentify
    meta = json.dumps({"phone": 13812345678, "who": ["Mr. Tansley"], "13912345678": 1, "count": 12})
    outcome = Deidentify().apply(rows("Mr. Tansley, 13812345678", ["I am Mr. Tansley", "患者张伟明,男"], meta=meta))
    first, second = outcome.rows.to_pylist()
    assert first["text"] == "Mr. [NAME-1], [PHONE-1]" and first["phi_status"] == "redacted"
    assert json.loads(first["meta"]) == {"phone": "[PHONE-1]", "who": ["Mr. [NAME-1]"], "[PHONE-2]": 1, "count": 12}
    assert second["text"] == "I am Mr. [NAME-1]\n\n患者[NAME-2],男"
    assert [turn["content"] for turn in second["messages"]] == ["I am Mr. [NAME-1]", "患者[NAME-2],男"]
    assert (first["source_id"], first["url"]) == ("Tansley-0", "https://example.org/Tansley")
    assert not outcome.quarantined and outcome.rows.schema.equals(rows("x").schema)


def test_a_patients_records_share_names_and_lose_their_origin():
    batch = rows("姓名:慕容思齐 女", "慕容思齐术后六周,2021年3月15日复查", group="p")
    found = Deidentify(patient_level=True).apply(batch).rows.to_pylist()
    assert found[1]["text"] == "[NAME-1]术后六周,2021年复查"
    assert {(row["source_id"], row["url"]) for row in found} == {(row["id"], None) for row in found}


def test_intervals_survive_the_shift_and_patients_differ():
    text = "Born 1950-01-01. Seen March 3rd, 2021, 2021-03-17 and 03/31/2021; 2021年4月14日复查, 4月28日出院."
    clean = Deidentifier("full", shift_days=35)(text)[0]
    assert clean == ("Born [DATE-1]. Seen April 7th, 2021, 2021-04-21 and 05/05/2021; 2021年5月19日复查, 6月2日出院.")
    shifts = {shift_of(str(number), b"secret") for number in range(500)}
    assert len(shifts) > 80 and all(shift % 7 == 0 and 0 < abs(shift) <= 364 for shift in shifts)
    assert shift_of("a", b"secret") == shift_of("a", b"secret") and shift_of("a", None) is None
    assert any(shift_of(str(n), b"one") != shift_of(str(n), b"two") for n in range(3))
    batch = rows("Seen 2021-03-03, again 2021-03-17.", group="p")
    first = Deidentify(patient_level=True).apply(batch, b"secret").rows["text"][0].as_py()
    assert first != Deidentify(patient_level=True).apply(batch, b"other").rows["text"][0].as_py()


def test_what_is_hardly_more_than_identifiers_is_quarantined():
    roster = "\n".join(f"{number}. 1391234567{number}" for number in range(DENSE_COUNT))
    thin = roster + " 胸痛、咳嗽、发热三天，" * 60
    batch = rows(roster, roster[:-12], thin)
    outcome = Deidentify().apply(batch)
    assert outcome.quarantined == {batch["id"][0].as_py(): "phi_density"}
    broken = rows("x", meta="{")
    assert Deidentify().apply(broken).quarantined == {broken["id"][0].as_py(): "bad_meta"}
