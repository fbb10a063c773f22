"""The groups' text as tokens, made once; and a run's training data, drawn from them by its mixture."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from datagen.errors import UsageError
from training_bridge.mixture.plan import GROUPS, OTHER, Plan

PIECES, HELDOUT, FACTS = "pieces.parquet", "heldout.json", "corpus.json"
TOKENIZER_BYTES = 8_000_000
ENOUGH = 20
"""Tokens kept of a group, in trainings: what none could use is left out."""


@dataclass(frozen=True)
class Corpus:
    """Pieces of documents, at most a sequence long, by group; and held-out texts by group.

    Attributes:
        values: the column's values by group.
        available: tokens of each group.
        natural: the groups' shares of the rows' tokens, all of them, whatever was kept.
        fingerprint: changes with anything that could change a run's result.
    """

    folder: Path
    groups: tuple[str, ...]
    values: Mapping[str, list[str]]
    available: tuple[int, ...]
    natural: tuple[float, ...]
    fingerprint: str

    @property
    def heldout(self) -> dict[str, list[str]]:
        return json.loads((self.folder / HELDOUT).read_text("utf-8"))

    def draw(self, weights: Sequence[float], tokens: int, seed: int) -> list[np.ndarray]:
        """Pieces of about `weights * tokens` tokens of each group, none again before all of its group were drawn.

        The last piece of a group is taken or left, whichever comes nearer; order and choice depend on the seed alone.
        """
        table = pq.read_table(self.folder / PIECES)
        drawn: list[np.ndarray] = []
        for number, (name, weight) in enumerate(zip(self.groups, weights, strict=True)):
            mine = table.filter(pc.equal(table["group"], name))["input_ids"].combine_chunks()
            offsets, values = mine.offsets.to_numpy(), mine.values.to_numpy()
            sizes = np.diff(offsets)
            rng = np.random.default_rng([seed, number])
            for piece in _until(sizes, weight * tokens, rng):
                drawn.append(values[offsets[piece] : offsets[piece + 1]])
        return drawn


def prepare(plan: Plan, folder: Path) -> Corpus:
    """Tokenizer, pieces and held-out text of a plan, or those that the folder has of it already.

    The tokenizer learns from as much text of each group, so that it favours none. Raises UsageError where the rows lack
    a column, or a group its train or validation text.
    """
    key = hashlib.sha256(
        json.dumps(
            [
                plan.model_dump(
                    include={"column", "groups", "vocabulary", "sequence_length", "heldout_bytes", "tokens"}
                ),
                _rows(plan),
            ]
        ).encode()
    ).hexdigest()
    if (folder / FACTS).is_file():
        facts = json.loads((folder / FACTS).read_text())
        if facts["key"] != key:
            raise UsageError(f"{folder} belongs to another plan or other rows", "give this one a folder of its own")
        return _corpus(folder, facts)
    folder.mkdir(parents=True, exist_ok=True)
    groups, natural = _groups(plan)
    _tokenizer(plan, groups, folder)
    available = _pieces(plan, groups, folder)
    _heldout(plan, groups, folder)
    facts = {"key": key, "groups": groups, "available": available, "natural": natural}
    (folder / FACTS).write_text(json.dumps(facts, indent=1))
    return _corpus(folder, facts)


def _corpus(folder: Path, facts: Mapping) -> Corpus:
    return Corpus(
        folder,
        groups=tuple(facts["groups"]),
        values=facts["groups"],
        available=tuple(facts["available"]),
        natural=tuple(facts["natural"]),
        fingerprint=facts["key"],
    )


def _rows(plan: Plan) -> list[list]:
    """Names and sizes of the files, which are immutable where a run published them."""
    files = ds.dataset(plan.rows, format="parquet").files
    if not files:
        raise UsageError(f"{plan.rows} holds no Parquet", "`datagen path RUN STAGE` prints a folder of rows")
    return [[Path(f).name, Path(f).stat().st_size] for f in sorted(files)]


def _groups(plan: Plan) -> tuple[dict[str, list[str]], list[float]]:
    """Values by group, and each group's share of the train split's text (bytes)."""
    sizes: dict[str, int] = {}
    for value, text in _texts(plan, "train"):
        sizes[value] = sizes.get(value, 0) + len(text.encode())
    groups = plan.groups
    if not groups:
        order = sorted(sizes, key=lambda value: (-sizes[value], value))
        kept, rest = (order, []) if len(order) <= GROUPS else (order[: GROUPS - 1], order[GROUPS - 1 :])
        groups = {value: [value] for value in sorted(kept)} | ({OTHER: rest} if rest else {})
    if len(groups) < 2:
        raise UsageError(f"the column {plan.column} has one group only", "choose another column, or name groups")
    held = {name: sum(sizes.get(value, 0) for value in values) for name, values in groups.items()}
    if empty := [name for name, size in held.items() if not size]:
        raise UsageError(f"no train text in the group{'s' * (len(empty) > 1)} {', '.join(empty)}")
    for weights in (plan.objective, *plan.priors.values()):
        if unknown := sorted(weights.keys() - groups.keys()):
            raise UsageError(f"{', '.join(unknown)}: no such group; there are {', '.join(groups)}")
    whole = sum(held.values())
    return groups, [held[name] / whole for name in groups]


def _texts(plan: Plan, split: str) -> Iterator[tuple[str, str]]:
    rows = ds.dataset(plan.rows, format="parquet")
    if missing := sorted({"text", "split", plan.column} - {*rows.schema.names}):
        raise UsageError(f"{plan.rows} has no column {', '.join(missing)}")
    batches = rows.to_batches(columns=[plan.column, "text", "split"], filter=pc.field("split") == split)
    for batch in batches:
        yield from zip(
            ["" if v is None else v for v in batch[plan.column].to_pylist()], batch["text"].to_pylist(), strict=True
        )


def _by_group(plan: Plan, groups: Mapping[str, list[str]], split: str) -> Iterator[tuple[str, str]]:
    name_of = {value: name for name, values in groups.items() for value in values}
    return ((name_of[value], text) for value, text in _texts(plan, split) if value in name_of and text)


def _tokenizer(plan: Plan, groups: Mapping[str, list[str]], folder: Path) -> None:
    from training_bridge.tokenizer import train_tokenizer

    left = dict.fromkeys(groups, TOKENIZER_BYTES // len(groups))

    def texts() -> Iterator[str]:
        for name, text in _by_group(plan, groups, "train"):
            if left[name] > 0:
                left[name] -= len(text.encode())
                yield text

    train_tokenizer(texts(), plan.vocabulary).save_pretrained(folder / "tokenizer")


def _pieces(plan: Plan, groups: Mapping[str, list[str]], folder: Path) -> list[int]:
    from transformers import AutoTokenizer

    from training_bridge.tokenizer import encode_documents

    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    schema = pa.schema([("group", pa.string()), ("input_ids", pa.list_(pa.int32()))])
    available = dict.fromkeys(groups, 0)
    with pq.ParquetWriter(folder / PIECES, schema) as out:
        for name, text in _by_group(plan, groups, "train"):
            if available[name] >= ENOUGH * plan.tokens:
                continue
            (ids,) = encode_documents(tokenizer, [text])
            pieces = [ids[i : i + plan.sequence_length] for i in range(0, len(ids), plan.sequence_length)]
            available[name] += len(ids)
            out.write_table(pa.table({"group": [name] * len(pieces), "input_ids": pieces}, schema=schema))
    return list(available.values())


def _heldout(plan: Plan, groups: Mapping[str, list[str]], folder: Path) -> None:
    """Of each group the validation texts with the least hashes; long ones cut, so that none weighs too much."""
    longest = plan.heldout_bytes // 8
    found: dict[str, list[str]] = {name: [] for name in groups}
    for name, text in _by_group(plan, groups, "validation"):
        found[name].append(text.encode()[:longest].decode(errors="ignore"))
    if empty := [name for name, texts in found.items() if not any(texts)]:
        raise UsageError(
            f"no validation text in the group{'s' * (len(empty) > 1)} {', '.join(empty)}",
            "join it to another in `groups`: its loss can't be measured",
        )
    kept = {}
    for name, texts in found.items():
        texts.sort(key=lambda text: hashlib.sha256(text.encode()).digest())
        ends = np.cumsum([len(text.encode()) for text in texts])
        kept[name] = [text for text in texts[: int(np.searchsorted(ends, plan.heldout_bytes)) + 1] if text]
    (folder / HELDOUT).write_text(json.dumps(kept, ensure_ascii=False), "utf-8")


def _until(sizes: np.ndarray, wanted: float, rng: np.random.Generator) -> Iterator[int]:
    taken = 0
    while wanted - taken > 0:
        for piece in rng.permutation(len(sizes)):
            if abs(taken + sizes[piece] - wanted) > abs(wanted - taken):
                return
            taken += int(sizes[piece])
            yield int(piece)
