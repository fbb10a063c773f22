import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.ledger import settle
from datagen.record import SCHEMA, extended, record_id, table
from datagen.stage import Outcome, RowStage
from datagen.stats import Tally
from datagen.task import Job


class Plain(RowStage):
    """A stage that needs nothing."""


def job(**options) -> Job:
    return Job("s", Plain(**options), "plain", "/nowhere", "0", SCHEMA)


def rows(*names: str, **columns) -> pa.Table:
    return table(
        [
            {"id": record_id("s", n), "group": n, "split": "train", "text": n, "source": "s", "source_id": n, **columns}
            for n in names
        ]
    )


def ids(*names: str) -> list[str]:
    return [record_id("s", n) for n in names]


def count(settled) -> dict:
    tally = Tally()
    tally.add(settled)
    return tally.counts()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["kept", "dropped", "merged", "split", "quarantined"]), max_size=30), st.integers(0, 5))
def test_every_input_has_one_outcome_and_the_sums_hold(fates, derived):
    batch = rows(*(str(i) for i in range(len(fates))))
    by = {f: [record_id("s", str(i)) for i, x in enumerate(fates) if x == f] for f in set(fates)}
    new = rows(*(f"new{i}" for i in range(derived)))
    outcome = Outcome(
        pa.concat_tables([batch, new]),
        dropped=dict.fromkeys(by.get("dropped", ()), "why"),
        merged=dict.fromkeys(by.get("merged", ()), "0" * 32),
        split=frozenset(by.get("split", ())),
        quarantined=dict.fromkeys(by.get("quarantined", ()), "bad"),
    )
    settled = settle(job(), batch, outcome)
    counts = count(settled)
    assert counts["inputs"] == len(fates)
    assert counts["outputs"] == len(settled.rows) == fates.count("kept") + derived
    assert counts["derived"] == derived
    for fate in ("kept", "dropped", "merged", "split", "quarantined"):
        assert counts[fate] == fates.count(fate)
    assert settled.ledger["id"].to_pylist().count(None) == 0
    assert len(settled.decided) == len(settled.ledger)


def test_unaccounted_ids_are_refused():
    batch = rows("a", "b")
    with pytest.raises(ValueError, match="exactly one outcome"):
        settle(job(), batch, Outcome(batch.slice(0, 1)))


def test_an_id_decided_twice_is_refused():
    batch = rows("a")
    (a,) = ids("a")
    with pytest.raises(ValueError, match="decided twice"):
        settle(job(), batch, Outcome(batch, dropped={a: "x"}, quarantined={a: "y"}))


def test_a_decision_about_a_stranger_is_refused():
    batch = rows("a")
    with pytest.raises(ValueError, match="not in the batch"):
        settle(job(), batch, Outcome(batch, dropped={"f" * 32: "x"}))


def test_an_id_published_twice_is_refused():
    batch = rows("a")
    with pytest.raises(ValueError):
        settle(job(), batch, Outcome(pa.concat_tables([batch, batch])))


def test_a_source_quarantines_by_position_and_never_stores_text():
    settled = settle(job(), None, Outcome(rows("a"), quarantined={"file.xml#3": "bad_xml"}))
    assert settled.quarantine.to_pylist() == [
        {"id": record_id("s", "file.xml#3"), "reason": "bad_xml", "position": "file.xml#3"}
    ]
    assert count(settled)["inputs"] == 2


def test_dropped_rows_are_kept_as_data_on_request_and_quarantined_never():
    batch = rows("a", "b", "c")
    a, b, _ = ids("a", "b", "c")
    outcome = Outcome(batch, dropped={a: "ad"}, quarantined={b: "bad"})
    assert len(settle(job(), batch, outcome).dropped) == 0
    dropped = settle(job(keep_dropped=True), batch, outcome).dropped
    assert dropped["id"].to_pylist() == [a]
    assert dropped["drop_reason"].to_pylist() == ["ad"]


def test_dropped_tokens_are_counted_by_department():
    batch = rows("a" * 40, "b" * 80, department="CARD")
    settled = settle(job(), batch, Outcome(batch, dropped={ids("b" * 80)[0]: "ad"}))
    tally = Tally()
    tally.add(settled)
    decisions = tally.tables()["decisions"]
    dropped = decisions.filter(pc.equal(decisions["outcome"], "dropped")).to_pylist()
    assert dropped == [
        {
            "outcome": "dropped",
            "reason": "ad",
            "source": "s",
            "language": None,
            "department": "CARD",
            "rows": 1,
            "tokens": 20,
        }
    ]


def test_changed_text_gets_a_new_content_hash_and_count():
    class Shout(RowStage):
        """Doubles text."""

        writes = ("text",)

    batch = rows("abcdefgh")
    louder = batch.set_column(batch.schema.get_field_index("text"), SCHEMA.field("text"), pa.array(["abcdefgh" * 2]))
    settled = settle(Job("s", Shout(), "shout", "/", "0", extended(())), batch, Outcome(louder))
    assert settled.rows["tokens"].to_pylist() == [4]
    assert settled.rows["content"] != batch["content"]


def test_sums_are_the_same_however_many_batches_are_held(monkeypatch):
    batches = [rows(f"{n}", department="CARD" if n % 2 else None) for n in range(9)]
    found = []
    for held in (1, 4, 100):
        monkeypatch.setattr("datagen.stats.TALLIED", held)
        tally = Tally()
        for batch in batches:
            tally.add(settle(job(), batch, Outcome(batch)))
        assert len(tally._cube) <= held and len(tally._decisions) <= held
        found.append((tally.tables(), tally.counts()))
    assert found[0] == found[1] == found[2] and found[0][1]["outputs"] == 9
