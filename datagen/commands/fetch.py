"""datagen fetch"""

import sys
import time
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from datagen.errors import DatagenError, UsageError, VerificationError
from datagen.fetch import Item, survey
from datagen.fetch import fetch as fetch_items
from datagen.sources import PublicSource, load_sources
from datagen.store import is_remote
from datagen.web import Web

LINE_SECONDS = 15


def fetch(
    sources: Annotated[str, typer.Argument(help="A source list (YAML).")] = "recipes/sources.yaml",
    out: Annotated[str, typer.Option(help="The folder that recipes read as ${DATA}.")] = "data",
    only: Annotated[list[str] | None, typer.Option(help="This source alone; may be repeated.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Say what is missing; download nothing.")] = False,
) -> None:
    """Download public sources, each checked by its sha256. What is there and right is not downloaded again."""
    listed = load_sources(sources)
    chosen = listed.chosen(only or ())
    if is_remote(out):
        raise UsageError(
            f"{out} is not a local folder", "fetch to a local folder, then copy it with your store's own tool"
        )
    if dry_run:
        _plan(chosen, list(survey(listed, out, only or ())))
        return
    items = []
    with Web(listed.hosts, watch=_Ticker()) as web:
        done = fetch_items(listed, out, web, only or ())
        for name, group in groupby(done, key=lambda item: item.source):
            items += (here := list(group))
            print(f"{name}: {_state(here)}; {chosen[name].license} (grade {chosen[name].grade})", flush=True)
            for item in here:
                if item.error:
                    print(f"  failed: {item.path}: {item.error}", file=sys.stderr)
    _terms(chosen, items)
    _conclude(items, out)


def _state(items: list[Item]) -> str:
    counts = {
        "fetched": sum(item.fetched for item in items),
        "there": sum(item.present and not item.fetched for item in items),
        "failed": sum(item.error is not None for item in items),
    }
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count)


def _plan(chosen: dict[str, PublicSource], items: list[Item]) -> None:
    for name, source in chosen.items():
        missing = [item.entry for item in items if item.source == name and not item.present]
        size = sum(entry.bytes for entry in missing) / 1e6
        state = f"{len(missing)} of {len(source.entries)} to fetch, {size:,.1f} MB" if missing else "there"
        print(f"{name}: {state}; {source.license} (grade {source.grade}), {source.use}, {source.home} {source.date}")
    whole = sum(1 for item in items if not item.present and getattr(item.entry, "archive", None))
    if whole:
        print(f"{whole} of these are taken from archives of whole repositories, which are larger.")


def _terms(chosen: dict[str, PublicSource], items: list[Item]) -> None:
    got = {item.source for item in items if item.present}
    if not got:
        return
    licenses = Counter(source.license for name, source in chosen.items() if name in got)
    print("\nLicences: " + ", ".join(f"{name} ({count})" for name, count in sorted(licenses.items())))
    for grade, meaning in GRADES.items():
        if names := sorted(name for name in got if chosen[name].grade == grade):
            print(f"Grade {grade}, {meaning}: {', '.join(names)}")
    held_out = sorted(
        f"{item.source}/{item.entry.path}" if item.entry.use else item.source
        for item in items
        if item.present and chosen[item.source].use_of(item.entry) == "evaluation"
    )
    if held_out:
        print(f"For evaluation alone, never to train on: {', '.join(dict.fromkeys(held_out))}")


GRADES = {
    "A-": "to be passed on unaltered and with attribution",
    "B": "not for commercial use",
    "C": "the rights of third parties in the text were not cleared",
}


def _conclude(items: list[Item], out: str) -> None:
    print(f"\nIn {out}: {_state(items)}")
    failed = [item for item in items if item.error]
    if failed:
        kind = VerificationError if any(isinstance(i.error, VerificationError) for i in failed) else DatagenError
        fixes = dict.fromkeys(item.error.fix for item in failed if item.error.fix)
        first = f"{failed[0].source}/{failed[0].entry.path}"
        names = first if len(failed) == 1 else f"{first} and {len(failed) - 1} more"
        raise kind(f"{len(failed)} of {len(items)} files were not fetched: {names}", "; ".join(fixes))
    print(f"next: DATA={Path(out).resolve()} datagen run recipes/medical.yaml")


class _Ticker:
    """A line now and then while one download takes long."""

    def __init__(self):
        self._url, self._last = "", 0.0

    def __call__(self, url: str, received: int) -> None:
        now = time.monotonic()
        if url != self._url:
            self._url, self._last = url, now
        elif now - self._last > LINE_SECONDS:
            self._last = now
            print(f"         {received / 1e6:,.1f} MB of {url}", file=sys.stderr, flush=True)
