"""The same run over an S3-compatible server as over a local folder."""

from datagen import load
from datagen.store import Store
from datagen.verify import verify_run
from tests.datagen.runs import RECIPE, run, write_inputs, write_recipe


def test_a_run_in_a_bucket_publishes_what_a_local_one_does(tmp_path, s3_url, ray_local):
    write_inputs(tmp_path, files=2, lines=15)
    recipe = write_recipe(tmp_path, RECIPE)
    assert len(run(recipe, s3_url).published) == 5
    run(recipe, tmp_path / "run")
    remote, local = Store(s3_url), Store(str(tmp_path / "run"))
    assert not verify_run(remote)[0]
    paths = [p for p, _ in local.files("") if not p.startswith("_") and not p.endswith("CURRENT")]
    assert paths and all(remote.sha256(p) == local.sha256(p) for p in paths)
    assert load(s3_url, "common").to_table() == load(tmp_path / "run", "common").to_table()
    assert run(recipe, s3_url).published == {}


def test_raw_files_in_a_bucket_are_inputs(tmp_path, s3_url, ray_local):
    document = (
        '<Document id="1" source="S" url="http://example.org/a"><Focus>Fever</Focus><QAPairs><QAPair pid="1">'
        '<Question qid="1" qtype="information">What is fever?</Question><Answer>A raised temperature.</Answer>'
        "</QAPair></QAPairs></Document>"
    )
    Store(s3_url).write("raw/a.xml", document.encode())
    recipe = write_recipe(tmp_path, f"name: q\nstages:\n  qa: {{use: collectors.medquad, path: '{s3_url}/raw'}}\n")
    run(recipe, f"{s3_url}/run")
    assert load(f"{s3_url}/run", "qa").to_table()["text"].to_pylist() == ["What is fever?\n\nA raised temperature."]
    Store(s3_url).write("raw/a.xml", document.replace("raised", "high").encode())
    assert set(run(recipe, f"{s3_url}/run").published) == {"qa"}
