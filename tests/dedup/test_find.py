import csv
import gzip
import os
import subprocess
import sys
import time
from pathlib import Path

import networkx
import numpy as np
import pyarrow as pa
import pytest
import workload
from hypothesis import given, settings
from hypothesis import strategies as st
from unicode_text import TEXT

from dedup import find_duplicates, sign

DATA = Path(os.environ.get("DATA", Path(__file__).parents[2].parent / "shared" / "data"))
NOTE = (
    "Sixty year old man with crushing chest pain for two hours, sweating, pale, blood pressure ninety over sixty, "
    "started on oxygen and aspirin and taken to the catheter laboratory where the artery was opened."
)
ZH_NOTE = (
    "患者男性，六十五岁，因反复胸闷气促三年、加重一周入院，既往有高血压病史十余年，"
    "长期服用降压药物，血压控制尚可，否认糖尿病史。"
)


@pytest.fixture(scope="module", params=["en", "zh"])
def corpus(request):
    return workload.make(request.param, seed=5)


def clusters(labels):
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in labels}


def test_near_copies_are_found_and_nothing_else(corpus):
    labels = find_duplicates(corpus.texts, threshold=0.5)
    copy = corpus.original != np.arange(len(labels))
    found = labels == labels[corpus.original]
    assert found[copy & (corpus.jaccard == 1)].all()
    assert found[corpus.jaccard >= 0.7].mean() >= 0.99
    assert found[copy & (corpus.jaccard < 1)].mean() >= 0.7
    assert (corpus.original[labels] == corpus.original).all()  # a label leads to the same original


def test_one_root_in_each_cluster_and_it_comes_first(corpus):
    labels = find_duplicates(corpus.texts)
    assert labels.dtype == np.int64
    assert (labels <= np.arange(len(labels))).all()
    assert (labels[labels] == labels).all()


def test_every_cluster_hangs_together_by_pairs_above_the_threshold(corpus):
    threshold = 0.6
    labels = find_duplicates(corpus.texts, threshold)
    signatures = sign(corpus.texts)
    for cluster in clusters(labels):
        members = sorted(cluster)
        agree = (signatures[members][:, None] == signatures[members]).mean(axis=2) >= threshold
        assert networkx.is_connected(networkx.from_numpy_array(agree))


def test_input_order_does_not_matter(corpus):
    order = np.random.default_rng(0).permutation(len(corpus.texts))
    shuffled = find_duplicates([corpus.texts[i] for i in order], threshold=0.5)
    expected = clusters(find_duplicates(corpus.texts, threshold=0.5))
    assert {frozenset(order[list(cluster)].tolist()) for cluster in clusters(shuffled)} == expected


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from([NOTE, ZH_NOTE, "", "…", "!"]), TEXT), max_size=12), st.randoms())
def test_exact_copies_join_whatever_they_say(texts, random):
    texts = texts + random.sample(texts, len(texts))
    labels = find_duplicates(texts, threshold=1)
    first = [texts.index(text) for text in texts]
    assert (labels[first] == labels).all()
    assert (labels[labels] == labels).all() and (labels <= np.arange(len(texts))).all()


def test_texts_without_tokens_join_their_copies_only():
    assert find_duplicates(["", "...", "!", "a", "...", ""]).tolist() == [0, 1, 2, 3, 1, 0]
    assert find_duplicates([]).tolist() == []


def test_arrow_in_any_shape():
    texts = [NOTE, ZH_NOTE, NOTE.upper(), "something else"]
    expected = [0, 1, 0, 3]
    assert find_duplicates(texts).tolist() == expected
    assert find_duplicates(np.array(texts)).tolist() == expected
    assert find_duplicates(pa.array(texts)).tolist() == expected
    assert find_duplicates(pa.array(["x", *texts], pa.large_string())[1:]).tolist() == expected
    assert find_duplicates(pa.chunked_array([texts[:3], [], texts[3:]])).tolist() == expected


def test_chinese_in_two_scripts_and_widths():
    traditional = (
        "患者男性，六十五歲，因反復胸悶氣促三年、加重一週入院，既往有高血壓病史十餘年，"
        "長期服用降壓藥物，血壓控制尚可，否認糖尿病史。"
    )
    wide = "ＢＰ　１４０／９０　mmHg，" + ZH_NOTE
    narrow = "BP 140/90 mmHg, " + ZH_NOTE
    other = "患儿女性，三岁，因发热伴咳嗽两天就诊，查体咽部充血，双肺呼吸音粗，诊断为急性上呼吸道感染。"
    assert find_duplicates([ZH_NOTE, traditional, other, wide, narrow]).tolist() == [0, 0, 2, 0, 0]
    assert find_duplicates([wide, narrow], threshold=1).tolist() == [0, 0]


def test_mixed_text():
    one = f"{NOTE} {ZH_NOTE}"
    edited = one.replace("sweating", "clammy").replace("十余年", "二十年")
    assert find_duplicates([one, ZH_NOTE[::-1], edited], threshold=0.6).tolist() == [0, 1, 0]


def test_the_threshold_decides():
    edited = NOTE.replace("crushing", "severe").replace("artery", "vessel")
    similarity = workload.jaccard(NOTE, edited)
    assert 0.4 < similarity < 0.65
    assert find_duplicates([NOTE, edited], threshold=similarity - 0.2, bands=56).tolist() == [0, 0]
    assert find_duplicates([NOTE, edited], threshold=similarity + 0.2, bands=56).tolist() == [0, 1]


def flood(count):
    rng = np.random.default_rng(9)
    words = np.array(workload.lexicon("en", rng), object)
    rows = np.tile(rng.choice(words, 300), (count, 1))
    rows[np.arange(count)[:, None], rng.integers(0, 300, (count, 4))] = rng.choice(words, (count, 4))
    return [" ".join(row) for row in rows]


def test_a_template_flood_is_linear():
    texts = flood(8_000)
    find_duplicates(texts[:10])
    start = time.perf_counter()
    labels = find_duplicates(texts)
    assert time.perf_counter() - start < 1
    assert not labels.any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0}, "threshold=0"),
        ({"n": 0}, "n=0"),
        ({"num_perm": 0}, "num_perm=0"),
        ({"num_perm": 30}, "num_perm=30"),
        ({"bands": 5}, "bands=5"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=message):
        find_duplicates(["a", "b"], **options)


def test_importing_compiles_nothing():
    code = "import dedup, sys; sys.exit('numba' in sys.modules or 'opencc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0


@pytest.mark.skipif(not DATA.exists(), reason="needs the data folder")
def test_two_releases_of_the_same_questions():
    folder = DATA / "qa_zh_toyhom_sample"
    table = gzip.decompress((folder / "样例_内科5000-6000.csv.gz").read_bytes()).decode("gb18030", "replace")
    rows = list(csv.DictReader(table.splitlines()))
    lines = gzip.decompress((folder / "Data_数据/IM_内科/内科.txt.gz").read_bytes()).decode("gb18030", "replace")
    lines = [line for line in lines.splitlines() if line.strip()]  # questions and answers in turn
    questions = [f"{row['title']},{row['ask']}" for row in rows]
    for release, other, exact in (
        (questions, lines[::2], 1.0),
        ([row["answer"] for row in rows], lines[1::2], 0.998),
    ):
        labels = find_duplicates(release + other)
        twins = np.isin(labels[len(release) :], labels[: len(release)])
        same = np.isin(other, release)
        assert twins[same].all() and same.mean() >= exact
        assert twins.mean() >= 0.999
