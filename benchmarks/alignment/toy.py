"""A task whose optimum is known, each method from the same start, three seeds. A question names a letter, in English or
Chinese; right is to think of that letter and to answer with it: accuracy 1, log-likelihood 0, in `SHORTEST` tokens.

The start has learnt from answers that are right two times in five, and that ramble at will. Then it is aligned: SFT on
right answers, ELO on questions and reference answers, TDPO on pairs of a right and a wrong answer, PPO on the checker's
word. Answers are sampled, as many before as after. Errors are of the difference over all answers of all seeds.
"""

import os
import random
import string
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch

from reward_filter.pairs import Sample, views
from training_bridge.align.aligner import load
from training_bridge.align.config import AlignConfig, ELOConfig, PPOConfig, SFTConfig, TDPOConfig
from training_bridge.align.dialogue import encode, question
from training_bridge.align.reward import Judge
from training_bridge.align.rollout import generate
from training_bridge.align.run import align
from training_bridge.export import ends_of_turn
from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM
from training_bridge.tokenizer import train_tokenizer

LETTERS = string.ascii_uppercase[:8]
ASKS = {"en": "Which letter is {}?", "zh": "哪个字母是{}?"}
THINKS = {"en": "The letter is {}.", "zh": "字母是{}。"}
RAMBLES = {"en": " Let me see.", "zh": "让我想想。"}
ENDS = {"en": "\nAnswer: {}.", "zh": "\n答案:{}。"}
RIGHT = 0.4
ANSWERS = 400
COMMON: dict[str, Any] = {"max_tokens": 96, "max_new_tokens": 40, "heldout": 0, "checkpoint_every": 1000}
START = SFTConfig(batch=8, micro_batch=8, rounds=30, peak_lr=3e-3, final_lr=3e-4, surrounded=0.0, **COMMON)
METHODS: dict[str, AlignConfig] = {
    "sft": SFTConfig(batch=8, micro_batch=8, rounds=5, peak_lr=1e-3, surrounded=0.0, **COMMON),
    "elo": ELOConfig(batch=8, micro_batch=8, samples=4, steps=60, peak_lr=1e-3, kl=0.01, **COMMON),
    "tdpo": TDPOConfig(batch=16, micro_batch=16, rounds=4, peak_lr=2e-4, **COMMON),
    "ppo": PPOConfig(
        batch=32, micro_batch=8, steps=60, epochs=2, minibatches=2, peak_lr=1e-3, kl=0.01, soft_tokens=30, **COMMON
    ),
}  # fmt: skip


def measure(data: Path) -> None:
    seeds = [int(seed) for seed in os.environ.get("SEEDS", "0,1,2").split(",")]
    found: dict[str, list[dict[str, np.ndarray]]] = {name: [] for name in ("start", *METHODS)}
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            start = _start(root, seed)
            found["start"].append(_asked(start, seed))
            for name, config in METHODS.items():
                config = config.model_copy(update={"seed": seed})
                out = align(config, start, root / "right", root / name, work=root / f"{name}-work")
                found[name].append(_asked(out.model, seed))
    print(f"{len(seeds)} seeds, {ANSWERS} sampled answers each")
    print(
        f"{'':8}{'accuracy':>10}{'standard errors':>17}{'log-likelihood':>16}{'length, tokens':>16}{'found an end':>14}"
    )
    for name, rows in found.items():
        merged = {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}
        if name == "start":
            before = merged
            gain = ""
        else:
            gain = f"{_deviations(before['right'], merged['right']):.1f}"
        print(
            f"{name:8}{merged['right'].mean():>10.3f}{gain:>17}{merged['likelihood'].mean():>16.3f}"
            f"{merged['length'].mean():>16.1f}{merged['ended'].mean():>14.3f}"
        )
    print("target: each method at least 5 standard errors above the start, none by writing longer answers")


def _deviations(before: np.ndarray, after: np.ndarray) -> float:
    variance = sum(values.var(ddof=1) / len(values) for values in (before, after))
    return float((after.mean() - before.mean()) / max(variance, 1e-12) ** 0.5)


def _samples(count: int, seed: int, right: float) -> list[Sample]:
    """Good ones, right as often as said; with each, one that is wrong, and as long."""
    draw, found = random.Random(seed), []
    for number in range(count):
        language, letter = draw.choice(("en", "zh")), draw.choice(LETTERS)
        other = draw.choice([each for each in LETTERS if each != letter])
        ramble = RAMBLES[language] * draw.choice((0, 0, 1, 2))
        said = [THINKS[language].format(x) + ramble + ENDS[language].format(x) for x in (letter, other)]
        if draw.random() > right:
            said.reverse()
        about = {"language": language, "group": f"g{number}", "split": "train"}
        check, prompt = ("choice", letter), ASKS[language].format(letter)
        found.append(Sample(f"{number:04d}", prompt, said[0], True, "accepted", check=check, **about))
        found.append(Sample(f"{number:04d}/x", prompt, said[1], False, "reflection", than=f"{number:04d}", **about))
    return found


def _start(root: Path, seed: int) -> Path:
    for name, right in (("mixed", RIGHT), ("right", 1.0)):
        (root / name).mkdir()
        for view, table in views(_samples(256, seed, right)).items():
            pq.write_table(table, root / name / f"{view}.parquet")
    tokenizer = train_tokenizer((text for s in _samples(256, 0, 1.0) for text in (s.prompt, s.response)), 400)
    torch.manual_seed(seed)
    shape = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    heads = {"num_key_value_heads": 1, "num_swa_attention_heads": 4, "num_swa_key_value_heads": 2}
    config = BaichuanM1Config(
        vocab_size=len(tokenizer), sliding_window=64, max_position_embeddings=256, **shape, **heads
    )
    BaichuanM1ForCausalLM(config).save_pretrained(root / "new")
    tokenizer.save_pretrained(root / "new")
    options = START.model_copy(update={"seed": seed})
    return align(options, root / "new", root / "mixed", root / "start", work=root / "start-work").model


def _asked(folder: Path, seed: int) -> dict[str, np.ndarray]:
    """Of so many sampled answers: whether right, log-likelihood of the reference behind a thought, length, end."""
    from transformers import AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), load(folder).eval()
    asked = [(language, letter) for language in ASKS for letter in LETTERS] * (ANSWERS // (2 * len(LETTERS)))
    prompts = [encode(tokenizer, question(ASKS[language].format(x)), answered=False).ids for language, x in asked]
    stops = ends_of_turn(model, tokenizer)
    options = {"max_new_tokens": 40, "stops": stops, "batch": 100}
    seeds = [(seed, 9, number) for number in range(len(prompts))]
    rollouts = generate(model, tokenizer, prompts, seeds=seeds, **options)
    texts = tokenizer.batch_decode([rollout.response for rollout in rollouts], skip_special_tokens=True)
    rows = [{"prompt": "", "checker": "choice", "answer": letter} for _, letter in asked]
    words = ["Answer" if language == "en" else "答案" for language, _ in asked]
    thoughts = generate(model, tokenizer, prompts, seeds=seeds, ends=words, **options)
    behind = [
        tokenizer(ENDS[lang].format(x)[len(w) + 1 :], add_special_tokens=False).input_ids
        for (lang, x), w in zip(asked, words, strict=True)
    ]
    likelihood = [
        _likelihood(model, np.concatenate([t.prompt, t.response]), told)
        for t, told in zip(thoughts, behind, strict=True)
    ]
    return {
        "right": np.array([verdict.right for verdict in Judge()(rows, texts)], float),
        "likelihood": np.array(likelihood),
        "length": np.array([len(rollout.response) for rollout in rollouts], float),
        "ended": np.array([rollout.ended for rollout in rollouts], float),
    }


@torch.no_grad()
def _likelihood(model: BaichuanM1ForCausalLM, context: np.ndarray, told: list[int]) -> float:
    ids = torch.tensor([[*context.tolist(), *told]])
    log = model(ids).logits[0, len(context) - 1 : -1].double().log_softmax(-1)
    return log[torch.arange(len(told)), torch.tensor(told)].mean().item()
