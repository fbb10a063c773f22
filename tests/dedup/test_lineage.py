import json

import pytest
from stages import record

from datagen.record import table
from dedup.evaluation_sets import FORMATS, Item
from dedup.lineage import Lineage, kinship

ITEMS = [
    Item("pubmedqa", "1", "Does it?", origins=("pmid:21645374",)),
    Item("medcalc", "2", "What score?", origins=("pmc:PMC7671985",)),
    Item("own", "3", "Why?", origins=("doi:10.1000/x",)),
]


def barred(benchmarks=("medqa", "pubmedqa", "medcalc"), sources=None, **columns) -> list[str]:
    row = record(columns.pop("source", "web"), columns.pop("source_id", 1), "text", **columns)
    return list(Lineage(ITEMS, benchmarks, sources).barred(table([row])).values())


@pytest.mark.parametrize(
    ("meta", "benchmark"),
    [
        ({"pmid": "21645374"}, "pubmedqa"),
        ({"pmid": 21645374}, "pubmedqa"),
        ({"pmc": "PMC7671985"}, "medcalc"),
        ({"pmcid": "7671985"}, "medcalc"),
        ({"patient_uid": "7671985-3"}, "medcalc"),
        ({"doi": "https://doi.org/10.1000/X"}, "own"),
        ({"year": 2020, "doi": "10.1000/x"}, "own"),
    ],
)
def test_articles_that_a_benchmark_was_made_from_are_barred(meta, benchmark):
    assert barred(meta=json.dumps(meta)) == [benchmark]


@pytest.mark.parametrize(
    ("place", "benchmark"),
    [
        ("https://pubmed.ncbi.nlm.nih.gov/21645374/", "pubmedqa"),
        ("http://www.ncbi.nlm.nih.gov/pubmed/21645374?dopt=Abstract", "pubmedqa"),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC7671985/", "medcalc"),
        ("https://pmc.ncbi.nlm.nih.gov/articles/pmc7671985", "medcalc"),
        ("https://doi.org/10.1000/X", "own"),
    ],
)
def test_an_address_says_which_article_it_is(place, benchmark):
    assert barred(url=place) == barred(source_id=place) == [benchmark]


@pytest.mark.parametrize("place", ["https://pubmed.ncbi.nlm.nih.gov/216453741/", "https://example.org/21645374", "10"])
def test_other_addresses_stay(place):
    assert barred(url=place) == barred(source_id=place) == []


def test_an_origin_that_names_nothing_bars_nothing():
    items = [Item("own", str(n), "Why?", origins=(origin,)) for n, origin in enumerate(["doi:n/a", "pmid:-", "pmc:"])]
    row = record("web", 1, "text", meta=json.dumps({"doi": "", "pmid": "none", "pmc": "-"}))
    assert not Lineage(items, ["own"]).barred(table([row]))


def test_of_two_benchmarks_the_same_is_named_in_every_process():
    meta = json.dumps({"doi": "10.1000/x", "pmc": "PMC7671985", "pmid": "21645374"})
    assert barred(meta=meta) == ["pubmedqa"]


def test_what_agentclinic_was_made_from_is_barred_with_it():
    assert barred(["agentclinic_medqa"], source="medqa_train") == ["agentclinic_medqa"]


@pytest.mark.parametrize("meta", [None, "{}", "[]", "not JSON", '{"pmid": "2164537"}', '{"pmid": null}', '{"pmc": ""}'])
def test_other_articles_stay(meta):
    assert barred(meta=meta) == []


def test_an_article_is_known_by_the_identifier_of_its_record_too():
    assert barred(source_id="pmid:21645374") == ["pubmedqa"]


@pytest.mark.parametrize(
    "columns",
    [
        {"source": "AgentClinic-MedQA"},
        {"source": "agentclinic_medqa_extended"},
        {"url": "https://github.com/SamuelSchmidgall/AgentClinic/blob/main/x.jsonl"},
        {"source": "PMC-Patients"},
        {"source": "pmcpatients_v2"},
        {"url": "https://github.com/stellalisy/mediQ"},
        {"url": "https://github.com/Teddy-XiongGZ/MIRAGE/blob/main/benchmark.json"},
        {"source": "craft-md"},
    ],
)
def test_data_sets_made_from_a_benchmark_are_barred(columns):
    assert len(barred(**columns)) == 1
    assert barred(benchmarks=("cmexam",), **columns) == []


@pytest.mark.parametrize(
    "name", ["mediqa_chat", "MTS-Dialog (MEDIQA-Sum)", "pmc", "patients", "medqa_train", "clinic agents", "mirage"]
)
def test_names_that_only_look_alike_stay(name):
    assert barred(source=name) == [] and barred(url=f"https://example.org/{name}") == []


def test_sources_that_the_recipe_names_are_barred():
    assert barred(source="osce", sources={"osce": "medqa"}) == ["medqa"]


def test_the_table_is_sound():
    for entry in kinship():
        assert entry["relation"] in ("from", "into") and entry["fact"] and entry.get("names", entry.get("ids"))
        assert set(entry["benchmarks"]) <= FORMATS.keys(), entry["data_set"]
        assert all(name == name.lower() and len(name) > 4 for name in entry.get("names", ()))
