"""Real sources, counted against what is known of them."""

from collections import Counter

import pytest

from collectors.papers.jats import JATS
from collectors.tables.records import Records
from tests.collectors.reading import read

QA = {"question": "question", "answer": "answer"}
TABLES = [
    (
        "qa_zh_toyhom_sample",
        {"path": "*.csv.gz", "fields": {"title": "title", "question": "ask", "answer": "answer"}},
        7644,
        "zh",
    ),
    (
        "dialog_zh_cmtmedqa_test",
        {"fields": {"id": "id", "messages": "history", "question": ["instruction", "instruct"], "answer": "output"}},
        1144,
        "zh",
    ),
    ("qa_en_icliniq_ehealthforum", {"fields": QA}, 171 + 465, "en"),
    ("general_math_gsm8k", {"path": "train.jsonl.gz", "fields": QA, "deidentify": "light"}, 7473, "en"),
    ("dialog_en_mts", {"fields": {"text": "dialogue"}}, 200 + 200 + 1201 + 100, "en"),
    ("general_cc_docs", {"fields": {"id": "id", "text": "text"}}, 30, "en"),
    ("qa_en_meqsum", {"fields": {"id": "File", "text": "CHQ"}}, 1000, "en"),
]


@pytest.mark.parametrize(("folder", "options", "rows", "language"), TABLES, ids=[case[0] for case in TABLES])
def test_tables(real_data, tmp_path, folder, options, rows, language):
    path = f"{real_data / folder}/{options.get('path', '')}"
    found = read(Records(**{**options, "path": path}), tmp_path)
    assert len(found.rows) == rows and not found.quarantined and not found.dropped
    assert Counter(row["language"] for row in found.rows)[language] > 0.97 * rows


@pytest.mark.parametrize(
    ("folder", "articles"),
    [("paper_jats_pmc_stemcell", 52), ("paper_jats_pmc_nonmedical", 18), ("paper_pdf_pmc_trials", 18)],
)
def test_articles(real_data, tmp_path, folder, articles):
    found = read(JATS(path=str(real_data / folder)), tmp_path)
    assert len(found.rows) == articles and not found.quarantined
    for row in found.rows:
        assert row["language"] == "en" and row["license"].startswith("CC") and row["text"].startswith("# ")
        assert "\n## " in row["text"] and "<" not in row["text"].split("\n", 1)[0]
        assert not any(heading in row["text"] for heading in ("\n## References", "\n## Acknowledg", "\n## Funding\n"))
