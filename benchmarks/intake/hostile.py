"""What hostile files do to the readers: every hand-made class to every source that reads such files, and MUTATIONS
(environment, default 24,000) files broken by chance, over all of them.

Each source works in a process of its own, which is watched with all that it starts: a crash, a file over 10 s of
processor time, or over 512 MB of memory beyond what the process has before it, is counted and named. A file must be
read, or end in quarantine or be dropped, with its reason; an error that is none of these is a crash; a file of which
nothing is said is a silence; one that must be refused, but was read without a word, is accepted; a text with the
content of another file is a leak.
"""

import os
import random
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from datagen.archives import ARCHIVES, stem
from tests.collectors.hostile_files import CANARY, HOSTILE, SECRET
from tests.collectors.mutations import mutations, real_seeds, seeds_for
from tests.collectors.parsers import Parser, parsers

MUTATIONS = int(os.environ.get("MUTATIONS", 24_000))
SEED = 7
MAX_SECONDS = 10
MAX_MEGABYTES = 512
PATIENCE = 120
"""Seconds on the clock after which a file is given up: a busy machine must not make a hang."""
Case = tuple[str, str, bytes]
"""What it is, the name of the file, the file."""


@dataclass
class Tally:
    """What became of a source's files."""

    files: int = 0
    read: int = 0
    refused: Counter = field(default_factory=Counter)
    faults: Counter = field(default_factory=Counter)
    seconds: float = 0.0
    megabytes: float = 0.0
    worst: tuple[str, str] = ("", "")

    def row(self) -> str:
        faults = [self.faults[kind] for kind in ("crash", "hang", "memory", "silence", "leak", "accepted")]
        slowest, largest = self.worst
        return (
            f"{self.files:,} | {self.read:,} | {self.refused.total():,} | {' | '.join(map(str, faults))} |"
            f" {self.seconds:.1f} | {slowest} | {self.megabytes:.0f} | {largest}"
        )


def measure(data: Path) -> None:
    """Print both tables."""
    SECRET.write_text(CANARY)
    shown = [parser for parser in parsers() if not ONLY or parser.name in ONLY]
    print(f"hand-made: {len(HOSTILE)} classes")
    _table(shown, {parser.name: list(_hand_made(parser)) for parser in shown})
    counts = {parser.name: MUTATIONS // len(shown) + 1 for parser in shown}
    print(f"\nmutations: {sum(counts.values()):,}, seed {SEED}")
    _table(shown, {parser.name: _mutations(parser, data, counts[parser.name]) for parser in shown})


ONLY = set(filter(None, os.environ.get("PARSERS", "").split(",")))


def _table(shown: list[Parser], cases: dict[str, Iterator[Case]]) -> None:
    columns = "source | files | read | refused | crashes | hangs | memory | silent | leaks | accepted"
    columns += " | most s | by | most MB | by"
    print(f"| {columns} |\n|{'---|' * (columns.count('|') + 1)}")
    faults, named = Counter(), []
    for parser in shown:
        tally = Tally()
        for what, outcome in _outcomes(parser, cases[parser.name], tally):
            named.append(f"{parser.name}: {what}: {outcome}")
        faults += tally.faults
        print(f"| {parser.name} | {tally.row()} |", flush=True)
    print(f"faults: {dict(faults) or 'none'} (target: none; <= {MAX_SECONDS} s, <= {MAX_MEGABYTES} MB a file)")
    print("\n".join(named[:60]), flush=True)


def _hand_made(parser: Parser) -> Iterator[Case]:
    for name, hostile in HOSTILE.items():
        is_archive = hostile.file.endswith(ARCHIVES)
        if (is_archive and parser.reads("a.xml")) or (not is_archive and parser.reads(stem(hostile.file))):
            yield name, hostile.file, b""


def _mutations(parser: Parser, data: Path, count: int) -> Iterator[Case]:
    seeds = _seeds(parser, data)
    seed = random.Random(f"{SEED} {parser.name}").randrange(1 << 30)
    for number, (suffix, mutation) in enumerate(mutations(seeds, count, seed)):
        yield f"mutation {number} ({suffix})", f"a{suffix}", mutation


def _seeds(parser: Parser, data: Path) -> list[tuple[str, bytes]]:
    """Files of the suffixes it takes, every other one of a kind that it reads."""
    seeds, own = [*seeds_for(parser.suffixes), *real_seeds(data, parser.suffixes)], []
    with TemporaryDirectory() as folder:
        for suffix, content in seeds:
            path = Path(folder, f"a{suffix}")
            path.write_bytes(content)
            if parser.read(path, Path(folder)).rows:
                own.append((suffix, content))
    assert own, f"{parser.name} reads no seed"
    return [seed for pair in zip(cycle(own), seeds) for seed in pair]


def _outcomes(parser: Parser, cases: Iterator[Case], tally: Tally) -> Iterator[tuple[str, str]]:
    """Run the cases; yield what is wrong with which. The tally is kept."""
    worker = None
    for what, name, data in cases:
        if worker is None:
            worker = _Worker(parser)
        found = worker.run(what, name, data)
        tally.files += 1
        for fault in found["faults"]:
            tally.faults[fault.partition(":")[0]] += 1
            yield what, fault
        tally.read += found["rows"] > 0
        tally.refused[tuple(found["reasons"])] += bool(found["reasons"])
        if found["seconds"] > tally.seconds:
            tally.seconds, tally.worst = found["seconds"], (what, tally.worst[1])
        if found["megabytes"] > tally.megabytes:
            tally.megabytes, tally.worst = found["megabytes"], (tally.worst[0], what)
        if worker.process.exitcode is not None:
            worker = None
    if worker is not None:
        worker.stop()


class _Worker:
    """A process that reads files, one at a time, and is watched while it does."""

    def __init__(self, parser: Parser):
        context = get_context("fork")
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(parser, theirs), daemon=False)
        self.process.start()
        self._watched = psutil.Process(self.process.pid)

    def run(self, what: str, name: str, data: bytes) -> dict:
        self._pipe.send((what, name, data))
        self._pipe.recv()  # the file is written
        started, most = time.perf_counter(), 0.0
        before, held = _used(self._watched)
        self._pipe.send("read it")
        while True:
            waited = time.perf_counter() - started
            is_done = self._pipe.poll(0.02 if waited > 0.1 else 0.1)
            used, memory = _used(self._watched)
            seconds, most = used - before, max(most, memory - held)
            if is_done:
                break
            if self.process.exitcode is not None or seconds > 3 * MAX_SECONDS or waited > PATIENCE:
                break
        try:
            found = self._pipe.recv() if self._pipe.poll() else None
        except EOFError:
            found = None
        if found is None:
            self.process.join(0.2)
            code = self.process.exitcode
            self.stop()
            fault = f"hang: {seconds:.0f} s" if code is None else f"crash: exit {code}"
            return {"rows": 0, "reasons": [], "faults": [fault], "seconds": seconds, "megabytes": most}
        found["megabytes"] = max(found["megabytes"], most)
        found["seconds"] = max(found["seconds"], seconds)
        if found["seconds"] > MAX_SECONDS:
            found["faults"].append(f"hang: {found['seconds']:.1f} s")
        if found["megabytes"] > MAX_MEGABYTES:
            found["faults"].append(f"memory: {found['megabytes']:.0f} MB")
        return found

    def stop(self) -> None:
        for process in [*_children(self._watched), self._watched]:
            try:
                process.kill()
            except psutil.Error:
                continue
        self.process.join()


def _used(process: psutil.Process) -> tuple[float, float]:
    """Processor seconds and megabytes of a process and of those that it has started."""
    seconds, held = 0.0, 0
    for one in [process, *_children(process)]:
        try:
            seconds += sum(one.cpu_times()[:4])  # with those that have ended
            held += one.memory_info().rss
        except psutil.Error:
            continue
    return seconds, held / 2**20


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _work(parser: Parser, pipe) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what native libraries have to say
    with TemporaryDirectory() as folder:
        path = Path(folder, "raw")
        path.mkdir()
        while True:
            what, name, data = pipe.recv()
            hostile = HOSTILE.get(what)
            (path / name).write_bytes(hostile.make() if hostile else data)
            del data
            pipe.send("written")
            pipe.recv()
            pipe.send(_read(parser, path / name, Path(folder), hostile.reasons if hostile else frozenset()))
            for file in path.iterdir():
                file.unlink()


def _read(parser: Parser, path: Path, folder: Path, expected: frozenset[str]) -> dict:
    faults, rows, reasons = [], 0, []
    before = _resident("VmRSS")
    _reset_peak()
    started = time.process_time()
    try:
        found = parser.read(path, folder)
        rows, reasons = len(found.rows), sorted({*found.quarantined.values(), *found.dropped.values()})
        if not rows and not reasons:
            faults.append("silence: nothing said")
        if any(CANARY in row["text"] for row in found.rows):
            faults.append("leak: a file was read that must not be")
        if expected and not reasons:
            faults.append(f"accepted: read, not {' or '.join(sorted(expected))}")
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        faults.append(f"crash: {type(error).__name__} at {Path(place.filename).name}:{place.lineno}")
    seconds = time.process_time() - started
    megabytes = (_resident("VmHWM") - before) / 1024
    return {"rows": rows, "reasons": reasons, "faults": faults, "seconds": seconds, "megabytes": megabytes}


def _resident(which: str) -> int:
    """VmRSS or VmHWM (the most since the last reset), in kB."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(which))


def _reset_peak() -> None:
    with open("/proc/self/clear_refs", "w") as control:
        control.write("5")
