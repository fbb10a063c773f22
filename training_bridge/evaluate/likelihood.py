"""The likelihood protocol: every item as an lm-evaluation-harness task, scored by the harness.

Not the report's protocol, and not comparable with its figures: a model is never asked to say anything.

For an item with options there are two tasks. NAME_letters shows the options and compares the likelihoods of their
letters, with the prompt that the harness's own task has where there is one. NAME_options does not show them and
compares the likelihoods of their texts, per character: what a small model that can't read a letter can still do. Items
without options have NAME_reference, the likelihood of the published answer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from datagen.errors import UsageError
from training_bridge.evaluate.items import LETTERS, Question
from training_bridge.evaluate.suite import Row

PREFIX = "datagen_"
DOCS = pa.schema(
    [
        pa.field("id", pa.string(), False),
        pa.field("query", pa.string(), False),
        pa.field("choices", pa.list_(pa.string()), False),
        pa.field("gold", pa.int32(), False),
    ]
)


@dataclass(frozen=True)
class Measured:
    """One item under one task.

    Attributes:
        right: whether the right option is the likeliest; None where there are no options.
        right_per_length: the same by likelihood per character (the harness's acc_norm); None likewise.
        chosen: place of the likeliest option, by letters for NAME_letters, else per character.
        bits_per_byte: that the right answer's text costs; None for letters, whose texts say nothing.
        cut: whether the beginning of the prompt was lost because the model's context is too short.
    """

    id: str
    right: bool | None
    right_per_length: bool | None
    chosen: int | None
    bits_per_byte: float | None
    cut: bool


def write_tasks(
    sets: Mapping[Row, Sequence[Question]], folder: Path, fits: Callable[[str], bool] = lambda text: True
) -> dict[str, Row]:
    """Writes a task per row and form, YAML beside its Parquet, for `lm_eval --include_path FOLDER`; returns them.

    Items with several right options are left out, and those with a choice that doesn't fit the model's context.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tasks: dict[str, Row] = {}
    for row, questions in sets.items():
        for form, docs in _documents(row, questions).items():
            docs = [doc for doc in docs if all(map(fits, doc["choices"]))]
            if not docs:
                continue
            name = f"{PREFIX}{row.name}_{form}"
            pq.write_table(pa.Table.from_pylist(docs, DOCS), folder / f"{name}.parquet")
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(_config(name, form, folder), sort_keys=False), "utf-8")
            tasks[name] = row
    return tasks


def measure(
    model: Any, tokenizer: Any, tasks: Sequence[str], folder: Path, *, batch_size: int = 8
) -> dict[str, list[Measured]]:
    """Scores a causal language model of transformers on the tasks of a folder, by lm-evaluation-harness.

    Raises UsageError for a model without a place to begin a text (neither bos nor eos), and without the harness.
    """
    try:
        from datasets import disable_progress_bars
        from lm_eval.evaluator import evaluate
        from lm_eval.models.huggingface import HFLM
        from lm_eval.tasks import TaskManager
    except ImportError as error:
        raise UsageError(f"likelihoods need lm-evaluation-harness: {error}", "pip install lm-eval") from None

    if tokenizer.bos_token_id is None and tokenizer.eos_token_id is None:
        raise UsageError("the tokenizer has neither a bos nor an eos token", "a text's first token can't be foreseen")
    disable_progress_bars()
    harness = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=batch_size)
    manager = TaskManager(include_path=str(folder), include_defaults=False, verbosity="ERROR")
    # Not `simple_evaluate`, which asks git and the machine about themselves, aloud.
    found = evaluate(harness, manager.load(list(tasks)), bootstrap_iters=0, log_samples=True, verbosity="ERROR")
    return {
        name: [_measured(harness, sample) for sample in sorted(samples, key=lambda s: s["doc_id"])]
        for name, samples in found["samples"].items()
    }


def fitting(model: Any, tokenizer: Any) -> Callable[[str], bool]:
    """Whether a text, after a beginning, fits the model's context."""
    room = getattr(model.config.get_text_config(), "max_position_embeddings", None) or tokenizer.model_max_length
    return lambda text: len(tokenizer(" " + text, add_special_tokens=False)["input_ids"]) < room


def _config(name: str, form: str, folder: Path) -> dict[str, Any]:
    """The harness reads fields of a document by name, so that no text is taken for a template."""
    metrics = ("acc", "acc_norm") if form != "reference" else ("acc",)
    return {
        "task": name,
        "dataset_path": "parquet",
        "dataset_kwargs": {
            "data_files": {"test": str((folder / f"{name}.parquet").absolute())},
            "cache_dir": str((folder / "cache").absolute()),
        },
        "test_split": "test",
        "output_type": "multiple_choice",
        "num_fewshot": 0,
        "doc_to_text": "query",
        "doc_to_choice": "choices",
        "doc_to_target": "gold",
        "metric_list": [{"metric": m, "aggregation": "mean", "higher_is_better": True} for m in metrics],
        "metadata": {"version": 1.0},
    }


def _documents(row: Row, questions: Sequence[Question]) -> dict[str, list[dict[str, Any]]]:
    if row.kind != "choice":
        answers = [(q, q.item.answer) for q in questions if q.item.answer]
        return {"reference": [_document(q, _asked(row, q), [answer], 0) for q, answer in answers]}
    one = [q for q in questions if len(q.item.gold) == 1]
    forms = {"letters": [_document(q, *_letters(row, q), q.item.gold[0]) for q in one]}
    if row.form not in ("pubmedqa", "nli"):  # their options are words already
        forms["options"] = [_document(q, _asked(row, q), list(q.item.options), q.item.gold[0]) for q in one]
    return forms


def _document(question: Question, query: str, choices: list[str], gold: int) -> dict[str, Any]:
    return {"id": question.id, "query": query, "choices": choices, "gold": gold}


def _letters(row: Row, question: Question) -> tuple[str, list[str]]:
    """Prompt and choices, word for word those of lm-evaluation-harness 0.4 for medqa_4options, medmcqa, mmlu_*,
    pubmedqa and (for Chinese) cmmlu."""
    item = question.item
    stem, options = _verbatim(row, question)
    lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    letters = list(question.letters)
    if row.form == "pubmedqa":
        return f"Abstract: {item.context}\nQuestion: {stem}\nAnswer:", list(options)
    if row.form == "nli":
        return f"Premise: {item.context}\nHypothesis: {stem}\nRelation:", list(options)
    if row.form == "mmlu":
        subject = row.only.replace("_", " ")
        head = f"The following are multiple choice questions (with answers) about {subject}.\n\n"
        return "\n".join([head + stem.strip(), *lines, "Answer:"]), letters
    if row.form == "medmcqa":
        return "\n".join(["Question: " + stem, "Choices:", *lines, "Answer:"]), letters
    if row.form == "chinese":
        return "\n".join([stem.strip(), *lines, "答案："]), letters
    context = f"{item.context}\n" if item.context else ""
    return "\n".join([f"Question: {context}{stem}", *lines, "Answer:"]), letters


def _verbatim(row: Row, question: Question) -> tuple[str, Sequence[str]]:
    """Stem and options with the white space they were published with, as the harness's own tasks show them."""
    item, published = question.item, question.item.row
    if not row.harness or row.form == "pubmedqa":
        return item.question, item.options
    options = published.get("options")
    texts = list(options.values()) if isinstance(options, dict) else None
    for columns in (tuple("ABCD"), ("opa", "opb", "opc", "opd")):
        if texts is None and all(column in published for column in columns):
            texts = [published[column] for column in columns]
    if texts is None or tuple(str(text).strip() for text in texts) != item.options:
        return item.question, item.options
    return published.get("question", item.question), texts


def _asked(row: Row, question: Question) -> str:
    context = f"{question.item.context}\n" if question.item.context else ""
    asked, answer = ("题目：", "答案：") if question.item.language == "zh" else ("Question: ", "Answer:")
    return f"{context}{asked}{question.item.question}\n{answer}"


def _measured(harness: Any, sample: Mapping[str, Any]) -> Measured:
    """The harness logs of each item its choices' log-likelihoods (nats) in order."""
    document = sample["doc"]
    nats = [float(response[0]) for response in sample["filtered_resps"]]
    gold, choices = document["gold"], document["choices"]
    letters = all(choice in LETTERS for choice in choices)
    sizes = [len(choice) for choice in choices]
    best = max(range(len(nats)), key=lambda i: nats[i] if letters else nats[i] / sizes[i])
    alone = len(choices) == 1
    return Measured(
        id=document["id"],
        right=None if alone else bool(sample["acc"]),
        right_per_length=None if alone else bool(sample["acc_norm"]),
        chosen=None if alone else best,
        bits_per_byte=None if letters else -nats[gold] / log(2) / len(choices[gold].encode()),
        cut=any(len(_tokens(harness, sample, place)) > harness.max_length + 1 for place in range(len(choices))),
    )


def _tokens(harness: Any, sample: Mapping[str, Any], place: int) -> list[int]:
    context, continuation = list(_arguments(sample))[place]
    return harness.tok_encode(context + continuation)


def _arguments(sample: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    arguments = sample["arguments"]
    if isinstance(arguments, dict):
        for generated in arguments.values():
            yield generated["arg_0"], generated["arg_1"]
    else:
        yield from arguments
