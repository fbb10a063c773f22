import numpy as np
import pytest
from stages import record

from datagen.errors import UsageError
from datagen.record import table
from dedup.upsample import Sizes, Upsample, fineweb2, fitted, txt360
from tests.classifiers.local import result_of, rows_of, run_stage


def sizes(records: list[int], low: list[int], first: int = 1) -> Sizes:
    return Sizes(np.arange(first, first + len(records)), np.array(records), np.array(low))


def test_txt360_is_the_published_table():
    stage = Upsample()
    copies = [1, 2, 5, 6, 100, 101, 1000, 1001, 90_000]
    assert weights(stage, copies) == [1, 3, 3, 5, 5, 8, 8, 10, 10]
    assert weights(Upsample(cap=4), copies) == [1, 3, 3, 4, 4, 4, 4, 4, 4]


def weights(stage: Upsample, copies: list[int], **columns) -> list[int]:
    rows = table([record("s", n, "text", duplicates=c, **columns) for n, c in enumerate(copies)])
    return stage._repeats(rows, {"": txt360(sizes([1], [0]), stage.cap)}).to_pylist()


# Chinese (cmn_Hani) in huggingface/fineweb-2, misc/rehydration: removal rates in per cent of clusters of 1, 2, ...
# documents (all above 60 are over the overall rate), and the weights up to 10 that were published for them.
RATES = """
60.744 53.399 51.364 50.174 48.484 48.945 46.529 47.500 44.442 43.846 44.879 46.464 45.511 45.123 45.130 46.588 46.024
47.824 46.694 48.232 47.632 47.835 47.679 49.282 48.434 48.888 49.267 49.548 49.200 50.684 50.086 51.380 51.254 51.604
51.754 52.864 51.976 52.479 52.479 53.307 52.429 53.560 52.709 53.711 53.500 53.989 53.631 54.857 53.698 54.889 54.614
54.765 54.901 55.920 55.206 56.482 55.753 56.100 55.809 57.281 56.515 56.892 57.187 57.843 57.169 58.009
"""
OVERALL = 57.192
WEIGHTS = {1: 1, 2: 4, 4: 6, 6: 7, 7: 8, 9: 9, 16: 8, 20: 7, 26: 6, 31: 5, 36: 4, 44: 3, 52: 2, 60: 1}


def test_rates_become_the_published_weights():
    weights = fitted(np.array(RATES.split(), float), OVERALL, 10).tolist()
    assert weights == weight_of(WEIGHTS.items(), range(1, len(weights) + 1))


def test_counts_become_rates_and_weights():
    """By hand: R = 0.4, least r = 0.2; weights 1, 4, 7, 10, 7, 4, 1 before the middle three are averaged."""
    steps = fineweb2(sizes([1000] * 7, [550, 333, 267, 200, 267, 333, 850]), 10)
    assert weight_of(steps, [1, 2, 3, 4, 5, 6, 7, 8, 500]) == [1, 4, 6, 6, 6, 4, 1, 1, 1]


def weight_of(steps, copies) -> list[int]:
    return [max((step for step in steps if step[0] <= size), key=lambda s: s[0])[1] for size in copies]


@pytest.mark.parametrize(
    ("records", "low"),
    [([], []), ([5000], [100]), ([3, 2], [1, 0]), ([900, 900], [0, 0]), ([900, 900], [900, 900]), ([900] * 3, [9] * 3)],
)
def test_where_nothing_is_to_be_learnt_nothing_is_repeated(records, low):
    assert fineweb2(sizes(records, low), 10) == [(1, 1)]


def test_rare_sizes_are_one():
    counted = Sizes(np.array([1, 2, 7, 40, 41]), np.array([5000, 500, 50, 20, 90]), np.array([4000, 200, 10, 5, 30]))
    steps = fineweb2(counted, 10)
    assert steps[0] == (1, 1) and steps[-1][0] <= 7
    assert weight_of(steps, [7, 40, 10**6]) == [10, 10, 10]  # 45 of 160 are low, the least share


@pytest.mark.proof("dedup.upsample", "fixture")
def test_only_good_train_rows_are_repeated_and_none_beyond_the_cap(tmp_path):
    rows = [
        record("s", "train", "a", duplicates=50, value=4.0),
        record("s", "unrated", "b", duplicates=50),
        record("s", "low", "c", duplicates=50, value=1.0),
        record("s", "test", "d", duplicates=50, value=4.0, split="test"),
        record("s", "repeated", "e", duplicates=50, value=4.0, repeats=4),
        record("s", "single", "f", value=4.0),
    ]
    version = run_stage(tmp_path, Upsample(), [table(rows[:3]), table(rows[3:])])
    found = rows_of(version)
    assert dict(zip(found["source_id"].to_pylist(), found["repeats"].to_pylist(), strict=True)) == {
        "train": 5,
        "unrated": 5,
        "low": 1,
        "test": 1,
        "repeated": 10,
        "single": 1,
    }
    assert len(found) == len(rows)


def test_a_fit_without_any_value_is_refused(tmp_path):
    rows = table([record("s", n, "text", duplicates=n + 1) for n in range(5)])
    with pytest.raises(UsageError, match="none has one"):
        run_stage(tmp_path, Upsample(rule="fineweb2"), [rows])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_fit_is_by_language_and_its_result_is_in_the_manifest(tmp_path, language):
    rows = []
    for copies, low in ((1, 90), (2, 20)):
        for n in range(150):
            value = 1.0 if n < low else 4.0
            rows.append(record("s", f"{copies}-{n}", f"text {n}", duplicates=copies, value=value, language=language))
    rows.append(record("s", "other", "text", duplicates=2, value=4.0, language="xx"))
    version = run_stage(tmp_path, Upsample(rule="fineweb2", cap=6), [table(rows)])
    facts = result_of(version, "weights")["languages"]
    assert facts[language]["steps"] == [[1, 1], [2, 6]] and facts["xx"]["steps"] == [[2, 1]]
    kept = rows_of(version).to_pylist()
    mine = [row for row in kept if row["language"] == language]
    assert {row["repeats"] for row in mine if row["duplicates"] == 2 and row["value"] == 4.0} == {6}
    assert {row["repeats"] for row in mine if row["duplicates"] == 1 or row["value"] == 1.0} == {1}
    assert facts[language]["repeated"] == sum(row["tokens"] * row["repeats"] for row in mine)
    assert facts[language]["tokens"] == sum(row["tokens"] for row in mine)
