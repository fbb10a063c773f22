"""Source lists: which public files a recipe reads, where they are, what they must be, and under which licence."""

import re
from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from datagen.errors import UsageError
from datagen.near import did_you_mean, nearest
from datagen.packs import is_safe
from datagen.web import HOST

Use = Literal["text", "graph", "evaluation", "formats"]


def _host(name: str) -> str:
    if not HOST.fullmatch(name):
        raise ValueError("must be a host's name in lower case, not an IP address")
    return name


def _path(path: str) -> str:
    if not is_safe(path):
        raise ValueError("must be a path inside the source's folder")
    return path


SHA256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
SafePath = Annotated[str, AfterValidator(_path)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(_Entry):
    """One file: `sha256` and `bytes` are those of what `url` sends. `gzip` stores it compressed, under that path."""

    path: SafePath
    url: str
    sha256: SHA256
    bytes: PositiveInt
    gzip: bool = False
    use: Use | None = None

    @property
    def urls(self) -> list[str]:
        return [self.url]

    @property
    def count(self) -> int:
        return 1


class Pack(_Entry):
    """Many files, stored as one `.tar.gz`: either the members of `archive` (a .tar.gz with one top folder, which is
    dropped) that match any of the patterns in `members`, or exactly `members`, each downloaded from `base` + its name.

    `sha256`, `bytes` and `count` are those of the content, see `datagen.packs`. As in a shell, no `*` matches `/`.
    """

    path: Annotated[SafePath, Field(pattern=r"\.tar\.gz$")]
    archive: str | None = None
    base: str | None = None
    members: Annotated[list[str], Field(min_length=1)]
    sha256: SHA256
    bytes: PositiveInt
    count: PositiveInt
    use: Use | None = None

    @model_validator(mode="after")
    def _one_address(self):
        if (self.archive is None) == (self.base is None):
            raise ValueError("needs either `archive` or `base`")
        if self.base and not (self.base.endswith("/") and all(map(is_safe, self.members))):
            raise ValueError("`base` must end in /, and its `members` must be paths inside it")
        return self

    @property
    def urls(self) -> list[str]:
        return [self.archive] if self.archive else [self.base + quote(name) for name in self.members]

    def member(self, name: str) -> str:
        """What a member of the archive is called in the pack: its name less the top folder."""
        return name.partition("/")[2]

    def wants(self, name: str) -> bool:
        """Whether a member of the archive belongs in the pack."""
        return any(_matches(self.member(name).split("/"), pattern.split("/")) for pattern in self.members)


def _matches(parts: list[str], patterns: list[str]) -> bool:
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


class PublicSource(_Entry):
    """A folder of files of one origin: a commit of a repository, or a release."""

    about: str
    home: str
    version: str
    date: date
    license: str
    """SPDX expression."""
    grade: Literal["A", "A-", "PD", "B", "C"]
    use: Use
    proof: str
    note: str = ""
    files: list[File] = []
    packs: list[Pack] = []

    @property
    def entries(self) -> list[File | Pack]:
        return [*self.files, *self.packs]

    def use_of(self, entry: File | Pack) -> Use:
        return entry.use or self.use


class SourceList(_Entry):
    """A checked source list."""

    hosts: list[Annotated[str, AfterValidator(_host)]]
    """All that downloads may speak to."""
    sources: dict[Annotated[str, Field(pattern=r"^\w[\w.-]*$")], PublicSource]

    @model_validator(mode="after")
    def _addresses(self):
        for name, source in self.sources.items():
            paths = [entry.path for entry in source.entries]
            if len(set(paths)) < len(paths):
                raise ValueError(f"{name} names a path twice")
            for url in (url for entry in source.entries for url in entry.urls):
                parts = urlsplit(url)
                if parts.scheme != "https" or parts.netloc not in self.hosts:
                    raise ValueError(f"{name}: {url} is not an https address on one of `hosts`")
        return self

    def chosen(self, names: Iterable[str] = ()) -> dict[str, PublicSource]:
        """The named sources, or all. Raises UsageError for an unknown name."""
        for name in names:
            if name not in self.sources:
                hint = did_you_mean(nearest(name, self.sources)) or "--dry-run lists them all"
                raise UsageError(f"there is no source {name} in the list", hint)
        return {name: source for name, source in self.sources.items() if not names or name in names}


def load_sources(path: str | Path) -> SourceList:
    """Read and check a source list. Raises UsageError with every mistake found."""
    try:
        data = _NoDoubles(Path(path).read_text("utf-8")).get_single_data()
        return SourceList.model_validate(data)
    except FileNotFoundError:
        raise UsageError(
            f"there is no source list {path}", "check the path; the project's is recipes/sources.yaml"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}", "a source list is a UTF-8 text file") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not YAML: {error}", "correct it there") from None
    except ValidationError as errors:
        lines = [f"  {'.'.join(map(str, e['loc'])) or 'list'}: {_plain(e['msg'])}" for e in errors.errors()]
        raise UsageError(
            f"{path} has {len(lines)} mistakes:\n" + "\n".join(lines), "fix these, then try again"
        ) from None


def _plain(message: str) -> str:
    return re.sub("^Value error, ", "", message)


class _NoDoubles(yaml.SafeLoader):
    """YAML's safe loader, which would let the second of two equal keys win."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        for (key, _), name in zip(node.value, keys, strict=True):
            if keys.count(name) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{name} is there twice", key.start_mark)
        return super().construct_mapping(node, deep)
