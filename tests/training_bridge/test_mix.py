import json

import numpy as np
import pytest

from datagen.errors import UsageError
from datagen.record import record_id, table, with_column
from tests.classifiers.local import result_of, rows_of, run_stage
from training_bridge.mix import Mix

COUNTS = {"papers": 600, "forums": 1200, "laws": 20}


def rows(**columns):
    lines = []
    for source, count in COUNTS.items():
        for number in range(count):
            name = f"{source}-{number}"
            split = "train" if number % 10 else "test"
            identity = {"id": record_id(source, name), "group": name, "source": source, "source_id": name}
            lines.append({"text": f"Text {name}.", "split": split, "language": "en", **identity, **columns})
    made = table(lines)
    return with_column(made, "tokens", [10] * len(made))


def mixture(folder, weights: dict, groups: dict | None = None) -> str:
    path = folder / "mixture.json"
    groups = groups or {name: [name] for name in weights}
    path.write_text(json.dumps({"column": "source", "groups": groups, "weights": weights, "spearman": 0.9}))
    return str(path)


@pytest.mark.proof("training_bridge.mix", "fixture")
def test_groups_come_to_their_shares_and_no_row_is_seen_more_than_the_cap_allows(tmp_path):
    path = mixture(tmp_path, {"papers": 0.6, "forums": 0.395, "laws": 0.005})
    found = run_stage(tmp_path, Mix(mixture=path), [rows()])
    kept = rows_of(found).to_pandas()
    train = kept[kept["split"] == "train"]
    seen = (train["tokens"] * train["repeats"]).groupby(train["source"]).sum()
    total = 10 * sum(count * 9 // 10 for count in COUNTS.values())
    assert seen["papers"] == pytest.approx(0.6 * total, rel=0.05)
    assert seen["forums"] == pytest.approx(0.395 * total, rel=0.05)
    assert (kept["split"] == "test").sum() == sum(count // 10 for count in COUNTS.values())
    assert kept.loc[kept["split"] == "test", "repeats"].eq(1).all()
    assert result_of(found, "shares")["papers"]["wanted"] == round(0.6 * total)


def test_what_can_not_be_reached_is_said(tmp_path):
    found = run_stage(tmp_path, Mix(mixture=mixture(tmp_path, {"papers": 0.2, "laws": 0.8})), [rows()])
    kept = rows_of(found).to_pandas()
    assert kept["repeats"].max() == 10
    shares = result_of(found, "shares")["laws"]
    assert shares["short"] == shares["wanted"] - 18 * 10 * 10
    # Forums are in no group of this mixture: untouched.
    assert (kept["source"] == "forums").sum() == 1200 and kept.loc[kept["source"] == "forums", "repeats"].eq(1).all()


def test_repeats_that_are_there_count(tmp_path):
    before = with_column(rows(), "repeats", np.full(sum(COUNTS.values()), 3))
    found = rows_of(
        run_stage(tmp_path, Mix(mixture=mixture(tmp_path, {"papers": 0.5, "forums": 0.5})), [before])
    ).to_pandas()
    train = found[found["split"] == "train"]
    seen = (train["tokens"] * train["repeats"]).groupby(train["source"]).sum()
    assert seen["papers"] == pytest.approx(seen["forums"], rel=0.05)
    assert seen.sum() - seen["laws"] == pytest.approx(3 * 10 * 1620, rel=0.02)
    assert train["repeats"].max() <= 10


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ("[", "is not JSON"),
        ('{"column": "source", "weights": {}}', "groups: Field required"),
        ('{"column": "source", "groups": {"a": ["a"]}, "weights": {"a": 0.5}}', "sum to 1"),
        ('{"column": "source", "groups": {"a": ["a"]}, "weights": {"b": 1}}', "different groups"),
    ],
)
def test_a_wrong_file_is_refused(content, wrong, tmp_path):
    path = tmp_path / "m.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=wrong):
        Mix(mixture=str(path)).weights()
