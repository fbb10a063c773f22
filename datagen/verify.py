"""Checking a run against its manifests: every byte listed is there, unchanged; nothing else is; the ledgers add up."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pyarrow.parquet as pq

from datagen.ledger import OUTCOMES
from datagen.publish import current, manifest
from datagen.store import Store


def verify_run(store: Store, stage: str | None = None) -> tuple[list[str], int]:
    """(what is wrong, files checked) over all published versions, or one stage's."""
    wrong: list[str] = []
    checked = 0
    for name in [stage] if stage else [n for n in store.folders() if not n.startswith("_")]:
        found = current(store, name)
        if found is None:
            if stage:
                wrong.append(f"{name}: nothing is published")
            continue
        problems, count = _verify_version(store, name, found.version, found.manifest)
        wrong += problems
        checked += count
    return wrong, checked


def _verify_version(store: Store, stage: str, version: str, manifest_hash: str) -> tuple[list[str], int]:
    folder = f"{stage}/{version}"
    try:
        data = store.read(f"{folder}/manifest.json")
    except FileNotFoundError:
        return [f"{folder}/manifest.json is missing"], 1
    if hashlib.sha256(data).hexdigest() != manifest_hash:
        return [f"{folder}/manifest.json differs from what CURRENT says"], 1
    listed = manifest(store, stage, version)
    files = {f["path"]: f for f in listed["files"]}

    def check(path: str) -> str | None:
        try:
            if store.sha256(f"{folder}/{path}") != files[path]["sha256"]:
                return f"{folder}/{path} differs from its manifest"
        except FileNotFoundError:
            return f"{folder}/{path} is missing"
        return None

    with ThreadPoolExecutor(8) as pool:
        wrong = [problem for problem in pool.map(check, sorted(files)) if problem]
    present = {path.removeprefix(f"{folder}/") for path, _ in store.files(folder)}
    wrong += [f"{folder}/{path} is not in the manifest" for path in sorted(present - {*files, "manifest.json"})]
    if not wrong and listed["publishes"] == "records":
        wrong += _check_ledger(store, folder, listed)
    return wrong, len(files) + 1


def _check_ledger(store: Store, folder: str, listed: dict) -> list[str]:
    """Recount the ledger and the published ids."""
    counts = dict.fromkeys(OUTCOMES, 0)
    published: list[str] = []
    rows: set[str] = set()
    for file in listed["files"]:
        path = f"{folder}/{file['path']}"
        if file["path"].startswith("ledger/"):
            ledger = _read(store, path, ["id", "outcome"])
            for value in ledger["outcome"].value_counts().to_pylist():
                counts[value["values"]] += value["counts"]
            published += [
                i
                for i, o in zip(ledger["id"].to_pylist(), ledger["outcome"].to_pylist(), strict=True)
                if o in ("kept", "derived")
            ]
        elif file["path"].startswith("data/"):
            rows.update(_read(store, path, ["id"])["id"].to_pylist())
    wrong = []
    if any(counts[o] != listed["counts"][o] for o in OUTCOMES):
        wrong.append(f"{folder}: the ledger counts {counts}, the manifest says {listed['counts']}")
    if len(published) != len(rows) or set(published) != rows:
        wrong.append(f"{folder}: the ledger's published ids are not the rows")
    return wrong


def _read(store: Store, path: str, columns: list[str]):
    file: pq.ParquetFile = store.parquet(path)
    return file.read(columns=columns)
