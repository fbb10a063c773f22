"""Extension types in Parquet files from elsewhere: found in the bytes, before Arrow runs the code that they name."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datagen.errors import InputError, UsageError
from datagen.extensions import footer_has_extension, parquet_footer
from datagen.reports.facts import gather


def file_of(column: str, values: pa.Array) -> io.BytesIO:
    held = io.BytesIO()
    pq.write_table(pa.table({"department": ["CARD"], column: values}), held)
    return held


@pytest.mark.parametrize("length", range(1, 7))  # of a name: it moves what comes after it in the schema's base64
def test_types_are_found_wherever_they_stand(length):
    value = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16)], pa.binary(16)))
    assert footer_has_extension(parquet_footer(file_of("c" * length, value)))
    assert not footer_has_extension(parquet_footer(file_of("c" * length, pa.array(["ARROW:extension:name"]))))


@pytest.mark.parametrize("data", [b"", b"PAR1", b"\xff\xff\xff\x7fPAR1", b"x" * 99])
def test_what_is_no_parquet_has_no_footer(data):
    with pytest.raises(InputError, match="bad_parquet"):
        parquet_footer(io.BytesIO(data))


def test_a_report_refuses_them(tmp_path):
    value = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16)], pa.binary(16)))
    for name, column in {"plain": pa.array(["x"]), "odd": value}.items():
        (tmp_path / f"{name}.parquet").write_bytes(file_of("c", column).getvalue())
    assert gather(tmp_path / "plain.parquet").cube["rows"].sum() == 1
    with pytest.raises(UsageError, match="extension type"):
        gather(tmp_path / "odd.parquet")
