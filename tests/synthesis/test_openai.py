"""The HTTP generator against a server that goes wrong in every way that servers do."""

import json
import time

import pytest

from datagen.answers import Answers, BudgetSpent, Meter
from datagen.errors import DatagenError
from datagen.generator import Request, make_generator
from datagen.store import Store
from datagen.web import Refused
from synthesis.generators.openai import OpenAI
from tests.synthesis.scripted_server import Script, Serving

SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
    "additionalProperties": False,
}


def request(number: int = 0, **more) -> Request:
    return Request(f"r{number}", ({"role": "user", "content": f"say {number}"},), **more)


def client(server: Serving, **options) -> OpenAI:
    return OpenAI(url=server.url, private=True, **{"model": "m", "tries": 8, **options})


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch):
    monkeypatch.setattr("synthesis.generators.openai.FIRST_RETRY", 0.005)


def test_every_request_gets_its_own_answer_whatever_goes_wrong():
    faults = {"429": 0.05, "500": 0.05, "cut": 0.05, "empty": 0.05}
    with Serving(Script(slow=(0, 0.02), faults=faults, same_id=True)) as server:
        found = client(server, tries=20).generate([request(i) for i in range(300)])
    assert [r.id for r in found] == [f"r{i}" for i in range(300)]
    assert [r.text for r in found] == [f"echo: say {i}" for i in range(300)]
    assert {r.usage.completion_tokens for r in found} == {5}
    assert server.counts["repeated"] == 0  # nothing was asked again that had been answered
    assert all(server.counts[kind] > 0 for kind in faults)


def test_a_slow_server_is_waited_for_and_a_hanging_one_is_left():
    with Serving(Script(first=["hang"])) as server:
        (found,) = client(server, timeout=0.3).generate([request()])
    assert (found.text, server.counts["calls"]) == ("echo: say 0", 2)
    with Serving(Script(faults={"hang": 1})) as server:
        (lost,) = client(server, timeout=0.1, tries=2).generate([request()])
    assert (lost.error, lost.finish_reason, server.counts["calls"]) == ("timeout", "error", 2)


@pytest.mark.parametrize(
    ("faults", "calls", "error"),
    [
        (["bad_json"], 2, None),
        (["wrong_schema"], 2, None),
        (["wrong_schema", "bad_json", "wrong_schema"], 3, "schema"),
        (["", "never asked"], 1, None),
    ],
)
def test_json_is_checked_and_asked_for_again_with_the_mistake_named(faults, calls, error):
    with Serving(Script(first=list(faults))) as server:
        (found,) = client(server, repairs=2).generate([request(schema=SCHEMA)])
    assert (found.error, server.counts["calls"]) == (error, calls)
    assert found.usage.completion_tokens == 5 * calls  # what was paid for is counted, used or not
    if error is None:
        assert json.loads(found.text) == {"question": "words", "answer": "words"}
    if faults[0] == "wrong_schema":
        said = server.server.bodies[1]["messages"]
        assert [m["role"] for m in said] == ["user", "assistant", "user"]
        assert "'surprise' was unexpected" in said[2]["content"] or "'question' is a required" in said[2]["content"]


def test_truncation_is_noticed_and_never_taken_for_an_answer():
    with Serving(Script(faults={"truncated": 1})) as server:
        plain, structured = client(server).generate([request(), request(1, schema=SCHEMA)])
    assert (plain.finish_reason, structured.finish_reason) == ("length", "length")
    assert server.counts["calls"] == 2


def test_the_servers_limit_is_found_and_its_wishes_are_honoured():
    with Serving(Script(slots=12, refuse=True, slow=(0.02, 0.04), retry_after=0.05)) as server:
        generator = client(server, patience=60)
        found = generator.generate([request(i) for i in range(400)])
    assert all(r.error is None for r in found)
    assert server.counts["most_at_once"] == 12
    (limiter,) = generator._limiters.values()
    assert limiter.in_flight == 0
    assert limiter.limit < 256
    with Serving(Script(first=["429"], retry_after=0.4)) as server:
        start = time.monotonic()
        client(server).generate([request()])
        assert time.monotonic() - start > 0.4


def test_refusals_for_load_do_not_count_as_tries():
    with Serving(Script(first=["429"] * 12)) as server:
        (found,) = client(server, tries=1).generate([request()])
    assert (found.error, server.counts["calls"]) == (None, 13)


def test_calls_are_shared_by_several_servers():
    with Serving(Script(slow=(0.02, 0.02))) as one, Serving(Script(slow=(0.02, 0.02))) as two:
        generator = OpenAI(url=(one.url, two.url), model="m", private=True)
        assert all(r.error is None for r in generator.generate([request(i) for i in range(80)]))
    assert min(one.counts["calls"], two.counts["calls"]) > 20


def test_what_was_paid_for_is_remembered_and_one_question_is_asked_once(tmp_path):
    store = Store(str(tmp_path))
    with Serving(Script()) as server:
        for _ in range(2):
            generator = client(server)
            generator.remember(Answers(store), Meter(store))
            found = generator.generate([request(i % 5) for i in range(20)])
            assert [r.text for r in found] == [f"echo: say {i % 5}" for i in range(20)]
        assert server.counts["calls"] == 5
        different = [
            client(server, model="other"),
            client(server, revision="2"),
            client(server, extra={"top_p": 0.5}),
        ]
        for generator in different:
            generator.remember(Answers(store), Meter(store))
            generator.generate([request(0)])
        generator = client(server)
        generator.remember(Answers(store), Meter(store))
        changed = [{"seed": 1}, {"temperature": 0.1}, {"max_tokens": 9}, {"schema": SCHEMA}]
        generator.generate([request(0, **more) for more in changed])
        assert server.counts["calls"] == 5 + len(different) + len(changed)


def test_errors_are_not_remembered(tmp_path):
    store = Store(str(tmp_path))
    with Serving(Script(first=["500"])) as server:
        for expected in ("http_500", None):
            generator = client(server, tries=1)
            generator.remember(Answers(store), Meter(store))
            assert generator.generate([request()])[0].error == expected


def test_the_budget_stops_the_run_and_a_larger_one_goes_on_where_it_stopped(tmp_path):
    store = Store(str(tmp_path))

    def run(limit: int):
        generator = client(server, max_tokens_total=limit, parallel=4)
        generator.remember(Answers(store), Meter(store))
        return generator.generate([request(i) for i in range(50)])

    with Serving(Script(slow=(0.005, 0.01))) as server:
        with pytest.raises(BudgetSpent, match="budget is spent") as stop:
            run(15 * 20)
        assert "kept" in stop.value.fix
        paid = server.counts["calls"]
        assert 20 <= paid <= 24  # what was under way ended
        assert Meter(store).total().calls == paid
        with pytest.raises(BudgetSpent):
            run(15 * 20)
        assert server.counts["calls"] == paid
        assert all(r.error is None for r in run(10**6))
        assert server.counts["calls"] == 50


def test_a_wrong_key_stops_at_once_and_the_key_is_nowhere_but_in_the_header(monkeypatch):
    with Serving(Script(key="s3cret")) as server:
        generator = client(server, key_env="TEST_LLM_KEY")
        with pytest.raises(DatagenError, match="refuses the key") as stop:
            generator.generate([request(i) for i in range(300)])
        assert server.counts["calls"] <= 64  # those that went out at first
        monkeypatch.setenv("TEST_LLM_KEY", "s3cret")
        assert generator.generate([request()])[0].error is None
    assert "s3cret" not in str(stop.value) + repr(generator)
    assert all("s3cret" not in json.dumps(body) for body in server.server.bodies)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": "http://example.org/v1"}, "not https"),
        ({"url": "https://127.0.0.1/v1"}, "not https to a named host"),
        ({"url": "https://user@example.org/v1"}, "not the address"),
        ({"url": "ftp://example.org/v1"}, "not the address"),
        ({"url": "https://example.org/v1", "extra": {"stream": True}}, "can't be given"),
        ({"url": "https://example.org/v1", "max_cost": 1}, "price"),
    ],
)
def test_a_recipe_that_asks_for_what_may_not_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make_generator("openai", model="m", **options)


@pytest.mark.parametrize("addresses", [["169.254.169.254"], ["10.0.0.8"], ["8.8.8.8", "127.0.0.1"], ["::1"]])
def test_a_public_name_that_leads_inside_is_not_followed(monkeypatch, addresses):
    monkeypatch.setattr("synthesis.generators.wire.system_resolver", lambda host, port: addresses)
    with pytest.raises(Refused, match="not a public address"):
        OpenAI(url="https://models.example.org/v1", model="m").generate([request()])


def test_a_private_name_that_leads_outside_is_not_followed(monkeypatch):
    for address in ("8.8.8.8", "169.254.169.254"):
        monkeypatch.setattr("synthesis.generators.wire.system_resolver", lambda host, port, a=address: [a])
        with pytest.raises(Refused, match="not in a private network"):
            OpenAI(url="http://gpu-box/v1", model="m", private=True).generate([request()])


def test_restricted_text_stays_in_the_network():
    held = request(restricted=True)
    assert OpenAI(url="https://example.org/v1", model="m").generate([held])[0].error == "restricted"
    with Serving(Script()) as server:
        assert client(server).generate([held])[0].error is None
