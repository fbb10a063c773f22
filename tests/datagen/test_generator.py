"""The policy of generators: what may be sent where, what may be rewritten, whose output may train. Counted at a real
server, with a generator that a third party wrote."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from toy_generator import Posting

from datagen.errors import UsageError
from datagen.generator import Generator, Request, Response, make_generator
from datagen.recipe import load_recipe
from datagen.recipe_file import RecipeError
from datagen.record import SCHEMA, record_id, table
from tests.datagen.runs import write_recipe

CANARY = "canary-7391"


class Listening:
    """An endpoint that notes every body it gets."""

    def __init__(self):
        self.bodies: list[bytes] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                outer.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"an answer")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def endpoint():
    found = Listening()
    yield found
    found.server.shutdown()
    found.server.server_close()


def record(**labels) -> dict:
    """One row of the record schema: open, clean, of an article."""
    row = {"id": record_id("s", "1"), "group": "g", "split": "train", "text": CANARY, "source": "s", "source_id": "1"}
    (found,) = table([row | {"license": "CC-BY-4.0", "phi_status": "clean"} | labels]).to_pylist()
    assert set(found) == set(SCHEMA.names)
    return found


def ask(generator: Generator, *records: dict) -> Response:
    prompt = ({"role": "user", "content": " ".join(r["text"] for r in records)},)
    (response,) = generator.generate([Request.about(records, id="1", messages=prompt)])
    return response


PATIENT = {"source_id": record_id("s", "1"), "phi_status": "redacted"}


@pytest.mark.parametrize(
    ("labels", "error"),
    [
        ({"access": "restricted"}, "restricted"),
        ({"phi_status": "unknown"}, "restricted"),
        (PATIENT, "patient_level"),
        (PATIENT | {"access": "restricted"}, "restricted"),
        ({"license": "CC-BY-ND-4.0"}, "licence"),
        ({"license": "NOASSERTION"}, "licence"),
        ({"license": "CC-BY-4.0 AND LicenseRef-CC-BY-NC-ND"}, "licence"),
    ],
)
def test_what_policy_forbids_never_reaches_the_server(endpoint, labels, error):
    generator = Posting(url=endpoint.url)
    response = ask(generator, record(), record(**labels))
    assert (response.error, response.finish_reason, response.text) == (error, "error", "")
    assert endpoint.bodies == []
    assert ask(generator, record()).text == "an answer" and len(endpoint.bodies) == 1


def test_allowed_and_forbidden_requests_keep_their_order(endpoint):
    open_, closed = record(), record(access="restricted", text=CANARY)
    asked = [
        Request.about([row], id=str(number), messages=({"role": "user", "content": str(number)},))
        for number, row in enumerate([closed, open_, closed, open_])
    ]
    answers = Posting(url=endpoint.url).generate(asked)
    assert [(a.id, a.error) for a in answers] == [("0", "restricted"), ("1", None), ("2", "restricted"), ("3", None)]
    assert [json.loads(body)[0]["content"] for body in endpoint.bodies] == ["1", "3"]


def test_a_recipe_approves_patient_level_text_but_never_restricted_text(endpoint):
    generator = make_generator("toy", url=endpoint.url, patient_text_approved=True)
    assert ask(generator, record(**PATIENT)).text == "an answer"
    assert ask(generator, record(**PATIENT, access="restricted")).error == "restricted"
    assert len(endpoint.bodies) == 1


def test_a_local_generator_may_read_everything_but_rewrite_only_what_it_may():
    class Local(Generator):
        def generate(self, requests):
            return [Response(request.id, "text") for request in requests]

    assert ask(Local(), record(**PATIENT, access="restricted")).text == "text"
    assert ask(Local(), record(license="CC-BY-ND-4.0")).error == "licence"


def test_no_subclass_escapes():
    class Answers:
        def generate(self, requests):
            raise AssertionError("was asked")

    class Mixed(Answers, Generator):
        remote = True

    class Heir(Posting):
        pass

    class Overriding(Posting):
        def generate(self, requests):
            return super().generate(requests)

    for generator in (Mixed(), Heir(url="http://127.0.0.1:9/"), Overriding(url="http://127.0.0.1:9/")):
        assert ask(generator, record(access="restricted")).error == "restricted"


def test_a_generator_that_loses_requests_is_found_out():
    class Lossy(Generator):
        def generate(self, requests):
            return []

    with pytest.raises(ValueError, match="answered 0 of 1"):
        ask(Lossy(), record())


RECIPE = """
name: refused
stages:
  graph: {{use: knowledge_graph.build, obo: {obo}, license: CC0-1.0}}
  texts:
    use: synthesis.generate
    graph: graph
    generator: toy
    generator_options: {options}
"""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("{url: 'http://x/', output_may_train: false}", "yaml:8: .*forbid training models on what it writes"),
        ("{}", "yaml:9: .*generator_options.url: Field required"),
        ("{url: 'http://x/', key: canary-7391}", "yaml:9: .*generator_options.key: Extra inputs are not permitted"),
    ],
)
def test_a_generator_that_may_not_be_used_is_refused_at_plan(tmp_path, options, message):
    (tmp_path / "graph.obo").write_text("format-version: 1.2\n\n[Term]\nid: A:1\nname: fever\n")
    path = write_recipe(tmp_path, RECIPE.format(obo=tmp_path / "graph.obo", options=options))
    with pytest.raises(RecipeError) as refused:
        load_recipe(path)
    (mistake,) = refused.value.mistakes
    assert re.search(message, str(mistake)) and CANARY not in str(refused.value)
    allowed = write_recipe(tmp_path, RECIPE.format(obo=tmp_path / "graph.obo", options="{url: 'http://x/'}"))
    assert load_recipe(allowed).steps["texts"].stage.generator == "toy"


def test_an_unknown_generator_is_named():
    with pytest.raises(UsageError, match="no generator is named gramar"):
        make_generator("gramar")
