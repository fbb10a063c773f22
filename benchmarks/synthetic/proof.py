"""Whether synthetic text is worth its tokens: small M1 models on equal tokens of real text, or of real and synthetic.

Arms, each with the same budget but `real`, which is the real text once:

    real       the real text once
    repeated   the real text again and again
    raw        half real, half synthetic as a generator wrote it
    accepted   half real, half of that what the verifier accepted
    reflected  half real, half of that after reflection: what was wrong is mended or dropped

The generator is the grammar with known errors put into a third of its texts (`reward_filter.corrupt`), as a language
model makes them: without errors the last three would be one. The three have the same seeds and read the same tokens.
Measured: bits per byte of held-out medical text by language, and cloze facts (the graph's, asked in words that no
grammar uses; bits per byte of the answer, and how often the right answer beats three of its type).

    OUT=proof GRAPH=... python benchmarks/synthesis.py proof

Every run is kept in OUT as JSON and is not made again; one that was killed goes on from its last checkpoint. TOKENS
(default 1,000,000), SEEDS (3) and WORKERS (2, a core each) by environment. The real text is at most half the budget.
"""

import hashlib
import json
import os
import random
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.synthetic._graph import cells, department_quotas, graph, orders, writer
from benchmarks.training._texts import medical
from synthesis.loss import clozes, edge_losses, opened

ARMS = ("real", "repeated", "raw", "accepted", "reflected")
VOCABULARY, LENGTH, BATCH = 2048, 256, 1024
ERRORS = 1 / 3
CLOZES, WRONG = 600, 3
HELDOUT = 60_000
"""Bytes of held-out text a language."""


@dataclass(frozen=True)
class Settings:
    out: Path
    tokens: int
    seeds: int
    workers: int

    @staticmethod
    def read() -> "Settings":
        number = {name: int(os.environ.get(name, value)) for name, value in DEFAULTS.items()}
        return Settings(Path(os.environ.get("OUT", "proof")), number["TOKENS"], number["SEEDS"], number["WORKERS"])

    @property
    def corpus(self) -> Path:
        """What is trained on depends on the budget, the graph and this file alone."""
        edges = "".join(sorted(graph().edges["key"].to_pylist())).encode()
        name = hashlib.sha256(f"{self.tokens}".encode() + edges + Path(__file__).read_bytes()).hexdigest()[:12]
        return self.out / name


DEFAULTS = {"TOKENS": 1_000_000, "SEEDS": 3, "WORKERS": 2}


def measure(data: Path) -> None:
    settings = Settings.read()
    folder = settings.corpus
    if not (folder / "corpus.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _keep(folder / "corpus.json", _corpus(data, settings.tokens))
    runs = [(str(folder), arm, seed, settings.tokens) for seed in range(settings.seeds) for arm in ARMS]
    with ProcessPoolExecutor(settings.workers, get_context("spawn")) as pool:
        for (_, arm, seed, _), found in zip(runs, pool.map(_run, runs), strict=True):
            print(f"{arm:10} seed {seed}: {json.dumps(found)}", flush=True)
    _table(folder, settings.seeds)


def _table(folder: Path, seeds: int) -> None:
    names = ("tokens", "bits_en", "bits_zh", "cloze_bits", "cloze_right")
    print(f"\n{'arm':10}" + "".join(f"{name:>20}" for name in names))
    for arm in ARMS:
        found = [json.loads((folder / f"{arm}-{seed}.json").read_text()) for seed in range(seeds)]
        values = ([run[name] for run in found] for name in names)
        shown = [f"{mean(v):,.4g} ± {stdev(v) if seeds > 1 else 0:.3f}" for v in values]
        print(f"{arm:10}" + "".join(f"{words:>20}" for words in shown))
    print("target: accepted and reflected better than repeated by more than the spread over seeds")


def _keep(path: Path, content: Any) -> None:
    half = path.with_suffix(".half")
    half.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    half.replace(path)


def _corpus(data: Path, budget: int) -> dict[str, Any]:
    """Texts by arm's part, held-out texts by language, and cloze facts with wrong answers. Enough of each for the
    budget at four bytes to the token."""
    real, heldout = [], {}
    for language, (learnt, held) in medical(data).items():
        random.Random(0).shuffle(learnt)
        random.Random(0).shuffle(held)
        real += _first(learnt, budget)
        heldout[language] = _first(held, HELDOUT)
    parts, evidence = _synthetic(2 * budget)
    return {"real": real, "heldout": heldout, **parts, "clozes": _asked(evidence)}


def _first(texts: list[str], size: int) -> list[str]:
    """As many as come to `size` bytes."""
    found, room = [], size
    for text in texts:
        if room <= 0:
            break
        found.append(text[:4000])
        room -= len(text[:4000].encode())
    return found


def _synthetic(size: int) -> tuple[dict[str, list[str]], set[str]]:
    """The same texts raw, accepted and reflected, until the accepted ones come to `size` bytes; and the keys of the
    edges that they state."""
    from benchmarks.synthetic.reflection import Injector, borrowed
    from synthesis.critic import Critic, Subject
    from synthesis.reflection import reflect
    from synthesis.reviser import Reviser

    write, injector = writer(), Injector()
    critic, reviser = Critic(graph(), write.judge.linker), Reviser(write.judge.linker, write.lexicon)
    classes = ("wrong_finding", "negation", "wrong_relation", "swapped_test_treatment", "wrong_entity")
    parts: dict[str, list[str]] = {"raw": [], "accepted": [], "reflected": []}
    evidence: set[str] = set()
    wanted = cells(department_quotas(graph(), size // 100), ("en", "zh"), ("article",))
    planned, room = list(orders(graph(), wanted, 0, Counter())), size
    random.Random(0).shuffle(planned)
    for order in planned:
        seed, request, response = write.answered(order)
        draft, verdict = write.judged(order, seed, request, response)
        if verdict.reason:
            continue
        rng = random.Random(request.id)
        row = {"id": request.id, "language": order.language, "group": order.anchor, "split": "train"}
        name = rng.choice(classes) if rng.random() < ERRORS else None
        wrong = borrowed(injector, row, draft.text, name, rng) if name else None
        text = wrong or draft.text
        parts["raw"].append(text)
        subject = Subject(seed.bundle, order.language)
        found = critic.findings(text, subject)
        if not found:
            parts["accepted"].append(text)
        result = reflect(text, subject, critic, [reviser.revised])
        if not result.left:
            parts["reflected"].append(result.text)
        evidence.update(verdict.evidence)
        if not found:
            room -= len(text.encode())
        if room <= 0:
            break
    return parts, evidence


def _asked(evidence: set[str]) -> list[dict[str, Any]]:
    """Facts that the synthetic texts state, half in each language, each with wrong answers of the same type."""
    rng = random.Random(0)
    facts = [fact for fact in clozes(graph(), writer().lexicon) if fact["key"] in evidence]
    answers: dict[str, list[str]] = {}
    for fact in facts:
        answers.setdefault(fact["prompt"][-12:] + fact["language"], []).append(fact["answer"])
    found = []
    for language in ("en", "zh"):
        mine = [fact for fact in facts if fact["language"] == language]
        for fact in rng.sample(mine, min(len(mine), CLOZES // 2)):
            others = sorted(set(answers[fact["prompt"][-12:] + language]) - {fact["answer"]})
            if len(others) >= WRONG:
                found.append({**fact, "wrong": rng.sample(others, WRONG)})
    return found


def _run(run: tuple[str, str, int, int]) -> dict[str, float]:
    """One training and its measures, from the file where it is done already."""
    folder, arm, seed, budget = Path(run[0]), *run[1:]
    path = folder / f"{arm}-{seed}.json"
    if not path.exists():
        corpus = json.loads((folder / "corpus.json").read_text("utf-8"))
        _keep(path, _trained(corpus, arm, seed, budget, folder / f"{arm}-{seed}"))
    return json.loads(path.read_text())


def _trained(corpus: dict, arm: str, seed: int, budget: int, work: Path) -> dict[str, float]:
    from training_bridge.config import CurriculumStage, TrainConfig
    from training_bridge.m1 import BaichuanM1Config
    from training_bridge.packing import pack
    from training_bridge.tokenizer import encode_documents, train_tokenizer
    from training_bridge.train import train

    tokenizer = train_tokenizer([*corpus["real"], *corpus["raw"]], VOCABULARY)
    real, _ = pack(_cut(encode_documents(tokenizer, corpus["real"]), budget // 2), LENGTH, "basic")
    parts = {"basic": real}
    shares, tokens = {"basic": 1.0}, budget
    if arm == "real":
        tokens = sum(map(len, real["input_ids"].to_pylist()))
    elif arm != "repeated":
        made, _ = pack(_cut(encode_documents(tokenizer, corpus[arm]), budget // 2), LENGTH, "general")
        parts, shares = parts | {"general": made}, {"basic": 0.5, "general": 0.5}
    config = TrainConfig(
        stages=(CurriculumStage(name="basic", tokens=tokens, sequence_length=LENGTH, mixture=shares),),
        batch_tokens=BATCH,
        micro_batch_tokens=BATCH,
        warmup_tokens=tokens // 10,
        peak_lr=7e-4,
        final_lr=3.5e-5,
        threads=1,
        seed=seed,
    )
    result = train(
        config,
        BaichuanM1Config.preset("2m", vocab_size=len(tokenizer)),
        parts,
        work / "out",
        work=work / "work",
        tokenizer=tokenizer,
        heldout=corpus["heldout"],
    )
    bits = result.bits_per_byte["basic"]
    facts = corpus["clozes"]
    options = [{**fact, "answer": answer} for fact in facts for answer in (fact["answer"], *fact["wrong"])]
    losses = edge_losses(*opened(result.model), options)["loss"].to_pylist()
    groups = [losses[start : start + WRONG + 1] for start in range(0, len(losses), WRONG + 1)]
    return {
        "tokens": result.tokens,
        "bits_en": bits["en"],
        "bits_zh": bits["zh"],
        "cloze_bits": mean(group[0] for group in groups),
        "cloze_right": mean(group[0] == min(group) for group in groups),
    }


def _cut(documents: list, tokens: int) -> list:
    """The first documents that come to as many tokens; training draws what it needs of them."""
    found, room = [], tokens
    for document in documents:
        if room <= 0:
            break
        found.append(document)
        room -= len(document)
    return found
