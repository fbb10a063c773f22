import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.errors import InputError
from datagen.record import SCHEMA, conform, content_hash, count_tokens, record_id, split_of, table, with_column

ROW = {"id": "0" * 32, "group": "g", "split": "train", "text": "Fever. 发热。", "source": "s", "source_id": "1"}


def test_ids_depend_on_source_and_source_id_and_are_keyed_for_patients():
    assert record_id("a", "1") != record_id("b", "1") != record_id("a", "2")
    assert len(record_id("a", "1")) == 32
    assert record_id("a", "1", b"x") not in (record_id("a", "1", b"y"), record_id("a", "1"))


@pytest.mark.parametrize(
    ("left", "right"),
    [("Acute  Otitis\nMedia", "acute otitis media"), ("糖尿病 2型", "糖尿病 2型"), ("ＡＢＣ１２３", "abc123")],
)
def test_content_ignores_case_width_and_space(left, right):
    assert content_hash(left) == content_hash(right)
    assert content_hash(left) != content_hash(right + "!")


def test_split_keeps_a_family_together_and_keeps_its_shares():
    splits = [split_of(f"family {i}", 0.1, 0.2) for i in range(20_000)]
    assert split_of("family 7", 0.1, 0.2) == splits[7]
    assert abs(splits.count("test") / 20_000 - 0.2) < 0.01
    assert abs(splits.count("validation") / 20_000 - 0.1) < 0.01


def test_a_family_in_test_stays_in_test_when_the_share_grows():
    small = {i for i in range(5000) if split_of(str(i), 0, 0.05) == "test"}
    assert small <= {i for i in range(5000) if split_of(str(i), 0, 0.1) == "test"}


def test_token_counter_weighs_languages_alike():
    assert count_tokens(pa.array(["abcd" * 10, "发热" * 5, "", "α" * 8])).to_pylist() == [10, 10, 0, 5]


@given(st.text(max_size=50))
def test_token_counter_is_never_negative(text):
    try:
        array = pa.array([text])
    except UnicodeEncodeError:
        return
    assert count_tokens(array)[0].as_py() >= (1 if text else 0)


def test_table_fills_every_column_with_its_type():
    rows = table([ROW])
    assert rows.schema == SCHEMA
    assert rows["license"].to_pylist() == ["NOASSERTION"]
    assert rows["duplicates"].to_pylist() == [1]
    assert not any(pa.types.is_null(field.type) for field in rows.schema)


def test_lone_surrogates_are_bad_input():
    with pytest.raises(InputError, match="bad_unicode"):
        table([ROW | {"text": "\ud800"}])


def test_conform_refuses_what_the_schema_forbids():
    rows = table([ROW])
    with pytest.raises(ValueError, match="surprise"):
        conform(rows.append_column("surprise", pa.array([1])), SCHEMA)
    with pytest.raises(ValueError, match="group holds nulls"):
        conform(with_column(rows, "group", pa.array([None], pa.string())), SCHEMA)
    with pytest.raises(ValueError, match="tokens is string"):
        conform(rows.set_column(rows.schema.get_field_index("tokens"), "tokens", pa.array(["many"])), SCHEMA)


def test_conform_gives_missing_columns_their_type():
    rows = conform(table([ROW]).drop_columns(["reward"]), SCHEMA)
    assert rows["reward"].type == pa.float32()
