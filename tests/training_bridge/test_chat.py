import io

import pytest
import torch
import typer
from transformers import LlamaConfig, LlamaForCausalLM
from typer.testing import CliRunner

from datagen import notice
from datagen.errors import UsageError
from tests.training_bridge.texts import documents
from tests.training_bridge.tiny import tiny_model
from training_bridge.chat import Conversation, printable
from training_bridge.chat_command import chat
from training_bridge.tokenizer import train_tokenizer

TOKENIZER = train_tokenizer(documents(200, seed=0), 500)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    tiny_model(vocab_size=500, max_position_embeddings=128).save_pretrained(folder)
    TOKENIZER.save_pretrained(folder)
    return folder


def test_streams_what_it_answers_and_keeps_the_turns(folder):
    conversation = Conversation(folder, system="Be brief.")
    heard = io.StringIO()
    answer = conversation.answer("发热怎么办？", max_new_tokens=12, seed=3, on_text=heard.write)
    assert heard.getvalue() == answer
    assert conversation.turns[0] == {"role": "user", "content": "发热怎么办？"}
    assert conversation.turns[1] == {"role": "assistant", "content": answer}
    again = Conversation(folder, system="Be brief.")
    assert again.answer("发热怎么办？", max_new_tokens=12, seed=3, on_text=heard.write) == answer
    # The model reads the system's words, the turns before and the new one.
    conversation.answer("And then?", max_new_tokens=4, temperature=0, on_text=heard.write)
    assert len(conversation.turns) == 4


def test_an_answer_ends_before_the_next_turn(folder):
    conversation = Conversation(folder)
    asked, calls = TOKENIZER.convert_tokens_to_ids("<C_Q>"), []

    def always_ask(module, inputs, logits):
        calls.append(len(calls))
        logits[..., asked] = 100 if len(calls) == 3 else -100
        return logits

    hook = conversation._model.lm_head.register_forward_hook(always_ask)
    conversation.answer("fever?", max_new_tokens=20, temperature=0, on_text=lambda text: None)
    hook.remove()
    assert len(calls) == 3


def test_old_turns_are_forgotten_when_the_context_is_full(folder):
    conversation = Conversation(folder)
    for question in ("fever for 3 days", "cough at night", "chest pain after surgery", "type 2 diabetes"):
        conversation.answer(question, max_new_tokens=30, on_text=lambda text: None)
    assert conversation.turns[-2]["content"] == "type 2 diabetes"
    assert conversation.turns[0]["content"] != "fever for 3 days"
    before = list(conversation.turns)
    with pytest.raises(UsageError, match="don't fit the model's 128 tokens"):
        conversation.answer("发热" * 100, max_new_tokens=30, on_text=lambda text: None)
    assert conversation.turns == before


def test_other_models_and_models_without_template(tmp_path):
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=500, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2
    )
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    tokenizer = train_tokenizer(documents(200, seed=0), 500)
    tokenizer.chat_template = None
    tokenizer.save_pretrained(tmp_path)
    heard = []
    Conversation(tmp_path).answer("The patient reports", max_new_tokens=8, seed=0, on_text=heard.append)
    assert "".join(heard)


def test_control_characters_do_not_reach_the_terminal():
    assert printable("a\x1b[2J\x07中\n\tb\u202e") == "a[2J中\n\tb"


def test_command(folder):
    app = typer.Typer()
    app.command()(chat)
    result = CliRunner().invoke(
        app, [str(folder), "--max-tokens", "5", "--seed", "1"], input="fever?\n咳嗽？\n\nnot asked\n"
    )
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == f"{notice.EN} {notice.ZH}"
    assert len(lines) >= 3


def test_folder_without_a_model_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match="can't be loaded as a causal language model"):
        Conversation(tmp_path)
