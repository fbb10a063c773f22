"""Everybody else's readers see the same rows and columns in one published folder."""

import pytest

from datagen import load
from datagen.publish import manifest
from datagen.store import Store
from tests.datagen.runs import run, write_inputs, write_recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory, ray_local):
    place = tmp_path_factory.mktemp("readers")
    write_inputs(place, files=2, lines=15)
    run(write_recipe(place), place / "run")
    version = manifest(Store(str(place / "run")), "common")["version"]
    return place / "run" / "common" / version / "data"


@pytest.fixture(scope="module")
def expected(folder):
    rows = load(folder.parents[2], "common").to_table()
    return rows.schema.names, sorted(rows.to_pylist(), key=lambda r: r["id"])


def same(columns, rows, expected):
    assert list(columns) == expected[0]
    assert sorted(rows, key=lambda r: r["id"]) == expected[1]


def test_pyarrow(folder, expected):
    import pyarrow.dataset as ds

    rows = ds.dataset(folder).to_table()
    same(rows.schema.names, rows.to_pylist(), expected)


def test_polars(folder, expected):
    import polars

    frame = polars.scan_parquet(folder / "*.parquet").collect()
    same(frame.columns, frame.to_dicts(), expected)


def test_duckdb(folder, expected):
    import duckdb

    rows = duckdb.sql(f"select * from '{folder}/*.parquet'").to_arrow_table()
    same(rows.schema.names, rows.to_pylist(), expected)


def test_hugging_face_datasets(folder, expected, tmp_path):
    import datasets

    files = sorted(map(str, folder.glob("*.parquet")))
    loaded = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path))
    same(loaded.column_names, list(loaded), expected)
    streamed = datasets.load_dataset("parquet", data_files=files, split="train", streaming=True)
    same(expected[0], list(streamed), expected)


def test_ray_data(folder, expected):
    import ray

    rows = ray.data.read_parquet(str(folder))
    found = rows.take_all()
    for row in found:  # Ray gives lists as arrays
        for name, value in row.items():
            row[name] = value.tolist() if hasattr(value, "tolist") else value
    same(rows.schema().names, found, expected)
