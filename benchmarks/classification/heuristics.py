"""The quality rules beside datatrove's filters (Gopher's quality and repetition rules, C4, FineWeb; FineWeb-2's limits
for Chinese) on the same documents, family by family: how often both decide alike, and documents of 2 kB a second of
the processor on one core. datatrove stops at the first rule that a family breaks; ours measures all of them.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.classification._texts import cmtmedqa, medmcqa, mtsamples, not_medical, toyhom, treebanks
from classifiers.heuristics import Heuristics
from classifiers.rules import load_rules
from datagen.record import record_id, table

PEERS = os.environ.get("PEERS", "/tmp/peers-venv/bin/python")
FAMILIES = ("gopher", "repetition", "c4", "fineweb")
SIZE = 2048
LONG = 4000
"""Characters that long texts are cut at, so that they become several documents."""


def documents(data: Path) -> list[tuple[str, str]]:
    found = [
        (t.language, t.text) for r in (cmtmedqa, toyhom, mtsamples, not_medical, medmcqa, treebanks) for t in r(data)
    ]
    found += [("en", text) for text in _english(data)]
    found += [("zh", text) for text in _chinese(data)]
    cut = [(language, text[i : i + LONG]) for language, text in found for i in range(0, len(text), LONG)]
    return sorted({(language, text) for language, text in cut if text.strip()})


def measure(data: Path) -> None:
    texts = documents(data)
    ours, seconds = _ours(texts)
    with tempfile.TemporaryDirectory() as folder:
        peer = _datatrove(texts, Path(folder))
    print(f"{'':14} {'documents':>9} {'kept':>6} {'alike':>8} {'ours, 2 kB/s':>13} {'datatrove':>10} {'target':>16}")
    for language in ("en", "zh"):
        mine = [index for index, (own, _) in enumerate(texts) if own == language]
        size = sum(len(texts[index][1].encode()) for index in mine) / SIZE
        kept = sum(not ours[index] for index in mine) / len(mine)
        row = f"{language + ', any rule':14} {len(mine):9} {kept:6.3f}"
        if peer is None:
            print(f"{row} {'':8} {size / seconds[language]:13.0f}")
            continue
        alike = [bool(ours[index]) == bool(peer[index][0]) for index in mine]
        rates = size / seconds[language], size / sum(peer[index][1] for index in mine)
        print(f"{row} {sum(alike) / len(mine):8.4f} {rates[0]:13.0f} {rates[1]:10.0f} {'0.999, 2000':>16}")
        for family in FAMILIES if language == "en" else FAMILIES[:2] + FAMILIES[3:]:
            same = sum(_broken(ours[index], family) == _refused(peer[index][0], family) for index in mine)
            print(f"  {family:12} {len(mine):9} {'':6} {same / len(mine):8.4f}")


def _ours(texts: list[tuple[str, str]]) -> tuple[list[list[str]], Counter]:
    stage, found, seconds = Heuristics(), {}, Counter()
    for language in ("en", "zh"):
        mine = [index for index, (own, _) in enumerate(texts) if own == language]
        stage.apply(_records(texts, mine[:1]))
        for start in range(0, len(mine), 1000):
            batch = _records(texts, mine[start : start + 1000])
            started = time.process_time()
            rows = stage.apply(batch).rows
            seconds[language] += time.process_time() - started
            found |= dict(zip(mine[start : start + 1000], rows["heuristics_failed"].to_pylist(), strict=True))
    return [found[index] for index in range(len(texts))], seconds


def _records(texts: list[tuple[str, str]], chosen: list[int]):
    rows = []
    for index in chosen:
        language, text = texts[index]
        name = str(index)
        rows.append({"id": record_id("t", name), "group": name, "split": "train", "text": text, "language": language})
        rows[-1] |= {"source": "t", "source_id": name}
    return table(rows)


def _datatrove(texts: list[tuple[str, str]], folder: Path) -> list | None:
    rules = load_rules()
    (folder / "rules.json").write_text(json.dumps({"limits": rules.limits["zh"], "stop_words": rules.stop_words["zh"]}))
    with open(folder / "texts.jsonl", "w") as file:
        file.writelines(json.dumps(pair) + "\n" for pair in texts)
    script = Path(__file__).with_name("_datatrove.py")
    command = [PEERS, script, folder / "texts.jsonl", folder / "rules.json", folder / "out.jsonl"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        print(f"datatrove not run: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    return [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]


def _broken(failed: list[str], family: str) -> bool:
    return any(name in load_rules().families[family] for name in failed)


def _refused(reasons: list[str], family: str) -> bool:
    return any(_family(reason) == family for reason in reasons)


def _family(reason: str) -> str:
    if reason.startswith("gopher"):
        return "gopher"
    if reason in ("lorem_ipsum", "curly_bracket", "too_few_sentences"):
        return "c4"
    return "fineweb" if reason.endswith("_ratio") else "repetition"


def _english(data: Path) -> Iterator[str]:
    yield from (raw.decode("utf-8", "replace") for raw in _members(data / "guideline_en_nstg/nstg_2022.tar.gz"))
    for path in sorted((data / "general_cc_docs").rglob("*.jsonl")):
        yield from (json.loads(line)["text"] for line in path.read_text().splitlines())
    for path in sorted((data / "cdc_journals").rglob("*_en_*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield from (text for text in _strings(json.loads(archive.read(name))) if len(text) > 500)


def _chinese(data: Path) -> Iterator[str]:
    for raw in _members(data / "textbook_zh_tcm_classics/tcm_classics_dev.tar.gz"):
        yield raw.decode("gb18030", "replace")


def _members(path: Path) -> Iterator[bytes]:
    with tarfile.open(path) as members:
        for member in members:
            if file := members.extractfile(member):
                yield file.read()


def _strings(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)
