import json
from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pytest

import knowledge_graph
from datagen import load
from datagen.errors import UsageError
from datagen.publish import manifest
from datagen.recipe import load_recipe
from datagen.recipe_file import RecipeError
from datagen.record import split_of
from datagen.store import Store
from datagen.verify import verify_run
from knowledge_graph import Graph, Linker
from synthesis.grammar import GrammarGenerator
from synthesis.quotas import cells, department_quotas, listed_cells, orders
from synthesis.tasks import TASKS
from synthesis.write import Order, Writer
from tests.datagen.runs import digest, run, write_recipe
from tests.synthesis.sample_graph import SAMPLE, sample_graph

RECIPE = f"""
name: small
split: {{validation: 0.2, test: 0.2}}
stages:
  graph: {{use: knowledge_graph.build, obo: {SAMPLE}, babelon: {SAMPLE}, license: CC0-1.0}}
  synthetic: {{use: synthesis.generate, graph: graph, quotas: {{CARD: 32, NEUR: 19}}, batch: 20, rounds: 8}}
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory, ray_local) -> Path:
    folder = tmp_path_factory.mktemp("synthesis")
    run(write_recipe(folder, RECIPE), folder / "run")
    return folder / "run"


def test_quotas_count_accepted_texts_and_rejected_ones_are_in_the_ledger(done):
    rows = load(done, "synthetic").to_table()
    record = manifest(Store(str(done)), "synthetic")
    assert not verify_run(Store(str(done)))[0]
    found = Counter(
        f"{r['department']}/{r['language']}/{json.loads(r['meta'])['task']}"
        for r in rows.select(["department", "language", "meta"]).to_pylist()
    )
    assert found == cells({"CARD": 32, "NEUR": 19}, ("en", "zh"), tuple(TASKS))
    assert record["counts"]["outputs"] == 51
    dropped = record["counts"]["reasons"]["dropped"]
    assert record["counts"]["inputs"] == 51 + sum(dropped.values())
    quotas = record["results"]["quotas"]
    assert (quotas["missing"], quotas["unmet"]) == (0, {})
    assert sum(ends["accepted"] for ends in quotas["ends"].values()) == 51
    assert Counter(dropped) == sum((Counter(e) for e in quotas["ends"].values()), Counter()) - Counter(accepted=51)


def test_every_row_names_its_evidence_and_stays_with_its_disease(done):
    folder = done / "graph" / manifest(Store(str(done)), "graph")["version"] / "data"
    graph = knowledge_graph.load(folder)
    for row in load(done, "synthetic").to_table().to_pylist():
        edges = [graph.edge(key) for key in row["evidence"]]
        assert edges
        assert row["group"] in {edge.subject for edge in edges}
        assert row["split"] == split_of(row["group"], 0.2, 0.2)
        assert row["synthetic"] and row["parents"] == []
        assert (row["license"], row["phi_status"], row["value"], row["source"]) == (
            "CC0-1.0",
            "clean",
            None,
            "synthetic",
        )
        assert row["department"] in graph.node(row["group"]).departments
        assert row["content_type"] == TASKS[json.loads(row["meta"])["task"]].content_type
        assert (row["messages"] is None) == (row["content_type"] == "TEXT")
        if row["messages"]:
            assert row["text"] == "\n\n".join(m["content"] for m in row["messages"])
    splits = load(done, "synthetic").to_table().group_by("group").aggregate([("split", "count_distinct")])
    assert pc.max(splits["split_count_distinct"]).as_py() == 1


def test_two_runs_publish_the_same_bytes(done, tmp_path):
    run(write_recipe(tmp_path, RECIPE), tmp_path / "run")
    ours = {k: v for k, v in digest(done).items() if not k.endswith("manifest.json")}
    assert ours == {k: v for k, v in digest(tmp_path / "run").items() if not k.endswith("manifest.json")}


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("generator: grammer", "no generator is named grammer"),
        ("generator_options: {weights: big}", "weights"),
        ("languages: [en, fr]", "fr is not among"),
        ("tasks: [poem]", "poem is not among"),
        ("tasks: []", "nothing is not among"),
    ],
)
def test_a_recipe_is_refused_before_anything_starts(tmp_path, option, message):
    recipe = RECIPE.replace("rounds: 8", f"rounds: 8, {option}")
    with pytest.raises(RecipeError, match=message):
        load_recipe(write_recipe(tmp_path, recipe))


def test_even_quotas_give_what_small_departments_cannot_to_the_others():
    graph = sample_graph()
    quotas = department_quotas(graph, 700)
    assert sum(quotas.values()) == 700
    assert len(quotas) >= 30
    assert max(quotas.values()) - min(quotas.values()) <= 1
    assert sum(department_quotas(graph, 10**7).values()) < 10**7  # what the graph holds, not what was asked


def test_a_work_list_decides_who_gets_texts():
    graph = sample_graph()

    def line(department, short, language=None, content_type=None):
        return {"department": department, "language": language, "content_type": content_type, "short": short}

    lines = [
        line("CARD", 6000),
        line("NEUR", 2000, language="zh"),
        line("NEUR", 1000, content_type="QA"),
        line("PED", 999, content_type="GUIDE"),  # nothing here writes guidelines
        line("MULTI", 10**6),  # the graph doesn't know it
    ]
    found = listed_cells(lines, graph, 90, ("en", "zh"), tuple(TASKS))
    assert found.total() == 90
    sums = Counter()
    for cell, texts in found.items():
        sums[cell.split("/")[0]] += texts
    assert sums == {"CARD": 60, "NEUR": 30}
    questions = {language: found[f"NEUR/{language}/qa"] + found[f"NEUR/{language}/chain"] for language in ("en", "zh")}
    assert questions == {"en": 5, "zh": 12} and "NEUR/en/case" not in found
    assert not listed_cells([], graph, 90, ("en", "zh"), tuple(TASKS))


def test_synthesis_follows_the_work_list_of_a_run(tmp_path, ray_local):
    """Balance counts, synthesis writes what it lacks, a second balance takes both."""
    text = "\n".join(json.dumps({"text": f"The heart, told in {n} words.", "department": "CARD"}) for n in range(40))
    (tmp_path / "heart.jsonl").write_text(text)
    targets = "{departments: {CARD: 0.5, NEUR: 0.5}, languages: {en: 0.5, zh: 0.5}}"
    recipe = f"""
name: gaps
split: {{validation: 0, test: 0}}
stages:
  hearts:
    use: collectors.records
    path: heart.jsonl
    license: CC0-1.0
    fields: {{text: text, department: department}}
    constants: {{language: en}}
  graph: {{use: knowledge_graph.build, obo: {SAMPLE}, babelon: {SAMPLE}, license: CC0-1.0}}
  missing: {{use: classifiers.work_list, needs: [hearts], drop_surplus: false, targets: {targets}}}
  synthetic: {{use: synthesis.generate, graph: graph, work_list: missing, number: 24}}
  curated: {{use: classifiers.balance, needs: [hearts, synthetic], drop_surplus: false, targets: {targets}}}
"""
    out = tmp_path / "run"
    run(write_recipe(tmp_path, recipe), out)
    written = load(out, "synthetic").to_table().to_pylist()
    assert {row["department"] for row in written} == {"NEUR", "CARD"}
    assert {row["language"] for row in written if row["department"] == "CARD"} == {"zh"}
    goals = manifest(Store(str(out)), "curated")["results"]["goals"]
    assert goals["work_list"] == []
    sums = Counter()
    for row in load(out, "curated").to_table().to_pylist():
        sums[row["department"]] += row["tokens"] * row["repeats"]
    for code, tokens in sums.items():
        assert tokens == pytest.approx(goals["departments"][code]["wanted"], rel=0.1)


def test_rows_do_not_depend_on_how_orders_are_batched():
    graph = sample_graph()
    diseases = [n for n in graph.of_type("disease") if graph.edges_of(n, "has_symptom", 1)][:6]
    linker = Linker(graph)
    wanted = [
        Order(disease, number, None, task, language, "textbook")
        for number, disease in enumerate(diseases)
        for task in TASKS
        for language in ("en", "zh")
    ]
    whole = Writer(graph, linker, GrammarGenerator(), "grammar", 3).write(wanted)
    parts = [
        Writer(graph, linker, GrammarGenerator(), "grammar", 3).write(wanted[i : i + 7])
        for i in range(0, len(wanted), 7)
    ]
    assert whole.rows.to_pylist() == [row for part in parts for row in part.rows.to_pylist()]
    assert whole.dropped == {k: v for part in parts for k, v in part.dropped.items()}
    other = Writer(graph, linker, GrammarGenerator(), "grammar", 4).write(wanted)
    assert set(whole.rows["id"].to_pylist()).isdisjoint(other.rows["id"].to_pylist())


def test_languages_get_only_diseases_that_have_a_name_in_them():
    graph = sample_graph()
    chinese = [None if i % 2 else name for i, name in enumerate(graph.nodes["name_zh"].to_pylist())]
    place = graph.nodes.schema.get_field_index("name_zh")
    half = Graph(graph.nodes.set_column(place, graph.nodes.schema.field(place), [chinese]), graph.edges)
    drawn: Counter[str] = Counter()
    found = list(orders(half, cells({"CARD": 40}, ("en", "zh"), ("qa",)), 0, drawn))
    names = dict(zip(half.ids, chinese, strict=True))
    assert drawn["CARD"] >= 40 == len(found)
    assert {order.language for order in found} == {"en", "zh"}
    assert all(names[order.anchor] for order in found if order.language == "zh")
    assert any(names[order.anchor] is None for order in found)
    later = list(orders(half, cells({"CARD": 8}, ("en",), ("qa",)), 0, drawn))
    assert {(o.anchor, o.number) for o in later}.isdisjoint((o.anchor, o.number) for o in found)
    with pytest.raises(UsageError, match="bundles"):
        list(orders(half, cells({"CARD": 10**6}, ("en",), ("qa",)), 0, Counter()))
    assert list(orders(half, cells({"CARD": 10**6}, ("en",), ("qa",)), 0, drawn)) == []
