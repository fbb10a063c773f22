"""The whole chain on questions about diseases that alignment never saw: a Baichuan-M1 of under 5M parameters is
pretrained on the facts of a graph, then aligned by SFT, ELO, TDPO and PPO, each stage measured on held-out diseases.

A question states what three findings are signs of and which of them a patient has, in English or Chinese, and asks for
the diagnosis; the graph's checker says whether the answer names it. Diseases are split: those that are asked about for
measuring (all three in their questions) occur in no question, answer or pair of alignment. Their facts were in
pretraining, in statements, and stand in the prompt. GRAPH (environment) is a graph's folder, `datagen path RUN graph`;
without it the bundled ontology is taken, whose 113 diseases a model learns by heart instead of reading the prompt.

Goes on where it was interrupted. STEPS stretches or shrinks every stage, pretraining too; give each a WORK of its own.
"""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from datagen.task import Job
from datagen.worker import run_shard
from knowledge_graph import Graph, load
from knowledge_graph.build import Build
from reward_filter.pairs import Sample, views
from training_bridge.align.config import AlignConfig, ELOConfig, PPOConfig, SFTConfig, TDPOConfig
from training_bridge.align.measure import interval
from training_bridge.align.run import HISTORY, Result, align
from training_bridge.config import CurriculumStage, TrainConfig
from training_bridge.m1 import BaichuanM1Config
from training_bridge.packing import pack
from training_bridge.tokenizer import encode_documents, train_tokenizer
from training_bridge.train import train

ONTOLOGY = Path(__file__).resolve().parents[2] / "datagen" / "sample" / "ontology"
CHOICES, FINDINGS = 3, 2
HELD_OUT = 0.25
TEXTS, QUESTIONS, MEASURED = 15_000, 1200, 200
PRETRAINING_TOKENS = 900_000
SPACE = {"en": " ", "zh": ""}
HAS = {"en": "The patient has {finding}", "zh": "患者有{finding}"}
SIGN = {"en": ", a sign of {disease}", "zh": ",见于{disease}"}
STOP = {"en": ".", "zh": "。"}
ASK = {"en": "What is the diagnosis?", "zh": "诊断是什么?"}
CONCLUDE = {"en": "\nDiagnosis: {disease}", "zh": "\n诊断:{disease}"}
COMMON: dict[str, Any] = {"max_tokens": 192, "max_new_tokens": 48, "heldout": MEASURED, "generation_batch": 50}
LONGEST = {"en": 45, "zh": 15}
"""Characters of a name."""
Facts = dict[str, dict[str, tuple[str, list[str]]]]
"""By language and disease: its name and its findings'."""


def measure(data: Path) -> None:
    seeds = [int(seed) for seed in os.environ.get("SEEDS", "0,1,2").split(",")]
    stretch = float(os.environ.get("STEPS", "1"))
    root = Path(os.environ.get("WORK", "runs/align-medical"))
    graph = _graph(root / "graph")
    histories = [_chain(root / f"seed-{seed}", graph, seed, stretch) for seed in seeds]
    names = [entry["method"] for entry in histories[0]]
    print(f"{len(seeds)} seeds, {MEASURED} questions on held-out diseases each; 95 % intervals of the mean over seeds")
    print(f"{'after':8}{'accuracy, by seed':>26}{'mean':>8}{'interval':>18}{'reward':>8}{'length':>8}{'KL':>8}")
    for place, name in enumerate(names):
        found = [history[place]["measured"] for history in histories]
        shares = [each["accuracy"] for each in found]
        low, high = interval(shares)
        means = [float(np.mean([each[key] for each in found])) for key in ("reward", "length", "kl")]
        by_seed = " ".join(f"{share:.3f}" for share in shares)
        print(
            f"{name:8}{by_seed:>26}{np.mean(shares):>8.3f}{f'{low:.3f} to {high:.3f}':>18}"
            f"{means[0]:>8.3f}{means[1]:>8.1f}{means[2]:>8.2f}"
        )
    gains = [history[-1]["measured"]["accuracy"] - history[1]["measured"]["accuracy"] for history in histories]
    low, high = (100 * bound for bound in interval(gains))
    print(f"the chain beats SFT alone by {100 * np.mean(gains):.1f} points ({low:.1f} to {high:.1f}); target 5")


def methods(seed: int, stretch: float) -> dict[str, AlignConfig]:
    steps = max(1, round(150 * stretch))
    return {
        "sft": SFTConfig(batch=8, micro_batch=8, rounds=2, peak_lr=2e-4, surrounded=0.0, seed=seed, **COMMON),
        "elo": ELOConfig(batch=8, micro_batch=8, samples=4, steps=steps, peak_lr=3e-4, kl=0.01, seed=seed, **COMMON),
        "tdpo": TDPOConfig(batch=16, micro_batch=16, rounds=1, peak_lr=1e-4, seed=seed, **COMMON),
        "ppo": PPOConfig(
            batch=32, micro_batch=16, steps=steps, peak_lr=3e-4, kl=0.01, soft_tokens=40, seed=seed, **COMMON
        ),
    }  # fmt: skip


def _chain(folder: Path, graph: Path, seed: int, stretch: float) -> list[dict[str, Any]]:
    facts = _facts(load(graph))
    shuffled = sorted(facts["en"].keys() | facts["zh"].keys())
    random.Random(seed).shuffle(shuffled)
    held = set(shuffled[: round(HELD_OUT * len(shuffled))])
    model = _pretrained(folder / "pretraining", facts, seed, stretch)
    pairs = folder / "pairs"
    if not (pairs / "verifiable.parquet").exists():
        pairs.mkdir(parents=True, exist_ok=True)
        for name, table in views(list(_samples(facts, held, seed, stretch))).items():
            pq.write_table(table, pairs / f"{name}.parquet")
    for name, config in methods(seed, stretch).items():
        out = folder / name
        if (out / "model" / HISTORY).exists() and (out / "metrics.jsonl").exists():
            result = Result.of(out)
        else:
            result = align(config, model, pairs, out, work=folder / f"{name}-work", graph=graph)
        print(f"seed {seed}, {name}: accuracy {result.measured['accuracy']:.3f}", flush=True)
        model = result.model
    return result.history


def _graph(folder: Path) -> Path:
    """The bundled one is built by the stage's own phase, in this process."""
    if os.environ.get("GRAPH"):
        return Path(os.environ["GRAPH"])
    if not (folder / "data" / "edges").exists():
        files = {"obo": str(ONTOLOGY / "sample.obo"), "babelon": str(ONTOLOGY / "sample-zh.babelon.tsv")}
        stage = Build(**files, license="CC0-1.0")
        split = {"split": {"validation": 0.0, "test": 0.0}}
        items = tuple(stage.items())
        job = Job("graph", stage, "knowledge_graph.build", str(folder), "0" * 12, None, items=items, settings=split)
        commit = run_shard(job, "graph", 0, 0)
        for kind in ("nodes", "edges"):
            for number, path in enumerate(commit.paths(kind)):
                target = folder / "data" / kind / f"part-{number:05d}.parquet"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(job.store.read(path))
    return folder / "data"


def _facts(graph: Graph) -> Facts:
    """Diseases with at least two findings, all of names that are not too long for a question."""
    found: Facts = {"en": {}, "zh": {}}
    kinds = ("symptom", "phenotype", "finding")
    for disease in sorted(graph.of_type("disease")):
        findings = sorted(
            {
                edge.object
                for edge in graph.edges_of(disease)
                if edge.subject == disease and graph.type_of(edge.object) in kinds and edge.polarity > 0
            }
        )
        for language in found:
            names = [name for node in (disease, *findings) for name in graph.node(node).names(language)[:1]]
            short = [name for name in names if len(name) <= LONGEST[language]]
            if graph.node(disease).names(language) and names[0] in short and len(short) > FINDINGS:
                found[language][disease] = short[0], short[1:]
    return found


def _language(facts: Facts, draw: random.Random) -> str:
    """By the root of how many diseases it has names for: few would be learnt by heart."""
    return draw.choices(list(facts), [len(told) ** 0.5 for told in facts.values()])[0]


def _case(facts: Facts, language: str, diseases: list[str], draw: random.Random) -> tuple[str, str, list[str]] | None:
    """A sign of each disease and which of them a patient has, in words; that sign, which the other diseases don't have;
    the diseases' names."""
    told, space = facts[language], SPACE[language]
    names = [told[disease][0] for disease in diseases]
    others = {finding for disease in diseases[1:] for finding in told[disease][1]}
    own = [finding for finding in told[diseases[0]][1] if finding not in others]
    if not own:
        return None
    finding = draw.choice(own)
    signs = [finding, *(draw.choice(told[disease][1]) for disease in diseases[1:])]
    stated = [f + SIGN[language].format(disease=name) for f, name in zip(signs, names, strict=True)]
    draw.shuffle(stated)
    said = [*stated, HAS[language].format(finding=finding)]
    return space.join(sentence + STOP[language] for sentence in said), finding, names


def _answer(language: str, finding: str, disease: str) -> str:
    ended = (HAS[language] + SIGN[language] + STOP[language], CONCLUDE[language] + STOP[language])
    return "".join(ended).format(finding=finding, disease=disease)


def _samples(facts: Facts, held: set[str], seed: int, stretch: float) -> Iterator[Sample]:
    """Right answers and, to each, one that names another of the question's diseases; questions with a checker."""
    draw = random.Random(seed + 1000)
    splits = {
        "train": {language: sorted(told.keys() - held) for language, told in facts.items()},
        "validation": {language: sorted(told.keys() & held) for language, told in facts.items()},
    }

    for split, count in (("train", max(64, round(QUESTIONS * stretch))), ("validation", MEASURED)):
        made = 0
        while made < count:
            language = _language(facts, draw)
            diseases = draw.sample(splits[split][language], CHOICES)
            case = _case(facts, language, diseases, draw)
            if case is None:
                continue
            told, finding, names = case
            id = f"{split[0]}{made:06d}"
            prompt = told + SPACE[language] + ASK[language]
            about = {"language": language, "group": diseases[0], "split": split}
            check = ("entity", json.dumps({"id": diseases[0], "up": 0}))
            right, wrong = (_answer(language, finding, name) for name in names[:2])
            yield Sample(id, prompt, right, True, "accepted", check=check, **about)
            yield Sample(f"{id}/x", prompt, wrong, False, "reflection", than=id, **about)
            made += 1


def _texts(facts: Facts, seed: int) -> Iterator[str]:
    """What pretraining reads, of all diseases: findings and what they are signs of, one of them a patient's."""
    draw = random.Random(seed)
    diseases = {language: sorted(told) for language, told in facts.items()}
    while True:
        language = _language(facts, draw)
        case = _case(facts, language, draw.sample(diseases[language], CHOICES), draw)
        if case:
            told, finding, names = case
            yield told + SPACE[language] + _answer(language, finding, names[0])


def _pretrained(folder: Path, facts: Facts, seed: int, stretch: float) -> Path:
    if (folder / "out" / "curves.svg").exists():
        return folder / "out" / "model"
    stream = _texts(facts, seed)
    texts = [next(stream) for _ in range(TEXTS)]
    tokenizer = train_tokenizer([*texts[:4000], *ASK.values()], 1500)
    packed: pa.Table = pack(encode_documents(tokenizer, texts), 256, "general")[0]
    tokens = max(4096, round(PRETRAINING_TOKENS * stretch))
    config = TrainConfig(
        stages=(CurriculumStage(name="general", tokens=tokens, sequence_length=256),),
        batch_tokens=2048,
        micro_batch_tokens=2048,
        peak_lr=3e-3,
        final_lr=3e-4,
        warmup_tokens=min(20_000, tokens // 10),
        seed=seed,
    )
    shape = BaichuanM1Config.preset("2m", vocab_size=len(tokenizer))
    return train(
        config, shape, {"general": packed}, folder / "out", work=folder / "work", tokenizer=tokenizer, heldout={}
    ).model
