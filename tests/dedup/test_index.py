import datasketch
import numpy as np
import pytest
import stages
import workload
import xxhash

from datagen.errors import UsageError
from datagen.store import Store
from dedup import indexing as module
from dedup import shingle_strings, sign
from dedup.index import Index
from dedup.indexing import MakeIndex
from dedup.minhash import MinHashDedup

OLD, NEW = 420, 600
WITH_INDEX = MinHashDedup(threshold=0.5, index="known")


@pytest.fixture(scope="module", params=["en", "zh"])
def crawls(request, tmp_path_factory):
    """Records without copies among them, published with an index in two segments; later ones; their folder."""
    folder = tmp_path_factory.mktemp("crawls")
    corpus = workload.make(request.param, seed=6, originals=400, copies=100)
    rows = [stages.record("old" if n < OLD else "new", n, text) for n, text in enumerate(corpus.texts)]
    unique = stages.run(MinHashDedup(threshold=0.5), folder, [rows[:OLD]], "old").rows
    old = [row for row in rows[:OLD] if row["id"] in unique]
    first = stages.publish(stages.run(MakeIndex(), folder, [old[:100], old[100:200]], "first"))
    second = stages.publish(stages.run(MakeIndex(extends="known"), folder, [old[200:]], "second", extends=first))
    return folder, old, rows[OLD:], second


@pytest.mark.proof("dedup.index", "fixture")
def test_new_records_merge_into_old_ones(crawls):
    folder, old, new, index = crawls
    ran = stages.run(WITH_INDEX, folder, [new[::2], new[1::2]], "later", index=index)
    together = stages.run(MinHashDedup(threshold=0.5), folder, [old, new], "together")
    ids = {row["id"] for row in old}
    assert sum(into in ids for into in ran.merged.values()) > 30
    assert {*ran.outcomes} == {row["id"] for row in new}
    # what survives besides the old is as many, and in the same clusters
    cluster = {i: together.merged.get(i, i) for i in together.outcomes}
    assert all(cluster[gone] == cluster[into] for gone, into in ran.merged.items())
    survivors = {cluster[i] for i in ran.rows} | {cluster[i] for i in ids}
    assert survivors == {*together.rows} and len(ran.rows) + len(ids) == len(together.rows)


def test_an_extended_index_is_one_made_at_once(crawls, tmp_path, monkeypatch):
    folder, old, new, index = crawls
    monkeypatch.setattr(module, "ENTRY_BYTES", MakeIndex().memory // 60)
    once = stages.run(MakeIndex(), folder, [old], "once")
    assert len(once.commits["tables"]) > 20
    other = stages.publish(once)
    ran, same = (stages.run(WITH_INDEX, folder, [new], name, index=path) for name, path in (("a", index), ("b", other)))
    assert ran.merged == same.merged and ran.rows == same.rows


def test_records_published_before_never_go(crawls):
    folder, old, _, _ = crawls
    twice = stages.publish(stages.run(MakeIndex(), folder, [old[:5], [{**old[0], "id": "0" * 32}]], "twice"))
    better = [stages.record("new", f"copy {n}", row["text"], value=5.0) for n, row in enumerate(old[:5])]
    ran = stages.run(WITH_INDEX, folder, [better], "better", index=twice)
    assert not ran.rows
    assert {*ran.merged.values()} == {row["id"] for row in old[1:5]} | {"0" * 32}
    assert ran.result("check")["removed_by_source"] == {"new": {"removed": 5, "of": 5}}


def test_a_record_that_comes_again_is_dropped(crawls):
    folder, old, _, index = crawls
    again = [*old[:20], stages.record("new", "copy", old[3]["text"])]
    ran = stages.run(WITH_INDEX, folder, [again], "again", index=index)
    assert ran.merged == {again[-1]["id"]: old[3]["id"]}
    assert [ran.outcomes[row["id"]] for row in old[:20]] == ["dropped"] * 20 and not ran.rows


@pytest.mark.parametrize("first", [[], [[]]])
def test_an_index_that_began_empty(tmp_path, first):
    index = stages.publish(stages.run(MakeIndex(), tmp_path, first, "empty"))
    rows = [stages.record("old", n, text) for n, text in enumerate(workload.make("en", 3, 10, 0).texts)]
    assert len(stages.run(WITH_INDEX, tmp_path, [rows], "into-nothing", index=index).rows) == len(rows)
    extend = MakeIndex(extends="known")
    index = stages.publish(stages.run(extend, tmp_path, [[], rows, []], "extended", extends=index))
    copies = [stages.record("new", n, row["text"]) for n, row in enumerate(rows)]
    assert len(stages.run(WITH_INDEX, tmp_path, [[], copies], "copies", index=index).merged) == len(rows)
    assert not stages.run(WITH_INDEX, tmp_path, [], "no-parts", index=index).rows


def test_a_crawl_that_comes_again_whole_stops_nothing(crawls):
    """Records that were published before are no loss, so many of them are no sign of a template."""
    folder, old, _, index = crawls
    again = old[:150]
    ran = stages.run(WITH_INDEX, folder, [again], "whole-again", index=index)
    assert [*ran.outcomes.values()] == ["dropped"] * len(again)
    assert ran.result("check")["removed_by_source"] == {}


def test_datasketch_reads_the_signatures(crawls):
    folder, old, _, path = crawls
    index = Index(Store(str(folder)), path)
    assert len(index) == len(old)
    found = {i: row for ids, values in index.batches() for i, row in zip(ids, values, strict=True)}
    assert found.keys() == {row["id"] for row in old}
    lsh = datasketch.MinHashLSH(threshold=0.5, num_perm=112)
    for i, row in found.items():
        lsh.insert(i, datasketch.MinHash(hashvalues=row, seed=index.scheme["seed"], scheme=index.scheme["scheme"]))
    text = old[7]["text"]
    query = datasketch.MinHash(112, seed=1, hashfunc=xxhash.xxh32_intdigest, scheme="affine32")
    for shingle in shingle_strings(text):
        query.update(shingle.encode())
    assert old[7]["id"] in lsh.query(query)
    assert np.array_equal(found[old[7]["id"]], sign([text])[0])


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (MinHashDedup(index="known", shingle=3), "shingle 5 \\(here 3\\)"),
        (MinHashDedup(index="known", permutations=128), "num_perm 112 \\(here 128\\)"),
        (MinHashDedup(index="known", bands=56), "rows 4 \\(here 2\\)"),
        (MakeIndex(extends="known", shingle=7), "shingle 5 \\(here 7\\)"),
    ],
)
def test_another_scheme_is_refused(crawls, stage, message):
    folder, _, new, index = crawls
    option = "extends" if isinstance(stage, MakeIndex) else "index"
    with pytest.raises(UsageError, match=message):
        stages.run(stage, folder, [new[:3]], "other", **{option: index})


def test_an_index_in_an_object_store(s3_url):
    rows = [stages.record("a", n, text) for n, text in enumerate(workload.make("zh", 3, 30, 5).texts)]
    short = {"permutations": 16}
    index = stages.publish(stages.run(MakeIndex(**short), s3_url, [rows[:30]], "made"))
    extended = stages.publish(stages.run(MakeIndex(**short, extends="x"), s3_url, [rows[30:]], "more", extends=index))
    stage = MinHashDedup(**short, threshold=0.5, index="known")
    ran = stages.run(stage, s3_url, [[{**row, "id": row["id"][::-1]} for row in rows]], "again", index=extended)
    assert not ran.rows and len(ran.merged) == len(rows)
