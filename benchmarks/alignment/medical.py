"""The whole chain on questions about diseases that alignment never saw: a Baichuan-M1 of under 5M parameters learns to
read, then is aligned by SFT, ELO, TDPO and PPO, each stage measured on held-out diseases.

A question states a sign of each of four diseases and which of these signs a patient has, in English or Chinese, and
asks for the diagnosis; the graph's checker says whether the answer names it, and no other. Diseases are split by seed:
those that are asked about for measuring (all four in their questions) occur in no question, answer or pair of
alignment. Their facts stand in the prompt; pretraining, which all seeds begin with, had their names too. As where
verified answers are dear, SFT has `WRITTEN` of them; the other methods have `CHECKED` more questions: ELO and PPO learn
from what they write themselves, from the reference answer's likelihood and the checker's word, TDPO from pairs of a
right and a wrong answer.

Beside the chain the table has SFT alone with as many updates as the whole chain took (`sft, as long`). The target
compares with SFT as the chain has it. Settings were tried out on seed 0 alone; seeds 1 and 2 had no part in them.

Goes on where it was interrupted. GRAPH (environment) is a graph's folder, `datagen path RUN graph`; without it the
bundled ontology is taken. STEPS stretches or shrinks every stage, pretraining too; give each a WORK of its own.
"""

import os
import random
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import t
from transformers import AutoTokenizer

from benchmarks.alignment import _cases as cases
from datagen.task import Job
from datagen.worker import run_shard
from knowledge_graph import load
from knowledge_graph.build import Build
from reward_filter.pairs import views
from training_bridge.align.aligner import load as load_model
from training_bridge.align.config import AlignConfig, ELOConfig, PPOConfig, SFTConfig, TDPOConfig
from training_bridge.align.rollout import generate
from training_bridge.align.run import HISTORY, Result, align
from training_bridge.config import CurriculumStage, TrainConfig
from training_bridge.m1 import BaichuanM1Config
from training_bridge.packing import pack
from training_bridge.tokenizer import encode_documents, train_tokenizer
from training_bridge.train import train

ONTOLOGY = Path(__file__).resolve().parents[2] / "datagen" / "sample" / "ontology"
HELD_OUT = 0.25
WRITTEN, CHECKED, MEASURED = 64, 1600, 200
TEXTS, VOCABULARY, LENGTH = 12_000, 2500, 128
PRETRAINING_TOKENS = 360_000
SHAPE = {"num_hidden_layers": 2, "intermediate_size": 256, "sliding_window_layers": []}
READINGS = 100
COMMON: dict[str, Any] = {"max_tokens": 160, "max_new_tokens": 28, "heldout": MEASURED, "generation_batch": 50}
LONG = "sft, as long"


def measure(data: Path) -> None:
    seeds = [int(seed) for seed in os.environ.get("SEEDS", "0,1,2").split(",")]
    stretch = float(os.environ.get("STEPS", "1"))
    root = Path(os.environ.get("WORK", "runs/align-medical"))
    graph = _graph(root / "graph")
    known = cases.facts(load(graph))
    model = _pretrained(root / "pretraining", known, stretch)
    print(f"reads signs drawn anew, {READINGS} documents a language: {_reading(model, known)}", flush=True)
    histories = [_chain(root / f"seed-{seed}", model, graph, known, seed, stretch) for seed in seeds]
    print(f"{len(seeds)} seeds, {MEASURED} questions on held-out diseases each; 95 % intervals of the mean over seeds")
    heads = (
        ("accuracy, by seed", 22),
        ("mean", 7),
        ("interval", 17),
        ("reward, interval", 24),
        ("length", 7),
        ("KL", 7),
    )
    print(f"{'after':13}" + "".join(f"{head:>{width}}" for head, width in heads))
    for name in histories[0]:
        found = [history[name] for history in histories]
        shares, rewards = ([each[key] for each in found] for key in ("accuracy", "reward"))
        length, kl = (float(np.mean([each[key] for each in found])) for key in ("length", "kl"))
        print(
            f"{name:13}{' '.join(f'{share:.3f}' for share in shares):>22}{np.mean(shares):>7.3f}{_span(shares):>17}"
            f"{f'{np.mean(rewards):.3f}, {_span(rewards)}':>24}{length:>7.1f}{kl:>7.2f}"
        )
    for name in ("sft", LONG):
        gains = [100 * (history["ppo"]["accuracy"] - history[name]["accuracy"]) for history in histories]
        print(f"the chain beats {name} by {np.mean(gains):.1f} points ({_span(gains, 1)}); target: sft by 5")


def _span(values: list[float], digits: int = 3) -> str:
    """Student's 95 % interval of the mean."""
    half = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5 if len(values) > 1 else np.nan
    return f"{np.mean(values) - half:.{digits}f} to {np.mean(values) + half:.{digits}f}"


def methods(seed: int, stretch: float) -> dict[str, AlignConfig]:
    """`rounds` of SFT and TDPO are not stretched; their questions are."""
    options = COMMON | {"seed": seed}
    steps = max(1, round(100 * stretch))
    return {
        "sft": SFTConfig(batch=4, micro_batch=4, rounds=2, peak_lr=2e-4, surrounded=0.0, **options),
        "elo": ELOConfig(batch=8, micro_batch=8, samples=8, steps=steps, peak_lr=3e-4, kl=0.01, **options),
        "tdpo": TDPOConfig(batch=16, micro_batch=16, rounds=1, peak_lr=3e-4, **options),
        "ppo": PPOConfig(batch=32, micro_batch=16, steps=steps, peak_lr=3e-4, kl=0.01, soft_tokens=24, **options),
    }


def _chain(
    folder: Path, start: Path, graph: Path, known: cases.Facts, seed: int, stretch: float
) -> dict[str, dict[str, Any]]:
    """What was measured at the start, after each method, and after SFT alone for as long."""
    pairs = _questions(folder, known, seed, stretch)
    found, updates, model = {}, 0, start
    for name, config in methods(seed, stretch).items():
        result = _aligned(config, model, pairs["written" if name == "sft" else "checked"], folder / name, graph)
        found["start"] = result.history[0]["measured"]
        found[name] = result.measured
        updates += result.steps * (config.epochs * config.minibatches if isinstance(config, PPOConfig) else 1)
        if name == "sft":
            a_round = result.steps / config.rounds
        print(f"seed {seed}, {name}: accuracy {result.measured['accuracy']:.3f}", flush=True)
        model = result.model
    sft = methods(seed, stretch)["sft"]
    longer = sft.model_copy(update={"rounds": max(1, round(updates / a_round))})
    found[LONG] = _aligned(longer, start, pairs["written"], folder / "sft-long", graph).measured
    print(f"seed {seed}, {LONG}, {longer.rounds} rounds: accuracy {found[LONG]['accuracy']:.3f}", flush=True)
    return found


def _aligned(config: AlignConfig, model: Path, pairs: Path, out: Path, graph: Path) -> Result:
    if (out / "model" / HISTORY).exists() and (out / "metrics.jsonl").exists():
        return Result.of(out)
    return align(config, model, pairs, out, work=out.with_name(f"{out.name}-work"), graph=graph)


def _questions(folder: Path, known: cases.Facts, seed: int, stretch: float) -> dict[str, Path]:
    """Two folders of pairs, for SFT and for the others; both are measured on the same questions."""
    diseases = sorted(set().union(*(told.diseases for told in known.values())))
    random.Random(seed).shuffle(diseases)
    held = set(diseases[: round(HELD_OUT * len(diseases))])
    found = {}
    for part, (name, count) in enumerate((("written", WRITTEN), ("checked", CHECKED))):
        found[name] = folder / name
        if (found[name] / "verifiable.parquet").exists():
            continue
        found[name].mkdir(parents=True, exist_ok=True)
        learnt = cases.samples(known, held, {"train": max(32, round(count * stretch))}, random.Random(2 * seed + part))
        asked = cases.samples(known, held, {"validation": MEASURED}, random.Random(-1 - seed))
        for view, table in views([*learnt, *asked]).items():
            pq.write_table(table, found[name] / f"{view}.parquet")
    return found


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


def _pretrained(folder: Path, known: cases.Facts, stretch: float) -> Path:
    """Small batches at a low rate: a normalised head leaves the plateau of word counts late with others."""
    if (folder / "out" / "curves.svg").exists():
        return folder / "out" / "model"
    texts = list(islice(cases.texts(known, random.Random(0)), TEXTS))
    tokenizer = train_tokenizer(cases.words(known), VOCABULARY)
    packed: pa.Table = pack(encode_documents(tokenizer, texts), LENGTH, "general")[0]
    tokens = max(4096, round(PRETRAINING_TOKENS * stretch))
    config = TrainConfig(
        stages=(CurriculumStage(name="general", tokens=tokens, sequence_length=LENGTH),),
        batch_tokens=512,
        micro_batch_tokens=512,
        peak_lr=2e-3,
        final_lr=4e-4,
        warmup_tokens=min(10_000, tokens // 10),
        checkpoint_every=500,
    )
    shape = BaichuanM1Config.preset("2m", vocab_size=len(tokenizer), **SHAPE)
    return train(
        config, shape, {"general": packed}, folder / "out", work=folder / "work", tokenizer=tokenizer, heldout={}
    ).model


def _reading(folder: Path, known: cases.Facts) -> str:
    """How often the likeliest continuation of a document that pretraining never saw is right, by language."""
    tokenizer, model, found = AutoTokenizer.from_pretrained(folder), load_model(folder).eval(), []
    for language, told in known.items():
        draw, prompts, wanted = random.Random(1), [], []
        for _ in range(READINGS):
            pairs = cases.dealt(told, cases.CHOICES, draw)
            finding, disease = pairs[0]
            begun = cases.stated(language, pairs, draw) + cases.HAS[language].format(finding=finding)
            prompts.append(encode_documents(tokenizer, [begun])[0][:-1])
            wanted.append(cases.answer(language, finding, disease))
        written = generate(model, tokenizer, prompts, max_new_tokens=28, stops=[tokenizer.eos_token_id], batch=READINGS)
        said = tokenizer.batch_decode([each.response for each in written], skip_special_tokens=True)
        right = sum(text.strip() == want for text, want in zip(said, wanted, strict=True))
        found.append(f"{language} {right / READINGS:.2f}")
    return ", ".join(found)
