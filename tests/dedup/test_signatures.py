import datasketch
import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st
from unicode_text import TEXT

from dedup import scheme, shingle_strings, sign, without_tokens


def by_datasketch(text, n=5, num_perm=112):
    sketch = datasketch.MinHash(num_perm=num_perm, seed=1, hashfunc=xxhash.xxh32_intdigest, scheme="affine32")
    sketch.update_batch([shingle.encode() for shingle in shingle_strings(text, n)])
    return sketch


ENGLISH = "The patient was given amoxicillin for five days and her symptoms resolved without any sequelae."
CHINESE = "患者男性，六十五岁，因反复胸闷气促三年、加重一周入院，既往有高血压病史。"


@pytest.mark.parametrize("num_perm", [1, 16, 112, 128, 256])
@pytest.mark.parametrize("n", [1, 5])
def test_equal_to_datasketch(num_perm, n):
    texts = [ENGLISH, CHINESE, ENGLISH + CHINESE, "short", "短", "", "…"]
    rows = sign(texts, n, num_perm)
    assert rows.dtype == np.uint32 and rows.shape == (len(texts), num_perm)
    for row, text in zip(rows, texts, strict=True):
        np.testing.assert_array_equal(row, by_datasketch(text, n, num_perm).hashvalues)


@settings(deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=4))
def test_equal_to_datasketch_on_any_text(texts):
    for row, text in zip(sign(texts), texts, strict=True):
        np.testing.assert_array_equal(row, by_datasketch(text).hashvalues)


def test_datasketch_queries_our_rows():
    made = scheme()
    rows = sign([ENGLISH, CHINESE])
    index = datasketch.MinHashLSH(threshold=0.5, num_perm=112)
    for name, row in zip(("english", "chinese"), rows, strict=True):
        index.insert(name, datasketch.MinHash(hashvalues=row, scheme=made["scheme"], seed=made["seed"]))
    assert index.query(by_datasketch(CHINESE)) == ["chinese"]
    assert index.query(by_datasketch(ENGLISH.upper())) == ["english"]


def test_agreement_estimates_jaccard():
    words = [f"w{i}" for i in range(2000)]
    one, other = words[:1500], words[500:]
    a, b = sign([" ".join(one), " ".join(other)], 1, 1024)
    assert np.mean(a == b) == pytest.approx(0.5, abs=0.05)


def test_without_tokens():
    assert without_tokens(sign(["", "a", " !…", "字"])).tolist() == [True, False, True, False]
    assert without_tokens(sign([])).tolist() == []
    assert not without_tokens(np.array([[0xFFFFFFFF, 1]], np.uint32)).any()  # one value can be the greatest by chance


def test_scheme_says_what_signatures_depend_on():
    assert scheme(3, 64) | {"unicode": "", "opencc": ""} == {
        "scheme": "affine32", "seed": 1, "hashfunc": "xxh32", "num_perm": 64, "shingle": 3, "unicode": "", "opencc": "",
    }  # fmt: skip
    assert all(scheme().values())


@pytest.mark.parametrize(("n", "num_perm", "message"), [(0, 112, "n=0"), (5, 0, "num_perm=0"), (5, -1, "num_perm=-1")])
def test_sizes_below_one(n, num_perm, message):
    with pytest.raises(ValueError, match=message):
        sign(["a"], n, num_perm)
