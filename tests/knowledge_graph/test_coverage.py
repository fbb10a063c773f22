import json

import pyarrow as pa

from datagen import load
from datagen.publish import manifest
from datagen.reports import report
from datagen.store import Store
from knowledge_graph.link_stage import ENTITIES, _named_once, coverage
from tests.datagen.runs import run, write_recipe
from tests.synthesis.sample_graph import SAMPLE, sample_graph


def entity(node: str, negated: bool = False) -> dict:
    return {"start": 0, "end": 1, "node": node, "type": "disease", "negated": negated, "uncertain": False}


def test_a_record_names_a_node_once_and_not_where_it_denies_it():
    column = pa.chunked_array(
        [pa.array([[entity("A"), entity("A"), entity("B", True)], [], [entity("A"), entity("B")]], ENTITIES)]
    )
    assert sorted(_named_once(column)) == ["A", "A", "B"]


def test_coverage_counts_nodes_by_how_many_records_name_them():
    graph = sample_graph()
    heart = graph.departments["CARD"]
    found = coverage(graph, {heart[0]: 5, heart[1]: 1, "elsewhere": 9})
    line = found["departments"]["CARD"]
    assert (line["nodes"], line["named"]) == (len(heart), [2, 1, 0])
    assert line["missing"] and all(node not in heart[:2] for node, *_ in line["missing"])
    assert sum(line["nodes"] for line in found["types"].values()) == len(graph)
    assert set(coverage(graph, {}, ("disease",))["types"]) == {"disease"}


def test_a_run_says_how_much_of_its_graph_it_speaks_of(tmp_path, ray_local):
    graph = sample_graph()
    heart, lung = (graph.node(graph.departments[code][0]) for code in ("CARD", "RESP"))
    texts = [f"He has {heart.name_en}.", f"{heart.name_en} in another record.", f"No {heart.name_en} here."]
    texts.append(f"患者有{lung.name_zh}。")
    (tmp_path / "texts.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts))
    recipe = f"""
name: tail
stages:
  texts: {{use: collectors.records, path: texts.jsonl, license: CC0-1.0, fields: {{text: text}}}}
  graph: {{use: knowledge_graph.build, obo: {SAMPLE}, babelon: {SAMPLE}, license: CC0-1.0}}
  linked: {{use: knowledge_graph.link, needs: [texts], graph: graph}}
"""
    run(write_recipe(tmp_path, recipe), tmp_path / "run")
    rows = load(tmp_path / "run", "linked").to_table(columns=["text", "entities"]).to_pylist()
    affirmed = {e["node"] for row in rows for e in row["entities"] if not e["negated"]}
    table = report(tmp_path / "run").tables["coverage"].set_index(["axis", "label"])
    counted = manifest(Store(str(tmp_path / "run")), "linked")["results"]["coverage"]["types"]
    assert sum(line["named"][0] for line in counted.values()) == len(affirmed) == 2
    assert table.loc[("types", "disease"), "named_1"] == counted["disease"]["named"][0]
    assert table.loc[("types", "disease"), "named_5"] == 0
