"""Every parser there is: the installed sources of documents, with what they need to read any file of their kind."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from collectors.document import DocumentSource
from datagen.errors import UsageError
from datagen.stage import stage_class, stage_names
from tests.collectors.hostile_files import GOOD
from tests.collectors.reading import Read, read


@dataclass(frozen=True)
class Parser:
    """A source and the suffixes of what it reads."""

    name: str
    stage: type[DocumentSource]
    suffixes: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    named: str | None = None
    """What its files must be called."""
    beside: dict[str, bytes] = field(default_factory=dict)
    """Files that it looks for beside its own."""

    def reads(self, name: str) -> bool:
        """Whether it would read a file of that name, were it neither packed nor compressed."""
        return name.lower().endswith(self.suffixes)

    def read(self, path: Path, folder: Path) -> Read:
        """All that it makes of a file. `folder` takes the work files."""
        if self.named:
            path = path.rename(path.with_name(self.named))
        for name, data in self.beside.items():
            path.with_name(name).write_bytes(data)
        try:
            return read(self.stage(path=str(path), **self.options), folder)
        except UsageError as error:
            if "column" not in str(error):  # a file without the columns that the recipe names
                raise
            return Read([], {}, {path.name: "no_column"})


OPTIONS: dict[str, dict[str, Any]] = {"collectors.records": {"fields": {"text": "text"}}}
NAMED = {"collectors.pmc": "PMC1.1.json"}
BESIDE = {"collectors.pmc": {"PMC1.1.xml": GOOD}}
LAYOUTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "lines": ({"fields": {"text": "line"}, "layout": {"format": "lines"}}, (".txt", ".tsv")),
    "iob": ({"fields": {"text": "text"}, "layout": {"format": "iob"}}, (".iob",)),
    "xml": ({"fields": {"text": "text"}, "layout": {"format": "xml", "element": "row"}}, (".xml",)),
    "sheets": ({"fields": {"text": "text"}, "layout": {"sheet": "*"}}, (".xlsx",)),
    "headless": ({"fields": {"text": "a"}, "layout": {"columns": ["a", "b"]}}, (".csv",)),
}


@cache
def parsers() -> tuple[Parser, ...]:
    return tuple(_parsers())


def _parsers() -> Iterator[Parser]:
    for name in stage_names():
        stage = stage_class(name)
        if name.startswith("collectors.") and issubclass(stage, DocumentSource):
            yield Parser(name, stage, stage.suffixes, OPTIONS.get(name, {}), NAMED.get(name), BESIDE.get(name, {}))
            if name == "collectors.records":
                for layout, (options, suffixes) in LAYOUTS.items():
                    yield Parser(f"{name} {layout}", stage, suffixes, options)
