"""Fields of pydantic models in the words of those who write them in YAML."""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel


def kind(annotation: Any) -> str:
    """A field's type as one writes it: choices, lists and maps."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind(inner[0])
    if origin is Literal:
        return " | ".join(map(str, inner))
    if origin in (Union, UnionType):
        return " | ".join(kind(one) for one in inner if one is not NoneType)
    if origin in (tuple, list, set, frozenset):
        kinds = dict.fromkeys(kind(one) for one in inner if one is not Ellipsis)
        return f"list of {', '.join(kinds)}"
    if origin is dict:
        return f"map of {kind(inner[0])} to {kind(inner[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"map with {', '.join(annotation.model_fields)}"
    return getattr(annotation, "__name__", str(annotation))


def shown(default: Any) -> str:
    """A field's default; nothing for null."""
    if isinstance(default, tuple):
        return f"[{', '.join(map(str, default))}]"
    if isinstance(default, BaseModel):
        return shown(default.model_dump(exclude_defaults=True))
    return "" if default is None else str(default)
