from itertools import pairwise

import pyarrow as pa
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st
from unicode_text import TEXT

from dedup import shingle_hashes, shingle_strings


def by_text(texts, n=5):
    hashes, offsets = shingle_hashes(texts, n)
    return [hashes[start:stop].tolist() for start, stop in pairwise(offsets)]


def oracle(texts, n=5):
    return [[xxhash.xxh32_intdigest(s.encode()) for s in shingle_strings(text, n)] for text in texts]


def test_shingle_strings():
    assert shingle_strings("A b, c D e f!") == ["a b c d e", "b c d e f"]
    assert shingle_strings("高血壓 grade 2", 3) == ["高 血 压", "血 压 grade", "压 grade 2"]
    assert shingle_strings("Only three words") == ["only three words"]
    assert shingle_strings("a a a", 1) == ["a", "a", "a"]
    assert shingle_strings("...") == []


@settings(deadline=None)
@given(st.lists(TEXT, max_size=5), st.integers(1, 7))
def test_kernel_equals_oracle(texts, n):
    assert by_text(texts, n) == oracle(texts, n)


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("ab1_ .-\n"), max_size=200), max_size=5), st.integers(1, 7))
def test_kernel_equals_oracle_on_ascii(texts, n):
    assert by_text(texts, n) == oracle(texts, n)


def test_shingles_of_every_length():
    # one word of each length, so that xxHash meets all its tails and stripes
    texts = ["x" * length for length in range(1, 100)] + ["漢" * length for length in range(1, 40)]
    for n in (1, 5, 200):
        assert by_text(texts, n) == oracle(texts, n)


def test_characters_that_grow_most():
    texts = ["\ufdfa" * 500, "㌖" * 500, "㍿a" * 500, "a漢" * 500, "a " * 500]
    assert by_text(texts, 3) == oracle(texts, 3)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_arrow_slices_and_chunks(kind):
    texts = ["one two three four five six", "", "高血压的治疗", "x", "…", "last one here"]
    array = pa.array(texts, kind)
    assert by_text(array) == oracle(texts)
    assert by_text(array[2:5]) == oracle(texts[2:5])
    assert by_text(pa.chunked_array([array[:1], array[1:1], array[3:]])) == oracle(texts[:1] + texts[3:])
    assert by_text(array[:0]) == by_text([]) == []


@settings(deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=12), TEXT.map(str.encode)), min_size=1, max_size=4))
def test_invalid_utf8_is_refused_and_named(raw):
    texts = pa.array(raw, pa.binary()).cast(pa.string(), safe=False)
    valid = [not is_invalid(data) for data in raw]
    if all(valid):
        assert by_text(texts) == oracle([data.decode() for data in raw])
    else:
        with pytest.raises(ValueError, match=f"position {valid.index(False)} is not valid UTF-8"):
            shingle_hashes(texts)


def is_invalid(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


CUT = [
    b"\xc2",
    b"\xe4",
    b"\xe4\xb8",
    b"\xf0\x9f\x98",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"\xe0\x80\x80",
    b"\xf5\x80\x80\x80",
]


@pytest.mark.parametrize("bad", CUT)
def test_a_cut_character_is_not_completed_from_the_next_text(bad):
    rest = b"\x80\x80\x80"
    texts = pa.array([b"fine", b"bad " + bad, rest], pa.binary()).cast(pa.string(), safe=False)
    with pytest.raises(ValueError, match="position 1 is not valid UTF-8"):
        shingle_hashes(pa.chunked_array([texts[:1], texts[1:]]))


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        (pa.array(["a", None, None]), ValueError, "2 texts are null, the first at position 1"),
        (pa.chunked_array([["a"], ["b", None]]), ValueError, "the first at position 2"),
        (["a", None], TypeError, r"1 texts are not strings, the first at position 1 \(NoneType\)"),
        (["a", "b\ud800"], ValueError, "position 1 holds half a surrogate pair"),
        ("abc", TypeError, "a single string"),
        (pa.array([1, 2]), TypeError, "texts are int64"),
        (pa.array([b"a"]), TypeError, "texts are binary"),
        (pa.array(["a"]).cast(pa.string_view()), TypeError, "string_view: cast them"),
    ],
)
def test_what_is_not_text_is_refused(texts, error, message):
    with pytest.raises(error, match=message):
        shingle_hashes(texts)


def test_a_shingle_has_tokens():
    with pytest.raises(ValueError, match="n=0"):
        shingle_hashes(["a"], 0)
