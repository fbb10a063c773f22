"""How easily the model is fooled: tricks that should not pay, the pull of length among answers of equal quality, and
what picking the best of n comes to by a gold score (errors put in) that it never sees."""

import random
from pathlib import Path

import numpy as np

from benchmarks.reward_parts._world import background, graph, linker, row, synthetic, trained
from reward_filter import probes
from reward_filter.corrupt import Corruptor, Item, whole_sentences
from reward_filter.scorer import Scorer

ITEMS, DRAWN = 120, 40


def measure(data: Path) -> None:
    del data
    model, _ = trained()
    scorer = Scorer(model, graph(), background())
    corruptor = Corruptor(graph(), linker())
    held_out = [i for i in synthetic() if i.split == "test" and i.prompt]
    items = random.Random(0).sample(held_out, min(ITEMS, len(held_out)))
    print("| trick | n | success | target |\n|---|---|---|---|")
    for found in [*probes.hacking(scorer, items), probes.wrong_with_true_facts(scorer, corruptor, items)]:
        row(found["trick"], found["n"], f"{found['success']:.3f}", "<= 0.05")
    found = [length_pull(scorer, item) for item in held_out]
    pulls = [pull for pull in found if pull is not None]
    print("\n| length among equally right answers | n | Spearman | target |\n|---|---|---|---|")
    row("beginnings of one answer, mean", len(pulls), f"{np.mean(pulls):.3f}", "<= 0.1")
    lengths = [len(item.response) for item in held_out if item.language == "en"]
    scores = scorer.raw(*zip(*((i.prompt, i.response) for i in held_out if i.language == "en"), strict=True))
    row("right answers to different questions, en", len(lengths), f"{spearman(lengths, scores):.3f}", "<= 0.1")
    lengths = [len(item.response) for item in held_out if item.language == "zh"]
    scores = scorer.raw(*zip(*((i.prompt, i.response) for i in held_out if i.language == "zh"), strict=True))
    row("right answers to different questions, zh", len(lengths), f"{spearman(lengths, scores):.3f}", "<= 0.1")
    print("\n| best of n | gold | blind |\n|---|---|---|")
    for found in probes.best_of(scorer, corruptor, items[:DRAWN]):
        row(found["n"], f"{found['gold']:.3f}", f"{found['blind']:.3f}")


def length_pull(scorer: Scorer, item: Item) -> float | None:
    """Spearman between length and score over the beginnings of one right answer, whole sentences each."""
    parts = {whole_sentences(item.response, len(item.response) * tenth // 10) for tenth in range(3, 11)}
    if len(parts) < 3:
        return None
    texts = sorted(parts, key=len)
    return spearman([len(text) for text in texts], scorer.raw([item.prompt] * len(texts), texts))


def spearman(a, b) -> float:
    ranks = [np.argsort(np.argsort(x)) for x in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])
