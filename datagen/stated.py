"""What a user states in a YAML file of its own, outside a recipe: a training, an alignment, a plan."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from datagen.errors import UsageError

Stated = TypeVar("Stated", bound=BaseModel)


def read_stated(path: Path, model: type[Stated], what: str) -> Stated:
    """What a YAML file states. Raises UsageError that says `what` it should be and names every wrong field."""
    try:
        return model.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path} can't be read as YAML: {type(error).__name__}") from None
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        fix = f"its fields are those of {model.__module__}.{model.__name__}"
        raise UsageError(f"{path} is no {what}: {wrong}", fix) from None
