import pytest
from stages import record

from datagen.record import table
from dedup.boilerplate import Boilerplate
from tests.classifiers.local import result_of, rows_of, run_stage

NOTICE = "The opinions expressed here are those of the authors alone and of nobody who pays them."
HINWEIS = "本网站的内容仅供参考，不能代替医生的诊断和治疗，如有不适请及时就医。"
STAGE = Boilerplate(documents=5, share=0.2)


def clean(tmp_path, rows: list[dict], stage=STAGE, parts: int = 2) -> tuple[dict[str, dict], dict]:
    size = -(-len(rows) // parts)
    version = run_stage(tmp_path / str(parts), stage, [table(rows[n : n + size]) for n in range(0, len(rows), size)])
    return {row["source_id"]: row for row in rows_of(version).to_pylist()}, result_of(version, "report")


def body(number: int) -> str:
    return f"Body number {number} says something of its own, at some length so that it counts."


@pytest.mark.proof("dedup.boilerplate", "fixture")
@pytest.mark.parametrize("notice", [NOTICE, HINWEIS], ids=["en", "zh"])
def test_what_many_documents_of_a_source_share_stays_in_one(tmp_path, notice):
    rows = [record("web", n, f"{body(n)}\n\n{notice}\n\n{body(n + 100)}") for n in range(10)]
    found, report = clean(tmp_path, rows)
    texts = [row["text"] for row in found.values()]
    assert sum(notice in text for text in texts) == 1
    keeper = min(found.values(), key=lambda row: row["id"])
    assert notice in keeper["text"]
    assert all(
        row["text"] == f"{body(int(n))}\n\n{body(int(n) + 100)}" for n, row in found.items() if row is not keeper
    )
    facts = report["web"]
    assert (facts["documents"], facts["paragraphs"], facts["removed"]) == (10, 1, 9)
    assert facts["characters"] == 9 * len(notice)
    assert facts["top"][0]["documents"] == 9 and notice not in str(report)


def test_case_width_and_spacing_do_not_matter(tmp_path):
    forms = [NOTICE, NOTICE.upper(), NOTICE.replace(" ", "  "), f"  {NOTICE}", NOTICE.replace("a", "ａ")]
    rows = [record("web", n, f"{body(n)}\n{forms[n % 5]}") for n in range(10)]
    found, _ = clean(tmp_path, rows)
    assert sum(row["text"].count("\n") for row in found.values()) == 1


@pytest.mark.parametrize(
    "line",
    [
        "## Acknowledgements of the authors and of the funders of this work",
        "Short line.",
        "",
    ],
)
def test_headings_and_short_lines_stay(tmp_path, line):
    rows = [record("web", n, f"{body(n)}\n{line}\n{body(n + 100)}") for n in range(10)]
    found, report = clean(tmp_path, rows)
    assert all(row["text"] == f"{body(int(n))}\n{line}\n{body(int(n) + 100)}" for n, row in found.items())
    assert report["web"]["removed"] == 0


def test_other_sources_and_rare_paragraphs_stay(tmp_path):
    rows = [record(f"source{n}", n, f"{body(n)}\n{NOTICE}") for n in range(10)]  # each in a source of its own
    rows += [
        record("web", n, f"{body(n)}\n{NOTICE if n < 5 else body(-n)}") for n in range(100, 140)
    ]  # 5, less than 20%
    rows += [record("few", n, f"{body(n)}\n{NOTICE}") for n in range(200, 204)]  # all, but less than 5
    found, _ = clean(tmp_path, rows)
    assert {n: row["text"] for n, row in found.items()} == {row["source_id"]: row["text"] for row in rows}


def test_nothing_is_emptied(tmp_path):
    rows = [record("web", n, NOTICE) for n in range(10)]
    found, report = clean(tmp_path, rows)
    assert all(row["text"] == NOTICE for row in found.values()) and report["web"]["removed"] == 0


def test_messages_say_what_the_text_says(tmp_path):
    rows = []
    for n in range(10):
        turns = [f"{body(n)}\n{NOTICE}", NOTICE, f"{NOTICE}\n{body(n + 100)}"]
        messages = [{"role": "user", "content": turn} for turn in turns]
        rows.append(record("chat", n, "\n\n".join(turns), messages=messages))
    found, _ = clean(tmp_path, rows)
    for n, row in found.items():
        turns = [m["content"] for m in row["messages"]]
        assert row["text"] == "\n\n".join(turns)
        if row is not min(found.values(), key=lambda r: r["id"]):
            assert turns == [body(int(n)), NOTICE, body(int(n) + 100)]  # a turn of nothing else keeps it


def test_shards_and_order_make_no_difference(tmp_path, monkeypatch):
    rows = [record("web", n, f"{body(n)}\n{NOTICE}\n{body(n % 2)}") for n in range(40)]
    one = clean(tmp_path / "a", rows, parts=1)
    monkeypatch.setattr("dedup.boilerplate.SHARD_BYTES", 200)
    many = clean(tmp_path / "b", rows[::-1], parts=5)
    assert one == many and one[1]["web"]["paragraphs"] == 3
