"""The report's page: sections through one template."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from datagen.pages.html import environment
from datagen.pages.html import page as document
from datagen.reports import balance, contents, inside, making
from datagen.reports.words import say

if TYPE_CHECKING:
    from datagen.reports.result import Report

PACKAGE = "datagen.reports"
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
    """A whole HTML document."""
    return document(PACKAGE, "page.html.j2", script=_script(), interactive=True, **_context(report, language))


def fragment(report: "Report") -> str:
    """The same for a notebook's output: no document, no script; sorting and filtering are the page's alone."""
    return environment(PACKAGE).get_template("report.html.j2").render(**_context(report, "en"), interactive=False)


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
        "say": say,
    }


def _called(report: "Report") -> str:
    version = f" · {report.facts.manifest['version']}" if report.facts.manifest else ""
    return f"{report.facts.where.rstrip('/').rsplit('/', 1)[-1]}{version}"


def _tiles(report: "Report") -> list[tuple[Any, str]]:
    before = {t.name: t.value for t in report.before.tiles} if report.before else {}
    return [(tile, before.get(tile.name, "")) for tile in report.tiles]


@cache
def _script() -> str:
    return (files(PACKAGE) / "report.js").read_text("utf-8")
