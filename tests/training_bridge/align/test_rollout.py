import json

import numpy as np
import pytest
import torch

from datagen.errors import UsageError
from knowledge_graph import load
from tests.knowledge_graph.conftest import SAMPLE, build
from tests.training_bridge.align.small import tokenizer
from tests.training_bridge.tiny import tiny_config
from training_bridge.align.dialogue import encode, question, text_ids
from training_bridge.align.reward import Judge
from training_bridge.align.rollout import Gumbel, Rollout, generate, keep, kept
from training_bridge.m1 import BaichuanM1ForCausalLM

STOPS = [2]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(1)
    shape = tiny_config(vocab_size=len(tokenizer()), max_position_embeddings=256, sliding_window=24)
    return BaichuanM1ForCausalLM(shape).eval()


def prompts(*texts):
    return [encode(tokenizer(), question(text), answered=False).ids for text in texts]


def test_gumbel_noise_samples_from_the_softmax():
    logits = torch.tensor([[2.0, 0.0, -1.0, 1.0]])
    draws = Gumbel([(7, n) for n in range(4000)], torch.device("cpu"))(None, logits.expand(4000, -1)).argmax(-1)
    expected = logits[0].softmax(-1).numpy()
    counts = np.bincount(draws.numpy(), minlength=4)
    chi_square = ((counts - 4000 * expected) ** 2 / (4000 * expected)).sum()
    assert chi_square < 16.3  # p = 0.001 at 3 degrees of freedom


def test_an_answer_depends_on_its_prompt_and_seed_not_on_its_batch(model):
    asked = prompts("What is 1 plus 2?", "3加4等于多少?", "What?", "9加9等于多少? 请回答。", "What is 1 plus 2?")
    seeds = [(0, n) for n in range(5)]
    options = {"max_new_tokens": 12, "stops": STOPS, "seeds": seeds}
    together = generate(model, tokenizer(), asked, batch=5, **options)
    apart = generate(model, tokenizer(), asked, batch=2, **options)
    for one, other in zip(together, apart, strict=True):
        assert one.response.tolist() == other.response.tolist() and one.ended == other.ended
    assert together[0].response.tolist() != together[4].response.tolist()
    again = generate(model, tokenizer(), asked[4:], batch=1, **(options | {"seeds": seeds[:1]}))
    assert again[0].response.tolist() == together[0].response.tolist()
    assert [r.prompt.tolist() for r in together] == [p.tolist() for p in asked]


def test_without_seeds_it_is_the_likeliest_token_each_time(model):
    (asked,) = prompts("What is 5 plus 2?")
    (found,) = generate(model, tokenizer(), [asked], max_new_tokens=6, stops=STOPS, batch=1)
    ids = torch.tensor([asked.tolist()])
    for token in found.response:
        with torch.no_grad():
            best = model(ids).logits[0, -1].argmax().item()
        assert best == token
        ids = torch.cat([ids, torch.tensor([[token]])], 1)


def test_an_answer_ends_with_its_stop_or_its_own_line(model, monkeypatch):
    """The model is made to spell texts; each row must end where its own end is, and nowhere else."""
    words = tokenizer()
    texts = ["1 and 2\nAnswer: 3.", "a\nAnswer: b", "可以\n答案:三", "no end at all, not here, not there"]
    said = [text_ids(words, text).tolist() for text in texts]
    said[1] = [*said[1][:2], 2, *said[1][2:]]
    width = max(map(len, said))
    table = torch.full((4, width), 5)
    for row, ids in enumerate(said):
        table[row, : len(ids)] = torch.tensor(ids)
    asked = prompts(*"abcd")
    head, length = model.lm_head.forward, len(asked[0])

    def spelt(hidden):
        logits = head(hidden)
        place = spelt.place
        spelt.place += 1
        logits[:, -1] = torch.nn.functional.one_hot(table[:, place], logits.shape[-1]) * 100.0
        return logits

    spelt.place = 0
    monkeypatch.setattr(model.lm_head, "forward", spelt)
    assert len({len(p) for p in asked}) == 1 and length > 3
    ends = ["Answer", "Answer", "答案", "Answer"]
    found = generate(model, words, asked, max_new_tokens=width, stops=STOPS, ends=ends, batch=4)
    assert [words.decode(r.response) for r in found[:3]] == ["1 and 2\nAnswer", words.decode(said[1][:3]), "可以\n答案"]
    assert [r.ended for r in found] == [True, True, True, False]
    assert found[1].response[-1] == 2 and len(found[3].response) == width


def test_rollouts_are_kept_whole(tmp_path):
    rollouts = [Rollout(np.array([1, 2], np.int32), np.array([3], np.int32), True)]
    path = tmp_path / "a" / "b.parquet"
    assert kept(path) is None
    keep(path, ["x"], rollouts, ["text"], [0.5])
    found, rewards = kept(path)
    assert found[0].prompt.tolist() == [1, 2] and found[0].response.tolist() == [3] and found[0].ended
    assert rewards == [0.5] and [p.name for p in path.parent.iterdir()] == ["b.parquet"]


class Model:
    """In a reward model's place: longer answers are better."""

    def score(self, prompts, responses):
        return np.array([len(r) / 100 for r in responses])


def test_checkers_judge_first_and_the_model_where_there_is_none():
    judge = Judge()
    number = {"prompt": "1+2?", "checker": "number", "answer": json.dumps({"value": 3})}
    choice = {"prompt": "?", "checker": "choice", "answer": "B"}
    assert judge([number, number, choice], ["Answer: 3", "答案:4", "Answer: B"]) == [
        (1.0, True),
        (0.0, False),
        (1.0, True),
    ]
    open_ = {"prompt": "Tell me."}
    with pytest.raises(UsageError, match="no reward model"):
        judge([open_], ["x"])
    judge.scorer = Model()
    assert judge([open_, number], ["x" * 30, "a very long answer that is wrong: 5"]) == [(0.3, None), (0.0, False)]


def test_a_checker_that_can_not_work_is_said_before_anything_starts():
    with pytest.raises(UsageError, match="entity") as found:
        Judge().require([{"prompt": "?", "checker": "entity", "answer": "{}"}])
    assert "graph" in found.value.fix
    with pytest.raises(UsageError, match="magic"):
        Judge().require([{"prompt": "?", "checker": "magic", "answer": "{}"}])


def test_entities_are_checked_by_their_graph_in_both_languages(tmp_path):
    folder, _ = build(tmp_path, obo=str(SAMPLE / "sample.obo"), babelon=str(SAMPLE / "sample-zh.babelon.tsv"))
    graph = load(folder)
    node = next(node for node in graph.of_type("disease") if graph.node(node).names("zh"))
    asked = {"prompt": "?", "checker": "entity", "answer": json.dumps({"id": node, "up": 0})}
    said = [
        f"Diagnosis: {graph.node(node).names('en')[0]}.",
        f"诊断:{graph.node(node).names('zh')[0]}。",
        "Diagnosis: none.",
    ]
    assert [v.right for v in Judge(folder)([asked] * 3, said)] == [True, True, False]
