"""Models on this machine: in the process, behind transformers' own server, and what is not installed here."""

import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from datagen.answers import Answers, Meter
from datagen.errors import UsageError
from datagen.generator import Request, make_generator
from datagen.store import Store
from synthesis.generators.local import Local
from synthesis.generators.openai import OpenAI
from synthesis.generators.ray_llm import RayLLM, asked, reply
from tests.synthesis.tiny_model import make_tiny_model

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_tiny_model(tmp_path_factory.mktemp("tiny"))


def request(number: int, **more) -> Request:
    talk = ({"role": "system", "content": "You write."}, {"role": "user", "content": "言" * number + "x"})
    return Request(f"r{number}", talk, **{"seed": number, "max_tokens": 12 + number, **more})


def test_a_text_depends_on_its_request_alone(model):
    wanted = [request(i) for i in range(6)]
    together = Local(model=str(model), batch=6).generate(wanted)
    apart = Local(model=str(model), batch=1).generate(list(reversed(wanted)))
    assert {r.id: r.text for r in together} == {r.id: r.text for r in apart}
    assert len({r.text for r in together}) == 6
    assert [r.usage.completion_tokens for r in together] == [12 + i for i in range(6)]
    assert {r.finish_reason for r in together} == {"length"}
    other = Local(model=str(model)).generate([request(0, seed=99), request(0, temperature=0.0), request(0)])
    assert len({r.text for r in other}) == 3
    assert other[2].text == together[0].text


def test_what_does_not_fit_and_what_is_no_json_are_errors_of_that_text_alone(model):
    found = Local(model=str(model)).generate([request(0), request(300), request(1, schema=SCHEMA, max_tokens=500)])
    assert [r.error for r in found] == [None, "prompt_too_long", "prompt_too_long"]
    short = Local(model=str(model), repairs=1).generate([request(1, schema=SCHEMA)])
    assert short[0].finish_reason == "length"  # a cut answer is not asked for again


def test_answers_are_remembered_and_new_weights_ask_anew(model, tmp_path):
    store = Store(str(tmp_path))

    def text() -> str:
        generator = Local(model=str(model))
        generator.remember(Answers(store), Meter(store))
        return generator.generate([request(0)])[0].text

    first = text()
    (cached,) = store.files("_cache/answers")
    store.write(cached[0], store.read(cached[0]).replace(b'"text": "', b'"text": "kept '))
    assert text() == f"kept {first}"
    os.utime(model / "model.safetensors", (1, 1))
    assert text() == first


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="can't be opened"):
        Local(model=str(tmp_path / "none")).setup()


@pytest.fixture(scope="module")
def server(model):
    """`transformers serve` with the tiny model."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = f"{os.path.dirname(sys.executable)}/transformers"
    quiet = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    command = [program, "serve", str(model), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    process = subprocess.Popen(command, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            time.sleep(0.2)
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except OSError:
                assert process.poll() is None, "the server has ended"
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


def test_a_real_server_answers_through_http(model, server):
    pytest.importorskip("uvicorn")
    generator = OpenAI(url=server, model=str(model), private=True, parallel=2, timeout=60, structured="prompt")
    found = generator.generate([request(i) for i in range(4)])
    assert [(r.error, r.finish_reason) for r in found] == [(None, "length")] * 4
    assert all(r.text for r in found)
    assert [r.usage.completion_tokens for r in found] == [12 + i for i in range(4)]
    assert all(r.usage.prompt_tokens > 20 for r in found)


def test_engines_that_are_not_installed_are_named_before_anything_starts():
    generator = make_generator("ray_llm", model="m")
    with pytest.raises(UsageError, match="needs vLLM"):
        generator.setup()
    with pytest.raises(UsageError, match="needs vLLM"):
        generator.generate([request(0)])


def test_engines_are_configured_as_ray_data_llm_takes_it():
    generator = RayLLM(model="m", engines=2, batch=8, engine={"max_model_len": 4096, "tensor_parallel_size": 2})
    config = generator.config()
    assert (config.model_source, config.concurrency, config.batch_size) == ("m", 2, 8)
    assert config.should_continue_on_error
    assert config.engine_kwargs["tensor_parallel_size"] == 2


def test_rows_go_to_the_engines_with_their_schema_and_come_back_as_answers_or_errors():
    row = asked(3, request(1, schema=SCHEMA), [{"role": "user", "content": "x"}])
    assert row["sampling_params"]["structured_outputs"]["json"] == SCHEMA
    back = row | {"generated_text": "{}", "num_input_tokens": 7, "num_generated_tokens": 2, "__inference_error__": ""}
    assert reply(back) == {"text": "{}", "finish_reason": "stop", "prompt_tokens": 7, "completion_tokens": 2}
    assert reply(back | {"num_generated_tokens": 13})["finish_reason"] == "length"
    assert reply(back | {"__inference_error__": "too long"}) == {"error": "engine"}
