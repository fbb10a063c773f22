"""How far a training is, in a line."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

OnStep = Callable[[dict[str, Any]], None]
SECONDS = 2


class _Paced(ABC):
    """Says a line of the last step's metrics, at most every two seconds. Pass as `on_step`."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.said = 0.0

    def __call__(self, row: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self.said >= SECONDS:
            self.said = now
            self.say(self.line(row))

    @abstractmethod
    def line(self, row: dict[str, Any]) -> str: ...


class Reporter(_Paced):
    """Says stage, step, loss, tokens a second, MFU and time left; the rate is that since the first step said."""

    def __init__(self, say: Callable[[str], None], total_tokens: int) -> None:
        super().__init__(say)
        self.total = total_tokens
        self.first: tuple[float, int] | None = None

    def line(self, row: dict[str, Any]) -> str:
        if self.first is None:
            self.first = self.said, row["tokens"]
        seconds, tokens = self.said - self.first[0], row["tokens"] - self.first[1]
        rate = tokens / seconds if tokens else row["tokens_per_second"]
        loss = "not finite" if row["loss"] is None else f"{row['loss']:.2f}"
        left = max(0, self.total - row["tokens"]) / rate
        return (
            f"{row['stage']} stage, step {row['step']:,}, loss {loss}, {rate:,.0f} tokens/s, MFU {row['mfu']:.0%}, "
            f"about {left:,.0f} s left"
        )


class AlignReporter(_Paced):
    """Says method, step, what it measures of itself and tokens a second."""

    def line(self, row: dict[str, Any]) -> str:
        figures = [
            f"{name} {row[name]:.3g}" for name in ("loss", "reward", "accuracy", "kl") if row.get(name) is not None
        ]
        return f"{row['stage']}, step {row['step']:,}, {', '.join(figures)}, {row['tokens_per_second']:,.0f} tokens/s"


@contextmanager
def relayed(file: Path, say: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """A way to say something that may be sent to other processes of this machine or file system: they leave it in
    `file`, from where `say` has it here until the block ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    ended = threading.Event()

    def follow() -> None:
        last = ""
        while not ended.wait(SECONDS / 2):
            text = file.read_text("utf-8") if file.exists() else last
            if text != last:
                say(text)
            last = text

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield partial(file.write_text, encoding="utf-8")
    finally:
        ended.set()
        thread.join()
