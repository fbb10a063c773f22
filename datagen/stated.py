"""What a user states in a YAML file of its own, outside a recipe: a training, an alignment, a plan."""

from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from datagen.errors import UsageError
from datagen.fields import kind, shown

Stated = TypeVar("Stated", bound=BaseModel)


def read_stated(path: Path, model: type[Stated], what: str) -> Stated:
    """What a YAML file states. Raises UsageError that says `what` it should be, names every wrong field, and lists
    those that there are."""
    try:
        return model.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}", f"give the YAML file of a {what}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        place = getattr(error, "problem_mark", None)
        where = f" in line {place.line + 1}" if place else ""
        raise UsageError(f"{path} can't be read as YAML: {type(error).__name__}{where}") from None
    except ValidationError as error:
        asked = dict.fromkeys(_model_at(model, e["loc"]) for e in error.errors())
        fix = "\n        ".join(f"fields of {'it' if one is model else one.__name__}: {_fields(one)}" for one in asked)
        raise UsageError(f"{path} is not a valid {what}: {mistakes(error)}", fix) from None


def mistakes(error: ValidationError) -> str:
    """Each with its place: `config.seed: Input should be ...`."""
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())


def read_folders(path: Path, stated: Stated, *needed: str) -> Stated:
    """With its paths meant from the file's folder. Raises UsageError where one of those `needed` is not there."""
    base = path.absolute().parent
    given = {name: base / value for name, value in stated if isinstance(value, Path)}
    for name in needed:
        if name in given and not given[name].exists():
            raise UsageError(f"{path}: {name}: nothing is at {given[name]}", "`datagen path RUN STAGE` prints a folder")
    return stated.model_copy(update=given)


def _model_at(model: type[BaseModel], place: tuple[int | str, ...]) -> type[BaseModel]:
    """The innermost model on the way to a mistake."""
    for part in place:
        info = model.model_fields.get(part) if isinstance(part, str) else None
        model = (info and _model_in(info.annotation)) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _fields(model: type[BaseModel]) -> str:
    told = {
        name: "required" if info.is_required() else f"default {shown(info.default) or 'none'}"
        for name, info in model.model_fields.items()
    }
    return "; ".join(f"{name} ({kind(model.model_fields[name].annotation)}, {state})" for name, state in told.items())
