"""Claim extraction on real sentences annotated by another hand (format: claims.md): precision and coverage."""

import json
from collections import Counter
from pathlib import Path

from benchmarks.graph._names import graph_of
from knowledge_graph import Linker
from knowledge_graph.claims import Reader, Stated, sentences

CASES = Path(__file__).with_name("claims.jsonl")


def measure(data: Path) -> None:
    if not CASES.exists():
        print(f"no {CASES.name}: claim extraction not measured")
        return
    graph = graph_of(data)
    linker = Linker(graph)
    counts: Counter[str] = Counter()
    for line in filter(str.strip, CASES.read_text("utf-8").split("\n")):
        case = json.loads(line)
        text, gold = case["text"], case["claims"]
        reader = Reader(text, graph.type_of)
        split = sentences(text, linker.link(text))
        ours = [claim for sentence in split for claim in reader.read(sentence) if not sentence.question and claim.at]
        counts["ours"] += len(ours)
        counts["right"] += sum(any(_agree(linker, claim, other) for other in gold) for claim in ours)
        counts["gold"] += len(gold)
        counts["found"] += sum(any(_agree(linker, claim, other) for claim in ours) for other in gold)
    print(f"{'measure':34} {'ours':>7} {'target':>8}")
    for name, part, whole, target in (("precision", "right", "ours", ">= 0.90"), ("coverage", "found", "gold", "-")):
        share = counts[part] / max(1, counts[whole])
        print(f"{f'claims: {name}':34} {share:7.3f} {target:>8}  of {counts[whole]}")


def _agree(linker: Linker, claim: Stated, gold: dict) -> bool:
    named = {node for mention in linker.link(gold["subject"]) for node in mention.candidates}
    return (
        claim.at[0] < gold["end"]
        and gold["start"] < claim.at[1]
        and claim.family.name == gold["relation"]
        and claim.polarity == gold["polarity"]
        and (not named or bool(named & set(claim.subjects)))
        and (gold["number"] is None or (claim.number is not None and abs(claim.number - gold["number"]) <= 0.01))
    )
