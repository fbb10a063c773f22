import numpy as np
import pytest

from classifiers.curriculum import Curriculum, stage_of
from classifiers.difficulty import count, dense, sparse, surprisal
from datagen.record import record_id, table, with_column
from tests.classifiers.local import result_of, rows_of, run_stage

EASY_EN = "The heart pumps the blood. The blood goes to the lungs. The lungs give the blood air."
EASY_ZH = "心脏把血液送到肺部,血液在肺部得到氧气。"


def row(number: int, text: str, **labels) -> dict:
    name = f"{number}"
    identity = {"id": record_id("t", name), "group": name, "source": "t", "source_id": name}
    return {"split": "train", "text": text, **identity, **labels}


@pytest.mark.parametrize(
    "columns, stage",
    [
        ({"department": "NONE"}, "general"),
        ({"department": "NONE", "content_type": "EXAM", "value": 5.0}, "general"),
        ({"department": "NONE", "synthetic": True}, "advanced"),
        ({}, "general"),
        ({"department": "UNK", "content_type": "NEWS"}, "general"),
        ({"department": "UNK", "content_type": "QA"}, "basic"),
        ({"department": "CARD", "content_type": "QA"}, "basic"),
        ({"department": "CARD", "content_type": "QA", "value": 1.9}, "general"),
        ({"department": "CARD", "content_type": "QA", "value": 4.0}, "basic"),
        ({"department": "CARD", "content_type": "QA", "value": 4.0, "tokens": 2000}, "advanced"),
        ({"department": "CARD", "content_type": "NOTE"}, "advanced"),
        ({"department": "CARD", "content_type": "NOTE", "value": 2.9}, "basic"),
        ({"department": "CARD", "content_type": "NOTE", "value": 3.0}, "advanced"),
        ({"department": "CARD", "content_type": "REVIEW"}, "basic"),
        ({"department": "CARD", "content_type": "REVIEW", "tokens": 2000}, "advanced"),
        ({"department": "CARD", "content_type": "TEXT", "tokens": 9000}, "basic"),
        ({"department": "CARD", "content_type": "TEXT", "value": 4.5, "tokens": 9000}, "advanced"),
    ],
)
def test_the_rule(columns, stage, tmp_path):
    """A text alone in its corpus is neither hard nor easy."""
    rows = with_column(table([row(1, "t", **columns)]), "tokens", [columns.get("tokens", 100)])
    assert rows_of(run_stage(tmp_path, Curriculum(), [rows]))["curriculum"].to_pylist() == [stage]


def test_difficulty_and_quality_decide_what_content_leaves_open():
    review = ("CARD", "REVIEW", 3.5, 100, False)
    assert [stage_of(*review, difficulty) for difficulty in (-1, 0, 1)] == ["basic", "basic", "advanced"]
    note = ("CARD", "NOTE", 3.5, 100, False)
    assert [stage_of(*note, difficulty) for difficulty in (-1, 0, 1)] == ["basic", "advanced", "advanced"]
    plain = ("NONE", None, None, 100, False)
    assert stage_of(*plain, 1, 1) == "basic"
    assert {stage_of(*plain, *ranks) for ranks in ((1, 0), (0, 1), (-1, 1), (1, -1))} == {"general"}


@pytest.mark.parametrize("easy, gap", [(EASY_EN, " "), (EASY_ZH, "")])
def test_what_was_seen_before_is_easier(easy, gap):
    words = easy.split() if gap else list(easy)
    shuffled = [gap.join(np.random.default_rng(n).permutation(words)) for n in range(3)]
    texts = (
        [easy] * 6 + shuffled + ["Troponin assays discriminate myocardial necrosis.", "肌钙蛋白测定可鉴别心肌坏死。"]
    )
    own = np.array([True] * 6 + [False] * 5)
    bits = surprisal(texts, count(texts[:6]), own)
    assert bits[:6].max() < bits[6:9].min() < bits[9:].min()


def test_a_text_does_not_make_itself_easy():
    texts = [EASY_EN, "Troponin assays discriminate myocardial necrosis."]
    counts = count(texts)
    alone = surprisal(texts[1:], count(texts[:1]), np.array([False]))
    assert surprisal(texts, counts, np.array([True, True]))[1] == pytest.approx(alone[0])
    assert surprisal(texts, counts, np.array([True, False]))[1] < alone[0]
    assert np.isnan(surprisal(["", "one", "心"], counts, np.array([False] * 3))).all()


def test_counts_add_up_over_parts():
    texts = [EASY_EN, EASY_ZH, "more of it"]
    assert (dense([sparse(count(texts[:1])), sparse(count(texts[1:]))]) == count(texts)).all()


def corpus() -> list[dict]:
    """For each language 12 texts of one subject in the same words, and 3 each in words of their own."""
    rows = []
    for language, easy, hard in (
        (
            "en",
            EASY_EN,
            "Serial {n} troponin{n} assays{n} discriminate{n} subendocardial{n} necrosis{n} from{n} strain{n}",
        ),
        ("zh", EASY_ZH, "肌钙蛋白{n}连续测定{n}鉴别{n}心内膜下{n}坏死{n}与劳损{n}"),
    ):
        texts = [easy] * 12 + [hard.replace("{n}", letter) for letter in "xyz"]
        rows += [
            row(len(rows) + n, text, language=language, department="CARD", content_type="REVIEW", value=3.0)
            for n, text in enumerate(texts)
        ]
    return rows


def test_the_hardest_of_each_language_come_last(tmp_path):
    version = run_stage(tmp_path, Curriculum(), [table(corpus())])
    found = rows_of(version).to_pylist()
    advanced = [r["source_id"] for r in found if r["curriculum"] == "advanced"]
    assert advanced == ["12", "13", "14", "27", "28", "29"]
    assert set(result_of(version, "thirds")) == {"en", "zh"}


def test_where_all_is_equally_hard_nothing_is_hard_or_easy(tmp_path):
    rows = [row(n, EASY_EN, language="en", department="CARD", content_type="NOTE", value=3.0) for n in range(5)]
    found = rows_of(run_stage(tmp_path, Curriculum(), [table(rows)]))
    assert set(found["curriculum"].to_pylist()) == {"advanced"}


def test_parts_and_their_order_change_nothing(tmp_path):
    rows = table(corpus())
    one = rows_of(run_stage(tmp_path / "a", Curriculum(), [rows]))
    other = rows_of(run_stage(tmp_path / "b", Curriculum(), [rows.slice(14), rows.slice(0, 14)]))
    assert sorted(one.to_pylist(), key=lambda r: r["id"]) == sorted(other.to_pylist(), key=lambda r: r["id"])


def test_only_the_train_split_is_learnt_from(tmp_path):
    rows = table(corpus())
    splits = ["test" if r["source_id"] in ("12", "13") else "train" for r in rows.to_pylist()]
    held_out = [r["id"] for r, split in zip(rows.to_pylist(), splits, strict=True) if split == "train"]
    version = run_stage(tmp_path / "a", Curriculum(), [with_column(rows, "split", splits)])
    without = run_stage(tmp_path / "b", Curriculum(), [rows.filter([split == "train" for split in splits])])
    assert result_of(version, "thirds") == result_of(without, "thirds")
    stages = {r["id"]: r["curriculum"] for r in rows_of(version).to_pylist()}
    assert {i: stages[i] for i in held_out} == {r["id"]: r["curriculum"] for r in rows_of(without).to_pylist()}
