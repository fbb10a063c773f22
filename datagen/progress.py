"""Progress: a live table on a terminal, a line every few seconds elsewhere."""

import sys
import time
from contextlib import AbstractContextManager, suppress

from rich.console import Console
from rich.live import Live
from rich.table import Table

from datagen.engine import Engine

LINE_SECONDS = 15
MOST_LINES = 4
MOST_REASONS = 4


class Progress(AbstractContextManager):
    """Pass as `watch` to the engine. Writes to stderr; stdout is for results."""

    def __init__(self):
        self.console = Console(file=sys.stderr)
        self._live = Live(console=self.console, refresh_per_second=2) if self.console.is_terminal else None
        self._last_line = time.monotonic()
        self._reported: set[str] = set()
        self._started = time.monotonic()

    def __enter__(self):
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_):
        if self._live:
            self._live.stop()

    def __call__(self, engine: Engine) -> None:
        if self._live:
            self._live.update(self._table(engine))
            return
        for name, record in engine.finished.items():
            if name not in self._reported:
                self._reported.add(name)
                self._say(f"{name}: {summary(record)}")
        if time.monotonic() - self._last_line > LINE_SECONDS:
            busy = [f"{name}: {_state(run)}" for name, run in engine.running.items() if run.phases and run.inflight]
            for text in busy[:MOST_LINES]:
                self._say(text)
            others = len(engine.running) + len(engine.waiting) - len(busy[:MOST_LINES])
            if others:
                self._say(f"{others} other stages wait or run")

    def _say(self, text: str) -> None:
        self._last_line = time.monotonic()
        print(f"[{time.monotonic() - self._started:6.1f} s] {text}", file=sys.stderr, flush=True)

    def _table(self, engine: Engine) -> Table:
        table = Table(box=None, pad_edge=False)
        for heading in ("stage", "state"):
            table.add_column(heading)
        for name, record in engine.finished.items():
            table.add_row(f"[green]{name}[/]", summary(record))
        for name, run in engine.running.items():
            table.add_row(f"[bold]{name}[/]", _state(run))
        for name in sorted(engine.waiting):
            table.add_row(f"[dim]{name}[/]", "[dim]waiting[/]")
        return table


def _state(run) -> str:
    seconds = time.monotonic() - run.started
    parts = [f"{run.phase} {run.done}/{run.shards} shards"]
    if run.rows:
        parts.append(f"{run.rows:,} rows, {run.rows / seconds:,.0f}/s")
    if run.done and run.done < run.shards:
        parts.append(f"{seconds * (run.shards - run.done) / run.done:,.0f} s left in this phase")
    with suppress(FileNotFoundError):
        parts.append(run.job.store.read(run.job.note).decode())
    return ", ".join(parts) + f", {seconds:,.0f} s"


def summary(record: dict) -> str:
    """What a finished stage did, in a line."""
    counts = record["counts"]
    if record["publishes"] != "records":
        size = sum(f["bytes"] for f in record["files"] if f["path"].startswith("data/"))
        return f"{record['publishes']} published, {size / 1e6:,.1f} MB"
    gone = [f"{counts[o]:,} {o}" for o in ("dropped", "merged", "split") if counts[o]]
    if counts["quarantined"]:
        gone.append(f"{counts['quarantined']:,} quarantined: {_reasons(counts['reasons']['quarantined'])}")
    new = f", {counts['derived']:,} of them new" if counts["derived"] and counts["kept"] else ""
    return f"{counts['outputs']:,} rows{new}, {counts['tokens']:,} tokens" + (f" ({', '.join(gone)})" if gone else "")


def _reasons(counts: dict[str, int]) -> str:
    """Reasons with their counts, most frequent first."""
    ranked = sorted(counts.items(), key=lambda reason: (-reason[1], reason[0]))
    shown = [f"{count:,} {reason}" for reason, count in ranked[:MOST_REASONS]]
    return ", ".join(shown + ([f"{len(ranked) - MOST_REASONS} other reasons"] if ranked[MOST_REASONS:] else []))
