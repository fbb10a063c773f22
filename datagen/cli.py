"""`datagen`: thin faces of library functions, found by entry point, so that other packages add their own."""

import functools
import os
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated

import typer
from obstore.exceptions import BaseError as StorageError

from datagen import __version__, notice
from datagen.errors import DatagenError, Interrupted

GROUP = "datagen.commands"
SUMMARY = "Curated, department-balanced training data for medical language models, and the trainer that reads it."


def main() -> None:
    """Run one command. Exit codes: 0 done, 1 failed, 2 wrong usage or recipe, 3 too many bad inputs, 4 verification
    failed, 5 a report's check failed."""
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    arguments = [a for a in arguments if a != "--debug"]
    try:
        _app(arguments)(args=arguments, standalone_mode=True)
    except DatagenError as error:
        if debug:
            raise
        print(f"datagen: {error}", file=sys.stderr)
        if error.fix:
            print(f"  next: {error.fix}", file=sys.stderr)
        sys.exit(error.exit_code)
    except StorageError as error:
        if debug:
            raise
        print(f"datagen: storage failed: {str(error).splitlines()[0][:300]}", file=sys.stderr)
        print("  next: check the URL, the credentials in the environment and the network", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if debug:
            raise
        where = f": {error.filename}" if error.filename else ""
        print(f"datagen: {error.strerror or type(error).__name__}{where}", file=sys.stderr)
        print("  next: check the path, its permissions and the space on its disk", file=sys.stderr)
        sys.exit(1)


def _app(arguments: list[str]) -> typer.Typer:
    points = {point.name: point for point in entry_points(group=GROUP)}
    # Only the command that was asked for is imported: help for the others is not worth their import time.
    asked = next((a for a in arguments if not a.startswith("-")), None)
    chosen = [points[asked]] if asked in points else [points[name] for name in sorted(points)]
    app = typer.Typer(name="datagen", help=f"{SUMMARY}\n\n{notice.EN}", no_args_is_help=True, add_completion=False)
    app.pretty_exceptions_enable = False
    app.callback()(_options)
    for point in chosen:
        app.command(point.name)(_load(point))
    return app


def _version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the stack trace of an error (of any command).")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")
    ] = False,
) -> None:
    pass


def _load(point: EntryPoint):
    try:
        return _interruptible(point.load())
    except ImportError as error:
        message = f"the command {point.name} can't be loaded: {error}"

        def broken() -> None:
            raise DatagenError(message, "install what it needs")

        broken.__doc__ = f"(unavailable: {error})"
        return broken


def _interruptible(command):
    @functools.wraps(command)
    def told(*arguments, **options):
        try:
            return command(*arguments, **options)
        except KeyboardInterrupt:  # of which Typer would say nothing
            raise Interrupted("interrupted", "the same command goes on where this one stopped") from None

    return told


_options.__doc__ = f"{SUMMARY}\n\n{notice.EN}"
