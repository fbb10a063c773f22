"""PMC's Cloud Service: versions, licences and retractions by the records, from a bucket and from a mirror."""

import hashlib
import json
from pathlib import Path

import pytest

from collectors.papers.pmc import PMC
from datagen import load
from datagen.errors import UsageError
from datagen.store import Store
from tests.collectors.articles import META, article
from tests.collectors.reading import read
from tests.datagen.runs import run, write_recipe

CC = "<permissions><license xlink:href='https://creativecommons.org/licenses/{}/4.0/'/></permissions>"


def put(store: Store, name: str, xml: bytes | None, beside: bool = True, **record) -> None:
    """One article version as the bucket has it; `beside` also puts its record beside the XML."""
    pmcid, _, version = name.partition(".")
    facts = {"pmcid": pmcid, "version": int(version), "is_pmc_openaccess": True, "license_code": "CC BY", **record}
    if xml is not None:
        store.write(f"{name}/{name}.xml", xml)
        facts.setdefault("xml_url", f"s3://pmc-oa-opendata/{name}/{name}.xml?md5={hashlib.md5(xml).hexdigest()}")
    data = json.dumps(facts).encode()
    store.write(f"metadata/{name}.json", data)
    store.write(f"{name}/{name}.txt", b"the text again")
    if beside:
        store.write(f"{name}/{name}.json", data)


def paper(number: int, licence: str = "", body: str = "Text.") -> bytes:
    meta = META.replace("J.Test.1", f"J.Test.{number}").replace("7654321", str(number))
    return article(f"<p>{body}</p>", meta=meta + (CC.format(licence) if licence else ""))


@pytest.fixture
def mirror(tmp_path) -> Store:
    (tmp_path / "pmc").mkdir()
    return Store(str(tmp_path / "pmc"))


def rows_of(store: Store, folder: Path, path: str = "") -> dict[str, dict]:
    found = read(PMC(path=f"{store.url}/{path}".rstrip("/")), folder)
    assert not found.quarantined
    return {json.loads(row["meta"])["pmc"]: row for row in found.rows}


def test_the_newest_version_with_what_its_record_says(mirror, tmp_path):
    put(mirror, "PMC1.1", paper(1, "by", "Old."))
    put(mirror, "PMC1.2", paper(1, "by", "New."), is_manuscript=True)
    put(mirror, "PMC2.1", paper(2, "by"), is_retracted=True)
    rows = rows_of(mirror, tmp_path)
    assert set(rows) == {"PMC1", "PMC2"} and rows["PMC1"]["text"].endswith("New.")
    facts = json.loads(rows["PMC1"]["meta"])
    assert (facts["version"], facts["manuscript"], facts["doi"]) == (2, True, "10.1000/j.test.1")
    assert rows["PMC1"]["safety"] is None and rows["PMC2"]["safety"] == ["retracted"]


@pytest.mark.parametrize(
    ("stated", "code", "licence"),
    [
        ("by-nc", "CC BY-NC", "CC-BY-NC-4.0"),
        ("", "CC BY-ND", "LicenseRef-CC-BY-ND"),
        ("", "CC0", "CC0-1.0"),
        ("", "TDM", "LicenseRef-PMC-TDM"),
        ("", None, "NOASSERTION"),
        ("", "a house's own", "NOASSERTION"),
        ("by", None, "CC-BY-4.0"),
        ("by", "CC BY-NC-ND", "CC-BY-4.0 AND LicenseRef-CC-BY-NC-ND"),
    ],
)
def test_licence_by_the_article_and_its_class(mirror, tmp_path, stated, code, licence):
    put(mirror, "PMC1.1", paper(1, stated), license_code=code)
    assert rows_of(mirror, tmp_path)["PMC1"]["license"] == licence


@pytest.mark.parametrize("path", ["metadata", "PMC1.1", "PMC1.1/PMC1.1.json"])
def test_records_alone_and_single_articles(mirror, tmp_path, path):
    put(mirror, "PMC1.1", paper(1))
    put(mirror, "PMC1.2", paper(1, body="New."), beside=False)
    text = rows_of(mirror, tmp_path, path)["PMC1"]["text"]
    assert text.endswith("New." if path == "metadata" else "Text.")


def test_what_can_not_be_trusted_is_refused(mirror, tmp_path):
    put(mirror, "PMC1.1", paper(1), xml_url="s3://b/PMC1.1/PMC1.1.xml?md5=" + "0" * 32)
    put(mirror, "PMC2.1", None)
    put(mirror, "PMC3.1", None, xml_url="s3://b/PMC3.1/PMC3.1.xml")
    put(mirror, "PMC4.1", paper(4), pmcid="PMC5")
    put(mirror, "PMC6.1", b"<html/>")
    mirror.write("PMC7.1/PMC7.1.json", b"{")
    mirror.write("PMC8.1/PMC8.1.json", b"[" * 100_000)
    reasons = ("bad_checksum", "no_xml", "no_file", "bad_record", "not_jats", "bad_record", "bad_record")
    names = [f"PMC{n}.1/PMC{n}.1.json" for n in (1, 2, 3, 4, 6, 7, 8)]
    found = read(PMC(path=mirror.url), tmp_path)
    assert found.quarantined == dict(zip(names, reasons, strict=True)) and not found.rows


def test_an_address_in_a_record_is_never_followed(mirror, tmp_path):
    mirror.write("secret.xml", paper(9))
    put(mirror, "PMC1.1", None, xml_url="../secret.xml")
    assert read(PMC(path=mirror.url), tmp_path).quarantined == {"PMC1.1/PMC1.1.json": "no_file"}


def test_a_folder_without_records_is_a_mistake_in_the_recipe(tmp_path):
    (tmp_path / "package.json").write_text("{}")
    with pytest.raises(UsageError, match="no record named like"):
        PMC(path=str(tmp_path)).items()


@pytest.mark.proof("collectors.pmc", "fixture")
def test_a_bucket_and_a_later_retraction(tmp_path, s3_url, ray_local):
    bucket = Store(f"{s3_url}/bucket")
    put(bucket, "PMC1.1", paper(1, "by"))
    recipe = write_recipe(tmp_path, f"name: p\nstages:\n  pmc: {{use: collectors.pmc, path: '{bucket.url}'}}\n")
    run(recipe, f"{s3_url}/run")
    assert load(f"{s3_url}/run", "pmc").to_table()["safety"].to_pylist() == [None]
    put(bucket, "PMC1.1", paper(1, "by"), is_retracted=True)
    assert set(run(recipe, f"{s3_url}/run").published) == {"pmc"}
    (row,) = load(f"{s3_url}/run", "pmc").to_table().to_pylist()
    assert (row["safety"], row["license"], row["source_id"]) == (["retracted"], "CC-BY-4.0", "doi:10.1000/j.test.1")
