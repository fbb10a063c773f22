import math
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from datagen import load
from datagen.publish import manifest
from datagen.store import Store
from knowledge_graph import Linker
from synthesis.loss import EDGE_LOSS, KIND, LEAST, anchor_weights, clozes, edge_losses, opened
from synthesis.quotas import cells, orders
from synthesis.seeds import Lexicon
from tests.datagen.runs import run, write_recipe
from tests.synthesis.sample_graph import SAMPLE, node_named, sample_graph
from tests.synthesis.tiny_model import make_tiny_model

GRAPH = sample_graph()
FACTS = list(clozes(GRAPH, Lexicon(GRAPH, Linker(GRAPH))))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return opened(make_tiny_model(tmp_path_factory.mktemp("tiny")))


def some(language: str, number: int) -> list[dict]:
    return [fact for fact in FACTS if fact["language"] == language][:number]


def test_every_affirmed_edge_is_a_cloze_in_both_languages_and_no_denied_one():
    affirmed = {e["key"] for e in GRAPH.edges.select(["key", "polarity"]).to_pylist() if e["polarity"] > 0}
    for language in ("en", "zh"):
        assert {fact["key"] for fact in some(language, 10**6)} <= affirmed
        assert len(some(language, 10**6)) > 0.9 * len(affirmed)
    infarction = [f for f in FACTS if f["anchor"] == node_named("acute myocardial infarction")]
    assert {"prompt": "用来确诊急性心肌梗死的检查是", "answer": "心电图"}.items() <= next(
        f.items() for f in infarction if f["answer"] == "心电图"
    )


def test_the_loss_is_that_of_the_answer_alone_whatever_is_in_the_batch(tiny):
    model, tokenizer = tiny
    facts = some("en", 9) + some("zh", 8)
    losses = edge_losses(model, tokenizer, facts, batch=5)
    assert losses.schema == EDGE_LOSS
    assert losses["key"].to_pylist() == [fact["key"] for fact in facts]
    fact = facts[3]
    ids = [tokenizer.bos_token_id, *tokenizer(fact["prompt"] + fact["answer"])["input_ids"]]
    with torch.no_grad():
        odds = model(torch.tensor([ids])).logits[0].log_softmax(-1)
    asked = 1 + len(fact["prompt"].encode())
    nats = -sum(odds[i - 1, ids[i]].item() for i in range(asked, len(ids)))
    assert losses["loss"][3].as_py() == pytest.approx(nats / math.log(2) / len(fact["answer"].encode()), rel=1e-5)


def test_what_a_model_was_taught_it_knows_and_less_is_written_about_it(tmp_path):
    torch.manual_seed(0)
    folder = make_tiny_model(tmp_path)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)

    def written(weights):
        found = orders(GRAPH, cells({"": 600}, ("en",), ("article",)), 0, Counter(), weights)
        return Counter(order.anchor for order in found)

    plain = written(None)
    taught = min(plain)
    facts = [fact for fact in some("en", 10**6) if fact["anchor"] in sorted(plain)[:8]]
    mine = [fact for fact in facts if fact["anchor"] == taught]
    texts = [torch.tensor([[0, *tokenizer(f["prompt"] + f["answer"])["input_ids"]]]) for f in mine]
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    for step in range(60):
        ids = texts[step % len(texts)]
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    weights = anchor_weights(edge_losses(model, tokenizer, facts))
    assert min(weights, key=weights.get) == taught
    assert weights[taught] == LEAST
    assert max(weights.values()) == 1.0
    weighted = written({taught: LEAST})
    assert weighted[taught] < 0.6 * plain[taught]
    assert weighted.total() == plain.total() == 600
    assert written({taught: LEAST}) == weighted


def test_a_model_of_our_own_is_read_by_its_entry_point(tmp_path, tiny):
    from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM

    tokenizer = tiny[1]
    shape = {"vocab_size": len(tokenizer), "num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 64}
    BaichuanM1ForCausalLM(BaichuanM1Config.preset("2m", **shape)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    losses = edge_losses(*opened(tmp_path), some("en", 3) + some("zh", 3))
    assert len(losses) == 6
    assert all(0 < loss < 40 for loss in losses["loss"].to_pylist())


def test_nothing_measured_weighs_nothing():
    assert anchor_weights(pa.Table.from_pylist([], EDGE_LOSS)) == {}


@pytest.mark.proof("synthesis.loss", "fixture")
def test_a_recipe_writes_about_what_its_model_knows_worst(tmp_path, ray_local):
    recipe = f"""
name: taught
stages:
  graph: {{use: knowledge_graph.build, obo: {SAMPLE}, babelon: {SAMPLE}, license: CC0-1.0}}
  first: {{use: synthesis.generate, graph: graph, quotas: {{CARD: 24, NEUR: 24}}, tasks: [article]}}
  graded: {{use: classifiers.curriculum, needs: [first]}}
  packed:
    use: training_bridge.pack
    needs: [graded]
    vocabulary: 512
    lengths: {{general: 64, basic: 64, advanced: 64}}
  model:
    use: training_bridge.pretrain
    tokens: packed
    stages: [{{name: basic, tokens: 1024, sequence_length: 64}}]
    batch_tokens: 512
    micro_batch_tokens: 512
    warmup_tokens: 256
  known: {{use: synthesis.loss, graph: graph, model: model, most: 120}}
  second: {{use: synthesis.generate, graph: graph, loss: known, quotas: {{CARD: 24}}, tasks: [article]}}
"""
    run(write_recipe(tmp_path, recipe), tmp_path / "run")
    store = Store(str(tmp_path / "run"))
    folder = tmp_path / "run" / "known" / manifest(store, "known")["version"] / "data"
    losses = pq.read_table(folder / KIND, schema=EDGE_LOSS)
    assert len(losses) == 120
    assert min(losses["loss"].to_pylist()) > 0
    assert load(tmp_path / "run", "second").count_rows() == 24
