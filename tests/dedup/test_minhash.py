import csv
import gzip
import os
import random
import resource
import tarfile
from collections import Counter

import numpy as np
import pytest
import stages
import workload
from lxml import etree

from datagen.errors import DatagenError
from datagen.task import Job
from dedup import find_duplicates, sign
from dedup import minhash as module
from dedup.exact import ExactDedup
from dedup.keepers import least_likeness, sibling_likeness
from dedup.minhash import MinHashDedup

HALF = MinHashDedup(threshold=0.5)


def records(texts, sources=("web", "books"), **more):
    return [stages.record(sources[n % len(sources)], n, text, **more) for n, text in enumerate(texts)]


def in_parts(rows, count):
    return [rows[start::count] for start in range(count)]


@pytest.fixture(scope="module", params=["en", "zh"])
def corpus(request):
    return workload.make(request.param, seed=8, originals=500, copies=150)


@pytest.fixture(scope="module")
def whole(corpus, tmp_path_factory):
    return stages.run(HALF, tmp_path_factory.mktemp("whole"), [records(corpus.texts)])


def clusters(ran):
    found = {}
    for gone, into in ran.merged.items():
        found.setdefault(into, {into}).add(gone)
    return {frozenset(cluster) for cluster in found.values()}


def test_the_stage_finds_what_the_library_finds(corpus, whole):
    ids = np.array([row["id"] for row in records(corpus.texts)])
    labels = find_duplicates(corpus.texts, threshold=0.5)
    expected = {frozenset(ids[labels == label]) for label in set(labels) if (labels == label).sum() > 1}
    assert whole.result("check")["kept_apart"] == 0
    assert clusters(whole) == expected


def test_exactly_one_survives_and_counts_its_copies(corpus, whole):
    rows, merged = whole.rows, whole.merged
    assert {*rows} | {*merged} == {row["id"] for row in records(corpus.texts)} and not {*rows} & {*merged}
    assert {*merged.values()} <= {*rows}
    for cluster in clusters(whole):
        (keeper,) = cluster & {*rows}
        assert rows[keeper]["duplicates"] == len(cluster)
    assert sum(row["duplicates"] for row in rows.values()) == len(corpus.texts)


@pytest.mark.parametrize("seed", [0, 1])
def test_sharding_and_input_order_change_nothing(corpus, whole, tmp_path, monkeypatch, seed):
    monkeypatch.setattr(module, "BAND_BYTES", HALF.memory // 100)
    monkeypatch.setattr(module, "DOCUMENTS_PER_SHARD", 90)
    monkeypatch.setattr(module, "COLUMNS_PER_SHARD", 1)
    monkeypatch.setattr(module, "EDGE_BYTES", HALF.memory // 17)
    monkeypatch.setattr("dedup.exact.EQUAL_BYTES", HALF.memory // 150)
    monkeypatch.setattr("dedup.merging.MEMBER_BYTES", HALF.memory // 60)
    monkeypatch.setattr("dedup.columns.BATCH", 64)
    rows = records(corpus.texts)
    random.Random(seed).shuffle(rows)
    cut = stages.run(HALF, tmp_path, in_parts(rows, 4))
    counts = {phase: len(commits) for phase, commits in cut.commits.items()}
    assert all(counts[phase] > 3 for phase in ("equal", "candidates", "verify", "keepers")), counts
    assert (cut.merged, cut.rows) == (whole.merged, whole.rows)
    assert cut.result("check") == whole.result("check")


@pytest.mark.parametrize("stage", [HALF, ExactDedup()])
def test_attempts_that_were_killed_leave_no_trace(corpus, tmp_path, stage):
    rows = in_parts(records(corpus.texts[:200]), 3)
    harmed = stages.run(stage, tmp_path / "harmed", rows, cut_short=True)
    assert harmed.merged and harmed.sha256 == stages.run(stage, tmp_path / "clean", rows).sha256


def test_the_same_from_an_object_store(s3_url, tmp_path):
    rows = records(workload.make("zh", seed=3, originals=60, copies=20).texts)
    short = MinHashDedup(threshold=0.5, permutations=32)
    there, here = (stages.run(short, url, in_parts(rows, 2)) for url in (s3_url, tmp_path))
    assert there.merged and (there.merged, there.rows) == (here.merged, here.rows)


EN = "the patient was given {} of aspirin by mouth after the tracing had shown a raised segment in the lower leads"
ZH = "患者入院后完善相关检查，心电图提示下壁导联抬高，遂给予阿司匹林{}口服，并急诊行冠状动脉造影及支架植入治疗。"


@pytest.mark.parametrize("text", [EN, ZH])
@pytest.mark.parametrize("stage", [HALF, ExactDedup()])
def test_the_keeper_is_the_best(tmp_path, text, stage):
    base = text.format("300 mg")
    same = [base, base.upper(), base, base]
    values = [2.0, 2.0, None, 2.0]
    rows = [
        stages.record("a", n, t, value=v, duplicates=n + 1) for n, (t, v) in enumerate(zip(same, values, strict=True))
    ]
    rows[3]["text"] = base.replace(" ", "  ") + "  "  # the longest
    rows.append(stages.record("a", 9, "something else altogether", value=5.0))
    ran = stages.run(stage, tmp_path, in_parts(rows, 2))
    assert {*ran.merged.values()} == {rows[3]["id"]} and len(ran.merged) == 3
    assert ran.rows[rows[3]["id"]]["duplicates"] == 1 + 2 + 3 + 4


def test_equal_records_leave_by_id(tmp_path):
    rows = [stages.record("a", n, EN) for n in range(5)]
    best = min(row["id"] for row in rows)
    assert {*stages.run(HALF, tmp_path, [rows]).merged.values()} == {best}


@pytest.mark.parametrize("stage", [HALF, ExactDedup()])
def test_a_cluster_follows_its_strictest_split(tmp_path, stage):
    splits = ["train", "test", "validation"]
    rows = [stages.record("a", n, EN, split=split) for n, split in enumerate(splits)]
    rows += [stages.record("b", n, ZH, split=split) for n, split in enumerate(splits[::2])]
    ran = stages.run(stage, tmp_path, [rows])
    assert {row["source"]: row["split"] for row in ran.rows.values()} == {"a": "test", "b": "validation"}


def chain(links=40, width=120, step=12, seed=0):
    """Texts of which each is like the next, and the ends share nothing."""
    words = workload.lexicon("en", np.random.default_rng(seed))[: width + links * step]
    return [" ".join(words[n * step : n * step + width]) for n in range(links)]


def test_a_chain_is_cut_where_the_ends_are_strangers(tmp_path):
    texts = chain()
    assert len(set(find_duplicates(texts, threshold=0.5))) == 1
    rows = records(texts)
    ran = stages.run(HALF, tmp_path, in_parts(rows, 3))
    signature = {row["id"]: values for row, values in zip(rows, sign(texts), strict=True)}
    agree = [(signature[gone] == signature[into]).sum() for gone, into in ran.merged.items()]
    assert min(agree) >= least_likeness(0.5, 112)
    assert len(ran.rows) == 1 + ran.result("check")["kept_apart"] > 3
    left = [signature[i] for i in ran.rows]
    for n, one in enumerate(left):
        assert all((one == other).sum() < least_likeness(0.5, 112) for other in left[:n])


def test_equal_texts_are_one_even_past_the_most_leaders(tmp_path, monkeypatch):
    texts = chain()
    rows = records([*texts, *(text.upper() for text in texts)])
    whole = stages.run(HALF, tmp_path / "whole", [rows])
    monkeypatch.setattr("dedup.keepers.MOST_LEADERS", 2)
    ran = stages.run(HALF, tmp_path / "few", [rows])
    left = [row["content"] for row in ran.rows.values()]
    assert len(whole.rows) < len(left) == len(set(left)) < len(texts)
    assert len(left) == 1 + ran.result("check")["kept_apart"]
    assert sum(row["duplicates"] for row in ran.rows.values()) == len(rows)


def test_the_likeness_asked_for_is_that_of_two_independent_copies():
    rng = np.random.default_rng(0)
    text = np.arange(20_000)
    for threshold in (0.5, 0.7, 0.9):
        kept = 2 * threshold / (1 + threshold)
        one, other = (np.where(rng.random(len(text)) < kept, text, text + 10**6 * n) for n in (1, 2))
        shared = len(np.intersect1d(one, other)) / len(np.union1d(one, other))
        assert sibling_likeness(threshold) == pytest.approx(shared, abs=0.01)


def test_a_source_that_would_vanish_stops_the_run(tmp_path):
    texts = workload.make("en", seed=2, originals=150, copies=0).texts
    rows = [stages.record("books", n, text, value=4.0) for n, text in enumerate(texts)]
    copies = [stages.record("scrape", n, text.upper()) for n, text in enumerate(texts)]
    with pytest.raises(
        DatagenError, match=r"more than 90% of a source:\n  scrape: 150 of 150 records \(100.0%\)"
    ) as stop:
        stages.run(HALF, tmp_path / "stopped", [rows, copies])
    assert stop.value.exit_code == 1 and "max_removed" in stop.value.fix
    assert any(row["id"] in str(stop.value) for row in copies)
    allowed = stages.run(MinHashDedup(threshold=0.5, max_removed=1), tmp_path / "allowed", [rows, copies])
    assert allowed.result("check")["removed_by_source"] == {"scrape": {"of": 150, "removed": 150}}


def test_small_sources_may_vanish(tmp_path):
    rows = [stages.record(source, n, EN) for n, source in enumerate("ab")]
    assert len(stages.run(HALF, tmp_path, [rows]).merged) == 1


def test_large_clusters_are_named(tmp_path):
    rows = records([EN] * 30 + [ZH] * 5)
    facts = stages.run(MinHashDedup(max_cluster=10), tmp_path, [rows]).result("check")
    assert facts["clusters_above_limit"]["count"] == 1
    assert facts["clusters_above_limit"]["largest"][0]["records"] == facts["largest"] == 30
    assert facts["clusters"] == 2


def test_texts_without_tokens_merge_with_their_copies_only(tmp_path):
    rows = records(["…", "!!", "…", "", "a b c", ""])
    ran = stages.run(HALF, tmp_path, [rows])
    assert {(gone, into) for gone, into in ran.merged.items()} == {
        tuple(sorted((rows[a]["id"], rows[b]["id"]), reverse=True)) for a, b in ((0, 2), (3, 5))
    }


def test_more_parts_than_files_may_be_open(tmp_path, monkeypatch):
    monkeypatch.setattr("dedup.columns.MOST_OPEN", 8)
    parts = in_parts(records(workload.make("en", seed=5, originals=60, copies=20).texts), 80)
    whole = stages.run(HALF, tmp_path / "whole", [[row for part in parts for row in part]])
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = len(os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened + 40, before[1]))
    try:
        assert stages.run(HALF, tmp_path / "cut", parts).merged == whole.merged
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_work_is_linear_in_parts(tmp_path, monkeypatch):
    asked, commits = Counter(), Job.commits
    monkeypatch.setattr(Job, "commits", lambda job, phase: asked.update([phase]) or commits(job, phase))
    stages.run(HALF, tmp_path, in_parts(records([EN, ZH] * 10), 20))
    assert asked["keys"] == asked["verify"] == 1 and asked["members"] == 2


def test_duplicates_stay_within_their_column(tmp_path):
    rows = [stages.record("a", n, EN, duplicates=2**31 - 1) for n in range(3)]
    (kept,) = stages.run(ExactDedup(), tmp_path, [rows]).rows.values()
    assert kept["duplicates"] == 2**31 - 1


@pytest.mark.parametrize("parts", [[], [[]], [[], [stages.record("a", 1, "alone")]]])
@pytest.mark.parametrize("stage", [HALF, ExactDedup()])
def test_nothing_to_merge(tmp_path, parts, stage):
    ran = stages.run(stage, tmp_path, parts)
    assert not ran.merged and len(ran.rows) == sum(map(len, parts))


def test_ids_that_come_twice_are_counted_once(tmp_path):
    rows = records([EN, ZH])
    ran = stages.run(HALF, tmp_path, [rows, [rows[0]], records([EN, ZH])[1:]])
    assert len(ran.rows) == 2 and not ran.merged


def test_the_manifest_says_how_signatures_were_made(whole):
    assert whole.result("check")["scheme"]["scheme"] == "affine32"


@pytest.mark.parametrize("options", [{"bands": 14}, {"permutations": 100}, {"threshold": 0}, {"bands": 5}])
def test_options_that_do_not_fit(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        MinHashDedup(**options)


@pytest.mark.parametrize("bands", [56, 112])
def test_narrower_bands(tmp_path, bands):
    rows = records(workload.make("en", seed=3, originals=40, copies=20).texts)
    wide = stages.run(HALF, tmp_path / "wide", [rows])
    narrow = stages.run(MinHashDedup(threshold=0.5, bands=bands), tmp_path / "narrow", [rows])
    assert {*wide.merged} <= {*narrow.merged}


@pytest.mark.proof("dedup.minhash", "dedup.exact", "real")
def test_two_releases_of_the_same_answers(tmp_path, real_data):
    folder = real_data / "qa_zh_toyhom_sample"
    table = gzip.decompress((folder / "样例_内科5000-6000.csv.gz").read_bytes()).decode("gb18030", "replace")
    lines = gzip.decompress((folder / "Data_数据/IM_内科/内科.txt.gz").read_bytes()).decode("gb18030", "replace")
    answers = [row["answer"] for row in csv.DictReader(table.splitlines())]
    released = [line for line in lines.splitlines() if line.strip()][1::2]
    rows = [stages.record("table", n, text, value=1.0) for n, text in enumerate(answers) if text.strip()]
    copies = [stages.record("text", n, text) for n, text in enumerate(released)]
    for stage in (MinHashDedup(threshold=0.9, max_removed=1), ExactDedup(max_removed=1)):
        ran = stages.run(stage, tmp_path / type(stage).__name__, [rows, copies])
        removed = ran.result("check")["removed_by_source"]
        assert removed["text"]["removed"] >= 0.998 * len(copies)
        assert removed["table"]["removed"] < 0.1 * len(rows)
        assert sum(row["duplicates"] for row in ran.rows.values()) == len(rows) + len(copies)


@pytest.mark.proof("dedup.minhash", "real")
def test_real_templates_are_named_and_cut(tmp_path, real_data):
    with tarfile.open(real_data / "qa_en_medquad" / "medquad_xml.tar.gz") as files:
        found = [files.extractfile(f).read() for f in files if "3_GHR_QA" in f.name and f.name.endswith(".xml")]
    answers = [a.text for page in found for a in etree.fromstring(page).iter("Answer") if a.text and a.text.strip()]
    rows = [stages.record("ghr", n, text) for n, text in enumerate(answers)]
    ran = stages.run(MinHashDedup(threshold=0.5, max_cluster=100), tmp_path, [rows])
    facts = ran.result("check")
    assert facts["clusters_above_limit"]["count"] >= 1 and facts["kept_apart"] >= 1
    signature = {row["id"]: values for row, values in zip(rows, sign(answers), strict=True)}
    agree = [(signature[gone] == signature[into]).sum() for gone, into in ran.merged.items()]
    assert min(agree) >= least_likeness(0.5, 112)
