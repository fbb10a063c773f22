"""The report page of a reward model: one file that loads nothing, published with it (`report.html`)."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from reward_filter.card import COLUMNS


def page(found: dict[str, Any], name: str) -> str:
    """HTML of what `reward_filter.train` measured; everything in it is escaped."""
    return _template().render(found={"hacking": [], "best_of": []} | found, name=name, columns=COLUMNS)


@cache
def _template() -> Template:
    loader = PackageLoader("reward_filter", ".")
    return Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    ).get_template("report.html.j2")
