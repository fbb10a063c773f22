"""A little world to align in: a tiny model, sums in English and Chinese to ask it, and every view of them."""

import json
import random
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import torch

from reward_filter.pairs import Sample, views
from tests.training_bridge.tiny import tiny_config
from training_bridge.m1 import BaichuanM1ForCausalLM
from training_bridge.tokenizer import train_tokenizer

ASK = {"en": "What is {a} plus {b}?", "zh": "{a}加{b}等于多少?"}
SAY = {"en": "{a} and {b} make {c}.\nAnswer: {c}.", "zh": "{a}与{b}之和是{c}。\n答案:{c}。"}


def samples(count: int, seed: int = 0) -> list[Sample]:
    draw, found = random.Random(seed), []
    for number in range(count):
        language = "en" if number % 2 else "zh"
        a, b = draw.randint(0, 9), draw.randint(0, 9)
        prompt, right = ASK[language].format(a=a, b=b), SAY[language].format(a=a, b=b, c=a + b)
        about = {
            "language": language,
            "group": f"g{number}",
            "split": "validation" if number % 5 == 0 else "train",
        }
        check = ("number", json.dumps({"value": a + b, "relative": 0}))
        found.append(Sample(f"{number:04d}", prompt, right, True, "accepted", check=check, **about))
        wrong = SAY[language].format(a=a, b=b, c=a + b + draw.randint(1, 5))
        found.append(Sample(f"{number:04d}/before", prompt, wrong, False, "reflection", than=f"{number:04d}", **about))
    return found


@cache
def tokenizer():
    return train_tokenizer((text for s in samples(200) for text in (s.prompt, s.response)), 380)


def write_pairs(folder: Path, found: list[Sample]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in views(found).items():
        pq.write_table(table, folder / f"{name}.parquet")
    return folder


def write_model(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    config = tiny_config(vocab_size=len(tokenizer()), max_position_embeddings=128, sliding_window=24)
    BaichuanM1ForCausalLM(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder
