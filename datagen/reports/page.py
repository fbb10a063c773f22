"""The page: sections through one template, everything escaped, one file that loads nothing."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from datagen.reports import balance, contents, inside, making
from datagen.reports.words import say

if TYPE_CHECKING:
    from datagen.reports.result import Report

ORDER = (
    balance.departments,
    balance.targets,
    contents.cubes,
    contents.sources,
    balance.history,
    making.funnel,
    contents.values,
    inside.long_tail,
    contents.duplicates,
    inside.contamination,
    making.synthetic,
    contents.rights,
    inside.samples,
    making.method,
)


def page(report: "Report", language: str) -> str:
    """A whole HTML document. Its policy allows its own style and its own script (by hash), and nothing else."""
    script = _asset("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template("page.html.j2")
        .render(**_context(report, language), interactive=True, policy=policy, script=Markup(script))
    )


def fragment(report: "Report") -> str:
    """The same for a notebook's output: no document, no script; sorting and filtering are the page's alone."""
    return _environment().get_template("report.html.j2").render(**_context(report, "en"), interactive=False)


def _context(report: "Report", language: str) -> dict[str, Any]:
    facts = report.facts
    title = say("title.compare" if report.before else "title")
    return {
        "title": title,
        "place": facts.where.rstrip("/").rsplit("/", 1)[-1],
        "stage": facts.stage,
        "version": facts.manifest["version"] if facts.manifest else "",
        "before": _called(report.before) if report.before else "",
        "tiles": _tiles(report),
        "alerts": report.alerts,
        "sections": [build(report) for build in ORDER],
        "language": language,
        "reviewed": facts.reviewed,
        "style": Markup(_asset("report.css")),
        "say": say,
    }


def _called(report: "Report") -> str:
    version = f" · {report.facts.manifest['version']}" if report.facts.manifest else ""
    return f"{report.facts.where.rstrip('/').rsplit('/', 1)[-1]}{version}"


def _tiles(report: "Report") -> list[tuple[Any, str]]:
    before = {t.name: t.value for t in report.before.tiles} if report.before else {}
    return [(tile, before.get(tile.name, "")) for tile in report.tiles]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("datagen.reports", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals["say"] = say
    return environment


@cache
def _asset(name: str) -> str:
    return (files("datagen.reports") / name).read_text("utf-8")
