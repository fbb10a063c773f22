"""Claims that a language model reads: believed where it quotes words that name both nodes, and nowhere else."""

import json
import re
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from datagen import load as load_records
from knowledge_graph import load
from knowledge_graph.ask import asked, read
from knowledge_graph.link import Mention
from knowledge_graph.mine import Mine
from tests.datagen.runs import run, write_recipe

KINDS = {"gout": "disease", "痛风": "disease", "tophus": "symptom", "痛风石": "symptom", "colchicine": "drug"}


def row(text: str) -> dict:
    return {"id": "r", "text": text, "access": "open", "phi_status": "clean", "source_id": "1", "license": "CC0-1.0"}


def questions(text: str) -> list:
    names = re.compile("|".join(sorted(KINDS, key=len, reverse=True)))
    mentions = [Mention(*m.span(), m[0], KINDS[m[0]], False, (m[0],)) for m in names.finditer(text)]
    return list(asked(row(text), mentions))


def answer(*claims: tuple) -> str:
    keys = ("subject", "relation", "object", "polarity", "quote")
    return json.dumps({"claims": [dict(zip(keys, claim, strict=True)) for claim in claims]})


def outcome(text: str, said: str) -> tuple[list, Counter]:
    counts: Counter[str] = Counter()
    (question,) = questions(text)
    return list(read(question, said, counts)), counts


@pytest.mark.parametrize(
    ("text", "quote"),
    [("It is late. In gout, a tophus grows.", "gout, a tophus grows"), ("你好。痛风常有痛风石。", "痛风常有痛风石")],
)
def test_a_claim_counts_with_the_words_that_make_it(text, quote):
    (claim,), counts = outcome(text, answer((1, "has_phenotype", 2, "affirmed", quote)))
    assert (claim.relation, claim.polarity, counts) == ("has_symptom", 1, {"kept": 1})
    assert text[claim.start : claim.end] == quote and KINDS[claim.subject] == "disease"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer((1, "has_phenotype", 2, "affirmed", "gout always brings a tophus")), "bad_quote"),  # its own words
        (answer((1, "has_phenotype", 2, "affirmed", "a tophus grows")), "bad_quote"),  # names one of the two
        (answer((1, "has_phenotype", 2, "affirmed", "")), "bad_quote"),
        (answer((1, "treated_by", 2, "affirmed", "gout, a tophus")), "bad_nodes"),  # no treatment
        (answer((2, "has_phenotype", 1, "affirmed", "gout, a tophus")), "bad_nodes"),  # the wrong way round
        (answer((1, "has_phenotype", 7, "affirmed", "gout, a tophus")), "bad_nodes"),  # nothing is numbered so
        (answer((1, "has_phenotype", 2, "uncertain", "gout, a tophus")), "uncertain"),
        (answer((1, "cures", 2, "affirmed", "gout, a tophus")), "bad_answer"),
        (answer((1, "has_phenotype", 2, "perhaps", "gout, a tophus")), "bad_answer"),
        (answer(("1", "has_phenotype", 2, "affirmed", "gout, a tophus")), "bad_answer"),
        ('{"claims": 3}', "bad_answer"),
        ('["claims"]', "bad_answer"),
        ("Sure!", "bad_answer"),
        ("[" * 100_000, "bad_answer"),
    ],
)
def test_what_the_sentence_does_not_bear_out_is_left_and_counted(said, why):
    assert outcome("In gout, a tophus grows.", said) == ([], {why: 1})


def test_only_sentences_that_could_claim_something_are_asked_about():
    assert questions("Gout is old. Does gout bring a tophus? A tophus is treated with colchicine.") == []
    (question,) = questions("A tophus hurts. In gout, take colchicine.")
    said = question.request.messages[-1]["content"]
    assert "take colchicine" in said and "1. gout (disease)" in said and "hurts" not in said


OBO = "\n\n".join(
    f"[Term]\nid: {name}" for name in ("DOID:1\nname: gout", "SYMP:1\nname: tophus", "SYMP:2\nname: itching")
)


class Model(BaseHTTPRequestHandler):
    """An OpenAI-compatible server that reads what stands in the sentence, and makes up that gout itches."""

    asked: Counter

    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = sent["messages"][-1]["content"]
        sentence = re.search("Sentence: (.*)", prompt)[1]
        self.asked[sentence] += 1
        assert sent["response_format"]["json_schema"]["schema"]["required"] == ["claims"]
        number = {name.lower(): int(i) for i, name in re.findall(r"(\d+)\. (\w+) \(", prompt)}
        found = []
        if "tophus" in number:
            found.append((number["gout"], "has_phenotype", number["tophus"], "affirmed", sentence))
        if "itching" in number:
            found.append((number["gout"], "has_phenotype", number["itching"], "affirmed", "gout makes you itch"))
        message = {"role": "assistant", "content": answer(*found)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        data = json.dumps({"id": "1", "model": "m", "choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@contextmanager
def serving():
    model = type("Asked", (Model,), {"asked": Counter()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", model.asked
    finally:
        server.shutdown()
        server.server_close()


def test_a_model_adds_edges_that_cite_its_quotes(tmp_path, ray_local):
    (tmp_path / "kg.obo").write_text(OBO)
    texts = [
        f"Case {i}. One sees in gout, as a rule, a tophus. Gout was old news to them, itching too." for i in range(20)
    ]
    (tmp_path / "texts.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts))
    with serving() as (url, said):
        recipe = f"""
name: asked
split: {{validation: 0.2, test: 0.2}}
stages:
  texts: {{use: collectors.records, path: texts.jsonl, license: CC-BY-4.0, deidentify: none, fields: {{text: text}}}}
  graph: {{use: knowledge_graph.build, obo: kg.obo, license: CC0-1.0}}
  linked: {{use: knowledge_graph.link, needs: [texts], graph: graph}}
  mined:
    use: knowledge_graph.mine
    needs: [linked]
    graph: graph
    fdr: 0.000001
    generator: openai
    generator_options: {{url: "{url}", model: m, private: true, output_license: MIT}}
"""
        ran = run(write_recipe(tmp_path, recipe), tmp_path / "run")
    graph = load(tmp_path / "run" / "mined" / ran.published["mined"]["version"] / "data")
    (edge,) = graph.edges.to_pylist()
    assert (edge["subject"], edge["relation"], edge["object"], edge["tier"]) == ("DOID:1", "has_symptom", "SYMP:1", "C")
    rows = load_records(tmp_path / "run", "linked").to_table(columns=["id", "split", "text"]).to_pylist()
    train = {r["id"]: r["text"] for r in rows if r["split"] == "train"}
    assert edge["n"] == len(train) < 20 and edge["origin"] == "mined" and edge["license"] == "CC-BY-4.0 AND MIT"
    for cited in edge["evidence"]:
        record, start, end = re.fullmatch(r"RECORD:(\w+)#(\d+)-(\d+)", cited).groups()
        assert train[record][int(start) : int(end)] == "One sees in gout, as a rule, a tophus."
    results = json.loads((tmp_path / "run" / "mined" / ran.published["mined"]["version"] / "manifest.json").read_text())
    assert results["results"]["graph"]["asked"] == {"kept": len(train), "bad_quote": len(train)}
    assert set(said) == {"One sees in gout, as a rule, a tophus.", "Gout was old news to them, itching too."}


def test_a_generator_of_templates_cannot_read():
    with pytest.raises(ValueError, match="reads facts, not prose"):
        Mine(graph="graph", generator="grammar")
