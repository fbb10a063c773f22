"""An evaluation from a model and files to a result."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datagen import __version__
from datagen.answers import Answers, Meter
from datagen.errors import UsageError
from datagen.generator import Generator, make_generator
from datagen.store import Store
from training_bridge.evaluate import judged, likelihood, scores
from training_bridge.evaluate.canaries import Canary, extract, read_canaries
from training_bridge.evaluate.contamination import find_contaminated, training_texts
from training_bridge.evaluate.items import Question, Read, read
from training_bridge.evaluate.result import ItemScore, Result, RowResult
from training_bridge.evaluate.suite import Paths, Row, locate, rows_of, suite

MEASURED = "measured"
Tasks = Mapping[str, Paths | None] | Iterable[str]


def run(
    model: str | Path | Generator,
    tasks: Tasks,
    *,
    data: str | Path | None = None,
    judge: Generator | None = None,
    trained_on: str | None = None,
    limit: int | None = 1000,
    seed: int = 0,
    max_tokens: int = 1024,
    batch_size: int = 8,
    work: str | Path | None = None,
    likely: bool = True,
    canaries: str | Path | None = None,
) -> Result:
    """Evaluates a model on rows of the suite.

    `model` is a model folder or a run that trained one, or a generator (an endpoint), which can only be judged.
    `tasks` maps rows (or benchmarks, for all their rows) to their files; where it only names them, the files are found
    by their published names under the folder `data`. A model folder is measured by likelihood unless `likely` is false;
    with a `judge` the model's free text is judged, as in the report. `trained_on` (a run or Parquet) is searched for
    the items, and a model folder asked for the `canaries` of a file (see `canaries.write_canaries`). `work` keeps tasks
    and answers: a second run goes on from them.

    Rows whose files are missing or wrong are in the result's `not_run`, with what to do. Raises UsageError for a wrong
    name or model, and where no row can be run at all.
    """
    if isinstance(model, Generator) and judge is None:
        raise UsageError("an endpoint's likelihoods are not at hand", "name a judge, or give a model's folder")
    planted = read_canaries(Path(canaries)) if canaries is not None else None
    sets, not_run = _read_all(tasks, data, limit, seed)
    if not sets and planted is None:
        raise UsageError("no row can be run:\n" + "\n".join(f"  {n}: {why}" for n, why in not_run.items()))
    contaminated = _contaminated(sets, trained_on)
    with _folder(work) as folder:
        found: list[RowResult] = []
        responses: list[Mapping[str, Any]] = []
        if judge is not None:
            writer = model if isinstance(model, Generator) else _writer(model)
            _remember(folder, writer, judge)
            for row, mine in sets.items():
                result, said = _judge(writer, judge, row, mine, max_tokens, seed)
                found.append(result)
                responses += said
        if likely and not isinstance(model, Generator):
            found += _measure(model, sets, folder / "tasks", batch_size)
    return Result(
        facts={
            "model": _called(model),
            "judge": _called(judge) if judge else None,
            "trained_on": trained_on,
            "limit": limit,
            "seed": seed,
            "datagen": __version__,
        },
        rows=tuple(_marked(result, contaminated) for result in _ordered(found)),
        not_run=not_run,
        canaries=None if planted is None or isinstance(model, Generator) else _extracted(model, planted),
        responses=tuple(responses),
    )


def open_model(model: str | Path) -> tuple[Any, Any]:
    """Model and tokenizer of a folder or run, safetensors alone and none of the folder's code; a Baichuan-M1 is ours.

    Raises UsageError where it can't be loaded.
    """
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer

    import training_bridge.m1  # noqa: F401  registers Baichuan-M1
    from training_bridge.export import model_folder

    folder = model_folder(str(model))
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        loaded = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, dtype="auto")
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise UsageError(f"{folder} can't be loaded as a causal language model: {type(error).__name__}") from error
    return loaded.eval(), tokenizer


def _read_all(
    tasks: Tasks, data: str | Path | None, limit: int | None, seed: int
) -> tuple[dict[Row, Read], dict[str, str]]:
    given = dict(tasks) if isinstance(tasks, Mapping) else dict.fromkeys([tasks] if isinstance(tasks, str) else tasks)
    sets: dict[Row, Read] = {}
    not_run: dict[str, str] = {}
    for name, paths in given.items():
        for row in rows_of([name]):
            files = paths if paths is not None else locate(row, Path(data)) if data is not None else []
            if not files:
                not_run[row.name] = f"no file ({row.wanted}); from {row.source}"
                continue
            try:
                sets[row] = read(row, files, limit=limit, seed=seed)
            except UsageError as error:
                not_run[row.name] = f"{error}; {error.fix}"
    return sets, not_run


def _contaminated(sets: Mapping[Row, Read], trained_on: str | None) -> dict[tuple[str, str], bool | None]:
    """By row and item id, whether the training data hold it; None for items too short to be found."""
    if trained_on is None:
        return {}
    asked = [(row.name, question) for row, mine in sets.items() for question in mine.questions]
    found, searched = find_contaminated([q.item for _, q in asked], training_texts(trained_on))
    return {(name, q.id): (place in found) if place in searched else None for place, (name, q) in enumerate(asked)}


def _judge(
    writer: Generator, judge: Generator, row: Row, mine: Read, max_tokens: int, seed: int
) -> tuple[RowResult, list[Mapping[str, Any]]]:
    found = judged.evaluate(writer, judge, row, mine.questions, max_tokens=max_tokens, seed=seed)
    items = tuple(
        ItemScore(q.id, q.cluster, q.department, f.state, f.score) for q, f in zip(mine.questions, found, strict=True)
    )
    said = [{"row": row.name, **vars(f)} for f in found]
    cut, unanswered = sum(f.cut for f in found), sum(f.unanswered for f in found)
    return replace(_result(row, "judge", items, mine, mine.questions), cut=cut, unanswered=unanswered), said


def _extracted(model: str | Path, planted: Sequence[Canary]) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        {"id": e.canary.id, "copies": e.canary.copies, "recovered": e.recovered, "exposure": e.exposure}
        for e in extract(*open_model(model), planted)
    )


def _measure(model: str | Path, sets: Mapping[Row, Read], folder: Path, batch_size: int) -> list[RowResult]:
    loaded, tokenizer = open_model(model)
    questions = {row: mine.questions for row, mine in sets.items()}
    tasks = likelihood.write_tasks(questions, folder, likelihood.fitting(loaded, tokenizer))
    if not tasks:
        return []
    measured = likelihood.measure(loaded, tokenizer, list(tasks), folder, batch_size=batch_size)
    results = []
    for name, row in tasks.items():
        form = name.rpartition("_")[2]
        by_id = {q.id: q for q in sets[row].questions}
        items = tuple(_item(by_id[m.id], m, form) for m in measured[name])
        result = _result(row, form, items, sets[row], [by_id[m.id] for m in measured[name]])
        missing = len(by_id) - len(items)
        left_out = {
            **result.left_out,
            **({"without one right answer, or longer than the context": missing} if missing else {}),
        }
        results.append(replace(result, cut=sum(m.cut for m in measured[name]), left_out=left_out))
    return results


def _item(question: Question, found: likelihood.Measured, form: str) -> ItemScore:
    right = found.right_per_length if form == "options" else found.right
    score = None if right is None else float(right)
    return ItemScore(question.id, question.cluster, question.department, MEASURED, score, found.bits_per_byte)


def _result(
    row: Row, protocol: str, items: tuple[ItemScore, ...], mine: Read, questions: Sequence[Question]
) -> RowResult:
    has_score = protocol != "reference"
    return RowResult(
        row=row.name,
        protocol=protocol,
        items=items,
        published=mine.published,
        left_out=mine.left_out,
        chance=scores.chance(row, questions) if has_score else None,
        majority=scores.majority(row, questions) if has_score else None,
    )


def _marked(result: RowResult, contaminated: Mapping[tuple[str, str], bool | None]) -> RowResult:
    if not contaminated:
        return result
    items = (replace(item, contaminated=contaminated[result.row, item.id]) for item in result.items)
    return replace(result, items=tuple(items))


def _ordered(found: Iterable[RowResult]) -> list[RowResult]:
    order = {name: number for number, name in enumerate(suite())}
    return sorted(found, key=lambda result: order[result.row])


def _writer(model: str | Path) -> Generator:
    import training_bridge.m1  # noqa: F401  registers Baichuan-M1
    from training_bridge.export import model_folder

    return make_generator("transformers", model=str(model_folder(str(model))))


def _remember(folder: Path, *generators: Generator) -> None:
    store = Store(str(folder))
    for generator in generators:
        generator.setup()
        generator.remember(Answers(store), Meter(store))


def _called(model: str | Path | Generator) -> str:
    """A model's name without the machine's paths; of a published one, run and stage."""
    if isinstance(model, Generator):
        return str(getattr(model, "model", type(model).__name__))
    path = Path(model)
    if path.name == "data" and path.parent.name.startswith("v-"):
        return "/".join(path.absolute().parts[-4:-2])
    return path.name


@contextmanager
def _folder(work: str | Path | None):
    if work is not None:
        Path(work).mkdir(parents=True, exist_ok=True)
        yield Path(work)
        return
    with TemporaryDirectory() as folder:
        yield Path(folder)
