"""Reaching into nested JSON whose shape nobody vouches for."""

from typing import Any


def at(value: Any, *keys: str | int) -> Any:
    """What lies under keys and positions; None where there is no such thing."""
    for key in keys:
        if isinstance(key, int):
            value = value[key] if isinstance(value, list) and len(value) > key else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def objects(value: Any, key: str) -> list[dict[str, Any]]:
    """The objects under a key that holds one or several."""
    found = at(value, key)
    return [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict)]


def string(value: Any, *keys: str | int) -> str | None:
    """The text under keys and positions, without white space around it; None where there is none."""
    found = at(value, *keys)
    return found.strip() or None if isinstance(found, str) else None
