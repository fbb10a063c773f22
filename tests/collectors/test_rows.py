"""Table files of any size: rows as they come, bad ones with a reason, nothing held that need not be."""

import io
import json
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.tables import rows_csv, rows_json
from collectors.tables.rows import NoColumn
from collectors.tables.rows_arrow import arrow
from collectors.tables.rows_csv import csv_rows
from collectors.tables.rows_json import json_rows
from collectors.tables.rows_parquet import parquet_rows
from collectors.tables.rows_text import lines_of
from datagen.archives import RawFile
from datagen.errors import InputError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), min_size=1, max_size=6)


def rows_of(text: str, piece: int) -> list:
    pieces = [text[place : place + piece] for place in range(0, len(text), piece)]
    return [row.reason if isinstance(row, InputError) else row for row in json_rows(pieces)]


@given(ROWS, st.integers(1, 30), st.sampled_from([None, 2]), st.booleans())
def test_large_json_is_read_as_small_json_is(rows, piece, indent, ascii_only):
    def text(value):
        return json.dumps(value, indent=indent, ensure_ascii=ascii_only)

    keyed = {f"k{n}": row for n, row in enumerate(rows)}
    for value, expected in (
        (rows, rows),
        ({"version": 1.5, "tags": ["a"], "data": rows}, rows),
        (keyed, [{"key": key, **row} for key, row in keyed.items()]),
    ):
        assert rows_of(text(value), piece) == expected
        limit, rows_json.MAX_WHOLE = rows_json.MAX_WHOLE, 1
        rows_json.MAX_WHOLE = 1
        try:
            found = rows_of(text(value), piece)
        except InputError as error:
            found = error.reason
        finally:
            rows_json.MAX_WHOLE = limit
        # A row over the limit can't be read; what can be, is the same.
        assert found == expected or found == "too_large"


@pytest.mark.parametrize(
    ("text", "rows", "reason"),
    [
        ('[{"a": 1}, {"a": 2}', 2, "bad_json"),
        ('[{"a": 1} {"a": 2}]', 1, "bad_json"),
        ('[{"a": 1}, x]', 1, "bad_json"),
        ('{"data": [{"a": 1}, ', 1, "bad_json"),
        ('{"a": 1, "b": "' + "x" * 100 + '"}', 0, "too_large"),
        ('[{"a": 1}, {"a": "' + "x" * 5000 + '"}]', 1, "too_large"),
        ('{"a" 1}' + " " * 100, 0, "bad_json"),
    ],
)
def test_large_json_up_to_what_is_wrong_with_it(monkeypatch, text, rows, reason):
    monkeypatch.setattr(rows_json, "MAX_WHOLE", 12)
    found = json_rows([text[place : place + 5] for place in range(0, len(text), 5)])
    for number in range(rows):
        assert isinstance(next(found), dict), number
    with pytest.raises(InputError) as caught:
        list(found)
    assert caught.value.reason == reason


def test_values_that_json_does_not_have_are_null_and_depth_is_bounded():
    row = '{"a": NaN, "b": -Infinity, "c": 1e999, "d": 1.5}'
    assert rows_of(row, 99) == [{"a": None, "b": None, "c": None, "d": 1.5}]
    deep = '{"a": ' + "[" * 150 + "]" * 150 + "}"
    assert rows_of(f"{row}\n{deep}\n{row}", 99)[1] == "json_limits"


def csv_of(text: str, **options) -> list:
    found = csv_rows(lines_of([text]), options.pop("columns", {"a"}), **options)
    return [row.reason if isinstance(row, InputError) else list(row.values()) for row in found]


def test_a_quote_without_end_does_not_take_all_the_rest(monkeypatch):
    monkeypatch.setattr("collectors.tables.rows_csv.MAX_ROW", 50)
    found = csv_of('a,b\n1,"x\ny"\n2,"never\n' + "closed,3\n" * 20)
    assert found[:2] == [["1", "x\ny"], "too_large"] and found[-1] == ["closed", "3"]
    assert csv_of('a,b\n"x\n"' + ',"x\n"' * 20)[0] == "too_large"


def test_after_a_quote_without_end_reading_goes_on_with_the_next_line():
    rows = [[str(n), f"text {n}"] for n in range(5000)]
    text = "a,b\n0,good\n" + '1,"never closed\n' + "".join(f"{a},{b}\n" for a, b in rows)
    assert csv_of(text) == [["0", "good"], "bad_csv", *rows]
    assert csv_of(text + '9,"quoted"\n') == [["0", "good"], "bad_csv", *rows, ["9", "quoted"]]
    assert csv_of('a,b,c\n1,"open\n2,x,y\n3,"\n4,x,y\n') == ["bad_row", ["2", "x", "y"], "bad_csv", ["4", "x", "y"]]
    assert csv_of("a,b\n" + 'x","a\n' * 3000).count("bad_csv") == 3000  # each of which may begin a row


def test_lines_that_all_seem_to_begin_a_row_are_read_a_few_times(monkeypatch):
    monkeypatch.setattr("collectors.tables.rows_csv.MAX_ROW_LINES", 100)
    reads = []

    def lines():
        for _ in range(2000):
            yield 'x","a'

    class Counted(rows_csv._Source):
        def __next__(self):
            reads.append(1)
            return super().__next__()

    monkeypatch.setattr("collectors.tables.rows_csv._Source", Counted)
    found = list(csv_rows(iter(["a,b", *lines()]), {"a"}))
    assert len(found) == 2000 and len(reads) < 8 * 2000


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a;b (x, y, z)\n1;2\n3;4, 5\n", {}),
        ("sep=;\na;b,c\n1;2\n", {}),
        ("a b\n1 2\n", {"delimiter": " "}),
        ("1|2,0\n3|4,0\n", {"names": ("a", "b")}),
    ],
)
def test_the_delimiter_is_stated_given_or_guessed_from_several_rows(text, options):
    assert [len(row) for row in csv_of(text, **options)] == [2] * (1 if "sep" in text or " b\n" in text else 2)


def test_rows_with_more_or_fewer_cells_and_broken_quotes():
    assert csv_of('a,b\n1,2,3\n4\n"5"x,6\n7,8\n') == ["bad_row", "bad_row", "bad_csv", ["7", "8"]]
    assert csv_of("a;b\r1;2\r3;4") == [["1", "2"], ["3", "4"]]
    assert csv_of("1,2\n3,4\n", names=("a", "b")) == [["1", "2"], ["3", "4"]]
    for text, reason in (("a,a\n", "bad_csv"), ("a" + ",b" * 10_001, "bad_csv")):
        with pytest.raises(InputError, match=reason):
            csv_of(text)
    with pytest.raises(NoColumn):
        csv_of("b,c\n1,2\n")


def parquet_file(table: pa.Table, seekable: bool = True, **options) -> RawFile:
    data = io.BytesIO()
    pq.write_table(table, data, **options)
    stream = io.BytesIO(data.getvalue())
    if not seekable:
        stream.seekable = lambda: False
    return RawFile("a.parquet", "a.parquet", stream)


TABLE = pa.table(
    {
        "text": ["one", None, "three"] * 400,
        "turns": [[{"role": "user", "content": "x"}], [], None] * 400,
        "labels": pa.array(["a", "b", "a"] * 400).dictionary_encode(),
        "n": [1.5, float("nan"), None] * 400,
    }
)
PLAIN = [row | {"n": 1.5 if row["n"] == 1.5 else None} for row in TABLE.to_pylist()]


@pytest.mark.parametrize("seekable", [True, False])
@pytest.mark.parametrize("columns", [{"text", "n"}, {"text", "turns", "labels", "n"}])
@pytest.mark.parametrize("options", [{}, {"row_group_size": 100, "data_page_size": 500}, {"use_dictionary": False}])
def test_parquet_rows_are_what_was_written(seekable, columns, options):
    found = list(parquet_rows(parquet_file(TABLE, seekable, **options), columns))
    assert found == [{name: row[name] for name in sorted(columns)} for row in PLAIN]


def repeated(entry: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([entry]))


def test_copies_in_a_dictionary_are_counted_before_they_are_made(monkeypatch):
    monkeypatch.setattr("collectors.tables.rows_batch.ROW_BYTES", 10_000)
    monkeypatch.setattr("collectors.tables.rows_batch.BATCH_BYTES", 20_000)
    long_row = pa.ListArray.from_arrays(pa.array([0, 30, 31], pa.int32()), repeated("x" * 1000, 31))
    found = list(parquet_rows(parquet_file(pa.table({"text": long_row})), {"text"}))
    assert isinstance(found[0], InputError) and found[0].reason == "too_large"
    assert found[1] == {"text": ["x" * 1000]}
    monkeypatch.setattr("datagen.unpack.FREE_BYTES", 50_000)
    bomb = parquet_rows(parquet_file(pa.table({"text": repeated("x" * 1000, 5000)})), {"text"})
    with pytest.raises(InputError, match="archive_bomb"):
        list(bomb)


def test_pages_too_large_to_unpack_are_seen_before(monkeypatch):
    monkeypatch.setattr("collectors.tables.parquet_pages.MAX_PAGE_BYTES", 10_000)
    table = pa.table({"text": ["x" * 20_000], "other": ["y"]})
    with pytest.raises(InputError, match="parquet_limits"):
        list(parquet_rows(parquet_file(table), {"text"}))
    assert list(parquet_rows(parquet_file(table), {"other"})) == [{"other": "y"}]


class Registered(pa.ExtensionType):
    def __init__(self):
        super().__init__(pa.string(), "tests.registered")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls()


def test_types_that_are_not_plain_are_refused():
    table = pa.table({"text": ["a"], "raw": [b"\x80\x04"], "when": pa.array([1], pa.duration("s"))})
    assert list(parquet_rows(parquet_file(table), {"text"})) == [{"text": "a"}]
    for column in ("raw", "when"):
        with pytest.raises(InputError, match="parquet_type"):
            list(parquet_rows(parquet_file(table), {column}))
    pa.register_extension_type(Registered())
    try:
        odd = pa.table({"text": ["a"], "x": pa.ExtensionArray.from_storage(Registered(), pa.array(["b"]))})
        with pytest.raises(InputError, match="parquet_type"):
            list(parquet_rows(parquet_file(odd), {"text"}))
    finally:
        pa.unregister_extension_type("tests.registered")


def test_a_damaged_footer_does_not_end_the_process():
    """Where Arrow reads the metadata of a column for Python, an exception of its own would."""
    rows, held = pa.table({"text": ["one", "two"] * 50, "n": [[1, 2], None] * 50}), io.BytesIO()
    pq.write_table(rows, held)
    whole = held.getvalue()
    start = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    for place in range(start, len(whole) - 8):
        for change in (1, 0x80):
            data = bytearray(whole)
            data[place] ^= change
            with suppress(InputError, NoColumn):
                list(parquet_rows(RawFile.of("a", "a", bytes(data)), {"text"}))


class _Foreign(pa.ExtensionType):
    """A type that some library in the process has registered; reading files must not run its code."""

    def __init__(self):
        super().__init__(pa.string(), "tests.foreign")

    def __arrow_ext_serialize__(self) -> bytes:
        return b"cos\nsystem\n."

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        raise AssertionError("code of an extension type ran")


@pytest.mark.parametrize("name", ["x", "xx", "xxx"])  # each moves the letters of the schema's base64
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("form", ["parquet", "stream", "file"])
def test_no_code_of_extension_types_runs(name, nested, form):
    column = pa.ExtensionArray.from_storage(_Foreign(), pa.array(["a"]))
    column = pa.StructArray.from_arrays([column], ["inner"]) if nested else column
    rows, held = pa.table({"text": ["Good."], name: column}), io.BytesIO()
    if form == "parquet":
        pq.write_table(rows, held)
    else:
        with (pa.ipc.new_file if form == "file" else pa.ipc.new_stream)(held, rows.schema) as writer:
            writer.write_table(rows)
    read = parquet_rows if form == "parquet" else arrow
    pa.register_extension_type(_Foreign())
    try:
        with pytest.raises(InputError, match="parquet_type"):
            list(read(RawFile.of("a", "a", held.getvalue()), {"text"}))
    finally:
        pa.unregister_extension_type("tests.foreign")


def test_a_text_about_extension_types_is_read():
    rows, held = pa.table({"text": ["ARROW:extension:name"]}), io.BytesIO()
    with pa.ipc.new_stream(held, rows.schema) as writer:
        writer.write_table(rows)
    assert list(arrow(RawFile.of("a", "a", held.getvalue()), {"text"})) == [{"text": "ARROW:extension:name"}]
