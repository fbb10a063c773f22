"""MedQuAD, in all its forms."""

import json

from collectors.tables.medquad import MedQuAD
from tests.collectors.reading import read

NEW = """<?xml version="1.0"?><Document id="01" source="GARD" url="http://example.org/fever"><Focus>Fever</Focus><QAPairs>
<QAPair pid="1"><Question qid="01-1" qtype="information">What is (are) Fever ?</Question><Answer>A raised
      temperature.</Answer></QAPair>
<QAPair pid="2"><Question qid="01-2" qtype="treatment">How is it treated ?</Question><Answer/></QAPair>
<QAPair pid="3"><Question/><Answer>Nothing asked.</Answer></QAPair></QAPairs></Document>"""
OLD = """<doc docid="02" corpus="NINDS" url="http://example.org/cough"><doctitle-focus>Cough</doctitle-focus><qaPairs>
<pair pid="1"><question qid="02-1" qtype="causes">What causes it ?</question><answer>A cold.</answer></pair></qaPairs>
</doc>"""
ODD = """<DiseaseFile fid="03" source="CDC" url="http://example.org/worms"><Focus>Worms</Focus><QAPairs><QAPair pid="5">
<Question qid="03-5" qtype="prevention">How to prevent it ?</Question><Answer>Cook meat.</Answer></QAPair></QAPairs>
</DiseaseFile>"""


def test_pairs_become_records(tmp_path):
    (tmp_path / "new.xml").write_text(NEW)
    (tmp_path / "old.xml").write_text(OLD)
    (tmp_path / "odd.xml").write_text(ODD)
    (tmp_path / "other.xml").write_text("<html/>")
    found = read(MedQuAD(path=str(tmp_path)), tmp_path)
    first = "What is (are) Fever ?\n\nA raised\ntemperature."
    assert found.texts == [first, "How to prevent it ?\n\nCook meat.", "What causes it ?\n\nA cold."]
    assert [row["source_id"] for row in found.rows] == ["new.xml#1", "odd.xml#5", "old.xml#1"]
    assert [m["role"] for m in found.rows[0]["messages"]] == ["user", "assistant"]
    assert {row["content_type"] for row in found.rows} == {"QA"}
    assert json.loads(found.rows[2]["meta"]) == {"focus": "Cough", "question_type": "causes"}
    assert list(found.dropped.values()) == ["empty"]
    assert found.quarantined == {"new.xml#3": "no_question", "other.xml": "not_medquad"}


def test_files_that_share_a_document_id_do_not_clash(tmp_path):
    (tmp_path / "a.xml").write_text(NEW)
    (tmp_path / "b.xml").write_text(NEW.replace("A raised", "A much raised"))
    found = read(MedQuAD(path=str(tmp_path)), tmp_path)
    assert len({row["id"] for row in found.rows}) == 2 and len({row["group"] for row in found.rows}) == 1
