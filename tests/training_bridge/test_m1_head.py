import copy

import pytest
import torch
from torch.nn import functional as F
from trl.trainer.utils import add_fused_lm_head

from tests.training_bridge.tiny import tiny_config, tiny_model
from training_bridge.m1 import BaichuanM1ForSequenceClassification


def ids(batch: int, time: int) -> torch.Tensor:
    return torch.randint(3, 97, (batch, time), generator=torch.Generator().manual_seed(time))


def label_log_probs(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return logits[:, :-1].log_softmax(-1).gather(-1, labels[:, 1:, None])[..., 0]


def test_trl_log_probabilities_and_gradients_are_the_models_own():
    labels = ids(2, 12)
    model, fused = tiny_model(), tiny_model()
    add_fused_lm_head(fused)
    expected = model(labels, labels=labels)
    found = fused(labels, labels=labels, fused_lm_head=True)
    own = label_log_probs(expected.logits, labels)
    assert (found.log_probs - own).abs().max() <= 1e-5
    expected.loss.backward()
    found.loss.backward()
    assert (model.lm_head.weight.grad - fused.lm_head.weight.grad).abs().max() <= 1e-5
    with torch.no_grad():
        raw = label_log_probs(F.linear(model.model(labels).last_hidden_state, model.lm_head.weight), labels)
    assert (raw - own).abs().max() > 0.1  # what it would be, did it read the stored weight


def test_frozen_head_is_the_head():
    head = tiny_model().lm_head
    hidden = torch.randn(3, 32)
    with torch.no_grad():
        plain = head(hidden)
        with head.frozen():
            assert (head(hidden) - plain).abs().max() <= 1e-5
            assert (head(hidden) - plain).abs().max() <= 1e-5
        assert torch.equal(head(hidden), plain)


@pytest.mark.parametrize("change", ["in place", "data", "assignment", "resize", "load", "optimizer"])
def test_generation_never_sees_old_norms(change):
    model, prompt = tiny_model(), ids(1, 6)
    options = {"max_new_tokens": 6, "do_sample": False, "eos_token_id": None, "output_logits": True}
    options["return_dict_in_generate"] = True
    model.generate(prompt, **options)
    scale = torch.linspace(0.2, 9, 97)[:, None]
    with torch.no_grad():
        if change == "in place":
            model.lm_head.weight.mul_(scale)
        elif change == "data":
            model.lm_head.weight.data.mul_(scale)
        elif change == "assignment":
            model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight * scale)
        elif change == "resize":
            model.resize_token_embeddings(120)
        elif change == "load":
            state = model.state_dict()
            model.load_state_dict(state | {"lm_head.weight": state["lm_head.weight"] * scale})
        else:
            optimizer = torch.optim.SGD([model.lm_head.weight], lr=5.0)
            model.lm_head.weight.grad = torch.randn(97, 32, generator=torch.Generator().manual_seed(0))
            optimizer.step()
    generated = model.generate(prompt, **options)
    with torch.no_grad():
        expected = model(generated.sequences[:, :-1], use_cache=False).logits[:, -6:]
    assert (torch.stack(generated.logits, dim=1) - expected).abs().max() <= 1e-5


def test_an_interrupted_generation_leaves_nothing_behind():
    model, prompt = tiny_model(), ids(1, 6)

    class Stop(Exception):
        pass

    def stop(sequences, scores):
        raise Stop

    with pytest.raises(Stop):
        model.generate(prompt, max_new_tokens=4, logits_processor=[stop])
    assert model.lm_head._norms is None
    copy.deepcopy(model)


@pytest.fixture(scope="module")
def classifier():
    torch.manual_seed(1)
    return BaichuanM1ForSequenceClassification(tiny_config(num_labels=3)).eval()


def test_classification_ignores_padding(classifier):
    texts = [ids(1, length)[0] for length in (4, 9, 13)]
    with torch.no_grad():
        alone = torch.cat([classifier(text[None]).logits for text in texts])
        for side in ("left", "right"):
            pads = [torch.zeros(13 - len(text), dtype=torch.long) for text in texts]
            rows = [torch.cat([p, t] if side == "left" else [t, p]) for p, t in zip(pads, texts, strict=True)]
            batch = torch.stack(rows)
            together = classifier(batch, attention_mask=(batch != 0).long()).logits
            assert (together - alone).abs().max() <= 1e-5, side
    assert alone.shape == (3, 3)


def test_classifier_learns_and_starts_from_a_language_model(classifier, tmp_path):
    tiny_model().save_pretrained(tmp_path)
    model, report = BaichuanM1ForSequenceClassification.from_pretrained(
        tmp_path, num_labels=2, output_loading_info=True
    )
    assert report["missing_keys"] == {"score.weight"}
    assert report["unexpected_keys"] == {"lm_head.weight"}
    batch = ids(16, 8)
    labels = (batch[:, 2] > 50).long()
    optimizer = torch.optim.AdamW(model.train().parameters(), lr=3e-3)
    for _ in range(60):
        loss = model(batch, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert loss < 0.05
